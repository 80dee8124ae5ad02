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
