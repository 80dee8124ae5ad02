package anonymize

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// plainDetector is a detector that takes every run of digits for promising.
func plainDetector() *detector {
	d := *detectors()
	for i := range d.shapes {
		d.shapes[i] = ^uint64(0)
	}
	return &d
}

// findPlain is findAll without what makes it fast: at every place it looks at
// every number in full, and remembers nothing of the places before.
func findPlain(d *detector, text string) []thing {
	var s scan
	s.reset(d, []byte(text), nil)
	var out []thing
	for i := 0; i < len(text); {
		begins := d.begins[text[i]]
		if begins == 0 && i != s.mailLo {
			i++
			continue
		}
		s.run, s.hintAt, s.hintFrom, s.keyLo, s.keyHi = run{}, -1, -1, 0, 0
		lo, hi, it := s.at(i, begins)
		if it == itemNone {
			i = s.skip(i, begins)
			continue
		}
		out = append(out, thing{itemKind(d, it), lo, hi})
		s.from, i = hi, hi
		if s.mailHi > 0 && hi > s.mailLo {
			s.nextMail(hi)
		}
	}
	return out
}

// lettered returns the end of a number with letters in it that begins at i, or 0:
// of every form, whatever stands where its letters would be.
func (s *scan) lettered(i int) (hi int, it item) {
	for _, form := range []struct {
		country, like string
		shapes        []uint64
	}{
		{"es", "A0000000A", []uint64{0x9, 0x81, 0x171}},
		{"es", "00000000A", []uint64{0x9, 0x81, 0x2331}},
		{"gb", "AA000000A", []uint64{0x9, 0x22221, 0x261}},
		{"it", "AAAAAA00A00A000A", []uint64{0xf, 0x3355}},
		{"fr", "000000A00000000", nil},
	} {
		hi, b, shape := s.symbols(i, len(form.like))
		if hi == 0 || form.shapes != nil && !slices.Contains(form.shapes, shape) || !shaped(b, form.like) {
			continue
		}
		rule := s.d.byCountry[form.country]
		if form.like == "00000000A" && shape != 0x9 && s.hint(i)&hintOther != 0 || !s.valid(rule.ids, b) {
			continue
		}
		return hi, rule.country
	}
	return 0, itemNone
}

func comparePlain(t *testing.T, d *detector, text string) {
	t.Helper()
	if got, want := findAll(text), findPlain(d, text); !slices.Equal(got, want) {
		t.Fatalf("%q: found %v, without haste %v", text, got, want)
	}
	var s scan
	for i := range len(text) {
		s.reset(d, []byte(text), nil)
		begins, end := d.begins[text[i]], i
		for end < len(text) && digit(text[end]) {
			end++
		}
		var hi int
		var it item
		switch {
		case wordBefore(s.v, i):
			continue
		case begins == startsNumber && end-i <= 13:
			hi, it = s.digitsAndLetters(i, end)
		case begins == startsWord && text[i] < 'a' && i+8 <= len(text):
			hi, it = s.letteredID(i)
		default:
			continue
		}
		wantHi, want := s.lettered(i)
		// The form at hand is told by the bytes in front: a number of which only the
		// separators differ is none, and a Finn's has a form of its own.
		if fi := s.d.byCountry["fi"].country; it != fi && want != itemNone && (it != want || hi != wantHi) && spelled(text[i:wantHi]) {
			t.Fatalf("%q: at %d found %s to %d, without haste %s to %d", text, i, itemKind(d, it), hi, itemKind(d, want), wantHi)
		}
	}
}

// spelled reports whether a number has the separators that people write.
func spelled(s string) bool {
	for _, sep := range []string{"", " ", "-", ".", "\u00a0", "\u202f"} {
		if !strings.ContainsFunc(strings.ReplaceAll(s, sep, ""), func(r rune) bool { return r >= 0x80 || radix(byte(r)) == 1 }) {
			return true
		}
	}
	return false
}

// numberText makes a text of what numbers are made of.
func numberText(r *rand.Rand, pieces []string) string {
	var b strings.Builder
	for range 1 + r.IntN(24) {
		switch r.IntN(12) {
		case 0:
			b.WriteString(pieces[r.IntN(len(pieces))])
		case 1:
			b.WriteString([]string{"tel ", "SSN ", "order #", "cpf: ", "bsn ", "Karte ", "id ", "A", "+", "(", "\n", "€", "0", "00", "x", "é", "%", "personnummer ", "aadhaar "}[r.IntN(19)])
		default:
			for range 1 + r.IntN(5) {
				b.WriteByte('0' + byte(r.IntN(10)))
			}
		}
		b.WriteString([]string{" ", " ", " ", "-", ".", "/", ") ", ", ", "", " - ", "\u00a0", ":"}[r.IntN(12)])
	}
	return b.String()
}

// TestPlainScan: what makes the search for numbers fast loses none of them, and
// finds none besides.
func TestPlainScan(t *testing.T) {
	d := plainDetector()
	pieces := []string{"B12345674", "12345678Z", "12.345.678-Z", "AB 12 34 56 C", "2A123456789012345", "RSSMRA85T10A562S", "RSS MRA 85T10 A562S"}
	for _, p := range corpus(t) {
		comparePlain(t, d, p.text)
		for _, x := range p.things {
			pieces = append(pieces, p.text[x.lo:x.hi])
		}
	}
	for _, line := range textLines(t, "testdata/scrub/nothing.txt") {
		comparePlain(t, d, line)
	}
	for _, text := range scrubTexts() {
		comparePlain(t, d, text.body)
	}
	r, found := rand.New(rand.NewPCG(4, 2)), 0
	for range 40_000 {
		text := numberText(r, pieces)
		comparePlain(t, d, text)
		found += len(findAll(text))
	}
	if found < 20_000 {
		t.Errorf("only %d found: the texts are too far from what is looked for", found)
	}
}

// TestShapesAreKnown: any groups of digits that are a phone number or a card by
// their form are promising.
func TestShapesAreKnown(t *testing.T) {
	d, r := detectors(), rand.New(rand.NewPCG(1, 9))
	var s scan
	for range 300_000 {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			fmt.Fprintf(&b, "%.*s", 1+r.IntN(5), []string{"23456", "33333", "44444", "55555", "61616", "78901", "82345"}[r.IntN(7)])
			b.WriteByte(" -. "[r.IntN(4)])
		}
		s.reset(d, []byte(b.String()), nil)
		s.run.read(s.v, 0)
		if d.promising(&s.run, s.v[0]) {
			continue
		}
		for e := range s.run.n {
			n := s.run.total(e)
			if n >= 9 && n <= 15 && s.nationalPhone(&s.run, e, n) || n >= 12 && n <= 19 && s.run.embossed(e) || n <= 15 && d.nationalShape(&s.run, e, n) {
				t.Fatalf("%q: %x is the form of something", b.String(), s.run.shape(e))
			}
		}
	}
}

func FuzzPlainScan(f *testing.F) {
	for i, p := range corpus(f) {
		if i%9 == 0 {
			f.Add(p.text)
		}
	}
	for _, text := range scrubTexts() {
		f.Add(text.body)
	}
	d := plainDetector()
	f.Fuzz(func(t *testing.T, text string) { comparePlain(t, d, text) })
}
