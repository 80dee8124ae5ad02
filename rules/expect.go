package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"unicode/utf8"
)

// expect compares the results of all rows with one property of a column.
func (r *testRun) expect(e *boundExpect, p *boundProperty, results []*testResult) error {
	if e.table.Exprs[e.column] != "" && r.evaluate == nil {
		r.fail(p.rule.at, "%s: its mask runs in the source; not tested without one", e)
		return nil
	}
	switch p.rule.key {
	case "distinct":
		r.distinct(e, p.rule, results)
		return nil
	case "same_as":
		for _, res := range results {
			if err := r.sameAs(e, p, res); err != nil {
				return err
			}
		}
		return nil
	}
	want, err := r.canonical(e.columnAt, p.want)
	if err != nil {
		return r.refused(p.rule.at, fmt.Sprintf("expect: no value of %s, which is of type %s", e, e.typ().Name), err)
	}
	for _, res := range results {
		given, got := res.given[e.column], res.got[e.column]
		why := ""
		switch {
		case p.rule.key == "path":
			why = atPath(p.rule, given, got)
		case p.rule.key == "value" && !equal(e, want, got):
			why = "want " + show(want)
		case p.rule.key != "value":
			why = p.rule.unmet(given, got)
		}
		if why == "" {
			continue
		}
		if res.opaque[e.column] {
			why += "; the value is outside its mask's format"
		}
		r.fail(p.rule.at, "%s: given %s, got %s; %s", e, show(given), show(got), why)
	}
	return nil
}

// equal compares two values as the column's type does, as far as it matters.
func equal(e *boundExpect, a, b []byte) bool {
	switch {
	case a == nil || b == nil:
		return a == nil && b == nil
	case isJSON(e.typ()):
		x, errX := decodeJSON(a)
		y, errY := decodeJSON(b)
		return errX == nil && errY == nil && reflect.DeepEqual(x, y)
	case e.typ().Base == "bpchar":
		a, b = bytes.TrimRight(a, " "), bytes.TrimRight(b, " ")
	}
	return bytes.Equal(a, b)
}

func decodeJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// unmet says what is wanted of a value, "" where it is so.
func (p *propertyRule) unmet(given, got []byte) string {
	switch p.key {
	case "value": // at a path
		want, null := []byte(p.node.text), p.node.shape == isNull
		if p.node.shape >= isList {
			text, _ := jsonLiteral(p.node)
			want = []byte(text)
		}
		switch same, err := sameJSON(want, got, p.node.shape >= isList); {
		case null && got != nil:
			return "want null"
		case !null && (got == nil || err != nil || !same):
			return "want " + show(want)
		}
	case "match":
		if got == nil || !p.re.Match(got) {
			return fmt.Sprintf("want a match of %q", p.re.String())
		}
	case "without":
		for _, w := range p.names {
			if bytes.Contains(got, []byte(w.text)) {
				return fmt.Sprintf("want it without %q", w.text)
			}
		}
	case "changed":
		if same := bytes.Equal(given, got) && (given == nil) == (got == nil); same == p.yes {
			return map[bool]string{true: "want another value", false: "want the same"}[p.yes]
		}
	case "null":
		if (got == nil) != p.yes {
			return map[bool]string{true: "want NULL", false: "want a value"}[p.yes]
		}
	case "length":
		want := p.length
		if want < 0 {
			want = utf8.RuneCount(given)
		}
		if n := utf8.RuneCount(got); got == nil || n != want {
			return fmt.Sprintf("want %s, not %d", plural(want, "character"), n)
		}
	}
	return ""
}

// sameJSON compares two texts, or what they say as JSON.
func sameJSON(a, b []byte, document bool) (bool, error) {
	if !document {
		return bytes.Equal(a, b), nil
	}
	x, err := decodeJSON(a)
	if err != nil {
		return false, err
	}
	y, err := decodeJSON(b)
	return reflect.DeepEqual(x, y), err
}

// atPath says what is wanted of the values at a path, "" where they are so.
func atPath(p *propertyRule, given, got []byte) string {
	if got == nil {
		return fmt.Sprintf("want a document with %s", p.text)
	}
	after, err := p.path.In(got)
	if err != nil {
		return "want JSON"
	}
	var before [][]byte
	if given != nil {
		if before, err = p.path.In(given); err != nil {
			return "the given value is not JSON"
		}
	}
	if len(after) == 0 {
		return fmt.Sprintf("want something at %s", p.text)
	}
	for i, v := range after {
		var was []byte
		if len(before) == len(after) {
			was = before[i]
		}
		for j := range p.inner {
			if why := p.inner[j].unmet(was, v); why != "" {
				return fmt.Sprintf("at %s %s: %s", p.text, show(v), why)
			}
		}
	}
	return ""
}

// distinct expects that different values come out different, or not.
func (r *testRun) distinct(e *boundExpect, p *propertyRule, results []*testResult) {
	seen := map[string]*testResult{}
	for _, res := range results {
		got := res.got[e.column]
		if got == nil {
			continue
		}
		other := seen[string(got)]
		if other != nil && p.yes && !bytes.Equal(other.given[e.column], res.given[e.column]) {
			r.fail(p.at, "%s: given %s and %s, got %s for both; want distinct values",
				e, show(other.given[e.column]), show(res.given[e.column]), show(got))
			return
		}
		seen[string(got)] = res
	}
	if !p.yes && len(seen) > 1 {
		r.fail(p.at, "%s: %d distinct results; want one", e, len(seen))
	}
}

// sameAs expects that the same value, of the same entity, comes out the same in
// other columns.
func (r *testRun) sameAs(e *boundExpect, p *boundProperty, res *testResult) error {
	value := res.row.values[e.column]
	for i, other := range p.same {
		row := newBoundRow(other.table, res.row.at)
		if other.table == e.table {
			copy(row.values, res.row.values)
			maps.Copy(row.places, res.row.places)
		} else {
			mine, theirs := r.programs[e.table.Table], r.programs[other.table.Table]
			if d := mine.EntityDomain(); d != "" && d == theirs.EntityDomain() {
				row.values[theirs.EntityColumn()] = res.row.values[mine.EntityColumn()]
			}
		}
		row.values[other.column], row.places[other.column] = value, res.row.at
		there, err := r.mask(&row)
		if err != nil {
			return err
		}
		if got, want := res.got[e.column], there.got[other.column]; !bytes.Equal(got, want) || (got == nil) != (want == nil) {
			r.fail(p.rule.names[i].at, "%s: given %s, got %s, but %s in %s; want the same", e, show(res.given[e.column]), show(got), show(want), other)
		}
	}
	return nil
}
