package rules

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// readSchema reads the catalog of a database as a run does.
func readSchema(t testing.TB, dsn string) *schema.Schema {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	if err := conn.Exec(context.Background(), "set search_path = ''").Close(); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Read(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShop(t *testing.T) {
	dsn := pgtest.DB(t)
	sql, err := os.ReadFile("../cmd/pgstandin/shop/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(sql))
	s := readSchema(t, dsn)
	text, err := os.ReadFile("../cmd/pgstandin/shop/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse("rules.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Bind(s, Env{Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Compile(testSecret(t)); err != nil {
		t.Fatal(err)
	}
}

func testSecret(t *testing.T) *keyed.Secret {
	t.Helper()
	s, err := keyed.ParseSecret([]byte(strings.Repeat("0123456789abcdef", 4)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The rules files of testdata decide every column of databases that others
// made, and their masks fit.
func TestCases(t *testing.T) {
	for _, name := range []string{"pagila", "northwind", "chinook"} {
		t.Run(name, func(t *testing.T) {
			dsn := pgtest.DB(t)
			pgtest.LoadCase(t, dsn, name)
			pgtest.Exec(t, dsn, "analyze")
			s := readSchema(t, dsn)
			text, err := os.ReadFile("../testdata/rules/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			f, err := Parse(name+".yaml", text, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := f.Bind(s, Env{Now: noon})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Compile(testSecret(t)); err != nil {
				t.Fatal(err)
			}
			if _, err := subset.NewPlan(s, &b.Subset); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A large schema binds at once, and what is left to decide is listed.
func TestLargeSchema(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.LoadCase(t, dsn, "gitlab11")
	s := readSchema(t, dsn)
	f, err := Parse("r.yaml", []byte("version: 1\ncolumns: [{ match: \"*.*email*\", mask: email }, { type: boolean, mask: keep }, { match: \"*.*_at\", mask: keep }]"), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = f.Bind(s, Env{Now: noon})
	var u *UndecidedError
	if !errors.As(err, &u) || len(u.Columns) < 100 {
		t.Fatalf("%v", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("bound in %v", took)
	}
}
