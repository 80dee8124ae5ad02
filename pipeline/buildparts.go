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
	// Split, if not nil, is taken in place of the first statement of SQL where all of
	// Tables are plain.
	Split *Split
}

// Split are two statements that make a key under weaker locks than one does: an index
// and then the key of it, or a foreign key that is not valid yet and then its
// validation.
type Split struct {
	Key         string // its name
	First, Then string
}

// SplitForeign is the Split of a foreign key of table that the statement add, without
// its semicolon, is to add.
func SplitForeign(table schema.Name, key, add string) *Split {
	return &Split{key, add + " not valid", "alter table only " + table.SQL() + " validate constraint " + schema.QuoteIdent(key)}
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
	return &Split{key, index, then}
}

// BuildParts is Build for a schema that came from elsewhere than PreData: the tables
// are there, the parts are all that comes after their rows. They are in an order in
// which each could be made after those before it.
func (t *Target) BuildParts(ctx context.Context, cfg BuildConfig, list []Part, load func(ctx context.Context, ready func(schema.Name)) error) error {
	if !t.created {
		return errors.New("target: constraints: the schema has not been made")
	}
	post, plain, err := t.placeTables(ctx)
	if err != nil {
		return fmt.Errorf("target: constraints: %w", plainly(err))
	}
	parts := make([]part, len(list))
	for i, p := range list {
		// Objects have no OID yet: their number in the archive stands for it.
		parts[i] = part{id: p.ID, needs: p.Needs, kind: p.Kind, name: p.Name, sql: p.SQL, object: uint32(p.ID)}
		if len(p.Tables) == 0 {
			continue
		}
		at := placement{table: post.top(p.Tables[0]), plain: plain[p.Tables[0]]}
		if p.Kind == "FK CONSTRAINT" { // of one table, if it references itself
			at.ref = post.top(p.Tables[min(1, len(p.Tables)-1)])
		}
		if p.Split != nil && !slices.ContainsFunc(p.Tables, func(n schema.Name) bool { return !plain[n] }) {
			at.split, at.then = p.Split.First, p.Split.Then
			if at.ref != (schema.Name{}) {
				at.valid = constraint{p.Tables[0], p.Split.Key}
			}
		}
		post.places[objectKey{0, uint32(p.ID)}] = at
	}
	return t.buildParts(ctx, cfg, post, parts, load)
}

// tablesMade lists the tables of the new database.
const tablesMade = `
select n.nspname, c.relname, c.relkind, c.relispartition
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

// placeTables is place for what has been made in the new database: its trees of
// partitions and its tables, and which of these are plain.
func (t *Target) placeTables(ctx context.Context) (*postData, map[schema.Name]bool, error) {
	conn, err := t.Connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer t.Disconnect(ctx, conn)
	p := &postData{places: map[objectKey]placement{}, trees: map[schema.Name]schema.Name{}}
	rows, err := textsOf(ctx, conn, partitionTops)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		p.trees[schema.Name{Schema: r[0], Name: r[1]}] = schema.Name{Schema: r[2], Name: r[3]}
	}
	if rows, err = textsOf(ctx, conn, tablesMade); err != nil {
		return nil, nil, err
	}
	plain := map[schema.Name]bool{}
	for _, r := range rows {
		table := schema.Name{Schema: r[0], Name: r[1]}
		plain[table] = r[2] == "r" && r[3] == "f"
		if r[3] == "f" {
			p.tables = append(p.tables, table)
		}
	}
	return p, plain, nil
}
