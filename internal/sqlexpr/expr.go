package sqlexpr

import pg "github.com/pganalyze/pg_query_go/v5"

// Error is one thing that is wrong with a text.
type Error struct {
	Offset  int    // in bytes from the start of the text
	Message string // what is wrong and what to write instead
}

// Error is the message alone: where it stands in a file the caller knows.
func (e *Error) Error() string { return e.Message }

// Name is a name as the text spells it, unquoted; Schema is "" where the text
// does not say it.
type Name struct{ Schema, Name string }

// Expr is a parsed text. It is immutable and may be shared between goroutines.
// The indexes in it (of scopes, columns, ...) are into its own lists.
type Expr struct {
	Text   string
	Scopes []Scope

	Columns   []Column
	Relations []Relation
	Functions []Function
	Operators []Operator
	Types     []Type
	Words     []Word

	// Truth is what the text's shape says about its result; of a query, about
	// its only column.
	Truth Truth
	// Results is the number of columns of a query, 0 where its text does not say.
	Results int
	// Bare is the index of the column when the text is one column and nothing
	// else, or -1.
	Bare int
	// Clock reports whether the text asks for the time.
	Clock bool

	kind kind
	edit edits
}

// Scope is one SELECT of the text. Scope 0 is where the text itself stands: it
// sees the row of the table that the expression is about (nothing for a query).
type Scope struct {
	Parent    int   // -1 for scope 0
	Relations []int // tables in FROM
	// Opaque are the names of things in FROM whose columns cannot be known here:
	// sub-selects, functions, common table expressions, tables with renamed
	// columns. With one of them an unqualified column may be theirs.
	Opaque []string
	// Outputs are the names that the select list gives, which GROUP BY and
	// ORDER BY may use.
	Outputs []string
}

// Column is a reference to a column.
type Column struct {
	Parts  []string // column, table.column or schema.table.column; a whole row is a table's name alone
	Star   bool     // the last part was *, and is not in Parts
	Offset int
	Scope  int
}

// Relation is a table in a FROM clause; common table expressions are not
// listed.
type Relation struct {
	Name   Name
	Alias  string // the name by which its columns are qualified: the alias, or the table's name
	Opaque bool   // its columns are renamed by a column alias list
	Offset int
	Scope  int
}

// Function is a call.
type Function struct {
	Name   Name
	Offset int
	Scope  int
	// Aggregate reports a syntax that only aggregate and window functions have:
	// count(*), DISTINCT, FILTER, OVER, ORDER BY.
	Aggregate bool
}

// Operator is an operator and what it is applied to.
type Operator struct {
	Name    Name
	Offset  int
	Columns []int // operands that are columns
	// Syntax is the keyword of a spelling that has no place for an operator's
	// schema: "IN", "LIKE", "BETWEEN", "IS DISTINCT FROM", "CASE", ... or "".
	Syntax string
}

// Type is a type that the text casts to.
type Type struct {
	Name   Name
	Offset int
}

// Word is a string constant that PostgreSQL reads as a time when it stands for
// one: 'now', 'today', 'tomorrow', 'yesterday'.
type Word struct {
	Text   string
	Offset int
	// Columns are those that it is compared to directly; with none, what it
	// stands for cannot be told.
	Columns []int
}

type kind uint8

const (
	kindExpr kind = iota
	kindOrder
	kindQuery
)

// edits hold the parse tree's nodes behind the lists, in the same order.
type edits struct {
	stmt      *pg.SelectStmt
	relations []*pg.RangeVar
	columns   []*pg.ColumnRef
	functions []*pg.FuncCall
	types     []*pg.TypeName
	clocks    []clock
}

// clock is a node that asks for the time.
type clock struct {
	node *pg.Node
	kind clockKind
	prec int // digits of the second, -1 for all
}

type clockKind uint8

const (
	timestamptz clockKind = iota
	timestamp
	dateOnly
	timetz
	timeOnly
	age // one-argument age(), which counts from midnight
)
