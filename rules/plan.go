package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// Plan makes the plan of the subset. What is wrong with it comes as Errors.
func (b *Bound) Plan() (*subset.Plan, error) {
	p, err := subset.NewPlan(b.Schema, &b.Subset)
	if err != nil {
		return nil, b.File.Place(err)
	}
	return p, nil
}

// RefuseUnlogged says of which tables p copies rows that a hot standby does not
// have: those of unlogged ones. The error is Errors.
func (b *Bound) RefuseUnlogged(p *subset.Plan) error {
	lines := map[*schema.Table]int{}
	for _, t := range b.Tables {
		lines[t.Table] = t.Line
	}
	probs := &problems{file: b.File.Name}
	for _, t := range p.Tables() {
		if !t.Copied {
			continue
		}
		for _, leaf := range t.Table.Leaves() {
			which := "it"
			if leaf != t.Table {
				which = t.Table.Name.String()
			}
			if leaf.Unlogged {
				probs.add(pos{line: lines[t.Table]}, "%s is unlogged, and a standby does not have its rows; write rows: none for %s, or read from the primary", leaf.Name, which)
			}
		}
	}
	return probs.err()
}

// Expressions lists the places in the file of expressions that the source computes of
// a table's rows: those that choose them, and with masks, those of masks too.
func (b *Bound) Expressions(t *schema.Table, masks bool) []string {
	var out []string
	add := func(at pos, what string) {
		place := strings.TrimSuffix(Problem{File: b.File.Name, Line: at.line, Column: at.column}.String(), ": ")
		out = append(out, fmt.Sprintf("%s (%s)", place, what))
	}
	for i, r := range b.Subset.Roots {
		if r.Table == t && b.RootTexts[i] != "" {
			add(b.File.entryOn(r.Line), "where of a root")
		}
	}
	for _, r := range b.Subset.References {
		if r.Child == t && (r.Expr != "" || r.When != "") {
			add(b.File.entryOn(r.Line), "reference")
		}
	}
	for _, x := range b.Tables {
		if x.Table == t && x.where != nil {
			add(x.where.at, "where")
		}
		for i := range x.Spec.Columns {
			if x.Table == t && masks && x.Exprs[i] != "" && x.masks[i] != nil {
				add(x.masks[i].at, "mask of "+spell(x.Spec.Columns[i].Name))
			}
		}
	}
	return out
}

// Place turns subset.Problems in err into Errors, with their places in the file.
// Another error is returned as it is.
func (f *File) Place(err error) error {
	var found subset.Problems
	if !errors.As(err, &found) {
		return err
	}
	probs := &problems{file: f.Name}
	for _, p := range found {
		probs.add(f.entryOn(p.Line), "%s", p.Text)
	}
	return probs.err()
}

// entryOn is the place of the entry of subset on a line: the line alone where
// there are several.
func (f *File) entryOn(line int) pos {
	var places []pos
	for i := range f.roots {
		places = append(places, f.roots[i].at)
	}
	for i := range f.references {
		places = append(places, f.references[i].at)
	}
	out, n := pos{line: line}, 0
	for _, at := range places {
		if at.line == line {
			out, n = at, n+1
		}
	}
	if n != 1 {
		return pos{line: line}
	}
	return out
}

// later adds, where there are problems already, those that would be found only
// when these are mended: of the plan, if the subset's own entries are right, and
// of the masks.
func (b *binder) later(subsetRight bool) error {
	if subsetRight {
		var found Errors
		switch _, err := b.out.Plan(); {
		case errors.As(err, &found):
			b.list = append(b.list, found...)
		case err != nil:
			return err
		}
	}
	var found Errors
	switch _, err := b.out.Compile(keyed.TestSecret()); {
	case errors.As(err, &found):
		b.list = append(b.list, found...)
	case err != nil:
		return err
	}
	return nil
}
