package rules

import (
	"regexp"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// File is a parsed rules file. Its names are not resolved yet.
type File struct {
	Name    string
	Hash    string // sha256, in hex, of the text and the variables' values
	Targets Targets
	Owner   string  // target: owner; "" if not given
	Grants  []Grant // target: grants
	Objects Objects

	roots      []rootRule
	references []referenceRule
	unreached  subset.Unreached
	budget     subset.Budget
	tables     []tableRule
	columns    []matchRule
	checks     []exprRule
	functions  []functionRule
	drift      []driftRule
	tests      []testRule
	leaks      leaksRule
	seed       seedRule
	wrong      Errors // what Parse found
}

// Functions are those that the file's expressions may call besides PostgreSQL's
// own. They may not exist.
func (f *File) Functions() []schema.Name {
	var out []schema.Name
	for _, fn := range f.functions {
		out = append(out, schema.Name{Schema: fn.name.Schema, Name: fn.name.Name})
	}
	return out
}

// Grant gives a role privileges on tables that the live target does not have.
type Grant struct {
	Role       string
	Privileges []string // in lower case
}

// Objects says what happens to large objects, foreign tables and the rows of
// extensions' configuration tables.
type Objects uint8

const (
	ObjectsUndecided Objects = iota // the file does not say; a run stops where there are some
	ObjectsNone                     // not made
	ObjectsSchema                   // made without contents
	ObjectsAll                      // made with contents
)

// nameRule is a name of the file.
type nameRule struct {
	at   pos
	text string
}

// exprRule is an expression of the file. Its place is where the text begins.
type exprRule struct {
	at    pos
	exact bool // columns of the file can be told from offsets in the text
	text  string
	what  string // "where", for messages
	expr  *sqlexpr.Expr
}

// place is where an offset of the text is in the file.
func (e *exprRule) place(offset int) pos {
	if !e.exact || offset < 0 || offset > len(e.text) {
		return e.at
	}
	return pos{e.at.line, e.at.column + len([]rune(e.text[:offset]))}
}

type rootRule struct {
	at       pos
	table    nameRule
	where    *exprRule
	sample   subset.Sample
	stratify []nameRule
}

type referenceRule struct {
	at   pos
	from endRule
	to   *endRule

	when    *exprRule
	down    subset.Down
	up      subset.Up
	upGiven bool
	limit   int
	order   *exprRule
}

// endRule is one side of a reference: table(column, ...), table, or
// table(expression).
type endRule struct {
	at      pos
	text    string
	table   string
	columns []string
	expr    *exprRule
}

type tableRule struct {
	name    nameRule
	rows    subset.Rows
	where   *exprRule
	entity  *entityRule
	columns []columnRule
}

type entityRule struct {
	at     pos
	column string
	table  string // behind ->, else ""
}

type columnRule struct {
	name nameRule
	mask *maskRule
}

// maskRule is a mask and where it and its parameters stand.
type maskRule struct {
	at     pos
	mask   anonymize.Mask
	params map[string]pos
	sql    *exprRule // of kind sql
}

type matchRule struct {
	at    pos
	match glob     // nil for none
	named nameRule // match as written
	typ   string   // "" for any
	mask  *maskRule
}

type functionRule struct {
	at   pos
	name sqlexpr.Name
}

// testRule is a test of masks: what is given, and what is expected of it.
type testRule struct {
	at     pos
	name   string
	table  nameRule
	column nameRule    // "" for tests of rows
	given  []testRow   // of a test of rows
	value  *node       // of a test of a column
	with   []testTable // rows that are there besides
	expect []expectRule
}

// testTable is rows of a table.
type testTable struct {
	table nameRule
	rows  []testRow
}

// testRow is a row; columns that are not in it are NULL.
type testRow struct {
	at    pos
	pairs []pair
}

// expectRule is what is expected of a column.
type expectRule struct {
	column nameRule
	props  []propertyRule
}

// propertyRule is one thing that is expected of a value.
type propertyRule struct {
	at     pos
	key    string         // "value", ...; "path" for what is expected at one
	node   *node          // of value
	names  []nameRule     // of same_as, and texts of without
	re     *regexp.Regexp // of match
	yes    bool           // of changed, distinct and null
	length int            // -1 for that of the given value
	path   anonymize.JSONPath
	text   string // of path
	inner  []propertyRule
}
