package anonymize

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/keyed"
)

// makeLorem replaces words by others of the same length, digits by digits;
// spaces, punctuation and capitals stay.
func makeLorem(c *compiler) maskFunc {
	words, prf, chars := dictionaries().words, c.prf(), c.room(unbounded)
	return func(dst, value []byte, _ *Rewriter) []byte {
		s, start := prf.Stream(value), len(dst)
		var word string
		at := 0
		for len(value) > 0 {
			r, w := utf8.DecodeRune(value)
			switch {
			case r >= '0' && r <= '9':
				dst = append(dst, '0'+byte(s.Uint64n(10)))
			case r < utf8.RuneSelf && radix(byte(r)) == 1:
				dst = append(dst, byte(r))
				word = ""
			default:
				if word == "" || at == len(word) {
					word, at = words[s.Intn(len(words))], 0
				}
				ch := word[at]
				at++
				if r >= 'A' && r <= 'Z' && ch >= 'a' {
					ch -= 32
				}
				dst = append(dst, ch)
			}
			value = value[w:]
		}
		return fit(dst, start, chars)
	}
}

var detectors = sync.OnceValue(newDetector)

// scrubState is a rewriter's scratch for texts.
type scrubState struct {
	scan   scan
	known  knownValues
	normal []byte
}

// makeScrub replaces what identifies people within a text: what detectors find by
// its form, and the values of the row's other masked columns, each by what the
// mask of its kind gives in columns. All else stays byte for byte.
func makeScrub(c *compiler) maskFunc {
	d := detectors()
	m := &scrubMask{d: d, prf: c.prf(), chars: c.room(unbounded), masks: make([]maskFunc, int(itemNational)+len(d.names))}
	for it, kind := range map[item]string{
		itemEmail: "email", itemPhone: "phone", itemCard: "card", itemIBAN: "iban", itemIP: "ip", itemMAC: "mac", itemURL: "url", itemToken: "token",
	} {
		m.masks[it] = c.inner(&Mask{Kind: kind})
	}
	for i, country := range d.names {
		m.masks[int(itemNational)+i] = c.inner(&Mask{Kind: "national_id", Params: map[string]any{"country": country}})
	}
	c.program.scrubs = true
	return m.mask
}

// scrubMask is a compiled scrub mask.
type scrubMask struct {
	d     *detector
	prf   *keyed.PRF
	chars int
	masks []maskFunc // by item
}

func (m *scrubMask) mask(dst, value []byte, r *Rewriter) []byte {
	s := &r.scrub
	start, from, opaque := len(dst), 0, r.opaque
	s.scan.reset(m.d, value, s.known.ofRow(r))
	for {
		lo, hi, it := s.scan.next()
		if it == itemNone {
			break
		}
		dst = append(dst, value[from:lo]...)
		dst = m.replace(dst, value[lo:hi], it, r)
		from = hi
		r.meant = true
	}
	r.opaque = opaque // what a detector found has its format
	return fit(append(dst, value[from:]...), start, m.chars)
}

// replace appends what stands for one thing.
func (m *scrubMask) replace(dst, found []byte, it item, r *Rewriter) []byte {
	s := &r.scrub
	switch it {
	case itemKnown:
		return s.known.replace(dst, s.scan.hit, m, r)
	case itemLogin, itemPEM:
		return scramble(dst, found, m.prf)
	case itemPhone, itemCard, itemIBAN:
		if out, ok := s.known.respell(dst, found, it, m, r); ok {
			return out
		}
	}
	if it != itemEmail && it != itemURL {
		for _, ch := range found {
			if ch >= utf8.RuneSelf { // as a column would have it
				s.normal = normal(s.normal[:0], found)
				found = s.normal
				break
			}
		}
	}
	return m.masks[it](dst, found, r)
}

// inner compiles another kind for values found within this one's.
func (c *compiler) inner(m *Mask) maskFunc {
	col := &Column{Name: c.col.Name, Type: Type{Name: "text"}}
	sub := &compiler{secret: c.secret, table: c.table, col: col, index: c.index, program: c.program, nested: true}
	made, problems := sub.compile(m)
	c.problems = append(c.problems, problems...)
	return made.mask
}

// scramble replaces letters by letters of the same case and digits by digits;
// marks, white space and escapes of it stay.
func scramble(dst, v []byte, prf *keyed.PRF) []byte {
	stream := prf.Stream(v)
	for i := 0; i < len(v); {
		ch := v[i]
		switch {
		case ch >= utf8.RuneSelf:
			_, w := utf8.DecodeRune(v[i:])
			i += w
			dst = append(dst, 'a'+byte(stream.Uint64n(26)))
			continue
		case ch == '\\' && i+1 < len(v) && bytes.IndexByte(escaped, v[i+1]) >= 0:
			dst = append(dst, ch, v[i+1])
			i += 2
			continue
		case radix(ch) > 1:
			ch = base(ch) + byte(stream.Uint64n(radix(ch)))
		}
		dst = append(dst, ch)
		i++
	}
	return dst
}

var escaped = []byte("nrt")
