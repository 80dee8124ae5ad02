package survey

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/seed"
)

// histogram finds how numbers or times spread. The outermost bounds have enough
// rows beyond them, and all are rounded: none is a value of a row but by chance.
func (x *profiledTable) histogram(ctx context.Context, c int, there int64, times bool, out *seed.ProfileColumn) error {
	v := x.column(c) + "::float8"
	finite := " and " + v + " not in ('NaN', 'Infinity', '-Infinity')"
	if times {
		v = "extract(epoch from " + x.column(c) + ")::float8"
		finite = " and pg_catalog.isfinite(" + x.column(c) + ")"
	}
	where := x.from + " where " + x.column(c) + " is not null" + finite
	var at []string
	edge := max(float64(x.p.Minimum)/float64(there), 0.005)
	for i := range 21 {
		at = append(at, strconv.FormatFloat(edge+(1-2*edge)*float64(i)/20, 'f', 6, 64))
	}
	rows, err := x.p.Sampler.query(ctx, "select unnest(percentile_disc(array["+strings.Join(at, ",")+"]) within group (order by "+v+"))"+where)
	if err != nil || len(rows) < len(at) {
		return err
	}
	var cuts []float64
	for _, r := range rows {
		f, err := strconv.ParseFloat(string(r[0]), 64)
		if err != nil {
			return nil // no row is finite
		}
		cuts = append(cuts, f)
	}
	whole := strings.HasPrefix(x.t.Columns[c].Type.Base, "int")
	bounds := roundBounds(cuts, whole, times)
	if len(bounds) < 2 {
		return nil
	}
	var list []string
	for _, b := range bounds {
		list = append(list, strconv.FormatFloat(b, 'f', -1, 64))
	}
	counts, err := x.p.numbers(ctx, fmt.Sprintf("select pg_catalog.width_bucket(%s, array[%s]::float8[]) b, count(*), %s%s group by 1 order by 1", v, strings.Join(list, ","), x.least(), where))
	if err != nil {
		return err
	}
	out.Histogram = x.merge(bounds, counts, times, x.t.Columns[c].Type.Base)
	return nil
}

// roundBounds makes bounds of cuts: multiples of a round number, about a
// twentieth of the whole, so that the last is above all of them.
func roundBounds(cuts []float64, whole, times bool) []float64 {
	span := cuts[len(cuts)-1] - cuts[0]
	unit := math.Pow(10, math.Floor(math.Log10(max(span, 1e-6)/20)))
	switch {
	case times && span > 60*86400:
		unit = 86400
	case times:
		unit = 3600
	case whole:
		unit = max(unit, 1)
	}
	var out []float64
	for i, c := range cuts {
		b := math.Floor(c/unit) * unit
		if i == len(cuts)-1 {
			b += unit
		}
		b, _ = strconv.ParseFloat(strconv.FormatFloat(b, 'g', 12, 64), 64)
		if len(out) == 0 || b > out[len(out)-1] {
			out = append(out, b)
		}
	}
	return out
}

// merge joins ranges with too few rows to their neighbours.
func (x *profiledTable) merge(bounds []float64, counts [][]int64, times bool, base string) *seed.ProfileHistogram {
	type part struct {
		lo, hi      float64
		rows, least int64
	}
	var parts []part
	for _, r := range counts {
		if b := int(r[0]); b >= 1 && b < len(bounds) {
			parts = append(parts, part{bounds[b-1], bounds[b], r[1], r[2]})
		}
	}
	for i := 0; i < len(parts) && len(parts) > 1; {
		if parts[i].least >= x.p.Minimum {
			i++
			continue
		}
		k := max(i-1, 0)
		a, b := parts[k], parts[k+1]
		parts = slices.Delete(parts, k+1, k+2)
		parts[k] = part{a.lo, b.hi, a.rows + b.rows, max(a.least, b.least)}
		i = k
	}
	if len(parts) == 0 || parts[0].least < x.p.Minimum {
		return nil
	}
	total := int64(0)
	for _, q := range parts {
		total += q.rows
	}
	h := &seed.ProfileHistogram{Bounds: []string{boundText(parts[0].lo, times, base)}}
	for i, q := range parts {
		if i > 0 && q.lo > parts[i-1].hi { // nothing lies between
			h.Bounds, h.Shares = append(h.Bounds, boundText(q.lo, times, base)), append(h.Shares, 0)
		}
		h.Bounds, h.Shares = append(h.Bounds, boundText(q.hi, times, base)), append(h.Shares, share(q.rows, total))
	}
	return h
}

func boundText(v float64, times bool, base string) string {
	switch {
	case !times:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case base == "date":
		return time.Unix(int64(v), 0).UTC().Format("2006-01-02")
	case base == "timestamptz":
		return time.Unix(int64(v), 0).UTC().Format("2006-01-02 15:04:05+00")
	}
	return time.Unix(int64(v), 0).UTC().Format("2006-01-02 15:04:05")
}

// reference counts how many children parents have.
func (x *profiledTable) reference(ctx context.Context, k *schema.ForeignKey, parents int64) (seed.ProfileReference, error) {
	ref := seed.ProfileReference{Parent: k.Parent.Root().Name.String()}
	var list, there []string
	for _, c := range k.Columns {
		ref.Columns = append(ref.Columns, k.Child.Columns[c].Name)
		list, there = append(list, x.column(c)), append(there, x.column(c)+" is not null")
	}
	where, every := strings.Join(there, " and "), int64(1)
	if x.rows > 2*mostGroups {
		every = x.rows/mostGroups + 1
		where += fmt.Sprintf(" and pg_catalog.hashtext(row(%s)::pg_catalog.text) %% %d = 0", strings.Join(list, ", "), every)
	}
	rows, err := x.p.numbers(ctx, fmt.Sprintf("select n, count(*) from (select count(*) n%s where %s group by %s) g group by n order by n", x.t.From(), where, strings.Join(list, ", ")))
	if err != nil {
		return ref, err
	}
	type part struct{ from, to, parents, children int64 }
	parts := []part{{0, 0, parents, 0}}
	for _, r := range rows {
		from, to := r[0], r[0]
		if r[0] > 4 {
			to = 8
			for to < r[0] {
				to *= 2
			}
			from = to/2 + 1
		}
		n := r[1] * every
		parts[0].parents = max(parts[0].parents-n, 0)
		if last := &parts[len(parts)-1]; last.from == from && last.to == to {
			last.parents, last.children = last.parents+n, last.children+n*r[0]
			continue
		}
		parts = append(parts, part{from, to, n, n * r[0]})
	}
	var kept []part
	left := int64(0)
	for _, q := range parts {
		if q.parents >= x.p.Minimum {
			kept = append(kept, q)
		} else {
			left += q.parents // how many children they have is not told
		}
	}
	for i, q := range kept {
		mean := 0.0
		if q.children > 0 {
			mean = math.Round(100*float64(q.children)/float64(q.parents)) / 100
		}
		if i == len(kept)-1 {
			q.parents += left
		}
		ref.Children = append(ref.Children, seed.ProfileChildren{From: q.from, To: q.to, Mean: mean, Share: share(q.parents, parents)})
	}
	return ref, nil
}
