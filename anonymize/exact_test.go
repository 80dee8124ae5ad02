package anonymize

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// awkward are values that encoders of the COPY format are known to change.
func awkward() []string {
	all := []string{
		`C:\New folder`, `path\.git`, `\N`, `\\N`, `\`, `\\`, `\.`, "\\.\n", `\t`, `\x41`, `\101`, `"`, `'`, `''`, `{{`, `}}`, `{"a":1}`, "NULL", "null", " ", "  x  ",
		"\t", "\n", "\r", "\r\n", "\b\f\v", "a\tb\nc\rd", "\x01\x02\x1f\x7f", "\u0080", "\u00a0", "\u2028", "é", "e\u0301", "日本語", "😀", "👩‍👩‍👧", "\U0010ffff", "\ufeff",
		strings.Repeat(`\`, 99), strings.Repeat("x\t", 5000),
	}
	const special = `\Nt."'{},` + "\t\n\r"
	rng := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		var b strings.Builder
		for range 1 + rng.IntN(30) {
			switch rng.IntN(4) {
			case 0:
				b.WriteByte(special[rng.IntN(len(special))])
			case 1:
				b.WriteByte(byte(1 + rng.IntN(127)))
			default:
				b.WriteRune([]rune{rune(0x80 + rng.IntN(0x700)), rune(0x4e00 + rng.IntN(0x5000)), rune(0x10000 + rng.IntN(0x100000))}[rng.IntN(3)])
			}
		}
		all = append(all, b.String())
	}
	return all
}

// TestSetValuesSurvive sets values by constant, choice and template, in columns
// and in arrays, has a server read the rows, and compares what it then holds
// byte by byte; a column that is kept goes the same way.
func TestSetValuesSurvive(t *testing.T) {
	t.Run("text", func(t *testing.T) { setValuesSurvive(t, false) })
	t.Run("binary", func(t *testing.T) { setValuesSurvive(t, true) })
}

func setValuesSurvive(t *testing.T, binary bool) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table source (id int, kept text, constant text, choice text, template text, list text[]);
		create table target (like source)`)
	all := awkward()
	var insert strings.Builder
	for i, v := range all {
		fmt.Fprintf(&insert, "insert into source values (%d, %s, 'x', 'x', 'x', array['a b', null, 'c']);", i, quote(v))
	}
	pgtest.Exec(t, dsn, insert.String())
	conn := pgtest.Connect(t, dsn)
	var source, masked bytes.Buffer
	format := "(format text)"
	if binary {
		format = "(format binary)"
		masked.Write(copyfmt.AppendBinaryHeader(nil))
	}
	if _, err := conn.CopyTo(t.Context(), &source, "copy (select * from source order by id) to stdout "+format); err != nil {
		t.Fatal(err)
	}
	escaped := func(v string) string { return strings.ReplaceAll(v, "{{", "{ {") } // braces of a template
	rows := bytes.Split(bytes.TrimSuffix(source.Bytes(), []byte("\n")), []byte("\n"))
	if binary {
		rows = tuplesOf(t, source.Bytes())
	}
	for i, row := range rows {
		text, v := Type{Name: "text"}, all[i]
		p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
			{Name: "id", Type: Type{Name: "int4"}}, {Name: "kept", Type: text},
			{Name: "constant", Type: text, Mask: &Mask{Kind: "constant", Params: params{"value": v}}},
			{Name: "choice", Type: text, Mask: &Mask{Kind: "choice", Params: params{"values": []any{v}}}},
			{Name: "template", Type: text, Mask: &Mask{Kind: "template", Params: params{"value": "{{.id}}" + escaped(v) + "|{{.kept}}"}}},
			{Name: "list", Type: Type{Name: "_text", Elem: &text}, Mask: &Mask{Kind: "choice", Params: params{"values": []any{v}}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		rw, end := p.NewRewriter(), "\n"
		if binary {
			rw, end = p.NewBinaryRewriter(), ""
		}
		out, err := rw.AppendRow(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		masked.Write(append(out, end...))
	}
	if binary {
		masked.Write(copyfmt.AppendBinaryTrailer(nil))
	}
	if _, err := conn.CopyFrom(t.Context(), &masked, "copy target from stdin "+format); err != nil {
		t.Fatalf("the server does not read the rows: %v", err)
	}
	hexed := func(s string) string { return hex.EncodeToString([]byte(s)) }
	held := pgtest.Query(t, dsn, `select encode(convert_to(kept, 'UTF8'), 'hex'), encode(convert_to(constant, 'UTF8'), 'hex'), encode(convert_to(choice, 'UTF8'), 'hex'),
		encode(convert_to(template, 'UTF8'), 'hex'), encode(convert_to(list[1], 'UTF8'), 'hex'), list[2], encode(convert_to(list[3], 'UTF8'), 'hex'), cardinality(list) from target order by id`)
	if len(held) != len(all) {
		t.Fatalf("%d rows of %d", len(held), len(all))
	}
	for i, got := range held {
		v := all[i]
		want := []string{hexed(v), hexed(v), hexed(v), hexed(fmt.Sprint(i) + escaped(v) + "|" + v), hexed(v), `\N`, hexed(v), "3"}
		for k := range want {
			if got[k] != want[k] {
				t.Errorf("%q in column %d comes as %s, not %s", v, k, got[k], want[k])
			}
		}
	}
}
