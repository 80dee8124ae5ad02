package discover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Entity says whose rows a table has.
type Entity struct {
	Column int           // of the table: a key of its own, or a reference to Of
	Of     *schema.Table // nil: the rows are the people themselves
}

// edges lists the references by which rows of one table hang on those of
// another, polymorphic guesses left out.
func (l *looker) edges() map[*schema.Table]map[*schema.Table][]int {
	out := map[*schema.Table]map[*schema.Table][]int{}
	add := func(child, parent *schema.Table, cols []int) {
		if child == parent {
			return
		}
		if out[child] == nil {
			out[child] = map[*schema.Table][]int{}
		}
		if out[child][parent] == nil || len(cols) < len(out[child][parent]) {
			out[child][parent] = cols
		}
	}
	for _, k := range l.s.ForeignKeys {
		if k.Period {
			continue // it is not followed
		}
		add(k.Child.Root(), k.Parent.Root(), k.Child.Translate(k.Child.Root(), k.Columns))
	}
	for i := range l.references {
		if r := &l.references[i]; r.When < 0 && r.Confident >= 0.6 && !r.array() {
			add(r.Child, r.Parent, r.Columns)
		}
	}
	return out
}

// root suggests where a subset starts: the table that most others hang on,
// directly or not, weighted by what it has of people.
func (l *looker) root(findings []Finding) (best *schema.Table, why string) {
	personal := map[*schema.Table]int{}
	for i := range findings {
		if f := &findings[i]; f.Personal && f.Confident >= 0.6 {
			personal[f.Table]++
		}
	}
	below := l.below()
	score := 0.0
	for _, t := range l.s.Roots() {
		if t.Primary() == nil {
			continue
		}
		kind, noun := l.lex.noun(words(t.Name.Name))
		n := float64(below[t])
		x := n * (1 + 0.5*float64(min(personal[t], 4)))
		switch {
		case kind == ofPerson:
			x *= 3 * weight(noun)
		case kind == ofOrg:
			x *= 1.5
		case kind == ofThing || kind == ofPlace:
			x *= 0.3
		}
		if x > score {
			best, score = t, x
		}
	}
	if best == nil {
		return nil, ""
	}
	why = fmt.Sprintf("%d tables hang on it", below[best])
	if below[best] == 1 {
		why = "a table hangs on it"
	}
	if personal[best] > 0 {
		why += fmt.Sprintf(", and %d of its columns are personal", personal[best])
	}
	return best, why
}

// weight tells those whom a program is for from those who run it.
func weight(noun string) float64 {
	switch singular(noun) {
	case "user", "customer", "client", "patient", "member", "subscriber", "kunde", "kunden", "cliente", "usuario", "utilisateur", "utente", "klient", "gebruiker", "benutzer", "kund", "student", "tenant":
		return 2
	case "staff", "employee", "artist", "actor", "director", "admin", "administrator", "manager", "officer", "operator", "agent", "author", "mitarbeiter", "doctor", "driver", "teacher", "salesperson", "coach":
		return 0.4
	}
	return 1
}

// below counts the tables that hang on each, directly or not.
func (l *looker) below() map[*schema.Table]int {
	children := map[*schema.Table][]*schema.Table{}
	for child, parents := range l.edges() {
		for p := range parents {
			children[p] = append(children[p], child)
		}
	}
	out := map[*schema.Table]int{}
	for _, t := range l.s.Roots() {
		seen := map[*schema.Table]bool{t: true}
		queue := []*schema.Table{t}
		for len(queue) > 0 {
			for _, c := range children[queue[0]] {
				if !seen[c] {
					seen[c] = true
					queue = append(queue, c)
				}
			}
			queue = queue[1:]
		}
		out[t] = len(seen) - 1
	}
	return out
}

// entities says whose rows the tables have that hold people: those of people are
// their own, those that reference a table of people by one column are theirs.
func (l *looker) entities(root *schema.Table, findings []Finding) map[*schema.Table]Entity {
	out := map[*schema.Table]Entity{}
	edges, named := l.edges(), namesPeople(findings)
	for _, t := range l.s.Roots() {
		if c := alone(t); c >= 0 && l.ofPeople(t, root) && !l.more(t, c, edges, root) {
			out[t] = Entity{Column: c}
		}
	}
	for _, t := range l.s.Roots() {
		if _, ok := out[t]; ok {
			continue
		}
		var best *schema.Table
		for p, cols := range edges[t] {
			if !l.toPerson(t, cols, p, root) || t.Columns[cols[0]].Generated != "" {
				continue
			}
			if !onlyOne(t, cols[0]) && (l.ofPeople(t, root) || l.group(p) && named[t] || l.someone(edges[t], p, root)) {
				continue // it has many people of its own, or others', for each row of p
			}
			if best == nil || better(p, best, root) {
				best = p
			}
		}
		if best != nil {
			out[t] = Entity{Column: edges[t][best][0], Of: best}
		}
	}
	for t, x := range out {
		for range out { // whom the rows are about that these are about
			of := out[x.Of]
			if x.Of == nil || of.Of == nil || of.Column != single(x.Of) {
				break
			}
			x.Of = of.Of
		}
		out[t] = x
	}
	return out
}

// more reports whether rows say more of people of another table, since the column that
// tells them apart references it.
func (l *looker) more(t *schema.Table, c int, edges map[*schema.Table]map[*schema.Table][]int, root *schema.Table) bool {
	for p, cols := range edges[t] {
		back := edges[p][t]
		if l.toPerson(t, cols, p, root) && cols[0] == c && !(len(back) == 1 && back[0] == alone(p)) {
			return true
		}
	}
	return false
}

// toPerson reports whether columns of a table are one that references the key of a table
// of people.
func (l *looker) toPerson(t *schema.Table, cols []int, p, root *schema.Table) bool {
	return len(cols) == 1 && l.ofPeople(p, root) && l.wholeKey(t, cols[0], p)
}

// ofPeople reports whether each row of a table is a person, or what stands for one.
func (l *looker) ofPeople(t, root *schema.Table) bool {
	s := l.lex.subjectOf(t)
	return s.people() && (t == root || s.kind == ofPerson && s.exact)
}

// group reports whether the rows of a table of people may well be companies: a tenant is
// who rents a flat, or whose data a program keeps apart.
func (l *looker) group(t *schema.Table) bool {
	s := l.lex.subjectOf(t)
	return l.apart(t) > 0 && (s.kind == ofOrg || singular(s.noun) == "tenant")
}

// apart tells how far from a person the rows of a table of people may be: 0 is a person,
// 1 a tenant, 2 what has people of its own, as companies and sites have.
func (l *looker) apart(t *schema.Table) int {
	s := l.lex.subjectOf(t)
	switch {
	case s.has[firstName] || s.has[lastName] || s.has[birth] || s.has[gender]:
		return 0
	case singular(s.noun) == "tenant":
		return 1
	case s.kind != ofPerson:
		return 2
	}
	return 0
}

// someone reports whether one of the references, by however many columns, leads nearer
// to a person than that to p.
func (l *looker) someone(edges map[*schema.Table][]int, p, root *schema.Table) bool {
	for q := range edges {
		if l.ofPeople(q, root) && l.apart(q) < l.apart(p) {
			return true
		}
	}
	return false
}

// namesPeople are the tables that have names of people.
func namesPeople(findings []Finding) map[*schema.Table]bool {
	out := map[*schema.Table]bool{}
	for i := range findings {
		f := &findings[i]
		if c := class(f.Class); f.Personal && (c == fullName || c == firstName || c == lastName) {
			out[f.Table] = true
		}
	}
	return out
}

// alone is the column that tells the rows of a table apart: that of its primary key,
// else a unique number or uuid that is never NULL; -1 if there is none.
func alone(t *schema.Table) int {
	if c := single(t); c >= 0 {
		return c
	}
	return slices.IndexFunc(t.Columns, func(c schema.Column) bool {
		return c.NotNull && c.Generated == "" && (strings.HasPrefix(c.Type.Base, "int") || c.Type.Base == "uuid") && onlyOne(t, t.Column(c.Name))
	})
}

// onlyOne reports whether no two rows of a table have the same value in a column.
func onlyOne(t *schema.Table, c int) bool {
	is := func(cols []int) bool { return len(cols) == 1 && cols[0] == c }
	return slices.ContainsFunc(t.Keys, func(k schema.Key) bool { return is(k.Columns) }) ||
		slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Unique && x.Valid && x.Predicate == "" && is(x.Columns) })
}

// better reports whether rows are rather p's than q's.
func better(p, q, root *schema.Table) bool {
	if p == root || q == root {
		return p == root
	}
	nounOf := func(t *schema.Table) float64 {
		w := words(t.Name.Name)
		if len(w) == 0 {
			return 0
		}
		return weight(w[len(w)-1])
	}
	if a, b := nounOf(p), nounOf(q); a != b {
		return a > b
	}
	return p.Name.Less(q.Name)
}

// wholeKey reports whether a column references the primary key of a table.
func (l *looker) wholeKey(t *schema.Table, c int, parent *schema.Table) bool {
	k, ok := l.parents[columnKey{t, c}]
	return ok && k.table == parent && k.column == single(parent) && slices.Contains(l.s.Roots(), parent)
}

// loops lists the declared keys of the root by which rows that hang on a chosen
// one would bring others of the root that nobody chose: to itself, and to tables
// that hang on it.
func (l *looker) loops(root *schema.Table) []*schema.ForeignKey {
	if root == nil {
		return nil
	}
	children := map[*schema.Table][]*schema.Table{}
	for child, parents := range l.edges() {
		for p := range parents {
			children[p] = append(children[p], child)
		}
	}
	hangs := map[*schema.Table]bool{root: true}
	for queue := []*schema.Table{root}; len(queue) > 0; queue = queue[1:] {
		for _, c := range children[queue[0]] {
			if !hangs[c] {
				hangs[c] = true
				queue = append(queue, c)
			}
		}
	}
	var out []*schema.ForeignKey
	for _, k := range l.s.ForeignKeys {
		if k.Child == root && hangs[k.Parent.Root()] && !k.Period {
			out = append(out, k)
		}
	}
	return out
}
