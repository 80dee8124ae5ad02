package subset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/pgstandin/pgstandin/schema"
)

// family says which values of a column are equal exactly when their canonical
// text is. A column outside the list has no family, and a reference with such
// a column is followed on the server, by the parent's row identity.
type family string

const (
	famInt     family = "int"
	famNumeric family = "numeric"
	famText    family = "text"
	famChar    family = "bpchar"
)

func familyOf(c *schema.Column) family {
	t := &c.Type
	if t.Class == schema.EnumType {
		return family("enum " + strconv.FormatUint(uint64(t.BaseOID), 10))
	}
	if t.Class != schema.Base || !t.Builtin {
		return ""
	}
	switch t.Base {
	case "int2", "int4", "int8":
		return famInt
	case "numeric":
		return famNumeric
	case "text", "varchar":
		if c.Nondeterministic {
			return ""
		}
		return famText
	case "bpchar":
		if c.Nondeterministic {
			return ""
		}
		return famChar
	case "float4", "float8", "uuid", "bool", "date", "timestamp", "timestamptz", "bytea", "oid":
		return family(t.Base)
	}
	return ""
}

// common returns the family in which a child's and a parent's column compare,
// or "" when they must be compared on the server.
func common(a, b family) family {
	switch {
	case a == b:
		return a
	case a == famInt && b == famNumeric, a == famNumeric && b == famInt:
		return famNumeric
	}
	return ""
}

// appendCanonical appends the canonical form of a value's text.
func (f family) appendCanonical(dst, v []byte) []byte {
	switch f {
	case famNumeric:
		if bytes.IndexByte(v, '.') >= 0 {
			v = bytes.TrimRight(v, "0")
			v = bytes.TrimSuffix(v, []byte("."))
		}
	case famChar:
		v = bytes.TrimRight(v, " ")
	case "float4", "float8":
		if len(v) == 2 && v[0] == '-' && v[1] == '0' {
			v = v[1:]
		}
	}
	return append(dst, v...)
}

// literalType is the element type of an array constant that holds canonical
// values of the family and compares with the child column through an index;
// "" when there is none.
func (f family) literalType() string {
	switch f {
	case famInt:
		return "pg_catalog.int8"
	case famChar:
		return "pg_catalog.bpchar"
	case famText:
		return "pg_catalog.text"
	case famNumeric, "float4", "float8", "uuid", "bool", "date", "timestamp", "timestamptz", "bytea", "oid":
		return "pg_catalog." + string(f)
	}
	return ""
}

// parseInt reads a decimal integer of at most 64 bits as PostgreSQL prints it.
func parseInt(b []byte) (uint64, error) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, fmt.Errorf("a key of %d digits is no integer", len(b))
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("an integer key holds something else")
		}
		n = n*10 + uint64(c-'0')
	}
	if neg {
		return -n, nil
	}
	return n, nil
}

// appendPart appends one part of what is hashed, in its canonical form and with
// its length in front.
func appendPart(dst []byte, f family, v []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = f.appendCanonical(dst, v)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendElement appends one element of an array constant inside a quoted
// string constant; safe whatever standard_conforming_strings says, because
// the constant that it goes into is written as E'...'.
func appendElement(dst, v []byte) []byte {
	dst = append(dst, '"')
	for _, c := range v {
		switch c {
		case '\'':
			dst = append(dst, '\'', '\'')
		case '"':
			dst = append(dst, `\\"`...)
		case '\\':
			dst = append(dst, `\\\\`...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
