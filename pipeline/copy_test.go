package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

var (
	_ pipeline.Sessions    = (*pipeline.Source)(nil)
	_ pipeline.TargetConns = (*pipeline.Target)(nil)
)

// loadInto is a TargetConns on any database.
type loadInto struct{ cfg *pgconn.Config }

func (d loadInto) Connect(ctx context.Context) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, d.cfg)
	if err != nil {
		return nil, err
	}
	// One backend of a target must be told from those of the source.
	const pin = "select set_config('client_encoding', case current_setting('server_encoding') when 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end, false); set application_name = 'loader'"
	if err := conn.Exec(ctx, pin).Close(); err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return conn, nil
}

func (d loadInto) Disconnect(ctx context.Context, conn *pgconn.PgConn) {
	conn.Close(context.WithoutCancel(ctx))
}

// bothEnds makes two databases, both with the script run in them.
func bothEnds(t testing.TB, script string) (source, target string) {
	t.Helper()
	source, target = pgtest.DB(t), pgtest.DB(t)
	pgtest.Exec(t, source, script)
	pgtest.Exec(t, target, script)
	return source, target
}

// recode decodes and encodes each field, and calls before first.
type recode struct {
	before func(row []byte) error
	value  []byte
}

func (r *recode) AppendRow(dst, row []byte) ([]byte, error) {
	if r.before != nil {
		if err := r.before(row); err != nil {
			return dst, err
		}
	}
	for last := false; !last; {
		var field []byte
		field, row, last = copyfmt.Cut(row)
		if copyfmt.IsNull(field) {
			dst = copyfmt.AppendNull(dst)
		} else {
			r.value = copyfmt.AppendUnescaped(r.value[:0], field)
			dst = copyfmt.AppendEscaped(dst, r.value)
		}
		if !last {
			dst = append(dst, '\t')
		}
	}
	return dst, nil
}

func recoder() pipeline.Rewriter { return &recode{} }

// retuple decodes and encodes each field of a tuple.
type retuple struct{}

func (retuple) AppendRow(dst, row []byte) ([]byte, error) {
	n, fields, err := copyfmt.BinaryFields(row)
	if err != nil {
		return dst, err
	}
	dst = copyfmt.AppendBinaryCount(dst, n)
	for range n {
		var value []byte
		if value, fields, err = copyfmt.CutBinary(fields); err != nil {
			return dst, err
		}
		if value == nil {
			dst = copyfmt.AppendBinaryNull(dst)
		} else {
			dst = copyfmt.AppendBinaryField(dst, value)
		}
	}
	return dst, nil
}

func retupler() pipeline.Rewriter { return retuple{} }

// way is how rows go: their format, whether they are taken apart, and whether a table
// goes in one transaction.
type way struct {
	binary   bool
	rewriter func() pipeline.Rewriter
	whole    bool
}

var ways = []way{
	{false, nil, false}, {false, recoder, false}, {true, nil, false}, {true, retupler, false},
	{false, nil, true}, {true, retupler, true},
}

// query is a chunk's text that is known beforehand.
func query(sql string) func() (string, error) {
	return func() (string, error) { return sql, nil }
}

// blocksOf cuts a table into chunks of so many blocks.
func blocksOf(t testing.TB, dsn, table, columns string, size int) []pipeline.Chunk {
	t.Helper()
	var pages int
	fmt.Sscan(pgtest.Query(t, dsn, "select pg_relation_size('"+table+"') / 8192")[0][0], &pages)
	var out []pipeline.Chunk
	for from := 0; from < pages; from += size {
		out = append(out, pipeline.Chunk{
			Select: query(fmt.Sprintf("select %s from only public.%s where ctid >= '(%d,0)' and ctid < '(%d,0)'", columns, table, from, from+size)),
			Bytes:  int64(size) * 8192,
		})
	}
	return out
}

// copyText is all rows of a query as COPY text.
func copyText(t testing.TB, dsn, query string) []byte {
	t.Helper()
	return copyOut(t, dsn, "copy ("+query+") to stdout")
}

func copyOut(t testing.TB, dsn, sql string) []byte {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	var out bytes.Buffer
	conn.Exec(context.Background(), "select set_config('client_encoding', case current_setting('server_encoding') when 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end, false)").Close()
	if _, err := conn.CopyTo(context.Background(), &out, sql); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func mustCopy(t testing.TB, src pipeline.Sessions, target string, jobs []pipeline.Job, opts pipeline.CopyOptions) []pipeline.JobResult {
	t.Helper()
	results, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, jobs, opts)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// sameRows fails unless the query gives the same in both databases.
func sameRows(t testing.TB, source, target, query string) {
	t.Helper()
	want, got := copyText(t, source, query), copyText(t, target, query)
	if len(want) == 0 {
		t.Fatalf("%s: no rows", query)
	}
	if !bytes.Equal(want, got) {
		t.Fatalf("%s: %d bytes became %d, or others", query, len(want), len(got))
	}
}

const nasty = `create table "a b" (i serial, "Select" text, "c.""d" bytea, n numeric, j jsonb, l text[]);
create view nasties as
select s as "Select", convert_to(s, 'SQL_ASCII') as b, array[s, null, 'NULL', '', '{' || s || '}'] as l
from (values (null), (''), (E'\\N'), (E'\\.'), (E'\\'), (E'\\\\'), (E'\t'), (E'\n'), (E'\r\n'), (E'\b\f\v'), (E'x\x01\x1f\x7f'),
	(E'\\x41\\101\\n'), (E'a\tb\nc\\'), ('"''{},'), (%s)) v(s)`

func fill(extra string) string {
	return fmt.Sprintf(nasty, extra) + `;
insert into "a b" ("Select", "c.""d", n, j, l)
select "Select", b, g / 3.0, jsonb_build_object('k', 'tab	' || g), l from nasties, generate_series(1, 40) g`
}

// Whatever text a server of any encoding holds arrives byte by byte, whether
// rows are relayed or decoded and encoded.
func TestCopyIsByteIdenticalInEveryEncoding(t *testing.T) {
	for encoding, extra := range map[string]string{
		"UTF8":      `U&'\+01F600\00E9\FFFD'`,
		"LATIN1":    `convert_from('\xe9a0ffa4', 'LATIN1')`,
		"EUC_JP":    `convert_from('\xc6fccbdcb8ec5c', 'EUC_JP')`,
		"SQL_ASCII": `convert_from('\xff80fe5c09c3', 'SQL_ASCII')`,
	} {
		t.Run(encoding, func(t *testing.T) {
			make := func(suffix string) string {
				dsn := pgtest.DB(t)
				name := config(t, dsn).Database
				pgtest.Exec(t, pgtest.Server(t), fmt.Sprintf("create database %s_%s template template0 encoding '%s' lc_collate 'C' lc_ctype 'C'", name, suffix, encoding))
				return dsn + "_" + suffix
			}
			source, target := make("s"), make("t")
			pgtest.Exec(t, source, fill(extra))
			pgtest.Exec(t, target, fill(extra)+`; truncate "a b"`)
			src := begin(t, source, 2, "a b")
			columns := `i, "Select", "c.""d", n, j, l`
			for _, w := range ways {
				job := pipeline.Job{Binary: w.binary, Whole: w.whole, Name: "a b", Into: name("a b"), Columns: []string{"i", "Select", `c."d`, "n", "j", "l"},
					Chunks: blocksOf(t, source, `"a b"`, columns, 2), NewRewriter: w.rewriter}
				res := mustCopy(t, src, target, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 2})
				query := `select ` + columns + ` from "a b" order by i`
				sameRows(t, source, target, query)
				want := int64(len(copyText(t, source, query)))
				if w.binary {
					want = 0
					for _, c := range job.Chunks {
						sql, _ := c.Select()
						want += int64(len(copyOut(t, source, "copy ("+sql+") to stdout (format binary)")))
					}
				}
				if res[0].Rows != 600 || res[0].Bytes != want {
					t.Errorf("%+v, want 600 rows and %d bytes", res[0], want)
				}
				pgtest.Exec(t, target, `truncate "a b"`)
			}
		})
	}
}

// Tables without columns have rows all the same; columns that are generated are
// not copied; a partition may have its columns in another order.
func TestCopyOddTables(t *testing.T) {
	source, target := bothEnds(t, `create table nothing ();
create table computed (a int generated always as (2) stored);
create table p (a int, b text, c int generated always as identity) partition by list (a);
create table p1 (gone int, b text, c int not null, a int);
alter table p1 drop column gone;
alter table p attach partition p1 for values in (1)`)
	pgtest.Exec(t, source, `insert into nothing select from generate_series(1, 7); insert into computed select from generate_series(1, 3);
insert into p select 1, 'x' || g from generate_series(1, 9) g`)
	src := begin(t, source, 1, "nothing", "computed", "p", "p1")
	for _, w := range ways {
		copyOddTables(t, src, source, target, w)
	}
}

func copyOddTables(t *testing.T, src pipeline.Sessions, source, target string, w way) {
	pgtest.Exec(t, target, "truncate nothing, computed, p")
	res := mustCopy(t, src, target, []pipeline.Job{
		{Name: "nothing", Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter, Into: name("nothing"), Chunks: []pipeline.Chunk{{Select: query("select from only public.nothing"), Rows: 7, Exact: true}}},
		{Name: "computed", Binary: w.binary, Whole: w.whole, Into: name("computed"), Chunks: []pipeline.Chunk{{Select: query("select from only public.computed")}}},
		{Name: "p1", Into: name("p1"), Columns: []string{"a", "b", "c"}, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
			Chunks: []pipeline.Chunk{{Select: query("select a, b, c from only public.p1 where c < 5")}, {Select: query("select a, b, c from only public.p1 where c >= 5")}}},
		{Name: "empty"},
	}, pipeline.CopyOptions{})
	if res[0].Rows != 7 || res[1].Rows != 3 || res[2].Rows != 9 || res[3].Rows != 0 {
		t.Errorf("%+v", res)
	}
	sameRows(t, source, target, "select count(*) from nothing")
	sameRows(t, source, target, "select * from computed")
	sameRows(t, source, target, "select a, b, c from p order by c")
}

// Rows of a whole table are frozen as they come, so that VACUUM marks them even while
// there is an older transaction; what was in the table before is gone.
func TestCopyWholeFreezes(t *testing.T) {
	source, target := bothEnds(t, "create table t (i int, v text); insert into t select g, 'before' from generate_series(1, 5000) g")
	pgtest.Exec(t, source, "update t set v = 'new'")
	src := begin(t, source, 2, "t")
	old := pgtest.Connect(t, target)
	if err := old.Exec(t.Context(), "begin; create table of_old ()").Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range ways {
		if !w.whole {
			pgtest.Exec(t, target, "truncate t")
		}
		job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "v"}, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
			Chunks: blocksOf(t, source, "t", "i, v", 10)}
		mustCopy(t, src, target, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 2})
		sameRows(t, source, target, "select i, v from t order by i")
		pgtest.Exec(t, target, "vacuum t")
		got := pgtest.Query(t, target, "select relpages > 0, relallvisible = relpages from pg_class where oid = 't'::regclass")[0]
		if got[0] != "t" || got[1] != map[bool]string{false: "f", true: "t"}[w.whole] {
			t.Errorf("%+v: there are pages, all are marked: %v", w, got)
		}
	}
}

// A job begins after all rows of those that it comes after are there; others are copied
// meanwhile, and a failure ends who waits.
func TestCopyAfter(t *testing.T) {
	source, target := bothEnds(t, "create table a (i int, v text); create table b (i int, v text); create table c (i int, v text); create table d (i int, v text)")
	for _, table := range []string{"a", "b", "c", "d"} {
		pgtest.Exec(t, source, "insert into "+table+" select g, repeat('x', 100) from generate_series(1, 3000) g")
	}
	src := begin(t, source, 2, "a", "b", "c", "d")
	jobs := func(fail error) []pipeline.Job {
		var out []pipeline.Job
		for i, table := range []string{"d", "c", "b", "a"} {
			j := pipeline.Job{Name: table, Into: name(table), Columns: []string{"i", "v"}, After: [][]int{{2, 3}, nil, {3}, nil}[i]}
			for from := 0; from < 3; from++ {
				j.Chunks = append(j.Chunks, pipeline.Chunk{Rows: 1000, Exact: true, Bytes: int64(1000 * (4 - i)),
					Select: query(fmt.Sprintf("select i, v from public.%s where i > %d and i <= %d", table, 1000*from, 1000*from+1000))})
			}
			before := map[string]string{"d": "6000 rows of a and b", "b": "3000 rows of a"}[table]
			counted := "select (select count(*) from a) || ' rows of a'"
			if table == "d" {
				counted = "select (select count(*) from a) + (select count(*) from b) || ' rows of a and b'"
			}
			var once sync.Once
			j.NewRewriter = func() pipeline.Rewriter {
				return &recode{before: func([]byte) error {
					once.Do(func() {
						if got := pgtest.Query(t, target, counted)[0][0]; before != "" && got != before {
							t.Errorf("%s begins after %s", table, got)
						}
					})
					if table == "a" {
						return fail
					}
					return nil
				}}
			}
			out = append(out, j)
		}
		return out
	}
	for _, workers := range []int{1, 2, 5} {
		mustCopy(t, src, target, jobs(nil), pipeline.CopyOptions{Workers: workers})
		for _, table := range []string{"a", "b", "c", "d"} {
			sameRows(t, source, target, "select * from "+table+" order by i")
		}
		pgtest.Exec(t, target, "truncate a, b, c, d")
	}
	refused := errors.New("refused")
	if _, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, jobs(refused), pipeline.CopyOptions{Workers: 4}); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}

// A field of 100 MB passes, and leaves nothing behind.
func TestCopyHugeField(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 200 MB")
	}
	source, target := bothEnds(t, "create table t (i int, b text); alter table t alter b set storage external")
	pgtest.Exec(t, source, `insert into t select g, case when g = 50 then repeat(E'0123\\56\n89', 10000000) else 'small' end from generate_series(1, 100) g`)
	src := begin(t, source, 1, "t")
	for _, w := range ways {
		job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "b"}, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
			Chunks: []pipeline.Chunk{{Select: query("select i, b from public.t")}, {Select: query("select i, b from public.t where i <> 50")}}}
		mustCopy(t, src, target, []pipeline.Job{job}, pipeline.CopyOptions{})
		if got := pgtest.Query(t, target, "select count(*), sum(length(b)), count(distinct md5(b)) from t"); fmt.Sprint(got) != "[[199 100000990 2]]" {
			t.Errorf("%v", got)
		}
		pgtest.Exec(t, target, "truncate t")
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 64<<20 {
		t.Errorf("%d MB are still in use", m.HeapAlloc>>20)
	}
}

// What a copy allocates does not depend on the number of rows.
func TestCopyMemoryIsFlat(t *testing.T) {
	source, target := bothEnds(t, "create unlogged table t (i int, v text)")
	src := begin(t, source, 1, "t")
	allocated := func(rows int, w way) uint64 {
		job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "v"}, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
			Chunks: []pipeline.Chunk{{Select: query(fmt.Sprintf("select g, repeat('x', g %% 500) from generate_series(1, %d) g", rows))}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mustCopy(t, src, target, []pipeline.Job{job}, pipeline.CopyOptions{})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, w := range ways {
		few, many := allocated(10_000, w), allocated(200_000, w)
		t.Logf("10,000 rows: %d KiB, 200,000 rows: %d KiB", few>>10, many>>10)
		if many > few+(1<<20) {
			t.Errorf("200,000 rows need %d bytes, 10,000 rows %d", many, few)
		}
	}
}

// The error names the column, and holds no value.
func TestCopyErrorsHoldNoData(t *testing.T) {
	source, target := bothEnds(t, "create table t (k text, v text)")
	pgtest.Exec(t, source, "insert into t values ('canary-1', 'canary-2'), ('canary-1', 'canary-3')")
	src := begin(t, source, 1, "t")
	job := func(sql string, exact int64, rewriter func() pipeline.Rewriter) []pipeline.Job {
		return []pipeline.Job{{Name: "public.t", Into: name("t"), Columns: []string{"k", "v"}, NewRewriter: rewriter,
			Chunks: []pipeline.Chunk{{Select: query(sql), Rows: exact, Exact: exact > 0}}}}
	}
	const all = "select k, v from public.t"
	refuse := func() pipeline.Rewriter {
		return &recode{before: func([]byte) error { return errors.New("refused") }}
	}
	for _, c := range []struct {
		alter, want string
		jobs        []pipeline.Job
	}{
		{"alter table t alter v type int using null", `copy public.t: target: invalid text representation (SQLSTATE 22P02), column "v"; a value`, job(all, 0, nil)},
		{"alter table t alter v type varchar(3)", `copy public.t: target: string data right truncation (SQLSTATE 22001), column "v"; a value`, job(all, 0, recoder)},
		{"alter table t add unique (k)", `copy public.t: target: unique violation (SQLSTATE 23505), table public.t, constraint "t_k_key"; two rows`, job(all, 0, nil)},
		{"alter table t add check (v <> 'canary-3')", `copy public.t: target: check violation (SQLSTATE 23514), table public.t, constraint "t_v_check"; a value`, job(all, 0, nil)},
		{"alter table t drop v", `copy public.t: target: undefined column (SQLSTATE 42703)`, job(all, 0, nil)},
		{"", `copy public.t: source: invalid text representation (SQLSTATE 22P02)`, job("select k, v::int from public.t", 0, nil)},
		{"", `copy public.t: source: division by zero (SQLSTATE 22012)`, job("select k, (1 / (row_number() over () - 2))::text from public.t", 0, recoder)},
		{"", `copy public.t: refused`, job(all, 0, refuse)},
		{"", `copy public.t: a chunk has 2 rows instead of 3`, job(all, 3, nil)},
	} {
		pgtest.Exec(t, target, "drop table t; create table t (k text, v text); "+c.alter)
		_, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, c.jobs, pipeline.CopyOptions{Workers: 2})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %s", c.alter, err, c.want)
		}
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			t.Errorf("%v: the server's error can be had", err)
		}
		if n := pgtest.Query(t, target, "select count(*) from t")[0][0]; n != "0" {
			t.Errorf("%v: %s rows are there", err, n)
		}
	}
}

// A worker does not queue for a table's lock; it tries for as long as it is told.
func TestCopyGivesWay(t *testing.T) {
	source, target := bothEnds(t, "create table t (i int)")
	pgtest.Exec(t, source, "insert into t values (1)")
	src := begin(t, source, 1) // the leader has no lock
	other := pgtest.Connect(t, source)
	other.Exec(t.Context(), "begin; lock table t").Close()
	jobs := []pipeline.Job{{Name: "public.t", Into: name("t"), Columns: []string{"i"}, Chunks: []pipeline.Chunk{{Select: query("select i from public.t")}}}}
	for _, patience := range []time.Duration{0, 200 * time.Millisecond} {
		_, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, jobs, pipeline.CopyOptions{Yield: patience})
		var yield *pipeline.YieldError
		if !errors.As(err, &yield) || yield.Table != name("t") || strings.Count(err.Error(), "source") != 1 {
			t.Errorf("got %v", err)
		}
	}
	time.AfterFunc(200*time.Millisecond, func() { other.Exec(context.Background(), "rollback").Close() })
	res, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, jobs, pipeline.CopyOptions{Yield: time.Minute})
	if err != nil || res[0].Rows != 1 {
		t.Errorf("%v after the lock was free; %v", res, err)
	}
}

// The last progress is the whole truth, and rows are seen before a chunk ends.
func TestCopyProgress(t *testing.T) {
	source, target := bothEnds(t, "create table t (i int, v text); create table u (i int)")
	pgtest.Exec(t, source, "insert into t select g, repeat('x', 100) from generate_series(1, 50000) g; insert into u select 1")
	src := begin(t, source, 2, "t", "u")
	chunks := append(blocksOf(t, source, "t", "i, v", 200), pipeline.Chunk{Select: query("select i, v from public.t where i < 100 and pg_sleep(0.005) is not null")})
	for _, w := range ways {
		var seen []pipeline.Progress
		var busy atomic.Bool
		res := mustCopy(t, src, target, []pipeline.Job{
			{Name: "u", Into: name("u"), Columns: []string{"i"}, Chunks: []pipeline.Chunk{{Select: query("select i from public.u"), Rows: 1, Exact: true, Bytes: 1}}},
			{Name: "t", Into: name("t"), Columns: []string{"i", "v"}, Chunks: chunks, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter},
		}, pipeline.CopyOptions{Workers: 2, Progress: func(p pipeline.Progress) {
			if !busy.CompareAndSwap(false, true) {
				t.Error("called by two at once")
			}
			seen = append(seen, p)
			busy.Store(false)
		}})
		last := seen[len(seen)-1]
		underWay := func(p pipeline.Progress) bool {
			return p.Rows > 0 && p.Rows < 50100 && slices.ContainsFunc(p.Running, func(name string) bool { return strings.HasPrefix(name, "t ") })
		}
		if len(seen) < 2 || !slices.ContainsFunc(seen, underWay) {
			t.Errorf("%+v", seen)
		}
		if last.Rows != 50100 || last.Rows != res[0].Rows+res[1].Rows || last.Bytes != res[0].Bytes+res[1].Bytes ||
			last.Chunks != len(chunks)+1 || last.TotalChunks != last.Chunks || len(last.Running) != 0 {
			t.Errorf("last %+v, results %+v", last, res)
		}
	}
}

// Where the rows are known, what is left is known by them, however wrong the estimate of
// bytes is.
func TestCopyProgressByRows(t *testing.T) {
	source, target := bothEnds(t, "create table t (i int)")
	pgtest.Exec(t, source, "insert into t select generate_series(1, 100)")
	src := begin(t, source, 2, "t")
	for _, exact := range []bool{true, false} {
		pgtest.Exec(t, target, "truncate t")
		var seen []pipeline.Progress
		mustCopy(t, src, target, []pipeline.Job{{Name: "t", Into: name("t"), Columns: []string{"i"}, Chunks: []pipeline.Chunk{
			{Select: query("select i from public.t where i <= 50"), Rows: 50, Exact: exact, Bytes: 1 << 30},
			{Select: query("select i from public.t where i > 50 and pg_sleep(0.01) is not null"), Rows: 50, Exact: true, Bytes: 1 << 30},
		}}}, pipeline.CopyOptions{Workers: 1, Progress: func(p pipeline.Progress) { seen = append(seen, p) }})
		last := seen[len(seen)-1]
		if last.Rows != 100 || (last.TotalBytes == last.Bytes) != exact {
			t.Errorf("exact %t: %+v", exact, last)
		}
		for _, p := range seen {
			if share := float64(p.Bytes) / float64(p.TotalBytes) * 100; exact && p.Rows > 0 && math.Abs(share-float64(p.Rows)) > 1 {
				t.Errorf("%d of 100 rows are %.0f %%: %+v", p.Rows, share, p)
			}
		}
	}
}

// A cancelled copy ends at once, and takes its goroutines and sessions with it.
func TestCopyCancelled(t *testing.T) {
	source, target := bothEnds(t, "create table t (i int, v text)")
	pgtest.Exec(t, source, "insert into t select g, repeat('x', 500) from generate_series(1, 100000) g")
	pgtest.Exec(t, target, "create table lock_me ()")
	before := runtime.NumGoroutine()
	for name, sql := range map[string]string{
		"while rows flow":         "select i, v from public.t, generate_series(1, 1000)",
		"while the source thinks": "select i, v from public.t where pg_sleep(1) is not null",
	} {
		src := begin(t, source, 3, "t")
		job := pipeline.Job{Name: "t", Into: schema.Name{Schema: "public", Name: "t"}, Columns: []string{"i", "v"}, NewRewriter: recoder}
		for range 3 {
			job.Chunks = append(job.Chunks, pipeline.Chunk{Select: query(sql)})
		}
		cause := errors.New("the operator has had enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
		start := time.Now()
		_, err := pipeline.Copy(ctx, src, loadInto{config(t, target)}, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 3, Progress: func(pipeline.Progress) {}})
		if !errors.Is(err, cause) || time.Since(start) > 3*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
		src.Close(context.Background())
		eventually(t, name+": sessions on the target", func() bool { return len(loaders(t, target)) == 0 })
		eventually(t, name+": sessions on the source", func() bool {
			return len(pgtest.Query(t, source, "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")) == 0
		})
		eventually(t, name+": goroutines", func() bool { return runtime.NumGoroutine() <= before })
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s do not go away", what)
		}
	}
}

// loaders are the backends of the copy on the target.
func loaders(t testing.TB, target string) [][]string {
	return pgtest.Query(t, target, "select pid from pg_stat_activity where datname = current_database() and application_name = 'loader'")
}

// onRow returns rewriters of which one, once, calls do before the row that
// begins with prefix.
func onRow(prefix string, do func()) func() pipeline.Rewriter {
	var once sync.Once
	return func() pipeline.Rewriter {
		return &recode{before: func(row []byte) error {
			if bytes.HasPrefix(row, []byte(prefix)) {
				once.Do(do)
			}
			return nil
		}}
	}
}
