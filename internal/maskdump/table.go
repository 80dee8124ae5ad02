package maskdump

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

const copyNull = `\N`

// maskedTable is a table as statements of one form name it: what they list of its
// columns, and how these become a row of its program.
type maskedTable struct {
	leaf    *schema.Table
	spec    *rules.TableRules
	program *anonymize.Program
	rw      *anonymize.Rewriter // nil: nothing is masked
	why     string              // its rows are left out, because
	into    string              // the name to write instead, "" for the one that is there

	columns int   // that the statement lists
	order   []int // for each column of the program its place among them, -1 for none
	back    []int // for each that is listed its column of the program, -1 for a generated one
	cut     []int // places that become NULL
	entity  int   // that of cut which says whose a row is, -1 for none
	plain   bool  // rows are the program's as they are

	rows, left int64
	orphaned   int64 // rows whose entity became NULL
}

// head is the part of a COPY or INSERT before its rows.
type head struct {
	name    []string
	from    int // of the name's first token, in the statement
	to      int // behind its last
	columns []string
	listed  bool
	rest    []sqlfile.Token
}

var errHead = errors.New("the name of a table is expected")

// parseHead reads name and columns from the tokens behind COPY or INSERT INTO.
func parseHead(sql []byte, skip int) (head, error) {
	if hasComment(sql) {
		return head{}, errors.New("a comment within the statement: what it holds is unknown; remove it")
	}
	var t []sqlfile.Token
	for x := range sqlfile.Tokens(sql) {
		t = append(t, x)
	}
	if len(t) < skip+1 {
		return head{}, errHead
	}
	t = t[skip:]
	var h head
	at := func(x sqlfile.Token) int { return cap(sql) - cap(x.Text) }
	h.from = at(t[0])
	for {
		if len(t) == 0 || t[0].Kind != sqlfile.Word && t[0].Kind != sqlfile.Quoted {
			return head{}, errHead
		}
		h.name, h.to = append(h.name, t[0].Name()), at(t[0])+len(t[0].Text)
		t = t[1:]
		if len(t) == 0 || !t[0].IsSign('.') {
			break
		}
		t = t[1:]
	}
	if len(h.name) > 2 {
		return head{}, errors.New("a table is named with its database")
	}
	if len(t) > 0 && t[0].IsSign('(') {
		h.listed = true
		for {
			if len(t) < 3 || t[1].Kind != sqlfile.Word && t[1].Kind != sqlfile.Quoted {
				return head{}, errors.New("the name of a column is expected")
			}
			h.columns = append(h.columns, t[1].Name())
			end := t[2].IsSign(')')
			if !end && !t[2].IsSign(',') {
				return head{}, errors.New("a list of columns is expected")
			}
			if t = t[2:]; end {
				t = t[1:]
				break
			}
		}
	}
	h.rest = t
	return h, nil
}

// hasComment reports whether there is a comment between the tokens of a statement.
func hasComment(sql []byte) bool {
	end := 0
	for t := range sqlfile.Tokens(sql) {
		start := cap(sql) - cap(t.Text)
		if bytes.ContainsAny(sql[end:start], "-/") {
			return true
		}
		end = start + len(t.Text)
	}
	return bytes.ContainsAny(sql[end:], "-/")
}

// find returns what a statement is about; nil for a table whose rows are left out
// by objects in the rules.
func (m *Filter) find(h *head, line int, insert bool) (*maskedTable, error) {
	key := fmt.Sprintf("%q %v %q %v", h.name, h.listed, h.columns, insert)
	if t := m.forms[key]; t != nil {
		return t, nil
	}
	leaf := m.target(h.name)
	if leaf == nil {
		if m.withoutRows(h.name) {
			return nil, nil
		}
		return nil, m.undecided(line, "table %s is not in the schema: nobody decided its columns", strings.Join(h.name, "."))
	}
	t, err := m.newTable(leaf, h, line, insert)
	if err != nil {
		return nil, err
	}
	m.forms[key], m.order = t, append(m.order, t)
	return t, nil
}

func (m *Filter) newTable(leaf *schema.Table, h *head, line int, insert bool) (*maskedTable, error) {
	root := leaf.Root()
	t := &maskedTable{leaf: leaf, why: m.tables.Gone[root], spec: m.tables.Specs[root], entity: -1}
	columns := h.columns
	if !h.listed {
		for _, c := range leaf.Columns {
			if insert || c.Generated == "" {
				columns = append(columns, c.Name)
			}
		}
	}
	t.columns = len(columns)
	if t.why != "" {
		return t, nil
	}
	place := map[string]int{}
	var unknown []string
	for i, name := range columns {
		if _, twice := place[name]; twice {
			return nil, m.wrong(line, "%s: column %s is listed twice", leaf.Name, schema.QuoteIdent(name))
		}
		place[name] = i
		c := leaf.Column(name)
		if c < 0 {
			unknown = append(unknown, leaf.Name.String()+"."+schema.QuoteIdent(name))
		} else if leaf.Columns[c].Generated != "" && !insert {
			return nil, m.wrong(line, "%s: column %s is generated, and COPY has values for it", leaf.Name, schema.QuoteIdent(name))
		}
	}
	if len(unknown) > 0 {
		return nil, m.undecided(line, "columns that are not in the schema, and nobody decided:\n%s", strings.Join(unknown, "\n"))
	}
	t.program = m.tables.Programs[root]
	t.back = slices.Repeat([]int{-1}, len(columns))
	t.plain = len(t.spec.Columns) == len(columns)
	for i, c := range t.spec.Columns {
		p, ok := place[t.spec.Table.Columns[c].Name]
		if !ok {
			p = -1
		} else {
			t.back[p] = i
		}
		t.order = append(t.order, p)
		t.plain = t.plain && p == i
		if ok && m.tables.Cuts[root][t.spec.Table.Columns[c].Name] {
			t.cut = append(t.cut, p)
			t.plain = false
			if t.program != nil && t.program.EntityColumn() == i {
				t.entity = p
			}
		}
	}
	if m.tables.Moves(leaf, t.spec) {
		t.into = root.Name.SQL()
	}
	if t.program != nil && !t.program.Nothing() {
		t.rw = t.program.NewRewriter()
		if m.tables.Known != nil && t.program.MayLookUp() {
			t.rw.LookUpIn(m.tables.Known)
		}
	}
	return t, nil
}

// learns reports whether its rows say something that texts may quote.
func (t *maskedTable) learns(m *Filter) bool {
	return t.why == "" && t.program != nil && t.program.MayLearn() && m.asked[t.program.EntityDomain()]
}

// arrange makes the program's row of m.fields, the fields as the statement lists
// them, and returns it.
func (m *Filter) arrange(t *maskedTable) []byte {
	for _, p := range t.cut {
		if p == t.entity && !bytes.Equal(m.fields[p], m.null) {
			t.orphaned++
		}
		m.fields[p] = m.null
	}
	m.row = m.row[:0]
	for i, p := range t.order {
		if i > 0 {
			m.row = append(m.row, '\t')
		}
		if p < 0 {
			m.row = append(m.row, copyNull...)
		} else {
			m.row = append(m.row, m.fields[p]...)
		}
	}
	return m.row
}

// maskFields masks m.fields, in place, if anything is to be masked.
func (m *Filter) maskFields(t *maskedTable) error {
	row := m.arrange(t)
	if t.rw == nil {
		return nil
	}
	var err error
	if m.masked, err = t.rw.AppendRow(m.masked[:0], row); err != nil {
		return err
	}
	rest, last := m.masked, false
	for _, p := range t.order {
		if last {
			return copyfmt.ErrFields
		}
		var field []byte
		field, rest, last = copyfmt.Cut(rest)
		if p >= 0 {
			m.fields[p] = field
		}
	}
	if !last && len(t.order) > 0 {
		return copyfmt.ErrFields
	}
	return nil
}
