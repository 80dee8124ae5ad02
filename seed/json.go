package seed

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Field is a member of a JSON object that is made. Of Value there may be Kind,
// Choice (whose texts are JSON), Low and High, Curve, Null, and JSON, for an
// object within.
type Field struct {
	Name  string
	Value Value
	List  bool // the member is a list of one to three such values
}

// leafOf is what a piece of a template writes that is a value of its own.
type leafOf struct {
	src   *source
	set   set
	quote bool
	list  bool
}

// shaped adds the pieces of an object.
func (x *table) shaped(t template, c int, fields []Field, path string) (template, error) {
	text := "{"
	for i, f := range fields {
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text += ", "
		}
		text += string(name) + ": "
		at := path + "." + f.Name
		if f.Value.JSON != nil && !f.List {
			t = append(t, piece{text: text, column: -1})
			if t, err = x.shaped(t, c, f.Value.JSON, at); err != nil {
				return nil, err
			}
			text = ""
			continue
		}
		leaf, err := x.leaf(c, f, at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at[1:], err)
		}
		t = append(t, piece{text: text, column: -1}, piece{column: -1, leaf: leaf})
		text = ""
	}
	return append(t, piece{text: text + "}", column: -1}), nil
}

// leaf makes the values of one member.
func (x *table) leaf(c int, f Field, path string) (*leafOf, error) {
	v := &f.Value
	s := spec{typ: &schema.Type{Base: "text", Name: "text"}, name: strings.ToLower(f.Name), seed: hashName(x.cols[c].spec.seed, path), notNull: true, folder: x.cols[c].spec.folder}
	out := &leafOf{quote: true, list: f.List, src: &source{seed: s.seed}}
	switch {
	case v.JSON != nil:
		return nil, fmt.Errorf("a list of objects cannot be made")
	case v.Sequence || v.Template != "":
		return nil, fmt.Errorf("a member has neither a sequence nor a template")
	case v.Choice != nil:
		out.quote, s.list = false, v.Choice
	case v.Low != "" || v.High != "" || v.Curve != Even:
		digits := 0
		for _, end := range []string{v.Low, v.High} {
			if _, places, ok := strings.Cut(end, "."); ok {
				digits = max(digits, len(places))
			}
		}
		s.typ = &schema.Type{Base: "numeric", Name: "numeric", Precision: 18, Scale: min(digits, 6)}
		if strings.ContainsAny(v.Low+v.High, ":") || strings.Count(v.Low, "-") > 1 {
			s.typ = &schema.Type{Base: "timestamptz", Name: "timestamptz"}
			if len(v.Low) == len("2006-01-02") {
				s.typ = &schema.Type{Base: "date", Name: "date"}
			}
		} else {
			out.quote = false
		}
		if v.Curve == Normal {
			v.normalEnds()
		}
		s.lo, s.hi, s.exact = bound{text: v.Low}, bound{text: v.High}, true
	default:
		if v.Kind != "" && !slices.Contains(Kinds(), v.Kind) {
			return nil, fmt.Errorf("there is no kind %s", v.Kind)
		}
		s.role = v.Kind
	}
	var err error
	if out.set, err = s.set(1); err != nil {
		return nil, err
	}
	if out.src.size = out.set.size; out.set.size == 0 {
		return nil, fmt.Errorf("no value is possible")
	}
	if v.Null != nil {
		out.src.nulls = part64(*v.Null)
	}
	if out.src.pick, err = v.pick(&out.set); err != nil {
		return nil, err
	}
	return out, nil
}

// append writes a member's value.
func (l *leafOf) append(dst []byte, row, attempt uint64) []byte {
	if !l.list {
		return l.one(dst, row, attempt)
	}
	n := 1 + below(mix(l.src.seed^0x6c697374^mix(row)), 3)
	dst = append(dst, '[')
	for k := range n {
		if k > 0 {
			dst = append(dst, ", "...)
		}
		dst = l.one(dst, row^(k+1)<<56, attempt)
	}
	return append(dst, ']')
}

func (l *leafOf) one(dst []byte, row, attempt uint64) []byte {
	i, null := l.src.at(row, attempt)
	switch {
	case null:
		return append(dst, "null"...)
	case !l.quote:
		return l.set.append(dst, i)
	}
	dst = append(dst, '"')
	return append(l.set.append(dst, i), '"')
}

// document is the objects of a column of JSON that nothing else is known of.
func (s *spec) document() set {
	if s.name == "settings" || strings.Contains(s.name, "preference") || strings.Contains(s.name, "config") || strings.Contains(s.name, "option") {
		return join(fixedText(`{"theme": "`), oneOf("light dark system"), fixedText(`", "language": "`), oneOf(languages), fixedText(`", "notifications": `), oneOf("true false"), fixedText("}"))
	}
	return join(fixedText(`{"source": "`), oneOf("web app import api"), fixedText(`", "label": "`), oneOf(adjectives), fixedText(" "), oneOf(nouns), fixedText(`", "number": `), digits2(999), fixedText("}"))
}
