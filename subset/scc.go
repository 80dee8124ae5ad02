package subset

// levels groups nodes into strongly connected components of the graph that
// next spans (Tarjan's algorithm), and the components into levels: whatever
// leads into a level lies in an earlier one. Only nodes for which in is true
// count.
func levels(nodes []*node, in func(*node) bool, next func(*node) []*node) [][][]*node {
	t := &tarjan{next: next, in: in, index: make([]int, len(nodes)), low: make([]int, len(nodes)),
		comp: make([]int, len(nodes)), onStack: make([]bool, len(nodes))}
	for _, n := range nodes {
		if in(n) && t.index[n.id] == 0 {
			t.visit(n)
		}
	}
	// Components come out successors first; the level of one is one more than
	// the highest level of those that lead into it.
	level := make([]int, len(t.comps))
	top := 0
	for i := len(t.comps) - 1; i >= 0; i-- {
		for _, n := range t.comps[i] {
			for _, m := range next(n) {
				if in(m) && t.comp[m.id] != i {
					level[t.comp[m.id]] = max(level[t.comp[m.id]], level[i]+1)
				}
			}
		}
		top = max(top, level[i]+1)
	}
	out := make([][][]*node, top)
	for i := len(t.comps) - 1; i >= 0; i-- {
		out[level[i]] = append(out[level[i]], t.comps[i])
	}
	return out
}

type tarjan struct {
	next    func(*node) []*node
	in      func(*node) bool
	count   int
	index   []int // 0: not visited
	low     []int
	comp    []int
	onStack []bool
	stack   []*node
	comps   [][]*node
}

func (t *tarjan) visit(n *node) {
	t.count++
	t.index[n.id], t.low[n.id] = t.count, t.count
	t.stack = append(t.stack, n)
	t.onStack[n.id] = true
	for _, m := range t.next(n) {
		if !t.in(m) {
			continue
		}
		if t.index[m.id] == 0 {
			t.visit(m)
			t.low[n.id] = min(t.low[n.id], t.low[m.id])
		} else if t.onStack[m.id] {
			t.low[n.id] = min(t.low[n.id], t.index[m.id])
		}
	}
	if t.low[n.id] != t.index[n.id] {
		return
	}
	var comp []*node
	for {
		m := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		t.onStack[m.id] = false
		t.comp[m.id] = len(t.comps)
		comp = append([]*node{m}, comp...)
		if m == n {
			break
		}
	}
	t.comps = append(t.comps, comp)
}
