package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// object is what an owner or privileges belong to. kind and identity are those
// of pg_identify_object, which both ends spell alike.
type object struct{ kind, identity string }

// objectState is what is taken over of an object.
type objectState struct {
	owner   string
	space   string // the schema that it is in, quoted where it must be; "" for none
	builtin bool   // no privileges were ever given or taken away
	acl     []columnACL
}

// columnACL is a privilege on an object, or on one of its columns.
type columnACL struct {
	column string // "" for the object
	aclItem
}

// objectOwners lists the objects that have an owner, and are neither
// PostgreSQL's nor an extension's. An owned sequence follows its table.
const objectOwners = `
with members as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
), spaces as (
  select oid from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), objects(classid, objid, owner, acl) as (
  select 'pg_catalog.pg_namespace'::regclass::oid, n.oid, n.nspowner, n.nspacl
  from pg_catalog.pg_namespace n where n.oid in (select oid from spaces)
  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, c.relowner, c.relacl
  from pg_catalog.pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_type'::regclass, t.oid, t.typowner, t.typacl
  from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
  where t.typnamespace in (select oid from spaces) and (t.typrelid = 0 or c.relkind = 'c')
    and t.typtype in ('e', 'd', 'r', 'c', 'b') and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, p.proowner, p.proacl
  from pg_catalog.pg_proc p where p.pronamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_operator'::regclass, o.oid, o.oprowner, null
  from pg_catalog.pg_operator o where o.oprnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_opfamily'::regclass, o.oid, o.opfowner, null
  from pg_catalog.pg_opfamily o where o.opfnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_opclass'::regclass, o.oid, o.opcowner, null
  from pg_catalog.pg_opclass o where o.opcnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_collation'::regclass, c.oid, c.collowner, null
  from pg_catalog.pg_collation c where c.collnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_conversion'::regclass, c.oid, c.conowner, null
  from pg_catalog.pg_conversion c where c.connamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_ts_dict'::regclass, d.oid, d.dictowner, null
  from pg_catalog.pg_ts_dict d where d.dictnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_ts_config'::regclass, c.oid, c.cfgowner, null
  from pg_catalog.pg_ts_config c where c.cfgnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_statistic_ext'::regclass, s.oid, s.stxowner, null
  from pg_catalog.pg_statistic_ext s where s.stxnamespace in (select oid from spaces)
  union all
  select 'pg_catalog.pg_foreign_server'::regclass, s.oid, s.srvowner, s.srvacl from pg_catalog.pg_foreign_server s
  union all
  select 'pg_catalog.pg_foreign_data_wrapper'::regclass, w.oid, w.fdwowner, w.fdwacl from pg_catalog.pg_foreign_data_wrapper w
)
select i.type, i.identity, r.rolname, o.acl is null, e.grantee = 0, g.rolname, e.privilege_type, e.is_grantable, e.attname,
       o.classid = 'pg_catalog.pg_class'::regclass and exists (
         select from pg_catalog.pg_depend d
         where d.classid = o.classid and d.objid = o.objid and d.objsubid = 0 and d.deptype in ('a', 'i')
           and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0) as follows,
       i.schema
from objects o
join pg_catalog.pg_roles r on r.oid = o.owner
cross join lateral pg_catalog.pg_identify_object(o.classid, o.objid, 0) i
left join lateral (
  select a.grantee, a.privilege_type, a.is_grantable, null::name as attname from pg_catalog.aclexplode(o.acl) a
  union all
  select a.grantee, a.privilege_type, a.is_grantable, c.attname
  from pg_catalog.pg_attribute c cross join lateral pg_catalog.aclexplode(c.attacl) a
  where o.classid = 'pg_catalog.pg_class'::regclass and c.attrelid = o.objid and not c.attisdropped
) e on true
left join pg_catalog.pg_roles g on g.oid = e.grantee
where not exists (select from members m where m.classid = o.classid and m.objid = o.objid)
order by i.type <> 'schema', i.type, i.identity, e.attname nulls first, g.rolname nulls first, e.privilege_type`

// objectList is the objects of a database, in an order in which owners and
// privileges can be given: schemas first.
type objectList struct {
	order     []object
	states    map[object]*objectState
	follows   map[object]bool // its owner is that of the table it belongs to
	bootstrap string          // the superuser that the server was made with
}

func readObjects(ctx context.Context, conn *pgconn.PgConn) (*objectList, error) {
	rows, err := textsOf(ctx, conn, objectOwners)
	if err != nil {
		return nil, withMessage(err)
	}
	first, err := textsOf(ctx, conn, "select rolname from pg_catalog.pg_roles where oid = 10")
	if err != nil {
		return nil, withMessage(err)
	}
	l := &objectList{states: map[object]*objectState{}, follows: map[object]bool{}}
	if len(first) > 0 {
		l.bootstrap = first[0][0]
	}
	for _, r := range rows {
		o := object{r[0], r[1]}
		s := l.states[o]
		if s == nil {
			s = &objectState{owner: r[2], space: r[10], builtin: r[3] == "t"}
			l.states[o] = s
			l.order = append(l.order, o)
			l.follows[o] = r[9] == "t"
		}
		public := r[4] == "t"
		if r[6] == "" || !public && r[5] == "" { // none, or of a role that is gone
			continue
		}
		s.acl = append(s.acl, columnACL{r[8], aclItem{r[5], r[6], r[7] == "t"}})
	}
	return l, nil
}

// builtin reports whether a database has o from its template, under the owner
// that it has here: the schema public, before PostgreSQL 15.
func (l *objectList) builtin(o object) bool {
	return o == object{"schema", "public"} && l.bootstrap == l.states[o].owner
}

// templates reports whether o is the schema public with the owner that every new
// database gives it: from PostgreSQL 15 on pg_database_owner, whose only member
// is the database's owner.
func (l *objectList) templates(o object) bool {
	return l.builtin(o) || o == object{"schema", "public"} && l.states[o].owner == "pg_database_owner"
}

// owners returns the roles that own something, sorted.
func (l *objectList) owners() []string {
	set := map[string]bool{}
	for _, s := range l.states {
		set[s.owner] = true
	}
	var out []string
	for r := range set {
		out = append(out, r)
	}
	sort.Strings(out)
	return out
}

// alterKinds and grantKinds spell kinds of objects for ALTER and for GRANT,
// where that is not the kind itself; kinds without privileges are not in grantKinds.
var (
	alterKinds = map[string]string{
		"statistics object": "statistics", "foreign-data wrapper": "foreign data wrapper",
		"function": "routine", "procedure": "routine", "aggregate": "routine",
	}
	grantKinds = map[string]string{
		"schema": "schema", "table": "table", "view": "table", "materialized view": "table", "foreign table": "table",
		"sequence": "sequence", "type": "type", "function": "routine", "procedure": "routine", "aggregate": "routine",
		"server": "foreign server", "foreign-data wrapper": "foreign data wrapper",
	}
)

func (o object) alter() string {
	if k, ok := alterKinds[o.kind]; ok {
		return k
	}
	return o.kind
}

// giveAll spells the statements that give owner and privileges to the objects
// of the new database: those of the live one's object of the same name, or
// else owner and grants.
func giveAll(building, live *objectList, owner string, grants []Grant) []string {
	var out []string
	wanted := func(o object) *objectState {
		if live == nil {
			return nil
		}
		return live.states[o]
	}
	to := func(o object) string {
		if want := wanted(o); want != nil {
			return want.owner
		}
		if building.templates(o) {
			return building.states[o].owner
		}
		return owner
	}
	changes := func(o object) bool { return to(o) != building.states[o].owner && !building.follows[o] }
	alter := func(o object) {
		if changes(o) {
			out = append(out, fmt.Sprintf("alter %s %s owner to %s", o.alter(), o.identity, schema.QuoteIdent(to(o))))
		}
	}
	for _, o := range building.order {
		if o.kind == "schema" {
			alter(o)
		}
	}
	// An owner must be allowed to create things in the schema at the moment that
	// it becomes one.
	type guest struct{ space, role string }
	var guests []guest
	for _, o := range building.order {
		if s := building.states[o].space; s != "" && o.kind != "schema" && changes(o) && to(o) != to(object{"schema", s}) {
			guests = append(guests, guest{s, to(o)})
		}
	}
	slices.SortFunc(guests, func(a, b guest) int {
		return cmp.Or(strings.Compare(a.space, b.space), strings.Compare(a.role, b.role))
	})
	guests = slices.Compact(guests)
	for _, g := range guests {
		out = append(out, fmt.Sprintf("grant create on schema %s to %s", g.space, schema.QuoteIdent(g.role)))
	}
	for _, o := range building.order {
		if o.kind != "schema" {
			alter(o)
		}
	}
	for _, g := range guests {
		out = append(out, fmt.Sprintf("revoke create on schema %s from %s", g.space, schema.QuoteIdent(g.role)))
	}
	for _, o := range building.order {
		want := wanted(o)
		switch {
		case want == nil:
			out = giveNew(out, o, grants)
		case !want.builtin || len(want.acl) > 0:
			out = giveSame(out, o, want)
		}
	}
	return out
}

// giveSame gives o exactly the privileges of want.
func giveSame(out []string, o object, want *objectState) []string {
	kind := grantKinds[o.kind]
	if kind == "" {
		return out
	}
	if !want.builtin {
		out = append(out, fmt.Sprintf("revoke all on %s %s from public, %s", kind, o.identity, schema.QuoteIdent(want.owner)))
	}
	for _, a := range want.acl {
		column := ""
		if a.column != "" {
			column = " (" + schema.QuoteIdent(a.column) + ")"
		}
		out = append(out, fmt.Sprintf("grant %s%s on %s %s to %s%s", a.privilege, column, kind, o.identity, roleSQL(a.grantee), a.withOption()))
	}
	return out
}

// giveNew gives what the configuration says to an object that is new.
func giveNew(out []string, o object, grants []Grant) []string {
	for _, g := range grants {
		switch grantKinds[o.kind] {
		case "schema":
			out = append(out, fmt.Sprintf("grant usage on schema %s to %s", o.identity, roleSQL(g.Role)))
		case "table":
			out = append(out, fmt.Sprintf("grant %s on table %s to %s", strings.Join(g.Privileges, ", "), o.identity, roleSQL(g.Role)))
		case "sequence":
			if g.writes() {
				out = append(out, fmt.Sprintf("grant usage, select on sequence %s to %s", o.identity, roleSQL(g.Role)))
			}
		}
	}
	return out
}

func (g Grant) writes() bool {
	for _, p := range g.Privileges {
		switch strings.ToLower(strings.TrimSpace(p)) {
		case "insert", "update", "all", "all privileges":
			return true
		}
	}
	return false
}

// tablePrivileges are what a Grant may name.
var tablePrivileges = map[string]bool{
	"select": true, "insert": true, "update": true, "delete": true, "truncate": true, "references": true,
	"trigger": true, "all": true, "all privileges": true,
}

// defaultPrivileges spells the live database's ALTER DEFAULT PRIVILEGES, but
// those in schemas that the new database does not have; with inPlace only those in
// schemas.
func defaultPrivileges(ctx context.Context, conn *pgconn.PgConn, building *objectList, inPlace bool) ([]string, error) {
	rows, err := textsOf(ctx, conn, `
select r.rolname, n.nspname, d.defaclobjtype, a.grantee = 0, g.rolname, a.privilege_type, a.is_grantable, d.oid,
       pg_catalog.quote_ident(n.nspname)
from pg_catalog.pg_default_acl d
join pg_catalog.pg_roles r on r.oid = d.defaclrole
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
left join lateral pg_catalog.aclexplode(d.defaclacl) a on true
left join pg_catalog.pg_roles g on g.oid = a.grantee
order by d.oid, 4 desc, 5, 6`)
	if err != nil {
		return nil, withMessage(err)
	}
	kinds := map[string]string{"r": "tables", "S": "sequences", "f": "routines", "T": "types", "n": "schemas", "L": "large objects"}
	var out []string
	last := ""
	for _, r := range rows {
		if inPlace && r[1] == "" {
			continue
		}
		head := "alter default privileges for role " + schema.QuoteIdent(r[0])
		if r[1] != "" {
			if building.states[object{"schema", r[8]}] == nil {
				continue
			}
			head += " in schema " + schema.QuoteIdent(r[1])
		}
		kind := kinds[r[2]]
		if kind == "" {
			return nil, fmt.Errorf("default privileges of an unknown kind of object, %q", r[2])
		}
		// A list for the whole database replaces the built-in defaults.
		if r[7] != last && r[1] == "" {
			out = append(out, fmt.Sprintf("%s revoke all on %s from public, %s", head, kind, schema.QuoteIdent(r[0])))
		}
		last = r[7]
		if r[5] == "" || r[3] != "t" && r[4] == "" {
			continue
		}
		out = append(out, fmt.Sprintf("%s grant %s on %s to %s%s", head, r[5], kind, roleSQL(r[4]), aclItem{option: r[6] == "t"}.withOption()))
	}
	return out, nil
}
