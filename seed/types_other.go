package seed

import (
	"fmt"
	"strconv"
	"strings"
)

// other is the values of types that are neither numbers, times nor text.
func (s *spec) other(need uint64) (set, error) {
	if s.typ.Base == "uuid" && (s.lo.text != "" || s.hi.text != "") {
		return s.uuids()
	}
	if s.lo.text != "" || s.hi.text != "" || len(s.patterns) > 0 {
		return set{}, fmt.Errorf("type %s: a check limits its values in a way that is not understood", s.typ.Name)
	}
	seed := s.seed
	size, escape := many, false
	var f func(dst []byte, i uint64) []byte
	switch s.typ.Base {
	case "uuid":
		f = func(dst []byte, i uint64) []byte { return appendUUID(dst, i, seed) }
	case "json", "jsonb":
		if out := s.document(); need < out.size {
			return out, nil
		}
		size = max(need, 1000)
		f = func(dst []byte, i uint64) []byte {
			dst = append(dst, `{"number": `...)
			dst = strconv.AppendUint(dst, i, 10)
			return append(dst, '}')
		}
	case "inet", "cidr":
		size = 1 << 24
		f = func(dst []byte, i uint64) []byte {
			for k := range 4 {
				if k > 0 {
					dst = append(dst, '.')
				}
				dst = strconv.AppendUint(dst, (10<<24|i)>>(24-8*uint(k))&255, 10)
			}
			return dst
		}
	case "macaddr":
		f, size = macs(5), 1<<40
	case "macaddr8":
		f, size = macs(7), 1<<56
	case "bytea":
		escape = true
		f, size = s.bytes()
	case "bit", "varbit":
		n := s.typ.Length
		if n == 0 {
			n = 8
		}
		if size = many; n < 62 {
			size = 1 << n
		}
		f = func(dst []byte, i uint64) []byte {
			for k := n - 1; k >= 0; k-- {
				dst = append(dst, byte('0'+i>>min(uint(k), 63)&1))
			}
			return dst
		}
	case "interval":
		size = min(max(need, 7*1440), 1<<31) // minutes of a week
		f = func(dst []byte, i uint64) []byte {
			i++
			if i >= 1440 {
				dst = append(strconv.AppendUint(dst, i/1440, 10), " days "...)
			}
			dst = appendDigits(dst, i/60%24, 2)
			return append(appendDigits(append(dst, ':'), i%60, 2), ":00"...)
		}
	case "xml":
		f, size = around("<note><number>", "</number></note>"), max(need, 1000)
	case "hstore":
		f, size = around(`"number"=>"`, `"`), max(need, 1000)
	case "ltree":
		f, size = around("top.n", ""), max(need, 1000)
	case "tsvector", "tsquery":
		size = max(need, 1000)
		f = around("word", "")
	default:
		if f = geometric(s.typ.Base); f == nil {
			return set{}, fmt.Errorf("type %s is not supported", s.typ.Name)
		}
		size = min(max(need, 1000), 1<<31)
	}
	return set{size: size, append: f, escape: escape}, nil
}

// bytes is bytea of as many bytes as checks want, 8 where they want none.
func (s *spec) bytes() (f func(dst []byte, i uint64) []byte, size uint64) {
	n, seed := max(8, s.minLen), s.seed
	if s.maxLen > 0 {
		n = min(n, s.maxLen)
	}
	if n < 8 {
		return func(dst []byte, i uint64) []byte { return appendHex(append(dst, `\x`...), i, 2*n) }, 1 << (8 * uint(n))
	}
	return func(dst []byte, i uint64) []byte {
		dst = append(dst, `\x`...)
		for left, h := n, mix(i^seed); left > 0; left, h = left-8, mix(h) {
			dst = appendHex(dst, h, 2*min(left, 8))
		}
		return dst
	}, many
}

func around(before, after string) func([]byte, uint64) []byte {
	return func(dst []byte, i uint64) []byte {
		return append(strconv.AppendUint(append(dst, before...), i, 10), after...)
	}
}

func macs(n int) func([]byte, uint64) []byte {
	return func(dst []byte, i uint64) []byte {
		dst = append(dst, "02"...)
		for k := n - 1; k >= 0; k-- {
			dst = appendHex(append(dst, ':'), i>>(8*uint(k))&255, 2)
		}
		return dst
	}
}

// geometric places shapes side by side, so that none overlaps another.
func geometric(base string) func([]byte, uint64) []byte {
	if base == "point" {
		return func(dst []byte, i uint64) []byte {
			dst = strconv.AppendUint(append(dst, '('), i, 10)
			dst = strconv.AppendUint(append(dst, ','), below(mix(i), 1000), 10)
			return append(dst, ')')
		}
	}
	form := map[string]string{
		"line": "{1,0,-X}", "lseg": "[(X,0),(X,1)]", "box": "(X,1),(X,0)",
		"path": "[(X,0),(X,1)]", "polygon": "((X,0),(X,1),(X,2))", "circle": "<(X,0),0.25>",
	}[base]
	if form == "" {
		return nil
	}
	parts := strings.Split(form, "X")
	return func(dst []byte, i uint64) []byte {
		for k, p := range parts {
			if k > 0 {
				dst = strconv.AppendUint(dst, i, 10)
			}
			dst = append(dst, p...)
		}
		return dst
	}
}
