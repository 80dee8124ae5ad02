package subset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
)

// tunings lead through every way of reading.
var tunings = []tuning{tuned(), {push: 0, lookup: 1, pages: 1, edges: 1000}, {push: 2, lookup: 1, pages: 1},
	{push: 1, lookup: 1 << 40, pages: 1, edges: 1000}, {push: 100, edges: 1000, pages: 100},
	{push: 1, most: 5, lookup: 1 << 40, pages: 1, edges: 1000}}

// compare walks and asks the oracle.
func (m *model) compare(src, other Source, secret *keyed.Secret, total *tally) error {
	o := &oracle{m: m, secret: secret}
	want := o.run()
	total.cases++
	p, err := NewPlan(m.sch, m.config())
	var probs Problems
	if err == nil {
		p.tune = tunings[m.seed%uint64(len(tunings))]
		var sel *Selection
		run := Sequential(src)
		if m.seed%2 == 0 {
			run = parallel([]Source{src, other})
		}
		sel, err = p.Walk(context.Background(), Options{Secret: secret, Memory: m.memory()}, run)
		if err == nil && !o.barren {
			if sel.mem.file != nil {
				total.spilled++
			}
			err = m.compareRows(src, sel, want, total)
			if err = errors.Join(err, closed(sel)); err != nil || m.seed%4 > 0 {
				return err
			}
			return m.explained(run, secret, o, total)
		}
	}
	if errors.As(err, &probs) && o.barren && strings.Contains(err.Error(), "selects no row") {
		total.barren++
		return nil
	}
	if err == nil {
		err = errors.New("a root that selects nothing is no error")
	}
	return err
}

// memory is so little in half of the cases that everything that can be written
// out is, and in some that some of it is.
func (m *model) memory() int64 {
	switch m.seed / 7 % 4 {
	case 0:
		return 1
	case 1:
		return 1 + int64(m.seed%5000)
	}
	return 0
}

// closed closes a selection and looks for what was not given up.
func closed(sel *Selection) error {
	mem := sel.mem
	f := mem.file
	if err := sel.Close(); err != nil {
		return err
	}
	if n := mem.used.Load(); n != 0 || len(mem.sets) > 0 {
		return fmt.Errorf("%d bytes of %d sets are still counted", n, len(mem.sets))
	}
	if f != nil && len(f.free) != int(f.blocks) {
		return fmt.Errorf("%d of %d blocks were not given back", int(f.blocks)-len(f.free), f.blocks)
	}
	return nil
}

// compareRows reads all chunks and compares rows and NULLs.
func (m *model) compareRows(src Source, sel *Selection, want outcome, total *tally) error {
	for _, t := range m.tables {
		got := map[int]map[int]bool{}
		for _, leaf := range t.t.Leaves() {
			ls := sel.Leaf(leaf)
			cols := []Column{{Name: "n"}}
			for _, c := range t.cols {
				cols = append(cols, Column{Name: c.name})
			}
			for _, chunk := range sel.Chunks(ls, cols, int64(1+len(t.rows)%3*4000)) {
				var rows int64
				sql, err := chunk.Select()
				if err != nil {
					return err
				}
				err = src.Query(context.Background(), sql, func(f [][]byte) error {
					rows++
					n, _ := strconv.Atoi(string(f[0]))
					if got[n] != nil {
						return fmt.Errorf("row %d of %s comes twice", n, t.name)
					}
					got[n] = map[int]bool{}
					for i := range t.cols {
						if f[i+1] == nil && t.rows[n].cells[i] >= 0 && t.cols[i].gen < 0 {
							got[n][i] = true
						}
						if want := want.array(t.rows[n], i); f[i+1] != nil && t.cols[i].array && string(f[i+1]) != want {
							return fmt.Errorf("row %d of %s: %s is %s, the oracle says %s", n, t.name, t.cols[i].name, f[i+1], want)
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				if chunk.Exact && rows != chunk.Rows {
					return fmt.Errorf("a chunk of %s has %d rows instead of %d", t.name, rows, chunk.Rows)
				}
			}
		}
		for _, row := range t.rows {
			total.rows++
			if want.rows[row] != (got[row.n] != nil) {
				return fmt.Errorf("row %d of %s: copied %v, the oracle says %v", row.n, t.name, got[row.n] != nil, want.rows[row])
			}
			for i, c := range t.cols {
				if want.rows[row] && want.cuts[row][i] != got[row.n][i] {
					return fmt.Errorf("row %d of %s: column %s cut %v, the oracle says %v", row.n, t.name, c.name, got[row.n][i], want.cuts[row][i])
				}
			}
			if want.rows[row] {
				total.copied++
				total.cuts += len(want.cuts[row])
				total.elements += len(want.gone[row])
			}
		}
	}
	return nil
}

// describe prints the rules of a failed case.
func (m *model) describe() string {
	var b strings.Builder
	for _, t := range m.tables {
		fmt.Fprintf(&b, "table %s rule %d w < %d\n", t.name, t.rule, t.ruleW)
	}
	for _, r := range m.refs {
		fmt.Fprintf(&b, "ref %d %s/%s(%s) -> %s/%s(%s) valid %v full %v declared %v when %v expr %v array %v down %d up %d limit %d %s cut %v\n", r.id, r.child.name, r.childPart,
			quoteList(r.child, r.cols), r.parent.name, r.parentPart, quoteList(r.parent, r.pcols), r.valid, r.full, r.declared, r.when, r.expr, r.array,
			r.down, r.up, r.limit, r.order, m.cuttable(r))
	}
	for _, r := range m.roots {
		fmt.Fprintf(&b, "root %s w < %d share %g\n", r.t.name, r.w, r.share)
	}
	fmt.Fprintf(&b, "unreached all %v\n", m.all)
	return b.String()
}
