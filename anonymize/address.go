package anonymize

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/keyed"
)

type addressPart uint8

const (
	addressFull addressPart = iota
	addressStreet
	addressCity
	addressState
	addressZip
	addressCountry
	addressLat
	addressLon
)

// address is one that was drawn. Its parts are appended where they are wanted.
type address struct {
	in       *country
	at       *place
	zip      uint64 // digits and letters of the zip code
	number   uint64
	street   string
	surname  string // before the street, "" for none
	lat, lon float64
}

// drawAddress draws all parts in one order, so that those of one stream agree.
func drawAddress(in *country, d *dictionary, s *keyed.Stream) address {
	a := address{in: in, at: &in.places[s.Intn(len(in.places))]}
	a.zip = s.Uint64()
	if in.streets == nil {
		a.number = s.Uint64n(in.most-100) + 100
		a.street, a.surname = d.street[s.Intn(len(d.street))], d.people.last[s.Intn(len(d.people.last))]
	} else {
		a.number = s.Uint64n(in.most) + 1
		a.street = in.streets[s.Intn(len(in.streets))]
	}
	a.lat, a.lon = a.at.lat+0.04*symmetric(s.Uint64()), a.at.lon+0.04*symmetric(s.Uint64())
	return a
}

// address is drawAddress from the row's stream.
func (r *Rewriter) address(in *country, d *dictionary) address {
	return r.lastAddress.again(&r.stream, in, func(s *keyed.Stream) address { return drawAddress(in, d, s) })
}

// makeAddress makes parts of an address; all parts drawn from one stream agree.
func makeAddress(p addressPart) func(*compiler) maskFunc {
	return func(c *compiler) maskFunc {
		d, all := dictionaries(), countries()
		in := all[c.string("locale", "us")]
		if in == nil {
			c.problem("locale", "locale must be one of %s", strings.Join(slices.Sorted(maps.Keys(all)), ", "))
			return nil
		}
		if p == addressLat || p == addressLon {
			return c.makeCoordinate(p, in)
		}
		chars := c.room(unbounded)
		draw := func(dst, value []byte, r *Rewriter) []byte {
			a := r.address(in, d)
			return a.append(dst, p, value, chars)
		}
		if p == addressState || p == addressCountry { // few: another one than the value would tell what it was
			return c.drawn(draw)
		}
		return c.invented(draw)
	}
}

func (a *address) append(dst []byte, p addressPart, value []byte, chars int) []byte {
	switch p {
	case addressStreet:
		dst = a.spell(dst, a.in.street)
	case addressCity:
		dst = append(dst, a.at.city...)
	case addressState:
		if utf8.RuneCount(value) == 2 || chars < len(a.at.state) {
			return append(dst, a.at.abbr...)
		}
		dst = append(dst, a.at.state...)
	case addressZip:
		dst = a.appendZip(dst)
	case addressCountry:
		switch n := utf8.RuneCount(value); {
		case n == 2 || chars < 3:
			return append(dst, a.in.code...)
		case n == 3 || chars < len(a.in.name):
			return append(dst, a.in.code3...)
		}
		dst = append(dst, a.in.name...)
	default:
		dst = a.spell(a.spell(dst, a.in.street), a.in.line)
	}
	return dst
}

// spell appends what the letters of a country's pattern stand for.
func (a *address) spell(dst []byte, pattern string) []byte {
	for _, ch := range []byte(pattern) {
		switch ch {
		case 'n':
			dst = appendDigits(dst, a.number, 1)
		case 's':
			if a.surname != "" {
				dst = append(append(dst, a.surname...), ' ')
			}
			dst = append(dst, a.street...)
		case 'z':
			dst = a.appendZip(dst)
		case 'c':
			dst = append(dst, a.at.city...)
		case 'a':
			dst = append(dst, a.at.abbr...)
		default:
			dst = append(dst, ch)
		}
	}
	return dst
}

func (a *address) appendZip(dst []byte) []byte {
	rest := a.zip
	for _, ch := range []byte(a.at.zip) {
		switch ch {
		case '#':
			ch, rest = '0'+byte(rest%10), rest/10
		case '@':
			ch, rest = postLetters[rest%uint64(len(postLetters))], rest/uint64(len(postLetters))
		}
		dst = append(dst, ch)
	}
	return dst
}

// postLetters are the letters that end a postcode: Royal Mail leaves out C, I, K,
// M, O and V, PostNL none of the others.
const postLetters = "ABDEFGHJLNPQRSTUWXYZ"

// makeCoordinate makes the latitude or longitude of a point near the city.
func (c *compiler) makeCoordinate(p addressPart, in *country) maskFunc {
	d := dictionaries()
	lo, hi := c.bounds()
	places := 6
	if c.typ.Precision > 0 {
		places = min(places, max(0, c.typ.Scale))
	}
	return c.drawn(func(dst, _ []byte, r *Rewriter) []byte {
		a := r.address(in, d)
		x := a.lat
		if p == addressLon {
			x = a.lon
		}
		return appendFloat(dst, min(max(x, lo), hi), places)
	})
}
