package anonymize

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/keyed"
)

// compileFilled compiles a table whose shuffled columns draw a and b.
func compileFilled(secret *keyed.Secret, table Table) (*Program, error) {
	p, err := Compile(secret, table)
	if err != nil {
		return nil, err
	}
	for _, d := range p.Draws() {
		if p, err = p.Fill(d.Column, poolOf(map[string]int64{"a": 3, "b": 1}), 0); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func poolOf(rows map[string]int64) []PoolValue {
	var out []PoolValue
	for text, n := range rows {
		out = append(out, PoolValue{[]byte(text), n})
	}
	return out
}

// shuffled draws for the rows of a table that are each an entity of their own.
func shuffled(t *testing.T, rows map[string]int64, n int) []string {
	t.Helper()
	p, err := Compile(testSecret(t, 1), Table{Name: "users", Entity: 0, EntityDomain: "users(id)", Columns: []Column{
		{Name: "id", Type: Type{Name: "int8"}, Sole: true},
		{Name: "city", Type: Type{Name: "text"}, Mask: &Mask{Kind: "shuffle"}},
		{Name: "plan", Type: Type{Name: "text"}, Mask: &Mask{Kind: "shuffle"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Draws() {
		if p, err = p.Fill(d.Column, poolOf(rows), 0); err != nil {
			t.Fatal(err)
		}
	}
	r, out := p.NewRewriter(), make([]string, n)
	same := 0
	for i := range out {
		row := maskRow(t, r, fmt.Sprint(i), "Nowhere", "Nowhere")
		if out[i] = row[1]; row[1] == row[2] {
			same++
		}
	}
	if n > 1000 && same > n*3/4 {
		t.Errorf("two columns of a row agree in %d of %d rows", same, n)
	}
	return out
}

// TestShuffle: where each row draws for itself, values are about as frequent as
// they were; where the values change a little, so do the rows.
func TestShuffle(t *testing.T) {
	const n = 20_000
	rows := map[string]int64{"Berlin": 5000, "Paris": 3000, "Rome": 1500, "Oslo": 400, "Bonn": 100}
	before := shuffled(t, rows, n)
	count := map[string]float64{}
	for _, city := range before {
		count[city]++
	}
	for city, want := range rows {
		if share := count[city] / n * 10_000; share < 0.8*float64(want)-20 || share > 1.2*float64(want)+20 {
			t.Errorf("%s: %.0f of 10000, was %d", city, share, want)
		}
	}
	if len(count) != len(rows) {
		t.Errorf("drawn: %v", count)
	}
	rows = maps.Clone(rows)
	rows["Berlin"], rows["Lund"] = 5100, 90
	changed := 0
	for i, city := range shuffled(t, rows, n) {
		if city != before[i] {
			changed++
		}
	}
	if changed > n/20 {
		t.Errorf("%d of %d rows changed with one per cent of the values", changed, n)
	}
}

// TestShuffleByValue: without an entity a value gets the same everywhere.
func TestShuffleByValue(t *testing.T) {
	f := one(t, 1, "text", Mask{Kind: "shuffle"})
	out := map[string]bool{}
	for i := range 50 {
		v := fmt.Sprint("city ", i)
		first := f(v)
		out[first] = true
		if f(v) != first {
			t.Errorf("two results for a value")
		}
	}
	if len(out) != 2 || !out["a"] || !out["b"] {
		t.Errorf("drawn: %v", out)
	}
}

func TestShuffleErrors(t *testing.T) {
	for _, c := range []struct {
		col  Column
		want string
	}{
		{Column{Type: Type{Name: "text"}, Unique: true, Mask: &Mask{Kind: "shuffle"}}, "may give two rows the same value"},
		{Column{Type: Type{Name: "text"}, Mask: &Mask{Kind: "shuffle", Params: params{"at_least": int64(1)}}}, "at_least must be a whole number of at least 2"},
		{Column{Type: Type{Name: "_text", Elem: &Type{Name: "text"}}, Mask: &Mask{Kind: "shuffle"}}, "does not fit type"},
		{Column{Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "shuffle"}}, "does not fit type"},
		{Column{Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$.a": "shuffle"}, "other": "keep"}}}, "a whole column"},
	} {
		_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{c.col}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v", c.want, err)
		}
	}
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "shuffle"}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Fill(0, poolOf(map[string]int64{"Secretville": 9}), 17)
	if err == nil || !strings.Contains(err.Error(), "at least 5 rows") || !strings.Contains(err.Error(), "17 rarer ones") || strings.Contains(err.Error(), "Secretville") {
		t.Errorf("error is %v", err)
	}
	if _, err = p.Fill(0, nil, 0); err != nil {
		t.Errorf("a column without values: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("rows are masked without anything to draw from")
		}
	}()
	p.NewRewriter()
}
