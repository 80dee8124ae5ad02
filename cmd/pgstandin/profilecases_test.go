package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Profiles of real databases are followed: no constraint is in the way, and tables
// have as many rows as in the source, or a few less.
func TestSeedFollowsProfileOfCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"northwind", "chinook", "pagila"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, file := pgtest.DB(t), filepath.Join(t.TempDir(), "profile.json")
			pgtest.LoadCase(t, source, name)
			if err := os.WriteFile(file, []byte(profiled(t, "--source", source)), 0o600); err != nil {
				t.Fatal(err)
			}
			var tables []string
			count := func() map[string]string {
				out := map[string]string{}
				for _, x := range tables {
					out[x] = pgtest.Query(t, source, "select count(*) from "+x)[0][0]
				}
				return out
			}
			for _, r := range pgtest.Query(t, source, `select c.oid::regclass from pg_class c where c.relkind in ('r', 'p') and not c.relispartition
				and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) order by 1`) {
				tables = append(tables, r[0])
			}
			want := count()
			pgtest.Exec(t, source, "truncate "+strings.Join(tables, ", "))
			seeded(t, 0, "--target", source, "--profile", file, "--quiet")
			for x, n := range count() {
				if n != want[x] {
					t.Logf("%s: %s rows, %s in the source", x, n, want[x])
				}
				if n == "0" && want[x] != "0" {
					t.Errorf("%s is empty", x)
				}
			}
		})
	}
}
