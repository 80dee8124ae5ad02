package rules

import (
	"encoding/json"
	"strconv"

	"github.com/pgstandin/pgstandin/seed"
)

// seedJSON reads the members of an object that is made: { theme: { choice: [light,
// dark] }, contact: { json: { email: email } }, tags: [words] }.
func (p *fileParser) seedJSON(n *node) []seed.Field {
	if n.shape != isMap || len(n.pairs) == 0 {
		p.add(n.at, "json is %s; write the members of an object: json: { theme: { choice: [light, dark] } }", n.shape)
		return nil
	}
	var out []seed.Field
	for _, x := range n.pairs {
		f := seed.Field{Name: x.key.text}
		value := x.value
		if value.shape == isList && len(value.items) == 1 {
			f.List, value = true, value.items[0]
		}
		p.seedMember(quoted(x.key.text), value, &f.Value)
		if f.List && f.Value.JSON != nil {
			p.add(value.at, "a list of objects cannot be made; write a list of values")
		}
		out = append(out, f)
	}
	return out
}

func (p *fileParser) seedMember(name string, n *node, v *seed.Value) {
	if n.shape != isMap {
		if text, ok := p.text(n, "member "+name); ok {
			p.seedKind(n, text, v)
		}
		return
	}
	p.fields(n, "member "+name, []field{
		{"kind", func(n *node) {
			if text, ok := p.text(n, "kind"); ok {
				p.seedKind(n, text, v)
			}
		}},
		{"choice", func(n *node) {
			p.seedChoice(n, v)
			for i := range v.Choice {
				at := n
				if n.shape == isMap {
					at = n.pairs[min(i, len(n.pairs)-1)].key
				} else if i < len(n.items) {
					at = n.items[i]
				}
				v.Choice[i] = jsonText(at, v.Choice[i])
			}
		}},
		{"range", func(n *node) { p.seedRange(n, "range", v) }},
		{"normal", func(n *node) { p.seedNormal(n, v) }},
		{"zipf", func(n *node) {
			p.seedRange(n, "zipf", v)
			v.Curve = seed.Zipf
		}},
		{"json", func(n *node) { v.JSON = p.seedJSON(n) }},
		{"null", func(n *node) { p.seedNull(n, v) }},
	})
}

// jsonText is a scalar of the file as JSON: numbers, true and false as they are
// unless they stand in quotes.
func jsonText(n *node, text string) string {
	if _, err := strconv.ParseFloat(text, 64); !n.quoted && (err == nil && json.Valid([]byte(text)) || text == "true" || text == "false") {
		return text
	}
	out, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(out)
}
