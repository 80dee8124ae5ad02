package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// TestDefaultPrivilegesOfOthers: that default privileges cannot be set again is found
// before anything is copied, with what to do; those that a run in place leaves alone
// are no problem for it.
func TestDefaultPrivilegesOfOthers(t *testing.T) {
	runner, other := role(t, "login createdb"), role(t, "")
	source, target, db := pair(t)
	pgtest.Exec(t, source, "create schema app; create table app.t ()")
	server(t, fmt.Sprintf("grant pg_signal_backend to %s", runner))
	server(t, fmt.Sprintf("create database %s template template0 owner %s", schema.QuoteIdent(db), runner))
	pgtest.Exec(t, target, fmt.Sprintf(`create schema app authorization %[1]s; create schema gone; alter schema public owner to %[1]s;
		alter default privileges grant select on tables to %[2]s;
		alter default privileges for role %[2]s in schema gone grant select on tables to public`, runner, other))
	problems := func(inPlace bool) string {
		t.Helper()
		return fmt.Sprint(preflight(t, source, pipeline.TargetConfig{Conn: as(t, target, runner), DSN: target + " user=" + runner + " password=secret", InPlace: inPlace}))
	}
	super := ask(t, target, "select quote_ident(current_user)")
	if got := problems(false); !strings.Contains(got, `role "`+strings.Trim(super, `"`)+`" has default privileges in `) || !strings.Contains(got, `\ddp`) || strings.Contains(got, "grant ") {
		t.Errorf("of a superuser: %s", got)
	}
	if got := problems(true); got != "[]" {
		t.Errorf("in place, of the whole database: %s", got)
	}
	pgtest.Exec(t, target, fmt.Sprintf("alter default privileges revoke select on tables from %[1]s; alter default privileges for role %[1]s in schema app grant select on tables to public", other))
	for _, inPlace := range []bool{false, true} {
		if got := problems(inPlace); !strings.Contains(got, `role "`+other+`" has default privileges in `) || !strings.Contains(got, fmt.Sprintf(`grant "%s" to "%s"`, other, runner)) {
			t.Errorf("of another role: %s", got)
		}
	}
	server(t, fmt.Sprintf("grant %s to %s", other, runner))
	if got := problems(false); got != "[]" {
		t.Errorf("of a role that the runner is a member of: %s", got)
	}
}

// TestDefaultPrivilegesWithoutInheritance: preflight allows a role that inherits nothing
// what its server does, which is more before 16, and what it says to do elsewhere helps.
func TestDefaultPrivilegesWithoutInheritance(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		admin, target := server.DSN("postgres"), server.DSN("staging")
		pgtest.Exec(t, admin, "create role other; create role runner login noinherit createdb password 'secret'; grant other to runner; grant pg_signal_backend to runner")
		pgtest.Exec(t, admin, "create database staging owner runner")
		pgtest.Exec(t, target, "alter schema public owner to runner; alter default privileges for role other grant select on tables to public")
		source := pgtest.DB(t)
		problems := func() (out []string) {
			t.Helper()
			for _, p := range preflight(t, source, pipeline.TargetConfig{Conn: as(t, target, "runner"), DSN: target + " user=runner password=secret"}) {
				if strings.Contains(p.What, "default privileges") {
					out = append(out, p.Remedy)
				}
			}
			return out
		}
		set := pgtest.Connect(t, target+" user=runner password=secret")
		_, refused := set.Exec(t.Context(), "alter default privileges for role other grant select on sequences to public").ReadAll()
		found := problems()
		if (refused != nil) != (len(found) == 1) {
			t.Fatalf("the server says %v, preflight %q", refused, found)
		}
		for _, remedy := range found {
			pgtest.Exec(t, admin, remedy)
			if again := problems(); len(again) > 0 {
				t.Errorf("after %s: %q", remedy, again)
			}
		}
	})
}

// preflight returns what speaks against replacing the target, which may be adopted.
func preflight(t *testing.T, source string, cfg pipeline.TargetConfig) []pipeline.Problem {
	t.Helper()
	src := openSource(t, pipeline.SourceConfig{Conn: config(t, source)})
	cfg.Adopt = true
	tgt, err := pipeline.OpenTarget(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer tgt.Close(t.Context())
	found, err := tgt.Preflight(t.Context(), src, pipeline.PreflightConfig{Allowed: func(string, uint16, string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
