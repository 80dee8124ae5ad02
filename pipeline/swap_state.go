package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// A database's comment carries our mark as its last line: `pgstandin: run R` on
// one that run R built, `pgstandin: previous R` on the one that R put aside,
// `pgstandin: rollback R` on one that the rollback R brought back. The other
// lines are the user's, and are kept. A line `pgstandin: protected` is the user's
// too: it refuses every run.
const (
	markRun       = "pgstandin: run "
	markPrevious  = "pgstandin: previous "
	markRollback  = "pgstandin: rollback "
	markProtected = "pgstandin: protected"
	// In place, on a schema that a run builds. Other marks are on schemas, too.
	markBuilding = "pgstandin: building "
)

// marked returns the comment with mark instead of any mark it had.
func marked(comment, mark string) string {
	var keep []string
	for _, line := range strings.Split(comment, "\n") {
		if !isMark(line) {
			keep = append(keep, line)
		}
	}
	text := strings.TrimRight(strings.Join(keep, "\n"), "\n")
	if text == "" {
		return mark
	}
	return text + "\n" + mark
}

func isMark(line string) bool {
	return strings.HasPrefix(line, markRun) || strings.HasPrefix(line, markPrevious) || strings.HasPrefix(line, markRollback) ||
		strings.HasPrefix(line, markBuilding)
}

func hasMark(comment string) bool {
	for _, line := range strings.Split(comment, "\n") {
		if isMark(line) {
			return true
		}
	}
	return false
}

// wasPrevious reports whether a run put the database aside.
func wasPrevious(comment string) bool {
	for _, line := range strings.Split(comment, "\n") {
		if strings.HasPrefix(line, markPrevious) {
			return true
		}
	}
	return false
}

func isProtected(comment string) bool {
	for _, line := range strings.Split(comment, "\n") {
		if strings.EqualFold(strings.TrimSpace(line), markProtected) {
			return true
		}
	}
	return false
}

// liveDB is what pg_database and its kin say of an existing database.
type liveDB struct {
	name       string
	oid        uint32
	owner      string
	comment    string
	connLimit  string
	allowConns bool
	template   bool
	acl        []aclItem   // the defaults spelled out
	settings   []dbSetting // of alter database set, and of alter role in database set
	mayActAs   bool        // we have the owner's privileges
	mayBecome  bool        // we may give things to the owner
	superOwner bool        // the owner is a superuser
}

// ownership is what lets role act as the database's owner. Nobody is made a member of a
// superuser.
func (d *liveDB) ownership(role string) string {
	give := fmt.Sprintf("alter database %s owner to %s", schema.QuoteIdent(d.name), schema.QuoteIdent(role))
	if d.superOwner {
		return give
	}
	return fmt.Sprintf("grant %s to %s, or %s", schema.QuoteIdent(d.owner), schema.QuoteIdent(role), give)
}

// number returns the database's oid, 0 if d is nil.
func (d *liveDB) number() uint32 {
	if d == nil {
		return 0
	}
	return d.oid
}

// aclItem is one privilege of an access control list.
type aclItem struct {
	grantee   string // "" is everybody
	privilege string
	option    bool
}

// dbSetting is one parameter; role "" is for all roles.
type dbSetting struct{ role, name, value string }

// live returns the live database, or nil if there is none of that name.
func (t *Target) live(ctx context.Context) (*liveDB, error) { return t.database(ctx, t.name) }

func (t *Target) database(ctx context.Context, name string) (*liveDB, error) {
	conn, err := t.administer(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := textsOf(ctx, conn, `
select d.oid, r.rolname, pg_catalog.shobj_description(d.oid, 'pg_database'), d.datconnlimit, d.datallowconn,
       pg_catalog.pg_has_role(d.datdba, 'usage'), pg_catalog.pg_has_role(d.datdba, `+becomes(t.info)+`), r.rolsuper, d.datistemplate
from pg_catalog.pg_database d join pg_catalog.pg_roles r on r.oid = d.datdba where d.datname = $1`, name)
	if err != nil || len(rows) == 0 {
		return nil, withMessage(err)
	}
	r := rows[0]
	n, err := strconv.ParseUint(r[0], 10, 32)
	if err != nil {
		return nil, err
	}
	d := &liveDB{
		name: name, oid: uint32(n), owner: r[1], comment: r[2], connLimit: r[3], allowConns: r[4] == "t",
		mayActAs: r[5] == "t", mayBecome: r[6] == "t", superOwner: r[7] == "t", template: r[8] == "t",
	}
	acl, err := textsOf(ctx, conn, `
select r.rolname, a.privilege_type, a.is_grantable
from pg_catalog.pg_database d,
     lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
     left join pg_catalog.pg_roles r on r.oid = a.grantee
where d.oid = $1::oid and (a.grantee = 0 or r.oid is not null) order by 1, 2, 3`, r[0])
	if err != nil {
		return nil, withMessage(err)
	}
	for _, a := range acl {
		d.acl = append(d.acl, aclItem{a[0], a[1], a[2] == "t"})
	}
	sets, err := textsOf(ctx, conn, `
select r.rolname, c.entry
from pg_catalog.pg_db_role_setting s
     left join pg_catalog.pg_roles r on r.oid = s.setrole,
     lateral unnest(s.setconfig) with ordinality c(entry, n)
where s.setdatabase = $1::oid and (s.setrole = 0 or r.oid is not null) order by 1 nulls first, c.n`, r[0])
	if err != nil {
		return nil, withMessage(err)
	}
	for _, s := range sets {
		k, v, _ := strings.Cut(s[1], "=")
		d.settings = append(d.settings, dbSetting{s[0], k, v})
	}
	return d, nil
}

// becomes is the privilege, for pg_has_role, to make a role the owner of
// something.
func becomes(i Info) string {
	if i.Major() >= 16 {
		return "'set'"
	}
	return "'member'"
}

// takeoverDatabase spells what makes the new database like the live one:
// owner, privileges, connection limit, being a template, settings, comment. live may be nil.
func (t *Target) takeoverDatabase(ctx context.Context, live *liveDB) (string, error) {
	db := schema.QuoteIdent(t.build)
	var b strings.Builder
	mark := markRun + t.cfg.Run
	if t.lentTo != "" {
		fmt.Fprintf(&b, "revoke connect on database %s from %s;\n", db, schema.QuoteIdent(t.lentTo))
	}
	if live == nil {
		fmt.Fprintf(&b, "grant connect, temporary on database %s to public;\n", db)
		for _, g := range t.cfg.Grants {
			fmt.Fprintf(&b, "grant connect on database %s to %s;\n", db, roleSQL(g.Role))
		}
		fmt.Fprintf(&b, "comment on database %s is %s;\n", db, schema.QuoteLiteral(mark))
		if t.cfg.Owner != "" {
			fmt.Fprintf(&b, "alter database %s owner to %s;\n", db, schema.QuoteIdent(t.cfg.Owner))
		}
		return b.String(), nil
	}
	// In this order: after the change of owner we may still act as the owner,
	// but what the owner was given must not be lost with the old owner's.
	fmt.Fprintf(&b, "alter database %s owner to %s;\n", db, schema.QuoteIdent(live.owner))
	fmt.Fprintf(&b, "revoke all on database %s from public, %s;\n", db, schema.QuoteIdent(live.owner))
	for _, a := range live.acl {
		fmt.Fprintf(&b, "grant %s on database %s to %s%s;\n", a.privilege, db, roleSQL(a.grantee), a.withOption())
	}
	fmt.Fprintf(&b, "alter database %s connection limit %s;\n", db, live.connLimit)
	fmt.Fprintf(&b, "alter database %s allow_connections %t;\n", db, live.allowConns)
	if live.template {
		fmt.Fprintf(&b, "alter database %s is_template true;\n", db)
	}
	for _, s := range live.settings {
		on := "database " + db
		if s.role != "" {
			on = "role " + schema.QuoteIdent(s.role) + " in " + on
		}
		fmt.Fprintf(&b, "alter %s set %s to %s;\n", on, settingName(s.name), settingValue(s.name, s.value))
	}
	fmt.Fprintf(&b, "comment on database %s is %s;\n", db, schema.QuoteLiteral(marked(live.comment, mark)))
	return b.String(), nil
}

func (a aclItem) withOption() string {
	if a.option {
		return " with grant option"
	}
	return ""
}

func roleSQL(role string) string {
	if role == "" {
		return "public"
	}
	return schema.QuoteIdent(role)
}

// settingName quotes a parameter's name, which may have two parts.
func settingName(name string) string {
	parts := strings.Split(name, ".")
	for i := range parts {
		parts[i] = schema.QuoteIdent(parts[i])
	}
	return strings.Join(parts, ".")
}

// listSettings are stored as a list of quoted names, and set as several values.
var listSettings = map[string]bool{
	"local_preload_libraries": true, "search_path": true, "session_preload_libraries": true,
	"shared_preload_libraries": true, "temp_tablespaces": true, "unix_socket_directories": true,
}

func settingValue(name, value string) string {
	if !listSettings[strings.ToLower(name)] {
		return schema.QuoteLiteral(value)
	}
	items := splitNames(value)
	if len(items) == 0 {
		return "''"
	}
	for i := range items {
		items[i] = schema.QuoteLiteral(items[i])
	}
	return strings.Join(items, ", ")
}

// splitNames splits a list of names as a parameter holds it: quoted ones keep
// their bytes, others are as they are.
func splitNames(list string) []string {
	var out []string
	for s := strings.TrimSpace(list); s != ""; {
		var item strings.Builder
		if s[0] == '"' {
			i := 1
			for ; i < len(s); i++ {
				if s[i] == '"' {
					if i+1 < len(s) && s[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				item.WriteByte(s[i])
			}
			s = s[min(i+1, len(s)):]
		} else {
			i := strings.IndexByte(s, ',')
			if i < 0 {
				i = len(s)
			}
			item.WriteString(strings.TrimSpace(s[:i]))
			s = s[i:]
		}
		out = append(out, item.String())
		s = strings.TrimSpace(s)
		s = strings.TrimSpace(strings.TrimPrefix(s, ","))
	}
	return out
}
