package anonymize

import (
	"bufio"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// planted is a text with things in it whose places are known.
type planted struct {
	lang, text string
	things     []thing
}

type thing struct {
	kind   string
	lo, hi int
}

// corpus reads testdata/scrub/planted.txt.
func corpus(t testing.TB) []planted {
	t.Helper()
	plain := strings.NewReplacer("⏎", "\n", "·", "")
	var out []planted
	for _, line := range textLines(t, "testdata/scrub/planted.txt") {
		lang, rest, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("no language before a tab: %s", line)
		}
		p := planted{lang: lang}
		var b strings.Builder
		for {
			before, after, more := strings.Cut(rest, "{{")
			b.WriteString(plain.Replace(before))
			if !more {
				break
			}
			inner, behind, closed := strings.Cut(after, "}}")
			kind, value, named := strings.Cut(inner, ":")
			if !closed || !named {
				t.Fatalf("a thing without its end or kind: %s", line)
			}
			lo := b.Len()
			b.WriteString(plain.Replace(value))
			p.things = append(p.things, thing{kind, lo, b.Len()})
			rest = behind
		}
		p.text = b.String()
		out = append(out, p)
	}
	return out
}

func textLines(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, line)
		}
	}
	return out
}

// itemKinds names items as the corpus does.
func itemKind(d *detector, it item) string {
	if it >= itemNational {
		return d.names[it-itemNational]
	}
	return map[item]string{itemKnown: "known", itemEmail: "email", itemPhone: "phone", itemCard: "card", itemIBAN: "iban", itemIP: "ip",
		itemMAC: "mac", itemURL: "url", itemLogin: "login", itemToken: "token", itemPEM: "pem"}[it]
}

func findAll(text string) []thing {
	var s scan
	d := detectors()
	s.reset(d, []byte(text), nil)
	var out []thing
	for {
		lo, hi, it := s.next()
		if it == itemNone {
			return out
		}
		out = append(out, thing{itemKind(d, it), lo, hi})
	}
}

// TestRecall counts which planted things are found: nothing of them is outside of
// what the detectors return. It also counts those that are found as what they are
// and with no letter more, which get the same fake as in a column.
func TestRecall(t *testing.T) {
	type tally struct{ planted, found, exact int }
	byKind, byLang := map[string]*tally{}, map[string]*tally{}
	extra := 0
	for _, p := range corpus(t) {
		found := findAll(p.text)
		for _, want := range p.things {
			covered, exact := want.lo, false
			for _, got := range found {
				if got.lo <= covered {
					covered = max(covered, got.hi)
				}
				exact = exact || got == want
			}
			for m, key := range map[*map[string]*tally]string{&byKind: want.kind, &byLang: p.lang} {
				if (*m)[key] == nil {
					(*m)[key] = &tally{}
				}
				c := (*m)[key]
				c.planted++
				if covered >= want.hi {
					c.found++
				} else if m == &byKind {
					t.Logf("missed: %s in %s", p.text[want.lo:want.hi], p.text)
				}
				if exact {
					c.exact++
				}
			}
		}
		for _, got := range found {
			if !slices.ContainsFunc(p.things, func(x thing) bool { return got.lo < x.hi && got.hi > x.lo }) {
				extra++
				t.Logf("found where nothing is: %s %s in %s", got.kind, p.text[got.lo:got.hi], p.text)
			}
		}
	}
	for _, m := range []map[string]*tally{byKind, byLang} {
		for _, kind := range slices.Sorted(maps.Keys(m)) {
			c := m[kind]
			recall := float64(c.found) / float64(c.planted)
			t.Logf("%-6s %4d planted, recall %.3f, exact %.3f", kind, c.planted, recall, float64(c.exact)/float64(c.planted))
			if recall < 0.95 {
				t.Errorf("%s: recall %.3f", kind, recall)
			}
		}
	}
	if extra > 0 {
		t.Errorf("%d found where nothing is", extra)
	}
}

// TestNothingToFind: a text that holds nothing is returned byte for byte.
func TestNothingToFind(t *testing.T) {
	f := one(t, 1, "text", Mask{Kind: "scrub"})
	for _, line := range textLines(t, "testdata/scrub/nothing.txt") {
		if got := f(line); got != line {
			t.Errorf("changed:\n  %s\n  %s", line, got)
		}
	}
}
