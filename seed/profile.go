package seed

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// ProfileFormat and ProfileVersion begin a profile's text.
const (
	ProfileFormat  = "pgstandin profile"
	ProfileVersion = 1
)

// Profile is the shape of a database: statistics of its rows, of which none
// stands for fewer than Minimum rows. docs/seed.md describes its JSON.
type Profile struct {
	Format  string         `json:"format"`
	Version int            `json:"version"`
	Minimum int            `json:"minimum"`
	Tables  []ProfileTable `json:"tables"`
}

// ProfileTable is a table, a partitioned one as a whole.
type ProfileTable struct {
	Name       string             `json:"name"` // as schema.Name.String prints it
	Rows       int64              `json:"rows"`
	Columns    []ProfileColumn    `json:"columns"`
	References []ProfileReference `json:"references,omitempty"`
}

// ProfileColumn is a column. Shares are of the rows where it is not NULL, but
// Null, which is of all.
type ProfileColumn struct {
	Name      string            `json:"name"`
	Personal  bool              `json:"personal,omitempty"` // no value, pattern or histogram is given
	Null      float64           `json:"null"`
	Values    []ProfileValue    `json:"values,omitempty"` // the frequent ones, most frequent first
	Histogram *ProfileHistogram `json:"histogram,omitempty"`
	Lengths   []ProfileLength   `json:"lengths,omitempty"`  // of texts, in characters
	Patterns  []ProfileValue    `json:"patterns,omitempty"` // texts with a for a small letter, A for a capital, 9 for a digit
}

// ProfileValue is a value and how often it comes.
type ProfileValue struct {
	Value string  `json:"value"`
	Share float64 `json:"share"`
}

// ProfileHistogram says how numbers and times spread: Shares[i] of the rows are
// from Bounds[i] up to Bounds[i+1]. Bounds are round.
type ProfileHistogram struct {
	Bounds []string  `json:"bounds"`
	Shares []float64 `json:"shares"`
}

// ProfileLength is texts of From to To characters.
type ProfileLength struct {
	From  int     `json:"from"`
	To    int     `json:"to"`
	Share float64 `json:"share"`
}

// ProfileReference is a foreign key: how many children parents have.
type ProfileReference struct {
	Columns  []string          `json:"columns"`
	Parent   string            `json:"parent"`
	Children []ProfileChildren `json:"children"`
}

// ProfileChildren is parents with From to To children each, Mean of them on
// average; Share is of all parents.
type ProfileChildren struct {
	From  int64   `json:"from"`
	To    int64   `json:"to"`
	Mean  float64 `json:"mean"`
	Share float64 `json:"share"`
}

// ReadProfile reads a profile. Unknown members are an error, and so is another
// version.
func ReadProfile(r io.Reader) (*Profile, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	p := &Profile{}
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("profile: not a file that \"pgstandin profile\" writes: %w", err)
	}
	if p.Format != ProfileFormat || p.Version != ProfileVersion {
		return nil, fmt.Errorf("profile: format %q, version %d: this program reads %q, version %d", p.Format, p.Version, ProfileFormat, ProfileVersion)
	}
	for _, t := range p.Tables {
		for _, c := range t.Columns {
			if h := c.Histogram; h != nil && (len(h.Shares) == 0 || len(h.Bounds) != len(h.Shares)+1) {
				return nil, fmt.Errorf("profile: table %s, column %s: %d bounds for %d shares", t.Name, c.Name, len(h.Bounds), len(h.Shares))
			}
		}
	}
	return p, nil
}

// Write writes a profile as ReadProfile reads it.
func (p *Profile) Write(w io.Writer) error {
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// profile takes the profile in.
func (b *builder) profile() error {
	for _, x := range b.tables {
		b.profiled(x)
	}
	b.inherit()
	return nil
}

// profiled takes in what the profile says of a table, where nothing else was
// said.
func (b *builder) profiled(x *table) {
	if b.cfg.Profile == nil {
		return
	}
	at := slices.IndexFunc(b.cfg.Profile.Tables, func(t ProfileTable) bool { return t.Name == x.t.Name.String() })
	if at < 0 {
		return
	}
	p := &b.cfg.Profile.Tables[at]
	if x.profile = p; !x.named && b.cfg.Each == 0 {
		x.rows, x.sized = uint64(float64(p.Rows)*float64(b.cfg.Base)/100+0.5), true
	}
	for i := range p.Columns {
		c := x.t.Column(p.Columns[i].Name)
		if c < 0 || x.cols[c].skip || x.cols[c].value != nil {
			continue
		}
		x.cols[c].shape(&p.Columns[i], x.soleKey(c))
		if lengths := p.Columns[i].Lengths; len(lengths) > 0 && x.cols[c].spec.isText() && !x.mustDiffer(c) {
			x.cols[c].spec.lengths = lengths
		}
	}
	x.profileColumns()
}

// soleKey reports whether a column is unique by itself.
func (x *table) soleKey(c int) bool {
	for _, t := range family(x.t) {
		for _, k := range t.Keys {
			if len(k.Columns) == 1 && t.Columns[k.Columns[0]].Name == x.t.Columns[c].Name {
				return true
			}
		}
		for _, k := range t.Indexes {
			if k.Unique && len(k.Columns) == 1 && k.Columns[0] >= 0 && t.Columns[k.Columns[0]].Name == x.t.Columns[c].Name {
				return true
			}
		}
	}
	return false
}

// shape lets a column follow its profile.
func (col *column) shape(p *ProfileColumn, key bool) {
	v := &Value{soft: true}
	if !col.spec.notNull {
		v.Null = &p.Null
	}
	col.value = v
	if key || p.Personal {
		return
	}
	listed := 0.0
	for _, e := range p.Values {
		listed += e.Share
	}
	switch s := &col.spec; {
	case listed >= 0.5:
		for _, e := range p.Values {
			v.Choice, v.Weights = append(v.Choice, e.Value), append(v.Weights, e.Share)
		}
		if s.typ.Class == schema.EnumType {
			v.Choice, v.Weights = known(v.Choice, v.Weights, s.typ.Enum.Labels)
		}
	case p.Histogram != nil && (isNumber(s.typ) || isTime(s.typ)):
		v.Bounds, v.Weights = p.Histogram.Bounds, p.Histogram.Shares
	case len(p.Patterns) > 0 && p.Patterns[0].Share >= 0.5 && s.isText() && s.role == "":
		s.patterns = append(s.patterns, patternOf(p.Patterns[0].Value))
	}
}

// known leaves the values that are among others, with their weights.
func known(values []string, weights []float64, among []string) (v []string, w []float64) {
	for i := range values {
		if slices.Contains(among, values[i]) {
			v, w = append(v, values[i]), append(w, weights[i])
		}
	}
	return v, w
}

// patternOf is the regular expression of a pattern of a profile.
func patternOf(text string) string {
	var b strings.Builder
	b.WriteByte('^')
	for _, c := range text {
		switch c {
		case 'a':
			b.WriteString("[a-z]")
		case 'A':
			b.WriteString("[A-Z]")
		case '9':
			b.WriteString("[0-9]")
		default:
			if strings.ContainsRune(`\.+*?()|[]{}^$`, c) {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		}
	}
	b.WriteByte('$')
	return b.String()
}

// inherit lets foreign keys have as many children a parent as the profile says,
// where the rules do not.
func (b *builder) inherit() {
	for _, f := range b.keys {
		x := f.child
		if x.profile == nil || f.share != nil || f.src == nil || f.parent == x || f.taken != nil {
			continue
		}
		for i := range x.profile.References {
			p := &x.profile.References[i]
			if p.Parent != f.parent.t.Name.String() || len(p.Columns) != len(f.cols) {
				continue
			}
			same := true
			for k, c := range f.cols {
				same = same && x.t.Columns[c].Name == p.Columns[k]
			}
			if same && len(p.Children) > 0 {
				f.sizes = newSizes(p.Children)
			}
		}
	}
}
