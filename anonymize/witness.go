package anonymize

import (
	"bytes"
	"slices"
)

// Witness is told what masks replace, and what they make. The values are valid
// during the call. It belongs to the goroutine of its rewriter.
type Witness interface {
	// Row is told before what is in a row.
	Row()
	// Original is one text that a mask replaces: a value, an element of an array,
	// a string or number of a document, a field, or what was found in a text.
	// Values of the mask's kind that have at most so many words as shared, and no
	// digits, are what many people share: first names, places, jobs.
	Original(value []byte, shared int)
	// Edited is Original for a value of which any part may stay in out, which came
	// of it: what out still holds of the value stands there because it may.
	Edited(value, out []byte, shared int)
	// Whole is a value of any type of which nothing stays, as PostgreSQL writes it
	// as text.
	Whole(t *Type, value []byte)
	// Output is what a mask made. Without parts a part of it may be one of an
	// original, and only the whole was made.
	Output(value []byte, parts bool)
}

// Watch tells w of every value that is masked from now on; nil ends it. Of dates,
// numbers, booleans, enums and binary data it is told nothing, nor of values that
// are empty. Of outputs it is told those of which parts of the column stay, and
// those of masks that draw from lists; with all, every one. Of a mask that may let
// any part of a value stay it is told none: what it makes is no less an original.
func (r *Rewriter) Watch(w Witness, all bool) {
	r.witness, r.outputs = w, all
	r.need = r.p.need
	if w == nil {
		return
	}
	r.need = slices.Clone(r.p.need)
	for i := range r.p.columns {
		if c := &r.p.columns[i]; c.null && speaking(c.typ) {
			r.need[c.index] = true
		}
	}
}

// watched makes a mask tell the witness.
func (c *compiler) watched(mask maskFunc) maskFunc {
	typ := c.typ
	switch {
	case c.nested || c.kind.parts || mask == nil || c.kind.speaks == no || !speaking(typ):
		return mask
	case !isLeaf(typ):
		return func(dst, value []byte, r *Rewriter) []byte {
			if r.witness != nil {
				r.witness.Whole(&typ, value)
			}
			return mask(dst, value, r)
		}
	}
	told, stays, shared := c.told(), c.kind.staying(c.m), c.kind.shared.most()
	return func(dst, value []byte, r *Rewriter) []byte {
		if r.witness == nil {
			return mask(dst, value, r)
		}
		start := len(dst)
		if stays == staysAll {
			dst = mask(dst, value, r)
			r.witness.Edited(value, dst[start:], shared)
			return dst
		}
		r.witness.Original(value, shared)
		if dst = mask(dst, value, r); told || r.outputs {
			stays.tell(r.witness, dst[start:])
		}
		return dst
	}
}

// told reports whether a witness is told of all that the mask makes: it may be
// looked through, or is found elsewhere by chance.
func (c *compiler) told() bool {
	return c.kind.listed == yes || c.part || c.kind.staying(c.m) != staysNothing
}

// tell tells a witness which part of out a mask made.
func (s stays) tell(w Witness, out []byte) {
	switch s {
	case staysNothing:
		w.Output(out, true)
	case staysDomain:
		front, _, _ := bytes.Cut(out, at)
		w.Output(front, true)
	case staysPart:
		w.Output(out, false)
	}
}

var at = []byte("@")

// watchedRaw is watched for a mask of binary values, of which the witness is told
// the text. Where it is told of what the mask makes, that is made as text.
func (c *compiler) watchedRaw(raw rawFunc) rawFunc {
	index, told, shared := c.index, c.told(), c.kind.shared.most()
	return func(dst, value []byte, r *Rewriter) ([]byte, bool) {
		if r.witness == nil {
			return raw(dst, value, r)
		}
		if told || r.outputs {
			return dst, false
		}
		out, ok := raw(dst, value, r)
		if ok { // otherwise it is masked, and told, as text
			r.witness.Original(r.vals[index], shared)
		}
		return out, ok
	}
}

// isLeaf reports whether a value of the type is one text.
func isLeaf(t Type) bool {
	return !t.Range && len(t.Fields) == 0 && (isText(t) || named("inet", "cidr", "macaddr", "macaddr8", "uuid")(t))
}

// Speaks reports whether values of the type may hold texts that are looked for.
func (t *Type) Speaks() bool { return speaking(*t) }

// speaking is Speaks. A type that people made may have the name of one that
// PostgreSQL has.
func speaking(t Type) bool {
	switch {
	case t.Elem != nil:
		return speaking(*t.Elem)
	case len(t.Fields) > 0:
		return slices.ContainsFunc(t.Fields, func(f Field) bool { return speaking(f.Type) })
	case t.Range:
		return true
	}
	if len(t.Labels) > 0 || rangeOf(t) != "" || isNumber(t) || isDate(t) {
		return false
	}
	switch t.Name {
	case "bool", "bytea", "time", "timetz", "interval", "money", "bit", "varbit", "oid", "point", "line", "lseg", "box", "path", "polygon", "circle":
		return false
	}
	return true
}

// nulled tells the witness of a value that becomes NULL.
func (c *column) nulled(value []byte, r *Rewriter) {
	if r.witness == nil || len(value) == 0 || !speaking(c.typ) {
		return
	}
	if isLeaf(c.typ) {
		r.witness.Original(value, 0)
	} else {
		r.witness.Whole(&c.typ, value)
	}
}

// Reads reports whether AppendRow with a witness looks at the value of a column,
// by index into Table.Columns.
func (p *Program) Reads(i int) bool {
	return p.need[i] || slices.ContainsFunc(p.columns, func(c column) bool { return c.index == i && c.null })
}
