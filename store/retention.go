package store

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Retention says which snapshots are kept. A snapshot is kept if any of the rules
// keeps it. Days, weeks and so on are those of UTC; weeks begin on Monday.
type Retention struct {
	Last    int // so many of the newest
	Daily   int // the newest one of each of so many days that have one, the latest days first
	Weekly  int // the same of weeks
	Monthly int
	Yearly  int
}

// Empty reports whether the retention keeps nothing at all.
func (r Retention) Empty() bool { return r == Retention{} }

// Decision is what becomes of a snapshot.
type Decision struct {
	Listed
	// Keep are the rules that keep it: "last 1", "weekly 3". Without any it goes.
	Keep []string
}

// Decide returns the complete snapshots of list, the newest first, with what becomes
// of each. Snapshots that are not complete are no concern of it. Of two with the same
// time, the one whose name comes last is the newer.
func (r Retention) Decide(list []Listed) []Decision {
	var out []Decision
	for _, l := range list {
		if l.State == Complete {
			out = append(out, Decision{Listed: l})
		}
	}
	slices.SortFunc(out, func(a, b Decision) int {
		return cmp.Or(b.Manifest.Created.Compare(a.Manifest.Created), cmp.Compare(b.Name, a.Name))
	})
	week := func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprintf("%d-%02d", y, w) }
	rules := []struct {
		name   string
		left   int
		period func(time.Time) string // nil: each is its own
	}{
		{"last", r.Last, nil},
		{"daily", r.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{"weekly", r.Weekly, week},
		{"monthly", r.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
	for _, rule := range rules {
		kept, before := 0, ""
		for i := range out {
			if kept == rule.left {
				break
			}
			if rule.period != nil {
				p := rule.period(out[i].Manifest.Created.UTC())
				if p == before && i > 0 {
					continue
				}
				before = p
			}
			kept++
			out[i].Keep = append(out[i].Keep, fmt.Sprintf("%s %d", rule.name, kept))
		}
	}
	return out
}
