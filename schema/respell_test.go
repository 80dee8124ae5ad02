package schema

import "testing"

// The pairs are what PostgreSQL prints of one expression before and after a dump.
func TestSameDefinition(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{
			"CHECK (((st)::text = ANY ((ARRAY['a'::character varying, 'b''],'::character varying])::text[])))",
			"CHECK (((st)::text = ANY (ARRAY[('a'::character varying)::text, ('b''],'::character varying)::text])))", true,
		},
		{
			"((x = ANY ((ARRAY[1, f(2, 3)])::bigint[])) AND (y)::text <> ALL ((ARRAY['q'::character varying])::text[]))",
			"((x = ANY (ARRAY[(1)::bigint, (f(2, 3))::bigint])) AND (y)::text <> ALL (ARRAY[('q'::character varying)::text]))", true,
		},
		{
			"(ARRAY[ARRAY[a, b], ARRAY[c, d]])::character varying(10)[]",
			"ARRAY[ARRAY[(a)::character varying(10), (b)::character varying(10)], ARRAY[(c)::character varying(10), (d)::character varying(10)]]", true,
		},
		{`(ARRAY["a'"])::side."odd ]"[]`, `ARRAY[("a'")::side."odd ]"]`, true},
		{
			"ON d, (st::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])) FROM u",
			"ON d, (st::text = ANY (ARRAY['a'::character varying::text, 'b'::character varying::text])) FROM u", true,
		},
		{
			"CHECK ((((x = 'a) OR'::text) OR (x = (b)::text)) OR (((x <> c) AND (x <> d)) AND (x <> f(((a OR b) OR c))))))",
			"CHECK (((x = 'a) OR'::text) OR (x = (b)::text) OR ((x <> c) AND (x <> d) AND (x <> f((a OR b OR c))))))", true,
		},
		{"(((a OR b) AND c) OR d)", "((a OR b AND c) OR d)", false},
		{"((a OR b) AND c)", "(a OR b AND c)", false},
		{"(f((a OR b), c) OR d)", "(f(a OR b, c) OR d)", false},
		{"(')(a OR b) OR c)'", "(')a OR b OR c)'", false},
		{"(ARRAY['a'::character varying])::text[]", "ARRAY[('b'::character varying)::text]", false},
		{"(ARRAY['a'::character varying])::text[]", "ARRAY[('a'::character varying)::citext]", false},
		{"(ARRAY['a'])::text", "ARRAY[('a')::text]", false},
		{"'(ARRAY[a])::text[]'", "'ARRAY[(a)::text]'", false},
		{"x IN (ARRAY[", "x IN (ARRAY", false},
		{"it's (ARRAY[a])::text[", "it's", false},
		{"", "", true},
	} {
		if got := SameDefinition(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: same is %v", c.a, c.b, got)
		}
		if got := SameDefinition(c.b, c.a); got != c.same {
			t.Errorf("%s and %s: same is %v", c.b, c.a, got)
		}
	}
}
