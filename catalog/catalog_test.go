package catalog

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

func read(t testing.TB, dsn string) *schema.Schema {
	t.Helper()
	conn := pgtest.Connect(t, dsn+" options='-c search_path='")
	s, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCases(t *testing.T) {
	for _, c := range []struct {
		name                             string
		tables, keys, partitions, single int
	}{
		{"pagila", 15, 37, 8, 1},
		{"northwind", 14, 13, 0, 0},
		{"chinook", 11, 11, 0, 0},
		{"bb_auctionmark", 17, 25, 0, 1},
		{"gitlab11", 155, 196, 0, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			dsn := pgtest.DB(t)
			pgtest.LoadCase(t, dsn, c.name)
			s := read(t, dsn)
			partitions, noKey := 0, 0
			for _, x := range s.Tables {
				if x.Partition != nil {
					partitions++
				} else if x.Primary() == nil {
					noKey++
				}
			}
			if n := len(s.Roots()); n != c.tables {
				t.Errorf("%d tables, want %d", n, c.tables)
			}
			if n := len(s.ForeignKeys); n != c.keys {
				t.Errorf("%d foreign keys, want %d", n, c.keys)
			}
			if partitions != c.partitions || noKey != c.single {
				t.Errorf("%d partitions and %d tables without a key, want %d and %d", partitions, noKey, c.partitions, c.single)
			}
		})
	}
}

func BenchmarkReadGitlab(b *testing.B) {
	dsn := pgtest.DB(b)
	pgtest.LoadCase(b, dsn, "gitlab11")
	conn := pgtest.Connect(b, dsn)
	for b.Loop() {
		if _, err := Read(b.Context(), conn); err != nil {
			b.Fatal(err)
		}
	}
}
