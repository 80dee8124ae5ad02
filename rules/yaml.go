package rules

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// shape is the kind of a node.
type shape uint8

const (
	isNull shape = iota
	isBool
	isInt
	isFloat
	isString
	isList
	isMap
)

func (s shape) String() string {
	return [...]string{"null", "true or false", "a number", "a number", "a text", "a list", "a map"}[s]
}

// node is a value of the file. Only what YAML files of people use is read:
// anchors, aliases, tags and merge keys are refused.
type node struct {
	at     pos
	shape  shape
	text   string // scalars: as written for plain ones, the value for quoted ones
	value  any    // of a bool, number or string
	quoted bool
	exact  bool // text stands in the file as it is, from at (behind the quote) on
	bad    bool // something is wrong with it, and was said
	items  []*node
	pairs  []pair
}

type pair struct {
	key   *node
	value *node
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.value
		}
	}
	return nil
}

const (
	maxFile  = 1 << 23
	maxDepth = 100
)

// reader turns YAML's tree into nodes.
type reader struct {
	probs *problems
	depth int
}

// read parses the text; nil if it is no YAML or empty.
func read(probs *problems, text []byte) (root *node) {
	switch {
	case len(text) > maxFile:
		probs.add(pos{}, "longer than %d MiB; rules under columns: go for all tables", maxFile>>20)
		return nil
	case !utf8.Valid(text):
		probs.add(pos{}, "not valid UTF-8")
		return nil
	case tooDeep(text):
		probs.add(pos{}, "too deeply nested")
		return nil
	}
	// The YAML parser is other people's code: whatever it does, we say so.
	defer func() {
		if recover() != nil {
			probs.add(pos{}, "not valid YAML")
			root = nil
		}
	}()
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as editors on Windows write
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var e yaml.Error
		if errors.As(err, &e) && e.GetToken() != nil {
			probs.add(position(e.GetToken()), "not valid YAML: %s", plainly(e.GetMessage()))
		} else {
			probs.add(pos{}, "not valid YAML")
		}
		return nil
	}
	r := &reader{probs: probs}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if root != nil {
			probs.add(position(d.Body.GetToken()), "a second document; a rules file is one")
			return root
		}
		root = r.node(d.Body)
	}
	return root
}

// plainly is what the YAML parser says, without control characters, and with a remedy for
// tabs.
func plainly(message string) string {
	if strings.Contains(message, "\t") || strings.Contains(message, "tab character") {
		return "a tab; indent with spaces"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, message)
}

// tooDeep looks for nesting that would cost the YAML parser more than a rules
// file is worth.
func tooDeep(text []byte) bool {
	depth, deepest := 0, 0
	for _, c := range text {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	if deepest > maxDepth {
		return true
	}
	for line := range strings.Lines(string(text)) {
		if strings.Count(line, "- ") > 10*maxDepth || strings.Count(line, "? ") > 10*maxDepth || strings.Count(line, ": ") > 10*maxDepth {
			return true
		}
	}
	return false
}

func position(t *token.Token) pos {
	if t == nil || t.Position == nil {
		return pos{}
	}
	return pos{t.Position.Line, max(t.Position.Column, 1)}
}

func (r *reader) node(n ast.Node) *node {
	if r.depth++; r.depth > maxDepth {
		r.depth--
		r.probs.add(position(n.GetToken()), "too deeply nested")
		return &node{at: position(n.GetToken()), bad: true}
	}
	defer func() { r.depth-- }()
	at := position(n.GetToken())
	switch v := n.(type) {
	case *ast.NullNode:
		return &node{at: at, text: v.Token.Value}
	case *ast.BoolNode:
		return &node{at: at, shape: isBool, text: v.Token.Value, value: v.Value}
	case *ast.IntegerNode:
		return &node{at: at, shape: isInt, text: v.Token.Value, value: integer(v.Value)}
	case *ast.FloatNode:
		return &node{at: at, shape: isFloat, text: v.Token.Value, value: v.Value}
	case *ast.StringNode:
		return r.text(v)
	case *ast.LiteralNode:
		return &node{at: at, shape: isString, text: v.Value.Value, value: v.Value.Value, quoted: true}
	case *ast.MappingNode:
		return r.mapping(v.Values, at)
	case *ast.MappingValueNode:
		return r.mapping([]*ast.MappingValueNode{v}, at)
	case *ast.SequenceNode:
		out := &node{at: at, shape: isList}
		for _, i := range v.Values {
			out.items = append(out.items, r.node(i))
		}
		return out
	case *ast.AnchorNode, *ast.AliasNode:
		r.probs.add(at, "anchors and aliases are not read here; write it out")
	case *ast.TagNode:
		r.probs.add(at, "tags such as %s are not read here; leave it out", v.Start.Value)
	case *ast.InfinityNode, *ast.NanNode:
		r.probs.add(at, "no number; write it in quotes if it is a text")
	default:
		r.probs.add(at, "not read here; write a text, a number, a list or a map")
	}
	return &node{at: at, bad: true}
}

func (r *reader) text(v *ast.StringNode) *node {
	out := &node{at: position(v.Token), shape: isString, text: v.Value, value: v.Value}
	switch v.Token.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		out.quoted = true
		out.exact = strings.Contains(v.Token.Origin, `"`+v.Value+`"`) || strings.Contains(v.Token.Origin, `'`+v.Value+`'`)
	default:
		out.exact = !strings.Contains(strings.TrimSpace(v.Token.Origin), "\n")
	}
	return out
}

func (r *reader) mapping(values []*ast.MappingValueNode, at pos) *node {
	out := &node{at: at, shape: isMap}
	if len(values) > 0 {
		out.at = position(values[0].Key.GetToken())
	}
	seen := map[string]pos{}
	for _, v := range values {
		if v.Key.IsMergeKey() {
			r.probs.add(position(v.Key.GetToken()), "merge keys are not read here; write it out")
			continue
		}
		k, ok := v.Key.(ast.ScalarNode)
		if !ok {
			r.probs.add(position(v.Key.GetToken()), "a key that is not a text; write it in quotes")
			continue
		}
		key := r.node(k)
		if key.shape != isString {
			// A column may well be called 1, true or null.
			key.shape, key.value = isString, key.text
		}
		if first, twice := seen[key.text]; twice {
			r.probs.add(key.at, "%s is written twice; the first is on line %d", strconv.Quote(key.text), first.line)
			continue
		}
		seen[key.text] = key.at
		if v.Value == nil {
			out.pairs = append(out.pairs, pair{key, &node{at: key.at}})
			continue
		}
		out.pairs = append(out.pairs, pair{key, r.node(v.Value)})
	}
	return out
}

func integer(v any) any {
	switch v := v.(type) {
	case int64:
		return v
	case uint64:
		if v <= 1<<63-1 {
			return int64(v)
		}
		return v
	}
	return fmt.Sprint(v)
}
