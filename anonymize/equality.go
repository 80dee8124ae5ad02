package anonymize

import "bytes"

// equality says which spellings of an entity are one: those that PostgreSQL calls
// equal in the column that the entity is named by.
type equality struct {
	trim  bool // char(n): spaces at the end say nothing
	zeros bool // numeric: nor do zeros behind the point
	sign  bool // float: nor does the sign of zero
	fold  bool // citext, and collations that ignore case
}

func equalityOf(t *Table) equality {
	name := t.Columns[t.Entity].Type.Name
	return equality{
		trim:  name == "bpchar" || t.EntityKey.Name == "bpchar" && isText(t.Columns[t.Entity].Type),
		zeros: name == "numeric",
		sign:  name == "float4" || name == "float8",
		fold:  t.EntityFold,
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
	if e.fold {
		return appendCase(dst, v, false)
	}
	return append(dst, v...)
}
