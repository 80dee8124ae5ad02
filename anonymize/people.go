package anonymize

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/keyed"
)

type personPart uint8

const (
	personName personPart = iota
	personFirst
	personLast
)

// identity is a person that was drawn.
type identity struct {
	woman       bool
	first, last string
}

// draw draws a person, of the gender if one is given; the order is the same for
// every part, so that all parts of one stream agree.
func (p *people) draw(s *keyed.Stream, g gender) identity {
	id := identity{woman: s.Uint64n(2) == 0}
	if g != unknownGender {
		id.woman = g == woman
	}
	list := p.male
	if id.woman {
		list = p.female
	}
	id.first, id.last = list[s.Intn(len(list))], p.last[s.Intn(len(p.last))]
	return id
}

// whom says which people a person is drawn from.
type whom struct {
	of     *people
	gender gender
}

// person is draw for what the row at hand is about.
func (r *Rewriter) person(p *people, s *keyed.Stream, g gender) identity {
	return r.lastPerson.again(s, whom{p, g}, func(s *keyed.Stream) identity { return p.draw(s, g) })
}

// locale returns the people of the mask's locale.
func (c *compiler) locale() *people {
	d := dictionaries()
	name := c.string("locale", "us")
	if name == "us" || name == "gb" {
		return d.people
	}
	if p := d.others[name]; p != nil {
		return p
	}
	c.problem("locale", "locale must be one of us, gb, %s", strings.Join(slices.Sorted(maps.Keys(d.others)), ", "))
	return d.people
}

func makePerson(part personPart) func(*compiler) maskFunc {
	return func(c *compiler) maskFunc {
		p, gender := c.locale(), c.gender()
		return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
			id := r.person(p, &r.stream, gender.of(r))
			switch part {
			case personFirst:
				return append(dst, id.first...)
			case personLast:
				return append(dst, id.last...)
			}
			return append(append(append(dst, id.first...), ' '), id.last...)
		})
	}
}

// makeTitle makes how the person is addressed; without a full stop where the
// value had none.
func makeTitle(c *compiler) maskFunc {
	p, gender := c.locale(), c.gender()
	return c.drawn(func(dst, value []byte, r *Rewriter) []byte {
		title := p.titles[1]
		if r.person(p, &r.stream, gender.of(r)).woman {
			title = p.titles[0]
		}
		if r.stream.Uint64n(20) == 0 {
			title = p.titles[2]
		}
		if value[len(value)-1] != '.' {
			title = strings.TrimSuffix(title, ".")
		}
		return append(dst, title...)
	})
}

// makeGender makes the gender that goes with the person's name.
func makeGender(c *compiler) maskFunc {
	p := c.locale()
	words := c.genders()
	return c.drawn(func(dst, value []byte, r *Rewriter) []byte {
		i := 1
		if r.person(p, &r.stream, unknownGender).woman {
			i = 0
		}
		if words[0] != "" {
			return append(dst, words[i]...)
		}
		start := len(dst)
		if dst = append(dst, genderWords[i]...); utf8.RuneCount(value) == 1 {
			dst = dst[:start+1]
		}
		if _, upper := letterCases(value[:1]); upper {
			changeCase(dst[start:start+1], true)
		}
		return dst
	})
}

var genderWords = [2]string{"female", "male"}

// genders returns how the column spells a woman's and a man's gender: what the
// rules say, two labels of an enum, the numbers of ISO/IEC 5218; or nothing where
// the value says it.
func (c *compiler) genders() (words [2]string) {
	if c.given("values") {
		list := c.list("values")
		if len(list) != 2 {
			c.problem("values", "values must be a woman's gender and a man's: [f, m]")
			return words
		}
		for _, v := range list {
			c.literal("values", v)
		}
		return [2]string{list[0], list[1]}
	}
	if isInt(c.typ) {
		return [2]string{"2", "1"}
	}
	if isText(c.typ) {
		return words
	}
	for i, word := range genderWords {
		for _, label := range c.typ.Labels {
			if strings.EqualFold(label, word) || strings.EqualFold(label, word[:1]) {
				words[i] = label
			}
		}
	}
	if words[0] == "" || words[1] == "" {
		c.problem("values", "person.gender needs values, a woman's gender and a man's: { mask: person.gender, values: [f, m] }")
	}
	return words
}

// makeUser makes user names of the row's person, or of one that belongs to the
// value: with a short number, or with a keyed tail of the value where a column of the
// mask's domain is unique.
func makeUser(c *compiler) maskFunc {
	p, gender := c.locale(), c.gender()
	if !c.col.Unique && !c.col.UniqueDomain {
		return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
			start := len(dst)
			id := r.person(p, &r.stream, gender.of(r))
			dst = append(append(append(dst, id.first...), '.'), id.last...)
			changeCase(dst[start:], false)
			return appendDigits(dst, r.stream.Uint64n(9000)+1000, 4)
		})
	}
	seed, chars := c.seeder(), c.room(unbounded)
	tail, prf := c.tail(0, tailLength, 5), c.prf()
	return func(dst, value []byte, r *Rewriter) []byte {
		s := seed(value, r)
		start := len(dst)
		id := r.person(p, &s, gender.of(r))
		if len(id.first)+1+tail <= chars {
			dst = append(append(dst, id.first...), '.')
			changeCase(dst[start:], false)
		}
		return appendTail(dst, prf.Sum(value), tail)
	}
}
