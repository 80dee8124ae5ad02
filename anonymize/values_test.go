package anonymize

import (
	"fmt"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// A row of values is masked as the same row of COPY text.
func TestMaskValues(t *testing.T) {
	spec := Table{Entity: -1, Columns: []Column{
		{Name: "a", Type: Type{Name: "text"}},
		{Name: "b", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
		{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "hash"}},
	}}
	p, err := Compile(testSecret(t, 1), spec)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][][]byte{
		{[]byte("tab\t\\N"), []byte("anna@corp.example"), nil},
		{nil, nil, []byte(`\N`)},
		{[]byte(""), []byte("new\nline"), []byte("")},
	}
	for _, row := range rows {
		got, err := p.NewRewriter().MaskValues(row)
		if err != nil {
			t.Fatal(err)
		}
		text, err := p.NewRewriter().AppendRow(nil, appendValues(nil, row))
		if err != nil {
			t.Fatal(err)
		}
		if again := appendValues(nil, got); string(again) != string(text) {
			t.Errorf("%q, want %q", again, text)
		}
		if got[0] == nil != (row[0] == nil) || string(got[0]) != string(row[0]) {
			t.Errorf("kept %q became %q", row[0], got[0])
		}
	}
	if _, err := p.NewRewriter().MaskValues(rows[0][:2]); err != copyfmt.ErrFields {
		t.Errorf("two values of three: %v", err)
	}
}

func TestJSONPath(t *testing.T) {
	const doc = `{"a": {"b": [1, "x", null, {"b": true}]}, "b c": 1.50, "b": "y"}`
	for path, want := range map[string]string{
		"$.a.b[*]":  `["1" "x" "" "{\"b\":true}"]`,
		"$..b":      `["[1,\"x\",null,{\"b\":true}]" "true" "y"]`,
		"$['b c']":  `["1.50"]`,
		"$.nothing": `[]`,
		"$.a.*.b":   `[]`,
	} {
		p, err := ParseJSONPath(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.In([]byte(doc))
		if text := fmt.Sprintf("%q", got); err != nil || text != want {
			t.Errorf("%s: %s, %v, want %s", path, text, err, want)
		}
	}
	if _, err := (JSONPath{}).In([]byte("{")); err == nil {
		t.Error("half a document was read")
	}
}
