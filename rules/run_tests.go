package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
)

// Evaluate asks a server for the one row of a SELECT that reads no table. $1, …
// are args, in text form; nil is NULL, there and in the result, which is in text
// form under the settings of a run. An error that has a method Code() string,
// the SQLSTATE, is about the query, any other about the connection; its text
// may be shown.
type Evaluate func(sql string, args [][]byte) ([][]byte, error)

// Tests returns how many tests the file has.
func (b *Bound) Tests() int { return len(b.tests) }

// RunTests runs the file's tests: their rows go through the masks of Tables,
// compiled with keyed.TestSecret, as rows of a run do. What does not come out as
// expected is Errors, which quote the file's values and what became of them. So
// are masks that do not compile.
//
// With evaluate, values are in the form in which the server writes them, and
// expressions of masks of kind sql are computed; nil takes values as written,
// and tests of such a mask fail.
func (b *Bound) RunTests(evaluate Evaluate) error {
	if len(b.tests) == 0 {
		return nil
	}
	programs, err := b.Compile(keyed.TestSecret())
	if err != nil {
		return err
	}
	for t, p := range programs {
		for _, d := range p.Draws() {
			if p, err = p.Fill(d.Column, nil, 0); err != nil {
				return err
			}
		}
		programs[t] = p
	}
	r := &testRun{problems: problems{file: b.File.Name}, programs: programs, evaluate: evaluate}
	for i := range b.tests {
		if err := r.test(&b.tests[i]); err != nil {
			return fmt.Errorf("%s:%d: test: %w", b.File.Name, b.tests[i].rule.at.line, err)
		}
	}
	return r.err()
}

// testRun runs tests.
type testRun struct {
	problems
	programs map[*schema.Table]*anonymize.Program
	evaluate Evaluate
	name     string // of the test at hand, for messages
	known    *anonymize.Known
}

// testResult is a row before and after masking.
type testResult struct {
	row        *boundRow
	given, got [][]byte     // by Spec.Columns
	opaque     map[int]bool // values outside their masks' formats
}

// errTestRow says that a row cannot be masked, and that its problem was added.
var errTestRow = errors.New("a row that cannot be masked")

const testMemory = 64 << 20

func (r *testRun) test(t *boundTest) error {
	if r.name = ""; t.rule.name != "" {
		r.name = fmt.Sprintf("test %q: ", t.rule.name)
	}
	r.known = anonymize.NewKnown(testMemory)
	for _, rows := range [][]boundRow{t.with, t.rows} {
		for i := range rows {
			row := &rows[i]
			_, in, err := r.read(row)
			if err == nil {
				err = r.programs[row.table.Table].NewRewriter().LearnValues(r.known, in)
			}
			if errors.Is(err, errTestRow) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	results := make([]*testResult, len(t.rows))
	for i := range t.rows {
		var err error
		if results[i], err = r.mask(&t.rows[i]); errors.Is(err, errTestRow) {
			return nil
		} else if err != nil {
			return err
		}
	}
	for i := range t.expect {
		e := &t.expect[i]
		for j := range e.props {
			if err := r.expect(e, &e.props[j], results); err != nil && !errors.Is(err, errTestRow) {
				return err
			}
		}
	}
	return nil
}

// read returns a row's values as the server writes them, and as they reach the
// masks: behind the expressions of masks of kind sql.
func (r *testRun) read(row *boundRow) (given, in [][]byte, err error) {
	if r.evaluate == nil {
		return row.values, row.values, nil
	}
	tr := row.table
	var list, from []string
	var args [][]byte
	for i := range tr.Spec.Columns {
		c := columnAt{tr, i}
		typ := c.typ()
		name := schema.QuoteIdent(tr.Spec.Columns[i].Name)
		if v := row.values[i]; v != nil {
			args = append(args, v)
			from = append(from, fmt.Sprintf("$%d::%s as %s", len(args), typ.Name, name))
		} else {
			from = append(from, fmt.Sprintf("null::%s as %s", nullType(typ), name))
		}
		list = append(list, name)
	}
	for i := range tr.Table.Columns {
		if c := &tr.Table.Columns[i]; c.Generated != "" {
			from = append(from, fmt.Sprintf("null::%s as %s", nullType(&c.Type), schema.QuoteIdent(c.Name)))
		}
	}
	given, err = r.evaluate(fmt.Sprintf("select %s from (select %s) as %s",
		strings.Join(list, ", "), strings.Join(from, ", "), schema.QuoteIdent(tr.Table.Name.Name)), args)
	if err != nil {
		return nil, nil, r.misfit(row, err)
	}
	in = slices.Clone(given)
	for i, expr := range tr.Exprs {
		if tr.readsMore[i] {
			continue
		}
		one, err := r.evaluate(fmt.Sprintf("select %s from (select %s) as %s",
			expr, strings.Join(from, ", "), schema.QuoteIdent(tr.Table.Name.Name)), args)
		if err != nil {
			return nil, nil, r.refused(tr.masks[i].at, columnAt{tr, i}.String()+": expr", err)
		}
		in[i] = one[0]
	}
	return given, in, nil
}

// nullType is a type that takes NULL: a domain need not.
func nullType(t *schema.Type) string {
	if t.Domain != nil {
		return t.Domain.Base
	}
	return t.Name
}

// misfit finds the value that the server did not take.
func (r *testRun) misfit(row *boundRow, cause error) error {
	for i, v := range row.values {
		if v == nil {
			continue
		}
		c := columnAt{row.table, i}
		if _, err := r.canonical(c, v); err != nil {
			return r.refused(row.places[i], fmt.Sprintf("given: no value of %s, which is of type %s", c, c.typ().Name), err)
		}
	}
	return r.refused(row.at, "given", cause)
}

// refused adds what the server said of a query; an error of the connection is
// returned.
func (r *testRun) refused(at pos, what string, err error) error {
	var server interface{ Code() string }
	if !errors.As(err, &server) {
		return err
	}
	r.fail(at, "%s: %v", what, err)
	return errTestRow
}

func (r *testRun) fail(at pos, format string, args ...any) {
	r.add(at, "%s", r.name+fmt.Sprintf(format, args...))
}

// canonical returns a value as the server writes it.
func (r *testRun) canonical(c columnAt, v []byte) ([]byte, error) {
	if v == nil || r.evaluate == nil {
		return v, nil
	}
	out, err := r.evaluate("select $1::"+c.typ().Name, [][]byte{v})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// mask masks a row.
func (r *testRun) mask(row *boundRow) (*testResult, error) {
	given, in, err := r.read(row)
	if err != nil {
		return nil, err
	}
	tr := row.table
	for _, d := range r.programs[tr.Table].Draws() {
		if given[d.Column] != nil {
			r.fail(row.place(d.Column), "%s: shuffle draws from the rows of a source, which a test does not have; give no value", columnAt{tr, d.Column})
			return nil, errTestRow
		}
	}
	rw := r.programs[tr.Table].NewRewriter()
	if r.programs[tr.Table].MayLookUp() {
		rw.LookUpIn(r.known)
	}
	out := &testResult{row: row, given: given, opaque: map[int]bool{}}
	if out.got, err = rw.MaskValues(in); err != nil {
		return nil, err
	}
	for _, s := range rw.Stats() {
		out.opaque[s.Column] = s.Opaque > 0
	}
	for i, v := range out.got {
		c := columnAt{tr, i}
		if l := c.typ().Length; v != nil && l > 0 && slices.Contains(textual, c.typ().Base) && utf8.RuneCount(v) > l {
			r.fail(row.place(i), "%s: given %s, got %s, which is longer than the column", c, show(given[i]), show(v))
			return nil, errTestRow
		}
		if tr.Spec.Columns[i].Mask == nil {
			continue
		}
		if out.got[i], err = r.canonical(c, v); err != nil {
			return nil, r.refused(row.place(i), fmt.Sprintf("%s: given %s, got %s, which is not of type %s", c, show(given[i]), show(v), c.typ().Name), err)
		}
	}
	return out, nil
}

// show spells a value for a message.
func show(v []byte) string {
	if v == nil {
		return "NULL"
	}
	const most = 200
	if s := []rune(string(v)); len(s) > most {
		return fmt.Sprintf("%q…", string(s[:most]))
	}
	return fmt.Sprintf("%q", v)
}
