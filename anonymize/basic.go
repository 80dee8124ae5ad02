package anonymize

import (
	"bytes"
	"encoding/hex"
	"maps"
	"math"
	"regexp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// tailAlphabet spells keyed tails: 5 bits a character, no letter that looks
// like a digit.
const tailAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// tailLength is the length of a keyed tail that stands for a value where there
// is room: 90 bits, so that the chance of one collision among 1.5 billion values
// is below 1e-9. It does not depend on the rows of a table: the same value has
// the same tail in every table and next year.
const tailLength = 18

// leastTail is how many bits keep values apart at the least.
const leastTail = 60

// tailBits returns how many bits a tail needs so that the chance of one
// collision among the table's rows is below 1e-9 (birthday bound: n*n/2 pairs);
// at least 60, and 80 where the rows are not known.
func (c *compiler) tailBits() int {
	if c.table.Rows <= 0 {
		return 80
	}
	return max(leastTail, int(math.Ceil(2*math.Log2(float64(c.table.Rows))-1+9*math.Log2(10))))
}

// appendTail appends n characters (at most 25) of sum.
func appendTail(dst []byte, sum [16]byte, n int) []byte {
	acc, bits, at := uint(0), 0, 0
	for range n {
		if bits < 5 {
			acc, bits, at = acc<<8|uint(sum[at]), bits+8, at+1
		}
		bits -= 5
		dst = append(dst, tailAlphabet[acc>>bits&31])
	}
	return dst
}

// room returns how many characters fit the column, at most otherwise.
func (c *compiler) room(otherwise int) int {
	if c.typ.Name == "name" {
		return min(63, otherwise)
	}
	if c.typ.Length > 0 {
		return min(c.typ.Length, otherwise)
	}
	return otherwise
}

// tail returns how many characters of bits each a keyed tail gets, at most most,
// in a column whose mask takes fixed characters besides; it may be below 1.
// Where the column is unique, too few are a problem.
func (c *compiler) tail(fixed, most, bits int) int {
	n := min(most, c.room(unbounded)-fixed)
	if !c.col.Unique || c.nested {
		return n
	}
	least := (c.tailBits() + bits - 1) / bits
	switch {
	case least > most && c.given("length"):
		c.problem("length", "%s needs a length of at least %d to stay unique", c.m.Kind, least)
	case least > most:
		c.problem("", "mask %s cannot stay unique at %d rows; use hash", c.m.Kind, c.table.Rows)
	case n < least:
		c.problem("", "mask %s needs %d characters to stay unique, and the column (or one that it is joined with) holds %d", c.m.Kind, fixed+least, c.room(unbounded))
	}
	c.bits = n * bits
	return n
}

// fit cuts what was appended to dst behind start to the column's length. It
// leaves no part of a character: where the text is no UTF-8 it may be of another
// encoding, and all bytes of a long character have their high bit set.
func fit(dst []byte, start, chars int) []byte {
	if len(dst)-start <= chars {
		return dst
	}
	n, i := 0, start
	for ; i < len(dst) && n < chars; n++ {
		_, w := utf8.DecodeRune(dst[i:])
		i += w
	}
	if i < len(dst) && dst[i] >= utf8.RuneSelf && !utf8.Valid(dst[start:]) {
		for i > start && dst[i-1] >= utf8.RuneSelf {
			i--
		}
	}
	return dst[:i]
}

const unbounded = 1 << 30

// opaque returns a mask for values outside a kind's format: text of a keyed
// tail that says nothing.
func (c *compiler) opaque() maskFunc {
	prf := c.prf()
	n := c.room(tailLength)
	if c.typ.Name == "uuid" || c.typ.Name == "inet" || c.typ.Name == "cidr" {
		n = 0 // such a type holds no value outside its format
	}
	if c.col.Unique && !c.nested {
		c.opaqueBits = 5 * n
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		r.opaque = true
		return appendTail(dst, prf.Sum(value), n)
	}
}

func makeConstant(c *compiler) maskFunc {
	if !c.given("value") {
		c.problem("value", "constant needs a value: { mask: constant, value: … }")
	}
	v := []byte(c.string("value", ""))
	if c.given("value") {
		c.literal("value", string(v))
	}
	return func(dst, _ []byte, _ *Rewriter) []byte { return append(dst, v...) }
}

func makeRedact(c *compiler) maskFunc {
	first, last := c.int("first", 0, 0), c.int("last", 0, 0)
	with := []byte(c.string("with", "*"))
	if utf8.RuneCount(with) != 1 {
		c.problem("with", "with must be one character")
	}
	chars := c.room(unbounded)
	return func(dst, value []byte, _ *Rewriter) []byte {
		n := utf8.RuneCount(value)
		head, tail := first, last
		if head+tail >= n { // too short to hide anything: nothing is shown
			head, tail = 0, 0
		}
		start, whole := len(dst), utf8.Valid(value)
		for i := 0; len(value) > 0; i++ {
			_, w := utf8.DecodeRune(value)
			// A byte of another encoding may be half of a character: it is not shown.
			if (i < head || i >= n-tail) && (whole || value[0] < utf8.RuneSelf) {
				dst = append(dst, value[:w]...)
			} else {
				dst = append(dst, with...)
			}
			value = value[w:]
		}
		return fit(dst, start, chars)
	}
}

func makeHash(c *compiler) maskFunc {
	prf := c.prf()
	if c.typ.Name == "bytea" {
		if c.given("length") {
			c.problem("length", "length is for texts; the hash of a bytea has 16 bytes")
		}
		return func(dst, value []byte, _ *Rewriter) []byte {
			sum := prf.Sum(value)
			return hex.AppendEncode(append(dst, '\\', 'x'), sum[:])
		}
	}
	most := c.int("length", 32, 1)
	if most > 32 {
		c.problem("length", "length must be 1 to 32")
	}
	n := c.tail(0, min(most, 32), 4)
	return func(dst, value []byte, _ *Rewriter) []byte {
		sum := prf.Sum(value)
		var buf [32]byte
		hex.Encode(buf[:], sum[:])
		return append(dst, buf[:n]...)
	}
}

// makeChoice draws from a list of values, each with the same chance, or from a
// map of values to their weights. It may draw the value itself: never to do so
// would tell which it was not.
func makeChoice(c *compiler) maskFunc {
	values, upTo := c.weighted("values")
	if len(values) == 0 && !c.given("values") {
		values = c.typ.Labels
	}
	if len(values) == 0 {
		c.problem("values", "choice needs values: { mask: choice, values: [a, b] } or { mask: choice, values: { a: 9, b: 1 } }")
		return nil
	}
	for _, v := range values {
		c.literal("values", v)
	}
	prf := c.prf()
	if upTo == nil {
		return func(dst, value []byte, _ *Rewriter) []byte {
			s := prf.Stream(value)
			return append(dst, values[s.Intn(len(values))]...)
		}
	}
	all := upTo[len(upTo)-1]
	return func(dst, value []byte, _ *Rewriter) []byte {
		s := prf.Stream(value)
		i, found := slices.BinarySearch(upTo, s.Uint64n(all))
		if found {
			i++ // a value has the numbers below its bound
		}
		return append(dst, values[i]...)
	}
}

// weighted reads a list of values, or a map of values to weights, in the order
// of the values; upTo is then the sum of the weights up to each.
func (c *compiler) weighted(name string) (values []string, upTo []uint64) {
	weights, isMap := c.m.Params[name].(map[string]any)
	if !isMap {
		return c.list(name), nil
	}
	sum := uint64(0)
	for _, v := range slices.Sorted(maps.Keys(weights)) {
		w, ok := toInt(weights[v])
		if !ok || w < 1 || w > 1e12 {
			c.problem(name, "the weight of a value must be a whole number of at least 1")
			return []string{v}, nil
		}
		sum += uint64(w)
		values, upTo = append(values, v), append(upTo, sum)
	}
	return values, upTo
}

func makeRegexp(c *compiler) maskFunc {
	pattern, replace := c.string("match", ""), []byte(c.string("replace", ""))
	if !c.given("match") || !c.given("replace") {
		c.problem("match", "regexp needs match and replace")
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		c.problem("match", "match is no regular expression of Go's syntax: %v", err)
		return nil
	}
	opaque, chars := c.opaque(), c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		if !re.Match(value) {
			return opaque(dst, value, r)
		}
		return fit(append(dst, re.ReplaceAll(value, replace)...), len(dst), chars)
	}
}

// changeCase changes ASCII letters in place.
func changeCase(b []byte, upper bool) {
	from := byte('A')
	if upper {
		from = 'a'
	}
	for i, ch := range b {
		if ch-from < 26 {
			b[i] = ch ^ 0x20
		}
	}
}

// appendCase appends v in lower or upper case, rune by rune as PostgreSQL's
// lower and upper do; bytes that are no UTF-8 stay.
func appendCase(dst, v []byte, upper bool) []byte {
	start, i := len(dst), 0
	for i < len(v) && v[i] < utf8.RuneSelf {
		i++
	}
	dst = append(dst, v[:i]...)
	changeCase(dst[start:], upper)
	for i < len(v) {
		r, w := utf8.DecodeRune(v[i:])
		switch {
		case r == utf8.RuneError && w == 1:
			dst = append(dst, v[i])
		case upper:
			dst = utf8.AppendRune(dst, unicode.ToUpper(r))
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
		i += w
	}
	return dst
}

// canonical wraps a mask so that values that the column calls equal get the
// same: char(n) without its padding, and without regard to capitals where the
// column has none. A char(n) of spaces is empty, and stays.
func (c *compiler) canonical(f maskFunc) maskFunc {
	trim := c.typ.Name == "bpchar"
	fold := (c.col.Fold || c.typ.Name == "citext") && !c.kind.verbatim
	lower := c.col.Fold
	if !trim && !fold && !lower {
		return f
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		if trim {
			text := bytes.TrimRight(value, " ")
			if len(text) == 0 {
				return append(dst, value...)
			}
			value = text
		}
		if fold {
			r.folded = appendCase(r.folded[:0], value, false)
			value = r.folded
		}
		start := len(dst)
		dst = f(dst, value, r)
		if lower {
			changeCase(dst[start:], false)
		}
		return dst
	}
}
