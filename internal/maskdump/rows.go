package maskdump

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

var (
	errGenerated = errors.New("a value of a generated column that is not DEFAULT")
	errLiteral   = errors.New("a string with an escape that stands for nothing")
)

type rowLearner interface {
	Learn(k *anonymize.Known, row []byte) error
}

// looksEvery is after how many rows a masker looks whether it was interrupted.
const looksEvery = 1024

// begin writes what stands before the rows of t, its name replaced where the rows
// may go to another partition.
func (m *Filter) begin(t *maskedTable, it *sqlfile.Item, h *head) error {
	if err := m.write(m.comments(it.Before())); err != nil || t == nil || t.why != "" {
		return err
	}
	sql := it.SQL()
	if t.into == "" {
		return m.write(sql)
	}
	if err := m.write(sql[:h.from]); err != nil {
		return err
	}
	if err := m.write([]byte(t.into)); err != nil {
		return err
	}
	return m.write(sql[h.to:])
}

// copy takes a COPY … FROM stdin and its rows.
func (m *Filter) copy(ctx context.Context, it *sqlfile.Item) error {
	line := it.Line
	h, err := parseHead(it.SQL(), 1)
	if err != nil {
		return m.wrong(line, "COPY: %v", err)
	}
	if r := h.rest; len(r) != 3 || !r[0].Is("from") || !r[1].Is("stdin") || !r[2].IsSign(';') {
		return m.wrong(line, "COPY with options: only the text format can be masked, as pg_dump writes it")
	}
	t, err := m.find(&h, line, false)
	if err != nil {
		return err
	}
	if m.learning != nil && (t == nil || !t.learns(m)) {
		return nil
	}
	if err := m.begin(t, it, &h); err != nil {
		return err
	}
	write := m.learning == nil && t != nil && t.why == ""
	if write {
		m.broken = string(bytes.Repeat([]byte(copyNull+"\t"), t.columns+1)) + copyNull + "\n\\.\n" // no row of the table
	}
	for n := 1; ; n++ {
		row, err := m.in.Row()
		if err == io.EOF {
			break
		}
		if err != nil {
			return &Error{err: err}
		}
		if n%looksEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case t == nil:
		case t.why != "":
			t.left++
		default:
			if err := m.copyRow(t, row); err != nil {
				return m.rowError(t, m.in.RowLine(), err)
			}
		}
	}
	m.broken = ""
	if !write {
		return nil
	}
	return m.write([]byte("\\.\n"))
}

// copyRow masks or learns from one row of COPY text with its line end.
func (m *Filter) copyRow(t *maskedTable, line []byte) error {
	row := bytes.TrimSuffix(line, []byte("\n"))
	row = bytes.TrimSuffix(row, []byte("\r"))
	end := line[len(row):]
	if m.learning == nil {
		t.rows++
	}
	if t.plain && t.rw == nil && m.learning == nil {
		_, err := m.out.Write(line)
		return err
	}
	if t.plain && m.learning == nil {
		var err error
		if m.masked, err = t.rw.AppendRow(m.masked[:0], row); err != nil {
			return err
		}
		m.masked = append(m.masked, end...)
		_, err = m.out.Write(m.masked)
		return err
	}
	m.fields = m.fields[:0]
	for rest, last := row, false; !last; {
		var field []byte
		field, rest, last = copyfmt.Cut(rest)
		m.fields = append(m.fields, field)
	}
	if len(m.fields) != t.columns {
		return copyfmt.ErrFields
	}
	if m.learning != nil {
		return t.rewriter().Learn(m.learning, m.arrange(t))
	}
	if err := m.maskFields(t); err != nil {
		return err
	}
	for i, field := range m.fields {
		if i > 0 {
			_ = m.out.WriteByte('\t')
		}
		_, _ = m.out.Write(field)
	}
	_, err := m.out.Write(end)
	return err
}

// insert takes an INSERT … VALUES and its rows.
func (m *Filter) insert(ctx context.Context, it *sqlfile.Item) error {
	h, t, err := m.insertHead(it)
	if err != nil {
		return err
	}
	if m.learning != nil && (t == nil || !t.learns(m)) {
		return nil
	}
	if err := m.begin(t, it, h); err != nil {
		return err
	}
	write := m.learning == nil && t != nil && t.why == ""
	for n := 1; ; n++ {
		row, err := m.in.InsertRow()
		if err == io.EOF {
			m.broken = ""
			return nil
		}
		if err != nil {
			return &Error{err: err}
		}
		if n%looksEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case t == nil:
		case row.End && write:
			if err := m.write(row.Text); err != nil {
				return err
			}
		case row.End:
		case t.why != "":
			t.left++
		default:
			if err := m.insertRow(t, row); err != nil {
				return m.rowError(t, m.in.RowLine(), err)
			}
		}
	}
}

// insertHead reads what stands before the rows of an INSERT, and finds the table.
// Many that follow each other begin alike.
func (m *Filter) insertHead(it *sqlfile.Item) (*head, *maskedTable, error) {
	if m.last.text != nil && bytes.Equal(m.last.text, it.SQL()) {
		return &m.last.head, m.last.table, nil
	}
	line := it.Line
	if into := sqlfile.First(it.SQL(), 2); len(into) < 2 || !into[1].Is("into") {
		return nil, nil, m.wrong(line, "INSERT: %v", errHead)
	}
	h, err := parseHead(it.SQL(), 2)
	if err != nil {
		return nil, nil, m.wrong(line, "INSERT: %v", err)
	}
	if r := h.rest; !(len(r) == 1 || len(r) == 4 && r[0].Is("overriding") && (r[1].Is("system") || r[1].Is("user")) && r[2].Is("value")) {
		return nil, nil, m.wrong(line, "an INSERT that is not of VALUES: what it writes is unknown")
	}
	t, err := m.find(&h, line, true)
	if err != nil {
		return nil, nil, err
	}
	h.rest = nil
	m.last.text, m.last.head, m.last.table = append(m.last.text[:0], it.SQL()...), h, t
	return &m.last.head, t, nil
}

// insertDefaults takes an INSERT … DEFAULT VALUES, which dumps have for tables
// without columns, and refuses all others.
func (m *Filter) insertDefaults(ctx context.Context, it *sqlfile.Item) error {
	if err := m.bind(ctx); err != nil {
		return err
	}
	h, err := parseHead(it.SQL(), 2)
	if err != nil {
		return m.wrong(it.Line, "INSERT: %v", err)
	}
	if r := h.rest; len(r) != 3 || !r[0].Is("default") || !r[1].Is("values") || !r[2].IsSign(';') {
		return m.wrong(it.Line, "an INSERT that is not of VALUES: what it writes is unknown")
	}
	t, err := m.find(&h, it.Line, true)
	if err != nil || t == nil {
		return err
	}
	if t.why != "" {
		t.left++
	} else {
		t.rows++
	}
	return m.begin(t, it, &h)
}

// insertRow masks or learns from one row of VALUES.
func (m *Filter) insertRow(t *maskedTable, row *sqlfile.InsertRow) error {
	if len(row.Values) != t.columns {
		return copyfmt.ErrFields
	}
	m.original = m.original[:0]
	m.ends = m.ends[:0]
	for i := range row.Values {
		var err error
		if m.original, err = m.appendField(m.original, t, i, row); err != nil {
			return err
		}
		m.ends = append(m.ends, len(m.original))
	}
	m.fields = m.fields[:0]
	at := 0
	for _, end := range m.ends {
		m.fields = append(m.fields, m.original[at:end])
		at = end
	}
	if m.learning != nil {
		return t.rewriter().Learn(m.learning, m.arrange(t))
	}
	t.rows++
	if err := m.maskFields(t); err != nil {
		return err
	}
	m.row = m.row[:0]
	at, from := 0, 0
	for i, l := range row.Values {
		was := m.original[at:m.ends[i]]
		at = m.ends[i]
		if bytes.Equal(was, m.fields[i]) {
			continue
		}
		m.row = append(m.row, row.Text[from:l.Start]...)
		m.row = m.appendLiteral(m.row, l.Kind, m.fields[i])
		m.row = append(m.row, row.Text[l.Cast:l.End]...)
		from = l.End
	}
	m.row = append(m.row, row.Text[from:]...)
	m.broken = " this_dump_is_not_whole;\n"
	_, err := m.out.Write(m.row)
	return err
}

// appendField appends a literal as a field of COPY text.
func (m *Filter) appendField(dst []byte, t *maskedTable, i int, row *sqlfile.InsertRow) ([]byte, error) {
	l := row.Values[i]
	text := row.Text[l.Start:l.Cast]
	if t.back[i] < 0 && l.Kind != sqlfile.Default {
		return dst, errGenerated
	}
	switch l.Kind {
	case sqlfile.Null, sqlfile.Default:
		return append(dst, copyNull...), nil
	case sqlfile.Bool:
		return append(dst, text[0]|0x20), nil
	case sqlfile.Numeral:
		return append(dst, bytes.TrimRight(text, " ")...), nil
	}
	var ok bool
	if m.value, ok = sqlfile.AppendValue(m.value[:0], text, m.in.Escapes()); !ok {
		return dst, errLiteral
	}
	return copyfmt.AppendEscaped(dst, m.value), nil
}

// appendLiteral appends a field of COPY text as a literal, of the kind of the one
// that it replaces where it can be.
func (m *Filter) appendLiteral(dst []byte, kind sqlfile.LiteralKind, field []byte) []byte {
	switch {
	case copyfmt.IsNull(field):
		return append(dst, "NULL"...)
	case kind == sqlfile.Numeral && sqlfile.IsNumber(field):
		return append(dst, field...)
	case kind == sqlfile.Bool && string(field) == "t":
		return append(dst, "true"...)
	case kind == sqlfile.Bool && string(field) == "f":
		return append(dst, "false"...)
	}
	m.value = copyfmt.AppendUnescaped(m.value[:0], field)
	return sqlfile.AppendString(dst, m.value, m.in.Escapes())
}

// rewriter returns one to learn with.
func (t *maskedTable) rewriter() rowLearner {
	if t.rw == nil {
		t.rw = t.program.NewRewriter()
	}
	return t.rw
}
