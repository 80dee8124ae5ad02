package subset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/pgstandin/pgstandin/keyed"
)

// distances is how many steps a row is from one that is copied on its own
// account, as one that is copied and as one that brings its children.
type distances [2]map[*mRow]int

// distances tries all references again and again until no row comes nearer.
func (o *oracle) distances() distances {
	d := distances{{}, {}}
	again := true
	put := func(kind int, row *mRow, n int) {
		if old, ok := d[kind][row]; !ok || n < old {
			d[kind][row], again = n, true
		}
	}
	o.all(func(row *mRow) {
		switch {
		case len(o.m.roots) == 0 && o.s[row], o.whole[row]:
			put(0, row, 0)
		}
		if o.named[row] {
			put(0, row, 0)
			put(1, row, 0)
		}
	})
	for again {
		again = false
		o.all(func(row *mRow) {
			for _, k := range o.from(row) {
				if k.to == nil {
					continue
				}
				if n, ok := d[0][row]; ok && k.up != UpNullify && o.elig[k.to] {
					put(0, k.to, n+1)
				}
				if !o.bring[row] || k.limit > 0 && o.rank(k.mRef, row, k.to) >= k.limit {
					continue
				}
				for kind := range 2 {
					if n, ok := d[kind][k.to]; ok && (kind == 1 && k.down != DownOff || kind == 0 && k.down == DownAlways) {
						put(0, row, n+1)
						put(1, row, n+1)
					}
				}
			}
		})
	}
	return d
}

// ruledOut is how many references that a row cannot live without lead to one
// that is restricted or is not there, -1 for none.
func (o *oracle) ruledOut(row *mRow) int {
	layer, seen := []*mRow{row}, rowSet{row: true}
	for n := 0; len(layer) > 0; n++ {
		var next []*mRow
		for _, x := range layer {
			if x == nil || x.t.rule == NoRows || x.t.rule == WhereRows && x.cells[0] >= x.t.ruleW {
				return n
			}
			for _, k := range o.from(x) {
				if len(o.cut[k.mRef]) == 0 && (k.to == nil || !seen[k.to]) {
					seen[k.to] = k.to != nil
					next = append(next, k.to)
				}
			}
		}
		layer = next
	}
	return -1
}

// explained asks why of every row and compares with the oracle.
func (m *model) explained(run Runner, secret *keyed.Secret, o *oracle, total *tally) (err error) {
	ctx := context.Background()
	cfg := m.config()
	p, err := NewPlan(m.sch, cfg)
	if err != nil {
		return err
	}
	p.tune = tunings[m.seed%uint64(len(tunings))]
	w, err := p.newWalk(Options{Secret: secret, Memory: m.memory()}, run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.mem.close()) }()
	w.trace = &trace{}
	if err := w.choose(ctx); err != nil {
		return err
	}
	c := &whyCase{o: o, e: &explainer{w: w, g: p.g}, cfg: cfg, m: m, rows: map[uint64]*mRow{}, at: map[*mRow]uint64{}, dist: o.distances()}
	if err := c.places(ctx); err != nil {
		return err
	}
	for _, t := range m.tables {
		for _, row := range t.rows {
			x := &Explanation{}
			if err := c.e.explain(ctx, x, c.at[row]); err != nil {
				return fmt.Errorf("why row %d of %s: %w", row.n, t.name, err)
			}
			if err := c.judge(ctx, row, x); err != nil {
				return fmt.Errorf("why row %d of %s: %w: %+v", row.n, t.name, err, *x)
			}
			total.why[x.Verdict]++
			if x.Verdict == Copied {
				total.steps += len(x.Chain) - 1
			}
		}
	}
	return nil
}

type whyCase struct {
	o    *oracle
	e    *explainer
	m    *model
	cfg  *Config
	rows map[uint64]*mRow
	at   map[*mRow]uint64
	dist distances
}

// places finds out where the rows are.
func (c *whyCase) places(ctx context.Context) error {
	for _, t := range c.m.tables {
		lay := newLayoutOn(c.e.g, t.t, t.t)
		oid, n := lay.field(lay.alias+".tableoid"), lay.field(lay.alias+".n")
		err := c.e.w.run(ctx, []Step{{Run: func(ctx context.Context, src Source) error {
			r := newRow(lay)
			return src.Query(ctx, lay.sql(""), func(f [][]byte) error {
				if err := r.reset(f); err != nil {
					return err
				}
				o, _ := strconv.Atoi(string(f[oid]))
				i, _ := strconv.Atoi(string(f[n]))
				g := globalRow(c.e.g.byOID[uint32(o)].id, r.id)
				c.rows[g], c.at[t.rows[i]] = t.rows[i], g
				return nil
			})
		}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *whyCase) ref(r *Reference) *mRef { return c.m.refs[slices.Index(c.cfg.References, r)] }

// judge compares an answer with the oracle.
func (c *whyCase) judge(ctx context.Context, row *mRow, x *Explanation) error {
	if n, err := c.e.name(ctx, c.at[row]); err != nil {
		return err
	} else if cols := identity(row.t.t); !slices.ContainsFunc(n.Key, func(v Value) bool { return v.Null }) && len(cols) > 0 {
		var key []string
		for _, v := range n.Key {
			key = append(key, v.Text)
		}
		if at, err := c.e.find(ctx, c.e.g.byTable[row.t.t], cols, key); err != nil || at != c.at[row] {
			return fmt.Errorf("its key %v finds another row, %w", key, err)
		}
	}
	o := c.o
	needs := o.ruledOut(row)
	switch {
	case o.s[row]:
		if x.Verdict != Copied {
			return errors.New("it is copied")
		}
		return c.chain(row, x)
	case o.none[row] && row.t.rule != NoRows:
		if x.Verdict != NoTable && !(x.Verdict == Needy && needs > 0) {
			return errors.New("no row of the table is copied")
		}
	case needs == 0 && row.t.rule == NoRows:
		if x.Verdict != NoTable || x.Reason != "rows: none" {
			return errors.New("its table is ruled out")
		}
	case needs == 0:
		if x.Verdict != Restricted {
			return errors.New("it is restricted")
		}
	case needs > 0:
		if x.Verdict != Needy || len(x.Chain) != needs+1 {
			return fmt.Errorf("it needs a row that is ruled out, %d references away", needs)
		}
		return c.needy(row, x)
	case o.rejected[row]:
		if x.Verdict != Pruned || len(x.Chain) != 2 || c.rows[x.Chain[0].row] != row {
			return errors.New("it is kept out")
		}
		k := x.Chain[1]
		r := c.ref(k.Reference)
		if to := c.rows[k.row]; r.up != UpPrune && r.down != DownAll || !k.Gone && (o.c[to] || !r.names(row, to)) {
			return errors.New("the reference does not keep it out")
		}
	default:
		if x.Verdict != NotReached {
			return errors.New("nothing leads to it")
		}
	}
	return nil
}

// chain checks every link, and that there are as few as possible.
func (c *whyCase) chain(row *mRow, x *Explanation) error {
	o := c.o
	want := c.dist[0][row]
	if n, ok := c.dist[1][row]; ok {
		want = min(want, n)
	}
	if len(x.Chain) != want+1 || c.rows[x.Chain[want].row] != row {
		return fmt.Errorf("the shortest chain has %d steps", want)
	}
	brings := false
	for i, k := range x.Chain {
		here := c.rows[k.row]
		if i == 0 {
			if brings = o.named[here]; !brings && !o.whole[here] && len(o.m.roots) > 0 {
				return errors.New("the chain begins nowhere")
			}
			continue
		}
		before, r := c.rows[x.Chain[i-1].row], c.ref(k.Reference)
		switch {
		case k.Up:
			brings = false
			if !r.names(before, here) || r.up == UpNullify {
				return fmt.Errorf("link %d does not hold", i)
			}
		case !r.names(here, before) || r.down == DownOff || !brings && r.down != DownAlways || r.limit > 0 && o.rank(r, here, before) >= r.limit:
			return fmt.Errorf("link %d does not hold", i)
		default:
			brings = true
		}
	}
	return nil
}

// needy checks a chain of rows that need each other.
func (c *whyCase) needy(row *mRow, x *Explanation) error {
	for i, k := range x.Chain {
		here := c.rows[k.row]
		if i == 0 {
			if here != row {
				return errors.New("the chain does not begin here")
			}
			continue
		}
		before, r := c.rows[x.Chain[i-1].row], c.ref(k.Reference)
		if len(c.o.cut[r]) > 0 || !k.Gone && !r.names(before, here) || k.Gone && !r.names(before, nil) {
			return fmt.Errorf("link %d does not hold", i)
		}
	}
	return nil
}
