package draft

import (
	"fmt"
	"io"
	"slices"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

// Propose says what a rules file that exists could say of roots and references.
// Nothing of it is written there: unlike a decision about an undecided column it
// would change which rows are copied. text is the file as it is now; the errors are those
// of Bind.
func (w *Writer) Propose(out io.Writer, text string) error {
	b, err := w.Bind(text)
	if err != nil {
		return err
	}
	if root := w.Report.Root; root != nil && w.NoRoot == "" && len(b.Subset.Roots) == 0 {
		fmt.Fprintf(out, "%s has no roots, so whole tables are copied; for a part of them, under subset:\n", w.Name)
		fmt.Fprintf(out, "  roots:\n    - { table: %s, sample: %s }    # %s\n", yamlScalar(Table(w.Schema, root)), w.Share, oneLine(w.Report.RootWhy))
		if b.Subset.Unreached == subset.UnreachedError {
			fmt.Fprint(out, "  unreached: all    # tables that no reference leads to from a root\n")
		}
	}
	first := true
	for i := range w.Report.References {
		x := &w.Report.References[i]
		if x.Parent == nil || x.Confident < 0.6 || w.Orphaned[i] != "" || refers(b, x) {
			continue
		}
		if first {
			fmt.Fprintf(out, "references that neither the schema nor %s has; under subset, those that are right:\n  references:\n", w.Name)
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
