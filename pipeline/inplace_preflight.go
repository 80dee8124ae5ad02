package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// schemasInUse lists schemas of users, with the extensions that live there, and
// whether anything else does.
const schemasInUse = `
with members as (
  select classid, objid, refobjid as ext from pg_catalog.pg_depend
  where deptype = 'e' and refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
), objects(classid, oid, nsp) as (
  select 'pg_catalog.pg_class'::pg_catalog.regclass::oid, oid, relnamespace from pg_catalog.pg_class where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, oid, pronamespace from pg_catalog.pg_proc
  union all select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, typnamespace from pg_catalog.pg_type t
            where typrelid = 0 and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
  union all select 'pg_catalog.pg_operator'::pg_catalog.regclass, oid, oprnamespace from pg_catalog.pg_operator
  union all select 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, opcnamespace from pg_catalog.pg_opclass
  union all select 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid, opfnamespace from pg_catalog.pg_opfamily
  union all select 'pg_catalog.pg_collation'::pg_catalog.regclass, oid, collnamespace from pg_catalog.pg_collation
  union all select 'pg_catalog.pg_conversion'::pg_catalog.regclass, oid, connamespace from pg_catalog.pg_conversion
  union all select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid, cfgnamespace from pg_catalog.pg_ts_config
  union all select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid, dictnamespace from pg_catalog.pg_ts_dict
)
select n.nspname,
  (select pg_catalog.string_agg(e.extname, ', ' order by e.extname) from pg_catalog.pg_extension e
   where e.extnamespace = n.oid or exists (select from objects o join members m on m.classid = o.classid and m.objid = o.oid
                                           where o.nsp = n.oid and m.ext = e.oid)),
  (select count(*) from objects o where o.nsp = n.oid
     and not exists (select from members m where m.classid = o.classid and m.objid = o.oid)),
  (select count(*) from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p')
     and not exists (select from members m where m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and m.objid = c.oid)),
  pg_catalog.quote_ident(n.nspname)
from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from members m where m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and m.objid = n.oid)
order by 1`

// schemaUse is a line of schemasInUse.
type schemaUse struct {
	name, extensions string
	own, tables      bool // it holds objects, or tables, that are no extension's
}

func schemaUses(ctx context.Context, conn *pgconn.PgConn) ([]schemaUse, error) {
	rows, err := textsOf(ctx, conn, schemasInUse)
	if err != nil {
		return nil, withMessage(err)
	}
	out := make([]schemaUse, len(rows))
	for i, r := range rows {
		out[i] = schemaUse{r[0], r[1], r[2] != "0", r[3] != "0"}
	}
	return out, nil
}

// swappable returns the schemas of the source that a run in place swaps: not those
// of an extension alone, and not public if nothing is in it at either end.
func swappable(uses, there []schemaUse) []schemaUse {
	return slices.DeleteFunc(uses, func(u schemaUse) bool {
		return !u.own && (u.extensions != "" || u.name == "public" && !slices.ContainsFunc(there, func(l schemaUse) bool { return l.name == "public" && l.own }))
	})
}

// outsiders lists what depends on things in the schemas $1 and does not go along
// when they are swapped.
const outsiders = `
with spaces as (
  select oid from pg_catalog.pg_namespace where nspname = any ($1::text[])
), inside(classid, objid) as (
  select 'pg_catalog.pg_class'::pg_catalog.regclass::oid, oid from pg_catalog.pg_class where relnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_proc'::pg_catalog.regclass, oid from pg_catalog.pg_proc where pronamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_type'::pg_catalog.regclass, oid from pg_catalog.pg_type where typnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_operator'::pg_catalog.regclass, oid from pg_catalog.pg_operator where oprnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid from pg_catalog.pg_opclass where opcnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid from pg_catalog.pg_opfamily where opfnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_collation'::pg_catalog.regclass, oid from pg_catalog.pg_collation where collnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_conversion'::pg_catalog.regclass, oid from pg_catalog.pg_conversion where connamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid from pg_catalog.pg_ts_config where cfgnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid from pg_catalog.pg_ts_dict where dictnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, oid from pg_catalog.pg_ts_parser where prsnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_ts_template'::pg_catalog.regclass, oid from pg_catalog.pg_ts_template where tmplnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid from pg_catalog.pg_statistic_ext where stxnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid from pg_catalog.pg_constraint where connamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid where c.relnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid from pg_catalog.pg_rewrite w join pg_catalog.pg_class c on c.oid = w.ev_class where c.relnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid where c.relnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid from pg_catalog.pg_attrdef a join pg_catalog.pg_class c on c.oid = a.adrelid where c.relnamespace in (select oid from spaces)
  union all select 'pg_catalog.pg_namespace'::pg_catalog.regclass, oid from spaces
)
select distinct i.type || ' ' || i.identity
from pg_catalog.pg_depend d
join inside x on x.classid = d.refclassid and x.objid = d.refobjid
cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
where d.deptype in ('n', 'a') and not exists (select from inside y where y.classid = d.classid and y.objid = d.objid)
  and d.classid <> all (array['pg_catalog.pg_cast', 'pg_catalog.pg_transform', 'pg_catalog.pg_default_acl', 'pg_catalog.pg_amop',
      'pg_catalog.pg_amproc']::pg_catalog.regclass[]::oid[])
  and not exists (select from pg_catalog.pg_class t where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and t.oid = d.objid and t.relnamespace = 'pg_toast'::pg_catalog.regnamespace)
order by 1`

// databaseWide lists what pg_dump would make that is in no schema, and so cannot be
// there twice.
const databaseWide = `
with members as (select classid, objid from pg_catalog.pg_depend where deptype = 'e')
select kind || ' ' || pg_catalog.quote_ident(name) from (
  select 'language', lanname, 'pg_catalog.pg_language'::pg_catalog.regclass::oid, oid from pg_catalog.pg_language
  union all select 'foreign-data wrapper', fdwname, 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid from pg_catalog.pg_foreign_data_wrapper
  union all select 'access method', amname, 'pg_catalog.pg_am'::pg_catalog.regclass, oid from pg_catalog.pg_am
  union all select 'cast between types of the system,', pg_catalog.format_type(castsource, null) || ' as ' || pg_catalog.format_type(casttarget, null),
    'pg_catalog.pg_cast'::pg_catalog.regclass, oid from pg_catalog.pg_cast where castsource < 16384 and casttarget < 16384
) x(kind, name, classid, oid)
where oid >= 16384 and not exists (select from members m where m.classid = x.classid and m.objid = x.oid)
order by 1`

// namesSchemas is a condition on a function p: its text, not yet parsed, names one
// of the schemas $1.
const namesSchemas = `p.prolang in (select l.oid from pg_catalog.pg_language l where l.lanname not in ('c', 'internal'))
  and pg_catalog.to_jsonb(p)->>'prosqlbody' is null
  and exists (select from unnest($1::text[]) s(name)
              where p.prosrc ~* ('\m' || pg_catalog.regexp_replace(s.name, '([^[:alnum:]_])', '\\\1', 'g') || '"?\s*\.')
                 or pg_catalog.array_to_string(p.proconfig, ' ') ~* ('search_path=.*\m' || pg_catalog.regexp_replace(s.name, '([^[:alnum:]_])', '\\\1', 'g') || '\M'))`

// lateTables lists tables with their trees' tops; see inPlace.
const lateTables = `
select distinct n.nspname, c.relname, tn.nspname, top.relname
from pg_catalog.pg_depend d
join pg_catalog.pg_proc p on p.oid = d.refobjid
left join pg_catalog.pg_index i on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.indexrelid = d.objid
left join pg_catalog.pg_statistic_ext e on d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass and e.oid = d.objid
join pg_catalog.pg_class c on c.oid = coalesce(i.indrelid, e.stxrelid)
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class top on top.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
join pg_catalog.pg_namespace tn on tn.oid = top.relnamespace
where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and ` + namesSchemas

// loadedBy lists functions that run for rows that are loaded, and whose text names
// a schema of $1: they would find the live one by that name.
const loadedBy = `
select distinct f.identity, i.type || ' ' || i.identity
from pg_catalog.pg_depend d
join pg_catalog.pg_proc p on p.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
cross join lateral pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0) f
cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
where d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and n.nspname !~ '^pg_'
  and (exists (select from pg_catalog.pg_constraint k where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and k.oid = d.objid and k.contype = 'c')
    or exists (select from pg_catalog.pg_attrdef b join pg_catalog.pg_attribute a on a.attrelid = b.adrelid and a.attnum = b.adnum
               where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and b.oid = d.objid and a.attgenerated <> '')
    or exists (select from pg_catalog.pg_class c where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.oid = d.objid and c.relkind = 'p'))
  and ` + namesSchemas + `
order by 1`

// extensionSpaces lists schemas but $1 in which extensions are.
const extensionSpaces = `
select n.nspname from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> all ($1::text[]) and exists (select from pg_catalog.pg_extension e where e.extnamespace = n.oid)`

// usedSpaces is which of them hold what something needs that is no extension's, nor a
// part of such: a view's rule, an operator of a family.
const usedSpaces = `
  and exists (
    select from pg_catalog.pg_depend d cross join lateral pg_catalog.pg_identify_object(d.refclassid, d.refobjid, 0) o
    where d.deptype in ('n', 'a') and d.refobjid >= 16384 and o.schema = pg_catalog.quote_ident(n.nspname)
      and not exists (select from pg_catalog.pg_depend m where m.classid = d.classid and m.objid = d.objid
                      and (m.deptype = 'e' or m.deptype in ('i', 'a')
                           and exists (select from pg_catalog.pg_depend o where o.deptype = 'e' and o.classid = m.refclassid and o.objid = m.refobjid))))`

// shadows looks for what keeps a run in place from being done, and settles which
// schemas it is about.
func (p *preflight) shadows(ctx context.Context) error {
	t := p.t
	if p.live == nil {
		p.add(fmt.Sprintf("there is no database %s to refresh in place", schema.QuoteIdent(t.name)), "create it, or leave --in-place out")
		return nil
	}
	uses, err := schemaUses(ctx, p.src.leader)
	if err != nil {
		return err
	}
	conn, err := t.connectLive(ctx)
	if err != nil {
		p.add(fmt.Sprintf("the live target cannot be read: %v", err), "its schemas have to be read, to be replaced")
		return nil
	}
	defer closeConn(ctx, conn)
	there, err := schemaUses(ctx, conn)
	if err != nil {
		return err
	}
	now, err := spaces(ctx, conn)
	if err != nil {
		return err
	}
	uses = swappable(uses, there)
	t.inplace.schemas, t.inplace.seen = nil, map[string]uint32{}
	for _, u := range uses {
		t.inplace.schemas = append(t.inplace.schemas, u.name)
		if u.extensions != "" {
			p.add(fmt.Sprintf("in place, schema %s of the source cannot be swapped: extension %s lives in it, and a database has an extension once", schema.QuoteIdent(u.name), u.extensions),
				"move it into a schema of its own at both ends: create schema ext; alter extension … set schema ext; where the target does not have it: create extension … schema ext")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		s := now[name]
		if by, of := putAside(s.comment); by != "" && name == previousSpace(of) && isProtected(s.comment) {
			p.add("schema "+schema.QuoteIdent(name)+" is protected by its comment", protectedRemedy)
		}
		if slices.Contains(t.inplace.schemas, name) || swappedIn(s.comment) {
			t.inplace.seen[name] = s.oid
			p.space(s, now, there)
		}
	}
	if err := p.shared(ctx, conn); err != nil {
		return err
	}
	return p.sharedOwners(ctx, conn)
}

// swappedIn reports whether a schema with that comment was made by a run in place
// that has ended, or brought back by a rollback.
func swappedIn(comment string) bool {
	return slices.ContainsFunc(strings.Split(comment, "\n"), func(line string) bool {
		return strings.HasPrefix(line, markRun) || strings.HasPrefix(line, markRollback)
	})
}

// space looks at a live schema that is to be replaced.
func (p *preflight) space(s *space, now map[string]*space, there []schemaUse) {
	quoted, role := schema.QuoteIdent(s.name), schema.QuoteIdent(p.t.info.Role)
	owned := []*space{s}
	if prev := now[previousSpace(s.name)]; prev != nil {
		owned = append(owned, prev)
		if by, _ := putAside(prev.comment); by == "" {
			p.add(notOursSpace(prev.name), "")
		}
	}
	if isProtected(s.comment) {
		p.add("schema "+quoted+" is protected by its comment", protectedRemedy)
	}
	for _, o := range owned {
		if !o.owned && !p.superuser {
			p.add(fmt.Sprintf("role %s does not own schema %s", role, schema.QuoteIdent(o.name)), fmt.Sprintf("alter schema %s owner to %s, or grant its owner to that role", schema.QuoteIdent(o.name), role))
		}
	}
	for _, u := range there {
		if u.name != s.name {
			continue
		}
		if u.extensions != "" {
			p.add(fmt.Sprintf("in place, schema %s of the target cannot be swapped: extension %s lives in it", quoted, u.extensions), "move it into a schema of its own: alter extension … set schema …")
		}
		if u.tables && !swappedIn(s.comment) && !hasMark(p.live.comment) && !p.t.cfg.Adopt {
			p.add(fmt.Sprintf("schema %s of %s holds tables and was not made by pgstandin", quoted, schema.QuoteIdent(p.t.name)), "if it may be replaced, say so once with --adopt")
		}
	}
}

// shared looks at what the new schemas share with the rest of the database.
func (p *preflight) shared(ctx context.Context, conn *pgconn.PgConn) error {
	t := p.t
	row, err := oneOf(ctx, conn, `
select pg_catalog.pg_encoding_to_char(encoding), pg_catalog.has_database_privilege(oid, 'create')
from pg_catalog.pg_database where datname = pg_catalog.current_database()`)
	if err != nil {
		return err
	}
	if row[0] != p.src.info.Encoding {
		p.add(fmt.Sprintf("in place, the encodings must be the same: the source's is %s, that of %s is %s", p.src.info.Encoding, schema.QuoteIdent(t.name), row[0]), "")
	}
	if row[1] != "t" {
		p.add(fmt.Sprintf("role %s may not create schemas in %s", schema.QuoteIdent(t.info.Role), schema.QuoteIdent(t.name)),
			fmt.Sprintf("grant create on database %s to %s", schema.QuoteIdent(t.name), schema.QuoteIdent(t.info.Role)))
	}
	if err := p.sharedExtensions(ctx, conn); err != nil {
		return err
	}
	list := textArray(slices.Sorted(maps.Keys(t.inplace.seen)))
	for _, q := range []struct {
		on             *pgconn.PgConn
		sql            string
		args           []string
		format, remedy string
	}{
		{conn, outsiders, []string{list}, "in place, %s is not swapped, but depends on what is; it would keep the old one", "drop it, or move it into one of the schemas, at the source too"},
		{p.src.leader, databaseWide, nil, "in place, %s of the source cannot be made: it is in no schema", "leave --in-place out"},
	} {
		rows, err := textsOf(ctx, q.on, q.sql, q.args...)
		if err != nil {
			return err
		}
		for _, r := range rows {
			p.add(fmt.Sprintf(q.format, r[0]), q.remedy)
		}
	}
	rows, err := textsOf(ctx, p.src.leader, loadedBy, textArray(t.inplace.schemas))
	if err != nil {
		return err
	}
	for _, r := range rows {
		p.add(fmt.Sprintf("in place, function %s cannot be used by %s: it names a schema that is swapped, and would look at the live one while rows are loaded", r[0], r[1]),
			"write its body with begin atomic, or leave --in-place out")
	}
	return nil
}

// sharedExtensions looks for the source's extensions.
func (p *preflight) sharedExtensions(ctx context.Context, conn *pgconn.PgConn) error {
	const list = "select e.extname, n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by 1"
	want, err := textsOf(ctx, p.src.leader, list)
	if err != nil {
		return err
	}
	have, err := textsOf(ctx, conn, list)
	if err != nil {
		return err
	}
	if err := p.sharedSpaces(ctx, conn); err != nil {
		return err
	}
	for _, w := range want {
		if slices.Contains(p.t.inplace.schemas, w[1]) { // it has to be moved, at both ends
			continue
		}
		if !slices.ContainsFunc(have, func(h []string) bool { return slices.Equal(h, w) }) {
			p.add(fmt.Sprintf("in place, extension %s must be in %s, in a schema %s, as it is in the source", schema.QuoteIdent(w[0]), schema.QuoteIdent(p.t.name), schema.QuoteIdent(w[1])),
				fmt.Sprintf("create schema if not exists %s; create extension %s schema %[1]s", schema.QuoteIdent(w[1]), schema.QuoteIdent(w[0])))
		}
	}
	return nil
}

// sharedSpaces looks whether the role may use the schemas from which extensions serve.
func (p *preflight) sharedSpaces(ctx context.Context, conn *pgconn.PgConn) error {
	used, err := textsOf(ctx, p.src.leader, extensionSpaces+usedSpaces, textArray(p.t.inplace.schemas))
	if err != nil {
		return err
	}
	rows, err := textsOf(ctx, conn, "select nspname from pg_catalog.pg_namespace where nspname = any ($1::text[]) and not pg_catalog.has_schema_privilege(oid, 'usage') order by 1",
		textArray(column(used)))
	if err != nil {
		return err
	}
	for _, r := range rows {
		space, role := schema.QuoteIdent(r[0]), schema.QuoteIdent(p.t.info.Role)
		p.add(fmt.Sprintf("role %s may not use schema %s of %s, in which what extensions have for the new tables is looked up", role, space, schema.QuoteIdent(p.t.name)),
			fmt.Sprintf("grant usage on schema %s to %s", space, role))
	}
	return nil
}

// sharedOwners looks whether what is swapped in can be given to its owners.
func (p *preflight) sharedOwners(ctx context.Context, conn *pgconn.PgConn) error {
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return err
	}
	objects.only(p.t.inplace.schemas)
	made, err := readObjects(ctx, p.src.leader)
	if err != nil {
		return err
	}
	return p.givable(ctx, conn, objects, made)
}

// inPlaceRole checks what the role may do for a run in place.
func (p *preflight) inPlaceRole(ctx context.Context) error {
	if p.live == nil {
		return p.roleExists(ctx)
	}
	t := p.t
	if isProtected(p.live.comment) {
		p.add(protectedText(t.name), protectedRemedy)
	}
	if !p.live.mayBecome && !p.superuser && t.cfg.Owner == "" {
		p.add(fmt.Sprintf("role %s may not give new objects to %s, the owner of %s", schema.QuoteIdent(t.info.Role), schema.QuoteIdent(p.live.owner), schema.QuoteIdent(t.name)),
			p.live.ownership(t.info.Role)+", or name another owner in the rules, under target")
	}
	return p.roleExists(ctx)
}

// spaceList names schemas in messages.
func spaceList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = schema.QuoteIdent(n)
	}
	return strings.Join(quoted, ", ")
}
