package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

type whyOptions struct {
	source sourceOptions
	rules  rulesOptions
	key    keyOptions
	run    runOptions
}

func (o *whyOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	o.run.addDocument(f, "the explanation")
}

func newWhyCommand() *cobra.Command {
	var o whyOptions
	cmd := &cobra.Command{
		Use:   "why TABLE KEY...",
		Short: "Say why one row is copied, or why it is not",
		Long: `Choose rows as a refresh would, on a snapshot of the source, and print the
shortest chain of references from a root to one row, or what keeps it out. The
row is named by its primary key, one argument for each of its columns, or by its
table's first unique key if it has no primary key. Dates and times are written as
ISO 8601 has them, and times in UTC: 2022-06-01 10:05:00. Keys of the rows in the chain
are printed, no other values; nothing is written.`,
		Example: `  pgstandin why orders 4711
  pgstandin why sales.order_lines 4711 2 --json
  pgstandin why visits 5 '2022-06-01 10:05:00'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError(fmt.Errorf("why needs a table and the key of a row: %s orders 4711", cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runWhy(cmd.Context(), &o, args[0], args[1:], cmd.OutOrStdout())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runWhy(ctx context.Context, o *whyOptions, table string, key []string, out io.Writer) error {
	file, err := o.rules.parse()
	if err != nil {
		return err
	}
	j := &job{file: file, run: o.run}
	if j.secret, err = o.key.secret(); err != nil {
		return err
	}
	return j.lookWithin(ctx, &o.source, func(ctx context.Context, src *pipeline.Source, b *bound) error {
		t, err := rules.FindTable(b.schema, table)
		if err != nil {
			return usageError(err)
		}
		x, err := b.plan.Why(ctx, j.options(), j.runner(src, b), t, key)
		var wrong subset.KeyError
		if errors.As(err, &wrong) {
			return usageError(wrong)
		}
		if err != nil {
			return j.walkError(err)
		}
		if o.run.json {
			return printWhyJSON(out, x)
		}
		printWhy(out, x, file.Name)
		return nil
	})
}

// whyWidth is how wide a line is at most.
const whyWidth = 80

// printWhy prints an explanation for people.
func printWhy(out io.Writer, x *subset.Explanation, rulesFile string) {
	say := func(indent int, format string, args ...any) { wrap(out, fmt.Sprintf(format, args...), indent) }
	row := rowName(x.Row)
	reason := x.Reason
	if x.Line > 0 {
		reason += fmt.Sprintf(" (%s:%d)", rulesFile, x.Line)
	}
	switch x.Verdict {
	case subset.Copied:
		say(0, "%s is copied:", row)
	case subset.Absent:
		say(0, "%s is not in the source.", row)
		say(4, "%s", reason)
	case subset.NoTable:
		say(0, "%s is not copied, and no other row of its table: %s", row, reason)
	case subset.Restricted:
		say(0, "%s is not copied: its table's entry leaves it out.", row)
		say(4, "%s", reason)
	case subset.Needy:
		say(0, "%s is not copied: it cannot live without a row that is not.", row)
	case subset.Pruned:
		say(0, "%s is not copied: roots and down lead to it, but a reference with %s keeps it out.", row, reason)
	case subset.NotReached:
		say(0, "%s is not copied: no reference leads to it, and no copied row requires it.", row)
	}
	if len(x.Chain) > 0 {
		fmt.Fprintln(out)
	}
	for i, k := range x.Chain {
		name := rowName(k.Row)
		if k.Gone {
			name = "a row of " + k.Table.Name.String() + " that the source does not have"
		}
		say(2, "%s", name)
		switch {
		case i == 0 && x.Verdict == subset.Copied:
			say(6, "%s", reason)
		case i == 0:
		case x.Verdict == subset.Pruned:
			say(6, "is referenced from above by %s, and roots and down do not choose it", k.Name)
		case x.Verdict == subset.Needy:
			say(6, "is referenced from above by %s", k.Name)
		case k.Up:
			say(6, "is referenced from above by %s (up)", k.Name)
		default:
			say(6, "references the row above by %s (down)", k.Name)
		}
	}
	if x.Verdict == subset.Needy && !x.Chain[len(x.Chain)-1].Gone {
		say(6, "and is left out by its table's entry: %s", reason)
	}
	if len(x.Missed) > 0 {
		fmt.Fprintln(out)
	}
	for _, m := range x.Missed {
		say(2, "%s", m.Name)
		if m.Row != nil {
			say(6, "%s: %s", rowName(*m.Row), m.Why)
		} else {
			say(6, "%s", m.Why)
		}
	}
}

// rowName is a row as people write it: public.users id=12.
func rowName(r subset.Row) string {
	if len(r.Key) == 0 {
		return r.Table.Name.String() + " at " + r.Place
	}
	var parts []string
	for _, v := range r.Key {
		text := shorten(printable(v.Text), 40)
		if v.Null {
			text = "NULL"
		}
		parts = append(parts, v.Column+"="+text)
	}
	return r.Table.Name.String() + " " + strings.Join(parts, ", ")
}

// wrap prints text in lines of at most whyWidth characters, each after indent
// spaces; words that are longer are broken.
func wrap(out io.Writer, text string, indent int) {
	room := whyWidth - indent
	pad := strings.Repeat(" ", indent)
	line := ""
	flush := func() {
		if line != "" {
			fmt.Fprintln(out, pad+line)
		}
		line = ""
	}
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room {
			flush()
		}
		for r := []rune(word); line == "" && len(r) > room; r = []rune(word) {
			fmt.Fprintln(out, pad+string(r[:room]))
			word = string(r[room:])
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
}

type whyRow struct {
	Table string   `json:"table"`
	Key   []whyKey `json:"key,omitempty"`   // of the primary key, or else the first unique one
	Place string   `json:"place,omitempty"` // its ctid, where it has no primary key
}

type whyKey struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
}

type whyLink struct {
	whyRow
	Reference string `json:"reference,omitempty"` // by which the row before leads to it
	Step      string `json:"step,omitempty"`      // how the row follows from the one before: down, up, needs
	Missing   bool   `json:"missing,omitempty"`   // the source does not have it
}

type whyMissed struct {
	Reference string  `json:"reference"`
	Row       *whyRow `json:"row,omitempty"` // the parent, if it is there
	Why       string  `json:"why"`           // why that does not bring it
}

var verdicts = [...]string{
	subset.Copied: "copied", subset.Absent: "absent", subset.NoTable: "table not copied", subset.Restricted: "restricted",
	subset.Needy: "needs a restricted row", subset.Pruned: "pruned", subset.NotReached: "not reached",
}

// whyDoc is an explanation; its JSON is that of --json.
type whyDoc struct {
	whyRow
	Copied  bool        `json:"copied"`
	Verdict string      `json:"verdict"`          // "copied", "absent", "table not copied", "restricted", "needs a restricted row", "pruned" or "not reached"
	Reason  string      `json:"reason,omitempty"` // what the row that decides is, or what restricts it
	Line    int         `json:"line,omitempty"`   // of the rules file
	Chain   []whyLink   `json:"chain,omitempty"`  // from the row that decides to this one, or from this one to what it needs
	Missed  []whyMissed `json:"missed,omitempty"` // the references by which it could have come
}

// printWhyJSON prints an explanation as one JSON document.
func printWhyJSON(out io.Writer, x *subset.Explanation) error {
	doc := whyDoc{whyRow: jsonRow(x.Row), Copied: x.Verdict == subset.Copied, Verdict: verdicts[x.Verdict], Reason: x.Reason, Line: x.Line}
	for i, k := range x.Chain {
		l := whyLink{whyRow: jsonRow(k.Row), Reference: k.Name, Missing: k.Gone}
		switch {
		case i == 0:
		case x.Verdict != subset.Copied:
			l.Step = "needs"
		case k.Up:
			l.Step = "up"
		default:
			l.Step = "down"
		}
		doc.Chain = append(doc.Chain, l)
	}
	for _, m := range x.Missed {
		l := whyMissed{Reference: m.Name, Why: m.Why}
		if m.Row != nil {
			r := jsonRow(*m.Row)
			l.Row = &r
		}
		doc.Missed = append(doc.Missed, l)
	}
	return printJSON(out, doc)
}

func jsonRow(r subset.Row) whyRow {
	out := whyRow{Table: r.Table.Name.String(), Place: r.Place}
	for _, v := range r.Key {
		k := whyKey{Column: v.Column}
		if !v.Null {
			k.Value = &v.Text
		}
		out.Key = append(out.Key, k)
	}
	return out
}
