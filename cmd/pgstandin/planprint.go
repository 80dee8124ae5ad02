package main

import (
	"fmt"
	"io"
	"strings"
)

func printPlan(out io.Writer, format string, doc *planDoc) error {
	switch format {
	case "json":
		return printJSON(out, doc)
	case "dot":
		return printDot(out, doc)
	case "mermaid":
		return printMermaid(out, doc)
	}
	return printPlanText(out, doc, widthOf(out))
}

// printPlanText prints a plan, its tables in lines of at most width characters where
// that can be; 0 is no limit.
func printPlanText(out io.Writer, doc *planDoc, width int) error {
	var b strings.Builder
	if doc.Picked > 0 {
		fmt.Fprintf(&b, "the budget takes %s of the rows of each root without a sample\n", percent(doc.Picked))
	}
	for _, note := range doc.Notes {
		wrap(&b, "note: "+note, 0)
	}
	heads, right := []string{"table", "rows", "share", "bytes", "why", "format"}, []bool{false, true, true, true, false, false}
	if doc.Exact {
		heads, right = append(heads, "read by"), append(right, false)
	}
	t := textTable{heads: heads, right: right, width: width}
	var rows, bytes int64
	cycles := map[int][]string{}
	for _, x := range doc.Tables {
		n := count(x.Rows)
		if !x.Exact {
			n = "~" + n
		}
		cells := []string{x.Table, n, shareOf(x.Rows, x.SourceRows), size(x.Bytes), x.Why, x.Format}
		if doc.Exact {
			cells = append(cells, readBy(x))
		}
		t.add(cells...)
		rows += x.Rows
		bytes += x.Bytes
		if x.Cycle > 0 {
			cycles[x.Cycle] = append(cycles[x.Cycle], x.Table)
		}
	}
	total := "~" + count(rows)
	if doc.Exact {
		total = count(rows)
	}
	t.add(append([]string{"total", total, "", size(bytes)}, make([]string, len(heads)-4)...)...)
	t.print(&b)
	for _, x := range doc.Tables {
		if x.TextReason != "" {
			wrap(&b, "text: "+x.Table+": "+x.TextReason, 0)
		}
	}
	for i := 1; i <= len(cycles); i++ {
		wrap(&b, "circle: "+strings.Join(cycles[i], ", ")+" reference each other", 0)
	}
	printPlanReferences(&b, doc, width)
	if !doc.Exact {
		fmt.Fprintln(&b, "\nEstimated from the source's statistics; a condition of a root counts as a tenth\nof its table. --exact chooses the rows and counts.")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// printPlanReferences prints what references may lose, or have lost.
func printPlanReferences(b *strings.Builder, doc *planDoc, width int) {
	if doc.Exact {
		c := textTable{heads: []string{"reference", "set to null", "rows left out", "orphans"}, right: []bool{false, true, true, true}, width: width}
		for _, x := range doc.References {
			left := blankZero(x.RowsLeftOut)
			if x.RowsLeftOut < 0 {
				left = "all"
			}
			if x.SetToNull != 0 || x.RowsLeftOut != 0 || x.Orphans != 0 {
				c.add(x.Name, blankZero(x.SetToNull), left, blankZero(x.Orphans))
			}
		}
		if len(c.rows) > 0 {
			fmt.Fprintln(b)
			c.print(b)
		}
		return
	}
	c := textTable{heads: []string{"where the parent is not copied", "then"}, right: []bool{false, false}, width: width}
	for _, x := range doc.References {
		if !x.Lossy {
			continue
		}
		then := "the row stays out"
		if len(x.Cuts) > 0 {
			then = strings.Join(x.Cuts, ", ") + " becomes null"
		}
		c.add(x.Name, then)
	}
	if len(c.rows) > 0 {
		fmt.Fprintln(b)
		c.print(b)
	}
}

// readBy says how a walk found the rows of a table.
func readBy(x planTable) string {
	var by []string
	for _, k := range []struct {
		n         int
		one, more string
	}{{x.Passes, "pass", "passes"}, {x.Conditions, "query", "queries"}, {x.LookUps, "look-up", "look-ups"}} {
		switch {
		case k.n == 1:
			by = append(by, "1 "+k.one)
		case k.n > 1:
			by = append(by, fmt.Sprint(k.n)+" "+k.more)
		}
	}
	return strings.Join(by, ", ")
}

// percent writes a share with two significant digits: 0.042 is 4.2 %.
func percent(share float64) string { return fmt.Sprintf("%.2g %%", 100*share) }

// printDot prints a graph for Graphviz: an arrow from each child to its parent.
func printDot(out io.Writer, doc *planDoc) error {
	quote := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	var b strings.Builder
	b.WriteString("digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", fontsize=10];\n")
	for _, t := range doc.Tables {
		style := ""
		switch {
		case t.Rows == 0 && t.Exact:
			style = ", style=dashed, fontcolor=gray40"
		case t.Why == "root":
			style = ", style=bold"
		}
		label := strings.ReplaceAll(quote(t.Table+"\x00"+planLabel(t)), "\x00", `\n`)
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", quote(t.Table), label, style)
	}
	for _, r := range doc.References {
		style := ""
		if r.Lossy {
			style = ", style=dashed"
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%s%s];\n", quote(r.Child), quote(r.Parent), quote(referenceLabel(r)), style)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// printMermaid prints a flow chart that Markdown viewers draw.
func printMermaid(out io.Writer, doc *planDoc) error {
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`"`, "#quot;", "#", "#35;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(s) + `"`
	}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := map[string]string{}
	name := func(table string) string {
		if id[table] == "" {
			id[table] = fmt.Sprintf("t%d", len(id)+1)
		}
		return id[table]
	}
	for _, t := range doc.Tables {
		fmt.Fprintf(&b, "  %s[%s]\n", name(t.Table), quote(t.Table+": "+planLabel(t)))
	}
	for _, r := range doc.References {
		arrow := "-->"
		if r.Lossy {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  %s %s|%s| %s\n", name(r.Child), arrow, quote(referenceLabel(r)), name(r.Parent))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func planLabel(t planTable) string {
	n := count(t.Rows)
	if !t.Exact {
		n = "~" + n
	}
	return n + " rows, " + t.Why
}

// referenceLabel names a reference's columns and the policies that are not the
// default.
func referenceLabel(r planReference) string {
	label := r.Columns
	if r.Down != "any" {
		label += ", down: " + r.Down
	}
	if r.Limit > 0 {
		label += fmt.Sprintf(", limit: %d", r.Limit)
	}
	if r.Up != "require" {
		label += ", up: " + r.Up
	}
	return label
}
