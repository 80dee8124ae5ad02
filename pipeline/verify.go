package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// VerifyConfig says what must hold in the new database.
type VerifyConfig struct {
	// Rows is how many rows each table must hold: of its own, without those of
	// partitions and inheritance children.
	Rows map[schema.Name]int64
	// Trees is how many rows each partitioned table must hold in all its
	// partitions, where a mask decides which of them a row belongs to.
	Trees map[schema.Name]int64
	// Sequences must be past the values of the columns that they feed.
	Sequences []SequenceValue
	// Schema, if not nil, compares the new database's schema, on a session of its
	// own, with what it should be: it returns what is wrong, and how many objects it
	// compared.
	Schema func(ctx context.Context, conn *pgconn.PgConn) (problems []string, compared int, err error)
	// Checks are queries that must return one row with true.
	Checks []string
	// Workers is how many sessions count rows; zero means one.
	Workers int

	checkTimeout time.Duration // in place of that of the constant
}

// checkTimeout is what one check may take.
const checkTimeout = time.Minute

// Verified is what Verify proved.
type Verified struct {
	Tables      int
	Rows        int64
	ForeignKeys int
	NotValid    []string // foreign keys that production itself has as NOT VALID
	Constraints int      // others: primary keys, unique, check and exclusion constraints
	Checks      int
	Sequences   int // past the values of their columns
	Objects     int // of the source's schema that were compared, constraints among them
	// Kinds counts constraints of the source by kind: "primary key", "foreign
	// key", "unique", "check", "exclusion".
	Kinds map[string]Proved
}

// Proved is how many constraints there are in the source, and how many of them
// are in the target and valid there.
type Proved struct {
	Source int
	Valid  int
}

// VerifyError lists everything that did not hold.
type VerifyError struct{ Problems []Unproved }

// Unproved is one thing that does not hold.
type Unproved struct {
	Text  string
	Check int    // which of VerifyConfig.Checks, from 1; 0 for what is none
	SQL   string // that check's, else ""
}

// String is the problem on one line.
func (p Unproved) String() string {
	if p.Check == 0 {
		return p.Text
	}
	return "check " + strconv.Quote(p.SQL) + ": " + p.Text
}

// Error has one problem a line.
func (e *VerifyError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "verification: " + p.String()
	}
	return strings.Join(lines, "\n")
}

// Verify proves the new database: row counts, every constraint of the source
// there, of the same definition and as valid, and the rules' checks. What does
// not hold is a *VerifyError. The source is not needed any more: PreData has
// noted its constraints.
func (t *Target) Verify(ctx context.Context, cfg VerifyConfig) (Verified, error) {
	var out Verified
	var problems []string
	for _, count := range []struct {
		want map[schema.Name]int64
		from string
	}{{cfg.Rows, "only "}, {cfg.Trees, ""}} {
		found, err := t.countRows(ctx, count.want, count.from, cfg.Workers)
		if err != nil {
			return out, err
		}
		for name, want := range count.want {
			out.Tables++
			out.Rows += found[name]
			if found[name] != want {
				problems = append(problems, fmt.Sprintf("%s holds %d rows, %d were to be copied", name, found[name], want))
			}
		}
	}
	var more []string
	err := t.look(ctx, func(conn *pgconn.PgConn) (err error) {
		more, err = t.compare(ctx, conn, cfg, &out)
		return err
	})
	if err != nil {
		return out, err
	}
	problems = append(problems, more...)
	failed, err := t.checks(ctx, cfg)
	if err != nil {
		return out, err
	}
	out.Checks = len(cfg.Checks)
	sort.Strings(problems)
	for _, p := range problems {
		failed = append(failed, Unproved{Text: p})
	}
	if len(failed) > 0 {
		return out, &VerifyError{failed}
	}
	return out, nil
}

// look runs fn, which only reads, on a session that sees the new tables under the
// names that they will have.
func (t *Target) look(ctx context.Context, fn func(conn *pgconn.PgConn) error) error {
	if t.inplace != nil {
		return t.veiled(ctx, "", true, fn)
	}
	return again(ctx, t, "target", fn)
}

// LookAt runs fn, which only reads, on a session of the new database in which table
// has the name at. A session that is lost is replaced, and fn called again.
func (t *Target) LookAt(ctx context.Context, table schema.Name, fn func(conn *pgconn.PgConn, at schema.Name) error) error {
	if t.inplace != nil && t.inplace.late[table] {
		return t.veiled(ctx, "", true, func(conn *pgconn.PgConn) error { return fn(conn, table) })
	}
	return again(ctx, t, "target", func(conn *pgconn.PgConn) error { return fn(conn, t.Place(table)) })
}

// compare returns what is wrong with constraints, sequences and the schema, and
// fills in how many they are.
func (t *Target) compare(ctx context.Context, conn *pgconn.PgConn, cfg VerifyConfig, out *Verified) ([]string, error) {
	out.ForeignKeys, out.Constraints, out.NotValid = 0, 0, nil
	problems, err := t.compareConstraints(ctx, conn, out)
	if err != nil {
		return nil, err
	}
	late, err := behind(ctx, conn, cfg.Sequences)
	if err != nil {
		return nil, err
	}
	out.Sequences = len(cfg.Sequences)
	problems = append(problems, late...)
	if cfg.Schema != nil {
		var differences []string
		err := t.asForced(ctx, conn, func() (err error) {
			differences, out.Objects, err = cfg.Schema(ctx, conn)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("target: schema: %w", err)
		}
		problems = append(problems, differences...)
	}
	return problems, nil
}

// Check runs the checks of cfg alone. What does not hold is a *VerifyError.
func (t *Target) Check(ctx context.Context, cfg VerifyConfig) error {
	problems, err := t.checks(ctx, cfg)
	if err == nil && len(problems) > 0 {
		err = &VerifyError{problems}
	}
	return err
}

// checks returns what is wrong by the checks.
func (t *Target) checks(ctx context.Context, cfg VerifyConfig) (problems []Unproved, err error) {
	for i, c := range cfg.Checks {
		problem, err := t.check(ctx, c, cfg)
		if err != nil {
			return nil, err
		}
		if problem != "" {
			problems = append(problems, Unproved{Text: problem, Check: i + 1, SQL: c})
		}
	}
	return problems, nil
}

// countRows counts the rows of the tables in want; from is "only " for a table's
// own.
func (t *Target) countRows(ctx context.Context, want map[schema.Name]int64, from string, workers int) (map[schema.Name]int64, error) {
	names := make([]schema.Name, 0, len(want))
	for n := range want {
		names = append(names, n)
	}
	counts := make([]int64, len(names))
	steps := make([]func(context.Context) error, len(names))
	for i, n := range names {
		steps[i] = func(ctx context.Context) error {
			var row []string
			err := t.LookAt(ctx, n, func(conn *pgconn.PgConn, at schema.Name) (err error) {
				row, err = oneOf(ctx, conn, "select count(*) from "+from+at.SQL())
				return err
			})
			if err != nil {
				return fmt.Errorf("target: count %s: %w", n, SafeError(err))
			}
			counts[i], err = strconv.ParseInt(row[0], 10, 64)
			return err
		}
	}
	if err := Steps(ctx, max(1, workers), steps); err != nil {
		return nil, err
	}
	out := make(map[schema.Name]int64, len(names))
	for i, n := range names {
		out[n] = counts[i]
	}
	return out, nil
}

// constraintKinds are the words for pg_constraint.contype.
var constraintKinds = map[string]string{"p": "primary key", "f": "foreign key", "u": "unique", "c": "check", "x": "exclusion"}

// behind returns the sequences that would give out a value that their column
// has.
func behind(ctx context.Context, conn *pgconn.PgConn, sequences []SequenceValue) (problems []string, err error) {
	for _, q := range sequences {
		if q.Column == "" {
			continue
		}
		edge, compare := "max", ">"
		if q.Increment < 0 {
			edge, compare = "min", "<"
		}
		column := schema.QuoteIdent(q.Column)
		row, err := oneOf(ctx, conn, fmt.Sprintf(`
select coalesce((v.edge %s s.last_value or v.edge = s.last_value and not s.is_called)
                and v.edge between q.seqmin and q.seqmax and v.edge = pg_catalog.trunc(v.edge), false)
from %s s, pg_catalog.pg_sequence q, (select %s(%s)::pg_catalog.numeric as edge from %s) v
where q.seqrelid = $1::pg_catalog.regclass`, compare, q.Name.SQL(), edge, column, q.Table.SQL()), q.Name.SQL())
		if err != nil {
			return nil, fmt.Errorf("target: sequence %s: %w", q.Name, SafeError(err))
		}
		if row[0] == "t" {
			problems = append(problems, fmt.Sprintf("sequence %s is behind the values of %s", q.Name, schema.Name{Schema: q.Table.Schema, Name: q.Table.Name}.String()+"."+q.Column))
		}
	}
	return problems, nil
}

type constraintKey struct{ schema, table, name string }

// compareConstraints returns what the target lacks of the source's.
func (t *Target) compareConstraints(ctx context.Context, conn *pgconn.PgConn, out *Verified) ([]string, error) {
	if t.archive == nil {
		return nil, fmt.Errorf("target: constraints: the schema has not been made")
	}
	have, err := textsOf(ctx, conn, constraints)
	if err != nil {
		return nil, fmt.Errorf("target: constraints: %w", withMessage(err))
	}
	found := make(map[constraintKey][]string, len(have))
	for _, r := range have {
		found[constraintKey{r[0], r[1], r[2]}] = r
	}
	sameMajor := t.source.Major() == t.info.Major()
	var problems []string
	out.Kinds = map[string]Proved{}
	for _, w := range t.archive.constraints {
		name := schema.Name{Schema: w[0], Name: w[1]}.String() + " " + schema.QuoteIdent(w[2])
		h := found[constraintKey{w[0], w[1], w[2]}]
		if w[3] == "f" {
			out.ForeignKeys++
		} else {
			out.Constraints++
		}
		kind := constraintKinds[w[3]]
		proved := out.Kinds[kind]
		proved.Source++
		if h != nil && h[3] == w[3] && h[4] == "t" {
			proved.Valid++
		}
		out.Kinds[kind] = proved
		if w[3] == "f" && w[4] != "t" {
			out.NotValid = append(out.NotValid, name)
		}
		switch {
		case h == nil || h[3] != w[3]:
			problems = append(problems, "constraint "+name+" is missing")
		case w[4] == "t" && h[4] != "t":
			problems = append(problems, "constraint "+name+" is not valid")
		case (w[3] == "f" || sameMajor) && !schema.SameDefinition(bare(h[5]), bare(w[5])):
			problems = append(problems, "constraint "+name+" has another definition")
		}
	}
	return problems, nil
}

// bare drops the mark of a constraint that is not valid, which is compared by
// itself.
func bare(definition string) string { return strings.TrimSuffix(definition, " NOT VALID") }

// check runs one of the rules' checks, and returns what is wrong, or "".
func (t *Target) check(ctx context.Context, sql string, cfg VerifyConfig) (problem string, err error) {
	if t.inplace != nil {
		err = t.veiled(ctx, "", true, func(conn *pgconn.PgConn) (err error) {
			problem, err = t.checkOn(ctx, conn, sql, cfg)
			if err == nil && conn.TxStatus() != 'T' {
				err = run(ctx, conn, "rollback; begin") // for veiled to end
			}
			return err
		})
		return problem, err
	}
	err = persist(ctx, func() error {
		conn, err := t.Acquire(ctx)
		if err != nil {
			return connectFailure(ctx, "target", err)
		}
		defer t.Release(conn, false) // the check may have changed the session
		if problem, err = t.checkOn(ctx, conn, sql, cfg); err == nil && problem != "" && conn.IsClosed() {
			settle(conn)
			return &sideError{side: "target", err: errors.New("check: " + problem), transient: true}
		}
		return err
	})
	return problem, err
}

func (t *Target) checkOn(ctx context.Context, conn *pgconn.PgConn, sql string, cfg VerifyConfig) (string, error) {
	begin := "begin read only; "
	if conn.TxStatus() != 'I' { // under the veil
		begin = "set transaction read only; "
	}
	timeout := cmp.Or(cfg.checkTimeout, checkTimeout)
	if err := run(ctx, conn, fmt.Sprintf(begin+`set local statement_timeout = %d; set local search_path = "$user", public`, timeout.Milliseconds())); err != nil {
		return "", failure(ctx, "target", fmt.Errorf("check: %w", err), nil)
	}
	rows, err := rowsOf(ctx, conn, sql)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case codeOf(err) == "57014":
		return fmt.Sprintf("took longer than %s", timeout), nil
	case err != nil:
		return expressionError(err).Error(), nil
	case len(rows) != 1 || len(rows[0]) != 1:
		return "did not return one row with one column", nil
	case string(rows[0][0]) != "t":
		return "did not return true", nil
	}
	return "", nil
}
