package rules

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

func (k columnKey) compare(o columnKey) int {
	return schema.CompareColumns(k.table, k.column, o.table, o.column)
}

// sameMask reports whether two masks give the same results.
func sameMask(a, b *anonymize.Mask) bool {
	return a.Kind == b.Kind && a.Domain == b.Domain && (len(a.Params) == 0 && len(b.Params) == 0 || reflect.DeepEqual(a.Params, b.Params))
}

// keyColumns are the columns of a table's primary key, unique constraints and
// unique indexes.
func keyColumns(t *schema.Table) map[int]bool {
	out := map[int]bool{}
	for _, k := range t.Keys {
		for _, c := range k.Columns {
			out[c] = true
		}
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Unique {
			for _, c := range x.Columns {
				if c >= 0 {
					out[c] = true
				}
			}
		}
	}
	return out
}

// primaryColumns are the columns of a table's primary key.
func primaryColumns(t *schema.Table) map[int]bool {
	out := map[int]bool{}
	if k := t.Primary(); k != nil {
		for _, c := range k.Columns {
			out[c] = true
		}
	}
	return out
}

// uniqueness says whether a column must stay unique, and whether that is judged
// without regard to case.
func uniqueness(t *schema.Table, c int) (unique, fold bool) {
	unique = keyColumns(t)[c]
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if !x.Unique || !slices.Contains(x.ExpressionColumns, c) {
			continue
		}
		unique = true
		for _, e := range x.Expressions {
			e = strings.ToLower(e)
			if strings.Contains(e, "lower(") || strings.Contains(e, "upper(") {
				fold = true
			}
		}
	}
	return unique, fold
}

// doubtful says of which unique indexes it cannot be told whether masked rows fit
// them: those over an expression of a masked column that is more than the column
// in one case or with its NULLs replaced. A mask keeps values apart, not what is
// made of them. The same goes for unique columns that are generated from masked
// ones, and for exclusion constraints.
func doubtful(tr *TableRules) (notes []string) {
	masked := map[int]bool{}
	for i, c := range tr.Columns {
		if m := tr.Spec.Columns[i].Mask; tr.Exprs[i] != "" || m != nil && m.Kind != "keep" && m.Kind != "null" {
			masked[c] = true
		}
	}
	note := func(format string, args ...any) {
		notes = append(notes, fmt.Sprintf(format, args...)+`: only "rehearse" and the run can tell whether masked rows fit it`)
	}
	for _, x := range tr.Table.Excludes {
		if at := slices.IndexFunc(x.Columns, func(c int) bool { return masked[c] }); at >= 0 {
			note("exclusion constraint %s of %s is over the masked column %s", spell(x.Name), tr.Table.Name, spell(tr.Table.Columns[x.Columns[at]].Name))
		}
	}
	for i := range tr.Table.Indexes {
		x := &tr.Table.Indexes[i]
		if !x.Unique {
			continue
		}
		for _, c := range x.Columns {
			if c >= 0 && slices.ContainsFunc(tr.Table.Columns[c].GeneratedFrom, func(from int) bool { return masked[from] }) {
				note("unique index %s of %s is over the column %s, which is generated from a masked one", spell(x.Name), tr.Table.Name, spell(tr.Table.Columns[c].Name))
			}
		}
		for _, e := range x.Expressions {
			at := slices.IndexFunc(x.ExpressionColumns, func(c int) bool { return masked[c] && names(e, tr.Table.Columns[c].Name) })
			if at < 0 {
				continue
			}
			if c := &tr.Table.Columns[x.ExpressionColumns[at]]; !apart(e, c.Name) {
				note("unique index %s of %s is over an expression of the masked column %s", spell(x.Name), tr.Table.Name, spell(c.Name))
			}
		}
	}
	return notes
}

var identifier = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:[^']|'')*'|[\pL_][\pL\pN_$]*`)

// names reports whether an expression, as the server spells it, names a column.
func names(expr, column string) bool {
	return slices.ContainsFunc(identifier.FindAllString(expr, -1), func(word string) bool { return means(word, column) })
}

// means reports whether a word of an expression, in quotation marks or not, is
// the name.
func means(word, name string) bool {
	return word == name || word == `"`+strings.ReplaceAll(name, `"`, `""`)+`"`
}

// apart reports whether an expression has different results for values that
// differ in more than case: it is the column with nothing but casts to text,
// lower or upper, and coalesce with a literal around it.
func apart(expr, column string) bool {
	expr = textCast.ReplaceAllString(expr, "")
	found := 0
	for _, word := range identifier.FindAllString(expr, -1) {
		switch low := strings.ToLower(word); {
		case means(word, column):
			found++
		case low == "lower", low == "upper", low == "coalesce", strings.HasPrefix(word, "'"):
		default:
			return false
		}
	}
	return found == 1 && !strings.ContainsAny(identifier.ReplaceAllString(expr, ""), "|+-*/%#&~<>=!?@^[]:")
}

var textCast = regexp.MustCompile(`::(?:text|character varying|varchar|citext|bpchar|character|name)(?:\([0-9]+\))?`)

// sole reports whether a column alone tells all rows of its table apart.
func sole(t *schema.Table, c int) bool {
	alone := func(cols []int) bool { return len(cols) == 1 && cols[0] == c }
	if !t.Columns[c].NotNull {
		return false
	}
	return slices.ContainsFunc(t.Keys, func(k schema.Key) bool { return alone(k.Columns) }) ||
		slices.ContainsFunc(t.Indexes, func(x schema.Index) bool { return x.Unique && x.Valid && x.Predicate == "" && alone(x.Columns) })
}

// keptKeys are the unique keys over columns that are NOT NULL and come
// unchanged.
func keptKeys(tr *TableRules) [][]int {
	var out [][]int
	add := func(cols []int) {
		var key []int
		for _, c := range cols {
			i := slices.Index(tr.Columns, c)
			if i < 0 || tr.Spec.Columns[i].Mask != nil || tr.Exprs[i] != "" || !tr.Spec.Columns[i].NotNull {
				return
			}
			key = append(key, i)
		}
		if len(key) > 0 {
			out = append(out, key)
		}
	}
	for _, k := range tr.Table.Keys {
		add(k.Columns)
	}
	for i := range tr.Table.Indexes {
		x := &tr.Table.Indexes[i]
		if x.Unique && x.Valid && !x.Constraint && x.Predicate == "" && len(x.Expressions) == 0 {
			add(x.Columns)
		}
	}
	return out
}

// TypeOf is a type as masks see it.
func TypeOf(t *schema.Type) anonymize.Type {
	out := anonymize.Type{Name: t.Base, Length: t.Length, Precision: t.Precision, Scale: t.Scale}
	out.Range = (t.Class == schema.Range || t.Class == schema.Multirange) && !t.Builtin
	if t.Enum != nil {
		out.Labels = t.Enum.Labels
	}
	if t.Elem != nil {
		e := TypeOf(t.Elem)
		out.Elem = &e
	}
	for i := range t.Fields {
		out.Fields = append(out.Fields, anonymize.Field{Name: t.Fields[i].Name, Type: TypeOf(&t.Fields[i].Type)})
	}
	return out
}

// rows estimates a logical table's rows; 0 if it was never analyzed.
func rows(t *schema.Table) (n int64) {
	for _, l := range t.Leaves() {
		n += max(0, l.Rows)
	}
	return n
}

// narrow sizes results for the narrowest column of each domain, and for what is unique
// in it, and folds case everywhere where it is folded somewhere.
func (d *decider) narrow() {
	domains, notes := map[anonymize.DomainKey]anonymize.Domain{}, []string(nil)
	for g, x := range d.domains() {
		notes = append(notes, d.foldNotes(x.columns)...)
		common := x.common()
		for _, c := range x.columns {
			c.UniqueDomain = common.Unique
			if t := elem(&c.Type); slices.Contains(textual, t.Name) {
				t.Length, c.Fold = common.Length, common.Fold
			}
		}
		if g.key == (columnKey{}) {
			domains[g.DomainKey] = common
		}
	}
	slices.Sort(notes)
	d.out.Notes = append(d.out.Notes, notes...)
	for _, tr := range d.out.Tables {
		tr.Spec.Domains = domains
	}
}

// domainGroup names columns whose results are compared: those of a domain, or of
// references where the kind's default domain does not join them.
type domainGroup struct {
	anonymize.DomainKey
	key columnKey
}

// domainMembers are the columns of a domain, and the fields of composite types that a
// mask of it masks.
type domainMembers struct {
	columns []member
	fields  []*anonymize.Type
}

// domains sorts all masked columns by their domains.
func (d *decider) domains() map[domainGroup]*domainMembers {
	joined := map[string]bool{}
	for _, k := range anonymize.Kinds() {
		joined[k.Name] = k.Joined
	}
	sets := map[domainGroup]*domainMembers{}
	set := func(g domainGroup) *domainMembers {
		if sets[g] == nil {
			sets[g] = &domainMembers{}
		}
		return sets[g]
	}
	for _, tr := range d.out.Tables {
		for i := range tr.Spec.Columns {
			c := &tr.Spec.Columns[i]
			if c.Mask == nil {
				continue
			}
			eachField(&c.Type, c.Mask, func(t *anonymize.Type, m *anonymize.Mask) {
				if m.Domain != "" || joined[m.Kind] {
					x := set(domainGroup{DomainKey: anonymize.DomainKey{Kind: m.Kind, Domain: m.Domain}})
					x.fields = append(x.fields, t)
				}
			})
			k := columnKey{tr.Table, tr.Columns[i]}
			g := domainGroup{DomainKey: anonymize.DomainKey{Kind: c.Mask.Kind, Domain: c.Mask.Domain}}
			if g.Domain == "" && !joined[g.Kind] {
				if !d.inKey[k] {
					continue
				}
				g.key = d.groups.Root(k)
			}
			x := set(g)
			x.columns = append(x.columns, member{c, k})
		}
	}
	return sets
}

// eachField calls fn with each field that a composite mask masks, and with its mask.
func eachField(t *anonymize.Type, m *anonymize.Mask, fn func(*anonymize.Type, *anonymize.Mask)) {
	fields, _ := m.Params["fields"].(map[string]any)
	if m.Kind != "composite" {
		return
	}
	t = elem(t)
	for i := range t.Fields {
		f := &t.Fields[i]
		if mask, err := anonymize.MaskOf(fields[f.Name]); err == nil { // else it is said elsewhere
			fn(elem(&f.Type), mask)
			eachField(&f.Type, mask, fn)
		}
	}
}

// common is what the members make of each other's results.
func (x *domainMembers) common() (out anonymize.Domain) {
	types := slices.Clone(x.fields)
	for _, c := range x.columns {
		types = append(types, elem(&c.Type))
		out.Fold, out.Unique = out.Fold || c.Fold, out.Unique || c.Unique
	}
	for _, t := range types {
		if slices.Contains(textual, t.Name) && t.Length > 0 && (out.Length == 0 || t.Length < out.Length) {
			out.Length = t.Length
		}
	}
	return out
}

// member is a column of a mask's domain.
type member struct {
	*anonymize.Column
	key columnKey
}

func (m member) String() string { return m.key.table.Name.String() + "." + spell(m.Name) }

// foldNotes say of unique columns that a column of their domain, which disregards
// case, costs them their capitals.
func (d *decider) foldNotes(cols []member) (notes []string) {
	fold := slices.IndexFunc(cols, func(c member) bool { return c.Fold })
	if fold < 0 {
		return nil
	}
	for _, c := range cols {
		unique, _ := uniqueness(c.key.table, c.key.column)
		if !unique || c.Fold || !slices.Contains(textual, c.Type.Name) {
			continue
		}
		remedy := "give it a domain of its own"
		switch {
		case d.inKey[c.key]:
			remedy = "keep it"
		case c.Mask.Kind == "email": // its domain is that of the addresses
			remedy = "give it another mask, as hash"
		}
		notes = append(notes, fmt.Sprintf(
			"unique column %s is masked without regard to case, as %s of the same domain is: two values that differ in case alone would become one, and only \"rehearse\" and the run can tell; if there are such, %s",
			c, cols[fold], remedy))
	}
	return notes
}

func elem(t *anonymize.Type) *anonymize.Type {
	if t.Elem != nil {
		return t.Elem
	}
	return t
}
