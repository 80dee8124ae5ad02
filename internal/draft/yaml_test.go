package draft

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/pgstandin/pgstandin/anonymize"
)

// FuzzScalar: whatever a table, a column or a key of a document is called, YAML reads back
// the same text, as a key, as a value and inside braces.
func FuzzScalar(f *testing.F) {
	for _, s := range []string{
		"", " ", "a", "a b", "null", "True", "off", "~", "1", "1.5", "0x1", "1e3", "30d", "5%", ".nan", "-", "- a", "a: b", "a #b", "#a", "{x}", "[x]",
		"'", `"`, `\`, "it's", "tab\there", "new\nline", "\r", "\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "Prénom", "日本", "😀", "$.a.b", "${v}",
		"&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "?", "? a", ",", "2020-01-01", "<<", "=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("no text of a database")
		}
		text := "block:\n  " + yamlScalar(s) + ": " + yamlScalar(s) + "\nflow: { " + yamlScalar(s) + ": [" + yamlScalar(s) + ", " + yamlDouble(s) + "] }\n"
		var got struct {
			Block map[string]string
			Flow  map[string][]string
		}
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v\n%s", s, err, text)
		}
		if !reflect.DeepEqual(got.Block, map[string]string{s: s}) || !reflect.DeepEqual(got.Flow, map[string][]string{s: {s, s}}) {
			t.Errorf("%q is read as %+v:\n%s", s, got, text)
		}
	})
}

// A mask is written on one line with all of its parameters.
func TestMaskText(t *testing.T) {
	for _, c := range []struct {
		mask anonymize.Mask
		want string
	}{
		{anonymize.Mask{Kind: "email"}, "email"},
		{anonymize.Mask{Kind: "null"}, `"null"`},
		{anonymize.Mask{Kind: "email", Domain: "people"}, "{ mask: email, domain: people }"},
		{
			anonymize.Mask{Kind: "json", Params: map[string]any{"other": "keep", "paths": map[string]any{
				"$.mail": "email", "$.a b": map[string]any{"mask": "null"}, "$.day": map[string]any{"mask": "date", "shift": "30d"},
			}}},
			`{ mask: json, other: keep, paths: { '$.a b': { mask: "null" }, $.day: { mask: date, shift: 30d }, $.mail: email } }`,
		},
		{anonymize.Mask{Kind: "redact", Params: map[string]any{"first": int64(4), "list": []any{"a", true}}}, "{ mask: redact, first: 4, list: [a, true] }"},
	} {
		if got := yamlMask(c.mask); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
