// Package schema describes a PostgreSQL database as plain data: tables,
// columns, keys and constraints. It is the shared vocabulary of every other
// package, and imports nothing but the standard library. What it can do is look
// things up, quote names and compare objects.
//
// A Schema is built once (by package catalog, or by a test) and is read-only
// afterwards; every pointer in it points into the same Schema. It may be
// shared between goroutines.
package schema

// Schema is one database.
type Schema struct {
	Database      string
	ServerVersion int    // as server_version_num: 150018
	Encoding      string // of the database: "UTF8", "LATIN1", "SQL_ASCII"

	// Tables holds every ordinary table, partitioned table and partition of
	// every schema that is not PostgreSQL's own and not an extension's,
	// sorted by schema and name. Foreign tables, views and TOAST are not in it.
	Tables []*Table

	// ForeignKeys holds every declared foreign key once: a key on a
	// partitioned table is listed for that table only, a key declared on a
	// single partition is listed with that partition as its Child. Sorted by
	// child and constraint name.
	ForeignKeys []*ForeignKey

	Sequences     []*Sequence
	Enums         []*Enum
	Domains       []*Domain
	MatViews      []Name // in an order in which they can be refreshed
	Extensions    []Extension
	ForeignTables []Name
	LargeObjects  int64  // how many
	ConfigTables  []Name // extension tables whose rows pg_dump would copy

	byName map[Name]*Table
}

// Kind is a table's kind.
type Kind uint8

const (
	Ordinary    Kind = iota // holds rows; may be a partition or an inheritance child
	Partitioned             // holds no rows of its own; Partitions has them
)

// Table is one relation. A partitioned table and each of its partitions are
// Tables of their own; users speak of the topmost one (Root), rows live in
// leaves (Leaves).
type Table struct {
	OID  uint32
	Name Name
	Kind Kind

	Columns []Column // live columns in attnum order; dropped ones are absent

	Keys     []Key   // primary key first if there is one, then unique constraints by name
	Indexes  []Index // every index, those of keys included, by name
	Checks   []Check
	Excludes []Exclude

	Partition         *Table   // the partitioned table that this one is directly a partition of, or nil
	Partitions        []*Table // direct partitions, by name
	PartitionKey      []int    // indexes into Columns that the partition key names (expressions included); only for Partitioned
	PartitionStrategy string   // "range", "list", "hash"
	// PartitionDefinition is pg_get_partkeydef, "RANGE (a, lower(b))"; only for
	// Partitioned. PartitionBound is what a partition takes, as in its definition:
	// "FOR VALUES FROM (1) TO (10)", "DEFAULT".
	PartitionDefinition, PartitionBound string
	Inherits                            []*Table // classic inheritance parents, in order
	Children                            []*Table // classic inheritance children, by name

	Pages      int64 // relpages by size on disk now, main fork; 0 for a partitioned table
	Rows       int64 // estimate: reltuples scaled to Pages; -1 when never analyzed
	Bytes      int64 // table with TOAST, without indexes
	IndexBytes int64

	Unlogged         bool
	RowSecurity      bool // row security is enabled
	ForceRowSecurity bool
	Owner            string
	Comment          string
	MaskLabel        string // security label of provider "anon" (PostgreSQL Anonymizer), else ""
}

// Column is one live column.
type Column struct {
	Name     string
	Num      int // attnum, which has holes where columns were dropped
	Type     Type
	NotNull  bool // declared on the column, by its primary key, or by a NOT NULL domain
	Unproved bool // NotNull, but by a constraint that is not validated: rows may hold NULL

	Identity      string // "", "always", "by default"
	Generated     string // "", "stored", "virtual": its value is never copied
	Default       string // expression text, or the generation expression; "" if none
	GeneratedFrom []int  // columns a generated column is computed from

	Collation        string // qualified name when it is not the type's default, else ""
	Nondeterministic bool   // the effective collation may call different bytes equal
	CollationLocale  string // of a nondeterministic one, as ICU reads it: "und-u-ks-level2"; rules of its own behind a space
	Comment          string
	MaskLabel        string // security label of provider "anon" (PostgreSQL Anonymizer), else ""
	Stats            Stats
}

// Stats are the planner's statistics that we use; zero when never analyzed.
type Stats struct {
	NullFrac    float64
	AvgWidth    int
	Distinct    float64 // as pg_stats.n_distinct: negative is a share of the rows
	Correlation float64
}

// Type is a column's type, with domains seen through.
type Type struct {
	OID    uint32 // as declared
	Typmod int32
	Name   string // as format_type prints it: "character varying(40)", "public.email_address"

	// Base is pg_type.typname of the type below all domains: "int4", "int8",
	// "varchar", "bpchar", "text", "citext", "timestamptz", "_text", or the
	// name of an enum, composite or range type.
	Base    string
	BaseOID uint32
	Class   Class
	Elem    *Type   // element type of an array, else nil
	Fields  []Field // of a composite type made by create type, in order

	Length    int // n of varchar(n), char(n), bit(n); 0 for none. Characters.
	Precision int // of numeric(p,s); 0 for none
	Scale     int

	Domain    *Domain // outermost domain, or nil
	Enum      *Enum   // for enums
	Extension string  // extension that owns the base type, or ""
	Builtin   bool    // base type is pg_catalog's, so its OID is the same on every server
}

// Field is a field of a composite type.
type Field struct {
	Name string
	Type Type
}

// Class is what kind of type the base type is.
type Class uint8

const (
	Base Class = iota
	EnumType
	Composite
	Range
	Multirange
	Array
	Pseudo
)

// Key is a primary key or a unique constraint.
type Key struct {
	Name              string
	Primary           bool
	Columns           []int // indexes into Table.Columns, in key order
	Deferrable        bool
	InitiallyDeferred bool
	NullsNotDistinct  bool
}

// Index is any index.
type Index struct {
	Name              string
	Unique            bool
	Method            string   // "btree", "gin", ...
	Columns           []int    // key columns in order; -1 for an expression
	Expressions       []string // text of each expression, in the order of the -1s
	ExpressionColumns []int    // columns named in expressions
	Predicate         string   // partial index, else ""
	PredicateColumns  []int
	NullsNotDistinct  bool
	Valid             bool
	Constraint        bool   // belongs to a primary key, unique or exclusion constraint
	Definition        string // pg_get_indexdef
	Bytes             int64
}

// Check is a check constraint.
type Check struct {
	Name      string
	Expr      string // pg_get_constraintdef without the word CHECK
	Columns   []int
	Validated bool
	NoInherit bool
}

// Exclude is an exclusion constraint.
type Exclude struct {
	Name       string
	Columns    []int // every column it names
	Definition string
}

// ForeignKey is a declared foreign key. Columns[i] references ParentColumns[i].
type ForeignKey struct {
	Name              string
	Child, Parent     *Table
	Columns           []int
	ParentColumns     []int
	MatchFull         bool
	Deferrable        bool
	InitiallyDeferred bool
	Validated         bool // it is enforced, and has been for all rows
	// Period says that the last pair are ranges: the child's must be covered by those of
	// all parents that are equal in the other columns.
	Period             bool
	OnDelete, OnUpdate string // "no action", "cascade", ...
}

// Sequence is a sequence; Table and Column say which column owns it, if any.
type Sequence struct {
	Name      Name
	Table     *Table
	Column    int // index into Table.Columns; -1 if not owned
	Identity  bool
	Increment int64
	Min, Max  int64
	Cycle     bool
}

// Enum is an enumerated type.
type Enum struct {
	OID    uint32
	Name   Name
	Labels []string
}

// Domain is a domain type.
type Domain struct {
	OID     uint32
	Name    Name
	Base    string // format_type of what it is directly over
	NotNull bool
	Checks  []string // expressions, of this domain and those below it
}

// Extension is an installed extension.
type Extension struct {
	Name, Version, Schema string
}
