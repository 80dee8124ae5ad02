package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestStrangeNames refreshes two schemas with equal table names and names that
// need quotes, keys between them included.
func TestStrangeNames(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create schema "Sales 2.0"; create schema "or""der";
		create type "Sales 2.0"."select" as enum ('from', 'Where');
		create table "Sales 2.0"."User Table" ("ID" int primary key, "E-Mail" text not null unique, "user" "Sales 2.0"."select", "a.b" text, "tab	name" text, "parent ID" int references "Sales 2.0"."User Table");
		create table "or""der"."User Table" ("order" bigint generated always as identity primary key, "the ""user""" int not null references "Sales 2.0"."User Table" ("ID"), "größe" text, "\N" text);
		create table "or""der".empty ();
		insert into "Sales 2.0"."User Table" select i, 'Anna' || i || '@mail.example', 'Where', 'kept ' || i, 'a	tab', nullif(i / 2, 0) from generate_series(1, 40) i;
		insert into "or""der"."User Table" ("the ""user""", "größe", "\N") select 1 + i % 40, 'Straße ' || i, '\N' from generate_series(1, 90) i;
		insert into "or""der".empty default values;
		insert into "or""der".empty default values;`)
	s.write(`version: 1
targets: ["*_staging"]
subset:
  roots:
    - { table: '"Sales 2.0"."User Table"', where: '"ID" % 4 = 0' }
  references:
    - { from: '"Sales 2.0"."User Table"("parent ID")', down: off }
  unreached: all
tables:
  '"Sales 2.0"."User Table"':
    columns: { E-Mail: email, a.b: keep, "tab\tname": keep }
  '"or""der"."User Table"':
    columns: { größe: { mask: constant, value: 'a\b' }, '\N': keep }
`)
	out := s.must(keyA)
	for sql, want := range map[string]string{
		`select count(*) from "Sales 2.0"."User Table" where "ID" % 4 = 0`:                                          "10",
		`select count(*) from "Sales 2.0"."User Table" where "E-Mail" like 'Anna%'`:                                 "0",
		`select count(*) from "Sales 2.0"."User Table" where "a.b" = 'kept ' || "ID"`:                               "20",
		`select count(*) from "Sales 2.0"."User Table" where "tab	name" <> E'a\ttab'`:                               "0",
		`select count(*) from "or""der"."User Table"`:                                                               "22",
		`select count(*) from "or""der"."User Table" where "größe" = E'a\\b' and "\N" = E'\\N'`:                     "22",
		`select count(*) from "or""der".empty`:                                                                      "2",
		`select count(*) from pg_constraint where contype = 'f' and convalidated`:                                   "2",
		`select count(*) from "Sales 2.0"."User Table" where "user" = 'Where'::"Sales 2.0"."select"`:                "20",
		`select count(*) from "Sales 2.0"."User Table" u join "Sales 2.0"."User Table" p on p."ID" = u."parent ID"`: "19",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s\n%s", sql, got, want, out)
		}
	}
	if got := pgtest.Query(t, s.target, `insert into "or""der"."User Table" ("the ""user""") values (4) returning "order" > 90`)[0][0]; got != "t" {
		t.Error("the sequence of an identity column is behind its rows")
	}
}

// TestLeastPrivileges refreshes with a role that has SELECT alone on the source
// and one that owns staging and may create databases, and takes each privilege
// away in turn.
func TestLeastPrivileges(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	server := pgtest.Server(t)
	stamp := fmt.Sprint(time.Now().UnixNano())
	reader, owner := "c_reader_"+stamp, "c_owner_"+stamp
	pgtest.Exec(t, server, "create role "+reader+" login password 'right'; create role "+owner+" login createdb password 'right'")
	admin := s.source
	t.Cleanup(func() {
		pgtest.Exec(t, server, "drop database if exists "+s.name+"_previous")
		pgtest.Exec(t, server, "drop database if exists "+s.name)
		pgtest.Exec(t, admin, "drop owned by "+reader)
		pgtest.Exec(t, server, "drop role "+reader+"; drop role "+owner)
	})
	pgtest.Exec(t, s.source, smallShop+"grant usage on schema public to "+reader+"; grant select on all tables in schema public to "+reader)
	s.write(smallRules)
	s.source += " user=" + reader + " password=right"
	s.target += " user=" + owner + " password=right"
	s.must(keyA)
	s.must(keyA) // now with a database to replace
	// A role that only reads by default writes all the same where it is to write.
	pgtest.Exec(t, server, "alter role "+owner+" set default_transaction_read_only = on")
	s.must(keyA, "--before-swap", `psql -XqAt -v ON_ERROR_STOP=1 -c 'create table made_by_hook ()'`)
	if status, out, errOut := s.command(keyA, "rehearse", "--source", s.source, "--target", s.target, "--rules", s.rules); status != 0 {
		t.Errorf("rehearse: status %d: %s%s", status, out, errOut)
	}
	for range 2 {
		if status, out, errOut := s.command("", "rollback", "--target", s.target); status != 0 {
			t.Errorf("rollback: status %d: %s%s", status, out, errOut)
		}
	}
	pgtest.Exec(t, server, "alter role "+owner+" reset all")
	before := s.rowsOf("users")
	for _, c := range []struct {
		name, take, back string
		source, target   string // added to the connection strings
		want             []string
	}{
		{"wrong password of the source", "", "", " password=wrong", "", []string{"source", "password authentication failed", reader}},
		{"wrong password of the target", "", "", "", " password=wrong", []string{"target", "password authentication failed", owner}},
		{"no room for a second session", "alter role " + reader + " connection limit 1", "alter role " + reader + " connection limit -1", "", "", []string{"source", "53300", "; raise max_connections or the role's connection limit, or use fewer --workers if there are several"}},
		{"no such role", "", "", " user=c_nobody_" + stamp, "", []string{"source", "c_nobody_" + stamp}},
		{"a table that cannot be read", "revoke select on orders from " + reader, "grant select on orders to " + reader, "", "", []string{"orders", "grant select"}},
		{"no right to create databases", "alter role " + owner + " nocreatedb", "alter role " + owner + " createdb", "", "", []string{"createdb", owner}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.take != "" {
				pgtest.Exec(t, admin, c.take)
				defer pgtest.Exec(t, admin, c.back)
			}
			status, out, errOut := s.command(keyA, "refresh", "--source", s.source+c.source, "--target", s.target+c.target, "--rules", s.rules)
			if status != exitFailed {
				t.Errorf("status %d\n%s", status, out)
			}
			for _, w := range c.want {
				if !strings.Contains(strings.ToLower(errOut), w) {
					t.Errorf("the error lacks %q:\n%s", w, errOut)
				}
			}
			if strings.Contains(errOut, "right") && strings.Contains(errOut, "password=") || strings.Contains(errOut, "wrong") {
				t.Errorf("a password is printed:\n%s", errOut)
			}
			if s.rowsOf("users") != before {
				t.Error("staging has changed")
			}
		})
	}
}

// TestNoTools runs where there is no pg_dump, and where there is an old one.
func TestNoTools(t *testing.T) {
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	dir := t.TempDir()
	t.Setenv("PGSTANDIN_PG_BIN", dir)
	status, _, errOut := s.refresh(keyA)
	if status != exitFailed || !strings.Contains(errOut, "pg_dump") || !strings.Contains(errOut, "postgresql-client-") {
		t.Errorf("status %d: %s", status, errOut)
	}
	for _, tool := range []string{"pg_dump", "pg_restore"} {
		if err := os.WriteFile(filepath.Join(dir, tool), []byte("#!/bin/sh\necho '"+tool+" (PostgreSQL) 9.6.24'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	status, _, errOut = s.refresh(keyA)
	if status != exitFailed || !strings.Contains(errOut, "version 9") {
		t.Errorf("status %d: %s", status, errOut)
	}
	if left := databases(t, s.name); left != 0 {
		t.Errorf("%d databases were made", left)
	}
	// A script needs pg_restore at its end, and says so at once.
	if err := os.WriteFile(filepath.Join(dir, "pg_dump"), []byte("#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.0'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	status, text, errOut := s.command(keyA, "snapshot", "--source", s.source, "--rules", s.rules, "--out", out, "--format", "plain")
	if status != exitFailed || !strings.Contains(errOut, "pg_restore of version") || strings.Contains(text+errOut, "copy rows") {
		t.Errorf("a script without pg_restore: status %d\n%s%s", status, text, errOut)
	}
}

// databases counts those that a run on the target makes.
func databases(t testing.TB, name string) int {
	t.Helper()
	return len(pgtest.Query(t, pgtest.Server(t), "select datname from pg_database where datname = '"+name+"' or datname like '"+name+"\\_%'"))
}

// TestInterrupt sends the signals of ctrl-C and of a service manager to a run
// at several moments. It ends with its status, staging is the old one, and no
// database and no child stays.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+"insert into audit_logs select i, 1 + i % 100, repeat('x', 500), '2020-01-01' from generate_series(1000, 150000) i")
	s.write(smallRules)
	s.must(keyA)
	pgtest.Exec(t, s.target, "create table old_staging ()")
	bin := program(t)
	for i, at := range []string{"take the snapshot", "create the schema", "copy rows", "build indexes"} {
		t.Run(at, func(t *testing.T) {
			cmd := exec.Command(bin, "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--workers", "1")
			cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
			var out bytes.Buffer
			cmd.Stdout = &out
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var printed bytes.Buffer
			buf := make([]byte, 4096)
			sent := false
			for {
				n, err := errs.Read(buf)
				printed.Write(buf[:n])
				if !sent && strings.Contains(printed.String(), at) {
					sent = true
					if err := cmd.Process.Signal([]os.Signal{os.Interrupt, syscall.SIGTERM}[i%2]); err != nil {
						t.Fatal(err)
					}
				}
				if err != nil {
					break
				}
			}
			err = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("status %d, %v\n%s%s", code, err, out.String(), printed.String())
			}
			if !strings.Contains(printed.String(), "interrupted") {
				t.Errorf("printed:\n%s", printed.String())
			}
			if got := pgtest.Query(t, s.target, "select to_regclass('old_staging')")[0][0]; got != "old_staging" {
				t.Errorf("staging is not the old one")
			}
			if n := databases(t, s.name); n != 1 {
				t.Errorf("%d databases, want the one before", n)
			}
		})
	}
}

// TestInterruptIsSaid: however slowly the source is read, a signal is answered at
// once, nothing is said of progress any more, and the run ends soon.
func TestInterruptIsSaid(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+"insert into audit_logs select i, 1 + i % 100, repeat('x', 1500), '2020-01-01' from generate_series(1000, 30000) i")
	s.write(smallRules)
	for _, more := range [][]string{nil, {"--max-snapshot-age", "7s"}} {
		cmd := exec.Command(program(t), append([]string{"refresh", "--source", s.source, "--target", s.target, "--rules", s.rules, "--max-rate", "1MiB"}, more...)...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
		errs, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var shown []string
		var signalled time.Time
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			shown = append(shown, lines.Text())
			switch {
			case more == nil && signalled.IsZero() && strings.Contains(lines.Text(), " left: "):
				signalled = time.Now()
				if err := cmd.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
			case strings.Contains(lines.Text(), "cleaning up"):
				if took := time.Since(signalled); took > time.Second {
					t.Errorf("said after %s", took)
				}
			}
		}
		_ = cmd.Wait()
		all := strings.Join(shown, "\n")
		if more != nil {
			if strings.Count(all, " left: ") != 1 || !strings.Contains(all, "may be 7s at most") {
				t.Errorf("%s", all)
			}
			continue
		}
		if took := time.Since(signalled); took > 3*time.Second || cmd.ProcessState.ExitCode() != exitInterrupted {
			t.Errorf("status %d after %s", cmd.ProcessState.ExitCode(), took)
		}
		if _, after, ok := strings.Cut(all, "pgstandin: interrupted: cleaning up\n"); !ok || after != "pgstandin: interrupted" {
			t.Errorf("%s", all)
		}
	}
}

// TestHangup: a run that was started to outlive its terminal does, and one that was not
// ends with it.
func TestHangup(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	// Where the tests themselves were started to ignore it, what they start does not.
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	for _, c := range []struct {
		trap   string
		status int
	}{{`trap "" HUP; `, 0}, {"", exitInterrupted}} {
		cmd := exec.Command("/bin/sh", "-c", c.trap+`exec "$@"`, "sh", program(t), "refresh", "--source", s.source, "--target", s.target, "--rules", s.rules,
			"--before-swap", "kill -HUP $PPID; sleep 0.2")
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != c.status {
			t.Errorf("%q: status %d, want %d\n%s", c.trap, got, c.status, out)
		}
	}
}

// TestLongStep: a log says what is running when it has run for a while, before it ends.
func TestLongStep(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	_, _, errOut := s.refresh(keyA, "--before-swap", "sleep 6")
	lines := strings.Split(errOut, "\n")
	at := slices.Index(lines, "  before-swap command …")
	if at < 0 || !strings.HasPrefix(lines[at+1], "before-swap command  ") || strings.Count(errOut, "…") != 1 {
		t.Errorf("%s", errOut)
	}
}
