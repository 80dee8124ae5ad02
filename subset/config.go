package subset

import "github.com/pgstandin/pgstandin/schema"

// Config says which rows a run copies. Rules files are bound to it; its
// semantics are those of docs/subsets.md. All expressions are SQL that has been
// checked, qualified and made independent of the clock.
type Config struct {
	Roots      []Root
	References []*Reference // declared keys (one each, adjusted or not) and those that rules add
	// Restrict holds the entries of logical tables (never partitions); a
	// missing entry means no restriction.
	Restrict  map[*schema.Table]Restriction
	Unreached Unreached
	Budget    Budget
}

// Root is one starting point: the eligible rows of Table that pass Where (""
// means all) and fall into Sample. Roots of one table are a union.
type Root struct {
	Table  *schema.Table
	Where  string
	Sample Sample
	Line   int // of the rules file, for messages
}

// Sample chooses rows by a keyed hash of their primary key. The zero value
// takes every row.
type Sample struct {
	Share    float64 // 0 < Share <= 1; 0 means no share was given
	Rows     int64   // exactly so many (the smallest hashes); 0 means not given
	Stratify []int   // columns whose groups keep their shares, each at least one row
}

// Budget bounds the whole subset by estimate; zero fields are not set.
type Budget struct {
	Bytes int64
	Rows  int64
}

// Restriction is a table's own entry.
type Restriction struct {
	Rows  Rows
	Where string // with WhereRows only
}

// Rows is the kind of a restriction.
type Rows uint8

const (
	Unrestricted Rows = iota
	NoRows            // rows: none
	AllRows           // rows: all; with roots, every eligible row is a root row that brings no children
	WhereRows         // where: <SQL>
)

// Unreached says what happens to tables that no chain of references reaches.
type Unreached uint8

const (
	UnreachedError Unreached = iota // such tables are an error unless they have their own entry
	UnreachedAll
	UnreachedNone
)

// Down is when a row comes in because a parent did.
type Down uint8

const (
	DownAny Down = iota
	DownAll
	DownOff
	DownAlways
)

// String is the word of the rules file.
func (d Down) String() string {
	return [...]string{DownAny: "any", DownAll: "all", DownOff: "off", DownAlways: "always"}[d]
}

// Up is what happens when a row's parent is not (yet) in.
type Up uint8

const (
	UpRequire Up = iota
	UpPrune
	UpNullify
)

// String is the word of the rules file.
func (u Up) String() string {
	return [...]string{UpRequire: "require", UpPrune: "prune", UpNullify: "nullify"}[u]
}

// Reference is a foreign key, declared or added by the rules.
type Reference struct {
	Key *schema.ForeignKey // nil when the rules added it

	// Child and Parent may be partitions where a key is declared on one.
	// Columns[i] references ParentColumns[i]. For a reference by expression
	// Columns is empty and Expr is set (one value); for an array reference
	// Columns has the array column and Array is true.
	Child         *schema.Table
	Columns       []int
	Expr          string
	Array         bool
	When          string // guard over the child's columns, "" for none
	Uses          []int  // columns of Child that Expr and When name; they are never cut to NULL
	Parent        *schema.Table
	ParentColumns []int

	Down    Down
	Limit   int    // children a parent brings at most; 0 is no limit
	Order   string // ORDER BY list for Limit
	Up      Up
	UpGiven bool // the rules said `up:`, so an impossible nullify is an error, not a fallback
	Line    int  // of the rules file, 0 for an unadjusted declared key
}
