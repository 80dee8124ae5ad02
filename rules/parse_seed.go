package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/seed"
)

// seedRule is the part of a file that says how rows are made.
type seedRule struct {
	seed   *uint64
	scale  float64 // 0: not given
	rows   int64   // of each table; 0: not given
	tables []seedTableRule
}

type seedTableRule struct {
	name    nameRule
	rows    *int64
	per     []perRule
	columns []seedColumnRule
}

// perRule says how children are spread over the parents of a reference, which is
// named by its parent or by a column.
type perRule struct {
	name      nameRule
	curve     seed.Curve
	low, high int64
}

type seedColumnRule struct {
	name  nameRule
	value seed.Value
	sql   *exprRule
}

// seed reads seed: { seed: 7, scale: 10, rows: 1000, tables: { … } }.
func (p *fileParser) seed(n *node) {
	r := &p.file.seed
	p.fields(n, "seed", []field{
		{"seed", func(n *node) {
			v, err := strconv.ParseUint(n.text, 10, 64)
			if n.shape != isInt || err != nil {
				p.add(n.at, "seed: %s; write a whole number", describe(n))
			}
			r.seed = &v
		}},
		{"scale", func(n *node) {
			if r.scale, _ = p.number(n, "scale"); r.scale <= 0 {
				p.add(n.at, "scale: %s; write a number above 0", describe(n))
			}
		}},
		{"rows", func(n *node) { r.rows = p.count(n, "rows") }},
		{"tables", func(n *node) {
			if n.shape != isMap {
				p.add(n.at, "tables is %s; write a map: tables: { users: { rows: 100 } }", n.shape)
				return
			}
			for _, x := range n.pairs {
				p.seedTable(x)
			}
		}},
	})
}

func (p *fileParser) seedTable(x pair) {
	t := seedTableRule{name: nameRule{x.key.at, x.key.text}}
	p.fields(x.value, "table "+quoted(x.key.text), []field{
		{"rows", func(n *node) {
			v, err := strconv.ParseInt(n.text, 10, 64)
			if n.shape != isInt || err != nil || v < 0 {
				p.add(n.at, "rows: %s; write a whole number from 0 on", describe(n))
			}
			t.rows = &v
		}},
		{"per", func(n *node) {
			if n.shape != isMap {
				p.add(n.at, "per is %s; write a map: per: { orders: 1..5 }", n.shape)
				return
			}
			for _, x := range n.pairs {
				t.per = append(t.per, p.per(x))
			}
		}},
		{"columns", func(n *node) {
			if n.shape != isMap {
				p.add(n.at, "columns is %s; write a map: columns: { total: { range: [10, 5000] } }", n.shape)
				return
			}
			for _, x := range n.pairs {
				t.columns = append(t.columns, p.seedColumn(x))
			}
		}},
	})
	p.file.seed.tables = append(p.file.seed.tables, t)
}

// per reads 1..5, 3, even or zipf.
func (p *fileParser) per(x pair) perRule {
	r := perRule{name: nameRule{x.key.at, x.key.text}}
	low, high, between := strings.Cut(x.value.text, "..")
	if !between {
		high = low
	}
	var err, err2 error
	r.low, err = strconv.ParseInt(strings.TrimSpace(low), 10, 64)
	r.high, err2 = strconv.ParseInt(strings.TrimSpace(high), 10, 64)
	switch {
	case x.value.shape > isString || x.value.bad:
		p.add(x.value.at, "per: %s; write 1..5, 3, even or zipf", describe(x.value))
	case x.value.text == "zipf":
		r.curve = seed.Zipf
	case x.value.text == "even":
	case err != nil || err2 != nil || r.low < 0 || r.high < 1 || r.high < r.low || r.high > 1_000_000:
		p.add(x.value.at, "per: %s; write 1..5, 3, even or zipf", describe(x.value))
	}
	if err != nil || err2 != nil {
		r.low, r.high = 0, 0
	}
	return r
}

func (p *fileParser) number(n *node, what string) (float64, bool) {
	v, err := strconv.ParseFloat(n.text, 64)
	if n.shape != isInt && n.shape != isFloat || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		p.add(n.at, "%s: %s; write a number", what, describe(n))
		return 0, false
	}
	return v, true
}

// seedColumn reads a kind, or what values are.
func (p *fileParser) seedColumn(x pair) seedColumnRule {
	r := seedColumnRule{name: nameRule{x.key.at, x.key.text}}
	v := &r.value
	if x.value.shape != isMap {
		if text, ok := p.text(x.value, "what a column holds"); ok {
			p.seedKind(x.value, text, v)
		}
		return r
	}
	p.fields(x.value, "column "+quoted(x.key.text), []field{
		{"kind", func(n *node) {
			if text, ok := p.text(n, "kind"); ok {
				p.seedKind(n, text, v)
			}
		}},
		{"choice", func(n *node) { p.seedChoice(n, v) }},
		{"range", func(n *node) { p.seedRange(n, "range", v) }},
		{"normal", func(n *node) { p.seedNormal(n, v) }},
		{"zipf", func(n *node) {
			p.seedRange(n, "zipf", v)
			v.Curve = seed.Zipf
		}},
		{"sequence", func(n *node) { p.seedSequence(n, v) }},
		{"template", func(n *node) { v.Template, _ = p.text(n, "template") }},
		{"json", func(n *node) { v.JSON = p.seedJSON(n) }},
		{"sql", func(n *node) { r.sql = p.expr(n, "sql", sqlexpr.Parse) }},
		{"null", func(n *node) { p.seedNull(n, v) }},
	})
	var ways []string
	for _, k := range []string{"kind", "choice", "range", "normal", "zipf", "sequence", "template", "json", "sql"} {
		if x.value.get(k) != nil {
			ways = append(ways, k)
		}
	}
	if len(ways) > 1 && !slices.Equal(ways, []string{"range", "normal"}) {
		p.add(x.value.at, "%s of one column; write one of them", strings.Join(ways, " and "))
	}
	return r
}

func (p *fileParser) seedKind(n *node, text string, v *seed.Value) {
	if v.Kind = text; !slices.Contains(seed.Kinds(), text) {
		hint := didYouMean(text, seed.Kinds())
		if hint == "" {
			hint = "; there are " + oneOf(seed.Kinds())
		}
		p.add(n.at, "there is no kind %s%s", quoted(text), hint)
	}
}

// seedChoice reads [a, b], or { a: 70, b: 30 }.
func (p *fileParser) seedChoice(n *node, v *seed.Value) {
	switch {
	case n.shape == isList && len(n.items) > 0:
		for _, i := range n.items {
			if i.shape > isString || i.shape == isNull {
				p.add(i.at, "choice: %s; write a value", describe(i))
				continue
			}
			v.Choice = append(v.Choice, i.text)
		}
	case n.shape == isMap && len(n.pairs) > 0:
		for _, x := range n.pairs {
			w, ok := p.share(x.value)
			if !ok || w < 0 {
				p.add(x.value.at, "choice: %s; write a weight, a number from 0 on", describe(x.value))
			}
			v.Choice, v.Weights = append(v.Choice, x.key.text), append(v.Weights, w)
		}
	case n.shape == isList || n.shape == isMap:
		p.add(n.at, "choice is empty; write at least one value, or leave the key out")
	default:
		p.add(n.at, "choice is %s; write values, [pending, completed], or values with weights, { pending: 20, completed: 80 }", n.shape)
	}
	for i, text := range v.Choice {
		if slices.Index(v.Choice, text) < i {
			p.add(n.at, "choice: %s is there twice", quoted(text))
			break
		}
	}
}

// share reads a number or a percentage, as 20% or 0.2.
func (p *fileParser) share(n *node) (float64, bool) {
	text, percent := strings.CutSuffix(n.text, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if n.shape > isString || n.bad || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	if percent {
		v /= 100
	}
	return v, true
}

func (p *fileParser) seedNull(n *node, v *seed.Value) {
	s, ok := p.share(n)
	if !ok || s < 0 || s > 1 {
		p.add(n.at, "null: %s; write a share, such as 20%% or 0.2", describe(n))
		return
	}
	v.Null = &s
}

// seedRange reads [low, high].
func (p *fileParser) seedRange(n *node, what string, v *seed.Value) {
	if n.shape != isList || len(n.items) != 2 || n.items[0].shape > isString || n.items[1].shape > isString || n.items[0].shape == isNull || n.items[1].shape == isNull {
		p.add(n.at, "%s: write the lowest and the highest value, as in %s: [10, 5000]", what, what)
		return
	}
	v.Low, v.High = n.items[0].text, n.items[1].text
	low, err := strconv.ParseFloat(v.Low, 64)
	high, err2 := strconv.ParseFloat(v.High, 64)
	if err == nil && err2 == nil && low > high || (err == nil) != (err2 == nil) {
		p.add(n.at, "%s: the lowest value is above the highest, or of another kind", what)
	}
}

// seedNormal reads { mean: 50, deviation: 10 }.
func (p *fileParser) seedNormal(n *node, v *seed.Value) {
	v.Curve = seed.Normal
	ok := p.fields(n, "normal", []field{
		{"mean", func(n *node) { v.Mean, _ = p.number(n, "mean") }},
		{"deviation", func(n *node) {
			if v.Deviation, _ = p.number(n, "deviation"); v.Deviation <= 0 {
				p.add(n.at, "deviation: %s; write a number above 0", describe(n))
			}
		}},
	})
	if ok && (n.get("mean") == nil || n.get("deviation") == nil) {
		p.add(n.at, "normal: write mean and deviation, as in normal: { mean: 50, deviation: 10 }")
	}
}

// seedSequence reads 1000, or { start: 1000, step: 5 }.
func (p *fileParser) seedSequence(n *node, v *seed.Value) {
	v.Sequence, v.Start, v.Step = true, 1, 1
	whole := func(to *int64, what string) func(*node) {
		return func(n *node) {
			i, err := strconv.ParseInt(n.text, 10, 64)
			if n.shape != isInt || err != nil || what == "step" && i < 1 {
				p.add(n.at, "%s: %s; write a whole number", what, describe(n))
				return
			}
			*to = i
		}
	}
	if n.shape != isMap {
		whole(&v.Start, "sequence")(n)
		return
	}
	p.fields(n, "sequence", []field{{"start", whole(&v.Start, "start")}, {"step", whole(&v.Step, "step")}})
}
