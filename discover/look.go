package discover

import (
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// Samples returns what was read of a table's columns, one Sample for each of
// t.Columns in their order, or nil for none. It is called once for each logical
// table, in the order of the schema; what it returns is not kept.
type Samples func(t *schema.Table) ([]Sample, error)

// Denies reports whether rows speak against a reference that names suggest.
type Denies func(r *Reference) (bool, error)

// Finding is what becomes of one column, and why.
type Finding struct {
	Table    *schema.Table // never a partition
	Column   int           // index into Table.Columns
	Personal bool
	Mask     anonymize.Mask // kind keep where the column is not personal
	// Otherwise lists masks to take, in this order, where one turns out not to
	// fit.
	Otherwise []anonymize.Mask
	Class     string  // what the values are: "e-mail address"; "" where nothing is known
	Confident float64 // from 0 to 1: how sure the decision is, either way
	Evidence  string  // for people; never a value
	Paths     []Path  // of a json or jsonb column: the paths that its mask speaks of
	ByType    bool    // kept by its type or as a key of rows: rules need no entry for it

	f field
}

// Path is what was found at one path of documents.
type Path struct {
	Path      string // as rules files have it: $.contact.email
	Mask      anonymize.Mask
	Class     string
	Confident float64
	Evidence  string
	Usual     bool // not found: a key that is often personal, for documents that nobody looked at
}

// Report is everything that Look found.
type Report struct {
	Findings   []Finding // one for each column of each logical table, in the order of the schema
	References []Reference
	Root       *schema.Table // where a subset may start; nil if nothing suggests itself
	RootWhy    string
	Entities   map[*schema.Table]Entity
	// Loops are the root's own keys that would bring rows of the root which
	// nobody chose, if rows came down by them.
	Loops []*schema.ForeignKey
}

// Look judges every column of every logical table. samples and denies may be nil;
// denies is asked about references by texts alone, whose names say little: user_id may
// be what another service calls the user. The only errors are those of the two.
func Look(s *schema.Schema, samples Samples, denies Denies) (*Report, error) {
	l := &looker{lex: newLexicon(), det: newDetector(), s: s, missing: newMissing(s), parents: map[columnKey]columnKey{}, inKey: map[columnKey]bool{}, declared: map[columnKey]bool{}}
	var err error
	if l.references, err = undenied(l.missing.references(), denies); err != nil {
		return nil, err
	}
	l.keys()
	open := l.openPairs()
	out := &Report{}
	for _, t := range s.Roots() {
		var got []Sample
		if samples != nil {
			if got, err = samples(t); err != nil {
				return nil, fmt.Errorf("samples of %s: %w", t.Name, err)
			}
			if got != nil && len(got) != len(t.Columns) {
				return nil, fmt.Errorf("samples of %s: %d columns of %d", t.Name, len(got), len(t.Columns))
			}
		}
		out.Findings = append(out.Findings, l.table(t, got)...)
		if got != nil && open[t] {
			l.pairs(t, got)
		}
	}
	l.unlike(out.Findings)
	out.References = l.references
	l.inherit(out.Findings)
	l.follow(out.Findings)
	widen(out.Findings)
	out.Root, out.RootWhy = l.root(out.Findings)
	out.Entities = l.entities(out.Root, out.Findings)
	out.Loops = l.loops(out.Root)
	return out, nil
}

// columnKey is a column of a logical table.
type columnKey struct {
	table  *schema.Table
	column int
}

func (k columnKey) compare(o columnKey) int {
	return schema.CompareColumns(k.table, k.column, o.table, o.column)
}

type looker struct {
	lex        *lexicon
	det        *detector
	s          *schema.Schema
	missing    *missing
	references []Reference
	parents    map[columnKey]columnKey // what a column references
	inKey      map[columnKey]bool      // takes part in a reference, at either end
	declared   map[columnKey]bool      // takes part in one that the schema declares
}

// keys notes which columns take part in references, declared or missing.
func (l *looker) keys() {
	note := func(child *schema.Table, cols []int, parent *schema.Table, parentCols []int) {
		for i := range cols {
			a, b := columnKey{child, cols[i]}, columnKey{parent, parentCols[i]}
			l.inKey[a], l.inKey[b] = true, true
			if _, ok := l.parents[a]; !ok {
				l.parents[a] = b
			}
		}
	}
	for _, k := range l.s.ForeignKeys {
		child, parent := k.Child.Root(), k.Parent.Root()
		cols, refs := k.Child.Translate(child, k.Columns), k.Parent.Translate(parent, k.ParentColumns)
		note(child, cols, parent, refs)
		for i := range cols {
			l.declared[columnKey{child, cols[i]}], l.declared[columnKey{parent, refs[i]}] = true, true
		}
	}
	for _, r := range l.references {
		if !r.array() && r.When < 0 {
			note(r.Child, r.Columns, r.Parent, r.ParentColumns)
		}
	}
}

// undenied leaves out references by texts that rows speak against.
func undenied(references []Reference, denies Denies) ([]Reference, error) {
	if denies == nil {
		return references, nil
	}
	var out []Reference
	for i := range references {
		r := &references[i]
		if r.Parent != nil && r.texts() {
			no, err := denies(r)
			if err != nil {
				return nil, fmt.Errorf("references of %s: %w", r.Child.Name, err)
			}
			if no {
				continue
			}
		}
		out = append(out, *r)
	}
	return out, nil
}

// unlike drops references by texts whose values or names are of something else than
// keys: an address, a name.
func (l *looker) unlike(findings []Finding) {
	other := map[columnKey]bool{}
	for i := range findings {
		f := &findings[i]
		other[columnKey{f.Table, f.Column}] = f.Personal && f.Class != string(docNumber) && f.Class != string(secret)
	}
	l.references = slices.DeleteFunc(l.references, func(r Reference) bool {
		return r.Parent != nil && r.texts() && other[columnKey{r.Child, r.Columns[0]}] && !other[columnKey{r.Parent, r.ParentColumns[0]}]
	})
}

// openPairs are the tables with polymorphic pairs of which only rows can say what they
// reference.
func (l *looker) openPairs() map[*schema.Table]bool {
	out := map[*schema.Table]bool{}
	for _, r := range l.references {
		if r.When >= 0 && r.Parent == nil {
			out[r.Child] = true
		}
	}
	return out
}

// pairs completes the polymorphic pairs of a table with what its rows call types.
func (l *looker) pairs(t *schema.Table, samples []Sample) {
	var out []Reference
	for _, r := range l.references {
		if r.Child != t || r.When < 0 || r.Parent != nil {
			out = append(out, r)
			continue
		}
		var types []string
		for _, v := range samples[r.When].Values {
			types = append(types, string(v))
		}
		if found := l.missing.resolve(r, types, "rows do"); len(found) > 0 {
			out = append(out, found...)
		} else {
			out = append(out, r)
		}
	}
	l.references = out
}

// table judges the columns of one table.
func (l *looker) table(t *schema.Table, samples []Sample) []Finding {
	subject := l.lex.subjectOf(t)
	var out []Finding
	for c := range t.Columns {
		col := &t.Columns[c]
		k := columnKey{t, c}
		x := &judge{l: l, t: t, c: c, col: col, subject: subject, f: fieldOf(l.s, t, c, l.inKey[k])}
		if samples != nil {
			x.sample = &samples[c]
		}
		f := x.finding()
		f.Table, f.Column, f.f = t, c, x.f
		f.Personal = f.Mask.Kind != "keep"
		out = append(out, f)
	}
	return out
}

// judge judges one column.
type judge struct {
	l       *looker
	t       *schema.Table
	c       int
	col     *schema.Column
	subject *subject
	f       field
	sample  *Sample
	profile *profile // nil without samples
}

func keep(conf float64, format string, args ...any) Finding {
	return Finding{Mask: mask("keep"), Confident: conf, Evidence: fmt.Sprintf(format, args...)}
}

func (x *judge) finding() Finding {
	if x.col.Generated != "" {
		return keep(1, "computed from other columns")
	}
	if x.sample != nil && len(x.sample.Values) > 0 {
		x.profile = x.l.det.examine(x.sample.Values)
	}
	label, forced := x.l.lex.labelOf(x.col.MaskLabel)
	if label.class == none && label.conf > 0 {
		return keep(label.conf, "%s", label.why)
	}
	name := x.l.lex.nameOf(x.subject, x.col.Name, shapeOf(&x.col.Type))
	comment := x.l.lex.commentOf(x.col.Comment)
	if label.conf > 0 {
		if name.class != none && label.class == special {
			label.class = name.class
		}
		return x.masked(label, forced)
	}
	if comment.conf >= 0.9 && comment.class == none {
		return keep(comment.conf, "%s", comment.why)
	}
	switch x.f.kind {
	case isBool:
		f := keep(1, "yes or no")
		f.ByType = x.byType()
		return f
	case isEnum:
		return x.enum(name)
	case isTexts:
		return x.text(name, comment)
	case isWhole, isFloat, isMoney:
		return x.number(name, comment)
	case isDate:
		return x.date(name, comment)
	case isUUID:
		return x.uuid(name)
	case isInet, isMAC:
		return x.masked(guess{map[bool]class{true: ipAddress, false: macAddr}[x.f.kind == isInet], 0.95, "type " + typeName(&x.col.Type)}, nil)
	case isDoc:
		return x.document(name, comment)
	case isBytes:
		return x.bytes(name)
	case isHstore:
		return x.hstore()
	case isComposite:
		return x.composite()
	case isPlace:
		return x.place(name)
	case isSearch, isMarkup:
		return x.derived()
	}
	return keep(0.9, "type %s holds nothing about people", typeName(&x.col.Type))
}

// masked makes the finding for a class; where no mask fits it says so.
func (x *judge) masked(g guess, forced *anonymize.Mask) Finding {
	x.prepare(g.class)
	masks := x.f.masks(g.class)
	if forced != nil && x.f.fits(forced) {
		masks = append([]anonymize.Mask{*forced}, masks...)
	}
	f := Finding{Class: string(g.class), Confident: g.conf, Evidence: g.why}
	if len(masks) == 0 {
		f.Mask, f.Confident = mask("keep"), 0.1
		f.Evidence += "; PERSONAL, but no mask fits type " + typeName(&x.col.Type)
		if x.f.unique {
			f.Evidence += " where it must stay unique"
		}
		f.Evidence += ": leave the rows out, or decide otherwise"
		return f
	}
	f.Mask, f.Otherwise = masks[0], masks[1:]
	return f
}

// prepare finds parameters of the class's masks.
func (x *judge) prepare(c class) {
	switch c {
	case national:
		x.f.country = x.l.countryOf(x.subject, x.col.Name, x.profile)
	case secret:
		x.f.long = x.profile.longSecrets()
	case gender:
		x.f.choices = genderValues(checkValues(x.t, x.c), x.sample)
	case password:
		x.f.scheme = schemeOf(x.sample, x.subject)
	}
}

// sampled says how many values were looked at, for evidence.
func (x *judge) sampled() string {
	if x.profile.n == 1 {
		return "1 value"
	}
	return fmt.Sprintf("%d values", x.profile.n)
}

// nothing says where nothing personal was found.
func (x *judge) nothing() string {
	if x.profile == nil {
		return "nothing personal in its name, and no values to look at"
	}
	return "nothing personal in its name, or in " + x.sampled()
}
