package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/schema"
)

// archived is a Part as the source's archive has it, and by what the source's catalog
// knows it.
type archived struct {
	Part
	object objectKey
}

// placement is where the source's catalog has an object that comes after the data.
type placement struct {
	tables []schema.Name // the object's; then, of a foreign key, the table that it references
	split  *Split
}

// constraint is a constraint of a table.
type constraint struct {
	table schema.Name
	name  string
}

type objectKey struct{ catalog, object uint32 }

// layout is which tables there are.
type layout struct {
	trees  map[schema.Name]schema.Name // of each partition and partitioned table: the top of its tree
	tables []schema.Name               // all of them, tops only
	plain  map[schema.Name]bool        // neither partitioned nor a partition

	// far are tables that have a foreign table among their parts or heirs; by each the
	// parts that have none, down to where a whole tree has none.
	far map[schema.Name][]schema.Name
}

// readable returns what to analyze for a table's statistics: itself, but ANALYZE reads
// parts and heirs too, so of one with a foreign table among them only those without.
func (l *layout) readable(table schema.Name) []schema.Name {
	if parts, ok := l.far[table]; ok {
		return parts
	}
	return []schema.Name{table}
}

// top returns the table that locks and loads of table are counted for.
func (l *layout) top(table schema.Name) schema.Name {
	if top, ok := l.trees[table]; ok {
		return top
	}
	return table
}

// postData is what the source's catalog says of what comes after the data.
type postData struct {
	layout
	places map[objectKey]placement
}

// parts are those of the archive with the tables that they are about.
func (p *postData) parts(list []archived) []Part {
	parts := make([]Part, len(list))
	for i, a := range list {
		if at, ok := p.places[a.object]; ok {
			a.Tables, a.Split = at.tables, at.split
		}
		parts[i] = a.Part
	}
	return parts
}

// catalogConstraint is the oid of pg_constraint, the same in every version.
const catalogConstraint = 2606

// objectPlaces lists everything that may come after the data, with its table.
const objectPlaces = `
with at (catalog, object, rel) as (
  select 1259::oid, i.indexrelid, i.indrelid from pg_catalog.pg_index i
  union all select 1259::oid, c.oid, c.oid from pg_catalog.pg_class c where c.relkind in ('r', 'p')
  union all select 2606::oid, k.oid, k.conrelid from pg_catalog.pg_constraint k where k.conrelid <> 0
  union all select 2620::oid, g.oid, g.tgrelid from pg_catalog.pg_trigger g where not g.tgisinternal
  union all select 2618::oid, w.oid, w.ev_class from pg_catalog.pg_rewrite w
  union all select 3256::oid, p.oid, p.polrelid from pg_catalog.pg_policy p
  union all select 3381::oid, s.oid, s.stxrelid from pg_catalog.pg_statistic_ext s
)
select a.catalog, a.object, n.nspname, c.relname
from at a join pg_catalog.pg_class c on c.oid = a.rel join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

// allTables lists the tables of a database.
const allTables = `
select n.nspname, c.relname, c.relkind, c.relispartition
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

// partitionTops lists partitions and their trees' tops.
const partitionTops = `
select n.nspname, c.relname, tn.nspname, t.relname
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class t on t.oid = pg_catalog.pg_partition_root(c.oid)
join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
where c.relispartition and c.relkind in ('r', 'p', 'f')`

// farParts lists tables with a foreign table below them, and those highest in their
// partition trees that have none.
const farParts = `
with recursive below (top, rel) as (
  select inhparent, inhrelid from pg_catalog.pg_inherits
  union select b.top, i.inhrelid from below b join pg_catalog.pg_inherits i on i.inhparent = b.rel
), far (rel) as (
  select b.top from below b join pg_catalog.pg_class c on c.oid = b.rel where c.relkind = 'f'
), parts (top, rel) as (
  select pg_catalog.pg_partition_root(i.inhparent), c.oid
  from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
  where c.relispartition and c.relkind in ('r', 'p') and i.inhparent in (select rel from far) and c.oid not in (select rel from far)
)
select tn.nspname, t.relname, n.nspname, c.relname
from pg_catalog.pg_class t join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
left join parts p on p.top = t.oid
left join pg_catalog.pg_class c on c.oid = p.rel left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where t.oid in (select rel from far) and not t.relispartition order by 1, 2, 3, 4`

// splitKeys lists the keys of plain tables that can be made in two statements.
// The index of a unique key is built under a lock that lets others be built
// beside it, and a foreign key's rows are checked under one that lets others be
// checked: the whole statement would keep the table to itself for as long. Of a key
// that references a partitioned table VALIDATE would not reach all parts.
const splitKeys = `
select k.oid, k.contype, n.nspname, c.relname, k.conname, rn.nspname, r.relname,
       case when k.contype = 'f' then pg_catalog.pg_get_constraintdef(k.oid) else pg_catalog.pg_get_indexdef(k.conindid) end,
       k.condeferrable, k.condeferred,
       (case k.contype when 'f' then c.relkind = 'r' and r.relkind = 'r' and k.convalidated and k.conparentid = 0
             and coalesce((pg_catalog.to_jsonb(k)->>'conenforced')::boolean, true)
        else c.relkind = 'r' and not c.relispartition and x.relname = k.conname and k.conparentid = 0
             and not coalesce((pg_catalog.to_jsonb(k)->>'conperiod')::boolean, false) end),
       k.contype = 'f' and ` + hasIndex + `
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_class x on x.oid = k.conindid
left join pg_catalog.pg_class r on r.oid = k.confrelid left join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
where k.contype in ('p', 'u', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

// hasIndex says of a foreign key k that an index has its columns in the order of the
// other table's key, so that both indexes can be read side by side.
const hasIndex = `exists (
  select from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid join pg_catalog.pg_am a on a.oid = x.relam
  where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null and a.amname = 'btree'
    and i.indnkeyatts >= pg_catalog.cardinality(k.conkey)
    and (i.indkey::pg_catalog.int2[])[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey
    and not exists (
      select from unnest(k.conkey, k.confkey, k.conpfeqop) as u(child, parent, equal)
      join pg_catalog.pg_attribute f on f.attrelid = k.conrelid and f.attnum = u.child
      join pg_catalog.pg_attribute p on p.attrelid = k.confrelid and p.attnum = u.parent
      join pg_catalog.generate_series(0, i.indnkeyatts - 1) n on i.indkey[n] = u.child
      where f.attcollation <> p.attcollation or i.indcollation[n] <> f.attcollation or i.indoption[n] <> i.indoption[0]
         or not exists (select from pg_catalog.pg_opclass o join pg_catalog.pg_amop m on m.amopfamily = o.opcfamily
                        where o.oid = i.indclass[n] and m.amopopr = u.equal and m.amopstrategy = 3)))`

// readLayout reads which tables there are in the database of a session.
func readLayout(ctx context.Context, conn *pgconn.PgConn) (layout, error) {
	l := layout{trees: map[schema.Name]schema.Name{}, plain: map[schema.Name]bool{}}
	rows, err := textsOf(ctx, conn, partitionTops)
	if err != nil {
		return l, withMessage(err)
	}
	for _, r := range rows {
		l.trees[schema.Name{Schema: r[0], Name: r[1]}] = schema.Name{Schema: r[2], Name: r[3]}
	}
	if rows, err = textsOf(ctx, conn, allTables); err != nil {
		return l, withMessage(err)
	}
	for _, r := range rows {
		table := schema.Name{Schema: r[0], Name: r[1]}
		l.plain[table] = r[2] == "r" && r[3] == "f"
		if r[3] == "f" {
			l.tables = append(l.tables, table)
		}
	}
	return l, nil
}

// readFar reads which tables of the new database have foreign tables below them.
func (t *Target) readFar(ctx context.Context, l *layout) error {
	conn, err := t.Connect(ctx)
	if err != nil {
		return err
	}
	defer t.Disconnect(ctx, conn)
	rows, err := textsOf(ctx, conn, farParts)
	if err != nil {
		return withMessage(err)
	}
	l.far = map[schema.Name][]schema.Name{}
	for _, r := range rows {
		table := schema.Name{Schema: r[0], Name: r[1]}
		parts := l.far[table]
		if r[3] != "" {
			parts = append(parts, schema.Name{Schema: r[2], Name: r[3]})
		}
		l.far[table] = parts
	}
	return nil
}

// place reads, on the leader, where the objects of the source belong.
func place(ctx context.Context, src *Source) (*postData, error) {
	l, err := readLayout(ctx, src.leader)
	if err != nil {
		return nil, err
	}
	p := &postData{l, map[objectKey]placement{}}
	rows, err := textsOf(ctx, src.leader, objectPlaces)
	if err != nil {
		return nil, withMessage(err)
	}
	for _, r := range rows {
		key, err := keyOf(r[0], r[1])
		if err != nil {
			return nil, err
		}
		p.places[key] = placement{tables: []schema.Name{{Schema: r[2], Name: r[3]}}}
	}
	if rows, err = textsOf(ctx, src.leader, splitKeys); err != nil {
		return nil, withMessage(err)
	}
	for _, r := range rows {
		key, err := keyOf(strconv.Itoa(catalogConstraint), r[0])
		if err != nil {
			return nil, err
		}
		p.places[key] = splitKey(r)
	}
	return p, nil
}

// splitKey reads a row of splitKeys.
func splitKey(r []string) placement {
	table, name := schema.Name{Schema: r[2], Name: r[3]}, r[4]
	at := placement{tables: []schema.Name{table}}
	if r[1] == "f" {
		at.tables = append(at.tables, schema.Name{Schema: r[5], Name: r[6]})
	}
	switch {
	case r[10] != "t":
	case r[1] == "f":
		at.split = SplitForeign(table, name, "alter table only "+table.SQL()+" add constraint "+schema.QuoteIdent(name)+" "+r[7])
		at.split.NoIndex = r[11] != "t"
	default:
		kind := map[string]string{"p": "primary key", "u": "unique"}[r[1]]
		at.split = SplitUnique(table, name, kind, r[7], r[8] == "t", r[9] == "t")
	}
	return at
}

func keyOf(catalog, object string) (objectKey, error) {
	c, err1 := strconv.ParseUint(catalog, 10, 32)
	o, err2 := strconv.ParseUint(object, 10, 32)
	return objectKey{uint32(c), uint32(o)}, errors.Join(err1, err2)
}

func distinct(names []schema.Name) []schema.Name {
	seen := map[schema.Name]bool{}
	out := names[:0]
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Lines that pg_restore --verbose writes before an entry's statements.
var (
	partLine  = regexp.MustCompile(`^-- TOC entry (\d+) \(class (\d+) OID (\d+)\)$`)
	needsLine = regexp.MustCompile(`^-- Dependencies:((?: \d+)*)$`)
	nameLine  = regexp.MustCompile(`^-- Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner: `)
)

// parts lets pg_restore write the statements of a section, and cuts them into
// those of each entry.
func (t *Target) parts(ctx context.Context, section string) ([]archived, error) {
	list := filepath.Join(t.archive.Dir(), section+".list")
	if err := writeList(list, t.archive.entries); err != nil {
		return nil, err
	}
	script := filepath.Join(t.archive.Dir(), section+".sql")
	args := []string{
		"--verbose", "--section=" + section, "--use-list=" + list, "--file=" + script,
		"--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels", "--no-publications", "--no-subscriptions",
		t.archive.file,
	}
	if err := child(ctx, t.tools.restore, args, bareEnv()); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(script)
	if err != nil {
		return nil, err
	}
	return cutScript(string(text), t.archive.entries)
}

func writeList(file string, entries []entry) error {
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.line + "\n")
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// cutScript cuts what pg_restore wrote. An entry begins at a line that names one
// of entries, later than the last: so that no comment's text passes for one.
func cutScript(text string, entries []entry) ([]archived, error) {
	order := make(map[int]int, len(entries))
	for i, e := range entries {
		id, _, _ := strings.Cut(e.line, ";")
		n, err := strconv.Atoi(id)
		if err != nil {
			return nil, errors.New("the archive's list has a line without a number")
		}
		order[n] = i
	}
	var parts []archived
	var body []string
	last, header := -1, false
	flush := func() {
		if len(parts) > 0 {
			parts[len(parts)-1].SQL = statements(body)
		}
		body = body[:0]
	}
	for line := range strings.SplitSeq(text, "\n") {
		if m := partLine.FindStringSubmatch(line); m != nil {
			id, _ := strconv.Atoi(m[1])
			at, known := order[id]
			if known && at > last && strings.Contains(entries[at].line, "; "+m[2]+" "+m[3]+" ") {
				flush()
				e := entries[at]
				parts = append(parts, archived{Part{ID: id, Name: e.what()}, objectKey{e.catalog, e.object}})
				last, header = at, true
				continue
			}
		}
		if header {
			header = parts[len(parts)-1].describe(line)
			continue
		}
		body = append(body, line)
	}
	flush()
	for _, p := range parts {
		if p.Kind == "" {
			return nil, fmt.Errorf("pg_restore's script has no description of %s", p.Name)
		}
	}
	return parts, nil
}

// describe reads a line of the comment before an entry, and reports whether more
// of it follows.
func (p *Part) describe(line string) bool {
	if m := needsLine.FindStringSubmatch(line); m != nil {
		for _, f := range strings.Fields(m[1]) {
			id, _ := strconv.Atoi(f)
			p.Needs = append(p.Needs, id)
		}
	} else if m := nameLine.FindStringSubmatch(line); m != nil {
		p.Kind, p.Name = m[2], strings.ToLower(m[2])+" "
		if m[3] != "-" {
			p.Name += m[3] + "."
		}
		p.Name += m[1]
	}
	return line != "--"
}

// statements joins an entry's lines without what is not SQL: the next entry's
// first comment line, and psql's commands at the end.
func statements(lines []string) string {
	for len(lines) > 0 {
		last := lines[len(lines)-1]
		if last != "" && !strings.HasPrefix(last, "--") && !strings.HasPrefix(last, `\`) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return strings.TrimLeft(strings.Join(lines, "\n"), "\n")
}

// afterFirst returns what follows the first statement of sql.
func afterFirst(sql string) string {
	quote := byte(0)
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ';':
			return strings.TrimSpace(sql[i+1:])
		}
	}
	return ""
}
