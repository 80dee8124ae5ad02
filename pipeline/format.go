package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// firstUserOID is that of the first object which is not the server's own: those
// below are the same on every server.
const firstUserOID = 16384

// Ends is what the choice of a format has to know of both servers.
type Ends struct {
	Encoding       string // of both databases: "UTF8"
	Source, Target int    // major versions; Target is 0 while it is not known
}

// TextOnly says why columns of t, by index, cannot move between two servers in
// COPY's binary format; "" if they can. A value in binary is safe to move where
// its bytes mean the same on both servers: they hold no OID that differs, and no
// version reads them otherwise.
func TextOnly(t *schema.Table, columns []int, ends Ends) string {
	for i := range t.Columns {
		c := &t.Columns[i]
		why := ""
		switch {
		case slices.Contains(columns, i):
			why = unsafeType(&c.Type, ends)
		case !receives(&c.Type):
			why = fmt.Sprintf("it is not copied, but a server takes rows in binary only where it can read every column, and for %s that is not known", c.Type.Name)
		}
		if why != "" {
			return fmt.Sprintf("column %s: %s", schema.QuoteIdent(c.Name), why)
		}
	}
	return ""
}

// receives reports whether a type is known to have a function that reads its
// binary form: COPY looks for that of each column, even of those that it does
// not fill.
func receives(t *schema.Type) bool {
	switch t.Class {
	case schema.Base:
		return t.Extension == "" && t.Builtin && (builtinTypes[t.Base] || strings.HasPrefix(t.Base, "reg")) || extensionTypes[t.Extension+"."+t.Base]
	case schema.Pseudo:
		return false
	}
	return true // reads its parts
}

func unsafeType(t *schema.Type, ends Ends) string {
	switch {
	case t.Class == schema.EnumType:
		return "" // goes by its labels
	case t.Class == schema.Array && t.Elem != nil:
		if !t.Builtin || t.Elem.BaseOID >= firstUserOID {
			return fmt.Sprintf("the binary form of %s holds the OID of its elements' type, which differs on the target", t.Name)
		}
		return unsafeType(t.Elem, ends)
	case t.Class == schema.Composite:
		return fmt.Sprintf("the binary form of %s holds the OIDs of its fields' types, which may differ on the target", t.Name)
	case t.Extension != "":
		if !extensionTypes[t.Extension+"."+t.Base] {
			return fmt.Sprintf("it is not known that every version of extension %s reads the binary form of %s alike", t.Extension, t.Name)
		}
		return ""
	case !t.Builtin || t.BaseOID >= firstUserOID || t.Class == schema.Pseudo:
		return fmt.Sprintf("%s is no type of PostgreSQL's own", t.Name)
	case !builtinTypes[t.Base]:
		return fmt.Sprintf("the binary form of %s is an OID, or there is none", t.Name)
	case t.Base == "xml" && ends.Encoding != "UTF8":
		return "the binary form of xml names the encoding, which its text does not"
	case t.Base == "interval" && ends.Source >= 17 && ends.Target > 0 && ends.Target < 17:
		return fmt.Sprintf("version %d would read an infinite interval as a finite one", ends.Target)
	}
	return ""
}

// extensionTypes are types of extensions with a binary form that is theirs since
// the first version, without OIDs: text, and pairs of texts.
var extensionTypes = map[string]bool{"citext.citext": true, "hstore.hstore": true}

// builtinTypes are those whose binary form is the same in all supported versions
// and holds no OID of a table, function, role or type that the user made.
var builtinTypes = map[string]bool{
	"bool": true, "bytea": true, "char": true, "name": true, "text": true, "bpchar": true, "varchar": true, "refcursor": true,
	"int2": true, "int4": true, "int8": true, "float4": true, "float8": true, "numeric": true, "money": true,
	"oid": true, "tid": true, "xid": true, "xid8": true, "cid": true, "pg_lsn": true, "txid_snapshot": true, "pg_snapshot": true,
	"json": true, "jsonb": true, "jsonpath": true, "xml": true, "tsvector": true, "tsquery": true, "uuid": true,
	"point": true, "lseg": true, "path": true, "box": true, "polygon": true, "line": true, "circle": true,
	"inet": true, "cidr": true, "macaddr": true, "macaddr8": true, "bit": true, "varbit": true,
	"date": true, "time": true, "timetz": true, "timestamp": true, "timestamptz": true, "interval": true,
	"int4range": true, "int8range": true, "numrange": true, "daterange": true, "tsrange": true, "tstzrange": true,
	"int4multirange": true, "int8multirange": true, "nummultirange": true, "datemultirange": true, "tsmultirange": true, "tstzmultirange": true,
}
