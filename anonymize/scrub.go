package anonymize

import (
	"bytes"
	"sync"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/keyed"
)

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
	m := &scrubMask{d: d, chars: c.room(unbounded), masks: make([]maskFunc, int(itemNational)+len(d.names))}
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
	chars int
	masks []maskFunc // by item
}

func (m *scrubMask) mask(dst, value []byte, r *Rewriter) []byte {
	s := &r.scrub
	start, from, opaque := len(dst), 0, r.opaque
	s.scan.reset(m.d, value, s.known.ofText(value, r))
	for {
		lo, hi, it := s.scan.next()
		if it == itemNone {
			break
		}
		dst = append(dst, value[from:lo]...)
		if r.witness != nil && it != itemKnown { // the column that it is known from has told of it
			r.witness.Original(value[lo:hi], 0)
		}
		made := len(dst)
		if dst = m.replace(dst, value[lo:hi], it, r); r.witness != nil {
			m.stays(it, r).tell(r.witness, dst[made:])
		}
		from = hi
		r.meant = true
	}
	r.opaque = opaque // what a detector found has its format
	return fit(append(dst, value[from:]...), start, m.chars)
}

// stays says what of a thing may be in what stands for it.
func (m *scrubMask) stays(it item, r *Rewriter) stays {
	switch it {
	case itemKnown:
		return r.scrub.known.stays(r.scrub.scan.hit, r)
	case itemToken:
		return staysPart
	}
	return staysNothing
}

// replace appends what stands for one thing.
func (m *scrubMask) replace(dst, found []byte, it item, r *Rewriter) []byte {
	s := &r.scrub
	switch it {
	case itemKnown:
		return s.known.replace(dst, s.scan.hit, r)
	case itemEmail:
		if bytes.IndexByte(found, '@') < 0 {
			return m.escaped(dst, found, r)
		}
	case itemLogin, itemPEM:
		return scramble(dst, found, r.p.hide)
	case itemPhone, itemCard, itemIBAN:
		if out, ok := s.known.respell(dst, found, it, r); ok {
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

// escaped appends what stands for an address whose @ is escaped, with its own escaped.
func (m *scrubMask) escaped(dst, found []byte, r *Rewriter) []byte {
	s := &r.scrub
	s.normal = appendUnescaped(s.normal[:0], found)
	made := len(dst)
	dst = m.masks[itemEmail](dst, s.normal, r)
	at := bytes.LastIndexByte(dst[made:], '@')
	if at < 0 {
		return dst
	}
	at += made
	s.normal = append(s.normal[:0], dst[at+1:]...)
	return append(append(dst[:at], escapedAt...), s.normal...)
}

// inner compiles another kind for values found within this one's. An address
// that a text of an entity holds looks like the entity's, as its columns have it.
func (c *compiler) inner(m *Mask) maskFunc {
	sub := c.within(Type{Name: "text"}, m)
	sub.nested, sub.ofRow = true, true
	made, problems := sub.compile(m)
	c.usesEntity = c.usesEntity || sub.usesEntity
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
