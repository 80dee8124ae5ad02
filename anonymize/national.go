package anonymize

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
)

// nationalID is how one kind of a country's numbers is built. The symbols that
// stand in no wheel are kept, or follow from the others.
type nationalID struct {
	length int
	wheels []wheel
	// complete writes the check symbols; false if there are none for the rest.
	complete func(b []byte) bool
	// valid says whether the rest is one that the rules of the country allow.
	valid func(b []byte) bool
	// never changes a drawn number into one of a range that is never issued; nil
	// if there is no such range.
	never func(b []byte, s *keyed.Stream)
}

// wheel is a place in a number that takes one of several symbols, which are all
// of the same length.
type wheel struct {
	at      int
	symbols []string
}

const digits10 = "0123456789"

// each makes wheels of one symbol for n places from at on.
func each(at, n int, symbols string) []wheel {
	list := strings.Split(symbols, "")
	out := make([]wheel, n)
	for i := range out {
		out[i] = wheel{at + i, list}
	}
	return out
}

// pairs makes a wheel of two digits from lo to hi, both included.
func pairs(at, lo, hi int) []wheel {
	var list []string
	for i := lo; i <= hi; i++ {
		list = append(list, string([]byte{'0' + byte(i/10), '0' + byte(i%10)}))
	}
	return []wheel{{at, list}}
}

// nationalLongest is how many symbols a number has at most.
const nationalLongest = 16

// nationalScratch holds the symbols of a number, and those that it should have.
type nationalScratch struct{ number, check [nationalLongest]byte }

// makeNational masks the numbers by which a state knows a person. Where the
// country has a range that it never issues, results are drawn from there, unless
// permute says otherwise; else the valid numbers are permuted.
func makeNational(c *compiler) maskFunc {
	country := strings.ToLower(c.string("country", ""))
	ids := nationalIDs()[country]
	if len(ids) == 0 {
		c.problem("country", "national_id needs a country: one of %s", strings.Join(slices.Sorted(maps.Keys(nationalIDs())), ", "))
		return nil
	}
	permute := c.bool("permute") || ids[0].never == nil
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		b, lower, ok := symbolsOf(r.national.number[:0], value, country == "fi")
		if !ok {
			return opaque(dst, value, r)
		}
		for i := range ids {
			id := &ids[i]
			if !id.matches(b, r.national.check[:0]) {
				continue
			}
			if permute {
				id.permute(prf, b, uint64(i), lower)
			} else {
				r.stream = prf.Stream(b)
				id.draw(b, &r.stream)
			}
			return appendSymbols(dst, value, b, lower, country == "fi")
		}
		return opaque(dst, value, r)
	}
}

// nationalInjective reports whether the mask is a permutation.
func nationalInjective(c *compiler) bool {
	country, _ := c.m.Params["country"].(string)
	ids := nationalIDs()[strings.ToLower(country)]
	return c.m.Params["permute"] == true || len(ids) == 0 || ids[0].never == nil
}

// symbolsOf appends the letters, in upper case, and the digits of v. Where signs
// matter they are symbols too.
func symbolsOf(dst, v []byte, signs bool) (b []byte, lower, ok bool) {
	lower, upper := letterCases(v)
	for _, ch := range v {
		switch {
		case radix(ch) > 1, signs && (ch == '-' || ch == '+'):
			if len(dst) == cap(dst) {
				return nil, false, false
			}
			dst = append(dst, ch)
		case ch != ' ' && ch != '-' && ch != '.' && ch != '/' && ch != '+':
			return nil, false, false
		}
	}
	changeCase(dst, true)
	return dst, lower, !(lower && upper) && len(dst) > 0
}

// appendSymbols appends v with its symbols replaced one after another.
func appendSymbols(dst, v, symbols []byte, lower, signs bool) []byte {
	start := len(dst)
	for _, ch := range v {
		if radix(ch) > 1 || signs && (ch == '-' || ch == '+') {
			ch, symbols = symbols[0], symbols[1:]
		}
		dst = append(dst, ch)
	}
	if lower {
		changeCase(dst[start:], false)
	}
	return dst
}

// matches reports whether b is a number of this kind with the right check
// symbols; it computes them in buf.
func (id *nationalID) matches(b, buf []byte) bool {
	if len(b) != id.length {
		return false
	}
	for i := range id.wheels {
		if id.wheels[i].find(b) < 0 {
			return false
		}
	}
	want := append(buf, b...)
	return id.finish(want) && bytes.Equal(want, b)
}

func (w *wheel) find(b []byte) int {
	for i, s := range w.symbols {
		if string(b[w.at:w.at+len(s)]) == s {
			return i
		}
	}
	return -1
}

func (w *wheel) set(b []byte, i int) { copy(b[w.at:], w.symbols[i]) }

func (id *nationalID) finish(b []byte) bool {
	return (id.complete == nil || id.complete(b)) && (id.valid == nil || id.valid(b))
}

// permute replaces b by the image of a permutation of all numbers of this kind.
// Those written in lower case stay among the ones with a letter, so that they
// never meet the image of one in upper case.
func (id *nationalID) permute(prf *keyed.PRF, b []byte, tweak uint64, lower bool) {
	n, x := uint64(1), uint64(0)
	for i := range id.wheels {
		w := &id.wheels[i]
		n *= uint64(len(w.symbols))
		x = x*uint64(len(w.symbols)) + uint64(w.find(b))
	}
	for {
		x = prf.Bijection(n, x, tweak)
		rest := x
		for i := len(id.wheels) - 1; i >= 0; i-- {
			w := &id.wheels[i]
			w.set(b, int(rest%uint64(len(w.symbols))))
			rest /= uint64(len(w.symbols))
		}
		if _, letter := letterCases(b); id.finish(b) && (letter || !lower) {
			return
		}
	}
}

// draw replaces b by a number that is never issued.
func (id *nationalID) draw(b []byte, s *keyed.Stream) {
	for {
		for i := range id.wheels {
			w := &id.wheels[i]
			w.set(b, s.Intn(len(w.symbols)))
		}
		id.never(b, s)
		if id.finish(b) {
			return
		}
	}
}
