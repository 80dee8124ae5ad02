package survey

import (
	"context"
	"slices"

	"github.com/pgstandin/pgstandin/discover"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

// Profiler makes one profile.
type Profiler struct {
	Sampler *Sampler
	Schema  *schema.Schema
	Minimum int64 // nothing in the profile stands for fewer rows, or parents
	Rows    int64 // of each table that are looked at, about
	Standby bool  // the source is one

	// open are the columns whose values may be shown, by table and name: of no
	// other is a value read into a profile.
	open map[schema.Name]map[string]bool
}

// allow lets values of a column be shown.
func (p *Profiler) allow(t *schema.Table, column string) {
	if p.open == nil {
		p.open = map[schema.Name]map[string]bool{}
	}
	if p.open[t.Name] == nil {
		p.open[t.Name] = map[string]bool{}
	}
	p.open[t.Name][column] = true
}

// Decided lets the columns be shown that rules keep.
func (p *Profiler) Decided(ledger []rules.Decision) {
	for _, d := range ledger {
		if d.Mask == "keep" {
			p.allow(d.Table, d.Column)
		}
	}
}

// plainTypes are those whose values are shown where nothing says that they are
// personal; of all others init must be sure that they are not.
var plainTypes = []string{"bool", "int2", "int4", "int8", "numeric", "float4", "float8", "money", "date", "timestamp", "timestamptz", "time", "timetz", "interval"}

// Discovered lets the columns be shown that init would keep.
func (p *Profiler) Discovered(ctx context.Context) error {
	samples := func(t *schema.Table) ([]discover.Sample, error) { return p.Sampler.Sample(ctx, t) }
	report, err := discover.Look(p.Schema, samples, func(r *discover.Reference) (bool, error) { return p.Sampler.Denies(ctx, r) })
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		c := &f.Table.Columns[f.Column]
		plain := slices.Contains(plainTypes, c.Type.Base) || c.Type.Class == schema.EnumType
		if !f.Personal && f.Mask.Kind == "keep" && (plain || f.Confident >= 0.7) {
			p.allow(f.Table, c.Name)
		}
	}
	return nil
}

// personal reports whether a column's values must not be shown.
func (p *Profiler) personal(t *schema.Table, c int) bool { return !p.open[t.Name][t.Columns[c].Name] }
