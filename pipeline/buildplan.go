package pipeline

import (
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// buildPlan makes the nodes of a build, with what each must wait for.
type buildPlan struct {
	*layout
	nodes  []*node
	last   map[int]*node           // of a part, by its ID
	before map[schema.Name][]*node // what the statistics of a table wait for
}

// planBuild makes the statements of the parts, those for VACUUM and statistics, which
// foreign keys are validated by, and at last those for sequences and views. frozen are
// the tables that need no VACUUM for foreign keys.
func planBuild(cfg BuildConfig, l *layout, parts []Part, frozen map[schema.Name]bool) []*node {
	p := &buildPlan{l, nil, map[int]*node{}, map[schema.Name][]*node{}}
	for _, part := range parts {
		if part.SQL != "" {
			p.addPart(part)
		}
	}
	analyzed, vacuumed := p.addUpkeep()
	// Where the planner knows nothing of a key of several columns, it looks up row by
	// row what it should hash; where rows are not marked, it must not read an index.
	for _, n := range p.nodes {
		if n.turns == (schema.Name{}) {
			continue
		}
		for _, table := range n.loads {
			up := analyzed[table] // which counts the marks, too
			if n.validates.name != "" && !frozen[table] {
				up = vacuumed[table]
			}
			if up != nil {
				n.after(up)
			}
		}
	}
	p.addLast(cfg)
	return p.nodes
}

// addPart adds the statements of a part, behind those of the parts that it needs.
func (p *buildPlan) addPart(part Part) {
	var needs []*node
	for _, id := range part.Needs {
		if n := p.last[id]; n != nil {
			needs = append(needs, n)
		}
	}
	made := p.nodesOf(part, needs)
	for i, n := range made {
		if i > 0 {
			needs = made[i-1 : i]
		}
		n.after(needs...)
		// A comment on a key is no more needed than the key.
		n.key = slices.ContainsFunc(needs, func(o *node) bool { return o.key })
	}
	last := made[len(made)-1]
	p.nodes, p.last[part.ID] = append(p.nodes, made...), last
	switch {
	case part.references() != schema.Name{}:
		for _, n := range made {
			n.key = true
		}
		last.turns = p.top(part.Tables[0])
	case len(part.Tables) > 0 && (part.Kind == "INDEX" || part.Kind == "CONSTRAINT" || part.Kind == "STATISTICS"):
		table := p.top(part.Tables[0])
		p.before[table] = append(p.before[table], made...)
	}
}

// nodesOf makes the one or two nodes of a part.
func (p *buildPlan) nodesOf(part Part, needs []*node) []*node {
	n := &node{statement: statement{name: "constraints: " + part.Name, sql: part.SQL}}
	ref := part.references()
	foreign := ref != schema.Name{}
	switch {
	case len(part.Tables) > 0:
		n.loads = []schema.Name{p.top(part.Tables[0])}
		if foreign {
			n.loads = append(n.loads, p.top(ref))
		}
	case len(needs) > 0: // a comment, or an index that becomes a partition's
		for _, o := range needs {
			n.loads, n.allLoads = append(n.loads, o.loads...), n.allLoads || o.allLoads
		}
	default:
		n.allLoads = true
	}
	rest := afterFirst(part.SQL)
	mode := accessExclusive
	if part.Kind == "INDEX" && rest == "" && len(part.Tables) > 0 && p.plain[part.Tables[0]] {
		mode, n.sorts = share, true
	}
	if part.Kind == "FK CONSTRAINT" {
		mode = shareRow
	}
	n.lock(mode)
	if part.Split == nil {
		return []*node{n}
	}
	then := &node{statement: statement{name: n.name, sql: strings.TrimSuffix(part.Split.Then+"; "+rest, "; ")}, loads: n.loads}
	n.sql = part.Split.First
	if foreign {
		n.catalogOnly = true
		if !part.Split.NoIndex {
			then.validates = constraint{part.Tables[0], part.Split.Key}
		}
		then.lock(shareUpdate)
		then.locks = append(then.locks[:1:1], tableLock{p.top(ref), rowShare})
	} else {
		n.locks, n.sorts = nil, true
		n.lock(share)
		then.lock(accessExclusive)
	}
	return []*node{n, then}
}

// addUpkeep adds ANALYZE and then VACUUM of every table, behind what makes its
// statistics and keys.
func (p *buildPlan) addUpkeep() (analyzed, vacuumed map[schema.Name]*node) {
	analyzed, vacuumed = map[schema.Name]*node{}, map[schema.Name]*node{}
	for _, table := range p.tables {
		add := func(s statement, needs ...*node) *node {
			n := &node{statement: s, loads: []schema.Name{table}, locks: []tableLock{{table, shareUpdate}}}
			n.after(needs...)
			p.nodes = append(p.nodes, n)
			return n
		}
		needs := p.before[table]
		if names := p.readable(table); len(names) > 0 {
			analyzed[table] = add(analyzing(table, names), needs...)
			needs = []*node{analyzed[table]}
		}
		// A row is not marked whose commit has not reached the disk.
		vacuumed[table] = add(vacuuming(table), needs...)
	}
	return analyzed, vacuumed
}

// addLast adds what sets the sequences, and the statements that fill materialized
// views, after all of the others but foreign keys and VACUUM: what a view reads is not
// known, but no query needs those. How long views take is not known either: they count
// as if they read everything, so that what they wait for is done before foreign keys are.
func (p *buildPlan) addLast(cfg BuildConfig) {
	var needs []*node
	for _, n := range p.nodes {
		if !n.key && n.vacuum == (schema.Name{}) {
			needs = append(needs, n)
		}
	}
	add := func(n *node) {
		n.allLoads = true
		n.after(needs...)
		p.nodes, needs = append(p.nodes, n), []*node{n}
	}
	if cfg.Sequences != nil {
		add(&node{statement: statement{name: "sequences", call: cfg.Sequences}})
	}
	for _, view := range cfg.Views {
		add(&node{statement: refreshing(view), loads: p.tables, locks: []tableLock{{view, accessExclusive}}})
	}
}
