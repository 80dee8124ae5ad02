package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/schema"
)

// Part is an object of an archive that comes after the data.
type Part struct {
	ID    int    // in the archive; above 0
	Needs []int  // IDs of what it depends on, Parts or not
	Kind  string // as archives name it: "INDEX", "FK CONSTRAINT"
	Name  string // for messages
	SQL   string // statements, with a semicolon between them
	// Tables are those that it is about: its own and, of a foreign key, then the one
	// that it references.
	Tables []schema.Name
	// Split, if not nil, is taken in place of the first statement of SQL; by BuildParts
	// where all of Tables are plain.
	Split *Split
}

// Split are two statements that make a key under weaker locks than one does: an index
// and then the key of it, or a foreign key that is not valid yet and then its
// validation.
type Split struct {
	Key         string // its name
	First, Then string
	NoIndex     bool // of a foreign key: it is known that no index has its columns
}

// SplitForeign is the Split of a foreign key of table that the statement add, without
// its semicolon, is to add.
func SplitForeign(table schema.Name, key, add string) *Split {
	return &Split{Key: key, First: add + " not valid", Then: "alter table only " + table.SQL() + " validate constraint " + schema.QuoteIdent(key)}
}

// SplitUnique is the Split of a key of table, of kind "primary key" or "unique", whose
// index, of its name, the statement index is to build.
func SplitUnique(table schema.Name, key, kind, index string, deferrable, deferred bool) *Split {
	name := schema.QuoteIdent(key)
	then := "alter table only " + table.SQL() + " add constraint " + name + " " + kind + " using index " + name
	if deferrable {
		then += " deferrable"
	}
	if deferred {
		then += " initially deferred"
	}
	return &Split{Key: key, First: index, Then: then}
}

// BuildParts is Build for a schema that came from elsewhere than PreData: the tables
// are there, the parts are all that comes after their rows. They are in an order in
// which each could be made after those before it.
func (t *Target) BuildParts(ctx context.Context, cfg BuildConfig, list []Part, load func(ctx context.Context, ready func(schema.Name)) error) error {
	if !t.created {
		return errors.New("target: constraints: the schema has not been made")
	}
	conn, err := t.Connect(ctx)
	if err != nil {
		return err
	}
	l, err := readLayout(ctx, conn)
	t.Disconnect(ctx, conn)
	if err != nil {
		return fmt.Errorf("target: constraints: %w", err)
	}
	parts := slices.Clone(list)
	for i, p := range parts {
		if slices.ContainsFunc(p.Tables, func(n schema.Name) bool { return !l.plain[n] }) {
			parts[i].Split = nil
		}
	}
	return t.buildParts(ctx, cfg, &l, parts, load)
}

// references returns the table that a foreign key references; of any other part none.
func (p *Part) references() schema.Name {
	if p.Kind != "FK CONSTRAINT" || len(p.Tables) == 0 {
		return schema.Name{}
	}
	return p.Tables[min(1, len(p.Tables)-1)] // of one table, if it references itself
}
