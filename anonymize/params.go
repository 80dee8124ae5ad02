package anonymize

import (
	"fmt"
	"strings"
)

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (c *compiler) string(name, otherwise string) string {
	v, ok := c.m.Params[name]
	if !ok {
		return otherwise
	}
	switch v := v.(type) {
	case string:
		return v
	case bool, int64, uint64, int, float64:
		return fmt.Sprint(v)
	}
	c.problem(name, "%s must be a text", name)
	return otherwise
}

func (c *compiler) given(name string) bool {
	_, ok := c.m.Params[name]
	return ok
}

func (c *compiler) int(name string, otherwise, least int) int {
	v, ok := c.m.Params[name]
	if !ok {
		return otherwise
	}
	n, isInt := toInt(v)
	if !isInt || n < int64(least) || n > 1<<31 {
		c.problem(name, "%s must be a whole number of at least %d", name, least)
		return otherwise
	}
	return int(n)
}

func (c *compiler) bool(name string) bool {
	v, ok := c.m.Params[name]
	if !ok {
		return false
	}
	b, isBool := v.(bool)
	if !isBool {
		c.problem(name, "%s must be true or false", name)
	}
	return b
}

func (c *compiler) list(name string) []string {
	v, ok := c.m.Params[name]
	if !ok {
		return nil
	}
	items, isList := v.([]any)
	if !isList {
		c.problem(name, "%s must be a list", name)
		return nil
	}
	out, ok := plainValues(items)
	if !ok {
		c.problem(name, "%s must be a list of plain values", name)
	}
	return out
}

// plainValues returns values of a list as texts; none if one is a list or a map itself.
func plainValues(items []any) (out []string, ok bool) {
	for _, x := range items {
		switch x.(type) {
		case string, bool, int64, uint64, int, float64:
			out = append(out, fmt.Sprint(x))
		default:
			return nil, false
		}
	}
	return out, true
}

func toInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), v < 1<<62
	}
	return 0, false
}
