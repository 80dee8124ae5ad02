package anonymize

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// gender is what a row says of a person's gender.
type gender uint8

const (
	unknownGender gender = iota
	woman
	man
)

// genderColumn reads genders from another column of the row.
type genderColumn struct {
	column int               // index into Table.Columns
	means  map[string]gender // by value in lower case
}

// longestGender is the longest value that says one.
const longestGender = 32

// genderSpellings are what columns of several languages write, besides numbers
// of ISO/IEC 5218.
const (
	womanSpellings = "f female w woman weiblich frau fem femenino feminino femminile femme mujer donna mulher kobieta k vrouw v kvinna kvinne girl ж жен женский женщина 2"
	manSpellings   = "m male man männlich maennlich mann herr masculino maschile masculin homme hombre uomo homem mężczyzna mezczyzna boy м муж мужской мужчина 1"
)

// gender reads the parameter gender: the name of a column of the table that is
// kept, or that and how it spells a woman's and a man's gender. It returns nil
// where there is none.
func (c *compiler) gender() *genderColumn {
	v, ok := c.m.Params["gender"]
	if !ok {
		return nil
	}
	g := &genderColumn{column: -1, means: map[string]gender{}}
	name, isText := v.(string)
	var spelled []any
	if !isText {
		m, isMap := v.(map[string]any)
		name, isText = m["column"].(string)
		spelled, ok = m["values"].([]any)
		if len(spelled) != 2 || !ok || !isMap || !isText || len(m) != 2 {
			c.problem("gender", "gender must be a column of the table, or that and its values for women and men: { column: sex, values: [K, M] }")
			return nil
		}
	}
	women, men := strings.Fields(womanSpellings), strings.Fields(manSpellings)
	if spelled != nil {
		words, plain := plainValues(spelled)
		if !plain || strings.EqualFold(words[0], words[1]) {
			c.problem("gender", "values must be two different plain values")
			return nil
		}
		women, men = []string{strings.ToLower(words[0])}, []string{strings.ToLower(words[1])}
	}
	for _, word := range women {
		g.means[word] = woman
	}
	for _, word := range men {
		g.means[word] = man
	}
	g.column = slices.IndexFunc(c.table.Columns, func(col Column) bool { return col.Name == name })
	switch {
	case g.column < 0:
		names := map[string]bool{}
		for _, col := range c.table.Columns {
			if k := kindNamed("person.gender"); k.takesType(col.Type) && col.Mask == nil {
				names[col.Name] = true
			}
		}
		c.problem("gender", "gender: the table has no column %q; it could be one of: %s", name, orNone(slices.Sorted(maps.Keys(names))))
		return nil
	case c.table.Columns[g.column].Mask != nil && c.table.Columns[g.column].Mask.Kind != "keep":
		c.problem("gender", "gender: column %q is masked itself, so the name would not fit what it becomes; keep it, or leave gender out and mask it with person.gender", name)
		return nil
	}
	c.program.need[g.column], c.readsRow = true, true
	return g
}

// of returns what the row at hand says.
func (g *genderColumn) of(r *Rewriter) gender {
	if g == nil {
		return unknownGender
	}
	v := bytes.TrimSpace(r.vals[g.column])
	if len(v) == 0 || len(v) > longestGender {
		return unknownGender
	}
	var buf [2 * longestGender]byte
	return g.means[string(appendCase(buf[:0], v, false))]
}
