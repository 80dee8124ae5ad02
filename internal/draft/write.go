package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/schema"
)

// mendable is the text of a rules file in the making, and what to do where a line of
// it turns out to be wrong.
type mendable struct {
	b     strings.Builder
	line  int // of the next one, from 1
	mends map[int]func(problem string)
}

func newMendable() *mendable { return &mendable{line: 1, mends: map[int]func(string){}} }

// add writes a line.
func (d *mendable) add(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.b.WriteString(text + "\n")
	d.line += 1 + strings.Count(text, "\n")
}

// addWith writes a line, and notes what mends it.
func (d *mendable) addWith(mend func(string), format string, args ...any) {
	d.mends[d.line] = mend
	d.add(format, args...)
}

// edits is what had to be taken back while a file was written.
type edits struct {
	noRoot     string
	references map[int]string // of report.References: why it is a comment
	loops      map[*schema.ForeignKey]bool
	entities   map[*schema.Table]bool
}

// most is how often a file is mended before init gives up: each time at least
// one line that was wrong is gone.
const mostMends = 200

// Write makes a complete file, tries it, and mends what does not hold. Findings whose
// mask did not hold have another one then, or none. The errors are those of Bind.
func (w *Writer) Write() (string, error) {
	e := &edits{noRoot: w.NoRoot, references: maps.Clone(w.Orphaned), loops: map[*schema.ForeignKey]bool{}, entities: map[*schema.Table]bool{}}
	return w.mend(func() (string, map[int]func(string)) {
		d := w.file(e)
		return d.b.String(), d.mends
	})
}

// mend tries what make returns until it binds, applying the mends of lines that
// are wrong.
func (w *Writer) mend(make func() (string, map[int]func(string))) (string, error) {
	last := ""
	for range mostMends {
		text, mends := make()
		_, err := w.Bind(text)
		if err == nil {
			return text, nil
		}
		mended := false
		problems := problemsOf(err)
		for _, line := range slices.Sorted(maps.Keys(problems)) {
			for at := line; at > 0 && at > line-64; at-- { // a mask may take several lines
				if fix := mends[at]; fix != nil {
					fix(problems[line])
					mended = true
					break
				}
			}
		}
		if !mended || text == last {
			return "", fmt.Errorf("the rules that were found do not hold; please report this: %w", err)
		}
		last = text
	}
	return "", fmt.Errorf("the rules that were found do not hold after %d changes; please report this", mostMends)
}

// file writes the whole file.
func (w *Writer) file(e *edits) *mendable {
	d := newMendable()
	db := w.Schema.Database
	d.add("# Rules for a copy of %s, as found in names, types, comments and values.", oneLine(db))
	d.add("# Read every line before you trust it. Behind a mask is what the column looks")
	d.add("# like, how sure that is (from 0 to 1), and why; ?? marks what to look at twice.")
	d.add("version: 1")
	if w.Report.Root != nil && e.noRoot == "" {
		d.add("vars: { sample: %s }", w.Share)
	}
	d.add("targets: [%s, staging]", yamlDouble(strings.ReplaceAll(globFree(db), "${", "$${")+"_staging"))
	if w.Schema.LargeObjects > 0 || len(w.Schema.ForeignTables) > 0 || len(w.Schema.ConfigTables) > 0 {
		kind := "schema"
		if len(w.Schema.ForeignTables) == 0 {
			kind = "none"
		}
		d.add("objects: %s                         # large objects, foreign tables, extensions' own rows: their contents stay behind", kind)
	}
	d.add("")
	w.subset(d, e)
	d.add("")
	w.tables(d, e)
	return d
}

// globFree takes the signs of patterns out of a name, so that it means itself.
func globFree(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]\/`, r) {
			return '?'
		}
		return r
	}, s)
}

func (w *Writer) subset(d *mendable, e *edits) {
	d.add("subset:")
	r := w.Report
	if r.Root != nil && e.noRoot == "" {
		d.add("  roots:                               # %s", oneLine(r.RootWhy))
		d.addWith(func(p string) { e.noRoot = p }, "    - { table: %s, sample: \"${sample}\" }", yamlScalar(Table(w.Schema, r.Root)))
	}
	if r.Root != nil && w.NoRoot != "" {
		d.add("  # no root: %s; %s", oneLine(r.RootWhy), oneLine(w.NoRoot))
	}
	var lines, asides []func()
	for _, k := range r.Loops {
		if r.Root == nil || e.noRoot != "" || e.loops[k] {
			continue
		}
		lines = append(lines, func() {
			from := w.end(k.Child, k.Columns)
			d.addWith(func(string) { e.loops[k] = true }, "    - { from: %s, down: off }    # a chosen row is no reason for others of %s", yamlScalar(from), oneLine(k.Child.Name.String()))
		})
	}
	for i := range r.References {
		x := &r.References[i]
		if x.Parent != nil && x.Confident >= 0.6 && e.references[i] == "" {
			lines = append(lines, func() {
				d.addWith(func(p string) { e.references[i] = p }, "    - %s    # %.2f %s", w.reference(x), x.Confident, oneLine(x.Evidence))
			})
			continue
		}
		asides = append(asides, func() {
			why := oneLine(x.Evidence)
			if e.references[i] != "" {
				why += "; " + oneLine(e.references[i])
			}
			if x.Parent == nil {
				d.add("    # - { from: %s, to: …, when: \"%s = '…'\" }    # ?? %s: one line for each", yamlScalar(w.end(x.Child, x.Columns)), oneLine(Spell(x.Child.Columns[x.When].Name)), why)
				return
			}
			d.add("    # - %s    # ?? %.2f %s", w.reference(x), x.Confident, why)
		})
	}
	if len(lines) > 0 {
		d.add("  references:                          # not declared in the schema, or followed only one way")
		for _, f := range lines {
			f()
		}
	}
	if len(asides) > 0 {
		d.add("    # not sure enough to be followed:")
		for _, f := range asides {
			f()
		}
	}
	d.add("  unreached: all")
}

// end is one side of a reference.
func (w *Writer) end(t *schema.Table, cols []int) string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = Spell(t.Columns[c].Name)
	}
	return Table(w.Schema, t) + "(" + strings.Join(names, ", ") + ")"
}

// reference writes an entry of references.
func (w *Writer) reference(x *discover.Reference) string {
	out := "{ from: " + yamlScalar(w.end(x.Child, x.Columns)) + ", to: " + yamlScalar(w.end(x.Parent, x.ParentColumns))
	if x.When >= 0 {
		out += ", when: " + yamlText(schema.QuoteIdent(x.Child.Columns[x.When].Name)+" = "+strings.TrimSpace(schema.QuoteLiteral(x.Name)))
	}
	switch {
	case x.Child == x.Parent && x.Child == w.Report.Root, strings.HasSuffix(x.Child.Columns[x.Columns[0]].Name, "_by"), strings.HasSuffix(x.Child.Columns[x.Columns[0]].Name, "_by_id"):
		out += ", down: off"
	}
	return out + " }"
}

// tables writes the entries of all tables.
func (w *Writer) tables(d *mendable, e *edits) {
	d.add("tables:")
	findings := w.Report.Findings
	n := 0
	for len(findings) > 0 {
		t := findings[0].Table
		end := 1
		for end < len(findings) && findings[end].Table == t {
			end++
		}
		if w.tableEntry(d, e, t, findings[:end]) {
			n++
		}
		findings = findings[end:]
	}
	if n == 0 {
		d.add("  {}")
	}
}

// tableEntry writes the entry of a table; it reports whether there is one, since
// types may decide all of its columns.
func (w *Writer) tableEntry(d *mendable, e *edits, t *schema.Table, findings []discover.Finding) bool {
	var plain, generated []string
	var lines []*discover.Finding
	for i := range findings {
		f := &findings[i]
		switch name := oneLine(t.Columns[f.Column].Name); {
		case t.Columns[f.Column].Generated != "":
			generated = append(generated, name)
		case f.ByType && !f.Personal:
			plain = append(plain, name)
		default:
			lines = append(lines, f)
		}
	}
	key := yamlScalar(Table(w.Schema, t))
	whole := w.wholeFor(e, t)
	if len(lines) == 0 && whole == "" {
		if len(plain)+len(generated) > 0 {
			d.add("  # %s: its types decide: %s", oneLine(key), strings.Join(append(plain, generated...), ", "))
		}
		return false
	}
	d.add("  %s:%s", key, rowsComment(t))
	if x, ok := w.Report.Entities[t]; ok && !e.entities[t] && followsEntity(findings) {
		of := ""
		if x.Of != nil {
			of = " -> " + Table(w.Schema, x.Of)
		}
		d.addWith(func(string) { e.entities[t] = true }, "    entity: %s", yamlScalar(Spell(t.Columns[x.Column].Name)+of))
	}
	if whole != "" {
		d.add("    rows: all                             # %s", whole)
	}
	if len(lines) > 0 {
		d.add("    columns:")
	}
	for _, f := range lines {
		d.column("      ", f)
	}
	if len(plain) > 0 {
		d.add("      # kept by type: %s", strings.Join(plain, ", "))
	}
	if len(generated) > 0 {
		d.add("      # computed from others: %s", strings.Join(generated, ", "))
	}
	return true
}

func rowsComment(t *schema.Table) string {
	var n int64
	for _, l := range t.Leaves() {
		n += max(0, l.Rows)
	}
	if n == 0 {
		return ""
	}
	return "    # about " + report.Count(n) + " rows"
}

// wholeFor says why a part of a table will not do, beside roots: a key with PERIOD
// references it. "" if it will.
func (w *Writer) wholeFor(e *edits, t *schema.Table) string {
	if w.Report.Root == nil || e.noRoot != "" {
		return ""
	}
	for _, k := range w.Schema.ForeignKeys {
		if k.Period && k.Parent.Root() == t {
			return oneLine(k.Child.Name.String() + " " + k.Name + " has a PERIOD, which needs every row of it")
		}
	}
	return ""
}

// followsEntity reports whether a mask of the table follows an entity, or looks in
// texts for what is known of one.
func followsEntity(findings []discover.Finding) bool {
	for i := range findings {
		m := &findings[i].Mask
		if scrubs(m.Kind) || scrubs(m.Params) {
			return true
		}
		for _, k := range anonymize.Kinds() {
			if k.Entity && m.Kind == k.Name {
				return true
			}
		}
	}
	return false
}

// scrubs reports whether a mask, or one for a part of a value, is scrub.
func scrubs(mask any) bool {
	switch m := mask.(type) {
	case string:
		return m == "scrub"
	case map[string]any:
		for _, v := range m {
			if scrubs(v) {
				return true
			}
		}
	}
	return false
}

// column writes a column's line, or lines.
func (d *mendable) column(indent string, f *discover.Finding) {
	head := indent + yamlScalar(f.Table.Columns[f.Column].Name) + ":"
	mend := func(problem string) { nextMask(f, problem) }
	note := noteOf(f)
	m := &f.Mask
	nested := map[string]string{"json": "paths", "hstore": "keys", "composite": "fields"}[m.Kind]
	params, ok := m.Params[nested].(map[string]any)
	if !ok || len(params) < 2 {
		line := head + " " + yamlMask(*m)
		d.addWith(mend, "%s%s# %s", line, strings.Repeat(" ", max(1, 44-len(line))), note)
		return
	}
	d.addWith(mend, "%s%s# %s", head, strings.Repeat(" ", max(1, 44-len(head))), note)
	d.addWith(mend, "%s  mask: %s", indent, m.Kind)
	d.addWith(mend, "%s  %s:", indent, nested)
	evidence := map[string]string{} // of the paths that were found
	for _, p := range f.Paths {
		if !p.Usual {
			evidence[p.Path] = oneLine(p.Evidence)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		if why := evidence[k]; why != "" {
			line := indent + "    " + yamlScalar(k) + ": " + yamlFlow(params[k])
			d.addWith(mend, "%s%s# %s", line, strings.Repeat(" ", max(1, 44-len(line))), why)
		}
	}
	if len(f.Paths) > 0 && len(evidence) < len(params) {
		d.add("%s    # keys that are often personal, wherever they are:", indent)
	}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		if evidence[k] == "" {
			d.addWith(mend, "%s", indent+"    "+yamlScalar(k)+": "+yamlFlow(params[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.Params)) {
		if k != nested {
			d.addWith(mend, "%s  %s: %s", indent, k, yamlFlow(m.Params[k]))
		}
	}
}

// noteOf is the comment behind a column.
func noteOf(f *discover.Finding) string {
	note := ""
	if f.Confident < 0.5 {
		note = "?? "
	}
	if f.Personal && f.Class != "" {
		note += f.Class + ", "
	}
	return note + fmt.Sprintf("%.2f %s", f.Confident, oneLine(f.Evidence))
}

// nextMask puts the next best mask in the place of one that does not hold; the
// last resort is to keep the column, and to say so.
func nextMask(f *discover.Finding, problem string) {
	if len(f.Otherwise) > 0 {
		f.Mask, f.Otherwise = f.Otherwise[0], f.Otherwise[1:]
		return
	}
	if f.Mask.Kind == "keep" {
		return
	}
	f.Mask, f.Personal, f.Confident = anonymize.Mask{Kind: "keep"}, false, 0.1
	f.Evidence = "PERSONAL, but no mask holds: " + problem + "; was: " + f.Evidence
}
