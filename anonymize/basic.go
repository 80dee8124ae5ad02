package anonymize

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tailAlphabet spells keyed tails: 5 bits a character, no letter that looks
// like a digit.
const tailAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// tailLength is the length of a keyed tail that stands for a value: 80 bits, so
// that the chance of one collision among 30 million values is below 1e-9.
const tailLength = 16

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

// needs reports a unique column that is too short for n characters.
func (c *compiler) needs(n int) {
	if c.col.Unique && !c.nested && c.room(n) < n {
		c.problem("", "mask %s needs %d characters to stay unique, and the column (or one that it is joined with) holds %d", c.m.Kind, n, c.room(n))
	}
}

// fit cuts what was appended to dst behind start to the column's length.
func fit(dst []byte, start, chars int) []byte {
	if len(dst)-start <= chars {
		return dst
	}
	n := 0
	for i := start; i < len(dst); {
		if n == chars {
			return dst[:i]
		}
		_, w := utf8.DecodeRune(dst[i:])
		i += w
		n++
	}
	return dst
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
	if isText(c.typ) && c.typ.Elem == nil && utf8.RuneCount(v) > c.room(unbounded) {
		c.problem("value", "the value has %d characters, and the column holds %d", utf8.RuneCount(v), c.room(unbounded))
	}
	return func(dst, _ []byte, _ *Rewriter) []byte { return append(dst, v...) }
}

func makeRedact(c *compiler) maskFunc {
	first, last := c.int("first", 0, 0), c.int("last", 0, 0)
	with := []byte(c.string("with", "*"))
	if utf8.RuneCount(with) != 1 {
		c.problem("with", "with must be one character")
	}
	return func(dst, value []byte, _ *Rewriter) []byte {
		n := utf8.RuneCount(value)
		head, tail := first, last
		if head+tail >= n { // too short to hide anything: nothing is shown
			head, tail = 0, 0
		}
		for i := 0; len(value) > 0; i++ {
			_, w := utf8.DecodeRune(value)
			if i < head || i >= n-tail {
				dst = append(dst, value[:w]...)
			} else {
				dst = append(dst, with...)
			}
			value = value[w:]
		}
		return dst
	}
}

func makeHash(c *compiler) maskFunc {
	n := min(c.int("length", 32, 1), 32)
	if c.typ.Name == "bytea" {
		prf := c.prf()
		return func(dst, value []byte, _ *Rewriter) []byte {
			sum := prf.Sum(value)
			return hex.AppendEncode(append(dst, '\\', 'x'), sum[:])
		}
	}
	if n < 20 {
		c.needs(20)
	}
	n = c.room(n)
	if n < 20 && c.col.Unique && !c.nested {
		c.problem("length", "hash needs at least 20 characters to stay unique")
	}
	prf := c.prf()
	return func(dst, value []byte, _ *Rewriter) []byte {
		sum := prf.Sum(value)
		var buf [32]byte
		hex.Encode(buf[:], sum[:])
		return append(dst, buf[:n]...)
	}
}

func makeChoice(c *compiler) maskFunc {
	values := c.list("values")
	if len(values) == 0 && !c.given("values") {
		values = c.typ.Labels
	}
	if len(values) == 0 {
		c.problem("values", "choice needs values: { mask: choice, values: [a, b] }")
		return nil
	}
	for _, v := range values {
		if isText(c.typ) && utf8.RuneCountInString(v) > c.room(unbounded) {
			c.problem("values", "a value of choice does not fit the column, which holds %d characters", c.room(unbounded))
		}
	}
	prf := c.prf()
	return func(dst, value []byte, _ *Rewriter) []byte {
		s := prf.Stream(value)
		return append(dst, values[s.Intn(len(values))]...)
	}
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

// part is one piece of a template: a text, or a column's value.
type part struct {
	text   string
	column int // -1: text
	pad    int
	change byte // 'l' lower, 'u' upper, 0 none
}

// parseTemplate reads the subset of Go's template syntax that package docs
// speak of.
func (c *compiler) parseTemplate(text string) []part {
	var parts []part
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			parts = append(parts, part{text: before, column: -1})
		}
		if !found {
			break
		}
		action, after, closed := strings.Cut(rest, "}}")
		if !closed {
			c.problem("value", "a {{ has no }}")
			return nil
		}
		text = after
		p := part{column: -1}
		words := strings.Fields(action)
		switch {
		case len(words) == 1:
		case len(words) == 2 && (words[0] == "lower" || words[0] == "upper"):
			p.change = words[0][0]
		case len(words) == 3 && words[0] == "pad":
			n, err := strconv.Atoi(words[1])
			if err != nil || n < 1 || n > 1000 {
				c.problem("value", "pad takes a width: {{pad 7 .id}}")
				return nil
			}
			p.pad = n
		default:
			c.problem("value", "{{%s}} is not understood; write {{.column}}, {{pad 7 .column}}, {{lower .column}} or {{upper .column}}", action)
			return nil
		}
		name := ""
		if len(words) > 0 {
			name = words[len(words)-1]
		}
		column, ok := strings.CutPrefix(name, ".")
		for i := range c.table.Columns {
			if ok && c.table.Columns[i].Name == column {
				p.column = i
			}
		}
		if p.column < 0 {
			c.problem("value", "{{%s}}: the table has no column %q", strings.TrimSpace(action), strings.TrimPrefix(name, "."))
			return nil
		}
		parts = append(parts, p)
	}
	return parts
}

// templateInjective reports whether the template holds a whole unique key, each
// column as it is, with text between the columns.
func templateInjective(c *compiler) bool {
	text, _ := c.m.Params["value"].(string)
	probe := *c
	probe.problems, probe.used = nil, map[string]bool{}
	has := map[int]bool{}
	for _, p := range probe.parseTemplate(text) {
		if p.column >= 0 && p.change == 0 {
			has[p.column] = true
		}
	}
	for _, key := range c.table.Keys {
		whole := len(key) > 0
		for _, k := range key {
			whole = whole && has[k]
		}
		if whole && (len(key) == 1 || len(probe.problems) == 0) {
			return true
		}
	}
	return false
}

func makeTemplate(c *compiler) maskFunc {
	if !c.given("value") {
		c.problem("value", "template needs a value: { mask: template, value: \"user_{{.id}}@example.com\" }")
	}
	parts := c.parseTemplate(c.string("value", ""))
	for _, p := range parts {
		if p.column >= 0 {
			c.program.need[p.column] = true
			if m := c.table.Columns[p.column].Mask; m != nil && m.Kind != "keep" {
				c.problem("value", "column %q is masked itself, and a template would show its original; use columns that are kept", c.table.Columns[p.column].Name)
			}
		}
	}
	chars := c.room(unbounded)
	return func(dst, _ []byte, r *Rewriter) []byte {
		start := len(dst)
		for i := range parts {
			p := &parts[i]
			if p.column < 0 {
				dst = append(dst, p.text...)
				continue
			}
			v := r.vals[p.column]
			for n := utf8.RuneCount(v); n < p.pad; n++ {
				dst = append(dst, '0')
			}
			from := len(dst)
			dst = append(dst, v...)
			if p.change != 0 {
				changeCase(dst[from:], p.change == 'u')
			}
		}
		return fit(dst, start, chars)
	}
}

// changeCase changes ASCII letters in place.
func changeCase(b []byte, upper bool) {
	for i, ch := range b {
		switch {
		case upper && ch >= 'a' && ch <= 'z':
			b[i] = ch - 32
		case !upper && ch >= 'A' && ch <= 'Z':
			b[i] = ch + 32
		}
	}
}

// lowered appends the value in lower case (ASCII, and by rune where there is
// more), as PostgreSQL's lower does for what columns that fold hold.
func lowered(dst, value []byte) []byte {
	for i := 0; i < len(value); {
		r, w := utf8.DecodeRune(value[i:])
		switch {
		case r < utf8.RuneSelf:
			if r >= 'A' && r <= 'Z' {
				r += 32
			}
			dst = append(dst, byte(r))
		case r == utf8.RuneError && w == 1:
			dst = append(dst, value[i])
		default:
			dst = append(dst, strings.ToLower(string(value[i:i+w]))...)
		}
		i += w
	}
	return dst
}

// canonical wraps a function so that values that the column calls equal get the
// same: folded case, char(n) without its padding.
func (c *compiler) canonical(f maskFunc) maskFunc {
	fold := c.col.Fold || c.typ.Name == "citext"
	if !fold && c.typ.Name != "bpchar" {
		return f
	}
	trim := c.typ.Name == "bpchar"
	return func(dst, value []byte, r *Rewriter) []byte {
		if trim {
			for len(value) > 0 && value[len(value)-1] == ' ' {
				value = value[:len(value)-1]
			}
		}
		if fold {
			r.tmp = lowered(r.tmp[:0], value)
			value = r.tmp
		}
		start := len(dst)
		dst = f(dst, value, r)
		if fold {
			changeCase(dst[start:], false)
		}
		return dst
	}
}
