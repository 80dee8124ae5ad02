package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// Env is what Bind asks of the world around it.
type Env struct {
	// Now is the time that expressions see: the leader's, or for a check of the
	// file alone any. It is required where one asks for the time.
	Now time.Time
	// Functions says what the source's pg_catalog has of functions of these
	// names; names that it has not are absent. FunctionQuery asks a server. nil
	// means PostgreSQL 15.
	Functions func(names []string) (map[string]Function, error)
	// Try asks the source whether it can plan a SELECT; it must not run it. It
	// has each expression of the rules in one. An error that has a method Code()
	// string, the SQLSTATE, is about the statement and may be shown, any other is
	// returned by Bind. nil asks nobody.
	Try func(sql string) error
	// Texts lists the objects of the source whose texts a leak scan reads, as it
	// reports them. It is called where the rules accept one; nil knows none.
	Texts func() ([]string, error)
	// Holds asks the source whether a column could hold a value. Errors are as
	// those of Try; nil asks nobody.
	Holds func(v Value) error
}

// Value is a value that a mask has from the rules.
type Value struct {
	Text   string         // as COPY takes it
	Type   *schema.Type   // of the column, an element or a field
	Column string         // "" for an element or a field
	Checks []schema.Check // of the table, that name the column alone
}

// Bound is a rules file bound to a schema.
type Bound struct {
	File   *File
	Schema *schema.Schema

	// Tables has every logical table that may have rows copied, in the order of
	// the schema.
	Tables []*TableRules
	Subset subset.Config
	// RootTexts are the conditions of Subset.Roots as written, "" for none.
	RootTexts []string
	// Ledger has the decision for every column of every logical table.
	Ledger []Decision
	Checks []Check
	Leaks  Leaks
	// Notes are what a run may fail of, and what cannot be told beforehand.
	Notes []string

	Functions []schema.Name

	tests []boundTest
}

// TableRules says how the rows of one logical table are copied.
type TableRules struct {
	Table *schema.Table // never a partition
	// Spec has the columns that are copied, all but generated ones; Columns are
	// their indexes into Table.Columns.
	Spec    anonymize.Table
	Columns []int
	// Exprs are the expressions, cast to the column's type, that the source
	// selects instead of a column, by index into Spec.Columns. They see the
	// table under its unqualified name.
	Exprs map[int]string
	Line  int    // of the table's entry in the file, 0 for none
	Where string // as written, "" for none
	// Entity is the table whose rows are what rows of this one are about: this one or
	// another; nil where none is named.
	Entity *schema.Table

	where     *exprRule
	masks     []*maskRule  // of Spec.Columns; nil for kept by default
	readsMore map[int]bool // of Exprs: the result depends on more than the row
}

// Check is a query that must return true on the new target.
type Check struct {
	SQL  string // qualified, with the run's time
	Text string // as written
	Line int
}

// Undecided is a column that no rule speaks of.
type Undecided struct {
	Table  schema.Name
	Column string
	Type   string
}

// UndecidedError lists the columns that nobody decided; nothing may be copied.
type UndecidedError struct {
	Columns []Undecided
	Ledger  []Decision // of all columns, these among them
	Beside  bool       // other things are wrong, which may be why
}

// Error lists the columns, and says how to decide them; only some of them where mistakes
// come first: a misspelt table leaves all of its columns undecided.
func (e *UndecidedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d columns are undecided; add each to its table's columns with a mask, or with keep:", len(e.Columns))
	if len(e.Columns) == 1 {
		b.Reset()
		b.WriteString("a column is undecided; add it to its table's columns with a mask, or with keep:")
	}
	const some = 5
	for i, c := range e.Columns {
		if e.Beside && i == some && len(e.Columns) > some+1 {
			fmt.Fprintf(&b, "\n  and %d others; mend what is above first, it may be why", len(e.Columns)-some)
			break
		}
		fmt.Fprintf(&b, "\n  %s.%s (%s)", c.Table, spell(c.Column), c.Type)
	}
	return b.String()
}

// spell writes a column's name as a rules file has it.
func spell(s string) string {
	if strings.ContainsAny(s, `."(), `) {
		return schema.QuoteIdent(s)
	}
	return s
}

// binder resolves a file.
type binder struct {
	problems
	f   *File
	s   *schema.Schema
	env Env
	out *Bound

	known     map[string]Function
	userTypes map[string]sqlexpr.Name
	entries   map[*schema.Table]*tableRule
	undecided []Undecided
	failed    error // of Env.Try and Env.Holds
}

// Bind resolves the file's names and expressions in the schema and decides
// every column. The error is Errors, an *UndecidedError, or both joined, and says
// all that is wrong, with the plan and the masks too as far as one can tell. It is
// another one only where a function of Env fails.
func (f *File) Bind(s *schema.Schema, env Env) (*Bound, error) {
	b := &binder{problems: problems{f.Name, slices.Clone(f.wrong)}, f: f, s: s, env: env, entries: map[*schema.Table]*tableRule{}}
	b.out = &Bound{
		File: f, Schema: s,
		Subset: subset.Config{Unreached: f.unreached, Budget: f.budget, Restrict: map[*schema.Table]subset.Restriction{}},
	}
	b.out.Functions = f.Functions()
	if err := b.askFunctions(); err != nil {
		return nil, fmt.Errorf("functions of the source: %w", err)
	}
	b.collectTypes()
	b.tables()
	b.roots()
	b.references()
	subsetRight := len(b.list) == 0
	b.decide()
	b.checks()
	b.functions()
	b.seed() // only for what is wrong with it
	b.tests()
	if b.failed != nil {
		return nil, fmt.Errorf("expressions of the rules: %w", b.failed)
	}
	if err := b.leaks(); err != nil {
		return nil, fmt.Errorf("texts of the source: %w", err)
	}
	if len(f.wrong) > 0 {
		b.undecided = nil // what could not be read may decide them
	}
	if len(b.list) > 0 || len(b.undecided) > 0 {
		if err := b.later(subsetRight); err != nil {
			return nil, err
		}
	}
	err := b.err()
	if len(b.undecided) > 0 {
		u := &UndecidedError{b.undecided, b.out.Ledger, err != nil}
		if err == nil {
			return nil, u
		}
		return nil, errors.Join(err, u)
	}
	if err != nil {
		return nil, err
	}
	return b.out, nil
}

// askFunctions asks for every function that the file names.
func (b *binder) askFunctions() error {
	var names []string
	for _, e := range b.f.exprs() {
		for _, fn := range e.expr.Functions {
			names = append(names, fn.Name.Name)
		}
	}
	return b.ask(names)
}

// ask asks for functions of these names.
func (b *binder) ask(names []string) error {
	slices.Sort(names)
	names = slices.Compact(names)
	ask := b.env.Functions
	if ask == nil {
		ask = builtinFunctions
	}
	if len(names) == 0 {
		return nil
	}
	known, err := ask(names)
	b.known = known
	return err
}

// exprs are all expressions of the file.
func (f *File) exprs() []*exprRule {
	var out []*exprRule
	add := func(e *exprRule) {
		if e != nil {
			out = append(out, e)
		}
	}
	for i := range f.roots {
		add(f.roots[i].where)
	}
	for i := range f.references {
		r := &f.references[i]
		add(r.from.expr)
		add(r.when)
		add(r.order)
	}
	for i := range f.tables {
		add(f.tables[i].where)
		for _, c := range f.tables[i].columns {
			add(c.mask.sql)
		}
	}
	for i := range f.columns {
		add(f.columns[i].mask.sql)
	}
	for _, t := range f.seed.tables {
		for _, c := range t.columns {
			add(c.sql)
		}
	}
	for i := range f.checks {
		add(&f.checks[i])
	}
	return out
}

// listed returns the functions of the file's list that a name can mean.
func (b *binder) listed(n sqlexpr.Name) []sqlexpr.Name {
	var out []sqlexpr.Name
	for _, f := range b.f.functions {
		if f.name.Name == n.Name && (n.Schema == "" || n.Schema == f.name.Schema) && !slices.Contains(out, f.name) {
			out = append(out, f.name)
		}
	}
	return out
}

// collectTypes notes where the types are that a cast may name without a
// schema: the run has an empty search_path.
func (b *binder) collectTypes() {
	b.userTypes = map[string]sqlexpr.Name{}
	add := func(n schema.Name) {
		if _, ok := b.userTypes[n.Name]; !ok || n.Schema == "public" {
			b.userTypes[n.Name] = sqlexpr.Name{Schema: n.Schema, Name: n.Name}
		}
	}
	for _, e := range b.s.Enums {
		add(e.Name)
	}
	for _, d := range b.s.Domains {
		add(d.Name)
	}
	for _, t := range b.s.Tables {
		for i := range t.Columns {
			if typ := &t.Columns[i].Type; typ.Extension != "" {
				add(schema.Name{Schema: b.extensionSchema(typ.Extension), Name: typ.Base})
			}
		}
	}
}

func (b *binder) extensionSchema(name string) string {
	for _, e := range b.s.Extensions {
		if e.Name == name {
			return e.Schema
		}
	}
	return "public"
}

// lookUp finds the table that a name of the file means. A name without a schema
// means the table of that name in public, else the only one there is.
func (b *binder) lookUp(text string) (*schema.Table, error) { return FindTable(b.s, text) }

// FindTable finds the table that a name means, as names in a rules file do; it
// may be a partition. The error says which names are like it.
func FindTable(s *schema.Schema, text string) (*schema.Table, error) {
	parts, err := splitName(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", quoted(text), err)
	}
	switch len(parts) {
	case 1:
		named := s.Named(parts[0])
		if len(named) == 1 {
			return named[0], nil
		}
		for _, t := range named {
			if t.Name.Schema == "public" {
				return t, nil
			}
		}
		if len(named) > 1 {
			var names []string
			for _, t := range named {
				names = append(names, t.Name.String())
			}
			return nil, fmt.Errorf("table %s is in several schemas; write %s", quoted(parts[0]), oneOf(names))
		}
	case 2:
		if t := s.Table(schema.Name{Schema: parts[0], Name: parts[1]}); t != nil {
			return t, nil
		}
	default:
		return nil, fmt.Errorf("%s: a name of %d parts; write schema.table", quoted(text), len(parts))
	}
	return nil, fmt.Errorf("there is no table %s%s", quoted(strings.Join(parts, ".")), likeTable(s, parts))
}

func likeTable(s *schema.Schema, parts []string) string {
	var names []string
	for _, t := range s.Roots() {
		name := t.Name.Name
		if len(parts) == 2 {
			name = t.Name.Schema + "." + t.Name.Name
		}
		names = append(names, name)
	}
	if hint := didYouMean(strings.Join(parts, "."), names); hint != "" {
		return hint
	}
	if len(parts) == 2 {
		for _, t := range s.Named(parts[1]) {
			return "; did you mean " + t.Name.String() + "?"
		}
	}
	for _, x := range s.ForeignTables {
		if x.Name == parts[len(parts)-1] {
			return ": it is a foreign table, and objects says what happens to those"
		}
	}
	return ""
}

// table finds a logical table; nil, with a problem added, if there is none.
func (b *binder) table(n nameRule) *schema.Table {
	t, err := b.lookUp(n.text)
	if err != nil {
		b.add(n.at, "%v", err)
		return nil
	}
	if t.Partition != nil {
		b.add(n.at, "%s is a partition; write %s, rules are for the whole table", t.Name, t.Root().Name)
		return nil
	}
	return t
}

// tableOf is table for a name in its parts, each as the catalog has it.
func (b *binder) tableOf(at pos, parts []string) *schema.Table {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = schema.QuoteIdent(part)
	}
	return b.table(nameRule{at, strings.Join(quoted, ".")})
}

// column finds a column by its name; -1, with a problem added, if there is none.
func (b *binder) column(at pos, t *schema.Table, name string) int {
	i := t.Column(name)
	if i < 0 {
		if parts, err := splitName(name); err == nil && len(parts) == 1 {
			i = t.Column(parts[0])
		}
	}
	if i < 0 {
		b.addMissing(at, "", t, name)
	}
	return i
}

// checks binds the queries that must be true afterwards.
func (b *binder) checks() {
	for i := range b.f.checks {
		e := &b.f.checks[i]
		if x, ok := b.bindExpr(e, nil); ok {
			b.out.Checks = append(b.out.Checks, Check{x.sql, e.text, e.at.line})
		}
	}
}
