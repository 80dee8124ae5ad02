package anonymize

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// equality says which spellings of an entity are one: those that PostgreSQL calls
// equal in the column that the entity is named by.
type equality struct {
	trim  bool // char(n): spaces at the end say nothing
	zeros bool // numeric: nor do zeros behind the point
	sign  bool // float: nor does the sign of zero
	host  bool // cidr: nor does the length of a whole address
	fold  bool // citext, and collations that ignore case
	// loose says that values which the table's own column tells apart may be one entity.
	loose bool
}

func equalityOf(t *Table) equality {
	name := t.Columns[t.Entity].Type.Name
	trimmed := name != "bpchar" && t.EntityKey.Name == "bpchar" && isText(t.Columns[t.Entity].Type)
	return equality{
		trim:  name == "bpchar" || trimmed,
		zeros: name == "numeric",
		sign:  name == "float4" || name == "float8",
		host:  name == "cidr",
		fold:  t.EntityFold,
		loose: t.EntityFold || trimmed,
	}
}

// appendSpelling appends the one spelling of all that equal v.
func (e equality) appendSpelling(dst, v []byte) []byte {
	if e.trim {
		v = bytes.TrimRight(v, " ")
	}
	if e.zeros && bytes.IndexByte(v, '.') >= 0 {
		v = bytes.TrimSuffix(bytes.TrimRight(v, "0"), []byte("."))
	}
	if e.sign && string(v) == "-0" {
		v = v[1:]
	}
	if e.host {
		whole := "/32"
		if bytes.IndexByte(v, ':') >= 0 {
			whole = "/128"
		}
		v = bytes.TrimSuffix(v, []byte(whole))
	}
	if e.fold {
		return appendCaseless(dst, v)
	}
	return append(dst, v...)
}

// appendCaseless appends v without what case and width say: in place of each letter the
// least of those that Unicode folds to each other, of both sigmas the same.
func appendCaseless(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		r, w := rune(v[i]), 1
		if r >= utf8.RuneSelf {
			if r, w = utf8.DecodeRune(v[i:]); r == utf8.RuneError && w == 1 {
				dst = append(dst, v[i])
				i++
				continue
			}
		}
		i += w
		if r >= 0xff01 && r <= 0xff5e { // full width
			r -= 0xfee0
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		dst = utf8.AppendRune(dst, least)
	}
	return dst
}
