package schema

import (
	"sort"
	"strings"
)

// Object is one thing of a database that two databases can have alike: a table,
// a column, a key, a setting.
type Object struct {
	Kind string // one of ObjectKinds
	Name string // as PostgreSQL spells it, qualified, quoted where it must be
	// Of is the table or view that it belongs to, spelled alike; "" for none.
	Of string
	// Definition is what else must be the same. It may hold anything that the
	// schema holds, also literals.
	Definition string
	// Shown reports whether the definition is short and of names and types, so that
	// a difference can be printed.
	Shown bool
	// Printed reports whether the server made the definition's text from a tree: then
	// another major version may spell the same thing differently.
	Printed bool
	// Valid is false for constraints and indexes that are not, for triggers that are
	// disabled, and for materialized views without rows.
	Valid bool
}

// ObjectKinds are the kinds of objects that are compared, in the order in which
// differences are listed.
var ObjectKinds = []string{
	"server", "database", "setting", "extension", "collation version",
	"schema", "type", "collation", "table", "foreign table", "column", "default", "primary key", "unique", "foreign key", "check",
	"exclusion", "index", "sequence", "view", "materialized view", "rule", "function", "procedure", "aggregate", "trigger", "policy",
	"statistics", "operator", "operator class", "operator family", "cast", "conversion", "text search", "comment",
}

// Change says in which way two databases differ in one object.
type Change string

// The changes, as seen from the source.
const (
	Missing Change = "missing" // the target does not have it
	Extra   Change = "extra"   // only the target has it
	Differs Change = "differs" // it has another definition
	Invalid Change = "invalid" // it is valid in the source, not in the target
)

// Difference is one object in which two databases differ.
type Difference struct {
	Change         Change
	Kind, Name     string
	Source, Target string // the definitions, where they can be shown
}

// String is the difference on one line.
func (d Difference) String() string {
	what := d.Kind + " " + d.Name
	switch {
	case d.Change == Missing:
		return what + " is missing"
	case d.Change == Extra:
		return what + " is not in the source"
	case d.Change == Invalid:
		return what + " is not valid"
	case d.Source != "" || d.Target != "":
		return what + " differs: " + orNothing(d.Source) + " in the source, " + orNothing(d.Target) + " in the target"
	}
	return what + " has another definition"
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// CompareObjects returns the differences of a source's and a target's objects, by
// kind and name. Of a table or view that one of them lacks as a whole, only that is
// told; an index that is invalid in the source may be missing. With sameMajor false, definitions that depend on the server's version are
// not compared.
func CompareObjects(source, target []Object, sameMajor bool) []Difference {
	type key struct{ kind, name string }
	has := func(list []Object) (map[key]*Object, map[string]bool) {
		found, relations := make(map[key]*Object, len(list)), map[string]bool{}
		for i := range list {
			o := &list[i]
			found[key{o.Kind, o.Name}] = o
			if strings.HasSuffix(o.Kind, "table") || strings.HasSuffix(o.Kind, "view") {
				relations[o.Name] = true
			}
		}
		return found, relations
	}
	a, relationsA := has(source)
	b, relationsB := has(target)
	// PostgreSQL dumps no index that is invalid, nor its comment.
	unmade := func(o *Object) bool {
		if o.Kind == "comment" {
			name, of := strings.CutPrefix(o.Name, "index ")
			if o = a[key{"index", name}]; !of || o == nil {
				return false
			}
		}
		return o.Kind == "index" && !o.Valid && b[key{"index", o.Name}] == nil
	}
	var out []Difference
	for i := range source {
		o := &source[i]
		other := b[key{o.Kind, o.Name}]
		d := Difference{Kind: o.Kind, Name: o.Name}
		switch {
		case other == nil && o.Of != "" && !relationsB[o.Of]:
			continue
		case other == nil && unmade(o):
			continue
		case other == nil:
			d.Change = Missing
		case (sameMajor || !o.Printed) && !SameDefinition(o.Definition, other.Definition):
			d.Change = Differs
			if o.Shown {
				d.Source, d.Target = o.Definition, other.Definition
			}
		case o.Valid && !other.Valid:
			d.Change = Invalid
		default:
			continue
		}
		out = append(out, d)
	}
	for i := range target {
		o := &target[i]
		if a[key{o.Kind, o.Name}] == nil && (o.Of == "" || relationsA[o.Of]) {
			out = append(out, Difference{Change: Extra, Kind: o.Kind, Name: o.Name})
		}
	}
	order := map[string]int{}
	for i, k := range ObjectKinds {
		order[k] = i
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Kind != out[j].Kind {
			return order[out[i].Kind] < order[out[j].Kind]
		}
		return out[i].Name < out[j].Name
	})
	return out
}
