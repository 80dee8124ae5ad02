package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestDoubtfulIndexes: check says of which unique indexes only a run can tell
// whether masked rows fit, and only of these.
func TestDoubtfulIndexes(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table t (id int primary key, handle text not null, email varchar(80), nick text, "Odd ""name" text, kept text, n int, made text generated always as (left(email, 3)) stored,
	constraint t_excl exclude using btree (handle with =), constraint t_excl_kept exclude using btree (kept with =));
create unique index t_made on t (made);
create unique index t_left on t ((left(handle, 2)));
create unique index t_joined on t ((nick || '@' || email));
create unique index t_odd on t ((md5("Odd ""name")), n);
create unique index t_lower on t (lower(email));
create unique index t_upper on t (upper(email::text), n);
create unique index t_default on t ((coalesce(nick, 'left(handle)')));
create unique index t_kept on t ((left(kept, 2)));
create index t_many on t ((left(handle, 2)));
insert into t values (1, 'anna', 'anna@x.test', 'a', 'o', 'k', 1)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  t:\n    columns: { handle: hash, email: email, nick: hash, 'Odd \"name': hash, kept: keep, n: keep }\n")
	status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules)
	if status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	for _, name := range []string{"t_left", "t_joined", "t_odd"} {
		if !strings.Contains(out, "unique index "+name+" of public.t") {
			t.Errorf("nothing is said of %s:\n%s", name, out)
		}
	}
	for _, want := range []string{
		"unique index t_made of public.t is over the column made, which is generated from a masked one: only",
		"exclusion constraint t_excl of public.t is over the masked column handle: only",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("not there once: %s\n%s", want, out)
		}
	}
	if strings.Contains(out, "t_excl_kept") {
		t.Errorf("a constraint of kept columns is doubted:\n%s", out)
	}
	for _, name := range []string{"t_lower", "t_upper", "t_default", "t_kept", "t_many"} {
		if strings.Contains(out, "index "+name+" ") {
			t.Errorf("%s is doubted:\n%s", name, out)
		}
	}
}
