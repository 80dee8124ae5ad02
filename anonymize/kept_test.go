package anonymize

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// keptTexts is a KeptObserver that remembers all.
type keptTexts map[string]bool

func (k keptTexts) Kept(column int, text []byte) { k[fmt.Sprintf("%d %s", column, text)] = true }

// prefixed are the texts that were told of elsewhere.
func prefixed(k keptTexts, prefix string) keptTexts {
	out := keptTexts{}
	for text := range k {
		out[prefix+text] = true
	}
	return out
}

// TestObserveKept: a keeper is told of each text that stays, and of none that does not.
func TestObserveKept(t *testing.T) {
	doc := func(paths map[string]any, other string) *Mask {
		return &Mask{Kind: "json", Params: map[string]any{"paths": paths, "other": other}}
	}
	text, number := Type{Name: "text"}, Type{Name: "int4"}
	p, err := Compile(testSecret(t, 1), Table{Name: "t", Entity: -1, Columns: []Column{
		{Name: "id", Type: number},
		{Name: "name", Type: text, Mask: &Mask{Kind: "person.name"}},
		{Name: "doc", Type: Type{Name: "json"}, Mask: doc(map[string]any{"$.mail": "email", "$.gone": "null"}, "keep")},
		{Name: "denied", Type: Type{Name: "json"}, Mask: doc(map[string]any{"$.a": "keep"}, "deny")},
		{Name: "partly", Type: Type{Name: "json"}, Mask: doc(map[string]any{"$.note": "scrub"}, "keep")},
		{Name: "note", Type: text, Mask: &Mask{Kind: "scrub"}},
		{Name: "action", Type: Type{Name: "varchar", Length: 40}, Mask: &Mask{Kind: "keep"}},
		{Name: "state", Type: text},
		{Name: "n", Type: number},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.ObservedKept(); !slices.Equal(got, []int{6, 7, 2, 3}) {
		t.Fatalf("told of %v", got)
	}
	rw := p.NewRewriter()
	got := keptTexts{}
	rw.ObserveKept(got)
	maskRow(t, rw, "1", "Anna Lindberg", `{"mail": "anna@post.test", "gone": 7, "th\u0065me": ["dark", 1.50, true, null]}`, `{"a": "stays", "b": "goes"}`,
		`{"note": "x"}`, "hello", "ship\\ped", "on\tthe\nway", "5")
	maskRow(t, rw, "2", `\N`, `\N`, `{}`, `\N`, "", `\N`, "", "5")
	want := []string{"2 1.50", "2 dark", "2 gone", "2 mail", "2 theme", "3 a", "3 b", "3 stays", "4 note", "6 ship\\ped", "7 on\tthe\nway"}
	for _, text := range slices.Clone(want) {
		want = append(want, "binary "+text)
	}
	slices.Sort(want)
	if list := slices.Sorted(maps.Keys(got)); !slices.Equal(list, want) {
		t.Errorf("got  %q\nwant %q", list, want)
	}
	if err := func() error { _, err := rw.AppendRow(nil, copyRow("1", "2")); return err }(); err == nil {
		t.Error("a row of too few columns")
	}
}
