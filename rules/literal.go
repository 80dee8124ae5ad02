package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// literal spells a value of the file in the text form of a type: lists are
// arrays, maps are composite values, both are JSON in a JSON column.
func literal(n *node, t *schema.Type) (text string, null bool, err error) {
	switch {
	case n.shape == isNull:
		return "", true, nil
	case isJSON(t) && n.shape >= isList:
		text, err = jsonLiteral(n)
		return text, false, err
	case n.shape == isBool && t.Base == "bool":
		if n.value == true {
			return "t", false, nil
		}
		return "f", false, nil
	case n.shape < isList:
		return n.text, false, nil
	case n.shape == isList && t.Elem != nil:
		return arrayLiteral(n, t)
	case n.shape == isMap && len(t.Fields) > 0:
		return recordLiteral(n, t)
	case n.shape == isMap && t.Base == "hstore":
		return hstoreLiteral(n)
	}
	return "", false, errors.New("write a text, as PostgreSQL writes the type, and not " + n.shape.String())
}

func arrayLiteral(n *node, t *schema.Type) (string, bool, error) {
	parts := make([]string, len(n.items))
	for i, x := range n.items {
		of := t.Elem
		if x.shape == isList {
			of = t // a further dimension
		}
		text, null, err := literal(x, of)
		switch {
		case err != nil:
			return "", false, err
		case null:
			parts[i] = "NULL"
		case x.shape == isList:
			parts[i] = text
		default:
			parts[i] = quotedPart.Replace(text)
			parts[i] = `"` + parts[i] + `"`
		}
	}
	return "{" + strings.Join(parts, ",") + "}", false, nil
}

// quotedPart escapes what stands in quotes in an array, a composite value or
// hstore.
var quotedPart = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func recordLiteral(n *node, t *schema.Type) (string, bool, error) {
	parts := make([]string, len(t.Fields))
	for _, x := range n.pairs {
		i := slices.IndexFunc(t.Fields, func(f schema.Field) bool { return f.Name == x.key.text })
		if i < 0 {
			return "", false, errors.New("it has no field " + quoted(x.key.text))
		}
		text, null, err := literal(x.value, &t.Fields[i].Type)
		if err != nil {
			return "", false, err
		}
		if !null {
			parts[i] = `"` + quotedPart.Replace(text) + `"`
		}
	}
	return "(" + strings.Join(parts, ",") + ")", false, nil
}

func hstoreLiteral(n *node) (string, bool, error) {
	var parts []string
	for _, x := range n.pairs {
		value := "NULL"
		if x.value.shape >= isList {
			return "", false, errors.New("its values are texts")
		}
		if x.value.shape != isNull {
			value = `"` + quotedPart.Replace(x.value.text) + `"`
		}
		parts = append(parts, `"`+quotedPart.Replace(x.key.text)+`"=>`+value)
	}
	return strings.Join(parts, ", "), false, nil
}

// jsonLiteral spells a value of the file as JSON, in its order of keys.
func jsonLiteral(n *node) (string, error) {
	var b bytes.Buffer
	err := writeJSON(&b, n)
	return b.String(), err
}

func writeJSON(b *bytes.Buffer, n *node) error {
	switch n.shape {
	case isNull:
		b.WriteString("null")
	case isBool:
		if n.value == true {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case isInt, isFloat:
		if !json.Valid([]byte(n.text)) {
			return errors.New(n.text + " is no number of JSON; write it in quotes")
		}
		b.WriteString(n.text)
	case isString:
		return writeJSONText(b, n.text)
	case isList:
		b.WriteByte('[')
		for i, x := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := writeJSON(b, x); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case isMap:
		b.WriteByte('{')
		for i, x := range n.pairs {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := writeJSONText(b, x.key.text); err != nil {
				return err
			}
			b.WriteString(": ")
			if err := writeJSON(b, x.value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	}
	return nil
}

func writeJSONText(b *bytes.Buffer, s string) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the newline
	return nil
}
