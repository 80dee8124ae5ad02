// Package draft writes rules files out of what discover found: a new one, lines put into
// one that is there, and proposals for one. What it writes binds to the schema; nothing
// of a row is in it but what the findings have.
package draft

import (
	"errors"
	"strings"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// Writer writes the rules file of one schema.
type Writer struct {
	Name   string // of the file, for messages
	Schema *schema.Schema
	Report *discover.Report // of the schema; masks that do not hold are replaced in it

	// What Bind tries a text with; whether masks fit does not depend on the secret.
	Env    rules.Env
	Secret *keyed.Secret

	// Orphaned says of references of the report why they are only comments: rows do not
	// bear them out.
	Orphaned map[int]string
	// Share is the sample of the root; NoRoot why it cannot be one, "" if it can.
	Share, NoRoot string
}

// Bind tries a text as a refresh would: it is parsed, bound and compiled. The errors are
// those of rules and subset.
func (w *Writer) Bind(text string) (*rules.Bound, error) {
	file, err := rules.Parse(w.Name, []byte(text), nil)
	if err != nil {
		return nil, err
	}
	b, err := file.Bind(w.Schema, w.Env)
	if err != nil {
		return nil, err
	}
	if _, err := b.Compile(w.Secret); err != nil {
		return nil, err
	}
	if _, err = subset.NewPlan(w.Schema, &b.Subset); err != nil {
		return nil, err
	}
	return b, nil
}

// problemsOf lists the lines that an error of Bind speaks of, with its messages.
func problemsOf(err error) map[int]string {
	out := map[int]string{}
	var found rules.Errors
	if errors.As(err, &found) {
		for _, p := range found {
			if p.Line > 0 && out[p.Line] == "" {
				out[p.Line] = p.Message
			}
		}
	}
	var plan subset.Problems
	if errors.As(err, &plan) {
		for _, p := range plan {
			if p.Line > 0 && out[p.Line] == "" {
				out[p.Line] = p.Text
			}
		}
	}
	return out
}

// oneLine is a text as a comment has it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
