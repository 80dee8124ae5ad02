package anonymize

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// home is the composite type of these tests, as the server's is made below.
func home() Type {
	return Type{Name: "home", Fields: []Field{
		{"street", Type{Name: "text"}}, {"nr", Type{Name: "int4"}}, {"mails", Type{Name: "_text", Elem: &Type{Name: "text"}}}, {"since", Type{Name: "daterange"}},
	}}
}

func homeMask() Mask {
	return Mask{Kind: "composite", Params: params{"fields": params{
		"street": params{"mask": "constant", "value": strange}, "nr": "keep", "mails": "email", "since": params{"mask": "date", "shift": "30d"},
	}}}
}

// strange has all that any of the formats around it uses.
const strange = "a\"b\\c,(d){e}[f] 'g'\t\n=>, \"\" NULL \\N \u00e9\U0001f600"

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// withType compiles one column of a type.
func withType(t Type) func(*Column) { return func(c *Column) { c.Type = t } }

// TestCompositeOnServer masks rows, arrays of rows and rows within rows that the
// server wrote, and lets it take them apart again.
func TestCompositeOnServer(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `set search_path = public;
		create type home as (street text, nr int, mails text[], since daterange);
		create type person as (name text, place home, empty text, nothing text);`)
	in := `row(` + quote(strange) + `, 7, array['anna@x.org', null, 'no "mail"'], '[2024-01-31,2024-03-01)')::home`
	f := one(t, 1, "home", homeMask(), withType(home()))
	text := pgtest.Query(t, dsn, `select (`+in+`)::text`)[0][0]
	out := f(text)
	got := pgtest.Query(t, dsn, `select (x).street, (x).nr, (x).mails[1], (x).mails[2], (x).mails[3], upper((x).since) - lower((x).since), (x).since = '[2024-01-31,2024-03-01)'
		from (select `+quote(out)+`::home as x) y`)[0]
	if got[0] != strange || got[1] != "7" || !strings.HasSuffix(got[2], "@example.com") || got[3] != `\N` || strings.Contains(got[4], "mail") || got[5] != "30" || got[6] != "f" {
		t.Errorf("got %q", got)
	}

	homes := Type{Name: "_home", Elem: &Type{Name: "home", Fields: home().Fields}}
	f = one(t, 1, "_home", homeMask(), withType(homes))
	text = pgtest.Query(t, dsn, `select array[`+in+`, null, row(null, null, null, null)::home]::text`)[0][0]
	got = pgtest.Query(t, dsn, `select cardinality(x), (x[1]).street, x[2] is null, (x[3]).street is null and (x[3]).nr is null, (x[1]).mails[1] from (select `+quote(f(text))+`::home[] as x) y`)[0]
	if got[0] != "3" || got[1] != strange || got[2] != "t" || got[3] != "t" || !strings.HasSuffix(got[4], "@example.com") {
		t.Errorf("got %q", got)
	}

	m := homeMask()
	person := Type{Name: "person", Fields: []Field{{"name", Type{Name: "text"}}, {"place", home()}, {"empty", Type{Name: "text"}}, {"nothing", Type{Name: "text"}}}}
	f = one(t, 1, "person", Mask{Kind: "composite", Params: params{"fields": params{
		"name": "person.name", "place": params{"mask": "composite", "fields": m.Params["fields"]}, "empty": "hash", "nothing": "hash",
	}}}, withType(person))
	text = pgtest.Query(t, dsn, `select row('Anna', `+in+`, '', null)::person::text`)[0][0]
	got = pgtest.Query(t, dsn, `select (x).name, ((x).place).street, (x).empty, (x).nothing from (select `+quote(f(text))+`::person as x) y`)[0]
	if got[0] == "Anna" || got[1] != strange || got[2] != "" || got[3] != `\N` {
		t.Errorf("got %q", got)
	}
}

// TestHstoreOnServer does the same for hstore.
func TestHstoreOnServer(t *testing.T) {
	dsn := pgtest.DB(t)
	if got := pgtest.Query(t, dsn, `select count(*) from pg_available_extensions where name = 'hstore'`); got[0][0] != "1" {
		t.Skip("the server has no hstore")
	}
	pgtest.Exec(t, dsn, "create extension hstore")
	text := pgtest.Query(t, dsn, `select (hstore(array['mail', 'anna@x.org', 'keep "this"', `+quote(strange)+`, 'gone', 'x', 'none', null, 'empty', '', 'note', 'N']))::text`)[0][0]
	for other, want := range map[string]string{"keep": strange, "deny": `\N`} {
		f := one(t, 1, "hstore", Mask{Kind: "hstore", Params: params{"other": other, "keys": params{
			"mail": "email", "gone": "null", "empty": "hash", "note": params{"mask": "constant", "value": strange},
		}}})
		got := pgtest.Query(t, dsn, `select x->'mail', x->'keep "this"', x->'gone', x->'none', x->'empty', x->'note', array_length(akeys(x), 1) from (select `+quote(f(text))+`::hstore as x) y`)[0]
		if !strings.HasSuffix(got[0], "@example.com") || got[1] != want || got[2] != `\N` || got[3] != `\N` || got[4] != "" || got[5] != strange || got[6] != "6" {
			t.Errorf("%s: got %q", other, got)
		}
	}
	f := one(t, 1, "hstore", Mask{Kind: "hstore", Params: params{"other": "keep", "keys": params{"a": "hash"}}})
	for _, v := range []string{"anna", `"a"=>`, `"a"=>"b" "c"=>"d"`, `a=>b`} {
		if out := f(v); out != "" {
			t.Errorf("%q becomes %q", v, out)
		}
	}
}

// TestRangesOnServer shifts and truncates ranges and multiranges.
func TestRangesOnServer(t *testing.T) {
	dsn := pgtest.DB(t)
	multi := pgtest.Query(t, dsn, `select to_regtype('datemultirange') is not null`)[0][0] == "t"
	for typ, values := range map[string][]string{
		"daterange":      {"[2024-01-31,2024-03-01)", "(,2024-03-01)", "[2024-01-31,)", "(,)", "empty", "[2024-02-03,2024-02-05)"},
		"tsrange":        {`["2024-01-31 10:00:00","2024-03-01 11:30:00.5"]`, `("0044-03-15 00:00:00 BC","0044-03-20 00:00:00 BC"]`},
		"tstzrange":      {`["2024-01-31 10:00:00+00","2024-03-01 11:30:00+00")`},
		"datemultirange": {"{[2024-01-01,2024-02-01),[2024-03-01,2024-04-01)}", "{}"},
	} {
		if strings.Contains(typ, "multi") && !multi {
			continue
		}
		shift := one(t, 1, typ, Mask{Kind: "date", Params: params{"shift": "60d"}})
		trunc := one(t, 1, typ, Mask{Kind: "date", Params: params{"truncate": "month"}})
		for _, v := range values {
			a, b := shift(v), trunc(v)
			got := pgtest.Query(t, dsn, fmt.Sprintf(`select upper(b) - lower(b) is not distinct from upper(a) - lower(a), lower_inf(a) = lower_inf(b) and upper_inf(a) = upper_inf(b), isempty(a) = isempty(b) and isempty(a) = isempty(c), a = b and not isempty(a) and not (lower_inf(a) and upper_inf(a))
				from (select %[1]s::%[4]s as a, %[2]s::%[4]s as b, %[3]s::%[4]s as c) x`, quote(v), quote(a), quote(b), typ))[0]
			if !slices.Equal(got, []string{"t", "t", "t", "f"}) {
				t.Errorf("%s %s becomes %s, and by the month %s: %v", typ, v, a, b, got)
			}
		}
	}
	for typ, in := range map[string]map[string]string{
		"int4range": {"[1234,1299)": "[1200,1200]", "[1,1001)": "[0,1000)", "empty": "empty"}, "numrange": {"(99.5,250.25]": "(0.0,200.00]"},
	} {
		f := one(t, 1, typ, Mask{Kind: "number", Params: params{"bucket": int64(100)}})
		for v, want := range in {
			if out := f(v); out != want {
				t.Errorf("%s becomes %s, want %s", v, out, want)
			}
		}
	}
	_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Type: Type{Name: "int4range"}, Mask: &Mask{Kind: "number", Params: params{"noise": "1%"}}}}})
	if err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("noise on a range: %v", err)
	}
}

func TestNestedProblems(t *testing.T) {
	for want, c := range map[string]Column{
		`"nr" of type home is undecided`: {Type: home(), Mask: &Mask{Kind: "composite", Params: params{"fields": params{"street": "hash", "mails": "email", "since": "keep"}}}},
		`no field "x"`:                   {Type: home(), Mask: &Mask{Kind: "composite", Params: params{"fields": params{"x": "hash"}}}},
		"needs fields":                   {Type: home(), Mask: &Mask{Kind: "composite"}},
		"nr: mask email does not fit":    {Type: home(), Mask: &Mask{Kind: "composite", Params: params{"fields": params{"nr": "email"}}}},
		"takes composite types":          {Type: Type{Name: "text"}, Mask: &Mask{Kind: "composite"}},
		"other: keep or deny":            {Type: Type{Name: "hstore"}, Mask: &Mask{Kind: "hstore", Params: params{"keys": params{"a": "hash"}}}},
		"needs keys":                     {Type: Type{Name: "hstore"}, Mask: &Mask{Kind: "hstore", Params: params{"other": "keep"}}},
		"template cannot stand":          {Type: Type{Name: "hstore"}, Mask: &Mask{Kind: "hstore", Params: params{"other": "keep", "keys": params{"a": params{"mask": "template", "value": "x"}}}}},
	} {
		_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{c}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

// FuzzNested masks any text as one of each kind that has parts: what comes out
// of a composite reads back with as many fields.
func FuzzNested(f *testing.F) {
	for _, s := range []string{`(a,"b ""c\\",,{})`, `"a"=>"b", "c"=>NULL`, `[2024-01-01,"x")`, `{"(a,1,{b},empty)",NULL}`, `(`, `"`, `[,`, `{[`} {
		f.Add(s)
	}
	homes := Type{Name: "_home", Elem: &Type{Name: "home", Fields: home().Fields}}
	composite := one(f, 1, "home", homeMask(), withType(home()))
	array := one(f, 1, "_home", homeMask(), withType(homes))
	hstore := one(f, 1, "hstore", Mask{Kind: "hstore", Params: params{"other": "deny", "keys": params{"a": "hash"}}})
	ranges := one(f, 1, "daterange", Mask{Kind: "date", Params: params{"shift": "9d"}})
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || strings.ContainsRune(s, 0) {
			return
		}
		for _, out := range []string{composite(s), hstore(s), ranges(s)} {
			if hstore(out) == "" && strings.HasPrefix(out, `"`) {
				t.Fatalf("%q becomes %q, which is no hstore", s, out)
			}
		}
		rest, fields := []byte(strings.TrimSuffix(composite(s)[1:], ")")), 0
		for last := false; !last; fields++ {
			_, rest, _, last = cutField(nil, rest)
		}
		if fields != 4 {
			t.Fatalf("%q becomes %q of %d fields", s, composite(s), fields)
		}
		var r copyfmt.ArrayReader
		r.Reset([]byte(array(s)))
		for {
			tok, _, err := r.Next()
			if err != nil {
				t.Fatalf("%q becomes %q, which is no array", s, array(s))
			}
			if tok == copyfmt.ArrayEnd {
				break
			}
		}
	})
}

func TestNestedAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	homes := Type{Name: "_home", Elem: &Type{Name: "home", Fields: home().Fields}}
	m := homeMask()
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Type: homes, Mask: &m}}})
	if err != nil {
		t.Fatal(err)
	}
	row := copyfmt.AppendEscaped(nil, []byte(`{"(\"Main St\",7,\"{anna@x.org,\"\"eve@x.org\"\"}\",\"[2024-01-31,2024-03-01)\")",NULL}`))
	r := p.NewRewriter()
	var dst []byte
	run := func() { dst, _ = r.AppendRow(dst[:0], row) }
	run()
	if n := testing.AllocsPerRun(200, run); n > 0 || !strings.Contains(string(dst), "@example.com,") {
		t.Errorf("%v allocations for %s", n, dst)
	}
}
