package fill_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
	"github.com/pgstandin/pgstandin/seed/fill"
)

const tables = `create table users (id int primary key generated always as identity, email text not null unique);
	create table orders (id int primary key generated always as identity, user_id int not null references users, status text not null, total numeric(8,2) not null check (total > 0))`

func TestDatabase(t *testing.T) {
	dsn, ctx := pgtest.DB(t), context.Background()
	pgtest.Exec(t, dsn, tables)
	rows, err := fill.Database(ctx, dsn, fill.Options{Rows: map[string]int64{"users": 7, "public.orders": 20}, Configure: func(s *schema.Schema, cfg *seed.Config) error {
		orders := s.Named("orders")[0]
		cfg.Values = map[*schema.Table]map[int]seed.Value{orders: {orders.Column("status"): {Choice: []string{"open", "paid"}}}}
		return nil
	}})
	if err != nil || rows["public.users"] != 7 || rows["public.orders"] != 20 {
		t.Fatal(rows, err)
	}
	if got := pgtest.Query(t, dsn, "select count(*) from orders join users on users.id = user_id where status in ('open', 'paid')")[0][0]; got != "20" {
		t.Errorf("%s orders as they were wanted", got)
	}
	pgtest.Exec(t, dsn, "insert into users (email) values ('one more')") // the sequence is past the rows
	for _, c := range []struct {
		options fill.Options
		want    string
	}{
		{fill.Options{}, "holds rows"},
		{fill.Options{Rows: map[string]int64{"nothing": 1}}, "no table nothing"},
	} {
		if _, err := fill.Database(ctx, dsn, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	pgtest.Exec(t, dsn, "truncate users cascade; create table flag (id int primary key, up boolean not null constraint two unique)")
	_, err = fill.Database(ctx, dsn, fill.Options{Rows: map[string]int64{"flag": 3}})
	var e *seed.Error
	if !errors.As(err, &e) || e.Constraint != "two" {
		t.Errorf("%v, want constraint two", err)
	}
}

// database stands for what a test has: a database with a schema.
func database() (dsn string, done func()) {
	t := &exampleTB{}
	dsn = pgtest.DB(t)
	pgtest.Exec(t, dsn, tables)
	return dsn, t.close
}

// exampleTB lets an example have a database, which is gone when it closes.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (t *exampleTB) Helper()                   {}
func (t *exampleTB) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (t *exampleTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (t *exampleTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (t *exampleTB) Context() context.Context  { return context.Background() }
func (t *exampleTB) close() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

func ExampleDatabase() {
	dsn, done := database() // with tables users and orders
	defer done()
	rows, err := fill.Database(context.Background(), dsn, fill.Options{Rows: map[string]int64{"users": 100, "orders": 500}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(rows["public.users"], "users,", rows["public.orders"], "orders")
	// Output: 100 users, 500 orders
}
