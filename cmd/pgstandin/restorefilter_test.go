package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/store"
)

const relations = `select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'other', 'Odd Schema') and c.relkind in ('r', 'p', 'v', 'm', 'i', 'I', 'S', 'f') order by 1`

func column(rows [][]string) string {
	var out []string
	for _, r := range rows {
		out = append(out, r[0])
	}
	return strings.Join(out, "|")
}

func TestRestoreFilters(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, manyObjects+"; create table tickets (id int default nextval('users_id_seq'))")
	s.write(restoreRules)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	all := column(pgtest.Query(t, s.source, relations))
	for _, c := range []struct {
		args   []string
		has    string // relations that are there, or "" for all
		tables map[string]string
	}{
		{[]string{"--schema-only"}, all, map[string]string{"users": "0", "parted": "0", "other.totals2": ""}},
		// A table comes with its indexes, keys, sequence and partitions, and with the views of it alone.
		{[]string{"--table", "public.parted"}, "other.lonely|other.parted_1|other.parted_1_pkey|other.parted_1_user_id_idx|other.parted_2|other.parted_2_pkey|other.parted_2_rest|other.parted_2_rest_pkey|other.parted_2_rest_user_id_idx|other.parted_2_user_id_idx|other.totals|other.totals2|other.hollow|parted|parted_pkey|parted_user_id_idx|other.totals_user_id_idx", map[string]string{"parted": "600", "other.totals2": "1"}},
		{[]string{"--table", "users", "--table", "empty"}, "empty|empty_excl_excl|names|other.hollow|other.lonely|users|users_email_key|users_id_seq|users_lower|users_name|users_pkey", map[string]string{"users": "500"}},
		{[]string{"--schema", "Odd Schema"}, `"Odd Schema"."Odd ""Table"|"Odd Schema"."Odd ""Table_id_seq"|"Odd Schema"."Odd ""Table_pkey"|other.hollow|other.lonely`, map[string]string{`"Odd Schema"."Odd ""Table"`: "100"}},
		{[]string{"--table", `"Odd Schema"."Odd ""Table"`, "--schema-only"}, `"Odd Schema"."Odd ""Table"|"Odd Schema"."Odd ""Table_id_seq"|"Odd Schema"."Odd ""Table_pkey"|other.hollow|other.lonely`, map[string]string{`"Odd Schema"."Odd ""Table"`: "0"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			s.t = t
			s.mustRestore(dest, c.args...)
			got := strings.Split(column(pgtest.Query(t, s.target, relations)), "|")
			want := map[string]bool{}
			for _, n := range strings.Split(c.has, "|") {
				want[n] = true
			}
			for _, n := range got {
				if !want[n] {
					t.Errorf("%s is there", n)
				}
				delete(want, n)
			}
			for n := range want {
				t.Errorf("%s is not there", n)
			}
			for table, rows := range c.tables {
				if rows == "" {
					continue
				}
				if n := pgtest.Query(t, s.target, "select count(*) from only "+table)[0][0]; n != rows && table != "parted" {
					t.Errorf("%s has %s rows", table, n)
				}
				if n := pgtest.Query(t, s.target, "select count(*) from "+table)[0][0]; n != rows && table == "parted" {
					t.Errorf("%s has %s rows", table, n)
				}
			}
		})
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--table", "nobody"}, "--table nobody: the snapshot has no such table"},
		{[]string{"--schema", "nobody"}, "--schema nobody"},
		{[]string{"--table", "child"}, "table public.child needs table public.users, which is not chosen; name both: --table public.child --table public.users"},
		{[]string{"--table", "other.parted_1"}, "table other.parted_1 is a partition of table public.parted, and comes with it alone; write --table public.parted"},
		{[]string{"--table", "tickets"}, "table public.tickets needs sequence public.users_id_seq, which needs table public.users, which is not chosen; name both: --table public.tickets --table public.users"},
		{[]string{"--schema-only", "--data-only"}, "leave nothing to restore"},
	} {
		if status, _, errOut := s.restore(dest, c.args...); status != exitUsage || !strings.Contains(errOut, c.want) {
			t.Errorf("%q: status %d: %s", c.args, status, errOut)
		}
	}
}

// --data-only keeps what staging's schema has beyond the snapshot's.
func TestRestoreDataOnly(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, manyObjects)
	s.write(restoreRules)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	if status, _, errOut := s.restore(dest, "--data-only"); status != exitFailed || !strings.Contains(errOut, "--data-only keeps the target's schema, which cannot be read") {
		t.Errorf("without a target: status %d: %s", status, errOut)
	}
	s.mustRestore(dest)
	pgtest.Exec(t, s.target, `
alter table users add newer text default 'n'; create table later (i int); insert into later values (1);
create index later_users on users (newer); delete from parted; select setval('other.lonely', 1000); drop sequence users_id_seq cascade`)
	s.mustRestore(dest, "--data-only")
	for sql, want := range map[string]string{
		"select count(*) from only users where newer = 'n'":           "500",
		"select count(*) from parted":                                 "600",
		"select count(*) from later":                                  "0",
		"select count(*) from other.totals":                           "400",
		"select last_value from other.lonely":                         "5",
		"select count(*) from pg_class where relname = 'later_users'": "1",
		"select count(*) from pg_constraint where contype = 'f'":      "5",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, not %s", sql, got, want)
		}
	}
	pgtest.Exec(t, s.target, "drop table child, empty cascade; alter table users drop column b")
	status, _, errOut := s.restore(dest, "--data-only")
	if status != exitFailed || !strings.Contains(errOut, "the target has no table public.child") || !strings.Contains(errOut, "the target has no table public.empty") {
		t.Errorf("status %d: %s", status, errOut)
	}
	status, _, errOut = s.restore(dest, "--data-only", "--table", "users")
	if status != exitFailed || !strings.Contains(errOut, "table public.users") || strings.Contains(errOut, "e1@x") {
		t.Errorf("status %d: %s", status, errOut)
	}
}

// What pg_dump 18 says is understood, too: of it there are tables of contents only.
func TestRestoreOfLaterVersion(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	s.write(restoreRules)
	for _, name := range []string{"shop-18", "odd-18"} {
		dir := t.TempDir()
		toc, err := os.ReadFile(filepath.Join("..", "..", "internal", "pgarchive", "testdata", name+".toc.dat"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "toc.dat"), toc, 0o600); err != nil {
			t.Fatal(err)
		}
		dest := t.TempDir()
		putFolder(t, dir, dest, "x", store.Metadata{}, nil)
		s.mustRestore(dest, "--schema-only")
		if got := column(pgtest.Query(t, s.target, "select relname from pg_class where relkind in ('r', 'p') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1")); len(got) < 10 {
			t.Errorf("%s: tables %s", name, got)
		}
	}
}
