package seed

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// rangeOf is a range of two columns in an exclusion constraint, as the server
// prints it.
var rangeOf = regexp.MustCompile(`\b(int4range|int8range|numrange|daterange|tsrange|tstzrange)\(("(?:[^"]|"")+"|[\w$]+), ("(?:[^"]|"")+"|[\w$]+)(?:, '[^']*'::text)?\) WITH &&`)

// slot is two columns between which nothing else of the table may lie.
type slot struct{ from, to int }

// takeExcludes takes in exclusion constraints: ranges lie side by side, those of
// two columns too, and columns that must not be equal are unique.
func (b *builder) takeExcludes(x *table, t *schema.Table, add func(unique)) {
	for _, e := range t.Excludes {
		at := slices.IndexFunc(e.Columns, func(c int) bool {
			class := t.Columns[c].Type.Class
			return class == schema.Range || class == schema.Multirange || geometric(t.Columns[c].Type.Base) != nil
		})
		definition := e.Definition
		if at >= 0 && t.Columns[e.Columns[at]].Generated != "" {
			at, definition = -1, t.Columns[e.Columns[at]].Default+" WITH &&"
		}
		switch from, to, ok := x.slotOf(definition); {
		case at >= 0:
			add(unique{name: e.Name, cols: t.Translate(x.t, e.Columns[at:at+1])})
		case ok:
			x.slots = append(x.slots, slot{from, to})
			add(unique{name: e.Name, cols: []int{from}})
		case strings.Contains(e.Definition, " WITH =") && !strings.Contains(e.Definition, "<>") && !strings.Contains(e.Definition, "&&"):
			add(unique{name: e.Name, cols: t.Translate(x.t, e.Columns)})
		default:
			b.untested(x, e.Name)
		}
	}
}

// slotOf finds the columns of a range that must not overlap another.
func (x *table) slotOf(definition string) (from, to int, ok bool) {
	m := rangeOf.FindStringSubmatch(definition)
	if m == nil {
		return 0, 0, false
	}
	column := func(name string) int {
		if strings.HasPrefix(name, `"`) {
			name = strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
		}
		return x.t.Column(name)
	}
	from, to = column(m[2]), column(m[3])
	if from < 0 || to < 0 || from == to || x.cols[from].skip || x.cols[to].skip {
		return 0, 0, false
	}
	switch x.typeOf(from).Base {
	case "int4", "int8", "date":
		x.cols[from].spec.every = 10
	case "timestamp", "timestamptz":
		x.cols[from].spec.every = 3 * 3600
	default:
		return 0, 0, false
	}
	x.cols[from].spec.notNull, x.cols[to].spec.notNull = true, true
	return from, to, true
}

// fit places the ends of slots behind their beginnings.
func (b *builder) fit(x *table) {
	for _, s := range x.slots {
		from, to := &x.cols[s.from], &x.cols[s.to]
		if from.parent != nil || to.parent != nil || from.set.num == nil || to.set.num == nil || from.set.num.unit != to.set.num.unit {
			b.untested(x, "the range of columns "+x.t.Columns[s.from].Name+" and "+x.t.Columns[s.to].Name)
			continue
		}
		to.after, to.within = s.from, from.set.num.step
	}
}
