package pipeline

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// What a child says is passed on only where it cannot quote a row.
func TestChildErrors(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"pg_restore: while PROCESSING TOC:\npg_restore: from TOC entry 7; 2606 9 CONSTRAINT public users users_pkey bob\n" +
			"pg_restore: error: could not execute query: ERROR:  could not create unique index \"users_pkey\"\nDETAIL:  Key (email)=(anna@x.org) is duplicated.\nCommand was: ALTER TABLE anna\n",
			`pg_restore: CONSTRAINT public users users_pkey bob: could not create unique index "users_pkey"`},
		{"pg_restore: from TOC entry 7; 1259 9 INDEX public i bob\npg_restore: error: could not execute query: ERROR:  invalid input syntax for type integer: \"anna\"",
			"pg_restore: INDEX public i bob: exit status 3 (its own message"},
		{"pg_dump: error: query failed: ERROR:  permission denied for table users\npg_dump: detail: Query was: LOCK TABLE anna",
			"pg_dump: permission denied for table users"},
		{"pg_dump: error: connection to server at \"h\" (1.2.3.4), port 5 failed: FATAL:  password authentication failed for user \"u\"\n",
			`pg_dump: connection to server at "h" (1.2.3.4), port 5 failed: FATAL:  password authentication failed for user "u"`},
		{"pg_dump: error: query failed: ERROR:  relation \"x\" does not exist: anna", "pg_dump: exit status 3"},
		{strings.Repeat("anna", 1<<16) + "\npg_dump: error: out of memory\n", "pg_dump: out of memory"},
	} {
		program, _, _ := strings.Cut(c.want, ":")
		for _, size := range []int{1, 7, 1 << 20} {
			said := complaints{program: program}
			for chunk := range slices.Chunk([]byte(c.said), size) {
				said.Write(chunk)
			}
			err := said.error(t.Context(), exec.Command("sh", "-c", "exit 3").Run())
			if !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "anna") {
				t.Errorf("got %v, want %s", err, c.want)
			}
		}
	}
}

func TestChildDiesWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := child(ctx, "/bin/sleep", []string{"60"}, nil); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestChildEnvironment(t *testing.T) {
	services := filepath.Join(t.TempDir(), "services")
	if err := os.WriteFile(services, []byte("[other]\nsslmode=disable\n# x\n[prod]\nsslrootcert = /ca\nsslmode=verify-full\nhost=elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dsn := `host=db.example port=6000 user='o''' password = 'p\'w x' sslmode=require service=prod servicefile=` + services
	cfg, err := pgconn.ParseConfig("host=db.example port=6000 user=u password=hunter2 sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGHOST", "wrong")
	t.Setenv("PGSERVICE", "wrong")
	t.Setenv("PGSTANDIN_KEY", "secret")
	t.Setenv("PGSTANDIN_SOURCE", "postgres://u:pw@h/d")
	at := newEndpoint(cfg, 0)
	at.network, at.addr, at.names.hosts["10.0.0.1"] = "tcp", "10.0.0.1:6000", "db.example"
	env, err := childEnv(at, strings.Replace(dsn, "o''", "o", 1), "my db", "-c a=b")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		got[name] = value
	}
	for name, want := range map[string]string{
		"PGHOST": "db.example", "PGHOSTADDR": "10.0.0.1", "PGPORT": "6000", "PGUSER": "u", "PGPASSWORD": "hunter2", "PGDATABASE": "my db",
		"PGSSLMODE": "require", "PGSSLROOTCERT": "/ca", "PGOPTIONS": "-c a=b", "LC_ALL": "C",
	} {
		if got[name] != want {
			t.Errorf("%s=%s, want %s", name, got[name], want)
		}
	}
	for _, name := range []string{"PGSERVICE", "PGSTANDIN_KEY", "PGSTANDIN_SOURCE"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s=%s is passed on", name, v)
		}
	}
}

func TestConnectionStrings(t *testing.T) {
	for dsn, want := range map[string]map[string]string{
		"":                                   {},
		"a=b  c = 'd e' f='\\'\\\\' g=h\\ i": {"a": "b", "c": "d e", "f": `'\`, "g": "h i"},
		"postgres://u:p@h/d?sslmode=verify-full&sslrootcert=%2Fca": {"sslmode": "verify-full", "sslrootcert": "/ca"},
		"a=b a=c": {"a": "c"},
	} {
		got, err := parseDSN(dsn)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: got %v, %v", dsn, got, err)
		}
	}
	for _, dsn := range []string{"secret", "a='secret", "postgres://h/d?secret=%zz"} {
		if _, err := parseDSN(dsn); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", dsn, err)
		}
	}
}

func TestToolsThatAreMissing(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "pg_dump")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err := findTool(t.Context(), "pg_dump", old, 15)
	if err == nil || !strings.Contains(err.Error(), "version 9") || !strings.Contains(err.Error(), "postgresql-client-15") {
		t.Errorf("got %v", err)
	}
	if _, v, err := findTool(t.Context(), "pg_dump", old, 9); err != nil || v != 9 {
		t.Errorf("got %d, %v", v, err)
	}
	t.Setenv("PATH", dir)
	if _, _, err = findTool(t.Context(), "pg_nothing", "", 15); err == nil || !strings.Contains(err.Error(), "is not installed") {
		t.Errorf("got %v", err)
	}
}

func TestMarks(t *testing.T) {
	for comment, want := range map[string]string{
		"":                                  "pgstandin: run b",
		"ask Ann":                           "ask Ann\npgstandin: run b",
		"ask\nAnn\npgstandin: run a":        "ask\nAnn\npgstandin: run b",
		"pgstandin: previous a":             "pgstandin: run b",
		"pgstandin: protected\nx\n":         "pgstandin: protected\nx\npgstandin: run b",
		"we say pgstandin: run a in a line": "we say pgstandin: run a in a line\npgstandin: run b",
	} {
		if got := marked(comment, markRun+"b"); got != want {
			t.Errorf("%q: got %q", comment, got)
		}
		if !hasMark(want) || marked(want, markRun+"b") != want {
			t.Errorf("%q: marked again it is another", comment)
		}
	}
	if hasMark("ask Ann") || isProtected("not pgstandin: protected") || !isProtected("x\n PGSTANDIN: protected ") {
		t.Error("marks are misread")
	}
}

func TestNamesFit(t *testing.T) {
	long := strings.Repeat("ü", 31)
	for _, name := range []string{"shop", long, long[:60], strings.Repeat("x", 63)} {
		for _, suffix := range []string{"_previous", "_pgstandin_abc", "_pgstandin_0123456789abcdef_old"} {
			got := fit(name, suffix)
			if len(got) > 63 || !strings.HasSuffix(got, suffix) || strings.ToValidUTF8(got, "") != got {
				t.Errorf("%s: %q", name, got)
			}
			if strings.Contains(suffix, "_pgstandin_") && !ours(name).MatchString(got) {
				t.Errorf("%q is not recognised", got)
			}
		}
	}
	if fit(long+"a", "_previous") == fit(long+"b", "_previous") {
		t.Error("two names are cut to one")
	}
	for _, other := range []string{"shop", "shop_previous", "shop_pgstandin_", "shop_pgstandin_A", "my_shop_pgstandin_a", "shop_pgstandin_a_b"} {
		if ours("shop").MatchString(other) {
			t.Errorf("%q is not ours", other)
		}
	}
}

func TestSettingValues(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"work_mem", "5MB", "'5MB'"},
		{"search_path", `public, "$user", "a ""b"""`, `'public', '$user', 'a "b"'`},
		{"search_path", `""`, "''"},
		{"search_path", "", "''"},
		{"app.x", `a, "b"`, `'a, "b"'`},
		{"app.x", `it's \n`, ` E'it''s \\n'`},
	} {
		if got := settingValue(c.name, c.value); got != c.want {
			t.Errorf("%s = %s: got %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

// Of a session that stays there is said what the server shows of it, and no more.
func TestBackendOf(t *testing.T) {
	for want, row := range map[string][]string{
		"backend 7, role bob, psql":                   {"7", "bob", "psql", "", "client backend"},
		"backend 7, role bob":                         {"7", "bob", "", "", ""},
		"backend 7, logical replication launcher":     {"7", "", "", "", "logical replication launcher"},
		"backend 7, a process of the server itself":   {"7", "", "", "", ""},
		"backend 7, pg_cron launcher, pg_cron in app": {"7", "", "pg_cron in app", "", "pg_cron launcher"},
	} {
		if got := backend(row); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
