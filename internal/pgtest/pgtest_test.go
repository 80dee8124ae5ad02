package pgtest

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
)

func TestDB(t *testing.T) {
	var name string
	t.Run("inner", func(t *testing.T) {
		dsn := DB(t)
		other := DB(t)
		if dsn == other {
			t.Fatal("two databases of one name")
		}
		Exec(t, dsn, "create table a (x text, y text); insert into a values ('1', null), ('', E'\\t')")
		if got, want := Query(t, dsn, "select 1; select x, y from a order by x desc"),
			[][]string{{"1", `\N`}, {"", "\t"}}; !reflect.DeepEqual(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if got := Query(t, other, "select to_regclass('a')"); got[0][0] != `\N` {
			t.Error("a table of one database is in the other")
		}
		if got := Query(t, dsn, "select lower('Ä') = 'ä', getdatabaseencoding(), 'a' < 'B'"); got[0][1] != "UTF8" || got[0][2] != "f" {
			t.Errorf("encoding and order: %v", got)
		}
		name = Query(t, dsn, "select current_database()")[0][0]
		Exec(t, Server(t), "create database "+name+"_previous")
		Connect(t, dsn) // dropped in spite of it
	})
	if left := Query(t, Server(t), "select datname from pg_database where starts_with(datname, '"+name+"')"); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestExecReadsDumps(t *testing.T) {
	dsn := DB(t)
	Exec(t, dsn, `\restrict abc
create table a (x text, n int);
create function f() returns text language sql as $$
select 'COPY' $$;
COPY public.a (x, n) FROM stdin;
one\ttwo	1
\N	2
\.

COPY public.a (x, n) FROM stdin;
\.
insert into a values ('last', 3);
\unrestrict abc
`)
	if got, want := Query(t, dsn, "table a order by n"), [][]string{{"one\ttwo", "1"}, {`\N`, "2"}, {"last", "3"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	conn := Connect(t, DB(t))
	for script, want := range map[string]string{
		"select 1;\n\nselect nothing;": "line 3: ",
		"create table a (n int);\nCOPY a FROM stdin;\n1\n\\.\nselect 1;\nselect 'ä',\nwrong": "line 7: ",
	} {
		err := run(conn, strings.NewReader(script))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", script, err, want)
		}
	}
}

func TestLoadCase(t *testing.T) {
	dsn := DB(t)
	LoadCase(t, dsn, "chinook")
	if got := Query(t, dsn, "select count(*) from track")[0][0]; got != "3503" {
		t.Errorf("%s tracks, want 3503", got)
	}
}

func TestKeywords(t *testing.T) {
	dsn, err := keywords(`postgres://me:p%27a%20%5Css@localhost:5433/x?sslmode=disable&application_name=a%20b`)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgconn.ParseConfig(dsn + " dbname=y")
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "localhost" || c.Port != 5433 || c.User != "me" || c.Password != `p'a \ss` || c.Database != "y" ||
		c.RuntimeParams["application_name"] != "a b" || c.TLSConfig != nil {
		t.Errorf("%s: %+v", dsn, c)
	}
	if _, err := keywords("postgres://me:secret@[::1/x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a broken URL: %v", err)
	}
}

func BenchmarkDB(b *testing.B) {
	for b.Loop() {
		conn, err := pgconn.Connect(context.Background(), DB(b))
		if err != nil {
			b.Fatal(err)
		}
		conn.Close(context.Background())
	}
}

func TestEachVersion(t *testing.T) {
	EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		got := Query(t, server.DSN("postgres"), "show server_version_num")[0][0]
		if want := strconv.Itoa(server.Version()); got != want {
			t.Errorf("version %s, want %s", got, want)
		}
	})
}
