package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// Problem is one reason why a run is refused.
type Problem struct {
	What   string // what is wrong, one line
	Remedy string // what to do about it
}

// String is both, on one line.
func (p Problem) String() string {
	if p.Remedy == "" {
		return p.What
	}
	return p.What + "; " + p.Remedy
}

// PreflightConfig says what Preflight is to know beside the target's own
// configuration.
type PreflightConfig struct {
	// Allowed reports whether the rules' targets name the target. nil allows none.
	Allowed func(host string, port uint16, database string) bool
}

// Preflight looks for every reason to refuse the run, and returns them all;
// nothing is written. The error is for when it cannot look.
func (t *Target) Preflight(ctx context.Context, src *Source, cfg PreflightConfig) ([]Problem, error) {
	p := &preflight{t: t, src: src, like: src.info}
	if t.inplace != nil {
		return p.all(ctx, cfg, p.inPlaceRole, p.shadows, p.tools)
	}
	return p.all(ctx, cfg, p.databases, p.role, p.extensionsOfSource, p.tools)
}

// PreflightLike is Preflight without a source: for a database like that of like,
// with those extensions. It is not for a target in place.
func (t *Target) PreflightLike(ctx context.Context, like Info, extensions []string, cfg PreflightConfig) ([]Problem, error) {
	if t.inplace != nil {
		return nil, errNoSource
	}
	p := &preflight{t: t, like: like}
	return p.all(ctx, cfg, p.databases, p.role, func(ctx context.Context) error { return p.extensions(ctx, extensions) })
}

func (p *preflight) all(ctx context.Context, cfg PreflightConfig, more ...func(context.Context) error) ([]Problem, error) {
	checks := []func(context.Context) error{
		p.server, func(context.Context) error { return p.allowed(cfg) },
	}
	for _, check := range append(checks, more...) {
		err := check(ctx)
		if err == nil && p.sourceIsTarget() {
			// What else is wrong would be a recipe for replacing the source.
			return []Problem{{fmt.Sprintf("source and target are the same database, %s", schema.QuoteIdent(p.t.name)), "name another database as the target"}}, nil
		}
		if err != nil {
			return p.problems, fmt.Errorf("target: preflight: %w", withMessage(err))
		}
	}
	return p.problems, nil
}

type preflight struct {
	t        *Target
	src      *Source // nil without one
	like     Info    // of the database that is copied
	live     *liveDB
	problems []Problem

	superuser, createdb, createrole, signal bool
}

func (p *preflight) add(what, remedy string) { p.problems = append(p.problems, Problem{what, remedy}) }

func (p *preflight) server(ctx context.Context) error {
	t := p.t
	if t.info.Version < 130000 {
		p.add(fmt.Sprintf("the target is PostgreSQL %d", t.info.Major()), "versions 13 to 18 are supported")
	}
	if t.info.Standby {
		p.add("the target server is in recovery: a standby, which cannot be written", "name its primary")
	}
	if _, err := createStatement(t.build, p.like, t.info.Major()); err != nil && t.inplace == nil {
		p.add(err.Error(), "")
	}
	for _, g := range t.cfg.Grants {
		for _, priv := range g.Privileges {
			if !tablePrivileges[strings.ToLower(priv)] {
				p.add(fmt.Sprintf("target: grants: %q is no privilege of tables", priv), "write select, insert, update, delete, truncate, references, trigger or all")
			}
		}
	}
	conn, err := t.administer(ctx)
	if err != nil {
		return err
	}
	row, err := oneOf(ctx, conn, `
select r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolsuper or pg_catalog.pg_has_role('pg_signal_backend', 'usage')
from pg_catalog.pg_roles r where r.rolname = current_user`)
	if err != nil {
		return err
	}
	p.superuser, p.createdb, p.createrole, p.signal = row[0] == "t", row[1] == "t" || row[0] == "t", row[2] == "t" || row[0] == "t", row[3] == "t"
	if p.live, err = t.live(ctx); err != nil {
		return err
	}
	seen := p.live.number()
	t.seen = &seen
	return nil
}

// sourceIsTarget is for when server has looked.
func (p *preflight) sourceIsTarget() bool {
	if p.live == nil || p.src == nil {
		return false
	}
	there := p.t.info
	there.OID = p.live.oid
	return there.alike(p.src.info)
}

func (p *preflight) allowed(cfg PreflightConfig) error {
	t := p.t
	if cfg.Allowed == nil || !cfg.Allowed(t.info.Host, t.info.Port, t.name) {
		p.add(fmt.Sprintf("the rules do not allow to replace %s on %s:%d", schema.QuoteIdent(t.name), t.info.Host, t.info.Port),
			fmt.Sprintf("add it to targets in the rules: targets: [%q]", fmt.Sprintf("%s:%d/%s", t.info.Host, t.info.Port, t.name)))
	}
	return nil
}

func (p *preflight) databases(ctx context.Context) error {
	t := p.t
	if p.live == nil {
		return p.roleExists(ctx)
	}
	prev, err := t.database(ctx, t.Previous())
	if err != nil {
		return err
	}
	if prev != nil && !wasPrevious(prev.comment) {
		p.add(notOurs(t.Previous()).Error(), "")
	}
	for _, d := range []*liveDB{p.live, prev} {
		if d != nil && isProtected(d.comment) {
			p.add(protectedText(d.name), protectedRemedy)
		}
		if d != nil && !d.mayActAs && !p.superuser {
			p.add(fmt.Sprintf("role %s does not own database %s", schema.QuoteIdent(t.info.Role), schema.QuoteIdent(d.name)),
				d.ownership(t.info.Role))
		}
	}
	if !p.live.mayBecome && !p.live.superOwner && !p.superuser { // else it was said above
		p.add(fmt.Sprintf("role %s may not make %s the owner of the new database", schema.QuoteIdent(t.info.Role), schema.QuoteIdent(p.live.owner)),
			fmt.Sprintf("grant %s to %s", schema.QuoteIdent(p.live.owner), schema.QuoteIdent(t.info.Role)))
	}
	for _, s := range p.live.settings {
		if s.role != "" && s.role != t.info.Role && !p.createrole {
			p.add(fmt.Sprintf("database %s has settings for role %s, which only a role with CREATEROLE may take over", schema.QuoteIdent(t.name), schema.QuoteIdent(s.role)),
				fmt.Sprintf("alter role %s in database %s reset all, or alter role %s createrole", schema.QuoteIdent(s.role), schema.QuoteIdent(t.name), schema.QuoteIdent(t.info.Role)))
			break
		}
	}
	if err := p.prepared(ctx, prev); err != nil {
		return err
	}
	if err := p.roleExists(ctx); err != nil {
		return err
	}
	return p.inside(ctx)
}

// prepared looks for transactions that were prepared in what the swap renames, and that no
// coordinator is about to end: no database can be renamed that has one, and nothing ends them
// with a session.
func (p *preflight) prepared(ctx context.Context, prev *liveDB) error {
	names := []string{p.live.name}
	if prev != nil {
		names = append(names, prev.name)
	}
	conn, err := p.t.administer(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		row, err := oneOf(ctx, conn, `
select count(*), pg_catalog.to_char(min(prepared) at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
from pg_catalog.pg_prepared_xacts where database = $1 and prepared < pg_catalog.now() - interval '10 seconds'`, name)
		if err != nil {
			return err
		}
		if row[0] != "0" {
			p.add(fmt.Sprintf("database %s has prepared transactions, the oldest since %s: it cannot be renamed", schema.QuoteIdent(name), row[1]),
				"commit prepared or rollback prepared those of pg_prepared_xacts")
		}
	}
	return nil
}

const protectedRemedy = "take the line \"" + markProtected + "\" out of the comment if it may be replaced"

func protectedText(name string) string {
	return fmt.Sprintf("database %s is protected by its comment", schema.QuoteIdent(name))
}

// roleExists checks the roles of the configuration.
func (p *preflight) roleExists(ctx context.Context) error {
	roles := []string{p.t.cfg.Owner}
	for _, g := range p.t.cfg.Grants {
		roles = append(roles, g.Role)
	}
	for i, r := range roles {
		if r == "" {
			continue
		}
		row, err := textsOf(ctx, p.t.admin, "select pg_catalog.pg_has_role(oid, "+becomes(p.t.info)+"), rolsuper from pg_catalog.pg_roles where rolname = $1", r)
		if err != nil {
			return err
		}
		switch {
		case len(row) == 0:
			p.add(fmt.Sprintf("role %s of the rules' target entry does not exist", schema.QuoteIdent(r)), "create it on the target server")
		case i == 0 && row[0][0] != "t":
			p.add(fmt.Sprintf("role %s may not make %s an owner", schema.QuoteIdent(p.t.info.Role), schema.QuoteIdent(r)),
				membership(r, row[0][1] == "t", p.t.info.Role, "name one that is no superuser in the rules, under target"))
		}
	}
	return nil
}

// foreign is a problem if live, which conn is on, is not ours, holds tables, and may not
// be adopted. That runs in place made schemas of it is not enough: their comments go
// wherever a dump of it goes.
func (t *Target) foreign(ctx context.Context, conn *pgconn.PgConn, live *liveDB) ([]Problem, error) {
	if hasMark(live.comment) || t.cfg.Adopt {
		return nil, nil
	}
	rows, err := textsOf(ctx, conn, `
select pg_catalog.obj_description(n.oid, 'pg_namespace')
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	tables, made := "1 table", "was not made by pgstandin"
	if len(rows) > 1 {
		tables = fmt.Sprintf("%d tables", len(rows))
	}
	if slices.ContainsFunc(rows, func(r []string) bool { by, _ := putAside(r[0]); return by != "" || swappedIn(r[0]) }) {
		made = "pgstandin made only schemas of it, in place"
	}
	return []Problem{{
		fmt.Sprintf("database %s holds %s and %s", schema.QuoteIdent(t.name), tables, made),
		"if it may be replaced, say so once with --adopt",
	}}, nil
}

// role checks the rights to create a database and to end sessions.
func (p *preflight) role(ctx context.Context) error {
	role := schema.QuoteIdent(p.t.info.Role)
	if !p.createdb {
		p.add(fmt.Sprintf("role %s may not create databases", role), fmt.Sprintf("alter role %s createdb", role))
	}
	if p.live == nil || p.signal {
		return nil
	}
	rows, err := textsOf(ctx, p.t.admin, `
select distinct usename from pg_catalog.pg_stat_activity
where datid = $1::oid and usesysid is not null and not pg_catalog.pg_has_role(usesysid, 'usage')
  and not (usename = session_user and application_name = $2) -- one of ours, which is about to end
order by 1`, oid(p.live.oid), applicationName)
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		p.add(fmt.Sprintf("role %s may not end the sessions of %s on %s", role, schema.QuoteIdent(rows[0][0]), schema.QuoteIdent(p.t.name)),
			fmt.Sprintf("grant pg_signal_backend to %s", role))
	}
	return nil
}

// hostedSuperusers are what hosting platforms have instead of a superuser:
// their members may create extensions that are not trusted.
var hostedSuperusers = []string{"rds_superuser", "cloudsqlsuperuser", "azure_pg_admin", "alloydbsuperuser"}

func (p *preflight) extensionsOfSource(ctx context.Context) error {
	used, err := textsOf(ctx, p.src.leader, "select extname from pg_catalog.pg_extension where extname <> 'plpgsql' order by 1")
	if err != nil {
		return err
	}
	return p.extensions(ctx, column(used))
}

func (p *preflight) extensions(ctx context.Context, used []string) error {
	if len(used) == 0 {
		return nil
	}
	rows, err := textsOf(ctx, p.t.admin, `
select e.name, v.superuser and not v.trusted
from pg_catalog.pg_available_extensions e
join pg_catalog.pg_available_extension_versions v on v.name = e.name and v.version = e.default_version`)
	if err != nil {
		return err
	}
	members, err := textsOf(ctx, p.t.admin, "select 1 from pg_catalog.pg_roles where rolname = any ($1::text[]) and pg_catalog.pg_has_role(oid, 'usage')", textArray(hostedSuperusers))
	if err != nil {
		return err
	}
	needsSuper := map[string]bool{}
	var available []string
	for _, r := range rows {
		available = append(available, r[0])
		needsSuper[r[0]] = r[1] == "t"
	}
	for _, u := range used {
		switch {
		case !slices.Contains(available, u):
			p.add(fmt.Sprintf("the source has extension %s, which the target server does not have", schema.QuoteIdent(u)), "install its files on the target server")
		case needsSuper[u] && !p.superuser && len(members) == 0:
			p.add(fmt.Sprintf("the source has extension %s, which only a superuser may create", schema.QuoteIdent(u)), "connect to the target as a superuser, or mark the extension as trusted")
		}
	}
	return nil
}

func (p *preflight) tools(ctx context.Context) error {
	if err := p.t.findTools(ctx, p.like.Major()); err != nil {
		p.add(err.Error(), "")
	}
	return ctx.Err()
}
