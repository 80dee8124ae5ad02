package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Reference is one that the schema does not declare, but its names do.
type Reference struct {
	Child         *schema.Table
	Columns       []int
	Parent        *schema.Table
	ParentColumns []int
	// When is the column that names the parent's table, of a polymorphic pair; -1
	// for none. Name is what it says there for Parent: a name made from the
	// table's, which a check or a row has. Parent is nil where nothing tells.
	When int // index into Child.Columns
	Name string
	// Confident is from 0 to 1; below 0.6 it is only worth a comment.
	Confident float64
	Evidence  string
}

// array reports whether the reference is by the elements of an array.
func (r *Reference) array() bool {
	return len(r.Columns) == 1 && r.Child.Columns[r.Columns[0]].Type.Elem != nil
}

// MissingReferences finds columns that reference a table by their names, types
// and indexes without a declared foreign key, in the order of the schema:
// user_id to users, created_by to users, parent_id to the table itself,
// commentable_type and commentable_id to whatever the type names.
func MissingReferences(s *schema.Schema) []Reference { return newMissing(s).references() }

func (m *missing) references() []Reference {
	var out []Reference
	for _, t := range m.s.Roots() {
		for c := range t.Columns {
			if !m.declared[columnKey{t, c}] && t.Columns[c].Generated == "" {
				out = append(out, m.column(t, c)...)
			}
		}
	}
	return out
}

type missing struct {
	s        *schema.Schema
	declared map[columnKey]bool
	byName   map[string][]*schema.Table // by singular words without blanks
	byShort  map[string][]*schema.Table // by the same without the prefix of an application
	people   *schema.Table              // whom created_by means
}

func newMissing(s *schema.Schema) *missing {
	m := &missing{s: s, declared: map[columnKey]bool{}, byName: map[string][]*schema.Table{}, byShort: map[string][]*schema.Table{}}
	for _, k := range s.ForeignKeys {
		child := k.Child.Root()
		for _, c := range k.Child.Translate(child, k.Columns) {
			m.declared[columnKey{child, c}] = true
		}
	}
	for _, t := range s.Roots() {
		if single(t) < 0 {
			continue
		}
		names, short := tableNames(t)
		for _, name := range names {
			m.byName[name] = append(m.byName[name], t)
		}
		if short != "" {
			m.byShort[short] = append(m.byShort[short], t)
		}
	}
	for _, name := range []string{"user", "account", "employee", "member", "person"} {
		if ts := m.tables(name); len(ts) > 0 {
			m.people = ts[0]
			break
		}
	}
	return m
}

// tables are those of a name, else those of that name behind a prefix.
func (m *missing) tables(name string) []*schema.Table {
	if ts := m.byName[name]; len(ts) > 0 {
		return ts
	}
	return m.byShort[name]
}

// single is the column of a primary key of one column, -1 if it has another.
func single(t *schema.Table) int {
	if k := t.Primary(); k != nil && len(k.Columns) == 1 {
		return k.Columns[0]
	}
	return -1
}

// tableNames are the names by which columns speak of a table, singular too, and
// the one without the prefix of an application; "" if it has none.
func tableNames(t *schema.Table) (out []string, short string) {
	w := words(t.Name.Name)
	if len(w) == 0 {
		return nil, ""
	}
	if len(w) > 1 && w[len(w)-1] == "entity" {
		w = w[:len(w)-1]
	}
	plain := slices.Clone(w)
	w[len(w)-1] = singular(w[len(w)-1])
	out = []string{strings.Join(w, "")}
	if x := strings.Join(plain, ""); x != out[0] {
		out = append(out, x)
	}
	if len(w) > 1 && (len(w[0]) <= 4 || w[0] == "auth" || w[0] == "table") {
		short = strings.Join(w[1:], "")
	}
	return out, short
}

// column finds what one column references.
func (m *missing) column(t *schema.Table, c int) []Reference {
	col := &t.Columns[c]
	w := words(col.Name)
	if len(w) == 0 || !keyLike(&col.Type) {
		return nil
	}
	if pk := single(t); pk == c && len(w) == 1 {
		return nil // id
	}
	last := w[len(w)-1]
	switch {
	case (last == "id" || last == "fk" || last == "uuid" || last == "ref" || last == "oid") && len(w) > 1:
		if kind := t.Column(strings.TrimSuffix(col.Name, "id") + "type"); kind >= 0 && kindOfType(&t.Columns[kind].Type) == isTexts {
			return m.polymorphic(t, c, kind)
		}
		return m.named(t, c, w[:len(w)-1])
	case last == "ids" && len(w) > 1 && col.Type.Elem != nil:
		return m.named(t, c, w[:len(w)-1])
	case last == "by" && len(w) > 1 && kindOfType(&col.Type) != isTexts: // a text is rather a name
		return m.byPeople(t, c, fmt.Sprintf("%s is someone who did it", col.Name))
	case len(w) == 1 && len(last) > 4 && strings.HasSuffix(last, "id") && len(m.tables(strings.TrimSuffix(last, "id"))) > 0:
		return m.named(t, c, []string{strings.TrimSuffix(last, "id")})
	}
	return nil
}

// keyLike reports whether a type is one that keys have.
func keyLike(t *schema.Type) bool {
	if t.Elem != nil {
		t = t.Elem
	}
	k := kindOfType(t)
	return k == isWhole || k == isUUID || plainText(t)
}

// plainText reports whether a type is a text whose values are equal only if their
// bytes are, which keys made by programs have.
func plainText(t *schema.Type) bool { return t.Base == "text" || t.Base == "varchar" }

// texts reports whether the reference is by texts: such a column may hold anything.
func (r *Reference) texts() bool {
	return slices.ContainsFunc(r.Columns, func(c int) bool { return kindOfType(&r.Child.Columns[c].Type) == isTexts })
}

// agree reports whether a column can hold the keys of a table.
func agree(child *schema.Type, parent *schema.Type) bool {
	if child.Elem != nil {
		child = child.Elem
	}
	a, b := kindOfType(child), kindOfType(parent)
	return a == b && (a == isUUID || a == isWhole || plainText(child) && plainText(parent))
}

// to makes a reference to a table's primary key if the types agree.
func (m *missing) to(t *schema.Table, c int, parent *schema.Table, conf float64, why string) []Reference {
	pk := single(parent)
	if pk < 0 || parent == t && pk == c || !agree(&t.Columns[c].Type, &parent.Columns[pk].Type) {
		return nil
	}
	if t.Columns[c].Type.Elem == nil && indexed(t, c) {
		conf = min(0.97, conf+0.05)
		why += ", and has an index"
	}
	return []Reference{{Child: t, Columns: []int{c}, Parent: parent, ParentColumns: []int{pk}, When: -1, Confident: conf, Evidence: why}}
}

func indexed(t *schema.Table, c int) bool {
	return slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return len(x.Columns) > 0 && x.Columns[0] == c })
}

// named looks for the table that the words before _id are the name of: all of
// them, else the last ones (billing_address_id, home_city_id).
func (m *missing) named(t *schema.Table, c int, w []string) []Reference {
	col := t.Columns[c].Name
	w = slices.Clone(w)
	w[len(w)-1] = singular(w[len(w)-1])
	if len(w) == 1 && (w[0] == "parent" || w[0] == "ancestor" || w[0] == "root" || w[0] == "previous" || w[0] == "next" || w[0] == "original" || w[0] == "duplicate") {
		return m.to(t, c, t, 0.8, col+" is a row of the same table")
	}
	for from := range w {
		ts := m.tables(strings.Join(w[from:], ""))
		if len(ts) == 0 {
			continue
		}
		parent := m.nearest(t, ts)
		if parent == nil {
			return nil
		}
		if parent == t && from == 0 && single(t) == c {
			return nil // film_id of film
		}
		conf := 0.9
		if from > 0 {
			conf = 0.75
		}
		if single(t) == c {
			conf -= 0.25 // a key that is another table's: one row for one there
		}
		if refs := m.to(t, c, parent, conf, fmt.Sprintf("%s names %s", col, parent.Name)); refs != nil {
			return refs
		}
		return nil
	}
	switch last := w[len(w)-1]; {
	case last == "parent":
		return m.to(t, c, t, 0.65, col+" is a row of the same table")
	case slices.Contains([]string{"author", "owner", "creator", "assignee", "reviewer", "approver", "editor", "reporter", "requester", "sender", "recipient", "manager", "moderator", "inviter", "invitee", "referrer", "uploader", "merge_user", "updater", "deleter", "actor", "admin", "operator", "agent"}, last):
		if m.people != t || last == "manager" || last == "referrer" {
			return m.byPeople(t, c, col+" is someone")
		}
	}
	return nil
}

func (m *missing) byPeople(t *schema.Table, c int, why string) []Reference {
	if m.people == nil {
		return nil
	}
	return m.to(t, c, m.people, 0.7, why+", and "+m.people.Name.String()+" has people")
}

// nearest chooses among tables of one name: that of the same schema, else of
// public, else the only one.
func (m *missing) nearest(t *schema.Table, ts []*schema.Table) *schema.Table {
	for _, name := range []string{t.Name.Schema, "public"} {
		for _, p := range ts {
			if p.Name.Schema == name {
				return p
			}
		}
	}
	if len(ts) == 1 {
		return ts[0]
	}
	return nil
}

// polymorphic lists what a pair of columns references where a check lists the
// types; else one reference without a parent, which Resolve completes from rows.
func (m *missing) polymorphic(t *schema.Table, c, kind int) []Reference {
	pair := Reference{
		Child: t, Columns: []int{c}, When: kind, Confident: 0.3,
		Evidence: fmt.Sprintf("%s and %s may name a row of any table", t.Columns[kind].Name, t.Columns[c].Name),
	}
	if out := m.resolve(pair, checkValues(t, kind), "a check lists it"); len(out) > 0 {
		return out
	}
	return []Reference{pair}
}

// resolve makes a reference of each table that one of the types means.
func (m *missing) resolve(pair Reference, types []string, why string) []Reference {
	var out []Reference
	for _, p := range m.s.Roots() {
		pk := single(p)
		if pk < 0 || !agree(&pair.Child.Columns[pair.Columns[0]].Type, &p.Columns[pk].Type) {
			continue
		}
		for _, name := range typeNames(p) {
			if slices.Contains(types, name) {
				r := pair
				r.Parent, r.ParentColumns, r.Name, r.Confident, r.Evidence = p, []int{pk}, name, 0.85, pair.Evidence+": "+why
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// typeNames are what programs call the rows of a table: Post, post, posts,
// App\Models\Post.
func typeNames(t *schema.Table) []string {
	w := words(t.Name.Name)
	if len(w) == 0 {
		return nil
	}
	plural := strings.Join(w, "_")
	w[len(w)-1] = singular(w[len(w)-1])
	snake := strings.Join(w, "_")
	var camel strings.Builder
	for _, x := range w {
		camel.WriteString(strings.ToUpper(x[:1]) + x[1:])
	}
	out := []string{camel.String(), snake}
	if plural != snake {
		out = append(out, plural)
	}
	return append(out, `App\Models\`+camel.String(), `App\`+camel.String())
}
