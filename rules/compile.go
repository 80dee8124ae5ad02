package rules

import (
	"errors"
	"fmt"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
)

// Compile makes the programs of the tables. What is wrong with a mask comes as
// Errors, with the place of the mask or its parameter in the file.
func (b *Bound) Compile(secret *keyed.Secret) (map[*schema.Table]*anonymize.Program, error) {
	probs := &problems{file: b.File.Name}
	out := make(map[*schema.Table]*anonymize.Program, len(b.Tables))
	for _, t := range b.Tables {
		p, err := anonymize.Compile(secret, t.Spec)
		var found anonymize.Problems
		switch {
		case err == nil:
			out[t.Table] = p
		case errors.As(err, &found):
			for _, f := range found {
				t.problem(probs, f)
			}
		default:
			return nil, fmt.Errorf("masks of %s: %w", t.Table.Name, err)
		}
	}
	if err := probs.err(); err != nil {
		return nil, err
	}
	return out, nil
}

// problem places what is wrong with one column.
func (t *TableRules) problem(probs *problems, f anonymize.Problem) {
	if f.Column < 0 || f.Column >= len(t.masks) || t.masks[f.Column] == nil {
		probs.add(pos{line: t.Line, column: 1}, "table %s: %s", t.Table.Name, f.Message)
		return
	}
	m := t.masks[f.Column]
	at, ok := m.params[f.Param]
	if !ok {
		at = m.at
	}
	c := &t.Spec.Columns[f.Column]
	length := ""
	if own := t.Table.Columns[t.Columns[f.Column]].Type.Length; c.Type.Length != own && c.Type.Length > 0 {
		part := "; give the column a domain of its own to part them"
		if m.mask.Kind == "email" { // its domain is that of the addresses
			part = "; give that one another mask"
		}
		length = fmt.Sprintf(" (sized for %d characters, the narrowest column of the mask's domain%s)", c.Type.Length, part)
	}
	probs.add(at, "%s.%s: %s%s", t.Table.Name, spell(c.Name), f.Message, length)
}
