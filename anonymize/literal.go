package anonymize

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// literal reports as a problem a value of the rules that the column could not
// hold, so that it does not show when the rows are loaded.
func (c *compiler) literal(param, v string) {
	c.literals = append(c.literals, v)
	if why := Unfit(c.typ, v); why != "" {
		c.problem(param, "%s", why)
	}
}

// Unfit says why a text is no value of a type, quoting it; "" if it is, or if only
// the server can tell.
func Unfit(t Type, v string) string {
	if strings.IndexByte(v, 0) >= 0 {
		return "a value has a character of code 0, which no type of PostgreSQL holds"
	}
	if t.Elem != nil {
		return unfitArray(t, v)
	}
	not := func(what string) string { return strconv.Quote(v) + " is no " + what }
	switch t.Name {
	case "int2", "int4", "int8":
		width := map[string]int{"int2": 16, "int4": 32, "int8": 64}[t.Name]
		if _, err := strconv.ParseInt(strings.TrimSpace(v), 10, width); err != nil {
			return not("value of type " + t.Name)
		}
	case "numeric", "float4", "float8":
		x, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil && !math.IsInf(x, 0) {
			return not("number")
		}
		if t.Name == "numeric" && t.Precision > 0 && math.Abs(x) >= math.Pow10(t.Precision-t.Scale) {
			return strconv.Quote(v) + " has more digits than the column holds"
		}
	case "bool":
		if !slices.Contains([]string{"t", "f", "true", "false", "yes", "no", "y", "n", "on", "off", "1", "0"}, strings.ToLower(strings.TrimSpace(v))) {
			return not("boolean")
		}
	case "uuid":
		digits := strings.NewReplacer("-", "", "{", "", "}", "").Replace(v)
		if len(digits) != 32 || strings.Trim(strings.ToLower(digits), "0123456789abcdef") != "" {
			return not("uuid")
		}
	case "json", "jsonb":
		if !json.Valid([]byte(v)) {
			return not("JSON")
		}
	}
	switch {
	case len(t.Labels) > 0 && !slices.Contains(t.Labels, v):
		return not("label of the enum; it has " + strings.Join(t.Labels, ", "))
	case isText(t) && t.Length > 0 && utf8.RuneCountInString(v) > t.Length:
		return "a value has " + strconv.Itoa(utf8.RuneCountInString(v)) + " characters, and the column holds " + strconv.Itoa(t.Length)
	}
	return ""
}

func unfitArray(t Type, v string) string {
	var r copyfmt.ArrayReader
	r.Reset([]byte(v))
	for {
		tok, elem, err := r.Next()
		switch {
		case err != nil:
			return strconv.Quote(v) + " is no array; write {a,b}"
		case tok == copyfmt.ArrayEnd:
			return ""
		case tok == copyfmt.ArrayElement:
			if why := Unfit(*t.Elem, string(elem)); why != "" {
				return why
			}
		}
	}
}
