package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// GrantScript is the SQL that gives a role what a run needs in one database.
type GrantScript struct {
	End      string // "source" or "target"
	Database string
	Grants   []GrantStatement
}

// GrantStatement is one statement, without its semicolon, and what it is for.
type GrantStatement struct {
	SQL string
	Why string
}

func (g *GrantScript) add(why, form string, args ...any) {
	g.Grants = append(g.Grants, GrantStatement{fmt.Sprintf(form, args...), why})
}

// String is the script as psql takes it.
func (g *GrantScript) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s\n\\connect %s\n", g.End, connectName(g.Database))
	why := ""
	for _, s := range g.Grants {
		if s.Why != why {
			fmt.Fprintf(&b, "-- %s\n", s.Why)
		}
		why = s.Why
		b.WriteString(s.SQL + ";\n")
	}
	return b.String()
}

// connectName quotes a database for psql's \connect, which would take a name
// with = or :// for a connection string.
func connectName(name string) string {
	if strings.Contains(name, "=") || strings.Contains(name, "://") {
		value := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name)
		return `-reuse-previous=on ` + schema.QuoteIdent("dbname='"+value+"'")
	}
	return schema.QuoteIdent(name)
}

// GrantsConfig says what the role of the source is to read, beside what
// the catalog tells.
type GrantsConfig struct {
	Tables, Sequences []schema.Name
	// Functions are those that the rules' expressions may call.
	Functions []schema.Name
}

// Grants spells what role needs to be the source's role of every command, and no
// more: also what it has already. It reads the catalog only.
func (s *Source) Grants(ctx context.Context, role string, cfg GrantsConfig) (GrantScript, error) {
	g := GrantScript{End: "source", Database: s.info.Database}
	quoted := schema.QuoteIdent(role)
	exists, err := textsOf(ctx, s.leader, "select 1 from pg_catalog.pg_roles where rolname = $1", role)
	if err != nil {
		return g, fmt.Errorf("source: grants: %w", withMessage(err))
	}
	if len(exists) == 0 {
		g.add("set its password too", "create role %s login", quoted)
	}
	g.add("to read, and nothing else", "grant connect on database %s to %s", schema.QuoteIdent(s.info.Database), quoted)
	spaces, err := s.spaces(ctx, cfg)
	if err != nil {
		return g, fmt.Errorf("source: grants: %w", withMessage(err))
	}
	const reads = "the schema is dumped under locks on its tables, which SELECT allows"
	for _, name := range spaces {
		g.add(reads, "grant usage on schema %s to %s", schema.QuoteIdent(name), quoted)
	}
	for _, t := range cfg.Tables {
		g.add(reads, "grant select on table %s to %s", t.SQL(), quoted)
	}
	for _, q := range cfg.Sequences {
		g.add("sequences go on where they stand", "grant select on sequence %s to %s", q.SQL(), quoted)
	}
	schemas, names := split(cfg.Functions)
	rows, err := textsOf(ctx, s.leader, `
select p.oid::pg_catalog.regprocedure
from unnest($1::text[], $2::text[]) as f(s, r)
join pg_catalog.pg_namespace n on n.nspname = f.s
join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = f.r
where not exists (select from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
                  where a.grantee = 0 and a.privilege_type = 'EXECUTE')
order by 1::text collate "C"`, textArray(schemas), textArray(names))
	if err != nil {
		return g, fmt.Errorf("source: grants: %w", withMessage(err))
	}
	for _, r := range rows {
		g.add("functions of the rules", "grant execute on routine %s to %s", r[0], quoted)
	}
	schemas, names = split(cfg.Tables)
	rows, err = textsOf(ctx, s.leader, `
select c.oid::pg_catalog.regclass from unnest($1::text[], $2::text[]) as f(s, r)
join pg_catalog.pg_namespace n on n.nspname = f.s
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = f.r
where c.relrowsecurity order by 1::text collate "C"`, textArray(schemas), textArray(names))
	if err != nil {
		return g, fmt.Errorf("source: grants: %w", withMessage(err))
	}
	if len(rows) > 0 {
		g.add("row security would hide rows of "+strings.Join(column(rows), ", "), "alter role %s bypassrls", quoted)
	}
	return g, nil
}

func split(names []schema.Name) (schemas, rest []string) {
	for _, n := range names {
		schemas, rest = append(schemas, n.Schema), append(rest, n.Name)
	}
	return schemas, rest
}

func column(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r[0]
	}
	return out
}

// spaces returns the schemas in which something is looked up by its name: of
// what is read, and of the columns' types and collations.
func (s *Source) spaces(ctx context.Context, cfg GrantsConfig) ([]string, error) {
	schemas, names := split(cfg.Tables)
	rows, err := textsOf(ctx, s.leader, `
with recursive relations as (
  select c.oid from unnest($1::text[], $2::text[]) as f(s, r)
  join pg_catalog.pg_namespace n on n.nspname = f.s
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = f.r
), columns as (
  select a.atttypid, a.attcollation from pg_catalog.pg_attribute a
  where a.attrelid in (select oid from relations) and a.attnum > 0 and not a.attisdropped
), types as (
  select atttypid as oid from columns
  union
  select i.oid from types join pg_catalog.pg_type t on t.oid = types.oid,
       lateral (values (t.typelem), (t.typbasetype)) as i(oid) where i.oid <> 0
), spaces as (
  select t.typnamespace as oid from pg_catalog.pg_type t where t.oid in (select oid from types)
  union
  select c.collnamespace from pg_catalog.pg_collation c where c.oid in (select attcollation from columns)
)
select n.nspname from pg_catalog.pg_namespace n
where n.oid in (select oid from spaces) and n.nspname not in ('pg_catalog', 'information_schema')`,
		textArray(schemas), textArray(names))
	if err != nil {
		return nil, err
	}
	out := column(rows)
	for _, list := range [][]schema.Name{cfg.Tables, cfg.Sequences, cfg.Functions} {
		for _, n := range list {
			if n.Schema != "pg_catalog" {
				out = append(out, n.Schema)
			}
		}
	}
	sort.Strings(out)
	return slices.Compact(out), nil
}

// Grants spells what role needs to refresh the target, and no more, on its
// server and, where objects belong to a superuser, in the live database. src says
// which of the live objects a new database will have; if nil, all of them.
func (t *Target) Grants(ctx context.Context, role string, src *Source) ([]GrantScript, error) {
	out, err := t.grants(ctx, role, src)
	if err != nil {
		return nil, fmt.Errorf("target: grants: %w", withMessage(err))
	}
	return out, nil
}

func (t *Target) grants(ctx context.Context, role string, src *Source) ([]GrantScript, error) {
	conn, err := t.administer(ctx)
	if err != nil {
		return nil, err
	}
	quoted := schema.QuoteIdent(role)
	g := GrantScript{End: "target", Database: t.cfg.MaintenanceDB}
	inside := GrantScript{End: "target", Database: t.name}
	exists, err := textsOf(ctx, conn, "select 1 from pg_catalog.pg_roles where rolname = $1", role)
	if err != nil {
		return nil, err
	}
	const creates = "to create the new database beside the live one, and to rename both"
	if len(exists) == 0 {
		g.add("set its password too", "create role %s login", quoted)
	}
	if t.inplace == nil {
		g.add(creates, "alter role %s createdb", quoted)
	}
	g.add("to work from there, and for the run's lock", "grant connect on database %s to %s", schema.QuoteIdent(t.cfg.MaintenanceDB), quoted)
	n := needs{owners: map[string]bool{}, superusers: map[string]bool{}}
	if err := t.needs(ctx, role, src, &n); err != nil {
		return nil, err
	}
	if t.inplace != nil {
		return t.grantsInPlace(role, g, inside, n), nil
	}
	for _, d := range n.databases {
		if n.superusers[d.owner] {
			g.add("a superuser's database can be renamed by superusers only", "alter database %s owner to %s", schema.QuoteIdent(d.name), quoted)
		} else {
			n.owners[d.owner] = true
		}
	}
	for _, owner := range sortedKeys(n.owners) {
		if owner != role && !n.superusers[owner] {
			g.add("to give the new database, and what is in it, the owners of the live one", "grant %s to %s", schema.QuoteIdent(owner), quoted)
		}
	}
	g.add("to end other roles' sessions at the swap", "grant pg_signal_backend to %s", quoted)
	if len(n.settings) > 0 {
		const sets = "to take over what ALTER ROLE … IN DATABASE set; or reset that, and leave these out"
		g.add(sets, "alter role %s createrole", quoted)
		if t.info.Major() >= 16 {
			for _, r := range n.settings {
				g.add(sets, "grant %s to %s with admin option, inherit false, set false", schema.QuoteIdent(r), quoted)
			}
		}
	}
	for _, o := range n.objects {
		inside.add("a superuser's objects can be given away by superusers only", "alter %s %s owner to %s", o.alter(), o.identity, quoted)
	}
	if len(inside.Grants) > 0 {
		return []GrantScript{g, inside}, nil
	}
	return []GrantScript{g}, nil
}

func sortedKeys(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// needs is what a swap touches on the target.
type needs struct {
	databases  []*liveDB
	owners     map[string]bool // roles that the new objects will belong to
	superusers map[string]bool
	settings   []string // roles with settings in the live database
	objects    []object // of the live database, that belong to superusers
	spaces     []string // in place: schemas from which extensions serve
}

func (t *Target) needs(ctx context.Context, role string, src *Source, n *needs) error {
	supers, err := textsOf(ctx, t.admin, "select rolname from pg_catalog.pg_roles where rolsuper")
	if err != nil {
		return err
	}
	for _, r := range supers {
		n.superusers[r[0]] = true
	}
	if t.cfg.Owner != "" {
		n.owners[t.cfg.Owner] = true
	}
	for _, name := range []string{t.name, t.Previous()} {
		d, err := t.database(ctx, name)
		if err != nil {
			return err
		}
		if d != nil && (name == t.name || wasPrevious(d.comment)) {
			n.databases = append(n.databases, d)
		}
	}
	if len(n.databases) == 0 || n.databases[0].name != t.name {
		return nil
	}
	for _, s := range n.databases[0].settings {
		if s.role != "" && s.role != role && !slices.Contains(n.settings, s.role) {
			n.settings = append(n.settings, s.role)
		}
	}
	conn, err := t.connectLive(ctx)
	if err != nil {
		return err
	}
	defer closeConn(ctx, conn)
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return err
	}
	if t.inplace != nil {
		if n.spaces, err = t.onlySwapped(ctx, conn, src, objects); err != nil {
			return err
		}
	}
	var made *objectList
	if src != nil {
		if made, err = readObjects(ctx, src.leader); err != nil {
			return err
		}
	}
	for _, o := range objects.order {
		owner := objects.states[o].owner
		switch {
		case made != nil && made.states[o] == nil && (t.inplace == nil || o.kind != "schema"), objects.builtin(o) && t.inplace == nil, owner == "pg_database_owner":
		case !n.superusers[owner]:
			n.owners[owner] = true
		case !objects.follows[o]:
			n.objects = append(n.objects, o)
		}
	}
	defaults, err := textsOf(ctx, conn, "select distinct r.rolname from pg_catalog.pg_default_acl d join pg_catalog.pg_roles r on r.oid = d.defaclrole")
	if err != nil {
		return err
	}
	for _, r := range defaults {
		n.owners[r[0]] = true
	}
	return nil
}
