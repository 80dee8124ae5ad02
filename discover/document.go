package discover

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
)

// mostPaths is how many paths a json mask takes.
const mostPaths = 24

// anywhere is the path of all that no other has, a document that is one text too.
const anywhere = "$"

// usualKeys are the keys under which documents have personal data, with their
// masks: a net for documents that were not among the sampled ones.
func usualKeys() map[string]any {
	return map[string]any{
		"email": "email", "phone": "phone", "first_name": "person.first", "last_name": "person.last", "full_name": "person.name",
		"password": "hash", "token": "token", "access_token": "token", "refresh_token": "token", "ip": "ip", "ip_address": "ip", "iban": "iban",
	}
}

// leaf is what the documents have at one path.
type leaf struct {
	path   []string // keys; "[*]" for elements, "*" for any key
	values [][]byte // of texts, some
	texts  int
	others int // numbers
}

// document judges a column of documents by the keys and texts in them, and by
// its comment, which may name paths.
func (x *judge) document(name, comment guess) Finding {
	if x.f.unique {
		return keep(0.3, "documents, but unique: no mask keeps them so")
	}
	found := map[string]Path{}
	leaves := x.leaves()
	for _, key := range slices.Sorted(maps.Keys(leaves)) {
		if p, ok := x.leaf(leaves[key], leaves); ok {
			found[p.Path] = p
		}
	}
	for _, p := range x.commented() {
		if _, ok := found[p.Path]; !ok {
			found[p.Path] = p
		}
	}
	personal := name.class != none && name.conf >= 0.5 || comment.class != none && comment.conf >= 0.5 || x.placeDocument()
	thing := x.subject.kind == ofThing && !x.subject.people()
	switch {
	case len(found) == 0 && x.profile != nil && x.profile.n >= 20 && !personal:
		return keep(0.7, "nothing personal in the keys and texts of %d documents", x.profile.n)
	case len(found) == 0 && thing && !personal:
		return keep(0.6, "documents in a table of %s (%s)", x.subject.kind, x.subject.noun)
	}
	return x.documentMask(found, personal)
}

// placeDocument reports whether the column is named as an address.
func (x *judge) placeDocument() bool {
	k, _ := x.l.lex.noun(words(x.col.Name))
	return k == ofPlace || k == ofPerson
}

// documentMask is the mask for the paths that were found and, below them, the
// usual keys at any depth.
func (x *judge) documentMask(found map[string]Path, personal bool) Finding {
	f := Finding{Class: "document", Confident: 0.5}
	paths := map[string]any{}
	sorted := slices.SortedFunc(maps.Values(found), func(a, b Path) int {
		if a.Confident != b.Confident {
			return int(1000 * (b.Confident - a.Confident))
		}
		return strings.Compare(a.Path, b.Path)
	})
	var shown []string
	dropped, most := 0, mostPaths
	if x.f.kind == isTexts {
		most-- // for anywhere
	}
	for _, p := range sorted {
		if len(paths) == most {
			dropped++
			continue
		}
		paths[p.Path] = inline(p.Mask)
		f.Paths = append(f.Paths, p)
		f.Confident = max(f.Confident, p.Confident)
		if len(shown) < 4 {
			shown = append(shown, p.Path+" "+p.Class)
		}
	}
	slices.SortFunc(f.Paths, func(a, b Path) int { return strings.Compare(a.Path, b.Path) })
	usual := usualKeys()
	for _, key := range slices.Sorted(maps.Keys(usual)) {
		path := "$.." + key
		if len(paths) < most && paths[path] == nil {
			paths[path] = usual[key]
			f.Paths = append(f.Paths, Path{Path: path, Mask: mask(usual[key].(string)), Class: "usual key", Confident: 0.4, Evidence: "a key that is often personal", Usual: true})
		}
	}
	other := "keep"
	switch {
	case dropped > 0:
		other = "deny"
	case x.f.kind == isTexts:
		paths[anywhere] = "scrub"
		f.Paths = append(f.Paths, Path{Path: anywhere, Mask: mask("scrub"), Class: string(prose), Confident: 0.4, Evidence: "all else that somebody may be known by", Usual: true})
	}
	f.Otherwise = x.f.masks(special)
	if f.Mask = mask("json", "paths", paths, "other", other); x.col.Type.Elem != nil { // takes no arrays
		if len(f.Otherwise) == 0 {
			return x.masked(guess{special, 0.5, "an array of documents"}, nil)
		}
		f.Mask, f.Otherwise, f.Paths = f.Otherwise[0], f.Otherwise[1:], nil
	}
	switch {
	case len(found) > len(shown):
		f.Evidence = fmt.Sprintf("%s, and %d more paths", strings.Join(shown, ", "), len(found)-len(shown))
	case len(found) > 0:
		f.Evidence = strings.Join(shown, ", ")
	case personal:
		f.Evidence = "named like something of people; the usual keys"
	default:
		f.Evidence = "documents of which nothing is known; the usual keys"
	}
	if dropped > 0 {
		f.Evidence += fmt.Sprintf("; %d paths are too many, so the rest is denied", len(found))
	}
	return f
}

// commented are the paths that a column's comment names: contact.email.
func (x *judge) commented() []Path {
	var out []Path
	for w := range strings.FieldsSeq(x.col.Comment) {
		w = strings.Trim(w, ",;:()[]'\"`")
		w = strings.TrimPrefix(strings.TrimSuffix(w, "."), "$.")
		if !strings.Contains(w, ".") || strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") != "" || strings.Contains(w, "..") || strings.HasPrefix(w, ".") {
			continue
		}
		if p, ok := x.pathOf(strings.Split(w, "."), guess{}, nil); ok {
			p.Evidence = "named in the column's comment"
			out = append(out, p)
		}
	}
	return out
}

// leaves collects the texts of the sampled documents by path.
func (x *judge) leaves() map[string]*leaf {
	out := map[string]*leaf{}
	if x.sample == nil {
		return out
	}
	seen := map[string]*objects{}
	docs := make([]any, 0, len(x.sample.Values))
	for _, v := range x.sample.Values {
		var doc any
		dec := json.NewDecoder(bytes.NewReader(v))
		dec.UseNumber()
		if dec.Decode(&doc) == nil {
			docs = append(docs, doc)
			countKeys(seen, nil, doc, 0)
		}
	}
	for _, doc := range docs {
		x.l.collect(out, seen, nil, nil, doc, 0)
	}
	return out
}

// holdingKeys reports whether keys of the sampled documents have something in them that
// scrub would replace.
func (x *judge) holdingKeys() bool {
	seen := map[string]bool{}
	var within func(v any) bool
	within = func(v any) bool {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if !seen[k] && x.l.det.holds(k) || within(e) {
					return true
				}
				seen[k] = true
			}
		case []any:
			return slices.ContainsFunc(v, within)
		}
		return false
	}
	return slices.ContainsFunc(x.sample.Values, func(v []byte) bool {
		var doc any
		return json.Unmarshal(v, &doc) == nil && within(doc)
	})
}

const deepest = 12

// objects are those at one path of all documents.
type objects struct {
	n     int
	keys  map[string]int
	named map[string]bool // see looker.named
}

// countKeys notes which keys the objects at each path have.
func countKeys(seen map[string]*objects, path []string, v any, depth int) {
	if depth > deepest {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		at := strings.Join(path, "\x00")
		o := seen[at]
		if o == nil {
			o = &objects{keys: map[string]int{}, named: map[string]bool{}}
			seen[at] = o
		}
		o.n++
		for k, e := range v {
			if o.keys[k] > 0 || len(o.keys) < 5000 {
				o.keys[k]++
			}
			countKeys(seen, append(slices.Clone(path), k), e, depth+1)
		}
	case []any:
		for _, e := range v {
			countKeys(seen, append(slices.Clone(path), "[*]"), e, depth+1)
		}
	}
}

// collect adds the texts of a document. A key that is no name is "*" in what is
// found; raw has the keys as they are.
func (l *looker) collect(out map[string]*leaf, seen map[string]*objects, raw, path []string, v any, depth int) {
	if depth > deepest {
		return
	}
	next := func(key, step string, e any) {
		l.collect(out, seen, append(slices.Clone(raw), key), append(slices.Clone(path), step), e, depth+1)
	}
	switch v := v.(type) {
	case map[string]any:
		o := seen[strings.Join(raw, "\x00")]
		for _, k := range slices.Sorted(maps.Keys(v)) {
			step := k
			if !l.named(k, o) {
				step = "*"
			}
			next(k, step, v[k])
		}
	case []any:
		for _, e := range v {
			next("[*]", "[*]", e)
		}
	case string, json.Number:
		if len(path) == 0 {
			return
		}
		key := strings.Join(path, "\x00")
		lf := out[key]
		if lf == nil {
			lf = &leaf{path: path}
			out[key] = lf
		}
		s, ok := v.(string)
		if !ok {
			lf.others++
			return
		}
		if lf.texts++; len(lf.values) < mostValues && s != "" {
			lf.values = append(lf.values, []byte(s))
		}
	}
}

// leaf judges the texts at one path.
func (x *judge) leaf(lf *leaf, all map[string]*leaf) (Path, bool) {
	p := x.l.det.examine(lf.values)
	y := *x
	y.profile = p
	y.subject = x.within(lf.path, all)
	values := guess{}
	if p.n > 0 {
		values = y.values()
		if p.n == 1 { // a single text is enough where its form says what it is
			for _, c := range []class{email, iban, secret, password, ipAddress, agent} {
				if p.whole[c] == 1 {
					values = guess{c, 0.7, "a text: " + string(c)}
				}
			}
		}
	}
	if lf.texts == 0 {
		values = guess{}
	}
	y.sample = &Sample{Values: lf.values}
	return y.pathOf(lf.path, values, lf)
}

// within is what the object that a path ends in is about.
func (x *judge) within(path []string, all map[string]*leaf) *subject {
	s := &subject{has: map[class]bool{}}
	about := true // the object is what its key or column says; not only of what the row is
	for i := len(path) - 2; i >= 0; i-- {
		if path[i] != "[*]" && path[i] != "*" {
			s.words = words(path[i])
			break
		}
	}
	if len(s.words) == 0 {
		s.words = words(x.col.Name)
		if k, _ := x.l.lex.noun(s.words); k == ofUnknown {
			own := *x.subject // the document is about what the row is
			s.words, about = own.words, false
		}
	}
	s.kind, s.noun = x.l.lex.noun(s.words)
	s.exact = about && x.l.lex.endsIn(s.words, s.noun)
	prefix := strings.Join(path[:len(path)-1], "\x00")
	for _, lf := range all {
		if len(lf.path) == len(path) && strings.Join(lf.path[:len(lf.path)-1], "\x00") == prefix {
			if c, _, _ := x.l.lex.last(words(lf.path[len(lf.path)-1])); c != none {
				s.has[c] = true
			}
		}
	}
	return s
}

// pathOf decides about one path. lf is nil for a path that only a comment names.
func (x *judge) pathOf(path []string, values guess, lf *leaf) (Path, bool) {
	last := ""
	for i := len(path) - 1; i >= 0 && last == ""; i-- {
		if path[i] != "[*]" && path[i] != "*" {
			last = path[i]
		}
	}
	s := x.subject
	if lf == nil {
		s = x.within(path, nil)
	}
	g := x.weigh(x.l.lex.nameOf(s, last, shape{kind: isTexts, roomy: true}), guess{}, values)
	if g.class == none || g.conf < 0.5 {
		return Path{}, false
	}
	numbersOnly := lf != nil && lf.texts == 0
	if numbersOnly && g.class.textual() {
		return Path{}, false
	}
	if g.class == prose && lf != nil && len(lf.values) > 0 {
		if p := x.profile; p != nil && p.prose == 0 && p.inside == 0 && g.conf < 0.75 {
			return Path{}, false // short texts of an unknown kind
		}
	}
	f := field{name: x.t.Name.Name + "." + x.col.Name, typ: anonymize.Type{Name: "text"}, kind: isTexts, inDoc: true}
	switch g.class {
	case national:
		f.country = x.l.countryOf(s, last, x.profile)
	case secret:
		f.long = x.profile.longSecrets()
	case gender:
		f.choices = genderValues(nil, x.sample)
	}
	m := f.masks(g.class)
	switch {
	case numbersOnly && (g.class == geo || g.class == age || g.class == pay || g.class == measure || g.class == birthYear):
		m = []anonymize.Mask{mask("number", "noise", "10%")}
	case numbersOnly:
		m = []anonymize.Mask{mask("null")}
	}
	return Path{Path: spellPath(path), Mask: m[0], Class: string(g.class), Confident: g.conf, Evidence: g.why}, true
}

// spellPath writes a path as rules files have it.
func spellPath(path []string) string {
	var b strings.Builder
	b.WriteString("$")
	for _, step := range path {
		switch {
		case step == "[*]":
			b.WriteString(step)
		case step != "*" && strings.Trim(step, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "":
			b.WriteString("['" + step + "']")
		default:
			b.WriteString("." + step)
		}
	}
	return b.String()
}
