package schema

import "slices"

// Ties are sets of what belongs together, as columns do that references join: a
// forest whose trees are the sets. The zero value has none.
type Ties[K comparable] struct{ up map[K]K }

// Root returns the one of k's set that stands for all of it: k where nothing was
// joined with it. Another Join may change it.
func (t *Ties[K]) Root(k K) K {
	for {
		up, ok := t.up[k]
		if !ok || up == k {
			return k
		}
		k = up
	}
}

// Join makes one set of those of a and b, which may be the same.
func (t *Ties[K]) Join(a, b K) {
	if t.up == nil {
		t.up = map[K]K{}
	}
	for _, k := range []K{a, b} {
		if _, ok := t.up[k]; !ok {
			t.up[k] = k
		}
	}
	if ra, rb := t.Root(a), t.Root(b); ra != rb {
		t.up[ra] = rb
	}
}

// Sets lists the sets of all that Join named, in order, and the members of each.
func (t *Ties[K]) Sets(compare func(a, b K) int) [][]K {
	sets := map[K][]K{}
	for k := range t.up {
		r := t.Root(k)
		sets[r] = append(sets[r], k)
	}
	var out [][]K
	for _, s := range sets {
		slices.SortFunc(s, compare)
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b []K) int { return compare(a[0], b[0]) })
	return out
}

// CompareColumns orders columns, of tables by their indices, by the names of the tables
// and then as they stand there.
func CompareColumns(a *Table, column int, b *Table, other int) int {
	switch {
	case a == b:
		return column - other
	case a.Name.Less(b.Name):
		return -1
	}
	return 1
}
