package pipeline

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// inside looks into the live database: whether it is ours to replace, and
// whether we can give its objects' owners to the new ones.
func (p *preflight) inside(ctx context.Context) error {
	t := p.t
	conn, err := t.connectLive(ctx)
	if err != nil {
		p.add(fmt.Sprintf("the live target cannot be read: %v", err), "its owners and grants have to be read, to be taken over")
		return nil
	}
	defer closeConn(ctx, conn)
	foreign, err := t.foreign(ctx, conn, p.live)
	if err != nil {
		return err
	}
	p.problems = append(p.problems, foreign...)
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return err
	}
	// Only what the new database will have too is given away.
	made := objects
	if p.src != nil {
		if made, err = readObjects(ctx, p.src.leader); err != nil {
			return err
		}
	}
	return p.givable(ctx, conn, objects, made)
}

// givable looks for default privileges that cannot be set again, and for owners of
// objects that the new ones of the same name, those in made, cannot be given to.
func (p *preflight) givable(ctx context.Context, conn *pgconn.PgConn, objects, made *objectList) error {
	t := p.t
	if err := p.settable(ctx, conn, made); err != nil {
		return err
	}
	for o := range objects.states {
		if made.states[o] == nil || objects.builtin(o) {
			delete(objects.states, o)
		}
	}
	rows, err := textsOf(ctx, conn, "select rolname, rolsuper from pg_catalog.pg_roles where rolname = any ($1::text[]) and not pg_catalog.pg_has_role(oid, "+becomes(t.info)+") order by 1",
		textArray(objects.owners()))
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r[0] == "pg_database_owner" { // the database's owner is it
			continue
		}
		p.add(fmt.Sprintf("objects in %s belong to role %s, and %s may not give it theirs in the new database", schema.QuoteIdent(t.name), schema.QuoteIdent(r[0]), schema.QuoteIdent(t.info.Role)),
			membership(r[0], r[1] == "t", t.info.Role, "give them to another; pgstandin grants prints the statements"))
	}
	return nil
}

// settable looks for roles whose default privileges we may not set for the schemas in made.
func (p *preflight) settable(ctx context.Context, conn *pgconn.PgConn, made *objectList) error {
	t := p.t
	needs, with := "'usage'", " with inherit true" // inherited privileges: PostgreSQL asks for them since 16
	if t.info.Major() < 16 {
		needs, with = "'member'", ""
	}
	rows, err := textsOf(ctx, conn, `
select r.rolname, r.rolsuper, pg_catalog.quote_ident(n.nspname)
from pg_catalog.pg_default_acl d join pg_catalog.pg_roles r on r.oid = d.defaclrole
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
where not pg_catalog.pg_has_role(r.oid, `+needs+`) order by 1`)
	if err != nil {
		return err
	}
	last := ""
	for _, r := range rows {
		wanted := t.inplace == nil // those of the whole database stay where the run is in place
		if r[2] != "" {
			wanted = made.states[object{"schema", r[2]}] != nil
		}
		if !wanted || r[0] == last {
			continue
		}
		last = r[0]
		role, super := schema.QuoteIdent(r[0]), r[1] == "t"
		remedy := membership(r[0], super, t.info.Role,
			"take them away (alter default privileges for role "+role+" revoke …; \\ddp in psql lists them), or refresh as a superuser")
		if !super {
			remedy += with
		}
		p.add(fmt.Sprintf("role %s has default privileges in %s, and %s may not set them in the new database", role, schema.QuoteIdent(t.name), schema.QuoteIdent(t.info.Role)), remedy)
	}
	return nil
}

// membership is what lets role give things to owner, unless that is a superuser, of
// which nobody is made a member: then it is the other way.
func membership(owner string, super bool, role, other string) string {
	if super {
		return other
	}
	return fmt.Sprintf("grant %s to %s", schema.QuoteIdent(owner), schema.QuoteIdent(role))
}
