package anonymize

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// errTextOnly is a binary rewriter of a program that takes text only.
var errTextOnly = errors.New("masks of the table take rows in text only")

// NewBinaryRewriter returns a rewriter of COPY's binary tuples for one worker. It
// masks each value as the one of NewRewriter does. The types that columns are
// named after must be the server's own. If TextOnly gives a reason, AppendRow
// does nothing but fail.
func (p *Program) NewBinaryRewriter() *Rewriter {
	r := p.NewRewriter()
	r.binary = true
	return r
}

// TextOnly says why the program takes rows in text but not in binary: a mask
// reads or writes a column of a type that has no converter. It is "" if it takes
// both.
func (p *Program) TextOnly() string { return p.textOnly }

// findCodecs finds the converter of each field whose value is read.
func (p *Program) findCodecs(t *Table, literals [][]string) {
	p.codecs = make([]*copyfmt.Codec, p.fields)
	gone := make([]bool, p.fields) // becomes NULL, which a witness is told
	for i := range p.columns {
		gone[p.columns[i].index] = p.columns[i].null && speaking(p.columns[i].typ)
	}
	for i := range t.Columns {
		p.names = append(p.names, t.Columns[i].Name)
		if !p.need[i] && !gone[i] {
			continue
		}
		col := &t.Columns[i]
		codec := codecOf(col.Type)
		if codec == nil {
			p.noBinary("column %s: masks have no converter for binary values of type %s", col.Name, col.Type.Name)
			continue
		}
		p.codecs[i] = codec
		if col.Type.Elem != nil && col.Mask.perElement() {
			codec = codecOf(*col.Type.Elem)
		}
		var s copyfmt.CodecScratch
		for _, v := range literals[i] {
			if _, err := codec.AppendBinary(&s, nil, []byte(v)); err != nil {
				p.noBinary("column %s: a value of mask %s is not spelled as the server writes it", col.Name, col.Mask.Kind)
			}
		}
	}
}

// perElement reports whether the mask takes an array by its elements.
func (m *Mask) perElement() bool { return m != nil && !kindNamed(m.Kind).whole }

// noBinary keeps the first reason.
func (p *Program) noBinary(format string, args ...any) {
	if p.textOnly == "" {
		p.textOnly = fmt.Sprintf(format, args...)
	}
}

// codecOf returns the converter of a type, nil if there is none.
func codecOf(t Type) *copyfmt.Codec {
	switch {
	case t.Elem != nil && len(t.Elem.Labels)+len(t.Elem.Fields) > 0, len(t.Fields) > 0:
		return nil
	case t.Elem != nil:
		return copyfmt.ArrayCodec(codecOf(*t.Elem))
	case len(t.Labels) > 0:
		return copyfmt.EnumCodec()
	}
	return copyfmt.CodecOf(t.Name)
}

// cutBinary is cut for a tuple.
func (r *Rewriter) cutBinary(row []byte) error {
	if r.p.textOnly != "" {
		return errTextOnly
	}
	n, rest, err := copyfmt.BinaryFields(row)
	if err != nil {
		return err
	}
	if n != len(r.fields) {
		return copyfmt.ErrFields
	}
	for i := range n {
		start := len(row) - len(rest)
		if _, rest, err = copyfmt.CutBinary(rest); err != nil {
			return err
		}
		r.fields[i] = span{start, len(row) - len(rest)}
	}
	if len(rest) > 0 {
		return copyfmt.ErrFields
	}
	return nil
}

// decodeBinary is decode for a tuple. A value of a type whose text has the same
// bytes is a part of row.
func (r *Rewriter) decodeBinary(row []byte) error {
	if cap(r.values) > outsized {
		r.values = nil
	}
	r.values = r.values[:0]
	for i, need := range r.need[:r.p.reach] {
		if !need {
			continue
		}
		f, codec := row[r.fields[i].start:r.fields[i].end], r.p.codecs[i]
		value, _, err := copyfmt.CutBinary(f)
		switch {
		case err != nil:
			return err
		case value == nil || codec.Same():
			r.vals[i] = value
		default:
			// Where the buffer grows, earlier values stay in the old one.
			start := len(r.values)
			if r.values, err = codec.AppendText(&r.codec, r.values, value); err != nil {
				return fmt.Errorf("column %s: %w", r.p.names[i], err)
			}
			r.vals[i] = r.values[start:len(r.values):len(r.values)]
		}
	}
	return nil
}

// binaryField is field for a field with its length.
func (r *Rewriter) binaryField(dst, field []byte, c *column, s *ColumnStats) ([]byte, error) {
	old, _, err := copyfmt.CutBinary(field)
	switch {
	case err != nil:
		return dst, err
	case old == nil:
		s.Nulls++
		return append(dst, field...), nil
	case c.null:
		s.Masked++
		c.nulled(r.vals[c.index], r)
		return copyfmt.AppendBinaryNull(dst), nil
	}
	value := r.vals[c.index]
	if len(value) == 0 {
		return append(dst, field...), nil
	}
	dst = copyfmt.BeginBinaryField(dst)
	start := len(dst)
	if c.raw != nil {
		if out, ok := c.raw(dst, old, r); ok {
			if s.Masked++; bytes.Equal(out[start:], old) {
				s.Fixed++
			}
			return copyfmt.EndBinaryField(out, start), nil
		}
	}
	r.mask(value, c, s)
	codec := r.p.codecs[c.index]
	if codec.Same() {
		return copyfmt.EndBinaryField(append(dst, r.out...), start), nil
	}
	if dst, err = codec.AppendBinary(&r.codec, dst, r.out); err != nil {
		return dst, fmt.Errorf("column %s: what mask %s made: %w", r.p.names[c.index], c.kind, err)
	}
	return copyfmt.EndBinaryField(dst, start), nil
}
