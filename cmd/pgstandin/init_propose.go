package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

// propose says what a rules file that exists could say of roots and references.
// Nothing of it is written there: unlike a decision about an undecided column it
// would change which rows are copied.
func (w *initWork) propose(out io.Writer, text string) error {
	b, err := w.bound(text)
	if err != nil {
		return rulesStatus(err)
	}
	if root := w.report.Root; root != nil && w.noRoot == "" && len(b.Subset.Roots) == 0 {
		fmt.Fprintf(out, "%s has no roots, so whole tables are copied; for a part of them, under subset:\n", w.name)
		fmt.Fprintf(out, "  roots:\n    - { table: %s, sample: %s }    # %s\n", yamlScalar(tableName(w.schema, root)), w.share, oneLine(w.report.RootWhy))
		if b.Subset.Unreached == subset.UnreachedError {
			fmt.Fprint(out, "  unreached: all    # tables that no reference leads to from a root\n")
		}
	}
	first := true
	for i := range w.report.References {
		x := &w.report.References[i]
		if x.Parent == nil || x.Confident < 0.6 || w.orphaned[i] != "" || refers(b, x) {
			continue
		}
		if first {
			fmt.Fprintf(out, "references that neither the schema nor %s has; under subset, those that are right:\n  references:\n", w.name)
			first = false
		}
		fmt.Fprintf(out, "    - %s    # %.2f %s\n", w.reference(x), x.Confident, oneLine(x.Evidence))
	}
	return nil
}

// refers reports whether the rules, or the schema, have a reference of the same
// columns to the same table.
func refers(b *rules.Bound, x *discover.Reference) bool {
	for _, r := range b.Subset.References {
		if r.Child.Root() == x.Child && r.Parent.Root() == x.Parent && slices.Equal(r.Child.Translate(x.Child, r.Columns), x.Columns) {
			return true
		}
	}
	return false
}
