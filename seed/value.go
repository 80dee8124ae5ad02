package seed

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/pgstandin/pgstandin/schema"
)

// Curve says how often which of many numbered things is taken.
type Curve string

// The curves.
const (
	Even   Curve = ""       // each as often as any other
	Normal Curve = "normal" // around a mean
	Zipf   Curve = "zipf"   // the first twice as often as the second, three times as often as the third
)

// Value says how the values of a column are made; what its type and its
// constraints demand holds beside it. The zero value lets the column's name and
// type decide.
type Value struct {
	// Kind is what the values are: one of Kinds, or "".
	Kind string
	// Choice is the values to take, as texts, by Weights, which are as many, or all
	// alike where it is nil.
	Choice  []string
	Weights []float64
	// Low and High bound numbers, dates and timestamps; "" is no bound.
	Low, High string
	// Curve is over the values between Low and High; Mean and Deviation are of
	// Normal.
	Curve           Curve
	Mean, Deviation float64
	// Sequence counts from Start by Step, which is above 0.
	Sequence    bool
	Start, Step int64
	// Template is a text with {row}, {row:6}, {digits:4}, {letters:3} and {column}
	// in it, the last also as {column|lower}, {column|upper} or {column|slug}.
	Template string
	// JSON is the members of objects, of a column of JSON.
	JSON []Field
	// Null is the share of rows without a value, from 0 to 1; nil is what is usual.
	Null *float64
	// Bounds are the ends of len(Weights) ranges, one more than those, of numbers
	// or times; each range is taken by its weight.
	Bounds []string

	soft bool // a profile's: what constraints do not allow is passed over
}

// made reports whether v says anything of what values are, not only of NULLs.
func (v *Value) made() bool {
	return v != nil && !v.soft && (v.Kind != "" || v.Choice != nil || v.Low != "" || v.High != "" || v.Curve != Even || v.Sequence || v.Template != "" || v.JSON != nil || v.Bounds != nil)
}

// normalEnds bounds a normal curve where nobody did.
func (v *Value) normalEnds() {
	for i, end := range []*string{&v.Low, &v.High} {
		if *end == "" {
			*end = strconv.FormatFloat(v.Mean+v.Deviation*float64(8*i-4), 'f', 6, 64)
		}
	}
}

// pick is how a value's curve or weights choose from a set; nil for each value as
// often as any other.
func (v *Value) pick(values *set) (pick, error) {
	switch {
	case v.Weights != nil:
		var weights []float64
		for i := range values.size {
			at := slices.Index(v.Choice, string(values.append(nil, i)))
			if at < 0 || at >= len(v.Weights) {
				return nil, fmt.Errorf("%d values have %d weights", len(v.Choice), len(v.Weights))
			}
			weights = append(weights, v.Weights[at])
		}
		p := weighted(weights)
		if p == nil {
			return nil, fmt.Errorf("no weight is above 0")
		}
		return p, nil
	case v.Curve == Normal:
		n := values.num
		if n == nil || n.unit.kind != "number" {
			return nil, fmt.Errorf("it is no number: only those have a normal curve")
		}
		unit := 1.0
		for range n.unit.digits {
			unit *= 10
		}
		return bell((v.Mean*unit-float64(n.lo))/float64(n.step), v.Deviation*unit/float64(n.step)), nil
	case v.Curve == Zipf:
		return zipf, nil
	}
	return nil, nil
}

// Share says how the rows of a table are spread over the parents of a foreign
// key.
type Share struct {
	Key *schema.ForeignKey
	// Curve is Even or Zipf, for as many rows as the table has. Which parents have
	// many children is chosen by Seed.
	Curve Curve
	// Low and High, where High is above 0, are how many children each parent has:
	// their sum is the number of the table's rows. A unique column beside the key
	// then counts the children of one parent.
	Low, High int64
}

// Kinds are the names of Value.Kind.
func Kinds() []string {
	return []string{
		"address.city", "address.country", "address.full", "address.lat", "address.lon", "address.state", "address.street", "address.zip",
		"carrier", "code", "color", "company", "currency", "domain", "email", "event", "file", "hash", "iban", "ip", "job", "language", "mime",
		"person.first", "person.last", "person.name", "person.title", "person.user", "phone", "sentence", "sku", "slug", "status",
		"timezone", "title", "token", "url", "user_agent", "version", "words",
	}
}

// values takes in what Config.Values says of a table's columns.
func (b *builder) values(x *table) error {
	for c := range x.cols {
		v, ok := b.cfg.Values[x.t][c]
		if !ok {
			continue
		}
		col := &x.cols[c]
		col.value = &v
		wrong := func(format string, args ...any) error {
			return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: fmt.Sprintf(format, args...)}
		}
		if col.skip {
			return wrong("it is generated: its values cannot be chosen")
		}
		switch {
		case v.Kind != "" && !slices.Contains(Kinds(), v.Kind):
			return wrong("there is no kind %s", v.Kind)
		case v.Null != nil && *v.Null > 0 && col.spec.notNull:
			return wrong("it is not null: it can have no share of NULLs")
		case v.Weights != nil && v.Bounds == nil && len(v.Weights) != len(v.Choice):
			return wrong("%d values have %d weights", len(v.Choice), len(v.Weights))
		case v.Sequence && v.Step < 1:
			return wrong("a sequence's step is above 0")
		case v.Curve == Normal && v.Deviation <= 0:
			return wrong("the deviation of a normal curve is above 0")
		}
		if v.Kind != "" {
			if number := v.Kind == "address.lat" || v.Kind == "address.lon"; number && !isNumber(col.spec.typ) || !number && !isText(col.spec.typ) {
				return wrong("its type has no values of kind %s", v.Kind)
			}
			col.spec.role = v.Kind
		}
		if v.Choice != nil {
			if col.spec.typ.Class == schema.EnumType {
				col.spec.only(col.spec.typ.Enum.Labels)
			}
			col.spec.only(v.Choice)
		}
		if v.Curve == Normal {
			v.normalEnds()
		}
		if v.Low != "" {
			col.spec.lo = bound{text: v.Low}
		}
		if v.High != "" {
			col.spec.hi = bound{text: v.High}
		}
		col.spec.exact = v.Low != "" && v.High != ""
		if v.Sequence {
			col.spec.lo, col.spec.hi, col.spec.exact = bound{text: fmt.Sprint(v.Start)}, bound{text: strconv.FormatInt(math.MaxInt32, 10)}, true
			if col.spec.typ.Base == "int8" || col.spec.typ.Base == "numeric" {
				col.spec.hi.text = "1000000000000000"
			}
		}
		if v.Template != "" {
			if err := x.template(c, v.Template); err != nil {
				return wrong("%s", err.Error())
			}
		}
		if v.JSON != nil {
			if base := col.spec.typ.Base; base != "json" && base != "jsonb" {
				return wrong("it is no JSON")
			}
			made, err := x.shaped(nil, c, v.JSON, "")
			if err != nil {
				return wrong("%s", err.Error())
			}
			col.made = made
		}
	}
	return x.templateRing()
}

// shape gives a column's source what its Value says; the set is made.
func (x *table) shape(c int) error {
	col := &x.cols[c]
	v := col.value
	if v == nil {
		return nil
	}
	wrong := func(format string, args ...any) error {
		return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: fmt.Sprintf(format, args...)}
	}
	if v.Null != nil {
		col.src.nulls = part64(*v.Null)
	}
	switch {
	case col.dealt && v.soft:
	case col.dealt && (v.Weights != nil || v.Curve != Even || v.Sequence):
		return wrong("it says which partition a row is in: it can have neither weights, nor a curve, nor a sequence")
	case col.dealt:
	case v.Choice != nil:
		have := map[string]bool{}
		for i := range col.set.size {
			have[string(col.set.append(nil, i))] = true
		}
		for _, text := range v.Choice {
			if !have[text] && !v.soft {
				return wrong("its type or a check does not allow one of the values to choose from, the one at place %d", 1+slices.Index(v.Choice, text))
			}
		}
	case v.Bounds != nil:
		if err := x.histogram(c); err != nil {
			return wrong("%s", err.Error())
		}
	case v.Sequence || v.Low != "" || v.High != "" || v.Curve != Even:
		if col.set.num == nil {
			return wrong("it is neither a number nor a time: only those have ranges, curves and sequences")
		}
		n := col.set.num
		switch {
		case v.Sequence:
			unit := int64(1)
			for range n.unit.digits {
				unit *= 10
			}
			if n.unit.kind != "number" {
				return wrong("it is no number: only those have sequences")
			}
			seq := scale{lo: n.lo, hi: n.hi, step: v.Step * unit, unit: n.unit, print: n.print}
			if col.set = seq.set(); col.set.size < x.rows {
				return wrong("its type or a check allows no more than %d numbers of the sequence", col.set.size)
			}
			col.src.size, col.src.mode, col.src.fixed = col.set.size, counted, true
		}
	}
	if col.dealt || v.Bounds != nil {
		return nil
	}
	p, err := v.pick(&col.set)
	if err != nil && !v.soft {
		return wrong("%s", err.Error())
	}
	col.src.pick = p
	return nil
}

// part64 is the bound of hashes for a share from 0 to 1.
func part64(share float64) uint64 {
	if share >= 1 {
		return 1<<64 - 1
	}
	return uint64(share * (1 << 64))
}

// shares takes in Config.Shares, when foreign keys have their sources.
func (b *builder) shares() error {
	for _, x := range b.tables {
		for c := range x.cols {
			if col := &x.cols[c]; col.parent != nil && col.value.made() {
				return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "it belongs to a foreign key: its values are those of the parent"}
			}
		}
	}
	for _, s := range b.cfg.Shares {
		wrong := func(reason string) error {
			return &Error{Table: s.Key.Child, Constraint: s.Key.Name, Reason: reason}
		}
		at := slices.IndexFunc(b.keys, func(f *foreign) bool {
			return f.k == s.Key || f.child == b.plan.tables[s.Key.Child.Root()] && f.k.Name == s.Key.Name
		})
		if at < 0 || b.keys[at].src == nil {
			return wrong("its columns belong to other foreign keys: say of those how rows are spread")
		}
		f := b.keys[at]
		if f.parent == f.child || f.src.mode != drawn {
			return wrong("how the rows of a reference to the same table, or of one that shares columns, are spread cannot be chosen")
		}
		if s.High > 0 && f.child.named {
			return wrong("the number of rows is that of the parents' children: do not give the table another")
		}
		if s.High > 0 && slices.ContainsFunc(f.child.keys, func(g *foreign) bool { return g.share != nil && g.share.High > 0 }) {
			return wrong("the table has the children of one parent counted already")
		}
		f.share = &s
	}
	return nil
}
