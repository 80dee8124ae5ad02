package rules

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// The server reads back from arrays, composite values, hstore and JSON what the
// file gave, whatever signs are in it.
func TestLiterals(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, "create type pair as (a text, b text); create extension if not exists hstore schema public; create table t (one text[], two public.pair[], three public.hstore, four jsonb)")
	s, evaluate := readSchema(t, dsn), serverEvaluate(t, dsn)
	columns := s.Tables[0].Columns
	rng := rand.New(rand.NewPCG(1, 2))
	signs := []rune(`abc"\\,{}()[]=> ' NULL` + "\n\té漢😀")
	text := func() *node {
		if rng.IntN(6) == 0 {
			return &node{shape: isNull}
		}
		out := make([]rune, rng.IntN(6))
		for i := range out {
			out[i] = signs[rng.IntN(len(signs))]
		}
		return &node{shape: isString, text: string(out), value: string(out)}
	}
	key := func(name string) *node { return &node{shape: isString, text: name, value: name} }
	same := func(n *node, got []byte) bool {
		return (n.shape == isNull) == (got == nil) && string(got) == n.text
	}
	for range 150 {
		x, y, z := text(), text(), text()
		list := &node{shape: isList, items: []*node{x, y, z}}
		table := &node{shape: isList, items: []*node{list, {shape: isList, items: []*node{z, y, x}}}}
		record := &node{shape: isMap, pairs: []pair{{key("b"), y}, {key("a"), x}}}
		records := &node{shape: isList, items: []*node{record, {shape: isNull}}}
		for _, c := range []struct {
			n     *node
			typ   *schema.Type
			query string
		}{
			{list, &columns[0].Type, "select v[1], v[2] from (select $1::text[] as v) as x"},
			{table, &columns[0].Type, "select v[2][3], v[2][2] from (select $1::text[] as v) as x"},
			{records, &columns[1].Type, "select (v[1]).a, (v[1]).b from (select $1::public.pair[] as v) as x"},
			{record, columns[1].Type.Elem, "select (v).a, (v).b from (select $1::public.pair as v) as x"},
			{record, &columns[2].Type, "select v operator(public.->) 'a', v operator(public.->) 'b' from (select $1::public.hstore as v) as x"},
			{record, &columns[3].Type, "select v->>'a', v->>'b' from (select $1::jsonb as v) as x"},
		} {
			spelled, _, err := literal(c.n, c.typ)
			if err != nil {
				t.Fatal(err)
			}
			got, err := evaluate(c.query, [][]byte{[]byte(spelled)})
			if err != nil {
				t.Fatalf("%s: %v", spelled, err)
			}
			if !same(x, got[0]) || !same(y, got[1]) {
				t.Fatalf("%q, %q in %s became %q, %q", x.text, y.text, spelled, got[0], got[1])
			}
		}
		if doc, err := jsonLiteral(table); err != nil || !json.Valid([]byte(doc)) {
			t.Fatalf("%s: %v", doc, err)
		}
	}
}
