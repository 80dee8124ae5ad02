package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"strings"
)

//go:embed report.html
var page string

// openTables is how many tables a report may have for their columns to be
// unfolded from the start.
const openTables = 12

// HTML is report.html for a Report and the bytes of its report.json, whose hash
// it holds. It refers to nothing outside itself and runs no script.
func (r *Report) HTML(json []byte) ([]byte, error) {
	t, err := template.New("report.html").Funcs(template.FuncMap{
		"count": Count, "size": Size, "span": Span, "percent": percent, "moment": moment, "bare": bare,
		"plural": plural, "count64": func(n int) string { return Count(int64(n)) }, "join": func(l List[string]) string { return strings.Join(l, ", ") },
		"address": address, "kind": kind, "copied": copied, "sources": sources, "distinct": distinct, "decision": decision, "by": by,
		"leftOut": leftOut, "looked": looked, "skipped": skipped,
	}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	r.Verdict = r.judge()
	hash := sha256.Sum256(json)
	v := view{Report: r, Graph: r.layout(), Open: len(r.Tables) <= openTables, JSONHash: hex.EncodeToString(hash[:])}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("report page: %w", err)
	}
	return b.Bytes(), nil
}

// view is what the page shows.
type view struct {
	*Report
	Graph    *graph
	Open     bool
	JSONHash string
}

// Facts are the tiles under the verdict.
func (v view) Facts() []fact {
	keys, valid := 0, 0
	for _, c := range v.Proof.Constraints {
		keys += c.Count
		valid += c.Valid
	}
	leak := fact{"leak scan", "not run", v.Leak.Reason, "warn"}
	if v.Leak.Ran {
		leak = fact{"leak scan", "no leak", Size(v.Leak.Bytes) + " scanned", "good"}
		if v.Totals.Masked == 0 {
			leak = fact{"leak scan", "no originals", "no column is masked", "warn"}
		}
		if n := v.Leak.unaccepted(); n > 0 {
			leak = fact{"leak scan", Plural(n, "hit"), Size(v.Leak.Bytes) + " scanned", "bad"}
		}
	}
	constraints := fact{"constraints", Count(int64(valid)) + " valid", "of " + Count(int64(keys)), "good"}
	switch {
	case v.Proof.Tables == 0:
		constraints = fact{"constraints", "not reached", "", "warn"}
	case valid < keys:
		constraints.Tone = "warn"
	}
	return []fact{
		{"rows", Count(v.Totals.Rows), Size(v.Totals.Bytes) + " in " + plural(v.Totals.Tables, "table"), ""},
		{"columns masked", Count(int64(v.Totals.Masked)), "of " + Count(int64(v.Totals.Columns)), ""},
		constraints,
		leak,
	}
}

type fact struct{ Name, Value, More, Tone string }

// Mind lists what a reader should know, each with a link to where it stands.
func (v view) Mind() []remark {
	var out []remark
	add := func(n int64, text, anchor string) {
		if n > 0 {
			out = append(out, remark{text, anchor})
		}
	}
	if !v.Leak.Ran {
		add(1, "The leak scan did not run.", "leak")
	} else if v.Totals.Masked == 0 {
		add(1, "No column is masked: the leak scan had no originals to look for.", "columns")
	}
	var cut, left, all, orphans int64
	for _, r := range v.References {
		cut += r.Cut
		left += max(0, r.LeftOut)
		if r.LeftOut < 0 {
			all++
		}
		orphans += r.Orphans
	}
	add(cut, Plural(cut, "key")+" became NULL, because the row behind is not copied.", "references")
	add(left, Plural(left, "row")+" stayed out for lack of a parent.", "references")
	add(all, Plural(all, "table")+" stayed empty for lack of a parent.", "references")
	add(orphans, Plural(orphans, "orphan")+" in the source: keys without a row behind.", "references")
	var opaque, fixed, risky int64
	for _, t := range v.Tables {
		opaque += t.Opaque
		fixed += t.FixedPoints
	}
	for _, t := range v.Reidentification.Tables {
		if len(t.Combinations) > 0 {
			risky++
		}
	}
	add(opaque, Plural(opaque, "value")+" outside the format of a mask became opaque text.", "columns")
	add(fixed, Plural(fixed, "value")+" passed a mask unchanged.", "columns")
	add(risky, Plural(risky, "table")+" with kept columns that together tell rows apart.", "reidentification")
	add(int64(len(v.Proof.NotValid)), plural(len(v.Proof.NotValid), "foreign key")+" not validated, as in the source.", "proof")
	return out
}

// looked is the tables whose kept columns were compared.
func looked(h Reidentification) []ReidentificationTable {
	var out []ReidentificationTable
	for _, t := range h.Tables {
		if t.Reason == "" {
			out = append(out, t)
		}
	}
	return out
}

// skipped is the others, by why they were not.
func skipped(h Reidentification) map[string]List[string] {
	out := map[string]List[string]{}
	for _, t := range h.Tables {
		if t.Reason != "" {
			out[t.Reason] = append(out[t.Reason], bare(t.Table))
		}
	}
	return out
}

type remark struct{ Text, Anchor string }

// Share is a step's part of the longest one, for its bar.
func (v view) Share(s Step) string {
	most := 0.0
	for _, x := range v.Steps {
		most = max(most, x.Seconds)
	}
	if most == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", 100*s.Seconds/most)
}

// Weight is a table's share of all bytes, for its bar.
func (v view) Weight(t Table) string {
	var most int64 = 1
	for _, x := range v.Tables {
		most = max(most, x.Bytes)
	}
	return fmt.Sprintf("%.1f", 100*float64(t.Bytes)/float64(most))
}

// kind is the class of a table by why it is in.
func kind(t Table) string {
	switch {
	case t.Rows == 0:
		return "none"
	case t.Why == "root", t.Why == "down", t.Why == "up":
		return t.Why
	}
	return "all"
}

// copied is the part of the source's rows that was copied.
func copied(t Table) string {
	if t.SourceRows <= 0 {
		return ""
	}
	return percent(min(1, float64(t.Rows)/float64(t.SourceRows)))
}

// sources is the estimate of the source's rows.
func sources(t Table) string {
	if t.SourceRows < 0 {
		return "?"
	}
	return "~" + Count(rough(t.SourceRows))
}

// distinct is the number, with a mark where it is an estimate.
func distinct(d Distinct) string {
	switch {
	case d.Count < 0:
		return "–"
	case d.Estimate:
		return "~" + Count(rough(d.Count))
	}
	return Count(d.Count)
}

// decision is the word for what became of the column.
func decision(c Column) string {
	switch {
	case c.DecidedBy == "generated":
		return "computed"
	case c.Mask == "":
		return "not copied"
	case c.Personal:
		return "masked"
	}
	return "kept"
}

// by says where the decision comes from.
func by(c Column) string {
	text := map[string]string{
		"table": "own entry", "match": "match", "reference": "its reference", "type": "its type", "generated": "the target", "not copied": "no rows",
	}[c.DecidedBy]
	if text == "" {
		text = c.DecidedBy
	}
	if c.Line > 0 {
		text += fmt.Sprintf(", line %d", c.Line)
	}
	return text
}

// address names the database and where it is.
func address(e End) string {
	if e.Host == "" {
		return e.Database
	}
	if strings.HasPrefix(e.Host, "/") {
		return fmt.Sprintf("%s on a local socket, port %d", e.Database, e.Port)
	}
	return fmt.Sprintf("%s on %s:%d", e.Database, e.Host, e.Port)
}

// leftOut is the number of rows left out, or "all".
func leftOut(r Reference) string {
	if r.LeftOut < 0 {
		return "all"
	}
	return Count(r.LeftOut)
}
