package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// counting makes rows of their number, and of a text after it.
type counting struct {
	with string
	fail int64 // the row that cannot be made, 0 for none
}

func (c *counting) Append(dst []byte, row int64) ([]byte, error) {
	if c.fail > 0 && row == c.fail {
		return dst, errors.New("no such row")
	}
	dst = strconv.AppendInt(dst, row+1, 10)
	return append(append(dst, c.with...), '\n'), nil
}

// fillable is a database with two tables, by a superuser or by a plain role that
// owns them.
func fillable(t *testing.T, plain bool) (dsn string, f *Filling) {
	t.Helper()
	dsn = pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table a (id int primary key, b int); create table b (id int primary key, a int references a);
alter table a add constraint a_b foreign key (b) references b; create sequence s;
create function forbid() returns trigger language plpgsql as $$ begin raise 'a trigger ran'; end $$;
create trigger t before insert on a for each row execute function forbid()`)
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if plain {
		role := "plain_" + cfg.Database
		pgtest.Exec(t, dsn, fmt.Sprintf("create role %[1]q login password 'x'; alter table a owner to %[1]q; alter table b owner to %[1]q; alter sequence s owner to %[1]q; grant create, usage on schema public to %[1]q; grant temporary on database %[2]q to %[1]q", role, cfg.Database))
		t.Cleanup(func() { pgtest.Exec(t, dsn, fmt.Sprintf("drop owned by %[1]q; drop role %[1]q", role)) })
		cfg.User, cfg.Password = role, "x"
	}
	if f, err = OpenFilling(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(context.Background()) })
	return dsn, f
}

func fillWorkOf(rows int64, a, b *counting) FillWork {
	name := func(s string) schema.Name { return schema.Name{Schema: "public", Name: s} }
	ta := &schema.Table{Name: name("a"), Columns: []schema.Column{{Name: "id"}, {Name: "b"}}}
	tb := &schema.Table{Name: name("b"), Columns: []schema.Column{{Name: "id"}, {Name: "a"}}}
	ab := &schema.ForeignKey{Name: "a_b", Child: ta, Parent: tb, Columns: []int{1}, ParentColumns: []int{0}}
	ba := &schema.ForeignKey{Name: "b_a_fkey", Child: tb, Parent: ta, Columns: []int{1}, ParentColumns: []int{0}}
	return FillWork{
		Steps: []FillStep{
			{Table: ta.Name, Columns: []string{"id", "b"}, Rows: rows, NewRows: func() RowGenerator { return a }},
			{Table: tb.Name, Columns: []string{"id", "a"}, Rows: rows, NewRows: func() RowGenerator { return b }},
		},
		Late: []*schema.ForeignKey{ab}, Keys: []*schema.ForeignKey{ab, ba},
		Sequences: []SequenceValue{{Name: name("s"), Last: rows, Called: true, Table: ta.Name, Column: "id", Increment: 1}},
	}
}

// Both ways load all, prove all, and leave triggers and constraints as they were;
// what fails leaves nothing.
func TestFill(t *testing.T) {
	for _, plain := range []bool{false, true} {
		rows := func(dsn string) string {
			return pgtest.Query(t, dsn, "select (select count(*) from a) || '+' || (select count(*) from b)")[0][0]
		}
		dsn, f := fillable(t, plain)
		opts := FillOptions{Workers: 2, Progress: func(Progress) {}}
		for what, w := range map[string]FillWork{
			"no such row": fillWorkOf(300_000, &counting{with: "\t7"}, &counting{with: "\t7", fail: 250_000}),
			"a_b":         fillWorkOf(100, &counting{with: "\t101"}, &counting{with: "\t7"}),
			"SQLSTATE":    fillWorkOf(100, &counting{with: "\tseven"}, &counting{with: "\t7"}),
		} {
			if _, err := f.Load(t.Context(), w, opts); err == nil || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "seven") {
				t.Errorf("%v: %v, want %s", plain, err, what)
			}
			if got := rows(dsn); got != "0+0" {
				t.Errorf("%v: after %s there are %s rows", plain, what, got)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		w := fillWorkOf(5_000_000, &counting{with: "\t7"}, &counting{with: "\t7"})
		if _, err := f.Load(ctx, w, FillOptions{Workers: 2, Progress: func(p Progress) {
			if p.Rows > 1000 {
				cancel()
			}
		}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: cancelled: %v", plain, err)
		}
		if got := rows(dsn); got != "0+0" {
			t.Errorf("%v: cancelled: %s rows", plain, got)
		}
		cancel()

		f, err := OpenFilling(t.Context(), f.at.cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close(context.Background())
		res, err := f.Load(t.Context(), fillWorkOf(150_000, &counting{with: "\t7"}, &counting{with: "\t8"}), opts)
		if err != nil {
			t.Fatal(err)
		}
		if res.Whole != plain || res.Rows[0] != 150_000 || rows(dsn) != "150000+150000" {
			t.Errorf("%v: %+v, %s rows", plain, res, rows(dsn))
		}
		state := pgtest.Query(t, dsn, "select (select tgenabled from pg_trigger where tgname = 't'), (select bool_and(convalidated) from pg_constraint where contype = 'f'), (select count(*) from pg_constraint where contype = 'f'), (select last_value from s)")[0]
		if fmt.Sprint(state) != "[O t 2 150000]" {
			t.Errorf("%v: %v", plain, state)
		}
	}
}

// TestFillAgain: whoever waited for a Close may fill the database at once.
func TestFillAgain(t *testing.T) {
	cfg, err := pgconn.ParseConfig(pgtest.DB(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		f, err := OpenFilling(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		problems, err := f.Admit(t.Context(), nil)
		f.Close(t.Context())
		if err != nil || len(problems) > 0 {
			t.Fatal(i, problems, err)
		}
	}
}
