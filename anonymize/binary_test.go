package anonymize

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// tupleOf makes a tuple of a row of text; false if a value that masks read is
// not spelled as the server writes it.
func tupleOf(p *Program, row []byte) ([]byte, bool) {
	var s copyfmt.CodecScratch
	out := copyfmt.AppendBinaryCount(nil, p.fields)
	for i := range p.fields {
		field, rest, _ := copyfmt.Cut(row)
		row = rest
		if copyfmt.IsNull(field) {
			out = copyfmt.AppendBinaryNull(out)
			continue
		}
		value := copyfmt.AppendUnescaped(nil, field)
		codec := p.codecs[i]
		if codec == nil || codec.Same() {
			out = copyfmt.AppendBinaryField(out, value)
			continue
		}
		binary, err := codec.AppendBinary(&s, nil, value)
		if err != nil {
			return nil, false
		}
		if again, err := codec.AppendText(&s, nil, binary); err != nil || !bytes.Equal(again, value) {
			return nil, false
		}
		out = copyfmt.AppendBinaryField(out, binary)
	}
	return out, true
}

// agree masks the row in binary, too, and compares with what r made of it in
// text.
func agree(r *Rewriter, row, masked []byte) error {
	p := r.p
	if p.textOnly != "" {
		return nil
	}
	tuple, ok := tupleOf(p, row)
	if !ok {
		return nil
	}
	binary := p.NewBinaryRewriter()
	binary.lookUp.in = r.lookUp.in
	var told keptTexts
	if k, ok := r.observer.(keptTexts); ok { // of the rows so far
		told = keptTexts{}
		binary.ObserveKept(told)
		defer func() { maps.Copy(k, prefixed(told, "binary ")) }()
	}
	got, err := binary.AppendRow([]byte("before"), tuple)
	if err != nil {
		return fmt.Errorf("row %q, which becomes %q: in binary %v", row, masked, err)
	}
	want, ok := tupleLike(p, masked)
	if !ok || !bytes.Equal(got[len("before"):], want) {
		return fmt.Errorf("row %q becomes %q, in binary %q instead of %q", row, masked, got, want)
	}
	return nil
}

// tupleLike is tupleOf for what masks made, whose spelling may be free.
func tupleLike(p *Program, row []byte) ([]byte, bool) {
	var s copyfmt.CodecScratch
	var again []byte
	for i, field := range bytes.Split(row, []byte("\t")) {
		if i > 0 {
			again = append(again, '\t')
		}
		codec := p.codecs[min(i, p.fields-1)]
		if codec == nil || codec.Same() || copyfmt.IsNull(field) {
			again = append(again, field...)
			continue
		}
		binary, err := codec.AppendBinary(&s, nil, copyfmt.AppendUnescaped(nil, field))
		if err != nil {
			return nil, false
		}
		text, err := codec.AppendText(&s, nil, binary)
		if err != nil {
			return nil, false
		}
		again = copyfmt.AppendEscaped(again, text)
	}
	return tupleOf(p, again)
}

// wideTable has a column for each use of a kind on a type with a converter, and
// kept ones between them.
func wideTable() (t Table, create string) {
	t = Table{Name: "wide", Entity: 0, EntityDomain: "e"}
	add := func(typ Type, spelled string, m *Mask) {
		name := fmt.Sprintf("c%d", len(t.Columns))
		t.Columns = append(t.Columns, Column{Name: name, Type: typ, Mask: m})
		create += ", " + name + " " + spelled
	}
	add(Type{Name: "int8"}, "int8", nil)
	num := func(kind string, p params) *Mask { return &Mask{Kind: kind, Params: p} }
	for _, c := range []struct {
		types string
		masks []*Mask
	}{
		{"int2 int4 int8 numeric float4 float8", []*Mask{num("number", params{"noise": "10%"}), num("number", params{"bucket": 10.0}), num("money", params{"noise": "5%"}), num("choice", params{"values": []any{"1", "2", "3"}})}},
		{"int2 int4 int8", []*Mask{num("number", params{"permute": true}), num("person.gender", nil)}},
		{"money", []*Mask{num("money", params{"noise": "10%"}), num("money", params{"bucket": 50.0})}},
		{"numeric float4 float8", []*Mask{num("address.lat", nil), num("geo", params{"jitter": "5km"})}},
		{"point", []*Mask{num("geo", params{"jitter": "5km"})}},
		{"date timestamp timestamptz", []*Mask{num("date", params{"shift": "60d"}), num("date", params{"truncate": "month"}), num("date", params{"truncate": "hour"}), num("date", params{"bucket": "5y"})}},
		{"time interval bool bytea", []*Mask{num("null", nil)}},
		{"uuid", []*Mask{num("uuid", nil)}}, {"inet cidr", []*Mask{num("ip", nil)}}, {"macaddr macaddr8", []*Mask{num("mac", nil)}},
		{"bytea", []*Mask{num("hash", nil), num("file", nil)}},
		{"text varchar bpchar", []*Mask{num("email", nil), num("text", nil), num("scrub", nil), num("template", params{"value": "{{.c0}}-x"}), num("null", nil)}},
		{"jsonb json", []*Mask{num("json", params{"paths": params{"$.a": "email"}, "other": "keep"})}},
		{"bool", []*Mask{num("choice", params{"values": []any{true, false}})}},
	} {
		for _, typ := range strings.Fields(c.types) {
			for _, m := range c.masks {
				add(Type{Name: typ}, typ, m)
			}
			elem := Type{Name: typ}
			if c.masks[0].Kind != "null" && c.masks[0].Kind != "json" {
				add(Type{Name: "_" + typ, Elem: &elem}, typ+"[]", c.masks[0])
			}
			add(Type{Name: typ}, typ, nil)
		}
	}
	return t, strings.TrimPrefix(create, ", ")
}

// wideValue is SQL for a random value of a type.
func wideValue(r *rand.Rand, typ string) string {
	pick := func(v ...string) string { return v[r.IntN(len(v))] }
	n := func(most int64) string { return fmt.Sprint(r.Int64N(most) * (1 - 2*r.Int64N(2))) }
	switch typ {
	case "int2":
		return pick(n(100), n(32767), "32767", "-32768", "0")
	case "int4":
		return pick(n(100), n(1<<31-1), "2147483647", "-2147483648")
	case "int8":
		return pick(n(1000), n(1<<62), "9223372036854775807")
	case "numeric":
		return pick(n(1000)+"."+fmt.Sprint(r.IntN(1e6)), "'NaN'", "1e30", "0.00", "1e-20", n(1e9))
	case "float4", "float8":
		return pick(n(1000)+"."+fmt.Sprint(r.IntN(1e4)), "'NaN'", "'Infinity'", "1e20", "1e-7", "'-0'", n(1e9))
	case "money":
		return "'" + n(1e6) + ".25'"
	case "point":
		return fmt.Sprintf("'(%d.%d,%d.5)'", r.IntN(180), r.IntN(1e6), r.IntN(90))
	case "date", "timestamp", "timestamptz":
		return pick("'infinity'", "'-infinity'", "'0044-03-15 BC'", "'0001-01-01'", "'20000-02-29 10:11:12'", "'1999-12-31 23:59:59.999999'",
			fmt.Sprintf("'%d-%02d-%02d %02d:%02d:%02d.%d'", 1900+r.IntN(150), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e6)))
	case "time":
		return "'12:34:56.7'"
	case "interval":
		return "'1 mon -1 day'"
	case "bool":
		return pick("true", "false")
	case "uuid":
		return fmt.Sprintf("'%08x-%04x-4%03x-8%03x-%012x'", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48))
	case "inet":
		return pick(fmt.Sprintf("'10.%d.%d.1/%d'", r.IntN(256), r.IntN(256), r.IntN(33)), "'::1'", "'::ffff:1.2.3.4'", fmt.Sprintf("'2001:db8::%x:%x/%d'", r.IntN(65536), r.IntN(65536), r.IntN(129)))
	case "cidr":
		return pick(fmt.Sprintf("'10.%d.0.0/16'", r.IntN(256)), "'0.0.0.0/0'", fmt.Sprintf("'2001:%x::/32'", r.IntN(65536)), "'::/0'")
	case "macaddr":
		return fmt.Sprintf("'08:00:2b:%02x:%02x:03'", r.IntN(256), r.IntN(256))
	case "macaddr8":
		return fmt.Sprintf("'08:00:2b:%02x:%02x:03:04:05'", r.IntN(256), r.IntN(256))
	case "bytea":
		return pick(`'\x'`, `'\x89504e470d0a1a0a'`, fmt.Sprintf(`'\x%08x'`, r.Uint32()))
	case "json", "jsonb":
		return pick(`'{"a": "x@y.org", "b": [1, "\u00e9"]}'`, "'null'", "'[]'", `'{"a":  {"c": 1.50}}'`)
	}
	return pick("''", "'x@mail.example'", `'call +49 30 1234567 \or a@b.org'`, "E'tab\\there\\nnew'", "'日本 é'", "'  '", fmt.Sprintf("'%x'", r.Uint64()))
}

// The target of a run in text and that of one in binary are equal, row for row,
// and so are the counts: masks are functions of values, not of formats.
func TestFormatsAgreeOnServer(t *testing.T) {
	table, create := wideTable()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create table source ("+create+"); create table text (like source); create table bin (like source)")
	r := rand.New(rand.NewPCG(1, 9))
	var insert strings.Builder
	for range 400 {
		insert.WriteString("insert into source values (")
		for i, c := range table.Columns {
			if i > 0 {
				insert.WriteString(", ")
			}
			base, array := strings.CutPrefix(c.Type.Name, "_")
			switch {
			case r.IntN(12) == 0:
				insert.WriteString("null")
			case array && r.IntN(4) == 0:
				insert.WriteString("'{}'")
			case array:
				fmt.Fprintf(&insert, "array[%s, null, %s]::%s[]", wideValue(r, base), wideValue(r, base), base)
			default:
				insert.WriteString(wideValue(r, base))
			}
		}
		insert.WriteString(");\n")
	}
	conn := pgtest.Connect(t, dsn)
	if _, err := conn.Exec(t.Context(), "set timezone to 'UTC'; set lc_monetary to 'C'; set datestyle to 'ISO, MDY'; set intervalstyle to 'postgres';"+insert.String()).ReadAll(); err != nil {
		t.Fatal(err)
	}
	p, err := Compile(testSecret(t, 1), table)
	if err != nil {
		t.Fatal(err)
	}
	if p.TextOnly() != "" {
		t.Fatal(p.TextOnly())
	}
	text, bin := p.NewRewriter(), p.NewBinaryRewriter()
	var masked []byte
	for _, row := range bytes.Split(bytes.TrimSuffix(copied(t, conn, "copy source to stdout"), []byte("\n")), []byte("\n")) {
		if masked, err = text.AppendRow(masked, row); err != nil {
			t.Fatal(err)
		}
		masked = append(masked, '\n')
	}
	load(t, conn, masked, "copy text from stdin")
	masked = copyfmt.AppendBinaryHeader(nil)
	for _, row := range tuplesOf(t, copied(t, conn, "copy source to stdout (format binary)")) {
		if masked, err = bin.AppendRow(masked, row); err != nil {
			t.Fatal(err)
		}
	}
	load(t, conn, copyfmt.AppendBinaryTrailer(masked), "copy bin from stdin (format binary)")
	want, got := copied(t, conn, "copy text to stdout"), copied(t, conn, "copy bin to stdout")
	for i, row := range bytes.Split(want, []byte("\n")) {
		other := bytes.Split(got, []byte("\n"))[i]
		for k, field := range bytes.Split(row, []byte("\t")) {
			if other := bytes.Split(other, []byte("\t"))[k]; !bytes.Equal(field, other) {
				t.Errorf("row %d: %s (%s): %s in text, %s in binary", i, table.Columns[k].Name, table.Columns[k].Type.Name, field, other)
			}
		}
	}
	for i, s := range text.Stats() {
		if b := bin.Stats()[i]; s != b {
			t.Errorf("%s: %+v in text, %+v in binary", table.Columns[s.Column].Name, s, b)
		}
	}
}

// tuplesOf cuts a binary stream.
func tuplesOf(t *testing.T, data []byte) (tuples [][]byte) {
	t.Helper()
	rest, ok, err := copyfmt.CutBinaryHeader(data)
	if err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	for {
		size, end, err := copyfmt.BinaryTuple(rest)
		if err != nil || size == 0 {
			t.Fatalf("%d, %v", size, err)
		}
		if end {
			return tuples
		}
		tuples, rest = append(tuples, rest[:size]), rest[size:]
	}
}

func copied(t *testing.T, conn *pgconn.PgConn, sql string) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := conn.CopyTo(t.Context(), &out, sql); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func load(t *testing.T, conn *pgconn.PgConn, data []byte, sql string) {
	t.Helper()
	if _, err := conn.CopyFrom(t.Context(), bytes.NewReader(data), sql); err != nil {
		t.Fatal(err)
	}
}

func TestTextOnly(t *testing.T) {
	label, mood := Type{Name: "text"}, Type{Name: "mood", Labels: []string{"sad", "ok"}}
	for _, c := range []struct {
		typ  Type
		mask *Mask
		why  string
	}{
		{label, &Mask{Kind: "email"}, ""},
		{mood, &Mask{Kind: "choice"}, ""},
		{Type{Name: "citext"}, &Mask{Kind: "email"}, ""},
		{Type{Name: "_mood", Elem: &mood}, &Mask{Kind: "choice"}, "no converter"},
		{Type{Name: "_mood", Elem: &mood}, nil, ""},
		{Type{Name: "_mood", Elem: &mood}, &Mask{Kind: "null"}, ""},
		{Type{Name: "hstore"}, &Mask{Kind: "hstore", Params: params{"other": "deny", "keys": params{"a": "hash"}}}, "no converter"},
		{Type{Name: "name"}, &Mask{Kind: "hash"}, "no converter"},
		{Type{Name: "daterange"}, &Mask{Kind: "date", Params: params{"shift": "9d"}}, "no converter"},
		{Type{Name: "date"}, &Mask{Kind: "constant", Params: params{"value": "2020-01-01"}}, ""},
		{Type{Name: "date"}, &Mask{Kind: "constant", Params: params{"value": "1 May 2020"}}, "not spelled"},
		{Type{Name: "bool"}, &Mask{Kind: "choice", Params: params{"values": []any{"yes", "no"}}}, "not spelled"},
		{Type{Name: "_int4", Elem: &Type{Name: "int4"}}, &Mask{Kind: "choice", Params: params{"values": []any{"1", "2"}}}, ""},
		{Type{Name: "_int4", Elem: &Type{Name: "int4"}}, &Mask{Kind: "constant", Params: params{"value": "{1,2}"}}, ""},
		{Type{Name: "_int4", Elem: &Type{Name: "int4"}}, &Mask{Kind: "constant", Params: params{"value": "{ 1}"}}, ""},
		{Type{Name: "box"}, &Mask{Kind: "constant", Params: params{"value": "(1,1),(0,0)"}}, "no converter"},
	} {
		p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: c.typ, Mask: c.mask}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.TextOnly(); (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s %v: %q, want %q", c.typ.Name, c.mask, got, c.why)
		}
		if p.TextOnly() != "" {
			if _, err := p.NewBinaryRewriter().AppendRow(nil, []byte("\x00\x01\xff\xff\xff\xff")); err == nil {
				t.Errorf("%s: a row was taken", c.typ.Name)
			}
		}
	}
}

// A tuple that is none of the table's is an error that says nothing of the row.
func TestBinaryErrors(t *testing.T) {
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
		{Name: "a", Type: Type{Name: "text"}}, {Name: "b", Type: Type{Name: "int4"}, Mask: &Mask{Kind: "number", Params: params{"permute": true}}}}})
	if err != nil {
		t.Fatal(err)
	}
	field := func(s string) string { return string(copyfmt.AppendBinaryField(nil, []byte(s))) }
	_, err = p.NewBinaryRewriter().AppendRow(nil, []byte("\x00\x02"+field("secret")+field("12345")))
	if err == nil || !strings.HasPrefix(err.Error(), "column b: value is not in the binary form") {
		t.Errorf("got %v", err)
	}
	for _, row := range []string{"", "\x00", "\x00\x01" + field("secret"), "\x00\x02" + field("secret"), "\x00\x02" + field("secret") + field("12345"),
		"\x00\x02" + field("secret") + field("1234") + "x", "\x00\x02" + field("secret") + "\xff\xff\xff\xfe", "\xff\xff", "\x00\x02\xff\xff\xff\xff\x00\x00\x00\x09secret"} {
		if _, err := p.NewBinaryRewriter().AppendRow(nil, []byte(row)); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "1234") {
			t.Errorf("%q: %v", row, err)
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	cols := []Column{{Name: "id", Type: Type{Name: "int8"}}}
	for i, c := range []struct {
		typ  string
		mask *Mask
	}{{"text", &Mask{Kind: "email"}}, {"text", &Mask{Kind: "person.name"}}, {"text", nil}, {"timestamptz", nil}, {"numeric", nil}, {"bool", nil}, {"int4", nil},
		{"date", &Mask{Kind: "date", Params: params{"shift": "60d"}}}, {"inet", &Mask{Kind: "ip"}}, {"jsonb", nil}, {"timestamptz", nil}} {
		cols = append(cols, Column{Name: fmt.Sprint("c", i), Type: Type{Name: c.typ}, Mask: c.mask})
	}
	p, err := Compile(testSecret(b, 1), Table{Entity: -1, Columns: cols})
	if err != nil {
		b.Fatal(err)
	}
	row := copyRow("123456", "anna.schmidt@mail.example", "Anna Schmidt", "some kept text of a few words", "2024-02-29 12:34:56.789+00", "129.90", "t", "42", "1980-05-17", "192.168.10.20", `{"a": [1, 2, 3], "b": "x"}`, "2024-02-29 12:34:56.789+00")
	tuple, ok := tupleOf(p, row)
	if !ok {
		b.Fatal("no tuple")
	}
	for _, f := range []struct {
		name string
		rw   *Rewriter
		row  []byte
	}{{"text", p.NewRewriter(), row}, {"binary", p.NewBinaryRewriter(), tuple}} {
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(int64(len(f.row)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = f.rw.AppendRow(dst[:0], f.row)
			}
		})
	}
}
