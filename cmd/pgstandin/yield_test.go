package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestLookingGivesWay: commands that only look at a source hold locks on its tables as well;
// they end when somebody waits for one.
func TestLookingGivesWay(t *testing.T) {
	t.Parallel()
	const wide = `create table users (id int primary key, a text, b text, c text, d text, e text);
		insert into users select n, x, x, x, x, x from generate_series(1, 60000) n, lateral (select repeat(md5(n::text) || ' ', 6) x) y`
	for _, args := range [][]string{
		{"init", "-o", "-", "--sample", "60000"},
		{"profile", "-o", "-", "--sample", "60000"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DB(t)
			pgtest.Exec(t, dsn, wide)
			altered := make(chan error, 1)
			production := pgtest.Connect(t, dsn)
			go func() {
				for pgtest.Query(t, dsn, "select count(*) from pg_locks where relation = 'users'::regclass and mode = 'AccessShareLock'")[0][0] == "0" {
					time.Sleep(5 * time.Millisecond)
				}
				_, err := production.Exec(t.Context(), "alter table users add late text").ReadAll()
				altered <- err
			}()
			status, out, errOut := runKeyed(t, "", "", append(args, "--source", dsn, "--yield", "100ms")...)
			if status != 1 || out != "" || !strings.Contains(errOut, "for public.users; the run gave way") {
				t.Errorf("status %d\n%s\n%.1000s", status, errOut, out)
			}
			if err := <-altered; err != nil {
				t.Error(err)
			}
		})
	}
}
