package seed

import (
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// appendQuoted appends a value in quotes, as elements and fields may have it.
func appendQuoted(dst []byte, values *set, i uint64) []byte {
	dst = append(dst, '"')
	at := len(dst)
	dst = values.append(dst, i)
	end, more := len(dst), 0
	for _, c := range dst[at:] {
		if c == '"' || c == '\\' {
			more++
			dst = append(dst, 0)
		}
	}
	for k := end - 1; more > 0; k-- { // from the back, each to its place
		c := dst[k]
		dst[k+more] = c
		if c == '"' || c == '\\' {
			more--
			dst[k+more] = '\\'
		}
	}
	return append(dst, '"')
}

// array is arrays of one or two elements, or of as many as checks want.
func (s *spec) array(need uint64) (set, error) {
	if s.lo.text != "" || s.hi.text != "" || len(s.patterns) > 0 {
		return set{}, fmt.Errorf("type %s: a check limits its values in a way that is not understood", s.typ.Name)
	}
	elem := spec{typ: s.typ.Elem, name: s.name, role: s.role, seed: s.seed}
	if _, ok := elem.domain(); !ok {
		return set{}, fmt.Errorf("type %s: a check of its domain is not understood", elem.typ.Name)
	}
	values, err := elem.set(need)
	if err != nil {
		return set{}, err
	}
	size := values.size
	least, most := max(s.minLen, 1), max(s.minLen, 2)
	if s.maxLen > 0 {
		most = min(most, s.maxLen)
	}
	switch {
	case least > most:
		return set{}, nil
	case size == 0 && s.minLen > 0:
		return set{}, nil
	case size == 0:
		return set{size: 1, append: func(dst []byte, _ uint64) []byte { return append(dst, "{}"...) }}, nil
	}
	seed, sep := s.seed, byte(',')
	if s.typ.Elem.Base == "box" {
		sep = ';'
	}
	return set{size: size, escape: true, append: func(dst []byte, i uint64) []byte {
		dst = append(dst, '{')
		dst = appendQuoted(dst, &values, i)
		h := mix(i ^ seed)
		n := least
		if h&1 == 1 {
			n = most
		}
		for ; n > 1; n-- {
			dst = append(dst, sep)
			dst = appendQuoted(dst, &values, below(h, size))
			h = mix(h)
		}
		return append(dst, '}')
	}}, nil
}

// ranges is ranges side by side: no two overlap, whatever rows take them.
func (s *spec) ranges(need uint64) (set, error) {
	elem := map[string]string{"int4range": "int4", "int8range": "int8", "numrange": "numeric", "daterange": "date", "tsrange": "timestamp", "tstzrange": "timestamptz",
		"int4multirange": "int4", "int8multirange": "int8", "nummultirange": "numeric", "datemultirange": "date", "tsmultirange": "timestamp", "tstzmultirange": "timestamptz"}[s.typ.Base]
	if elem == "" || s.lo.text != "" || s.hi.text != "" {
		return set{}, fmt.Errorf("type %s is not supported, or a check limits it", s.typ.Name)
	}
	print, from, step, size := printInt, int64(1), int64(10), max(uint64(1000), min(need, 1<<27))
	if kind := elem; kind == "date" || strings.HasPrefix(kind, "timestamp") {
		_, print = kindOfTime(kind)
		from, step, size = 1672531200, 3600, max(20_000, min(need, 1<<25))
		if kind == "date" {
			step, size = day, max(1000, min(need, 1<<20))
		}
	}
	multi := s.typ.Class == schema.Multirange
	quote := strings.HasPrefix(elem, "timestamp")
	return set{size: size, append: func(dst []byte, i uint64) []byte {
		v := from + int64(i)*step
		if multi {
			dst = append(dst, '{')
		}
		dst = append(dst, '[')
		for k, x := range []int64{v, v + step} {
			if k > 0 {
				dst = append(dst, ',')
			}
			if quote {
				dst = append(dst, '"')
			}
			if dst = print(dst, x); quote {
				dst = append(dst, '"')
			}
		}
		if dst = append(dst, ')'); multi {
			dst = append(dst, '}')
		}
		return dst
	}}, nil
}

// composite is rows of a composite type; the first field tells them apart.
func (s *spec) composite(need uint64) (set, error) {
	if len(s.typ.Fields) == 0 {
		return set{}, fmt.Errorf("type %s is not supported", s.typ.Name)
	}
	var fields []set
	size := uint64(0)
	for i := range s.typ.Fields {
		f := spec{typ: &s.typ.Fields[i].Type, name: strings.ToLower(s.typ.Fields[i].Name), seed: s.seed + uint64(i)}
		if _, ok := f.domain(); !ok {
			return set{}, fmt.Errorf("type %s: a check of its domain is not understood", f.typ.Name)
		}
		x, err := f.set(need)
		if err != nil {
			return set{}, fmt.Errorf("field %s: %w", s.typ.Fields[i].Name, err)
		}
		if x.size == 0 {
			return set{}, fmt.Errorf("field %s: its type has no values", s.typ.Fields[i].Name)
		}
		fields, size = append(fields, x), max(size, x.size)
	}
	return set{size: size, escape: true, append: func(dst []byte, i uint64) []byte {
		for k := range fields {
			sep := byte(',')
			if k == 0 {
				sep = '('
			}
			dst = appendQuoted(append(dst, sep), &fields[k], i%fields[k].size)
		}
		return append(dst, ')')
	}}, nil
}
