package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/draft"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// leakGuard collects the originals of masked values while rows are copied, and
// then looks for them in what was made.
type leakGuard struct {
	filter   *leak.Filter
	suspects *leak.Suspects
	memory   byteCount
	watches  bool // the copy itself tells of originals
	mu       sync.Mutex
	made     []*leak.Collector
	kept     map[*schema.Table]*leak.Kept // by root: texts that stay, of all its rows
	places   map[string]leakPlace         // by the names that the scan knows them under
	result   leakResult
}

type leakPlace struct {
	table  *schema.Table // nil for an object of the schema
	column string
}

// leakResult is what the leak scan did; it holds no value.
type leakResult struct {
	leak.Counts
	columns     int // as the next two, that were looked through
	rows, bytes int64
	findings    []leakFinding
}

// leakFinding is a place that holds originals, or credentials.
type leakFinding struct {
	table, column string
	object        string // of the schema, instead of a column
	values        int64  // that hold originals
	common        int64  // that hold only originals of more than three rows
	credentials   int
	accepted      string // the reason that the rules give
}

func (f *leakFinding) place() string {
	if f.object != "" {
		return f.object
	}
	return f.table + "." + draft.Spell(f.column)
}

// newLeakGuard makes a guard whose filter has these options and the memory of --memory.
func (j *job) newLeakGuard(o leak.Options) *leakGuard {
	o.Memory = int64(j.run.memory)
	return &leakGuard{
		filter: leak.New(j.secret, o), suspects: leak.NewSuspects(),
		memory: j.run.memory, kept: map[*schema.Table]*leak.Kept{}, places: map[string]leakPlace{},
	}
}

// guardOf makes the guard of a refresh, before rows are copied.
func (j *job) guardOf(b *bound, sel *subset.Selection) *leakGuard {
	var expect int64
	for _, l := range sel.Leaves {
		if p := b.programs[l.Root]; p != nil && l.How != subset.Nothing {
			expect += l.Rows * int64(p.Masked())
		}
	}
	// Of the values many are NULL, short, shared or found again: with what masks make
	// in their place, about half as many fingerprints are taken. More make it grow.
	g := j.newLeakGuard(leak.Options{Expect: expect / 2})
	g.watches = !b.rules.Leaks.Source
	return g
}

// collector returns one that flush knows.
func (g *leakGuard) collector() *leak.Collector {
	c := g.filter.Collector()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.made = append(g.made, c)
	return c
}

// filling returns a collector for an originalsReader, which flushes it.
func (g *leakGuard) filling() originals { return g.filter.Collector() }

func (g *leakGuard) flush() error {
	for _, c := range g.made {
		if err := c.Flush(); err != nil {
			return g.full(err)
		}
	}
	g.made = nil
	return nil
}

// full says what to do about a filter that is full.
func (g *leakGuard) full(err error) error {
	if errors.Is(err, leak.ErrFull) {
		return fmt.Errorf("%w (%s); raise --memory", err, &g.memory)
	}
	return err
}

// witness tells what takes originals of what a rewriter masks.
type witness struct {
	originals
	shapes map[*anonymize.Type]leak.Shape
}

func newWitness(o originals) witness {
	return witness{o, map[*anonymize.Type]leak.Shape{}}
}

// Whole takes a value apart.
func (w witness) Whole(t *anonymize.Type, value []byte) {
	shape, known := w.shapes[t]
	if !known {
		shape = maskedShape(t)
		w.shapes[t] = shape
	}
	w.originals.Whole(shape, value)
}

// maskedShape says how originals lie in a value of a type.
func maskedShape(t *anonymize.Type) leak.Shape {
	switch {
	case !t.Speaks():
		return leak.Nothing
	case t.Elem != nil:
		return leak.ArrayOf(maskedShape(t.Elem))
	case len(t.Fields) > 0:
		var fields []leak.Shape
		for i := range t.Fields {
			fields = append(fields, maskedShape(&t.Fields[i].Type))
		}
		return leak.RowOf(fields...)
	case t.Range:
		return leak.Bounds
	}
	switch t.Name {
	case "json", "jsonb", "hstore": // all have their strings in quotes
		return leak.JSON
	case "tsvector":
		return leak.Lexemes
	case "xml":
		return leak.Markup
	}
	return leak.Text
}

// watchedRewriter is a rewriter that a collector watches.
type watchedRewriter struct {
	*anonymize.Rewriter
	guard     *leakGuard
	collector *leak.Collector
}

// gatherer returns one for rows of a table, with or without partitions.
func (g *leakGuard) gatherer(root *schema.Table, columns []int) *leak.Gatherer {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.kept[root] == nil {
		g.kept[root] = leak.NewKept(columns)
	}
	return g.kept[root].Gatherer()
}

// watch makes a rewriter of rows of a table tell the guard what it masks and what
// it keeps, if the guard wants that.
func (g *leakGuard) watch(rw *anonymize.Rewriter, root *schema.Table, p *anonymize.Program) pipeline.Rewriter {
	if g == nil || !g.watches {
		return rw
	}
	w := watchedRewriter{rw, g, g.collector()}
	rw.Watch(newWitness(w.collector), false)
	if told := p.ObservedKept(); len(told) > 0 {
		rw.ObserveKept(g.gatherer(root, told))
	}
	return w
}

func (w watchedRewriter) Begin(again bool) { w.collector.Begin(again) }

func (w watchedRewriter) AppendRow(dst, row []byte) ([]byte, error) {
	dst, err := w.Rewriter.AppendRow(dst, row)
	if err == nil && w.collector.Err() != nil {
		err = w.guard.full(w.collector.Err())
	}
	return dst, err
}

// leakScan is how a run looks at what it made.
type leakScan struct {
	tables []*schema.Table // that hold rows
	// rows looks through columns of them. The filter is nil where there is nothing
	// to look for.
	rows  func(ctx context.Context, tables []pipeline.ScanTable, filter *leak.Filter) error
	texts func(ctx context.Context) ([]pipeline.SchemaText, error) // besides those of the source's schema; nil for none
}

// lookForLeaks looks through what was made. Rows have been copied, and the
// source's snapshot is still there to confirm what is found.
func (r *copyRun) lookForLeaks(ctx context.Context, scan leakScan) (*leakResult, error) {
	b, g := r.b, r.guard
	parts := b.copiedParts(r.sel)
	first := parts.computed() // what the copy does not see
	if b.rules.Leaks.Source {
		parts = b.allParts()
		first = parts
	}
	reader := &originalsReader{src: r.src, b: b, known: r.lessons.known, guard: g, workers: r.workers()}
	if err := reader.read(ctx, first, g.filling); err != nil {
		return nil, err
	}
	if err := g.flush(); err != nil {
		return nil, err
	}
	var filter *leak.Filter
	var tables []pipeline.ScanTable
	if !g.filter.Empty() {
		filter, tables = g.filter, g.scanned(b, scan.tables, false)
	}
	if err := scan.rows(ctx, tables, filter); err != nil {
		return nil, err
	}
	texts, err := pipeline.MadeTexts(ctx, r.src, r.made())
	if err != nil {
		return nil, at("source", err)
	}
	if scan.texts != nil {
		own, err := scan.texts(ctx)
		if err != nil {
			return nil, err
		}
		texts = append(texts, own...)
	}
	g.scanTexts(texts)
	if err := reader.confirm(ctx, parts); err != nil {
		return nil, err
	}
	return g.settle(b.rules.Leaks)
}

// scanTables looks through the columns of tables.
func (j *job) scanTables(ctx context.Context, db pipeline.Sessions, tables []pipeline.ScanTable, g *leakGuard) error {
	var count pipeline.Scanned
	steps, err := pipeline.ScanSteps(ctx, db, g.filter, g.suspects, tables, &count)
	if err != nil {
		return err
	}
	err = pipeline.Steps(ctx, j.workers(), steps)
	g.result.rows += count.Rows()
	g.result.bytes += count.Bytes()
	return err
}

// scanTexts looks through the texts of a schema, for credentials too.
func (g *leakGuard) scanTexts(texts []pipeline.SchemaText) {
	s := g.filter.Scanner(g.suspects)
	for _, t := range texts {
		g.places[t.Object] = leakPlace{}
		s.Field(t.Object, leak.Text, []byte(t.Text))
		if n := anonymize.Credentials([]byte(t.Text)) + t.Credentials; n > 0 {
			g.finding(t.Object).credentials += n
		}
	}
	g.result.bytes += s.Bytes
}

// finding returns the entry of a place.
func (g *leakGuard) finding(name string) *leakFinding {
	at := g.places[name]
	f := leakFinding{object: name}
	if at.table != nil {
		f = leakFinding{table: at.table.Name.String(), column: at.column}
	}
	i := slices.IndexFunc(g.result.findings, func(x leakFinding) bool { return x.place() == f.place() })
	if i < 0 {
		i = len(g.result.findings)
		g.result.findings = append(g.result.findings, f)
	}
	return &g.result.findings[i]
}

// settle returns what was found, and as an error what the rules do not accept.
func (g *leakGuard) settle(r rules.Leaks) (*leakResult, error) {
	g.result.Counts = g.filter.Counts()
	for _, f := range g.suspects.Findings() {
		x := g.finding(f.Place)
		x.values, x.common = f.Fields, f.Common
	}
	var problems []string
	for i := range g.result.findings {
		f := &g.result.findings[i]
		for _, a := range r.Accept {
			if a.Table != nil && a.Table.Name.String() == f.table && a.Column == f.column || a.Table == nil && a.Object == f.object {
				f.accepted = a.Reason
			}
		}
		if f.accepted != "" {
			continue
		}
		if f.values > 0 {
			problems = append(problems, fmt.Sprintf("leak: %s: %s with originals of masked columns", f.place(), plural(int(f.values), "value")))
		}
		if f.credentials > 0 {
			problems = append(problems, fmt.Sprintf("leak: %s: %s", f.place(), plural(f.credentials, "credential")))
		}
	}
	if len(problems) > 0 {
		return &g.result, &leakError{problems}
	}
	return &g.result, nil
}

// leakError lists the places that hold what they must not.
type leakError struct{ problems []string }

func (e *leakError) Error() string {
	return strings.Join(e.problems, "\n") + "\nmask what holds them, or accept it in the rules under leaks; see docs/leaks.md"
}

// leakStatus gives leaks the exit status of a verification that failed. outcome
// is what that means for what there was before.
func leakStatus(outcome string, err error) error {
	var found *leakError
	if errors.As(err, &found) {
		return withStatus(exitVerify, fmt.Errorf("verification failed; %s\n%w", outcome, err))
	}
	return fmt.Errorf("leak scan: %w", err)
}
