package anonymize

import (
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// recorder is a witness that keeps what it is told.
type recorder struct {
	rows                               int
	originals, single, wholes, outputs []string
}

func (w *recorder) Row() { w.rows++ }
func (w *recorder) Original(v []byte, shared int) {
	if w.originals = append(w.originals, string(v)); shared > 0 {
		w.single = append(w.single, string(v))
	}
}
func (w *recorder) Whole(t *Type, v []byte)        { w.wholes = append(w.wholes, t.Name+":"+string(v)) }
func (w *recorder) Output(v []byte, _ bool)        { w.outputs = append(w.outputs, string(v)) }
func (w *recorder) Edited(v, _ []byte, shared int) { w.Original(v, shared) }

func witnessed() Table {
	text := Type{Name: "text"}
	return Table{Name: "t", Entity: -1, Columns: []Column{
		{Name: "id", Type: Type{Name: "int4"}},
		{Name: "email", Type: text, Mask: &Mask{Kind: "email"}},
		{Name: "city", Type: text, Mask: &Mask{Kind: "address.city"}},
		{Name: "gone", Type: text, Mask: &Mask{Kind: "null"}},
		{Name: "doc", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "null"}},
		{Name: "born", Type: Type{Name: "date"}, Mask: &Mask{Kind: "null"}},
		{Name: "list", Type: Type{Name: "_text", Elem: &text}, Mask: &Mask{Kind: "hash"}},
		{Name: "json", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{
			"other": "deny", "paths": params{"$.mail": "email", "$.keep": "keep", "$.gone": "null", "$.n": params{"mask": "number", "noise": "10%"}}}}},
		{Name: "bio", Type: text, Mask: &Mask{Kind: "scrub"}},
		{Name: "kept", Type: text},
		{Name: "h", Type: Type{Name: "hstore"}, Mask: &Mask{Kind: "hstore", Params: params{"keys": params{"a": "hash"}, "other": "deny"}}},
		{Name: "row", Type: Type{Name: "pair", Fields: []Field{{"a", text}, {"b", Type{Name: "int4"}}}}, Mask: &Mask{Kind: "composite", Params: params{"fields": params{"a": "null", "b": "null"}}}},
	}}
}

const witnessedRow = "1\tanna@mail.test\tSmalltown\tgone text\t{\"x\": \"doc text\"}\t1990-01-01\t{el1,\"el 2\",NULL}\t" +
	`{"mail": "json@mail.test", "keep": "kept leaf", "gone": "gone\\nleaf", "denied": 1234567, "n": 5, "b": true}` + "\t" +
	"mail anna@mail.test or other@mail.test\tkept\t\"a\"=>\"hv1\", \"b\"=>\"hv2\"\t(\"row text\",7)"

// TestWitness is told every original, once, and what may lie beside texts that
// stay.
func TestWitness(t *testing.T) {
	p, err := Compile(testSecret(t, 1), witnessed())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := p.NewRewriter().AppendRow(nil, []byte(witnessedRow))
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		r, w := p.NewRewriter(), &recorder{}
		r.Watch(w, all)
		out, err := r.AppendRow(nil, []byte(witnessedRow))
		if err != nil {
			t.Fatal(err)
		}
		if w.rows != 1 {
			t.Errorf("one row is told of %d times", w.rows)
		}
		if string(out) != string(plain) {
			t.Errorf("a witness changes the row:\n%s\n%s", out, plain)
		}
		slices.Sort(w.originals)
		want := []string{"1234567", "Smalltown", "anna@mail.test", "el 2", "el1", "gone\nleaf", "gone text", "hv1", "hv2", "json@mail.test", "other@mail.test", "row text"}
		if !slices.Equal(w.originals, want) {
			t.Errorf("originals\n%q, want\n%q", w.originals, want)
		}
		if !slices.Equal(w.single, []string{"Smalltown"}) {
			t.Errorf("single: %q", w.single)
		}
		if want := []string{`jsonb:{"x": "doc text"}`}; !slices.Equal(w.wholes, want) {
			t.Errorf("wholes %q, want %q", w.wholes, want)
		}
		if n := len(w.outputs); !all && n != 5 || all && n != 8 { // city, json mail, two in bio, hstore; email, list
			t.Errorf("outputs %q", w.outputs)
		}
		for _, v := range w.outputs {
			if !strings.Contains(string(out), v) {
				t.Errorf("output %q is not in the row", v)
			}
		}
		told := len(w.originals)
		r.Watch(nil, false)
		if _, err := r.AppendRow(nil, []byte(witnessedRow)); err != nil || len(w.originals) != told {
			t.Errorf("told after the end, %v", err)
		}
	}
	if field, _, _ := copyfmt.Cut(plain); string(field) != "1" {
		t.Errorf("the key became %q", field)
	}
}

// counter is a witness that keeps nothing.
type counter struct{ n int }

func (w *counter) Row()                      {}
func (w *counter) Original([]byte, int)      { w.n++ }
func (w *counter) Whole(*Type, []byte)       { w.n++ }
func (w *counter) Output([]byte, bool)       { w.n++ }
func (w *counter) Edited(_, _ []byte, _ int) { w.n++ }

func TestWitnessAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	p, err := Compile(testSecret(t, 1), witnessed())
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	r.Watch(&counter{}, true)
	dst, row := make([]byte, 0, 1<<12), []byte(witnessedRow)
	if n := testing.AllocsPerRun(500, func() {
		if _, err := r.AppendRow(dst, row); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}
