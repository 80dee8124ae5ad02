package anonymize

import (
	"bytes"
	"maps"
	"slices"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/keyed"
)

// level is a rewriter's scratch for the parts of one value; values nest.
type level struct {
	array copyfmt.ArrayReader
	part  []byte // a decoded part
	out   []byte // its mask
}

// nestedScratch is for the parts of values.
type nestedScratch struct {
	levels []*level
	depth  int    // of levels in use
	whole  []byte // the range that bounds at hand are of
	sum    [16]byte
	summed *keyed.PRF // whose sum of whole that is; nil: none yet
}

// enter returns the scratch of the next level; leave ends its use.
func (r *Rewriter) enter() *level {
	if r.nested.depth == len(r.nested.levels) {
		r.nested.levels = append(r.nested.levels, new(level))
	}
	r.nested.depth++
	l := r.nested.levels[r.nested.depth-1]
	if cap(l.part)+cap(l.out) > outsized {
		l.part, l.out = nil, nil
	}
	return l
}

func (r *Rewriter) leave() { r.nested.depth-- }

// apply masks a value that is neither NULL nor empty, element by element if the
// column is an array. The mask must make something.
func (c *column) apply(dst, value []byte, r *Rewriter) []byte {
	if c.array {
		return r.maskArray(dst, value, c.mask)
	}
	return c.mask(dst, value, r)
}

// maskArray masks each element; a text that is no array (it cannot come from an
// array column) becomes an empty one.
func (r *Rewriter) maskArray(dst, value []byte, mask maskFunc) []byte {
	l, start := r.enter(), len(dst)
	defer r.leave()
	l.array.Reset(value)
	for {
		tok, elem, err := l.array.Next()
		if err != nil {
			r.opaque = true
			return append(dst[:start], '{', '}')
		}
		switch tok {
		case copyfmt.ArrayEnd:
			return dst
		case copyfmt.ArrayElement:
			if len(elem) == 0 {
				dst = copyfmt.AppendArrayElement(dst, elem)
				continue
			}
			l.out = mask(l.out[:0], elem, r)
			dst = copyfmt.AppendArrayElement(dst, l.out)
		default:
			dst = append(dst, l.array.Raw()...)
		}
	}
}

// nest compiles the mask of a part of the column's values, which the rules give
// under a name in a parameter.
func (c *compiler) nest(param, name string, v any, t Type) column {
	m, err := MaskOf(v)
	if err != nil {
		c.problem(param, "%s: %v", name, err)
		return column{}
	}
	if m.Kind == "template" {
		c.problem(param, "%s: mask template cannot stand inside %s", name, c.m.Kind)
		return column{}
	}
	return c.compilePart(param, name, m, t)
}

// compilePart is nest for a mask that is read.
func (c *compiler) compilePart(param, name string, m *Mask, t Type) column {
	sub := c.within(t, m)
	sub.part = true
	made, problems := sub.compile(m)
	for _, p := range problems {
		c.problem(param, "%s: %s", name, p.Message)
	}
	c.usesEntity, c.readsRow = c.usesEntity || sub.usesEntity, c.readsRow || sub.readsRow
	return made
}

// deniesOther reads the parameter other: whether values that the mask has no decision
// for become null. values says which they are.
func (c *compiler) deniesOther(values string) bool {
	switch c.string("other", "") {
	case "keep":
	case "deny":
		return true
	default:
		c.problem("other", "%s needs other: keep or deny, which says what happens to values %s", c.m.Kind, values)
	}
	return false
}

// makeComposite masks the fields of a composite type. Each has a decision, as
// each column has.
func makeComposite(c *compiler) maskFunc {
	given, ok := c.m.Params["fields"].(map[string]any)
	if !ok {
		c.problem("fields", "composite needs fields: { mask: composite, fields: { city: address.city, since: keep } }")
		return nil
	}
	known := map[string]bool{}
	fields := make([]column, len(c.typ.Fields))
	for i, f := range c.typ.Fields {
		known[f.Name] = true
		v, decided := given[f.Name]
		if !decided {
			c.problem("fields", "the field %q of type %s is undecided; give it a mask, or keep", f.Name, c.typ.Name)
			continue
		}
		fields[i] = c.nest("fields", f.Name, v, f.Type)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !known[name] {
			c.problem("fields", "type %s has no field %q", c.typ.Name, name)
		}
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		l, start := r.enter(), len(dst)
		defer r.leave()
		if len(value) < 2 || value[0] != '(' || value[len(value)-1] != ')' {
			return nullFields(dst, len(fields), r)
		}
		rest := value[1 : len(value)-1]
		dst = append(dst, '(')
		for i := range fields {
			var null, last bool
			l.part, rest, null, last = cutField(l.part[:0], rest)
			if last != (i == len(fields)-1) {
				return nullFields(dst[:start], len(fields), r)
			}
			dst = fields[i].appendField(dst, l, null, r)
			if !last {
				dst = append(dst, ',')
			}
		}
		return append(dst, ')')
	}
}

// nullFields stands for a text that is no row of so many fields, which a column
// of the type cannot hold.
func nullFields(dst []byte, n int, r *Rewriter) []byte {
	r.opaque = true
	dst = append(dst, '(')
	for range n - 1 {
		dst = append(dst, ',')
	}
	return append(dst, ')')
}

// appendField appends the mask of the part that l holds, as a field of a row.
func (c *column) appendField(dst []byte, l *level, null bool, r *Rewriter) []byte {
	switch {
	case null:
		return dst
	case c.null:
		c.nulled(l.part, r)
		return dst
	case c.mask == nil || len(l.part) == 0: // kept
		return appendRowField(dst, l.part)
	}
	r.meant = r.meant || !c.parts
	l.out = c.apply(l.out[:0], l.part, r)
	return appendRowField(dst, l.out)
}

// cutField reads the first field of the inside of a row: it appends its text to
// dst and returns what follows the comma. A field of nothing is NULL.
func cutField(dst, v []byte) (field, rest []byte, null, last bool) {
	quoted, any := false, false
	for i := 0; i < len(v); i++ {
		switch ch := v[i]; {
		case ch == ',' && !quoted:
			return dst, v[i+1:], !any, false
		case ch == '\\' && i+1 < len(v):
			i++
			dst = append(dst, v[i])
		case ch == '"' && quoted && i+1 < len(v) && v[i+1] == '"':
			i++
			dst = append(dst, '"')
		case ch == '"':
			quoted = !quoted
		default:
			dst = append(dst, ch)
		}
		any = true
	}
	return dst, nil, !any, true
}

// appendRowField appends a field as record_out does: in quotes where it is empty
// or holds what the format uses.
func appendRowField(dst, v []byte) []byte {
	if len(v) > 0 && !bytes.ContainsAny(v, "\"\\(),[] \t\n\r\v\f") {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for _, ch := range v {
		if ch == '"' || ch == '\\' {
			dst = append(dst, ch)
		}
		dst = append(dst, ch)
	}
	return append(dst, '"')
}

// makeHstore masks the values of an hstore by their keys.
func makeHstore(c *compiler) maskFunc {
	given, ok := c.m.Params["keys"].(map[string]any)
	if !ok || len(given) == 0 {
		c.problem("keys", "hstore needs keys: { mask: hstore, keys: { email: email }, other: keep }")
		return nil
	}
	others := &column{null: c.deniesOther("of no key"), typ: Type{Name: "text"}}
	masks := map[string]*column{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		made := c.nest("keys", name, given[name], Type{Name: "text"})
		masks[name] = &made
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		l, start := r.enter(), len(dst)
		defer r.leave()
		for rest := value; ; {
			key, after, ok := cutQuoted(rest)
			if !ok || !bytes.HasPrefix(after, arrow) {
				r.opaque = true
				return dst[:start] // an hstore of nothing
			}
			l.part = unescape(l.part[:0], key)
			m := masks[string(l.part)]
			if m == nil {
				m = others
			}
			dst = append(append(append(dst, '"'), key...), `"=>`...)
			rest = after[len(arrow):]
			if bytes.HasPrefix(rest, nullWord) {
				dst, rest = append(dst, nullWord...), rest[len(nullWord):]
			} else {
				text, after, ok := cutQuoted(rest)
				if !ok {
					r.opaque = true
					return dst[:start]
				}
				l.part = unescape(l.part[:0], text)
				dst, rest = m.appendPair(dst, l, r), after
			}
			if len(rest) == 0 {
				return dst
			}
			if !bytes.HasPrefix(rest, comma) {
				r.opaque = true
				return dst[:start]
			}
			dst, rest = append(dst, comma...), rest[len(comma):]
		}
	}
}

var arrow, nullWord, comma = []byte("=>"), []byte("NULL"), []byte(", ")

// appendPair appends the mask of the part that l holds, as a value of an hstore.
func (c *column) appendPair(dst []byte, l *level, r *Rewriter) []byte {
	out := l.part
	switch {
	case c.null:
		c.nulled(l.part, r)
		return append(dst, nullWord...)
	case c.mask != nil && len(l.part) > 0:
		r.meant = r.meant || !c.parts
		l.out = c.apply(l.out[:0], l.part, r)
		out = l.out
	}
	dst = append(dst, '"')
	for _, ch := range out {
		if ch == '"' || ch == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, ch)
	}
	return append(dst, '"')
}

// cutQuoted returns what stands between the quotes that v begins with, with its
// backslashes, and what follows.
func cutQuoted(v []byte) (text, rest []byte, ok bool) {
	if len(v) == 0 || v[0] != '"' {
		return nil, nil, false
	}
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return v[1:i], v[i+1:], true
		}
	}
	return nil, nil, false
}

// unescape appends v without its backslashes.
func unescape(dst, v []byte) []byte {
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		dst = append(dst, v[i])
	}
	return dst
}
