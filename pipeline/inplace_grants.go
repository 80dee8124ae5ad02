package pipeline

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// onlySwapped drops from the objects of the live database, which conn is on, those
// that a run in place does not replace, and returns the schemas from which extensions
// serve. Without a source both is about all that no extension has to do with.
func (t *Target) onlySwapped(ctx context.Context, conn *pgconn.PgConn, src *Source, objects *objectList) ([]string, error) {
	there, err := schemaUses(ctx, conn)
	if err != nil {
		return nil, err
	}
	uses := slices.Clone(there)
	if src != nil {
		if uses, err = schemaUses(ctx, src.leader); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, u := range swappable(uses, there) {
		names = append(names, u.name)
	}
	objects.only(names)
	if src == nil {
		spaces, err := textsOf(ctx, conn, extensionSpaces+" order by 1", textArray(names))
		return column(spaces), err
	}
	spaces, err := textsOf(ctx, src.leader, extensionSpaces+usedSpaces+" order by 1", textArray(names))
	return column(spaces), err
}

// grantsInPlace completes what Grants prints for a run in place: outside is run
// anywhere on the server, inside in the live database.
func (t *Target) grantsInPlace(role string, outside, inside GrantScript, n needs) []GrantScript {
	quoted, name := schema.QuoteIdent(role), schema.QuoteIdent(t.name)
	if t.cfg.Owner != "" {
		outside.add("to build schemas in it", "grant connect, create on database %s to %s", name, quoted)
	} else if len(n.databases) > 0 { // who acts as the owner may create schemas
		if owner := n.databases[0].owner; n.superusers[owner] {
			outside.add("new objects go to the database's owner, and not to a superuser; or name an owner in the rules, under target", "alter database %s owner to %s", name, quoted)
		} else {
			n.owners[owner] = true
		}
	}
	for _, owner := range sortedKeys(n.owners) {
		if owner != role && !n.superusers[owner] {
			outside.add("to rename the schemas, and to give what is new the owners of what it replaces", "grant %s to %s", schema.QuoteIdent(owner), quoted)
		}
	}
	for _, o := range n.objects {
		inside.add("a superuser's objects can be renamed and given away by superusers only", "alter %s %s owner to %s", o.alter(), o.identity, quoted)
	}
	for _, name := range n.spaces {
		inside.add("what extensions have for the new tables is looked up there", "grant usage on schema %s to %s", schema.QuoteIdent(name), quoted)
	}
	if len(inside.Grants) > 0 {
		return []GrantScript{outside, inside}
	}
	return []GrantScript{outside}
}
