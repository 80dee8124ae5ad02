// Package reidentify looks for kept columns that together tell the rows of a table, and
// so people, apart. It asks for hashes of some rows' columns and judges those; it runs no
// query itself and sees no value.
package reidentify

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// LeastRows is how many rows a table must have to be worth looking at, and Timeout what
// the query of Query may take: it sets that itself.
const (
	LeastRows = 50
	Timeout   = 5 * time.Second
)

// What the check may cost, and what it finds.
const (
	mostRows    = 5000 // looked at in each table
	mostColumns = 10   // compared in each table
	mostListed  = 6    // combinations listed for each table
	leastUnique = 0.5  // of rows that a listed combination makes unique
)

// AboutPeople are the tables with a masked column, and those whose rows lead to
// one by references.
func AboutPeople(b *rules.Bound) map[*schema.Table]bool {
	about := map[*schema.Table]bool{}
	for _, d := range b.Ledger {
		if d.Personal() {
			about[d.Table] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, ref := range b.Subset.References {
			child := ref.Child.Root()
			if about[ref.Parent.Root()] && !about[child] {
				about[child], changed = true, true
			}
		}
	}
	return about
}

// Columns lists the columns of a table that are kept as they are, are in no key or
// reference, and have a value that can be compared, most distinct first; and the kept
// ones that were left out.
func Columns(b *rules.Bound, spec *rules.TableRules) (columns, ignored []string) {
	t := spec.Table
	inKey := map[int]bool{}
	if p := t.Primary(); p != nil {
		for _, c := range p.Columns {
			inKey[c] = true
		}
	}
	for _, ref := range b.Subset.References {
		if ref.Child.Root() == t {
			for _, c := range ref.Columns {
				inKey[t.Column(ref.Child.Columns[c].Name)] = true
			}
		}
		if ref.Parent.Root() == t {
			for _, c := range ref.ParentColumns {
				inKey[t.Column(ref.Parent.Columns[c].Name)] = true
			}
		}
	}
	kept := map[string]bool{}
	for _, d := range b.Ledger {
		if d.Table == t && d.Mask == "keep" && d.Source != rules.Generated {
			kept[d.Column] = true
		}
	}
	rows := float64(max(t.Rows, 1))
	distinct := map[string]float64{}
	for c := range t.Columns {
		col := &t.Columns[c]
		if !kept[col.Name] || inKey[c] {
			continue
		}
		if !comparableType(&col.Type) {
			ignored = append(ignored, col.Name)
			continue
		}
		if distinct[col.Name] = col.Stats.Distinct; col.Stats.Distinct < 0 {
			distinct[col.Name] = -col.Stats.Distinct * rows
		}
		columns = append(columns, col.Name)
	}
	slices.SortStableFunc(columns, func(a, b string) int { return cmp.Compare(distinct[b], distinct[a]) })
	if len(columns) > mostColumns {
		ignored = append(ignored, columns[mostColumns:]...)
		columns = columns[:mostColumns]
	}
	return columns, ignored
}

func comparableType(t *schema.Type) bool {
	if t.Class != schema.Base && t.Class != schema.EnumType {
		return false
	}
	switch t.Base {
	case "json", "jsonb", "xml", "bytea", "tsvector", "hstore":
		return false
	}
	return true
}

// Judge fills in what hashes of h.Columns, the rows that Query returned, say of a table
// of so many rows.
func Judge(h *report.ReidentificationTable, hashes [][][]byte, rows int64) error {
	values := make([][]uint64, len(h.Columns))
	for _, r := range hashes {
		for i := range values {
			n, err := strconv.ParseInt(string(r[i]), 10, 64)
			if err != nil {
				return errors.New("a hash is not a number")
			}
			values[i] = append(values[i], uint64(n))
		}
	}
	h.Rows, h.Whole = int64(len(hashes)), int64(len(hashes)) == rows
	all := make([]int, len(h.Columns))
	for i := range all {
		all[i] = i
	}
	h.Unique, h.Smallest = uniqueness(values, all)
	h.Unique = rounded(h.Unique)
	for _, c := range combinations(values) {
		var names []string
		for _, i := range c.columns {
			names = append(names, h.Columns[i])
		}
		h.Combinations = append(h.Combinations, report.Combination{Columns: names, Unique: rounded(c.unique)})
	}
	return nil
}

// rounded keeps four digits of a share.
func rounded(share float64) float64 { return math.Round(10000*share) / 10000 }

// Query selects hashes of columns of some rows of t, which is called at where it is
// asked, and has so many rows. It sets the transaction's statement_timeout.
func Query(at schema.Name, t *schema.Table, rows int64, columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "coalesce(pg_catalog.hashtextextended((" + schema.QuoteIdent(c) + `)::text collate "C", 0), 0)`
	}
	from := at.SQL()
	if t.Kind != schema.Partitioned {
		from = "only " + from
	}
	if rows > mostRows {
		from += fmt.Sprintf(" tablesample bernoulli (%.6f) repeatable (1)", min(100, 120*float64(mostRows)/float64(rows)))
	}
	return fmt.Sprintf("set local statement_timeout = %d; select %s from %s limit %d", Timeout.Milliseconds(), strings.Join(list, ", "), from, mostRows)
}

// combination is a set of columns, by index.
type combination struct {
	columns []int
	unique  float64
}

// combinations returns the smallest sets of at most three columns that make at
// least leastUnique of the rows unique, the smaller and the more telling first.
// values are hashes, by column and row.
func combinations(values [][]uint64) []combination {
	var found []combination
	covered := func(set []int) bool {
		return slices.ContainsFunc(found, func(c combination) bool {
			return !slices.ContainsFunc(c.columns, func(i int) bool { return !slices.Contains(set, i) })
		})
	}
	for n := 1; n <= 3; n++ {
		var same []combination
		for set := range subsets(len(values), n) {
			if covered(set) {
				continue
			}
			if unique, _ := uniqueness(values, set); unique >= leastUnique {
				same = append(same, combination{slices.Clone(set), unique})
			}
		}
		slices.SortStableFunc(same, func(a, b combination) int { return cmp.Compare(b.unique, a.unique) })
		found = append(found, same...)
	}
	return found[:min(len(found), mostListed)]
}

// subsets yields the sets of n of 0 to of-1; the slice is reused.
func subsets(of, n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		if n > of {
			return
		}
		set := make([]int, n)
		for i := range set {
			set[i] = i
		}
		for {
			if !yield(set) {
				return
			}
			i := n - 1
			for i >= 0 && set[i] == of-n+i {
				i--
			}
			if i < 0 {
				return
			}
			set[i]++
			for k := i + 1; k < n; k++ {
				set[k] = set[k-1] + 1
			}
		}
	}
}

// uniqueness returns which share of the rows has no other row that is alike in
// all columns of the set, and the size of the smallest group of rows alike.
func uniqueness(values [][]uint64, set []int) (share float64, smallest int64) {
	if len(set) == 0 || len(values[set[0]]) == 0 {
		return 0, 0
	}
	groups := map[uint64]int64{}
	for row := range values[set[0]] {
		h := uint64(14695981039346656037)
		for _, c := range set {
			h = (h ^ values[c][row]) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		groups[h]++
	}
	alone := 0
	for _, n := range groups {
		if n == 1 {
			alone++
		}
		if smallest == 0 || n < smallest {
			smallest = n
		}
	}
	return float64(alone) / float64(len(values[set[0]])), smallest
}
