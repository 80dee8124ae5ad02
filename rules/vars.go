package rules

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variables are the values of ${name}: those given to the run come before the
// environment's, and these before the file's own.
type variables struct {
	probs  *problems
	given  map[string]string
	own    map[string]string
	used   map[string]string
	failed map[string]bool
}

var variable = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// envPrefix and a variable's name make the name of the environment variable
// that overrides it.
const envPrefix = "PGSTANDIN_VAR_"

func (v *variables) lookup(name string) (string, bool) {
	if s, ok := v.given[name]; ok {
		return s, true
	}
	if s, ok := os.LookupEnv(envPrefix + name); ok {
		return s, true
	}
	s, ok := v.own[name]
	return s, ok
}

// declare reads the map of variables.
func (v *variables) declare(n *node) {
	if n == nil {
		return
	}
	if n.shape != isMap {
		v.probs.add(n.at, "vars: %s; write a map: vars: { sample: 5%% }", n.shape)
		return
	}
	for _, p := range n.pairs {
		if !variable.MatchString("${" + p.key.text + "}") {
			v.probs.add(p.key.at, "%q is no name of a variable; use letters, digits and _", p.key.text)
			continue
		}
		switch p.value.shape {
		case isNull, isList, isMap:
			v.probs.add(p.value.at, "variable %s is %s; write a text or a number", p.key.text, p.value.shape)
		default:
			v.own[p.key.text] = p.value.text
		}
	}
}

// replace puts values into every scalar below n but keys.
func (v *variables) replace(n *node) {
	for _, i := range n.items {
		v.replace(i)
	}
	for _, p := range n.pairs {
		v.replace(p.value)
	}
	if n.shape != isString || !strings.Contains(n.text, "${") {
		return
	}
	text := variable.ReplaceAllStringFunc(n.text, func(m string) string {
		if strings.HasPrefix(m, "$$") {
			return m[1:]
		}
		name := m[2 : len(m)-1]
		if value, ok := v.lookup(name); ok {
			v.used[name] = value
			return value
		}
		n.bad = true
		if !v.failed[name] {
			v.failed[name] = true
			names := make([]string, 0, len(v.own)+len(v.given))
			for k := range v.own {
				names = append(names, k)
			}
			for k := range v.given {
				names = append(names, k)
			}
			slices.Sort(names)
			v.probs.add(n.at, "variable %s has no value%s; add it to vars, or give --var %s=…", name, didYouMean(name, names), name)
		}
		return m
	})
	n.text, n.value, n.exact = text, text, false
	if !n.quoted {
		n.retype()
	}
}

// retype gives an unquoted text the type that it would have had as written.
func (n *node) retype() {
	switch n.text {
	case "true", "false":
		n.shape, n.value = isBool, n.text == "true"
		return
	}
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		n.shape, n.value = isInt, i
	} else if f, err := strconv.ParseFloat(n.text, 64); err == nil && strings.Trim(n.text, "0123456789.") == "" {
		n.shape, n.value = isFloat, f
	}
}

// unused finds names that were given but occur nowhere: most likely misspelt.
func (v *variables) unused() {
	var known, given []string
	for k := range v.own {
		known = append(known, k)
	}
	for k := range v.used {
		known = append(known, k)
	}
	slices.Sort(known)
	for k := range v.given {
		given = append(given, k)
	}
	slices.Sort(given)
	for _, k := range given {
		if !slices.Contains(known, k) {
			v.probs.add(pos{}, "--var %s: the file has no such variable%s", k, didYouMean(k, known))
		}
	}
}
