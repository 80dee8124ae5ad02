package discover

import (
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// typeKind is what a type can hold, as far as people are concerned.
type typeKind uint8

const (
	isOther typeKind = iota
	isTexts
	isWhole // integers
	isFloat // numbers with decimals
	isDate  // dates and times with a date
	isBool
	isEnum
	isDoc // json and jsonb
	isBytes
	isInet
	isMAC
	isUUID
	isHstore
	isComposite
	isPlace  // geometric and PostGIS types
	isSearch // tsvector
	isMarkup // xml
	isMoney
)

// kindOfType sees through arrays.
func kindOfType(t *schema.Type) typeKind {
	if t.Elem != nil {
		t = t.Elem
	}
	switch t.Class {
	case schema.EnumType:
		return isEnum
	case schema.Composite:
		return isComposite
	case schema.Range, schema.Multirange:
		return isOther
	}
	switch t.Base {
	case "text", "varchar", "bpchar", "citext", "name":
		return isTexts
	case "int2", "int4", "int8":
		return isWhole
	case "numeric", "float4", "float8":
		return isFloat
	case "money":
		return isMoney
	case "date", "timestamp", "timestamptz":
		return isDate
	case "bool":
		return isBool
	case "json", "jsonb":
		return isDoc
	case "bytea":
		return isBytes
	case "inet", "cidr":
		return isInet
	case "macaddr", "macaddr8":
		return isMAC
	case "uuid":
		return isUUID
	case "hstore":
		return isHstore
	case "point", "geometry", "geography", "path", "polygon", "circle", "box", "lseg", "line":
		return isPlace
	case "tsvector":
		return isSearch
	case "xml":
		return isMarkup
	}
	return isOther
}

// maskType is a type as masks see it.
func maskType(t *schema.Type) anonymize.Type {
	out := anonymize.Type{Name: t.Base, Length: t.Length, Precision: t.Precision, Scale: t.Scale}
	if t.Enum != nil {
		out.Labels = t.Enum.Labels
	}
	if t.Elem != nil {
		e := maskType(t.Elem)
		out.Elem = &e
	}
	for i := range t.Fields {
		out.Fields = append(out.Fields, anonymize.Field{Name: t.Fields[i].Name, Type: maskType(&t.Fields[i].Type)})
	}
	return out
}

// roomy reports whether a text type holds more than a line.
func roomy(t *schema.Type) bool {
	if t.Elem != nil {
		t = t.Elem
	}
	return (t.Base == "text" || t.Base == "citext" || t.Base == "varchar" && t.Length == 0) || t.Length >= 500
}

// typeName is a type for people, without its schema and length.
func typeName(t *schema.Type) string {
	name, _, _ := strings.Cut(t.Name, "(")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// shape is what a name's meaning may hang on of a type.
type shape struct {
	kind   typeKind
	roomy  bool
	length int
}

func shapeOf(t *schema.Type) shape { return shape{kindOfType(t), roomy(t), t.Length} }
