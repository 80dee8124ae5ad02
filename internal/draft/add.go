package draft

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// Add decides what a rules file leaves undecided, by lines put into it. What the
// file holds stays as it is, byte for byte. It returns also how many columns it decided;
// the errors are those of Bind.
func (w *Writer) Add(old string) (text string, columns int, err error) {
	_, err = w.Bind(old)
	var undecided *rules.UndecidedError
	switch {
	case err == nil:
		return old, 0, nil
	case !errors.As(err, &undecided):
		return "", 0, err
	}
	var wrong rules.Errors
	if errors.As(err, &wrong) { // its own mistakes come first
		return "", 0, wrong
	}
	missing := w.findingsOf(undecided)
	text, err = w.mend(func() (string, map[int]func(string)) {
		text, mends, err := insert(old, w.Schema, missing)
		if err != nil {
			return old, nil // Bind says again what is undecided
		}
		return text, mends
	})
	return text, len(missing), err
}

// findingsOf picks the findings of columns.
func (w *Writer) findingsOf(u *rules.UndecidedError) []*discover.Finding {
	type key struct {
		table  schema.Name
		column string
	}
	want := map[key]bool{}
	for _, c := range u.Columns {
		want[key{c.Table, c.Column}] = true
	}
	var out []*discover.Finding
	for i := range w.Report.Findings {
		if f := &w.Report.Findings[i]; want[key{f.Table.Name, f.Table.Columns[f.Column].Name}] {
			out = append(out, f)
		}
	}
	return out
}

// insertion is text that goes into a file before a line, or into a line.
type insertion struct {
	line   int // from 1; of lines: before this one
	column int // in bytes from 0; -1 puts whole lines before the line
	lines  []string
	mends  []func(string) // of each line
	head   bool           // what others at its line belong under
}

// depth is how far the first line is indented.
func (x *insertion) depth() int { return len(x.lines[0]) - len(strings.TrimLeft(x.lines[0], " ")) }

// insert puts decisions into a rules file.
func insert(old string, s *schema.Schema, findings []*discover.Finding) (string, map[int]func(string), error) {
	if !strings.HasSuffix(old, "\n") && old != "" {
		old += "\n"
	}
	file, err := parser.ParseBytes([]byte(old), 0)
	if err != nil {
		return "", nil, errors.New("not valid YAML")
	}
	in := &inserter{lines: strings.SplitAfter(old, "\n"), schema: s}
	for _, d := range file.Docs {
		if m := mapOf(d.Body); m != nil {
			in.root = m
			break
		}
	}
	for len(findings) > 0 {
		end := 1
		for end < len(findings) && findings[end].Table == findings[0].Table {
			end++
		}
		if err := in.table(findings[:end]); err != nil {
			return "", nil, err
		}
		findings = findings[end:]
	}
	text, mends := in.apply()
	return text, mends, nil
}

// inserter finds the places in one file.
type inserter struct {
	lines  []string // with their ends
	schema *schema.Schema
	root   *mapping
	out    []insertion
	fresh  bool // the file has no tables, and gets them at its end
}

// mapping is a map of the file.
type mapping struct {
	pairs []mappingPair
	flow  bool
	end   *token.Token // the brace that closes a flow map
	start *token.Token
}

type mappingPair struct {
	name  string
	key   *token.Token
	value ast.Node
}

func mapOf(n ast.Node) *mapping {
	switch v := n.(type) {
	case *ast.MappingNode:
		m := &mapping{flow: v.IsFlowStyle, start: v.Start, end: v.End}
		for _, p := range v.Values {
			m.pairs = append(m.pairs, mappingPair{p.Key.GetToken().Value, p.Key.GetToken(), p.Value})
		}
		return m
	case *ast.MappingValueNode:
		return &mapping{start: v.Start, pairs: []mappingPair{{v.Key.GetToken().Value, v.Key.GetToken(), v.Value}}}
	}
	return nil
}

func (m *mapping) get(name string) *mappingPair {
	if m == nil {
		return nil
	}
	for i := range m.pairs {
		if m.pairs[i].name == name {
			return &m.pairs[i]
		}
	}
	return nil
}

// table puts the columns of one table where they belong.
func (in *inserter) table(findings []*discover.Finding) error {
	t := findings[0].Table
	tables := in.root.get("tables")
	if tables == nil {
		if !in.fresh {
			in.fresh = true
			in.out = append(in.out, insertion{line: len(in.lines), column: -1, lines: []string{"", "tables:"}, head: true})
		}
		in.entry(len(in.lines), "  ", t, findings)
		return nil
	}
	all := mapOf(tables.value)
	if all == nil {
		return fmt.Errorf("tables on line %d is no map", tables.key.Position.Line)
	}
	for i := range all.pairs {
		if in.means(all.pairs[i].name) == t {
			return in.within(&all.pairs[i], findings)
		}
	}
	if all.flow {
		return in.intoFlow(all, yamlScalar(Table(in.schema, t))+": { columns: { "+flowColumns(findings)+" } }", findings)
	}
	in.entry(in.after(&all.pairs[len(all.pairs)-1]), in.indentOf(all.pairs[0].key), t, findings)
	return nil
}

// within puts columns into the entry that a table has.
func (in *inserter) within(pair *mappingPair, findings []*discover.Finding) error {
	entry := mapOf(pair.value)
	if entry == nil {
		return fmt.Errorf("the entry on line %d is no map", pair.key.Position.Line)
	}
	columns := entry.get("columns")
	if columns == nil {
		if entry.flow {
			return in.intoFlow(entry, "columns: { "+flowColumns(findings)+" }", findings)
		}
		indent := in.indentOf(entry.pairs[0].key)
		d := newMendable()
		d.add("%scolumns:", indent)
		in.columns(d, in.after(&entry.pairs[len(entry.pairs)-1]), indent+"  ", findings)
		return nil
	}
	have := mapOf(columns.value)
	switch {
	case have == nil:
		return fmt.Errorf("columns on line %d is no map", columns.key.Position.Line)
	case have.flow:
		return in.intoFlow(have, flowColumns(findings), findings)
	}
	in.columns(newMendable(), in.after(&have.pairs[len(have.pairs)-1]), in.indentOf(have.pairs[0].key), findings)
	return nil
}

// entry puts an entry of a table's own before a line.
func (in *inserter) entry(line int, indent string, t *schema.Table, findings []*discover.Finding) {
	d := newMendable()
	d.add("%s%s:", indent, yamlScalar(Table(in.schema, t)))
	d.add("%s  columns:", indent)
	in.columns(d, line, indent+"    ", findings)
}

// columns puts lines of columns, behind those of d, before a line.
func (in *inserter) columns(d *mendable, line int, indent string, findings []*discover.Finding) {
	for _, f := range findings {
		d.column(indent, f)
	}
	lines := strings.Split(strings.TrimSuffix(d.b.String(), "\n"), "\n")
	mends := make([]func(string), len(lines))
	for i := range lines {
		mends[i] = d.mends[i+1]
	}
	in.put(line, -1, lines, mends)
}

func (in *inserter) put(line, column int, lines []string, mends []func(string)) {
	in.out = append(in.out, insertion{line: line, column: column, lines: lines, mends: mends})
}

// intoFlow puts text before the brace that closes a map on one line.
func (in *inserter) intoFlow(m *mapping, text string, findings []*discover.Finding) error {
	if m.end == nil {
		return errors.New("a map without an end")
	}
	line := m.end.Position.Line
	at := byteColumn(in.lines[line-1], m.end.Position.Column)
	if at < 0 || in.lines[line-1][at] != '}' {
		return fmt.Errorf("the map that ends on line %d cannot be added to; write it on lines of its own", line)
	}
	before := strings.TrimRight(in.lines[line-1][:at], " ")
	switch {
	case len(m.pairs) == 0 || strings.HasSuffix(before, ","):
		text = " " + text + " "
	case len(before) == at:
		text = ", " + text
	default:
		text = ", " + text + in.lines[line-1][len(before):at]
		at = len(before)
	}
	if strings.HasPrefix(text, ", ") && strings.TrimSpace(before) == "" { // the brace has a line of its own
		text = strings.Repeat(" ", len(before)) + text
	}
	all := func(problem string) {
		for _, f := range findings {
			nextMask(f, problem)
		}
	}
	in.put(line, at, []string{text}, []func(string){all})
	return nil
}

// byteColumn is where a column of characters, from 1, begins in a line.
func byteColumn(line string, column int) int {
	at := 0
	for i := 1; i < column; i++ {
		if at >= len(line) {
			return -1
		}
		_, n := utf8.DecodeRuneInString(line[at:])
		at += n
	}
	if at >= len(line) {
		return -1
	}
	return at
}

func flowColumns(findings []*discover.Finding) string {
	var parts []string
	for _, f := range findings {
		parts = append(parts, yamlScalar(f.Table.Columns[f.Column].Name)+": "+yamlMask(f.Mask))
	}
	return strings.Join(parts, ", ")
}

// indentOf is what stands before a key on its line.
func (in *inserter) indentOf(key *token.Token) string {
	line := in.lines[key.Position.Line-1]
	return line[:len(line)-len(strings.TrimLeft(line, " "))]
}

// after is the line before which to put what follows a pair of a block: the first
// one that is no deeper than its key, without comments and empty lines above it.
func (in *inserter) after(pair *mappingPair) int {
	first := pair.key.Position.Line // from 1
	depth := len(in.indentOf(pair.key))
	last := first
	for i := first; i < len(in.lines); i++ {
		text := strings.TrimRight(in.lines[i], "\r\n ")
		bare := strings.TrimLeft(text, " ")
		switch {
		case bare == "" || strings.HasPrefix(bare, "#") && len(text)-len(bare) <= depth:
			continue
		case len(text)-len(bare) <= depth && !closes(bare):
			return last + 1
		}
		last = i + 1
	}
	return last + 1
}

// closes reports whether a line only ends a map or list of one line.
func closes(bare string) bool { return bare != "" && strings.Trim(bare, "]},") == "" }

// means finds the table that a key of the file names.
func (in *inserter) means(key string) *schema.Table {
	for _, t := range in.schema.Roots() {
		if key == Table(in.schema, t) || key == t.Name.Name && Table(in.schema, t) == Spell(t.Name.Name) ||
			key == t.Name.Schema+"."+t.Name.Name || key == Spell(t.Name.Schema)+"."+Spell(t.Name.Name) || key == schema.QuoteIdent(t.Name.Schema)+"."+schema.QuoteIdent(t.Name.Name) {
			return t
		}
	}
	return nil
}

// apply puts everything in, and says which new lines mend what.
func (in *inserter) apply() (string, map[int]func(string)) {
	mends := map[int]func(string){}
	var b strings.Builder
	line := 1 // of the result
	slices.SortStableFunc(in.out, func(x, y insertion) int {
		switch {
		case x.line != y.line:
			return x.line - y.line
		case x.column != y.column:
			return x.column - y.column
		case x.head || y.head:
			return map[bool]int{true: -1, false: 1}[x.head]
		}
		return y.depth() - x.depth() // what ends a block inside another comes first
	})
	next := 0
	for i := 0; i <= len(in.lines); i++ {
		rest, done := "", 0
		if i < len(in.lines) {
			rest = in.lines[i]
		}
		for next < len(in.out) && (in.out[next].line == i+1 || i == len(in.lines)) {
			x := in.out[next]
			next++
			if x.column < 0 {
				for k, text := range x.lines {
					if x.mends != nil && x.mends[k] != nil {
						mends[line] = x.mends[k]
					}
					b.WriteString(text + "\n")
					line++
				}
				continue
			}
			b.WriteString(rest[:x.column-done] + x.lines[0])
			rest, done = rest[x.column-done:], x.column
			before := mends[line]
			mends[line] = func(p string) {
				if before != nil {
					before(p)
				}
				x.mends[0](p)
			}
		}
		b.WriteString(rest)
		if strings.HasSuffix(rest, "\n") {
			line++
		}
	}
	return b.String(), maps.Clone(mends)
}
