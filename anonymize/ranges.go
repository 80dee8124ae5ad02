package anonymize

import (
	"bytes"
)

// rangeOf returns the type of the bounds of a range or multirange type, "" for
// other types.
func rangeOf(t Type) string {
	switch t.Name {
	case "daterange", "datemultirange":
		return "date"
	case "tsrange", "tsmultirange":
		return "timestamp"
	case "tstzrange", "tstzmultirange":
		return "timestamptz"
	case "int4range", "int4multirange":
		return "int4"
	case "int8range", "int8multirange":
		return "int8"
	case "numrange", "nummultirange":
		return "numeric"
	}
	return ""
}

// maskRange masks the bounds of a range, or of all ranges of a multirange, as one
// value: what shifts one bound shifts all of them by as much. A range whose
// bounds become one is that one point.
func maskRange(mask maskFunc) maskFunc {
	return func(dst, value []byte, r *Rewriter) []byte {
		l, start := r.enter(), len(dst)
		defer r.leave()
		r.nested.whole, r.nested.summed = value, nil
		defer func() { r.nested.whole = nil }()
		rest := value
		for len(rest) > 0 {
			ch := rest[0]
			if ch != '[' && ch != '(' {
				if ch != '{' && ch != '}' && ch != ',' {
					break // empty
				}
				dst, rest = append(dst, ch), rest[1:]
				continue
			}
			end := rangeEnd(rest)
			if end < 0 {
				break
			}
			dst = r.maskBounds(dst, rest[:end], l, mask)
			rest = rest[end:]
		}
		if len(rest) > 0 && string(rest) != "empty" {
			r.opaque = true
			return append(dst[:start], "empty"...)
		}
		return append(dst, rest...)
	}
}

// rangeEnd returns where the range that v begins with ends, -1 if it does not.
func rangeEnd(v []byte) int {
	quoted := false
	for i := 1; i < len(v); i++ {
		switch ch := v[i]; {
		case ch == '"':
			quoted = !quoted
		case !quoted && (ch == ']' || ch == ')'):
			return i + 1
		}
	}
	return -1
}

func (r *Rewriter) maskBounds(dst, v []byte, l *level, mask maskFunc) []byte {
	open, shut := len(dst), v[len(v)-1]
	dst = append(dst, v[0])
	lower, rest, noLower, _ := cutField(l.part[:0], v[1:len(v)-1])
	l.part = lower
	at := len(dst)
	if !noLower {
		l.out = mask(l.out[:0], lower, r)
		dst = appendRowField(dst, l.out)
	}
	low := len(dst)
	dst = append(dst, ',')
	upper, _, noUpper, _ := cutField(l.part[:0], rest)
	l.part = upper
	if !noUpper {
		l.out = mask(l.out[:0], upper, r)
		dst = appendRowField(dst, l.out)
	}
	if !noLower && !noUpper && bytes.Equal(dst[at:low], dst[low+1:]) {
		dst[open], shut = '[', ']'
	}
	return append(dst, shut)
}
