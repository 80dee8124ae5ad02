package report

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// docs/report.schema.json describes what is written, and nothing else.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	check := func(r *Report) []string {
		var value any
		if err := json.Unmarshal(mustJSON(t, r), &value); err != nil {
			t.Fatal(err)
		}
		return conforms(schema, schema, value, "report")
	}
	refused := demo()
	refused.Outcome, refused.Problems, refused.Leak, refused.Reidentification = Refused, []string{"x"}, Leak{Reason: "x"}, Reidentification{Reason: "x"}
	for name, r := range map[string]*Report{"demo": demo(), "refused": refused} {
		for _, p := range check(r) {
			t.Errorf("%s: %s", name, p)
		}
	}
	// The check can fail: every field counts, and so does its kind.
	for name, spoil := range map[string]func(*Report){
		"outcome": func(r *Report) { r.Outcome = "whatever" },
		"hash":    func(r *Report) { r.Rules.SHA256 = "abc" },
		"share":   func(r *Report) { r.Reidentification.Tables[0].Unique = 1.5 },
		"count":   func(r *Report) { r.Tables[0].Rows = -1 },
		"by":      func(r *Report) { r.Tables[0].Columns[0].DecidedBy = "chance" },
	} {
		r := demo()
		spoil(r)
		if len(check(r)) == 0 {
			t.Errorf("a wrong %s conforms", name)
		}
	}
	// Every part of a report occurs in the demo, else the schema of it is unproven.
	for _, p := range unused(reflect.ValueOf(*demo()), "Report") {
		t.Errorf("%s is empty in the demo", p)
	}
}

// conforms says where value is not what schema allows, for the words of JSON
// Schema that ours uses; an unknown word is an error.
func conforms(root, schema map[string]any, value any, at string) (problems []string) {
	add := func(format string, args ...any) { problems = append(problems, at+": "+fmt.Sprintf(format, args...)) }
	for word, want := range schema {
		switch word {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			def := strings.TrimPrefix(want.(string), "#/$defs/")
			problems = append(problems, conforms(root, root["$defs"].(map[string]any)[def].(map[string]any), value, at)...)
		case "type":
			if !slices.Contains(typesOf(value), want.(string)) {
				add("%v is no %s", value, want)
			}
		case "const":
			if value != want {
				add("%v is not %v", value, want)
			}
		case "enum":
			if !slices.Contains(want.([]any), value) {
				add("%v is none of %v", value, want)
			}
		case "pattern":
			if s, _ := value.(string); !regexp.MustCompile(want.(string)).MatchString(s) {
				add("%v does not match", value)
			}
		case "format":
			if s, _ := value.(string); want != "date-time" || !isTime(s) {
				add("%v is no %v", value, want)
			}
		case "minimum":
			if n, ok := value.(float64); ok && n < want.(float64) {
				add("%v is too small", n)
			}
		case "maximum":
			if n, ok := value.(float64); ok && n > want.(float64) {
				add("%v is too large", n)
			}
		case "items":
			list, _ := value.([]any)
			for i, x := range list {
				problems = append(problems, conforms(root, want.(map[string]any), x, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "required":
			for _, name := range want.([]any) {
				if _, ok := value.(map[string]any)[name.(string)]; !ok {
					add("no %s", name)
				}
			}
		case "properties", "additionalProperties":
			if word == "additionalProperties" && want != false {
				add("additionalProperties is not false")
			}
			object, _ := value.(map[string]any)
			known, _ := schema["properties"].(map[string]any)
			for name, x := range object {
				sub, ok := known[name].(map[string]any)
				switch {
				case !ok && word == "additionalProperties":
					add("%s is not described", name)
				case ok && word == "properties":
					problems = append(problems, conforms(root, sub, x, at+"."+name)...)
				}
			}
		default:
			add("the schema has a word %s", word)
		}
	}
	return problems
}

func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

func typesOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{"string"}
	case bool:
		return []string{"boolean"}
	case float64:
		if v == math.Trunc(v) {
			return []string{"number", "integer"}
		}
		return []string{"number"}
	case []any:
		return []string{"array"}
	case map[string]any:
		return []string{"object"}
	}
	return nil
}

// unused lists lists that have no element anywhere in v.
func unused(v reflect.Value, at string) []string {
	seen := map[string]bool{}
	var walk func(v reflect.Value, at string)
	walk = func(v reflect.Value, at string) {
		switch {
		case v.Kind() == reflect.Slice:
			seen[at] = seen[at] || v.Len() > 0
			for i := range v.Len() {
				walk(v.Index(i), at+"[]")
			}
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
			for i := range v.NumField() {
				walk(v.Field(i), at+"."+v.Type().Field(i).Name)
			}
		}
	}
	walk(v, at)
	var out []string
	for name, ok := range seen {
		if !ok && name != "Report.Problems" {
			out = append(out, name)
		}
	}
	return out
}
