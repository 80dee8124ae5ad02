package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// ownTypes are some that users make.
const ownTypes = `create type mood as enum ('sad', 'ok'); create type pair as (a int, b text); create type span as range (subtype = float8);
create domain positive as int check (value > 0); create domain moods as mood; create domain numbers as int[]; create domain pairs as pair; create domain int8 as text`

// columnTypes are types with why their values may not move in binary, "" where
// they may.
var columnTypes = []struct{ typ, why string }{
	{"text", ""}, {"varchar(5)", ""}, {"char(3)", ""}, {"name", ""}, {`"char"`, ""}, {"bigint", ""}, {"numeric(5,2)", ""}, {"money", ""}, {"uuid", ""}, {"bytea", ""}, {"boolean", ""},
	{"jsonb", ""}, {"json", ""}, {"jsonpath", ""}, {"xml", ""}, {"timestamptz(3)", ""}, {"interval", ""}, {"timetz", ""}, {"inet", ""}, {"macaddr8", ""}, {"bit(3)", ""}, {"varbit", ""}, {"point", ""}, {"polygon", ""},
	{"tsvector", ""}, {"tsquery", ""}, {"int4range", ""}, {"tstzrange", ""}, {"pg_lsn", ""}, {"oid", ""}, {"xid8", ""}, {"tid", ""}, {"int2vector", ""}, {"oidvector", ""}, {"refcursor", ""},
	{"text[]", ""}, {"int[][]", ""}, {"daterange[]", ""}, {"timestamptz[]", ""},
	{"public.mood", ""}, {"public.positive", ""}, {"public.moods", ""}, {"public.numbers", ""}, {"public.int8", ""},
	{"public.mood[]", "OID of its elements"}, {"public.positive[]", "OID of its elements"}, {"public.pair[]", "OID of its elements"}, {"public.pair", "OIDs of its fields"}, {"public.pairs", "OIDs of its fields"}, {"public.span", "PostgreSQL's own"},
	{"regclass", "is an OID"}, {"regtype[]", "is an OID"}, {"regrole", "is an OID"}, {"aclitem", "is an OID"}, {"pg_node_tree", "is an OID"},
}

// TestTextOnly creates a column of each type and asks whether it may go in
// binary. What may does: a copy in binary gives what one in text does.
func TestTextOnly(t *testing.T) {
	script, safe := ownTypes, []string{}
	for i, c := range columnTypes {
		script += fmt.Sprintf("; create table t%d (c %s)", i, c.typ)
		if c.why == "" {
			safe = append(safe, fmt.Sprintf("c%d %s", i, c.typ))
		}
	}
	source, target := bothEnds(t, script+"; create table t ("+strings.Join(safe, ", ")+"); create table made (a int, b aclitem generated always as (null) stored, c tsvector generated always as ('a') stored)")
	conn := pgtest.Connect(t, source)
	s, err := catalog.Read(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	ends := pipeline.Ends{Encoding: "UTF8", Source: 15, Target: 15}
	table := map[string]*schema.Table{}
	var columns []string
	for i, c := range columnTypes {
		table[c.typ] = s.Table(name(fmt.Sprintf("t%d", i)))
		why := pipeline.TextOnly(table[c.typ], []int{0}, ends)
		if (why == "") != (c.why == "") || !strings.Contains(why, c.why) || why != "" && !strings.HasPrefix(why, `column "c": `) {
			t.Errorf("%s: %q, want %q", c.typ, why, c.why)
		}
		if why == "" {
			columns = append(columns, fmt.Sprintf("c%d", i))
		}
	}
	if why := pipeline.TextOnly(s.Table(name("made")), []int{0}, ends); !strings.HasPrefix(why, `column "b": it is not copied`) {
		t.Errorf("a generated aclitem: %q", why)
	}
	if why := pipeline.TextOnly(table["xml"], []int{0}, pipeline.Ends{Encoding: "LATIN1", Source: 15, Target: 15}); !strings.Contains(why, "xml") {
		t.Errorf("xml in LATIN1: %q", why)
	}
	for _, c := range []struct {
		ends pipeline.Ends
		safe bool
	}{{pipeline.Ends{"UTF8", 17, 16}, false}, {pipeline.Ends{"UTF8", 17, 18}, true}, {pipeline.Ends{"UTF8", 16, 18}, true}, {pipeline.Ends{"UTF8", 18, 0}, true}} {
		if why := pipeline.TextOnly(table["interval"], []int{0}, c.ends); (why == "") != c.safe {
			t.Errorf("interval, %+v: %q", c.ends, why)
		}
	}
	fillTypes(t, source)
	src := begin(t, source, 1, "t")
	for _, w := range ways[2:4] {
		mustCopy(t, src, target, []pipeline.Job{{Name: "t", Into: name("t"), Columns: columns, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
			Chunks: []pipeline.Chunk{{Select: query("select " + strings.Join(columns, ", ") + " from only public.t")}}}}, pipeline.CopyOptions{})
		sameRows(t, source, target, "select "+strings.Join(columns, ", ")+" from t")
		pgtest.Exec(t, target, "truncate t")
	}
}

// fillTypes inserts rows into table t, one for each of some types.
func fillTypes(t *testing.T, dsn string) {
	t.Helper()
	values := map[string]string{"text": `E'a\t\\'`, "bigint": "-7", "numeric(5,2)": "1.5", "bytea": `'\x00'`, "jsonb": `'{"a": 1}'`, "timestamptz(3)": "'infinity'", "interval": "'1 mon -1 day'",
		"inet": "'::1/7'", "int4range": "'[1,3]'", "int[][]": "'{{1},{2}}'", "public.mood": "'ok'", "public.positive": "5", "public.numbers": "'{1,null}'", "public.int8": "'x'", "tsvector": "'a:1 b'", "money": "12.34"}
	for i, c := range columnTypes {
		if v, ok := values[c.typ]; ok {
			pgtest.Exec(t, dsn, fmt.Sprintf("insert into t (c%d) values (%s)", i, v))
		}
	}
}

// A server of any version takes in binary what one of any other sends.
func TestBinaryBetweenVersions(t *testing.T) {
	var safe, columns []string
	for i, c := range columnTypes {
		if c.why == "" {
			safe, columns = append(safe, fmt.Sprintf("c%d %s", i, c.typ)), append(columns, fmt.Sprintf("c%d", i))
		}
	}
	script := ownTypes + "; create table t (" + strings.Join(safe, ", ") + ")"
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		pgtest.Exec(t, server.DSN("postgres"), "create database other template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'")
		here, there := pgtest.DB(t), server.DSN("other")
		for _, ends := range [][2]string{{here, there}, {there, here}} {
			for _, dsn := range ends {
				pgtest.Exec(t, dsn, "drop schema public cascade; create schema public; "+script)
			}
			fillTypes(t, ends[0])
			src := begin(t, ends[0], 1, "t")
			for _, w := range ways {
				mustCopy(t, src, ends[1], []pipeline.Job{{Name: "t", Into: name("t"), Columns: columns, Binary: w.binary, Whole: w.whole, NewRewriter: w.rewriter,
					Chunks: []pipeline.Chunk{{Select: query("select " + strings.Join(columns, ", ") + " from only public.t")}}}}, pipeline.CopyOptions{})
				sameRows(t, ends[0], ends[1], "select "+strings.Join(columns, ", ")+" from t")
				pgtest.Exec(t, ends[1], "truncate t")
			}
			src.Close(context.Background()) // and its locks
		}
	})
}

// In binary too an error names the column where the server does, and holds no
// value; nothing stays of the chunk.
func TestCopyErrorsHoldNoDataInBinary(t *testing.T) {
	source, target := bothEnds(t, "create table t (k text, v text)")
	pgtest.Exec(t, source, "insert into t values ('canary-1', 'canary-2'), ('canary-1', 'canary-3')")
	src := begin(t, source, 1, "t")
	for _, c := range []struct {
		alter, want string
		rewriter    func() pipeline.Rewriter
	}{
		{"alter table t alter v type int using null", `copy public.t: target: invalid binary representation (SQLSTATE 22P03), column "v"`, nil},
		{"alter table t alter v type varchar(3)", `copy public.t: target: string data right truncation (SQLSTATE 22001), column "v"; a value`, retupler},
		{"alter table t add unique (k)", `copy public.t: target: unique violation (SQLSTATE 23505), table public.t, constraint "t_k_key"; two rows`, retupler},
		{"", `copy public.t: refused`, func() pipeline.Rewriter { return refuses{} }},
	} {
		pgtest.Exec(t, target, "drop table t; create table t (k text, v text); "+c.alter)
		job := pipeline.Job{Name: "public.t", Into: name("t"), Columns: []string{"k", "v"}, Binary: true, NewRewriter: c.rewriter, Chunks: []pipeline.Chunk{{Select: query("select k, v from public.t")}}}
		_, err := pipeline.Copy(t.Context(), src, loadInto{config(t, target)}, []pipeline.Job{job}, pipeline.CopyOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %s", c.alter, err, c.want)
		}
		if n := pgtest.Query(t, target, "select count(*) from t")[0][0]; n != "0" {
			t.Errorf("%v: %s rows are there", err, n)
		}
	}
}

type refuses struct{}

func (refuses) AppendRow(dst, _ []byte) ([]byte, error) { return dst, errors.New("refused") }
