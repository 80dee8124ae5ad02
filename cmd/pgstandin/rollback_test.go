package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

func TestRollbackCommand(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	status, _, errOut := s.command("", "rollback", "--target", s.target)
	if status != exitFailed || !strings.Contains(errOut, "nothing was changed") || !strings.Contains(errOut, s.name+`_previous" to go back to`) {
		t.Errorf("before a second run: status %d: %s", status, errOut)
	}
	first := s.rowsOf("orders")
	pgtest.Exec(t, s.source, "delete from orders where id > 100")
	s.must(keyA)
	second := s.rowsOf("orders")
	for i, want := range []string{first, second} {
		status, out, errOut := s.command("", "rollback", "--target", s.target)
		if status != 0 || !strings.Contains(out, s.name+" is again") || !strings.Contains(out, s.name+"_previous") {
			t.Fatalf("status %d: %s%s", status, out, errOut)
		}
		if s.rowsOf("orders") != want {
			t.Errorf("rollback %d: other rows than expected", i)
		}
	}
	_, out, _ := s.command("", "rollback", "--target", s.target, "--json")
	var res rollbackResult
	if err := json.Unmarshal([]byte(out), &res); err != nil || res.Target != s.name || res.Previous != s.name+"_previous" || res.Since == "" {
		t.Errorf("%v: %s", err, out)
	}
	// Staging is ours again, whichever it is: no --adopt.
	s.must(keyA)
}

// What an earlier run left is looked for by rollback too, which says what it cannot drop.
func TestRollbackSaysWhatItCannotDrop(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	s.must(keyA)
	s.must(keyA)
	left := s.name + "_pgstandin_2601010101010000_old"
	pgtest.Exec(t, pgtest.Server(t), "create database "+left)
	in := strings.Replace(s.target, "dbname="+s.name, "dbname="+left, 1)
	pgtest.Exec(t, in, "create subscription s_"+s.name+" connection 'dbname=x' publication p with (connect = false, slot_name = none)")
	t.Cleanup(func() {
		pgtest.Exec(t, in, "drop subscription s_"+s.name)
		pgtest.Exec(t, pgtest.Server(t), "drop database "+left)
	})
	status, out, errOut := s.command("", "rollback", "--target", s.target)
	if status != 0 || !strings.Contains(out, left+" could not be dropped") || !strings.Contains(out, "subscription") {
		t.Errorf("status %d: %s%s", status, out, errOut)
	}
	_, out, _ = s.command("", "rollback", "--target", s.target, "--json")
	var res rollbackResult
	if err := json.Unmarshal([]byte(out), &res); err != nil || len(res.Undropped) != 1 {
		t.Errorf("%v: %s", err, out)
	}
}
