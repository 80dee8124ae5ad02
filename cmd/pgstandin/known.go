package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// lessons is how it is learned what texts may quote of what other tables hold.
type lessons struct {
	known *anonymize.Known // nil where there is nothing to ask or to learn
	asked map[string]bool  // entities that texts may quote
	// during are the programs of tables that teach while they are copied: they have no
	// texts, or one row of an entity, which says all that the table knows of it. Others
	// are read before, since a text may quote a row that comes later.
	during map[*anonymize.Program]bool
}

// lessons says how it is learned what texts of the programs' tables may quote.
func (j *job) lessons(programs []*anonymize.Program) lessons {
	l := lessons{asked: map[string]bool{}, during: map[*anonymize.Program]bool{}}
	for _, p := range programs {
		if p.MayLookUp() {
			l.asked[p.EntityDomain()] = true
		}
	}
	quoting := map[string]*anonymize.Program{} // of an entity, what teaches while its texts ask
	for _, p := range programs {
		if !l.teaches(p) {
			continue
		}
		if l.known == nil {
			l.known = anonymize.NewKnown(int64(j.run.memory))
		}
		if !p.MayLookUp() {
			l.during[p] = true
		} else if q := quoting[p.EntityDomain()]; p.Sole() && (q == nil || q == p) {
			quoting[p.EntityDomain()], l.during[p] = p, true
		}
	}
	return l
}

// teaches reports whether texts may quote what a table holds.
func (l *lessons) teaches(p *anonymize.Program) bool {
	return p != nil && p.MayLearn() && l.asked[p.EntityDomain()]
}

// before reports whether a table is read for what it says before rows are copied.
func (l *lessons) before(p *anonymize.Program) bool { return l.teaches(p) && !l.during[p] }

// after returns which of the jobs, given by their programs, teach what texts of a
// program's table ask.
func (l *lessons) after(p *anonymize.Program, jobs []*anonymize.Program) []int {
	if p == nil || !p.MayLookUp() {
		return nil
	}
	var out []int
	for i, q := range jobs {
		if l.during[q] && q != p && q.EntityDomain() == p.EntityDomain() && (!l.during[p] || !q.MayLookUp()) {
			out = append(out, i)
		}
	}
	return out
}

// learnsBefore reports whether any table is read before others are copied.
func (j *job) learnsBefore(b *bound) bool {
	var programs []*anonymize.Program
	for _, p := range b.programs {
		if p != nil {
			programs = append(programs, p)
		}
	}
	l := j.lessons(programs)
	return slices.ContainsFunc(programs, l.before)
}

// learn reads what those chosen rows say of entities that have to be known before
// others are copied.
func (j *job) learn(ctx context.Context, src *pipeline.Source, b *bound, sel *subset.Selection) (lessons, error) {
	var programs []*anonymize.Program
	for _, leaf := range sel.Leaves {
		if p := b.programs[leaf.Root]; p != nil && leaf.How != subset.Nothing {
			programs = append(programs, p)
		}
	}
	l := j.lessons(programs)
	idle := idleRewriters{}
	var steps []func(context.Context) error
	for _, leaf := range sel.Leaves {
		p := b.programs[leaf.Root]
		if leaf.How == subset.Nothing || !l.before(p) {
			continue
		}
		if idle[p] == nil {
			idle[p] = make(chan *anonymize.Rewriter, j.workers())
		}
		for _, c := range sel.Chunks(leaf, learnColumns(p, b.specs[leaf.Root]), chunkBytes) {
			steps = append(steps, func(ctx context.Context) error {
				rw := idle.take(p)
				if err := learnChunk(ctx, src, c, l.known, rw); err != nil {
					return fmt.Errorf("learn from %s: %w", leaf.Table.Name, err)
				}
				idle[p] <- rw
				return nil
			})
		}
	}
	return l, knownFull(pipeline.Steps(ctx, j.workers(), steps), &j.run.memory)
}

// knownFull says what to do where there is no room for what texts may quote.
func knownFull(err error, memory *byteCount) error {
	if errors.Is(err, anonymize.ErrKnownFull) {
		return fmt.Errorf("%w (%s); raise --memory", err, memory)
	}
	return err
}

// idleRewriters holds, of each program, those that no worker uses at the moment.
type idleRewriters map[*anonymize.Program]chan *anonymize.Rewriter

func (i idleRewriters) take(p *anonymize.Program) *anonymize.Rewriter {
	select {
	case rw := <-i[p]:
		return rw
	default:
		return p.NewRewriter()
	}
}

func learnChunk(ctx context.Context, src *pipeline.Source, c subset.Chunk, known *anonymize.Known, rw *anonymize.Rewriter) error {
	sql, err := c.Select()
	if err != nil {
		return err
	}
	return src.Rows(ctx, sql, func(row []byte) error { return rw.Learn(known, row) })
}

// learnColumns are the columns of a table as its program takes them, NULL in
// place of those that it does not learn from.
func learnColumns(p *anonymize.Program, spec *rules.TableRules) []subset.Column {
	columns := selected(spec)
	for i := range columns {
		if !p.Learns(i) {
			columns[i] = subset.Column{Expr: "null"} // without a name: no reference that is cut is meant
		}
	}
	return columns
}

// strangers says of which tables texts may quote somebody of whom the run knows nothing:
// the row's entity is not among those that were learned, or it became NULL with a
// reference to what is not copied.
func (r *copyRun) strangers(byTable map[*schema.Table]*tableCounts) (notes []string) {
	cut := r.cutEntities()
	for _, t := range r.b.schema.Tables {
		x := byTable[t]
		if x == nil {
			continue
		}
		n := min(cut[t], x.strangers.Nobody)
		if spec := r.b.specs[t]; spec != nil && spec.Entity != nil && r.introduces(spec.Entity) {
			n += x.strangers.Unknown
		}
		if n > 0 {
			notes = append(notes, strangersNote(n, t.Name.String(), "leave such rows out (where, or up: prune beside roots), or use mask text"))
		}
	}
	return notes
}

// strangersNote says that texts of a table may quote whom nothing is known of, and what to do.
func strangersNote(rows int64, table, remedy string) string {
	return fmt.Sprintf("texts of up to %s in %s may quote whom the rows were about, who is not copied and not known: %s", plural64(rows, "row"), table, remedy)
}

// introduces reports whether an entity that is copied would have been learned from its
// own table: that one says something which texts may quote, or none of its rows came.
func (r *copyRun) introduces(own *schema.Table) bool {
	for _, l := range r.sel.Leaves {
		if l.Root == own && l.How != subset.Nothing {
			p := r.b.programs[own]
			return p != nil && p.MayLearn()
		}
	}
	return true
}

// cutEntities counts the references that became NULL in columns of entities.
func (r *copyRun) cutEntities() map[*schema.Table]int64 {
	cut := map[*schema.Table]int64{}
	for _, ref := range r.sel.Report.References {
		root := ref.Reference.Child.Root()
		p := r.b.programs[root]
		if ref.Cut == 0 || p == nil || !p.MayLookUp() {
			continue
		}
		entity := root.Translate(ref.Reference.Child, []int{r.b.specs[root].Columns[p.EntityColumn()]})
		if slices.Contains(ref.Reference.Columns, entity[0]) {
			cut[root] += ref.Cut
		}
	}
	return cut
}
