package rules

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// constant is a value that a mask has from the rules, and the type that it is to
// be of.
type constant struct {
	param string // of the column's mask
	field string // of a composite type, with a colon and a space; "" for the column
	text  string
	typ   *schema.Type
}

// constants appends the values that a mask has for a column of type t.
func constants(list []constant, m *anonymize.Mask, t *schema.Type) []constant {
	of := t
	if t.Elem != nil {
		of = t.Elem
	}
	switch m.Kind {
	case "constant":
		if v, ok := plainText(m.Params["value"]); ok {
			list = append(list, constant{"value", "", v, t})
		}
	case "choice", "person.gender":
		switch values := m.Params["values"].(type) {
		case []any:
			for _, x := range values {
				if v, ok := plainText(x); ok {
					list = append(list, constant{"values", "", v, of})
				}
			}
		case map[string]any:
			for _, v := range slices.Sorted(maps.Keys(values)) {
				list = append(list, constant{"values", "", v, of})
			}
		}
	case "composite":
		fields, _ := m.Params["fields"].(map[string]any)
		for i := range of.Fields {
			f := &of.Fields[i]
			mask, err := anonymize.MaskOf(fields[f.Name])
			if err != nil {
				continue // said where the mask is compiled
			}
			for _, c := range constants(nil, mask, &f.Type) {
				list = append(list, constant{"fields", f.Name + ": " + c.field, c.text, c.typ})
			}
		}
	}
	return list
}

// plainText is a plain value of the rules as a mask writes it.
func plainText(v any) (text string, ok bool) {
	switch v.(type) {
	case string, bool, int64, uint64, int, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}

// tryConstants asks the server whether the column could hold the values that its
// mask has from the rules. Those that are plainly wrong are found without one.
func (d *decider) tryConstants(mask *maskRule, t *schema.Table, col *schema.Column) {
	if d.env.Holds == nil {
		return
	}
	for _, c := range constants(nil, &mask.mask, &col.Type) {
		if d.failed != nil || anonymize.Unfit(TypeOf(c.typ), c.text) != "" {
			continue
		}
		v := Value{Text: c.text, Type: c.typ}
		if c.typ == &col.Type {
			v.Column, v.Checks = col.Name, checksOf(t, col)
		}
		err := d.env.Holds(v)
		if err == nil {
			continue
		}
		var server interface{ Code() string }
		if !errors.As(err, &server) {
			d.failed = err
			return
		}
		at, ok := mask.params[c.param]
		if !ok {
			at = mask.at
		}
		if server.Code() == checkViolation && v.Checks != nil {
			d.add(at, "%s.%s: %s is refused by the server: %v", t.Name, spell(col.Name), strconv.Quote(c.text), err)
			continue
		}
		d.add(at, "%s.%s: %s%s is no value of type %s, says the server: %v", t.Name, spell(col.Name), c.field, strconv.Quote(c.text),
			cmp.Or(c.typ.Name, c.typ.Base), err)
	}
}

const checkViolation = "23514" // SQLSTATE

// checksOf are the checks of a table that name one column alone.
func checksOf(t *schema.Table, col *schema.Column) (out []schema.Check) {
	for _, k := range t.Checks {
		if k.Validated && len(k.Columns) == 1 && k.Columns[0] == t.Column(col.Name) {
			out = append(out, k)
		}
	}
	return out
}
