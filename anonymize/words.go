package anonymize

import (
	"bytes"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7/data"

	"github.com/pgstandin/pgstandin/keyed"
)

// invented makes the mask of a kind that draws from many. Where the draw depends
// on the value alone, one that gives the value itself back is repeated; where it
// follows an entity it is not, since all columns of the entity must agree: there
// it is counted.
func (c *compiler) invented(draw drawFunc) maskFunc {
	seed, chars := c.seeder(), c.room(unbounded)
	follows := c.followsEntity()
	return func(dst, value []byte, r *Rewriter) []byte {
		start := len(dst)
		r.stream = seed(value, r)
		for range 64 {
			dst = fit(draw(dst[:start], value, r), start, chars)
			if follows && !r.noEntity() || !bytes.EqualFold(dst[start:], value) {
				break
			}
		}
		return dst
	}
}

// drawn makes the mask of a kind that draws from few, and may draw the value
// itself: never to do so would tell which it was not.
func (c *compiler) drawn(draw drawFunc) maskFunc {
	seed, chars := c.seeder(), c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		start := len(dst)
		r.stream = seed(value, r)
		return fit(draw(dst, value, r), start, chars)
	}
}

// lastDraw keeps what was drawn last, for the next column that draws the same from
// the same place of a stream. of is never the zero value.
type lastDraw[Of comparable, Drawn any] struct {
	of       Of
	from, to keyed.Stream
	drawn    Drawn
}

// again returns what draw takes from s, and leaves s where draw leaves it.
func (l *lastDraw[Of, Drawn]) again(s *keyed.Stream, of Of, draw func(*keyed.Stream) Drawn) Drawn {
	if l.of != of || l.from != *s {
		l.of, l.from = of, *s
		l.drawn = draw(s)
		l.to = *s
	}
	*s = l.to
	return l.drawn
}

// drawFunc appends what it makes from numbers of r.stream. value says what the
// result should look like.
type drawFunc func(dst, value []byte, r *Rewriter) []byte

func makeJob(c *compiler) maskFunc {
	titles := data.Data["job"]["title"]
	return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
		return append(dst, titles[r.stream.Intn(len(titles))]...)
	})
}

// makeUserAgent draws a browser that many people have, so that it says nothing.
func makeUserAgent(c *compiler) maskFunc {
	agents := userAgents()
	return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
		return append(dst, agents[r.stream.Intn(len(agents))]...)
	})
}

func userAgents() []string {
	var out []string
	const mozilla, webkit = "Mozilla/5.0 ", " AppleWebKit/537.36 (KHTML, like Gecko) "
	for _, version := range []string{"120", "122", "124", "126", "128", "131"} {
		for _, system := range []string{"(Windows NT 10.0; Win64; x64)", "(Macintosh; Intel Mac OS X 10_15_7)", "(X11; Linux x86_64)"} {
			chrome := mozilla + system + webkit + "Chrome/" + version + ".0.0.0 Safari/537.36"
			out = append(out, chrome, chrome+" Edg/"+version+".0.0.0", mozilla+system[:len(system)-1]+"; rv:"+version+".0) Gecko/20100101 Firefox/"+version+".0")
		}
		out = append(out, mozilla+"(Linux; Android 10; K)"+webkit+"Chrome/"+version+".0.0.0 Mobile Safari/537.36")
	}
	for _, version := range []string{"16_6", "17_4", "17_6", "18_1"} {
		short := version[:2] + "." + version[3:]
		out = append(out,
			mozilla+"(iPhone; CPU iPhone OS "+version+" like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/"+short+" Mobile/15E148 Safari/604.1",
			mozilla+"(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/"+short+" Safari/605.1.15")
	}
	return out
}

// makeDomain makes names under example.com, which nobody can register.
func makeDomain(c *compiler) maskFunc {
	const under = ".example.com"
	tail := c.tail(len(under), tailLength, 5)
	if tail < 1 {
		c.problem("", "mask domain needs %d characters, and the column holds %d", len(under)+1, c.room(unbounded))
		return nil
	}
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeDomain(value) {
			return opaque(dst, value, r)
		}
		return append(appendTail(dst, prf.Sum(value), tail), under...)
	}
}

// looksLikeDomain reports whether all of v is a name with a dot in it, perhaps
// with letters beyond ASCII or a dot at its end.
func looksLikeDomain(v []byte) bool {
	v = bytes.TrimSuffix(v, []byte{'.'})
	dot, label := false, 0
	for i, ch := range v {
		switch {
		case radix(ch) > 1, ch == '_', ch >= 0x80, ch == '-' && label > 0:
			label++
		case ch == '.' && label > 0 && v[i-1] != '-':
			dot, label = true, 0
		default:
			return false
		}
	}
	return dot && label > 0 && len(v) <= 1012 // 253 characters of up to four bytes
}

// makeBIC keeps a bank's country and place (ISO 9362), and permutes its four
// letters; a branch is permuted too, but for the head office's XXX.
func makeBIC(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeBIC(value) {
			return opaque(dst, value, r)
		}
		start := len(dst)
		dst = append(dst, value...)
		bank := dst[start:]
		permuteShape(prf, bank[:4], 0)
		if len(bank) == 11 && string(bank[8:]) != headOffice {
			for {
				permuteShape(prf, bank[8:], prf.Uint64(bank[:8]))
				if string(bank[8:]) != headOffice {
					break
				}
			}
		}
		return dst
	}
}

const headOffice = "XXX"

func looksLikeBIC(v []byte) bool {
	if len(v) != 8 && len(v) != 11 {
		return false
	}
	for i, ch := range v {
		letter := ch >= 'A' && ch <= 'Z'
		if !letter && (i < 6 || ch < '0' || ch > '9') {
			return false
		}
	}
	return true
}

// makeLorem replaces words by others of the same length, digits by digits;
// spaces, punctuation and capitals stay. A result that is the value is drawn
// again; one of nothing but punctuation has no other.
func makeLorem(c *compiler) maskFunc {
	words, prf, chars := dictionaries().words, c.prf(), c.room(unbounded)
	return func(dst, value []byte, _ *Rewriter) []byte {
		s, start := prf.Stream(value), len(dst)
		for range 16 {
			if dst = appendLorem(dst[:start], value, words, &s); !bytes.Equal(dst[start:], value) {
				break
			}
		}
		return fit(dst, start, chars)
	}
}

func appendLorem(dst, value []byte, words []string, s *keyed.Stream) []byte {
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
	return dst
}
