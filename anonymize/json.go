package anonymize

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/textfold"
)

// step is one step of a JSON path.
type step struct {
	key  string // of an object
	any  bool   // [*] or .*: any element or key
	deep bool   // behind "..": at any depth
}

// jsonPath is a path and what masks the scalars at and below it; no mask means
// keep.
type jsonPath struct {
	steps []step
	text  maskFunc
	keep  bool
	parts bool // see column
	texts bool // what is neither text nor number holds nothing for it
}

// before orders paths by which wins where they meet: the one of more steps, then the
// one with a key's name, the last step first, where the other has any, then the one
// that masks.
func (p jsonPath) before(o jsonPath) int {
	if d := len(o.steps) - len(p.steps); d != 0 {
		return d
	}
	for i := len(p.steps) - 1; i >= 0; i-- {
		if p.steps[i].any != o.steps[i].any {
			return oneIf(p.steps[i].any) - oneIf(o.steps[i].any)
		}
	}
	return oneIf(p.keep) - oneIf(o.keep)
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// jsonState is a rewriter's scratch for one document.
type jsonState struct {
	in    []byte
	at    int
	value []byte
	out   []byte
	key   []byte
	bad   bool
	stack []states // of each level
}

// states is a set of positions in paths: for each path how many steps may have
// been taken, one bit each.
type states [maxPaths]uint32

const maxPaths, maxSteps = 24, 30

// jsonMask is a compiled json mask.
type jsonMask struct {
	paths  []jsonPath // in the order of jsonPath.before
	root   int        // the path of the whole document, or -1
	deny   bool
	chars  int // that the column takes
	column int // index into Table.Columns
}

func makeJSON(c *compiler) maskFunc {
	m := &jsonMask{column: c.index, chars: c.room(unbounded), deny: c.deniesOther("at no path")}
	paths, ok := c.m.Params["paths"].(map[string]any)
	if !ok || len(paths) == 0 {
		c.problem("paths", "json needs paths: { mask: json, paths: { $.contact.email: email }, other: keep }")
		return nil
	}
	names := make([]string, 0, len(paths))
	for p := range paths {
		names = append(names, p)
	}
	sort.Strings(names)
	if len(names) > maxPaths {
		c.problem("paths", "%d paths; at most %d", len(names), maxPaths)
		return nil
	}
	c.observed = true
	for _, name := range names {
		steps, err := parsePath(name)
		if err != nil {
			c.problem("paths", "path %s: %v", name, err)
			continue
		}
		p := jsonPath{steps: steps}
		mask, err := MaskOf(paths[name])
		switch {
		case err != nil:
			c.problem("paths", "path %s: %v", name, err)
			continue
		case mask.Kind == "keep":
			p.keep = true
		case mask.Kind == "json" || mask.Kind == "template":
			c.problem("paths", "path %s: mask %s cannot stand inside json", name, mask.Kind)
			continue
		default:
			typ := Type{Name: "text"}
			if mask.Kind == "number" {
				typ.Name = "float8"
			}
			if mask.Kind == "date" {
				typ.Name = "timestamptz"
			}
			made := c.compilePart("paths", "path "+name, mask, typ)
			p.text, p.parts, p.texts = made.mask, made.parts, mask.Kind == "scrub" // nil for "null"
			c.observed = c.observed && made.stays == staysNothing
		}
		m.paths = append(m.paths, p)
	}
	slices.SortStableFunc(m.paths, jsonPath.before)
	m.root = slices.IndexFunc(m.paths, func(p jsonPath) bool { return len(p.steps) == 0 })
	return m.mask
}

// MaskOf reads a mask inside another, as the parameters of Mask have it: a name,
// or a map with mask and its parameters.
func MaskOf(v any) (*Mask, error) {
	switch v := v.(type) {
	case string:
		return &Mask{Kind: v}, nil
	case map[string]any:
		m := &Mask{Params: map[string]any{}}
		for key, x := range v {
			switch text, isText := x.(string); {
			case key == "mask" && isText:
				m.Kind = text
			case key == "domain" && isText && v["mask"] != "email":
				m.Domain = text
			default:
				m.Params[key] = x
			}
		}
		if m.Kind != "" {
			return m, nil
		}
	}
	return nil, fmt.Errorf("write a mask's name, or a map with mask: and its parameters")
}

// parsePath reads $.a.b, $['a b'], $.a[*], $.a.* and $..a.
func parsePath(p string) ([]step, error) {
	rest, ok := strings.CutPrefix(p, "$")
	if !ok {
		return nil, fmt.Errorf("begin it with $")
	}
	var out []step
	for rest != "" {
		s := step{}
		switch {
		case strings.HasPrefix(rest, ".."):
			s.deep, rest = true, rest[2:]
		case strings.HasPrefix(rest, "[*]"):
			out, rest = append(out, step{any: true}), rest[3:]
			continue
		case strings.HasPrefix(rest, "['"):
			key, after, closed := strings.Cut(rest[2:], "']")
			if !closed {
				return nil, fmt.Errorf("a [' has no ']")
			}
			out, rest = append(out, step{key: key}), after
			continue
		case rest[0] == '.':
			rest = rest[1:]
		default:
			return nil, fmt.Errorf("write $.key, $.list[*], $.*, $..key or $['a key']")
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if s.key, rest = rest[:end], rest[end:]; s.key == "" {
			return nil, fmt.Errorf("a key is empty")
		}
		if s.key == "*" {
			s.key, s.any = "", true
		}
		out = append(out, s)
	}
	if len(out) > maxSteps {
		return nil, fmt.Errorf("more than %d steps", maxSteps)
	}
	return out, nil
}

// enter makes the states of the level below depth: those behind a key, or behind
// an element of a list (key nil). It returns the path that is complete there, or
// -1.
func (m *jsonMask) enter(j *jsonState, depth int, key []byte, list bool) (hit int) {
	for len(j.stack) < depth+2 {
		j.stack = append(j.stack, states{})
	}
	from, to := &j.stack[depth], &j.stack[depth+1]
	clear(to[:])
	hit = -1
	for i := range m.paths {
		p := &m.paths[i]
		for at := range p.steps {
			if from[i]&(1<<at) == 0 {
				continue
			}
			s := &p.steps[at]
			if s.deep {
				to[i] |= 1 << at
			}
			if s.any || !list && string(key) == s.key {
				to[i] |= 1 << (at + 1)
			} else if list && s.deep {
				to[i] |= 1 << at
			}
		}
		if hit < 0 && to[i]&(1<<len(p.steps)) != 0 {
			hit = i
		}
	}
	return hit
}

// mask rewrites a document. What is not JSON, as a column of texts may hold, and what
// would be too long for one, becomes null.
func (m *jsonMask) mask(dst, value []byte, r *Rewriter) []byte {
	j := &r.json
	j.in, j.at, j.bad = value, 0, false
	start := len(dst)
	if len(j.stack) == 0 {
		j.stack = make([]states, 8)
	}
	clear(j.stack[0][:])
	for i := range m.paths {
		j.stack[0][i] = 1
	}
	dst = m.element(dst, r, m.root, 0)
	end := len(dst)
	if dst = j.copySpace(dst); len(dst)-start > m.chars {
		dst = dst[:end]
	}
	if none := j.bad || j.at != len(j.in); none || len(dst)-start > m.chars && utf8.RuneCount(dst[start:]) > m.chars {
		r.opaque = true
		return fit(append(dst[:start], "null"...), start, m.chars)
	}
	return dst
}

// maxDepth is how deep a document may be nested; PostgreSQL's own limit is its
// stack, some thousands.
const maxDepth = 6000

// element rewrites one value. hit is the path whose mask is in force, or -1.
func (m *jsonMask) element(dst []byte, r *Rewriter, hit, depth int) []byte {
	j := &r.json
	dst = j.copySpace(dst)
	if j.at >= len(j.in) || depth > maxDepth {
		j.bad = true
		return dst
	}
	switch j.in[j.at] {
	case '{':
		return m.object(dst, r, hit, depth)
	case '[':
		return m.list(dst, r, hit, depth)
	case '"':
		raw := j.string()
		return m.scalar(dst, r, raw, hit, true)
	default:
		raw := j.word()
		switch string(raw) {
		case "true", "false":
			if hit < 0 && m.deny || hit >= 0 && !m.paths[hit].keep && !m.paths[hit].texts {
				return append(dst, "null"...)
			}
			return append(dst, raw...)
		case "null":
			return append(dst, raw...)
		}
		j.bad = j.bad || !isJSONNumber(raw) // a word in a column of texts
		return m.scalar(dst, r, raw, hit, false)
	}
}

func (m *jsonMask) object(dst []byte, r *Rewriter, hit, depth int) []byte {
	j := &r.json
	dst = append(dst, '{')
	j.at++
	for first := true; !j.bad; first = false {
		dst = j.copySpace(dst)
		if j.at < len(j.in) && j.in[j.at] == '}' {
			j.at++
			return append(dst, '}')
		}
		if !first {
			if j.at >= len(j.in) || j.in[j.at] != ',' {
				break
			}
			j.at++
			dst = j.copySpace(append(dst, ','))
		}
		if j.at >= len(j.in) || j.in[j.at] != '"' {
			break
		}
		raw := j.string()
		if j.bad {
			return dst
		}
		j.key = textfold.AppendUnquoted(j.key[:0], raw[1:len(raw)-1])
		if r.observer != nil {
			r.observer.Kept(m.column, j.key)
		}
		dst = append(dst, raw...)
		next := m.enter(j, depth, j.key, false)
		if next < 0 {
			next = hit // the mask of an object goes for all in it
		}
		dst = j.copySpace(dst)
		if j.at >= len(j.in) || j.in[j.at] != ':' {
			break
		}
		j.at++
		dst = m.element(append(dst, ':'), r, next, depth+1)
	}
	j.bad = true
	return dst
}

func (m *jsonMask) list(dst []byte, r *Rewriter, hit, depth int) []byte {
	j := &r.json
	dst = append(dst, '[')
	j.at++
	next := m.enter(j, depth, nil, true)
	if next < 0 {
		next = hit
	}
	for first := true; !j.bad; first = false {
		dst = j.copySpace(dst)
		if j.at < len(j.in) && j.in[j.at] == ']' {
			j.at++
			return append(dst, ']')
		}
		if !first {
			if j.at >= len(j.in) || j.in[j.at] != ',' {
				break
			}
			j.at++
			dst = append(dst, ',')
		}
		dst = m.element(dst, r, next, depth+1)
	}
	j.bad = true
	return dst
}

// scalar masks a string or number.
func (m *jsonMask) scalar(dst []byte, r *Rewriter, raw []byte, hit int, quoted bool) []byte {
	j := &r.json
	if j.bad {
		return dst
	}
	switch {
	case hit < 0 && !m.deny, hit >= 0 && m.paths[hit].keep:
		if r.observer != nil {
			r.observer.Kept(m.column, j.text(raw, quoted))
		}
		return append(dst, raw...)
	case hit < 0, m.paths[hit].text == nil:
		if r.witness != nil {
			r.witness.Original(j.text(raw, quoted), 0)
		}
		return append(dst, "null"...)
	}
	r.meant = r.meant || !m.paths[hit].parts
	if len(j.text(raw, quoted)) == 0 {
		return append(dst, raw...)
	}
	j.out = m.paths[hit].text(j.out[:0], j.value, r)
	switch {
	case bytes.Equal(j.out, j.value):
		return append(dst, raw...)
	case !quoted && isJSONNumber(j.out):
		return append(dst, j.out...)
	}
	return appendQuoted(dst, j.out)
}
