package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

const manyRows = "create table t (i int, v text)"

func fillMany(t testing.TB, dsn string) {
	pgtest.Exec(t, dsn, "insert into t select g, repeat(chr(97 + g % 26), 200) from generate_series(1, 60000) g")
}

// sameMany compares table t of both ends, and how often a chunk was copied again.
func sameMany(t *testing.T, source, target string, res pipeline.JobResult, retries int) {
	t.Helper()
	sameRows(t, source, target, "select i, v from t order by i")
	if res.Retries != retries || res.Rows != 60000 {
		t.Errorf("%+v, want %d retries", res, retries)
	}
}

// beginner counts the chunks that are begun, for the first time and again.
type beginner struct {
	pipeline.Rewriter
	first, again *atomic.Int32
}

func (b beginner) Begin(again bool) {
	if again {
		b.again.Add(1)
	} else {
		b.first.Add(1)
	}
}

// A worker whose session is ended on either side in the middle of a chunk copies
// it again, and tells the rewriter; no row is lost or doubled.
func TestCopySurvivesLostSession(t *testing.T) {
	for _, c := range []struct {
		side  string
		whole bool
	}{{"source", false}, {"target", false}, {"source", true}, {"target", true}} {
		side := c.side
		t.Run(fmt.Sprint(side, ", whole ", c.whole), func(t *testing.T) {
			source, target := bothEnds(t, manyRows)
			fillMany(t, source)
			src := begin(t, source, 2, "t")
			pgtest.Exec(t, source, "update t set v = 'changed after the snapshot' where i % 7 = 0")
			var ended atomic.Int32
			kill := func() {
				where, dsn := "application_name = 'loader' and query like 'copy%'", target
				if side == "source" {
					where, dsn = "query like 'copy%' and query like '%(0,0)%'", source
				}
				ended.Add(int32(len(pgtest.Query(t, dsn, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and "+where+" limit 1"))))
			}
			var first, again atomic.Int32
			fresh := onRow("10\t", kill)
			rewriter := func() pipeline.Rewriter { return beginner{fresh(), &first, &again} }
			job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "v"}, NewRewriter: rewriter, Whole: c.whole,
				Chunks: blocksOf(t, source, "t", "i, v", 900)}
			var last pipeline.Progress
			res := mustCopy(t, src, target, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 2, Progress: func(p pipeline.Progress) { last = p }})
			if ended.Load() != 1 {
				t.Fatalf("%d sessions were ended", ended.Load())
			}
			if res[0].Retries != 1 || res[0].Rows != 60000 || last.Rows != 60000 || last.Bytes != res[0].Bytes || last.Retries != 1 {
				t.Errorf("%+v, %+v", res, last)
			}
			if first.Load() != int32(len(job.Chunks)) || again.Load() != 1 {
				t.Errorf("%d chunks were begun, %d again", first.Load(), again.Load())
			}
			if last.Chunks != len(job.Chunks) || last.TotalChunks != len(job.Chunks) {
				t.Errorf("%+v", last)
			}
			got := pgtest.Query(t, target, "select count(*), count(distinct i), count(*) filter (where v like 'changed%') from t")[0]
			if got[0] != "60000" || got[1] != "60000" || got[2] != "0" {
				t.Errorf("rows, different rows, rows newer than the snapshot: %v", got)
			}
		})
	}
}

const commitStatement = "commit\x00" // and nothing behind it

// fatedConn is a connection where a statement, the first of all, meets with an
// accident.
type fatedConn struct {
	net.Conn
	statement string // what it holds
	meet      *atomic.Bool
	fate      string
	dead      atomic.Bool
}

var errAccident = errors.New("accident")

func (c *fatedConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, errAccident
	}
	if !bytes.Contains(p, []byte(c.statement)) || !c.meet.CompareAndSwap(false, true) {
		return c.Conn.Write(p)
	}
	c.dead.Store(true)
	switch c.fate {
	case "arrives, the answer does not", "arrives, the answer does not, and the server does not know":
		c.Conn.Write(p)
		c.Conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		c.Conn.Read(make([]byte, 1000))
		if !strings.HasSuffix(c.fate, "know") {
			c.Conn.Close()
		}
	case "does not arrive":
		c.Conn.Close()
	case "does not arrive, and the server does not know":
	}
	return 0, errAccident
}

func (c *fatedConn) Read(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, io.EOF
	}
	return c.Conn.Read(p)
}

func (c *fatedConn) Close() error {
	if c.dead.Load() {
		return nil
	}
	return c.Conn.Close()
}

// When the connection breaks while a chunk or a whole table commits, the target is asked
// what became of it. And the next attempt at a whole table does not wait for the lock of
// one whose end the server has not learned of. Rows are read again only where some were
// read before.
func TestCopyCommitOfUnknownOutcome(t *testing.T) {
	const commit, empty = commitStatement, "truncate only"
	for _, c := range []struct {
		statement, fate string
		whole           bool
		retries         int
	}{
		{commit, "arrives, the answer does not", false, 0},
		{commit, "does not arrive", false, 1},
		{commit, "does not arrive, and the server does not know", false, 1},
		{commit, "arrives, the answer does not", true, 0},
		{commit, "does not arrive, and the server does not know", true, 1},
		{empty, "arrives, the answer does not, and the server does not know", true, 1},
	} {
		t.Run(fmt.Sprintf("%s %s, whole %t", strings.TrimRight(c.statement, "\x00"), c.fate, c.whole), func(t *testing.T) {
			source, target := bothEnds(t, manyRows)
			fillMany(t, source)
			src := begin(t, source, 2, "t")
			cfg := config(t, target)
			var met atomic.Bool
			dial := cfg.DialFunc
			cfg.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { conn.Close() })
				return &fatedConn{Conn: conn, statement: c.statement, meet: &met, fate: c.fate}, nil
			}
			var first, again atomic.Int32
			fresh := onRow("none\t", func() {})
			rewriter := func() pipeline.Rewriter { return beginner{fresh(), &first, &again} }
			job := pipeline.Job{Name: "t", Into: name("t"), Columns: []string{"i", "v"}, NewRewriter: rewriter, Whole: c.whole, Chunks: blocksOf(t, source, "t", "i, v", 500)}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			res, err := pipeline.Copy(ctx, src, loadInto{cfg}, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if !met.Load() {
				t.Fatal("no accident happened")
			}
			sameMany(t, source, target, res[0], c.retries)
			if repeated := c.retries > 0 && c.statement == commit; again.Load() > 0 != repeated {
				t.Errorf("%d chunks were begun again", again.Load())
			}
			if n := len(loaders(t, target)); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
		})
	}
}

// A commit that the server refuses is an error, not a lost connection.
func TestCopyRefusedCommit(t *testing.T) {
	source, target := bothEnds(t, manyRows)
	fillMany(t, source)
	pgtest.Exec(t, target, `create table u (i int primary key);
alter table t add constraint late foreign key (i) references u deferrable initially deferred`)
	src := begin(t, source, 1, "t")
	job := pipeline.Job{Name: "public.t", Into: name("t"), Columns: []string{"i", "v"}, Chunks: blocksOf(t, source, "t", "i, v", 500)}
	_, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, []pipeline.Job{job}, pipeline.CopyOptions{})
	want := `copy public.t: target: foreign key violation (SQLSTATE 23503), table public.t, constraint "late"; a row's parent is missing`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A session that is ended again and again is given up.
func TestCopyGivesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("waits between attempts")
	}
	t.Parallel()
	source, target := bothEnds(t, manyRows)
	fillMany(t, source)
	src := begin(t, source, 1, "t")
	attempts := 0
	rewriter := func() pipeline.Rewriter {
		return &recode{before: func(row []byte) error {
			if bytes.HasPrefix(row, []byte("30000\t")) {
				attempts++
				pgtest.Query(t, target, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name = 'loader'")
			}
			return nil
		}}
	}
	job := pipeline.Job{Name: "public.t", Into: name("t"), Columns: []string{"i", "v"}, NewRewriter: rewriter, Chunks: []pipeline.Chunk{{Select: query("select i, v from public.t")}}}
	_, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, []pipeline.Job{job}, pipeline.CopyOptions{})
	if err == nil || attempts != 5 {
		t.Errorf("%v after %d attempts", err, attempts)
	}
	if n := pgtest.Query(t, target, "select count(*) from t")[0][0]; n != "0" {
		t.Errorf("%s rows are there", n)
	}
}
