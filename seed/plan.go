package seed

import (
	"fmt"

	"github.com/pgstandin/pgstandin/schema"
)

// Config says how much to make.
type Config struct {
	// Rows is the number of rows of tables, partitioned ones as a whole. Others
	// get a size from the graph: a table without parents gets Base rows, any
	// other three times as many as its largest parent, up to a hundred times
	// Base, and never more than its keys allow.
	Rows map[*schema.Table]int64
	Base int64 // 100 if 0
	// Each is the number of rows of every table that Rows does not name, as far as
	// keys allow; 0 lets the graph decide.
	Each int64
	// Seed chooses the values: the same seed, schema and sizes give the same
	// bytes.
	Seed uint64
	// Values says how columns are made, by their index; Shares how children are
	// spread over their parents.
	Values map[*schema.Table]map[int]Value
	Shares []Share
	// Profile is the shape of another database with these tables, followed where
	// nothing above says otherwise: rows, in the proportion of Base to 100, NULLs,
	// values, and children per parent. What the schema lacks is passed over.
	Profile *Profile
}

// How says what makes a foreign key hold whose parent is loaded after its child.
type How string

// The ways, best first.
const (
	// Deferred: the constraint can be deferred; the caller does so, in one
	// transaction for all steps.
	Deferred How = "deferred"
	// SecondPass: the columns are NULL first, and a later step has their values.
	SecondPass How = "second pass"
	// Unchecked: neither is possible. The rows are right once all are there, but
	// the constraint must not be checked before: it is made after the load, or
	// triggers are off.
	Unchecked How = "unchecked"
)

// Late is a foreign key whose parent is loaded after its child.
type Late struct {
	Key *schema.ForeignKey
	How How
}

// Step is rows of one table.
type Step struct {
	Table   *schema.Table
	Columns []int // what a row holds, in this order: indexes into Table.Columns
	Rows    int64
	// Update reports whether the rows are there already: the first Match columns
	// say which, the others are what they get.
	Update bool
	Match  int
	Late   []Late // of the first step of a table
}

// Constraint is one that no row was made for.
type Constraint struct {
	Table *schema.Table
	Name  string
}

// Counter is a sequence whose column was filled, and the last number used.
type Counter struct {
	Sequence *schema.Sequence
	Last     int64
}

// Plan is how to fill a database: its steps in order. It is immutable.
type Plan struct {
	Steps []Step
	// Untested are the constraints that are not understood: rows may break them,
	// and only the server can tell. "partition bounds" stands for those of a table
	// partitioned by an expression, "domain NAME" for those of a domain.
	Untested []Constraint
	// Counters are to be set once all rows are there.
	Counters []Counter

	tables map[*schema.Table]*table
	order  []*table
}

// Error is a schema or a size for which there are no rows.
type Error struct {
	Table      *schema.Table
	Constraint string // "" where a column's type is the cause
	Column     string // "" where a constraint is the cause
	Reason     string
}

// Error names the table and what in it is the cause.
func (e *Error) Error() string {
	what := ""
	switch {
	case e.Constraint != "":
		what = ", constraint " + e.Constraint
	case e.Column != "":
		what = ", column " + e.Column
	}
	return fmt.Sprintf("table %s%s: %s", e.Table.Name, what, e.Reason)
}

// Rows returns how many rows a table gets, a partitioned one as a whole.
func (p *Plan) Rows(t *schema.Table) int64 {
	if x := p.tables[t.Root()]; x != nil {
		return int64(x.rows)
	}
	return 0
}

// table is what is known of one table.
type table struct {
	t       *schema.Table
	rows    uint64
	named   bool // its size was asked for
	cols    []column
	keys    []*foreign
	unique  []unique
	checks  []check
	elected []*elected
	slots   []slot
	bounds  []leaf // of a partitioned table
	dealt   []leaf // those that rows go to, in turn
	seed    uint64
	late    []Late
	placed  bool
	// virtual is a pool of values that columns of several tables take theirs from.
	virtual bool
	profile *ProfileTable // nil for none
	sized   bool          // its number of rows is the profile's
	room    uint64        // of a pool: the most that it may hold, 0 if not known
	limits  []*table      // no more rows are referenced than these have
}

// column says where a column's values come from.
type column struct {
	spec      spec
	set       set
	dealt     bool // each partition has values of its own
	src       *source
	parent    *table // of a foreign key: the value is that of the parent's row
	parentCol int
	within    int64 // the value is less than that behind after
	after     int   // the column that it must not be below, or -1
	skip      bool
	blank     bool // filled by a second pass
	needed    bool // others have its value
	value     *Value
	made      template // nil for none
	group     *group   // nil for none: the values are those of its own set
	nulls     uint64   // of a column in a group: as of a source
}

// foreign is a foreign key, with its columns of the logical tables.
type foreign struct {
	k             *schema.ForeignKey
	child, parent *table
	cols, pcols   []int
	src           *source
	taken         []int // columns that belong to another key
	how           How   // "" for one whose parent comes first
	share         *Share
	sizes         *sizes // the profile's, nil for none
}

// unique is columns that must not repeat together.
type unique struct {
	name        string
	cols        []int
	nullsDiffer bool // a row with a NULL differs from all others; false of a primary key, which has none
	predicate   *node
	key         bool
}

// check is tested for each row.
type check struct {
	name  string
	expr  *node
	after func(row, attempt uint64) bool // what it is for; nil for all
}

// New makes a plan. s is read only and must outlive the plan.
func New(s *schema.Schema, cfg Config) (*Plan, error) {
	p := &Plan{tables: map[*schema.Table]*table{}}
	b := &builder{plan: p, s: s, cfg: cfg}
	if b.cfg.Base == 0 {
		b.cfg.Base = 100
	}
	for _, step := range []func() error{b.collect, b.constraints, b.link, b.profile, b.shares, b.groups, b.partition, b.sort, b.size, b.finish} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}
