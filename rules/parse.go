package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
)

// later are parts of the file that belong to it but are not built.
var later = []string{"profile", "snapshots", "schedule"}

// Parse reads a rules file. vars override the variables of the file and of the
// environment (envPrefix and the name). The error is Errors, everything that is
// wrong. With it comes the file as far as it could be read, nil for nothing: its
// Bind fails with the same errors and those that it finds besides. name is only
// for messages.
func Parse(name string, text []byte, vars map[string]string) (*File, error) {
	p := &fileParser{problems: problems{file: name}, file: &File{Name: name}}
	root := read(&p.problems, text)
	if root == nil || root.shape != isMap {
		if len(p.list) == 0 {
			p.add(pos{1, 1}, "not a rules file; begin with version: 1")
		}
		return nil, p.err()
	}
	v := &variables{probs: &p.problems, given: vars, own: map[string]string{}, used: map[string]string{}, failed: map[string]bool{}}
	v.declare(root.get("vars"))
	for _, x := range root.pairs {
		if x.key.text != "vars" {
			v.replace(x.value)
		}
	}
	v.unused()
	p.top(root)
	p.file.Hash = hash(text, v.used)
	err := p.err()
	p.file.wrong = p.list
	return p.file, err
}

func hash(text []byte, used map[string]string) string {
	h := sha256.New()
	h.Write(text)
	for _, k := range slices.Sorted(maps.Keys(used)) {
		io.WriteString(h, "\x00"+strconv.Itoa(len(k))+k+"="+used[k])
	}
	return hex.EncodeToString(h.Sum(nil))
}

type fileParser struct {
	problems
	file *File
}

// field is a key that a map may have, and what reads its value.
type field struct {
	key  string
	read func(*node)
}

// fields reads a map whose keys are known; what is the map's name for messages.
func (p *fileParser) fields(n *node, what string, fields []field) bool {
	if n.shape != isMap {
		p.add(n.at, "%s is %s; write a map with %s", what, n.shape, oneOf(keys(fields)))
		return false
	}
	for _, x := range n.pairs {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == x.key.text })
		switch {
		case i >= 0 && x.value.bad:
		case i >= 0 && x.value.shape == isNull && x.key.text != "version":
			p.add(x.key.at, "%s has no value; write one, or leave the key out", x.key.text)
		case i >= 0:
			fields[i].read(x.value)
		case what == "the file" && slices.Contains(later, x.key.text):
			p.add(x.key.at, "%s is not supported by this version; leave it out", x.key.text)
		default:
			hint := didYouMean(x.key.text, keys(fields))
			if hint == "" {
				hint = "; there are " + oneOf(keys(fields))
			}
			p.add(x.key.at, "unknown key %s in %s%s", quoted(x.key.text), what, hint)
		}
	}
	return true
}

func keys(fields []field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.key
	}
	return out
}

// quoted spells a word of the file for a message.
func quoted(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == "" && s != "" {
		return s
	}
	return strconv.Quote(s)
}

func (p *fileParser) top(root *node) {
	f := p.file
	p.fields(root, "the file", []field{
		{"version", p.version}, {"vars", func(*node) {}}, {"targets", p.targets},
		{"target", p.target}, {"subset", p.subset}, {"tables", p.tables}, {"columns", p.columns},
		{"checks", p.checks}, {"functions", p.functions}, {"drift", p.drift}, {"tests", p.tests},
		{"leaks", p.leaks}, {"seed", p.seed},
		{"objects", func(n *node) {
			f.Objects = choose(p, n, "objects", []choice[Objects]{{"none", ObjectsNone}, {"schema", ObjectsSchema}, {"all", ObjectsAll}})
		}},
	})
	if root.get("version") == nil {
		p.add(pos{1, 1}, "version is missing; begin with version: 1")
	}
}

func (p *fileParser) version(n *node) {
	if n.shape == isString && n.text == "1" {
		p.add(n.at, "version is the text \"1\"; write version: 1, without quotes")
	} else if n.shape != isInt || n.value != int64(1) {
		p.add(n.at, "version is %s; this program reads version: 1", quoted(n.text))
	}
}

func (p *fileParser) targets(n *node) {
	if n.shape == isString {
		n = &node{at: n.at, shape: isList, items: []*node{n}}
	}
	for _, i := range p.list1(n, "targets", `targets: ["staging"]`) {
		if i.shape == isInt || i.shape == isFloat || i.shape == isBool {
			p.add(i.at, "target %s is no text; write %s if it is a name", i.text, strconv.Quote(i.text))
			continue
		}
		text, ok := p.text(i, "a target")
		if !ok {
			continue
		}
		if at := slices.IndexFunc(p.file.Targets, func(t Target) bool { return t.text == text }); at >= 0 {
			p.add(i.at, "target %s is written twice; the first is on line %d", strconv.Quote(text), p.file.Targets[at].line)
			continue
		}
		t, err := parseTarget(text)
		if err != nil {
			p.add(i.at, "target %s: %v", strconv.Quote(text), err)
			continue
		}
		t.line = i.at.line
		p.file.Targets = append(p.file.Targets, t)
	}
}

func (p *fileParser) target(n *node) {
	p.fields(n, "target", []field{
		{"owner", func(n *node) { p.file.Owner, _ = p.text(n, "owner") }},
		{"grants", p.grants},
	})
}

func (p *fileParser) grants(n *node) {
	if n.shape != isMap {
		p.add(n.at, "grants is %s; write a map: grants: { app: [select, insert] }", n.shape)
		return
	}
	known := []string{"select", "insert", "update", "delete", "truncate", "references", "trigger", "all"}
	for _, x := range n.pairs {
		g := Grant{Role: x.key.text}
		items := x.value.items
		if x.value.shape != isList {
			items = []*node{x.value}
		}
		for _, i := range items {
			text, ok := p.text(i, "a privilege")
			if !ok {
				continue
			}
			if !slices.Contains(known, strings.ToLower(text)) {
				p.add(i.at, "%s is no privilege of a table; write %s", quoted(text), oneOf(known))
				continue
			}
			g.Privileges = append(g.Privileges, strings.ToLower(text))
		}
		if len(items) == 0 {
			p.add(x.key.at, "no privileges for %s; write at least one, such as [select]", quoted(g.Role))
		}
		p.file.Grants = append(p.file.Grants, g)
	}
}

func (p *fileParser) checks(n *node) {
	for _, i := range p.list1(n, "checks", `checks: ["select count(*) > 0 from users"]`) {
		if e := p.expr(i, "check", sqlexpr.ParseQuery); e != nil {
			if e.expr.Results > 1 {
				p.add(e.at, "check: %d columns; select one boolean", e.expr.Results)
				continue
			}
			if e.expr.Truth == sqlexpr.NotBoolean {
				p.add(e.at, "check: its result is no boolean; write a comparison, as in select count(*) > 0 from users")
				continue
			}
			p.file.checks = append(p.file.checks, *e)
		}
	}
}

func (p *fileParser) functions(n *node) {
	for _, i := range p.list1(n, "functions", "functions: [app.normalize_email]") {
		text, ok := p.text(i, "a function")
		if !ok {
			continue
		}
		parts, err := splitName(text)
		switch {
		case err != nil:
			p.add(i.at, "function %s: %v", quoted(text), err)
		case len(parts) != 2:
			p.add(i.at, "function %s: write schema.name", quoted(text))
		case never(parts[1]) != "":
			p.add(i.at, "function %s: it %s, and is never allowed", quoted(text), never(parts[1]))
		default:
			p.file.functions = append(p.file.functions, functionRule{i.at, sqlexpr.Name{Schema: parts[0], Name: parts[1]}})
		}
	}
}

// list1 returns the items of a list that is not empty.
func (p *fileParser) list1(n *node, what, example string) []*node {
	if n.shape != isList {
		p.add(n.at, "%s is %s; write a list: %s", what, n.shape, example)
		return nil
	}
	if len(n.items) == 0 {
		p.add(n.at, "%s is empty; write at least one, or leave the key out", what)
	}
	return n.items
}

// text returns a scalar that is a text, or is good for one.
func (p *fileParser) text(n *node, what string) (string, bool) {
	if n.bad {
		return "", false
	}
	switch n.shape {
	case isNull, isList, isMap:
		p.add(n.at, "%s is %s; write a text", what, n.shape)
		return "", false
	}
	if strings.TrimSpace(n.text) == "" {
		p.add(n.at, "%s is empty", what)
		return "", false
	}
	return n.text, true
}

// expr parses SQL; nil if it cannot be read.
func (p *fileParser) expr(n *node, what string, parse func(string) (*sqlexpr.Expr, error)) *exprRule {
	text, ok := p.text(n, what)
	if !ok {
		return nil
	}
	e := &exprRule{at: n.at, text: text, what: what, exact: n.exact}
	if n.exact && n.quoted {
		e.at.column++
	}
	return p.parseExpr(e, parse)
}

func (p *fileParser) parseExpr(e *exprRule, parse func(string) (*sqlexpr.Expr, error)) *exprRule {
	x, err := parse(e.text)
	if err != nil {
		at := e.at
		if se, ok := err.(*sqlexpr.Error); ok {
			at = e.place(se.Offset)
		}
		p.add(at, "%s: %v", e.what, err)
		return nil
	}
	e.expr = x
	return e
}

// condition parses an expression that must be a boolean.
func (p *fileParser) condition(n *node, what string) *exprRule {
	e := p.expr(n, what, sqlexpr.Parse)
	if e != nil && e.expr.Truth == sqlexpr.NotBoolean {
		p.add(e.at, "%s: not a condition; write a comparison", what)
		return nil
	}
	return e
}

type choice[T any] struct {
	word  string
	value T
}

// choose reads one of some words.
func choose[T any](p *fileParser, n *node, what string, choices []choice[T]) (out T) {
	var words []string
	text := n.text
	if n.shape == isBool && n.value == false {
		text = "off" // as YAML 1.1 has it
	}
	for _, c := range choices {
		words = append(words, c.word)
		if c.word == text && n.shape <= isString {
			return c.value
		}
	}
	if n.shape > isString {
		p.add(n.at, "%s is %s; write %s", what, n.shape, oneOf(words))
		return out
	}
	p.add(n.at, "%s: %s is unknown; write %s", what, quoted(n.text), oneOf(words))
	return out
}

// count reads a whole number from 1 on.
func (p *fileParser) count(n *node, what string) int64 {
	if n.shape == isInt || n.shape == isString {
		if i, err := strconv.ParseInt(n.text, 10, 64); err == nil && i > 0 {
			return i
		}
	}
	p.add(n.at, "%s: %s; write a whole number from 1 on", what, describe(n))
	return 0
}

// describe names a value for a message.
func describe(n *node) string {
	if n.shape <= isString && n.shape != isNull {
		return fmt.Sprintf("%s is not understood", quoted(n.text))
	}
	return "it is " + n.shape.String()
}
