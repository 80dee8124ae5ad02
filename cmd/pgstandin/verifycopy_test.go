package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// A standby is the database that it follows. Since it was promoted it is not: staging may
// be made of a copy of the server's files and masked there.
func TestVerifyPromotedCopy(t *testing.T) {
	t.Parallel()
	p := newPair(t, 5, nil)
	s := newStaging(t)
	pgtest.Exec(t, p.source(), "create schema small; create table small.users (id int primary key, email text); insert into small.users select i, 'anna' || i || '@mail.test' from generate_series(1, 50) i")
	pgtest.Exec(t, p.source(), "drop schema public cascade")
	p.caughtUp(t)
	s.source, s.target = p.source(), p.replica()
	s.write("version: 1\ntargets: [staging]\ntables:\n  small.users: { columns: { email: email } }\n")
	if status, _, errOut := s.verify(keyA); status != exitUsage || !strings.Contains(errOut, "the same database") {
		t.Errorf("a standby: status %d: %s", status, errOut)
	}
	pgtest.Exec(t, p.replica(), "select pg_promote()")
	if status, _, errOut := s.verify(keyA); status != exitVerify || !strings.Contains(errOut, "leak: small.users.email: 50 values") {
		t.Errorf("promoted: status %d: %s", status, errOut)
	}
	pgtest.Exec(t, p.replica(), "update small.users set email = 'x' || id || '@example.com'")
	if status, out, errOut := s.verify(keyA); status != exitDone {
		t.Errorf("masked: status %d: %s%s", status, out, errOut)
	}
}
