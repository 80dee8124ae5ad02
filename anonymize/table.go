package anonymize

// Table is what a rewriter has to know of one COPY stream: its columns in the
// order of the COPY column list. It is built by package rules (or a test) and
// compiled once by Compile.
type Table struct {
	Name    string // for messages
	Columns []Column
	// Entity is the index of the column whose value says whose row this is, or
	// -1. EntityDomain names what the entity is ("public.users(id)"), so that two
	// tables that speak of the same entity agree.
	Entity       int
	EntityDomain string
	// EntityKey is the type of the column that EntityDomain names, and EntityFold says
	// that it calls values equal without regard to case: by it and the type of
	// its own column a table tells which values are one entity.
	EntityKey  Type
	EntityFold bool
	Rows       int64 // estimated rows, for collision and capacity checks; 0 unknown
	// Keys are the table's unique keys over columns that are NOT NULL and kept,
	// as column indexes: what makes a template injective.
	Keys [][]int
	// Domains are the domains of masks that columns of any table have: what is masked
	// within a value gets what a column of the same domain gives.
	Domains map[DomainKey]Domain
}

// DomainKey names a domain of masks; Domain is "" for the default one of the kind.
type DomainKey struct{ Kind, Domain string }

// Domain is what the columns of a mask's domain, in all tables, make of each other's
// results: a value gets the same in all of them.
type Domain struct {
	Length int  // characters of the narrowest, 0 unbounded
	Fold   bool // one of them folds case
	Unique bool // one of them is unique
}

// Column is one column of the stream.
type Column struct {
	Name string
	Type Type
	Mask *Mask // nil: keep

	// Unique: the column is part of a primary key, unique constraint or unique
	// index, or takes part in a reference; its mask must be injective.
	Unique bool
	// UniqueDomain: a column of the mask's domain is unique, in any table.
	UniqueDomain bool
	// Sole: the column is NOT NULL and alone unique, so it has as many values as
	// the table has rows.
	Sole bool
	// Fold: uniqueness (or equality) is on the lower-cased value, by an
	// expression index on lower(column) or by citext; the output is lower case.
	Fold bool
	// Reference: the column references another or is referenced. Its mask
	// depends on (secret, domain, value) alone, never on the entity.
	Reference bool
	NotNull   bool
}

// Type is a column's type as masks see it: domains are seen through.
type Type struct {
	Name      string // "text", "varchar", "bpchar", "citext", "int4", "numeric", "date", "timestamptz", "uuid", "inet", "jsonb", "bytea", an enum's name ...
	Length    int    // characters at most; 0 unbounded. For a domain of several columns, the narrowest.
	Precision int    // numeric(p,s); 0 unbounded
	Scale     int
	Labels    []string // of an enum
	Elem      *Type    // element type of an array, else nil
	Fields    []Field  // of a composite type, in order
	Range     bool     // a range or multirange type that is not PostgreSQL's own, of whatever
}

// Field is a field of a composite type.
type Field struct {
	Name string
	Type Type
}

// Mask is a mask as the rules file gives it: a kind and its parameters, as YAML
// decodes them (string, bool, int64, uint64, float64, []any, map[string]any).
type Mask struct {
	Kind   string
	Params map[string]any
	Domain string // "" is the default domain of the kind
}
