package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// newPlaced is a shop and an empty target, owned by a role that may not create
// databases and that the runs connect as. No other test has that role.
func newPlaced(t *testing.T) (s *staging, role string) {
	t.Helper()
	role = fmt.Sprintf("in_place_%d", time.Now().UnixNano())
	admin := pgtest.Server(t)
	pgtest.Exec(t, admin, "create role "+role+" login password 'secret'")
	t.Cleanup(func() { pgtest.Exec(t, admin, "drop role "+role) })
	s = newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	pgtest.Exec(t, admin, "create database "+s.name+" template template0 owner "+role)
	pgtest.Exec(t, s.target, "alter schema public owner to "+role)
	s.target += " user=" + role + " password=secret"
	s.write(smallRules)
	return s, role
}

// litter lists what no run may leave behind. It gives the server the moment that it
// needs to see that a client is gone, and to end its session.
func (s *staging) litter() (left string) {
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		if left = s.litterNow(); !strings.Contains(left, "[pgstandin") {
			break
		}
	}
	return left
}

func (s *staging) litterNow() string {
	return fmt.Sprint(pgtest.Query(s.t, s.target, `select nspname from pg_namespace where nspname ~ '_pgstandin_'
union all select application_name from pg_stat_activity where datname = current_database() and application_name ~ '^pgstandin'
union all select gid from pg_prepared_xacts`))
}

// TestRefreshInPlace makes of the shop what a refresh beside it makes, as a role
// without CREATEDB, and goes back and forth.
func TestRefreshInPlace(t *testing.T) {
	t.Parallel()
	s, _ := newPlaced(t)
	status, _, errOut := s.refresh(keyA)
	if status != exitFailed || !strings.Contains(errOut, "may not create databases") {
		t.Errorf("beside: status %d: %s", status, errOut)
	}
	report := filepath.Join(t.TempDir(), "report")
	out := s.must(keyA, "--in-place", "--report", report)
	if !strings.Contains(out, `"public_previous"`) {
		t.Errorf("the summary does not say where the old data is: %s", out)
	}
	normal := &staging{t: t, source: s.source, target: s.source + " dbname=" + s.name + "_2_staging", rules: s.rules}
	normal.must(keyA)
	tables := []string{"users", "orders", "audit_logs", "payment_methods"}
	for _, table := range tables {
		if a, b := s.rowsOf("public."+table), normal.rowsOf("public."+table); a != b {
			t.Errorf("%s has other rows in place", table)
		}
	}
	for _, target := range []string{normal.target, s.source} {
		if status, out, errOut := s.command(keyA, "drift", "--source", target, "--target", s.target); status != 0 {
			t.Errorf("drift: status %d: %s%s", status, out, errOut)
		}
	}
	first := s.rowsOf("public.orders")
	pgtest.Exec(t, s.source, "delete from orders where id > 100")
	s.must(keyB, "--in-place", "--maintenance-db", s.name)
	second := s.rowsOf("public.orders")
	for _, want := range []string{first, second} {
		status, out, errOut := s.command("", "rollback", "--in-place", "--target", s.target)
		if status != 0 || !strings.Contains(out, "again the schemas") {
			t.Fatalf("rollback: status %d: %s%s", status, out, errOut)
		}
		if s.rowsOf("public.orders") != want {
			t.Error("rollback: other rows than expected")
		}
	}
	status, _, errOut = s.refresh(keyA, "--in-place", "--before-swap", "true")
	if status != exitUsage || !strings.Contains(errOut, "--before-swap") {
		t.Errorf("before-swap: status %d: %s", status, errOut)
	}
	// What verification refuses leaves the live rows.
	s.write(strings.Replace(smallRules, "tables:", "checks:\n  - \"select count(*) = 3 from public.users\"\ntables:", 1))
	if status, _, errOut := s.refresh(keyA, "--in-place"); status != exitVerify || !strings.Contains(errOut, "did not return true") {
		t.Errorf("check: status %d: %s", status, errOut)
	}
	s.write(smallRules)
	pgtest.Exec(t, s.source, "update audit_logs set action = 'wrote to anna7@mail.example today' where id = 399")
	if status, _, errOut := s.refresh(keyA, "--in-place"); status != exitVerify || !strings.Contains(errOut, "leak: public.audit_logs.action") {
		t.Errorf("leak: status %d: %s", status, errOut)
	}
	if s.rowsOf("public.orders") != second || s.litter() != "[]" {
		t.Errorf("after a failure: %s", s.litter())
	}
}

// What a refresh in place has put aside, with all that hangs on it, is no drift,
// and what staging has besides still is.
func TestDriftInPlace(t *testing.T) {
	t.Parallel()
	s, _ := newPlaced(t)
	pgtest.Exec(t, s.source, `
create type mood as enum ('sad', 'ok'); create cast (mood as int) with inout;
create function weigh(mood) returns bigint language sql immutable as 'select 1::bigint'; create cast (mood as bigint) with function weigh(mood);
create collation co (lc_collate = 'C', lc_ctype = 'C'); create index on orders ((total::text) collate co);
alter table users add check (id > 0);
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger tr before update on users for each row execute function touch();
create view v as select id from users; create rule r as on insert to v do instead nothing;
create domain positive as int constraint pos check (value > 0);
create operator === (leftarg = int, rightarg = int, function = int4eq);
create statistics st on id, user_id from orders; create sequence q;
comment on schema public is 'ours'; comment on table users is 'who'; comment on column users.id is 'n'; comment on constraint users_id_check on users is 'c';
comment on trigger tr on users is 't'; comment on rule r on v is 'r'; comment on cast (mood as int) is 'k'; comment on cast (mood as bigint) is 'k';
comment on domain positive is 'd'; comment on constraint pos on domain positive is 'p'; comment on function touch() is 'f'; comment on collation co is 'co';
comment on operator === (int, int) is 'o'; comment on statistics st is 's'; comment on sequence q is 'q'; comment on index users_pkey is 'i'`)
	drift := func(what, want string) {
		t.Helper()
		status, out, errOut := s.command(keyA, "drift", "--source", s.source, "--target", s.target)
		if want == "" && status != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: drift: status %d: %s%s", what, status, out, errOut)
		}
	}
	for _, what := range []string{"the first", "the second", "the third"} {
		s.must(keyA, "--in-place")
		drift(what, "")
	}
	for sql, want := range map[string]string{
		"create cast (mood as text) with inout":                "cast",
		"comment on trigger tr on users is 'x'":                "trigger tr on public.users",
		"comment on cast (mood as int) is null":                "cast (public.mood AS integer)",
		"comment on constraint pos on domain positive is null": "domain constraint pos on public.positive",
	} {
		pgtest.Exec(t, s.target, sql)
		drift(sql, want)
	}
}

// TestInPlaceKilled kills runs at the beginning of steps and at random moments:
// staging answers with whole data, old or new, and the next run succeeds and clears
// away what the dead one left.
func TestInPlaceKilled(t *testing.T) {
	t.Parallel()
	s, _ := newPlaced(t)
	pgtest.Exec(t, s.source, `insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 12000) i;
		create function slow(int) returns int immutable language plpgsql as 'begin if $1 % 100 = 0 then perform pg_sleep(0.01); end if; return $1; end';
		create index audit_logs_slow on audit_logs (slow(id))`)
	rows := map[string]string{}
	for _, key := range []string{keyA, keyB} {
		s.must(key, "--in-place")
		rows[key] = s.rowsOf("public.users")
	}
	bin := program(t)
	swept := 0
	for i, at := range []string{"create the schema", "copy rows", "build indexes", "verify", ""} {
		for _, signal := range []os.Signal{os.Kill, os.Interrupt} {
			if signal == os.Interrupt && i%2 == 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s %s", at, signal), func(t *testing.T) {
				cmd := exec.Command(bin, "refresh", "--in-place", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "2")
				cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
				errs, err := cmd.StderrPipe()
				if err == nil {
					err = cmd.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				var printed strings.Builder
				if at == "" {
					time.Sleep(rand.N(2 * time.Second))
				}
				// A line is printed when its step has ended.
				buf := make([]byte, 4096)
				for !strings.Contains(printed.String(), at) && err == nil {
					var n int
					n, err = errs.Read(buf)
					printed.Write(buf[:n])
				}
				_ = cmd.Process.Signal(signal)
				rest, _ := io.ReadAll(errs)
				_ = cmd.Wait()
				code := cmd.ProcessState.ExitCode()
				if got := s.rowsOf("public.users"); got != rows[keyA] && got != rows[keyB] {
					t.Error("staging is neither the old nor the new")
				} else if code != exitDone && got != rows[keyB] && signal == os.Interrupt {
					t.Error("an interrupted run has changed staging")
				}
				if code == exitInterrupted && s.litter() != "[]" {
					t.Errorf("an interrupted run left %s\n%s%s", s.litter(), printed.String(), rest)
				}
				left := s.litterNow()
				status, _, errOut := s.refresh(keyB, "--in-place")
				if got := s.rowsOf("public.users"); status != 0 || got != rows[keyB] || s.litter() != "[]" {
					t.Errorf("the next run: status %d, litter %s: %s", status, s.litter(), errOut)
				}
				if strings.Contains(errOut, "dropped schema public_pgstandin_") {
					swept++
				}
				t.Logf("status %d, it left %s", code, left)
			})
		}
	}
	if swept < 2 {
		t.Errorf("the next run cleared away what %d runs left", swept)
	}
}

// TestInPlaceLostSessions ends the target's sessions of runs in place at random
// moments: the run gets over it or fails by itself, and leaves nothing behind.
func TestInPlaceLostSessions(t *testing.T) {
	t.Parallel()
	s, role := newPlaced(t)
	pgtest.Exec(t, s.source, "insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 12000) i")
	s.must(keyA, "--in-place")
	want := s.rowsOf("public.users")
	admin := pgtest.Server(t)
	for i := range 4 {
		ended := make(chan string, 1)
		go func() {
			time.Sleep(300*time.Millisecond + rand.N(2*time.Second))
			limit := []string{"limit 1", ""}[i%2]
			ended <- pgtest.Query(t, admin, "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity where usename = '"+role+"' and application_name like 'pgstandin run %' and datname in ('postgres', '"+s.name+"') order by random() "+limit+") x")[0][0]
		}()
		status, _, errOut := s.refresh(keyA, "--in-place")
		t.Logf("%s sessions ended, status %d", <-ended, status)
		if status != exitDone && status != exitFailed {
			t.Errorf("status %d: %s", status, errOut)
		}
		if s.rowsOf("public.users") != want || s.litter() != "[]" {
			t.Errorf("status %d, litter %s: %s", status, s.litter(), errOut)
		}
	}
	s.must(keyA, "--in-place")
}

// TestGrantsInPlace refreshes in place with exactly what grants prints, and with
// each of that taken away in turn.
func TestGrantsInPlace(t *testing.T) {
	t.Parallel()
	admin := pgtest.Server(t)
	r := roles(t, admin, "gp_", "runner", "owner", "other", "reader")
	runner, owner, other, reader := r[0], r[1], r[2], r[3]
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+"create schema app; create table app.t (id int); create table app.u (id int); create schema ext; create extension citext schema ext; "+
		"create schema unused; create extension pg_trgm schema unused; create table app.c (id ext.citext[])")
	s.write(smallRules + "  app.t: { columns: { id: keep } }\n  app.u: { columns: { id: keep } }\n  app.c: { columns: { id: keep } }\n")
	pgtest.Exec(t, admin, "create role "+owner+"; create role "+other)
	pgtest.Exec(t, admin, "create database "+s.name+" owner "+owner)
	pgtest.Exec(t, admin, "revoke all on database "+s.name+" from public")
	pgtest.Exec(t, s.target, "create schema app authorization "+other+"; create table app.t (id int); alter table app.t owner to "+owner+
		"; create table app.u (id int); create schema beside; create table beside.t (id int); create schema ext; create extension citext schema ext; "+
		"create schema unused; create extension pg_trgm schema unused")
	super := s.target
	printed := applyGrants(t, admin, "--in-place", "--source", s.source, "--target", s.target, "--rules", s.rules, "--target-role", runner, "--source-role", reader)
	if strings.Contains(printed, "createdb") || strings.Contains(printed, "beside") || strings.Contains(printed, "pg_signal") ||
		strings.Contains(printed, "unused") {
		t.Errorf("more than is needed:\n%s", printed)
	}
	pgtest.Exec(t, admin, "alter role "+runner+" password 'right'")
	s.target += " user=" + runner + " password=right"
	for range 2 {
		s.must(keyA, "--in-place", "--adopt")
	}
	taken := 0
	for _, m := range regexp.MustCompile(`(?m)^grant (.*) to (".*");$`).FindAllStringSubmatch(printed, -1) {
		if m[2] != `"`+runner+`"` || strings.HasPrefix(m[1], `connect on database "postgres"`) { // everybody has it
			continue
		}
		taken++
		pgtest.Exec(t, super, "revoke "+m[1]+" from "+m[2])
		if status, _, errOut := s.refresh(keyA, "--in-place"); status != exitFailed {
			t.Errorf("without %s: status %d: %s", m[1], status, errOut)
		}
		pgtest.Exec(t, super, m[0])
	}
	if taken < 3 {
		t.Errorf("%d privileges were taken away:\n%s", taken, printed)
	}
	s.must(keyA, "--in-place")
}

// TestBesideAfterInPlace: a database of which runs in place made schemas is replaced as a
// whole only where that is said.
func TestBesideAfterInPlace(t *testing.T) {
	t.Parallel()
	s, role := newPlaced(t)
	s.must(keyA, "--in-place")
	s.must(keyA, "--in-place")
	pgtest.Exec(t, pgtest.Server(t), "alter role "+role+" createdb")
	status, _, errOut := s.refresh(keyA)
	if want := "tables and pgstandin made only schemas of it, in place"; status != exitFailed || !strings.Contains(errOut, want) {
		t.Errorf("status %d, want %s:\n%s", status, want, errOut)
	}
	s.must(keyA, "--adopt")
	s.must(keyA)
}
