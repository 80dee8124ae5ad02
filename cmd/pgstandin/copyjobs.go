package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// leafJob remembers what a pipeline.Job was made for, and its rewriters for
// their counts.
type leafJob struct {
	leaf *schema.Table
	spec *rules.TableRules
	mu   sync.Mutex
	made []*anonymize.Rewriter
}

func (l *leafJob) stats(r *tableCounts) {
	for _, rw := range l.made {
		r.strangers.Nobody += rw.Strangers().Nobody
		r.strangers.Unknown += rw.Strangers().Unknown
		for _, s := range rw.Stats() {
			r.opaque += s.Opaque
			r.fixed += s.Fixed
			name := l.spec.Spec.Columns[s.Column].Name
			if r.columns[name] == nil {
				r.columns[name] = &columnCounts{}
			}
			r.columns[name].add(s)
		}
	}
}

// selected is what is read of a table, in the order that its program takes.
func selected(spec *rules.TableRules) []subset.Column {
	columns := make([]subset.Column, len(spec.Columns))
	for i, c := range spec.Columns {
		columns[i] = subset.Column{Name: spec.Table.Columns[c].Name, Expr: spec.Exprs[i]}
	}
	return columns
}

// jobs turns a selection into copy jobs, one for each table that holds chosen
// rows. guard may be nil.
func (b *bound) jobs(sel *subset.Selection, lessons lessons, guard *leakGuard, cut cutting) ([]pipeline.Job, []*leafJob) {
	known, all := lessons.known, int64(0)
	for _, l := range sel.Leaves {
		if l.How != subset.Nothing {
			all += l.Bytes
		}
	}
	var programs []*anonymize.Program
	var jobs []pipeline.Job
	var leaves []*leafJob
	for _, l := range sel.Leaves {
		if l.How == subset.Nothing {
			continue
		}
		spec := b.specs[l.Root]
		columns := selected(spec)
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.Name
		}
		into := l.Table.Name
		if l.Table != l.Root && masksPartitionKey(l.Table, spec) {
			into = l.Root.Name // its rows may belong to another partition now
		}
		binary := b.formats[l.Root].binary
		leaf := &leafJob{leaf: l.Table, spec: spec}
		whole, chunk := cut.of(l.Bytes, all, into != l.Table.Name)
		job := pipeline.Job{Name: l.Table.Name.String(), From: l.Table.Name, Into: into, Columns: names, Binary: binary, Whole: whole}
		for _, c := range sel.Chunks(l, columns, chunk) {
			job.Chunks = append(job.Chunks, pipeline.Chunk{Select: c.Select, Rows: c.Rows, Bytes: c.Bytes, Exact: c.Exact})
		}
		p := b.programs[l.Root]
		if p != nil && !p.Nothing() {
			job.NewRewriter = func() pipeline.Rewriter {
				rw := p.NewRewriter()
				if binary {
					rw = p.NewBinaryRewriter()
				}
				if known != nil && p.MayLookUp() {
					rw.LookUpIn(known)
				}
				if lessons.during[p] {
					rw.LearnInto(known)
				}
				leaf.mu.Lock()
				leaf.made = append(leaf.made, rw)
				leaf.mu.Unlock()
				return guard.watch(rw, l.Root, p)
			}
		}
		jobs, leaves, programs = append(jobs, job), append(leaves, leaf), append(programs, p)
	}
	after := map[*anonymize.Program][]int{}
	for i, p := range programs {
		if _, made := after[p]; !made {
			after[p] = lessons.after(p, programs)
		}
		jobs[i].After = after[p]
	}
	return jobs, leaves
}

// cutting says how the rows of tables are cut for workers.
type cutting struct {
	chunk   int64 // bytes that one worker copies at a time
	workers int   // who share tables that may be copied whole; 0: none may
	limited bool  // what one statement on the source may take has a limit
}

// of says whether a table of so many of all bytes is copied whole, and of what size its
// chunks are, 0 for as few as can be. One worker copies a whole table in its share of the
// time: a larger one is for several, and so is one whose rows move to other partitions.
// One statement reads it, if that has no limit: between two, the servers wait for each
// other.
func (c cutting) of(bytes, all int64, moves bool) (whole bool, chunk int64) {
	whole = !moves && c.workers > 0 && bytes >= wholeLeast && bytes <= wholeMost && bytes <= all/int64(c.workers)
	if whole && !c.limited {
		return whole, 0
	}
	return whole, c.chunk
}

// Tables of so many bytes are copied whole. To empty one takes longer (1.6 ms) than a
// smaller one gains; of a larger one too much would be copied again after a lost
// connection.
const wholeLeast, wholeMost = 4 << 20, 1 << 30

func bytesOf(job *pipeline.Job) (n int64) {
	for i := range job.Chunks {
		n += job.Chunks[i].Bytes
	}
	return n
}

// rowCounts is how many rows the new tables must hold.
type rowCounts struct {
	tables map[schema.Name]int64 // each by itself
	trees  map[schema.Name]int64 // partitioned tables whose rows may change their partition
}

// add takes the rows that were read from a table or partition.
func (c rowCounts) add(leaf *schema.Table, rows int64, moves bool) {
	if moves {
		c.trees[leaf.Root().Name] += rows
	} else {
		c.tables[leaf.Name] += rows
	}
}

// masksPartitionKey reports whether a mask changes a column by which the rows
// of leaf found their partition.
func masksPartitionKey(leaf *schema.Table, spec *rules.TableRules) bool {
	changed := map[string]bool{}
	for i, c := range spec.Columns {
		if m := spec.Spec.Columns[i].Mask; m != nil && m.Kind != "keep" || spec.Exprs[i] != "" {
			changed[spec.Table.Columns[c].Name] = true
		}
	}
	for t := leaf.Partition; t != nil; t = t.Partition {
		for _, k := range t.PartitionKey {
			if changed[t.Columns[k].Name] {
				return true
			}
		}
	}
	return false
}

// shareOf writes n of all as a percentage for tables.
func shareOf(n, all int64) string {
	if all <= 0 {
		return ""
	}
	return strings.TrimPrefix(fmt.Sprintf("%.1f %%", 100*float64(n)/float64(all)), "-")
}
