package report

import (
	"fmt"
	"strings"
)

// judge sums the report up. Clean is only what was proved in every respect,
// the leak scan included: where nothing is masked it had no originals to look for.
func (r *Report) judge() Verdict {
	if r.Outcome == Refused {
		rest := "the target is as it was before the run."
		if r.Target == (End{}) {
			rest = "nothing was published."
		}
		text := "Something could not be proved; " + rest
		if n := len(r.Problems); n > 0 {
			text = fmt.Sprintf("%s; %s", plural(n, "problem"), rest)
		}
		return Verdict{State: "refused", Title: "Refused.", Text: text}
	}
	parts := []string{
		plural(r.Totals.Tables, "table"),
		Plural(r.Totals.Rows, "row"),
		fmt.Sprintf("%s of %s masked", Count(int64(r.Totals.Masked)), plural(r.Totals.Columns, "column")),
	}
	if r.Outcome == Published {
		parts = append(parts, "keys are proved when it is restored; the rules' checks did not run")
	} else if n := len(r.Proof.NotValid); n > 0 {
		parts = append(parts, plural(n, "key")+" not valid, as in the source")
	} else {
		parts = append(parts, "every key valid")
	}
	v := Verdict{State: "clean", Title: "Clean.", Text: strings.Join(parts, ", ") + "."}
	switch {
	case !r.Leak.Ran:
		v.State, v.Title = "done", "Done."
		v.Text += " No leak scan ran."
	case r.Totals.Masked == 0:
		v.State, v.Title = "done", "Done."
		v.Text += " No column is masked: there were no originals to look for."
	}
	return v
}

// unaccepted counts hits of the leak scan that the rules do not accept.
func (l *Leak) unaccepted() (n int64) {
	for _, h := range l.Hits {
		if !h.Accepted {
			n += h.Values + h.Credentials
		}
	}
	return n
}
