package seed

import (
	"errors"
	"regexp"
	"strings"
)

// node is a piece of a constraint's expression.
type node struct {
	op     string // "lit", "null", "col", "value", "and", "or", "not", "isnull", "=", "~", "any", "+", "call", …
	text   string // of a literal, a function or a column
	column int
	list   []string // of "any"
	args   []*node
	re     *regexp.Regexp // of "~" and what becomes one
	typ    string         // of a cast literal or column
	cut    bool           // a column is cast to a type with a length or a precision
	hex    bool           // of a length: the value is bytes, in hexadecimal
	fold   bool           // texts compare without regard to case: citext
	value  datum          // of a literal
	bound  bool           // a partition's: texts compare by their bytes
}

var errExpr = errors.New("expression is not understood")

type token struct {
	kind byte // 'i' identifier, 's' string, 'n' number, 'o' operator, 0 end
	text string
}

// lex cuts an expression as the server prints it.
func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == ' ' || c == '\n' || c == '\t':
		case c == '\'' || c == '"' || c == 'E' && j < len(s) && s[j] == '\'':
			escape := c == 'E'
			if escape {
				c, j = '\'', j+1
			}
			var b strings.Builder
			for {
				if j >= len(s) {
					return nil, errExpr
				}
				if escape && s[j] == '\\' && j+1 < len(s) && s[j+1] == '\\' {
					b.WriteByte('\\')
					j += 2
					continue
				}
				if s[j] == c {
					if j+1 < len(s) && s[j+1] == c {
						b.WriteByte(c)
						j += 2
						continue
					}
					j++
					break
				}
				b.WriteByte(s[j])
				j++
			}
			kind := byte('s')
			if c == '"' {
				kind = 'q'
			}
			out = append(out, token{kind, b.String()})
		case c >= '0' && c <= '9':
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '.') {
				j++
			}
			out = append(out, token{'n', s[i:j]})
		case isWord(c):
			for j < len(s) && (isWord(s[j]) || s[j] >= '0' && s[j] <= '9' || s[j] == '$') {
				j++
			}
			out = append(out, token{'i', s[i:j]})
		case strings.IndexByte("()[],.", c) >= 0:
			out = append(out, token{'o', s[i:j]})
		case c == ':' && j < len(s) && s[j] == ':':
			j++
			out = append(out, token{'o', "::"})
		default:
			for j < len(s) && strings.IndexByte("<>=!~*+-/%|&@#^?", s[j]) >= 0 {
				j++
			}
			out = append(out, token{'o', s[i:j]})
		}
		i = j
	}
	return append(out, token{}), nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

type exprParser struct {
	tokens []token
	column func(name string) int
	failed bool
}

// parseExpr reads an expression as the catalog gives it; column says which
// column a name is, -1 for none. What it does not know is errExpr.
func parseExpr(s string, column func(string) int) (*node, error) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, " NOT VALID"), " NO INHERIT")
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &exprParser{tokens: tokens, column: column}
	n := p.or()
	if p.failed || p.tokens[0].kind != 0 {
		return nil, errExpr
	}
	return n, nil
}

func (p *exprParser) fail() *node { p.failed = true; return &node{op: "null"} }

func (p *exprParser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is takes a word or operator if it comes next.
func (p *exprParser) is(words ...string) bool {
	for i, w := range words {
		if i >= len(p.tokens) || p.tokens[i].kind != 'i' && p.tokens[i].kind != 'o' || !strings.EqualFold(p.tokens[i].text, w) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *exprParser) or() *node {
	n := p.and()
	for !p.failed && p.is("or") {
		n = &node{op: "or", args: []*node{n, p.and()}}
	}
	return n
}

func (p *exprParser) and() *node {
	n := p.not()
	for !p.failed && p.is("and") {
		n = &node{op: "and", args: []*node{n, p.not()}}
	}
	return n
}

func (p *exprParser) not() *node {
	if p.is("not") {
		return &node{op: "not", args: []*node{p.not()}}
	}
	return p.comparison()
}

var comparisons = []string{"=", "<>", "<=", ">=", "<", ">", "~", "!~", "~*", "!~*", "~~", "!~~", "~~*", "!~~*"}

func (p *exprParser) comparison() *node {
	n := p.sum()
	for !p.failed {
		switch {
		case p.is("is", "null"):
			n = &node{op: "isnull", args: []*node{n}}
			continue
		case p.is("is", "not", "null"):
			n = &node{op: "not", args: []*node{{op: "isnull", args: []*node{n}}}}
			continue
		case p.is("is", "true"), p.is("is", "not", "false"), p.is("is", "false"), p.is("is", "not", "true"), p.is("is", "distinct"):
			return p.fail()
		}
		op := p.operator()
		if op == "" {
			return n
		}
		if op == "=" && p.is("any") {
			return p.anyOf(n)
		}
		if op == "<>" && p.is("all") {
			return &node{op: "not", args: []*node{p.anyOf(n)}}
		}
		n = p.compare(op, n, p.sum())
	}
	return n
}

// operator takes a comparison's operator if one comes next, "" if not; one of an
// extension has its schema with it.
func (p *exprParser) operator() string {
	before := p.tokens
	own := p.is("operator", "(")
	if own {
		p.next()
		if !p.is(".") {
			p.tokens = before
			return ""
		}
	}
	for _, c := range comparisons {
		if p.is(c) {
			if own && !p.is(")") {
				break
			}
			return c
		}
	}
	p.tokens = before
	return ""
}

// compare makes a comparison, patterns compiled.
func (p *exprParser) compare(op string, left, right *node) *node {
	if !strings.Contains(op, "~") {
		return &node{op: op, args: []*node{left, right}}
	}
	if right.op != "lit" {
		return p.fail()
	}
	text := right.text
	if strings.Contains(op, "~~") {
		text = likePattern(text)
	}
	if strings.HasSuffix(op, "*") {
		text = "(?i)" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return p.fail()
	}
	n := &node{op: "~", text: text, re: re, args: []*node{left}}
	if strings.HasPrefix(op, "!") {
		n = &node{op: "not", args: []*node{n}}
	}
	return n
}

func likePattern(s string) string {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%':
			b.WriteString("(?s:.*)")
		case s[i] == '_':
			b.WriteString("(?s:.)")
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteString(regexp.QuoteMeta(s[i : i+1]))
		default:
			if s[i] >= 0x80 {
				b.WriteByte(s[i])
				continue
			}
			b.WriteString(regexp.QuoteMeta(s[i : i+1]))
		}
	}
	return b.String() + "$"
}

// anyOf reads (ARRAY[a, b]) with its casts, after = ANY.
func (p *exprParser) anyOf(n *node) *node {
	out := &node{op: "any", args: []*node{n}}
	depth := 0
	for p.is("(") {
		depth++
	}
	if depth == 0 {
		return p.fail()
	}
	if !p.is("array", "[") {
		t := p.next()
		if t.kind != 's' || len(t.text) < 2 || strings.ContainsAny(t.text, `"\`) {
			return p.fail()
		}
		out.list = strings.Split(t.text[1:len(t.text)-1], ",")
	} else {
		for {
			v := p.sum()
			if p.failed || v.op != "lit" {
				return p.fail()
			}
			out.list = append(out.list, v.text)
			if p.is("]") {
				break
			}
			if !p.is(",") {
				return p.fail()
			}
		}
	}
	for depth > 0 {
		if p.tokens[0].text == "::" {
			p.next()
			_, _ = p.typeName()
		}
		if !p.is(")") {
			return p.fail()
		}
		depth--
	}
	return out
}
