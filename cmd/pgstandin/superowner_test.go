package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestNoMembershipInSuperusers: nobody is told to make the runner a member of a
// superuser. What belongs to one is given to the runner, as grants prints it.
func TestNoMembershipInSuperusers(t *testing.T) {
	t.Parallel()
	s, role := newPlaced(t)
	admin := pgtest.Server(t)
	pgtest.Exec(t, admin, "alter database "+s.name+" owner to current_user; alter role "+role+" createdb")
	pgtest.Exec(t, admin, "create database "+s.name+"_previous")
	pgtest.Exec(t, admin, "comment on database "+s.name+"_previous is 'pgstandin: previous x'")
	pgtest.Exec(t, s.source+" dbname="+s.name, "create table orders ()")
	t.Cleanup(func() { pgtest.Exec(t, admin, "drop database if exists "+s.name+"_previous with (force)") })
	for _, args := range [][]string{
		{"refresh", "--source", s.source, "--rules", s.rules, "--adopt"},
		{"refresh", "--source", s.source, "--rules", s.rules, "--adopt", "--in-place"},
		{"rollback", "--adopt"},
	} {
		status, _, errOut := s.command(keyA, append(args, "--target", s.target)...)
		want := fmt.Sprintf("alter database %q owner to %q", s.name, role)
		if status != exitFailed || !strings.Contains(errOut, want) || strings.Contains(errOut, "grant \"") {
			t.Errorf("%s: status %d, want %s\n%s", args, status, want, errOut)
		}
		if args[0] == "refresh" && !strings.Contains(errOut, "pgstandin grants") {
			t.Errorf("%s: nothing of the objects in\n%s", args, errOut)
		}
	}
}

// TestSourceAsTarget: who names the source as the target is not told how to have it
// replaced.
func TestSourceAsTarget(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	reader := fmt.Sprintf("reader_%d", time.Now().UnixNano())
	admin, super := pgtest.Server(t), s.source
	pgtest.Exec(t, admin, "create role "+reader+" login password 'secret'")
	t.Cleanup(func() { pgtest.Exec(t, super, "drop owned by "+reader+"; drop role "+reader) })
	pgtest.Exec(t, s.source, smallShop+"grant select on all tables in schema public to "+reader+"; grant select on all sequences in schema public to "+reader)
	s.write(smallRules)
	s.source += " user=" + reader + " password=secret"
	s.target = s.source
	for _, more := range [][]string{nil, {"--in-place"}} {
		status, _, errOut := s.refresh(keyA, more...)
		_, reasons, _ := strings.Cut(errOut, "because:\n")
		if status != exitFailed || !strings.Contains(reasons, "the same database") || strings.Count(reasons, "\n") != 1 {
			t.Errorf("%v: status %d\n%s", more, status, errOut)
		}
	}
}
