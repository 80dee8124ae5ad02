package anonymize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// MaskValues masks one row that is given by its values, in the order of
// Table.Columns; nil is NULL. It is AppendRow for callers that hold no COPY
// text, and not for many rows. The error is copyfmt.ErrFields.
func (r *Rewriter) MaskValues(values [][]byte) ([][]byte, error) {
	row, err := r.AppendRow(nil, appendValues(nil, values))
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for last := len(values) == 0; !last; {
		var field []byte
		if field, row, last = copyfmt.Cut(row); copyfmt.IsNull(field) {
			out = append(out, nil)
		} else {
			out = append(out, copyfmt.AppendUnescaped([]byte{}, field))
		}
	}
	return out, nil
}

// LearnValues is Learn for a row that is given by its values; nil is NULL.
func (r *Rewriter) LearnValues(k *Known, values [][]byte) error {
	return r.Learn(k, appendValues(nil, values))
}

func appendValues(dst []byte, values [][]byte) []byte {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, '\t')
		}
		if v == nil {
			dst = copyfmt.AppendNull(dst)
		} else {
			dst = copyfmt.AppendEscaped(dst, v)
		}
	}
	return dst
}

// JSONPath is a path as the paths of a json mask are written.
type JSONPath struct{ steps []step }

// ParseJSONPath reads $.a.b, $['a b'], $.a[*], $.a.* and $..a.
func ParseJSONPath(text string) (JSONPath, error) {
	steps, err := parsePath(text)
	return JSONPath{steps}, err
}

// In returns what a document has at the path, in the document's order but for
// keys, which are sorted: texts as they read, the rest as JSON, nil for null.
func (p JSONPath) In(document []byte) ([][]byte, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not JSON")
	}
	var out [][]byte
	p.find(v, 0, func(x any) {
		switch x := x.(type) {
		case nil:
			out = append(out, nil)
		case string:
			out = append(out, []byte(x))
		default:
			text, _ := json.Marshal(x)
			out = append(out, text)
		}
	})
	return out, nil
}

// find calls found for each value below v that the steps from at on lead to.
func (p JSONPath) find(v any, at int, found func(any)) {
	if at == len(p.steps) {
		found(v)
		return
	}
	s := p.steps[at]
	down := func(key string, list bool, x any) {
		if s.any || !list && s.key == key {
			p.find(x, at+1, found)
		}
		if s.deep {
			p.find(x, at, found)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			down(k, false, v[k])
		}
	case []any:
		for _, x := range v {
			down("", true, x)
		}
	}
}
