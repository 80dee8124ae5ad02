package pipeline_test

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
)

// Every supported version can be the source and the target, as far as the
// machine's pg_dump can read it.
func TestEachVersionAsSourceAndTarget(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		admin := server.DSN("postgres")
		for _, db := range []string{"prod", "staging", "staging2"} {
			pgtest.Exec(t, admin, "create database "+db)
		}
		pgtest.Exec(t, admin, "alter database staging set work_mem to '5MB'; comment on database staging is 'c'")
		pgtest.Exec(t, server.DSN("prod"), shop)
		pgtest.Exec(t, server.DSN("staging"), "create table users (); alter default privileges grant select on tables to public; create role app; grant select on users to app")

		src := begin(t, server.DSN("prod"), 2, "users", "orders", "orders_1", "orders_2")
		if got := strings.Join(collect(t, src, "select count(*), min(email) from public.users"), "|"); got != `"10","u1"` {
			t.Errorf("got %s", got)
		}
		if i := src.Info(); i.System == 0 || i.Encoding == "" || i.Collate == "" {
			t.Errorf("%+v", i)
		}

		if pgtest.Dumps(t, server.DSN("prod")) {
			target := server.DSN("staging")
			if _, err := (refresh{source: server.DSN("prod"), target: pipeline.TargetConfig{Conn: config(t, target), Adopt: true}}).run(t); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, target, "select count(*), current_setting('work_mem'), has_table_privilege('app', 'users', 'select') from users"); got != "10,5MB,t" {
				t.Errorf("got %s", got)
			}
		}

		source := pgtest.DB(t)
		pgtest.Exec(t, source, shop)
		target := server.DSN("staging2")
		if _, err := (refresh{source: source, target: pipeline.TargetConfig{Conn: config(t, target)}}).run(t); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, target, "select count(*) from users"); got != "10" {
			t.Errorf("got %s", got)
		}
	})
}

// In place, every supported version can be the target.
func TestEachVersionInPlace(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		admin := server.DSN("postgres")
		pgtest.Exec(t, admin, "create role runner login password 'secret'")
		pgtest.Exec(t, admin, "create database staging template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C' owner runner")
		target := server.DSN("staging")
		if ask(t, target, "select current_setting('server_version_num')::int < 150000") == "t" {
			pgtest.Exec(t, target, "alter schema public owner to runner") // it was the superuser's then
		}
		p := placed{source: pgtest.DB(t), target: target, cfg: pipeline.TargetConfig{Conn: config(t, target+" user=runner password=secret"), DSN: target + " user=runner password=secret", InPlace: true}}
		pgtest.Exec(t, p.source, twoSchemas)
		for range 3 {
			if err := p.plain(t); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, target, "select count(*), (select app.counted()) from users"); got != "10,5" {
			t.Errorf("got %s", got)
		}
		if _, err := rollback(t, p.cfg); err != nil {
			t.Error(err)
		}
	})
}
