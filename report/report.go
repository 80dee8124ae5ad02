// Package report turns what a run did and proved into report.json, a
// self-contained report.html, and a signature. It is pure: plain data goes in,
// bytes come out; it reads no clock, no file and no network. A Report has no
// place for the value of a row.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Format and Version are those of report.json; docs/report.md says what changes
// of it mean.
const (
	Format  = "pgstandin-report"
	Version = 1
)

// Outcomes of a run that has a report.
const (
	Swapped   = "swapped"   // the target was replaced
	Published = "published" // a snapshot was stored; Target is then where, and its name
	Refused   = "refused"   // something was not proved, and the target is as it was
)

// List is a slice whose JSON is [] where it is nil.
type List[T any] []T

// MarshalJSON writes an array.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode([]T(l)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Report is what one run did and proved; its JSON is report.json. Times are in
// UTC, durations in seconds.
type Report struct {
	Format  string  `json:"format"`
	Version int     `json:"version"`
	Verdict Verdict `json:"verdict"` // Complete fills it

	Outcome  string       `json:"outcome"`  // Swapped, Published or Refused
	Problems List[string] `json:"problems"` // why it was refused
	Run      Run          `json:"run"`
	Source   End          `json:"source"`
	Target   End          `json:"target"`
	Snapshot Snapshot     `json:"snapshot"`
	Rules    Rules        `json:"rules"`
	KeyID    string       `json:"key_id"` // one-way: two runs with the same one used the same secret
	Previous string       `json:"previous_database"`

	Totals           Totals           `json:"totals"`
	Tables           List[Table]      `json:"tables"`     // by name
	References       List[Reference]  `json:"references"` // of the graph, and what became of them
	Reidentification Reidentification `json:"reidentification"`
	Leak             Leak             `json:"leak_scan"`
	Proof            Proof            `json:"proof"`
	Steps            List[Step]       `json:"steps"`
	Notes            List[string]     `json:"notes"`
}

// Verdict is the report in two lines.
type Verdict struct {
	State string `json:"state"` // "clean", "done" (something was not looked at) or "refused"
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Run says what ran.
type Run struct {
	Program  string       `json:"program"` // with its version
	Command  List[string] `json:"command"` // without connection strings, passwords and values of variables
	Started  time.Time    `json:"started"`
	Finished time.Time    `json:"finished"`
	Seconds  float64      `json:"seconds"`
	Workers  int          `json:"workers"`
}

// End is one of the two databases.
type End struct {
	Host     string `json:"host"` // a folder for a local socket
	Port     int    `json:"port"`
	Database string `json:"database"`
	Version  string `json:"server_version"` // "15.18"
	Standby  bool   `json:"standby"`
}

// Snapshot is the state of the source that was copied.
type Snapshot struct {
	LSN     string    `json:"lsn"`
	Time    time.Time `json:"time"`
	Standby bool      `json:"standby"`
}

// Rules identify the rules file.
type Rules struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Totals are sums over the tables.
type Totals struct {
	Tables  int   `json:"tables"`
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"` // as they entered the target, in the COPY format
	Columns int   `json:"columns"`
	Masked  int   `json:"masked_columns"`
}

// Table is what was copied of a table, and why.
type Table struct {
	Name        string       `json:"name"`
	Why         string       `json:"why"`   // "root", "down", "up", "all", ... as plan says it
	Roots       List[string] `json:"roots"` // what chose rows of it as roots
	Where       string       `json:"where"` // its restriction, or ""
	Rows        int64        `json:"rows"`
	SourceRows  int64        `json:"source_rows_estimate"` // -1 when the source never analyzed it
	Bytes       int64        `json:"bytes"`
	KeysCut     int64        `json:"keys_set_to_null"`
	LeftOut     int64        `json:"rows_left_out"` // for lack of a parent; -1: all
	Opaque      int64        `json:"values_outside_format"`
	FixedPoints int64        `json:"values_unchanged_by_mask"`
	Columns     List[Column] `json:"columns"`
}

// Masked is how many columns of the table are masked.
func (t *Table) Masked() int {
	n := 0
	for _, c := range t.Columns {
		if c.Personal {
			n++
		}
	}
	return n
}

// Column is the decision for one column and what became of its values.
type Column struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Mask        string   `json:"mask"`       // "" where nothing is copied
	DecidedBy   string   `json:"decided_by"` // "table", "match", "reference", "type", "generated", "not copied"
	Line        int      `json:"line"`       // of the rules file, 0 for none
	Personal    bool     `json:"personal"`   // it is masked
	Before      Distinct `json:"distinct_before"`
	After       Distinct `json:"distinct_after"`
	Opaque      int64    `json:"values_outside_format"` // masked as opaque text
	FixedPoints int64    `json:"values_unchanged_by_mask"`
}

// Distinct is a number of distinct values: of the whole source before, of the
// target after.
type Distinct struct {
	Count    int64  `json:"count"`    // -1 where it is not known
	Estimate bool   `json:"estimate"` // from the server's statistics
	Reason   string `json:"reason"`   // why it is not known
}

// Reference is a foreign key, declared or added by the rules.
type Reference struct {
	Name     string       `json:"name"`
	Child    string       `json:"child"`
	Parent   string       `json:"parent"`
	Columns  List[string] `json:"columns"`
	Declared bool         `json:"declared"`
	Down     string       `json:"down"`
	Up       string       `json:"up"`
	Cut      int64        `json:"set_to_null"`
	LeftOut  int64        `json:"rows_left_out"` // -1: all of the table
	Orphans  int64        `json:"orphans_in_source"`
}

// Reidentification says which kept columns may tell one person from another.
type Reidentification struct {
	Ran    bool                        `json:"ran"`
	Reason string                      `json:"reason"` // why not
	Tables List[ReidentificationTable] `json:"tables"`
}

// ReidentificationTable is what was found in one table. Shares are of the rows that were looked at.
type ReidentificationTable struct {
	Table        string            `json:"table"`
	Reason       string            `json:"reason"` // why it was not looked at, or ""
	Rows         int64             `json:"rows"`
	Whole        bool              `json:"whole_table"` // else a sample, in which more is unique than in the table
	Columns      List[string]      `json:"columns"`
	Ignored      List[string]      `json:"ignored_columns"` // kept, but not compared
	Smallest     int64             `json:"smallest_group"`  // k: rows alike in all Columns
	Unique       float64           `json:"unique_share"`    // of rows, by all Columns together
	Combinations List[Combination] `json:"combinations"`
}

// Combination is a smallest set of columns that makes most rows unique.
type Combination struct {
	Columns List[string] `json:"columns"`
	Unique  float64      `json:"unique_share"`
}

// Leak is the result of the scan for original values.
type Leak struct {
	Ran          bool          `json:"ran"`
	Reason       string        `json:"reason"`           // why not
	Scope        string        `json:"scope"`            // "copied" or "source": whose values were looked for
	Values       int64         `json:"values"`           // originals that were looked for
	Short        int64         `json:"values_too_short"` // not looked for, as the next
	Single       int64         `json:"values_of_one_common_word"`
	Fingerprints int64         `json:"fingerprints"` // distinct ones of originals, and of what masks made
	Columns      int64         `json:"columns_scanned"`
	Rows         int64         `json:"rows_scanned"`
	Bytes        int64         `json:"bytes_scanned"`
	FixedPoints  int64         `json:"fixed_points"` // values that a mask left as they were
	Hits         List[LeakHit] `json:"hits"`
}

// LeakHit counts what one place holds that it should not.
type LeakHit struct {
	Place       string `json:"place"`         // "public.products.title", or another thing that holds text
	Values      int64  `json:"values"`        // that hold an original
	Common      int64  `json:"common_values"` // that hold only originals of many rows, which is no leak by itself
	Credentials int64  `json:"credentials"`   // in the schema's own texts
	Accepted    bool   `json:"accepted"`
	Reason      string `json:"reason"` // of the rules, why it is accepted
}

// Leak reports whether the place holds a leak, accepted or not.
func (h LeakHit) Leak() bool { return h.Values+h.Credentials > 0 }

// Proof is what was verified on the new database.
type Proof struct {
	Tables      int              `json:"tables_counted"`
	Rows        int64            `json:"rows_counted"`
	Objects     int              `json:"objects_compared"` // of the source's schema, constraints among them
	Sequences   int              `json:"sequences"`        // past the values of their columns
	Constraints List[Constraint] `json:"constraints"`
	NotValid    List[string]     `json:"not_valid"` // foreign keys that the source itself has as NOT VALID
	Checks      List[Check]      `json:"checks"`
}

// Constraint counts constraints of a kind.
type Constraint struct {
	Kind  string `json:"kind"` // "foreign key", "primary key", "unique", "check", "exclusion", "not null"
	Count int    `json:"count"`
	Valid int    `json:"valid"`
}

// Check is one of the rules' checks.
type Check struct {
	SQL    string `json:"sql"`
	Line   int    `json:"line"`
	Passed bool   `json:"passed"`
}

// Step is one step of the run.
type Step struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Affected are the references that cut or left out something, or have orphans.
func (r *Report) Affected() []Reference {
	var out []Reference
	for _, x := range r.References {
		if x.Cut != 0 || x.LeftOut != 0 || x.Orphans != 0 {
			out = append(out, x)
		}
	}
	return out
}

// Complete sets what r says of its own format, and the verdict.
func (r *Report) Complete() { r.Format, r.Version, r.Verdict = Format, Version, r.judge() }

// JSON is report.json: indented, with a newline at its end. It completes r.
func (r *Report) JSON() ([]byte, error) {
	r.Complete()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}
