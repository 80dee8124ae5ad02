package anonymize

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// leaf is a scalar of a document and the keys that lead to it; an element of a
// list has the key "[]".
type leaf struct {
	path  []string
	value json.Token
}

// leavesOf reads a document slowly: its scalars and keys, in order. ok is false
// where encoding/json does not take it.
func leavesOf(doc string) (leaves []leaf, ok bool) {
	if !json.Valid([]byte(doc)) {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var read func(path []string) error
	read = func(path []string) error {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'):
			for d.More() {
				key, err := d.Token()
				if err != nil {
					return err
				}
				if err := read(append(slices.Clip(path), "."+key.(string))); err != nil {
					return err
				}
			}
			_, err = d.Token()
		case json.Delim('['):
			for d.More() {
				if err := read(append(slices.Clip(path), "[]")); err != nil {
					return err
				}
			}
			_, err = d.Token()
		default:
			leaves = append(leaves, leaf{path, tok})
		}
		return err
	}
	return leaves, read(nil) == nil
}

// leads says whether the steps lead along exactly this path.
func leads(steps []step, path []string) bool {
	if len(steps) == 0 || len(path) == 0 {
		return len(steps) == len(path)
	}
	s := steps[0]
	return (s.any || "."+s.key == path[0]) && leads(steps[1:], path[1:]) || s.deep && leads(steps, path[1:])
}

// FuzzJSON masks any document, and compares each scalar with what a slow reading of
// the paths says of it: masked as a column is, kept, or null.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a": {"b": ["x", 1.50, null, true]}, "deep": "y", "l": [{"m": "z\u00e9", "k": "kept"}], "q r": 7}`,
		`[{"a": {"deep": {"k": -1e9}}}, [[{"deep": ["\"\\/\b\f\n\r\t"]}]]]`, `{"\u0061": "x", "a": "", "a": {}}`, `"x"`, `12`, ` {} `, `{"l": [[], {"m": {"k": 1}}]}`, `{"a":`, `[}`, `"`, `[nina, 01]`} {
		f.Add(s)
	}
	names := params{"$.a": "hash", "$.a.b[*]": "keep", "$..deep": "hash", "$.l[*].m": "hash", "$..m.k": "keep", "$['q r']": "null"}
	type path struct {
		steps []step
		mask  string
	}
	var paths []path
	for name, mask := range names {
		steps, err := parsePath(name)
		if err != nil {
			f.Fatal(err)
		}
		paths = append(paths, path{steps, mask.(string)})
	}
	hash := one(f, 1, "text", Mask{Kind: "hash"})
	keep := one(f, 1, "json", Mask{Kind: "json", Params: params{"paths": names, "other": "keep"}})
	deny := one(f, 1, "json", Mask{Kind: "json", Params: params{"paths": names, "other": "deny"}})
	want := func(l leaf, other string) json.Token {
		mask := other
		for n, best := len(l.path), -1; n >= 0 && best < 0; n-- {
			for _, p := range paths {
				if len(p.steps) > best && leads(p.steps, l.path[:n]) {
					best, mask = len(p.steps), p.mask
				}
			}
		}
		if mask == "keep" || l.value == nil {
			return l.value
		}
		if _, isBool := l.value.(bool); isBool || mask != "hash" {
			return nil
		}
		text, isText := l.value.(string)
		if number, ok := l.value.(json.Number); ok {
			text = number.String()
		}
		if text == "" {
			return ""
		}
		out := hash(text)
		if !isText && isJSONNumber([]byte(out)) {
			return json.Number(out)
		}
		return out
	}
	f.Fuzz(func(t *testing.T, doc string) {
		// The server takes no other encoding, and no half of a character.
		if doc == "" || strings.ContainsRune(doc, 0) || !utf8.ValidString(doc) || strings.Contains(strings.ToLower(doc), `\ud`) || strings.Contains(doc, `\u0000`) {
			return
		}
		leaves, ok := leavesOf(doc)
		for other, f := range map[string]func(string) string{"keep": keep, "deny": deny} {
			out := f(doc)
			got, valid := leavesOf(out)
			if !ok {
				if out != "null" && !strings.Contains(doc, `"`) {
					t.Fatalf("%q, no document, becomes %q", doc, out)
				}
				continue // what is wrong within quotes is in columns of texts alone, and stays a text
			}
			if !valid || len(got) != len(leaves) {
				t.Fatalf("%q becomes %q of %d scalars", doc, out, len(got))
			}
			for i, l := range leaves {
				if !slices.Equal(l.path, got[i].path) {
					t.Fatalf("%q becomes %q: other keys", doc, out)
				}
				if w := want(l, other); w != got[i].value {
					t.Fatalf("%q becomes %q: %v is %v, want %v", doc, out, l.path, got[i].value, w)
				}
			}
		}
	})
}

// TestJSONPathsMeet: where two paths of as many steps meet, the one with a key's name
// wins, then the one that masks.
func TestJSONPathsMeet(t *testing.T) {
	const doc, kept = `{"email": "anna@corp.example", "to": {"email": "otto@corp.example"}}`, "@corp.example"
	for _, c := range []struct {
		paths params
		stay  int // of the two addresses
	}{
		{params{"$.*": "keep", "$..email": "email"}, 0},
		{params{"$..*": "keep", "$.email": "email", "$.to": "email"}, 1}, // $..* ends nearer to the second
		{params{"$.*": "email", "$.email": "keep"}, 1},
		{params{"$..*": "email", "$..email": "keep"}, 2},
		{params{"$.email": "keep", "$..email": "email"}, 0},
		{params{"$.email": "email", "$..email": "keep"}, 1},
		{params{"$['*']": "keep", "$.*": "keep", "$..email": "email"}, 0},
		{params{"$.to.*": "keep", "$.*.email": "email"}, 1},
		{params{"$.*.email": "keep", "$.to.*": "email"}, 2},
	} {
		out := one(t, 1, "jsonb", Mask{Kind: "json", Params: params{"paths": c.paths, "other": "keep"}})(doc)
		if n := strings.Count(out, kept); n != c.stay {
			t.Errorf("%v: %d addresses stay in %s, want %d", c.paths, n, out, c.stay)
		}
	}
}

// TestJSONInTexts: a column of texts may hold documents; what is none, or would be too
// long, becomes null, and is counted. A mask for texts leaves true and false alone.
func TestJSONInTexts(t *testing.T) {
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
		{Name: "email", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
		{Name: "payload", Type: Type{Name: "varchar", Length: 120}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$.user.email": "email", "$..*": "scrub"}, "other": "keep"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	for in, want := range map[string]string{
		`{"user": {"email": "anna@post.test"}, "ok": true, "n": 12.50, "no": null, "at": ["by anna@post.test"]}`: `{"user": {"email": "MADE"}, "ok": true, "n": 12.50, "no": null, "at": ["by MADE"]}`,
		`["x", {"k": "v"}]`:    `["x", {"k": "v"}]`,
		`anna@post.test`:       `null`,
		`{"a": "anna@post.tes`: `null`,
		`anna`:                 `null`,
		`nina-berg.1975`:       `null`,
		`4915123456101-7`:      `null`,
		`{"a": anna.berg}`:     `null`,
		`["x", tina]`:          `null`,
		`[01, 1.2.3]`:          `null`,
		`["x", -1.5e+7, true]`: `["x", -1.5e+7, true]`,
		`true`:                 `true`,
		``:                     ``,
		`{"user": {"email": "anna@post.test"}, "long": "` + strings.Repeat("x", 60) + `"}`: `null`,
	} {
		out := maskRow(t, r, "anna@post.test", in)
		if want = strings.ReplaceAll(want, "MADE", out[0]); utf8.RuneCountInString(want) > 120 {
			want = "null"
		}
		if out[1] != want {
			t.Errorf("%s:\n got  %s\n want %s", in, out[1], want)
		}
	}
	if s := r.Stats()[1]; s.Opaque < 3 {
		t.Errorf("opaque values: %+v", s)
	}
}

// TestJSONSpelling: texts in which a mask finds nothing keep their escapes, and white space
// stays, but where a column has no room for it.
func TestJSONSpelling(t *testing.T) {
	mask := Mask{Kind: "json", Params: params{"paths": params{"$": "scrub"}, "other": "keep"}}
	f := one(t, 1, "text", mask)
	const nothing = " {\"a\" : \"\\u20ac 5 \\/ Zo\\u00EB\", \"b\": [1.50, \"\\ud800\"]}\n\n"
	if out := f(nothing); out != nothing {
		t.Errorf("%q became %q", nothing, out)
	}
	if out := f(`["\u20ac", "\u20ac by anna@post.test"] `); !strings.HasPrefix(out, `["\u20ac", "€ by `) || strings.Contains(out, "anna") || !strings.HasSuffix(out, `"] `) {
		t.Error(out)
	}
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Name: "doc", Type: Type{Name: "bpchar", Length: 60}, Mask: &mask}}})
	if err != nil {
		t.Fatal(err)
	}
	if out := maskRow(t, p.NewRewriter(), `["a@b.co"]`+strings.Repeat(" ", 50))[0]; !strings.HasSuffix(out, `@example.com"]`) {
		t.Errorf("%q", out)
	}
}

// TestJSONInShortTexts: what stands for no document fits the column too.
func TestJSONInShortTexts(t *testing.T) {
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
		{Name: "flags", Type: Type{Name: "varchar", Length: 3}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$": "scrub"}, "other": "keep"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{"[x", "ab"} {
		if out := maskRow(t, p.NewRewriter(), in)[0]; out != "nul" {
			t.Errorf("%s: %q", in, out)
		}
	}
}

// TestJSONEverywhere: the path $ goes for a document that is a text or a number alone,
// and for all at no other path.
func TestJSONEverywhere(t *testing.T) {
	f := one(t, 1, "text", Mask{Kind: "json", Params: params{"paths": params{"$": "scrub", "$..email": "hash", "$.kept": "keep"}, "other": "keep"}})
	for _, in := range []string{`"by anna@post.test"`, `4111111111111111`, `["anna@post.test"]`, `{"a": {"b": ["anna@post.test"]}}`, `{"email": {"work": "anna"}}`} {
		if out := f(in); strings.Contains(out, "anna") || strings.Contains(out, "4111111111111111") || out == "null" {
			t.Errorf("%s: %s", in, out)
		}
	}
	for _, in := range []string{`{"kept": {"by": "anna@post.test"}, "ok": true}`, `"nobody"`, `12`, `false`} {
		if out := f(in); out != in {
			t.Errorf("%s: %s", in, out)
		}
	}
}
