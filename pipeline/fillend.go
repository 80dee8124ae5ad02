package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// checks are the steps that prove what triggers would have checked.
func (l *filler) checks() []func(context.Context) error {
	var out []func(context.Context) error
	with := func(what, sql string, holds func(rows int) bool) {
		out = append(out, func(ctx context.Context) error {
			conn, err := l.f.acquire(ctx)
			if err != nil {
				return err
			}
			defer l.f.release(ctx, conn)
			rows, err := textsOf(ctx, conn, sql)
			if err != nil {
				return fmt.Errorf("%s: %w", what, madeError(err))
			}
			if !holds(len(rows)) {
				return fmt.Errorf("%s: rows that were made have no parent", what)
			}
			return nil
		})
	}
	for _, k := range l.work.Keys {
		with("foreign key "+k.Name+" of "+k.Child.Name.String(), orphans(k), func(n int) bool { return n == 0 })
	}
	for _, c := range l.work.Deferrable {
		with("constraint "+c.String(), "reindex index "+c.SQL(), func(int) bool { return true })
	}
	return out
}

// orphans finds a row whose key has no parent.
func orphans(k *schema.ForeignKey) string {
	var there, gone, on []string
	for i, c := range k.Columns {
		child, parent := schema.QuoteIdent(k.Child.Columns[c].Name), schema.QuoteIdent(k.Parent.Columns[k.ParentColumns[i]].Name)
		there, gone = append(there, "c."+child+" is not null"), append(gone, "c."+child+" is null")
		on = append(on, "p."+parent+" = c."+child)
	}
	partly := ""
	if k.MatchFull && len(k.Columns) > 1 {
		partly = fmt.Sprintf(" or (%s) and not (%s)", strings.Join(gone, " or "), strings.Join(gone, " and "))
	}
	return fmt.Sprintf("select 1 from %s c where %s and not exists (select from %s p where %s)%s limit 1",
		k.Child.Name.SQL(), strings.Join(there, " and "), k.Parent.Name.SQL(), strings.Join(on, " and "), partly)
}

// finish sets sequences, refreshes views and gathers statistics.
func (l *filler) finish(ctx context.Context) error {
	l.step("sequences and statistics")
	conn := l.f.leader
	for _, q := range l.work.Sequences {
		if err := setSequence(ctx, conn, q); err != nil {
			return fmt.Errorf("sequence %s: %w", q.Name, madeError(err))
		}
	}
	for _, v := range l.work.Views {
		if err := run(ctx, conn, "refresh materialized view "+v.SQL()); err != nil {
			return fmt.Errorf("materialized view %s: %w", v, madeError(err))
		}
	}
	for _, s := range l.work.Steps {
		if s.Update {
			continue
		}
		if err := run(ctx, conn, "analyze "+s.Table.SQL()); err != nil {
			return fmt.Errorf("table %s: %w", s.Table, madeError(err))
		}
	}
	return nil
}

// one loads all in one transaction of the leader.
func (l *filler) one(ctx context.Context) (err error) {
	conn := l.f.leader
	defer func() {
		if err != nil && !conn.IsClosed() && conn.TxStatus() != 'I' {
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
			defer cancel()
			err = errors.Join(err, run(clean, conn, "rollback"))
		}
	}()
	if err := run(ctx, conn, "begin; set constraints all deferred"); err != nil {
		return withMessage(err)
	}
	before, after, err := l.apart(ctx, conn)
	if err != nil {
		return err
	}
	for _, sql := range before {
		if err := run(ctx, conn, sql); err != nil {
			return madeError(err)
		}
	}
	err = l.reported(ctx, func(ctx context.Context) error {
		for i, s := range l.work.Steps {
			if err := l.load(ctx, conn, i, 0, s.Rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := l.update(ctx); err != nil {
		return err
	}
	l.step("check constraints")
	for _, sql := range append([]string{"set constraints all immediate"}, after...) {
		if err := run(ctx, conn, sql); err != nil {
			return madeError(err)
		}
	}
	if err := l.finish(ctx); err != nil {
		return err
	}
	return madeError(run(ctx, conn, "commit"))
}

// apart is the statements that take late keys and triggers away, and those that
// bring them back.
func (l *filler) apart(ctx context.Context, conn *pgconn.PgConn) (before, after []string, err error) {
	for _, k := range l.work.Late {
		row, err := oneOf(ctx, conn, `
select pg_catalog.pg_get_constraintdef(c.oid) from pg_catalog.pg_constraint c
where c.conname = $1 and c.conrelid = $2::pg_catalog.regclass`, k.Name, k.Child.Name.SQL())
		if err != nil {
			return nil, nil, fmt.Errorf("foreign key %s of %s: %w", k.Name, k.Child.Name, withMessage(err))
		}
		table := "alter table " + k.Child.Name.SQL()
		before = append(before, table+" drop constraint "+schema.QuoteIdent(k.Name))
		after = append(after, table+" add constraint "+schema.QuoteIdent(k.Name)+" "+row[0])
	}
	for _, s := range l.work.Steps {
		if s.Update {
			continue
		}
		rows, err := textsOf(ctx, conn, `
select t.tgname, t.tgenabled, p.relid::pg_catalog.regclass
from pg_catalog.pg_partition_tree($1::pg_catalog.regclass) p
join pg_catalog.pg_trigger t on t.tgrelid = p.relid
join pg_catalog.pg_class c on c.oid = p.relid
where not t.tgisinternal and t.tgenabled in ('O', 'A') and pg_catalog.pg_has_role(c.relowner, 'usage') and t.tgparentid = 0
union all
select t.tgname, t.tgenabled, c.oid::pg_catalog.regclass
from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
where c.oid = $1::pg_catalog.regclass and not exists (select from pg_catalog.pg_partition_tree($1::pg_catalog.regclass))
  and not t.tgisinternal and t.tgenabled in ('O', 'A') and pg_catalog.pg_has_role(c.relowner, 'usage')`, s.Table.SQL())
		if err != nil {
			return nil, nil, fmt.Errorf("table %s: %w", s.Table, withMessage(err))
		}
		for _, r := range rows {
			table, name, how := "alter table "+r[2], schema.QuoteIdent(r[0]), " enable trigger "
			if r[1] == "A" {
				how = " enable always trigger "
			}
			before = append(before, table+" disable trigger "+name)
			after = append(after, table+how+name)
		}
	}
	return before, after, nil
}
