package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// leakForm is originals in a form of their own, and kept texts of which the column
// found holds some and the column clean holds none.
type leakForm struct {
	table string // after create table TABLE
	rows  string // after insert into TABLE
	mask  string // of its columns
	found string // kept texts, each found
	clean string
}

func leakForms() []leakForm {
	return []leakForm{
		// One row counts once, whatever columns have the value.
		{"(name text, billing text, shipping text, by jsonb)", `values ('Anna Berg', 'Anna Berg', 'Anna Berg', '{"by": ["Otto Kuhn", "Otto Kuhn", "Otto Kuhn", "Otto Kuhn"]}')`,
			`name: person.name, billing: person.name, shipping: person.name, by: "null"`, "'refund for Anna Berg', 'of Otto Kuhn'", "'Anna Kuhn'"},
		// Of a longer value the first and the last words count, each by itself.
		{"(site text)", "select 'https://www.corp.example/u/profile/view?user=annaberg' || i || '&sig=' || 77 * i || 'x' from generate_series(1, 5) i", "site: url",
			"'https://www.corp.example/u/profile/view?user=annaberg1&sig=77x', 'see https://www.corp.example/u/profile/view?user=annaberg2&sig=154x'", "'https://www.corp.example/u/profile/view'"},
		{"(body text)", "select 'Dear support team, I would like to change my address to user' || i || '@corp.example' from generate_series(1, 50) i", `body: "null"`,
			"'now my address to user7@corp.example'", "'Dear support team, I would like a quote'"},
		// Phone numbers that look like something else.
		{"(phone text)", "values ('+49.15112345678'), ('+1.4155550132'), ('0664-12-34 567890')", "phone: phone", "'call +49.15112345678', '+1.4155550132', 'or 0664-12-34 567890'", "'1.41'"},
		// Uuids in columns of other types, looked for in columns of uuids.
		{"(ext text)", "values ('3f2504e0-4f89-41d3-9a0c-0305e82c3301')", "ext: uuid", "'3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid", "'3f2504e0-4f89-41d3-9a0c-0305e82c3309'"},
		{"(ids uuid[])", "values ('{3f2504e0-4f89-41d3-9a0c-0305e82c3302}')", "ids: uuid", "'3f2504e0-4f89-41d3-9a0c-0305e82c3302'::uuid", ""},
		{"(doc jsonb)", `values ('{"uid": "3f2504e0-4f89-41d3-9a0c-0305e82c3303"}')`, "doc: { mask: json, paths: { $.uid: uuid }, other: keep }", "'3f2504e0-4f89-41d3-9a0c-0305e82c3303'::uuid", ""},
		{"(id uuid)", "values ('3f2504e0-4f89-41d3-9a0c-0305e82c3304')", `id: { mask: sql, expr: "md5(id::text)::uuid" }`, "'3f2504e0-4f89-41d3-9a0c-0305e82c3304'::uuid", ""},
		// Values of nested types, masked as a whole. Numbers and keys in them are none.
		{"create type app.line as (street text, city text, no int8);;(a app.line)", `values ('("12 Oak Street",,4711471147)')`, `a: "null"`, "'parcel for 12 Oak Street'", "'4711471147'"},
		{"(a app.line[])", `values (array['("13 Oak Street","Old Town",)'::app.line])`, `a: "null"`, "'parcel for 13 Oak Street', 'in Old Town'", ""},
		{"create type app.letter as (title text, at app.line, tags text[], doc jsonb, raw bytea);;(a app.letter)", `values (row('a letter', row('14 Oak Street', 'b', 1)::app.line, array['for Otto Kuhn'], '{"by": "Ida Kuhn"}', 'x')::app.letter)`, `a: "null"`,
			"'14 Oak Street', 'a gift for Otto Kuhn', 'of Ida Kuhn'", ""},
		{"(a jsonb[])", `values (array['{"by": "Rosa Kuhn", "created": 1700000000}'::jsonb])`, `a: "null"`, "'of Rosa Kuhn'", "'1700000000'"},
		{"(a hstore, b hstore[])", `values ('newsletter=>"Ines Kuhn"', array['"sports letter"=>"Lena Kuhn"'::hstore])`, `a: "null", b: "null"`, "'of Ines Kuhn', 'of Lena Kuhn'", "'Subscribe to our newsletter', 'sports letter'"},
		{"(a xml)", `values ('<p by="Nora Kuhn">to <b>Vera Kuhn</b></p>')`, `a: "null"`, "'of Vera Kuhn', 'of Nora Kuhn'", ""},
		{"(a tsvector)", `values (to_tsvector('simple', 'Anton Kuhn'))`, `a: "null"`, "'of Anton Kuhn'", ""},
		{"create type app.path as range (subtype = text);;(a app.path, b app.path[])", `values ('["Emil Kuhn","Franz Kuhn")', array[app.path('Gerd Kuhn', 'Hans Kuhn')])`, `a: "null", b: "null"`, "'of Emil Kuhn', 'of Franz Kuhn', 'of Gerd Kuhn', 'of Hans Kuhn'", ""},
		// On the other side, bytes and lexemes within others.
		{"create type app.blob as (raw bytea);;(a text)", "values ('Karla Kuhn'), ('Lilo Kuhn')", "a: person.name", "row('of Karla Kuhn'::bytea)::app.blob, row('of Lilo Kuhn'::bytea)::app.blob", ""},
		{"create type app.words as (v tsvector[]);;(a text)", "values ('Maja Kuhn')", "a: person.name", "row(array[to_tsvector('simple', 'of Maja Kuhn')])::app.words", ""},
	}
}

// TestLeakForms plants originals of many forms in kept texts, each found, beside
// ordinary texts that are no alarm.
func TestLeakForms(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create schema app; create extension hstore")
	rules := "version: 1\ntargets: [\"*_staging\"]\ntables:\n"
	for i, f := range leakForms() {
		made := ""
		if strings.HasPrefix(f.table, "create") {
			made, f.table, _ = strings.Cut(f.table, ";;")
		}
		of := "text"
		if at := strings.LastIndex(f.found, "::"); at >= 0 {
			of = f.found[at+2:]
		}
		pgtest.Exec(t, s.source, fmt.Sprintf(`%[1]s; create table t%[2]d %[3]s; insert into t%[2]d %[4]s; create table found%[2]d (v %[5]s); create table clean%[2]d (v text)`, made, i, f.table, f.rows, of))
		for name, texts := range map[string]string{"found": f.found, "clean": f.clean} {
			if texts != "" {
				pgtest.Exec(t, s.source, fmt.Sprintf("insert into %s%d select unnest(array[%s])", name, i, texts))
			}
		}
		rules += fmt.Sprintf("  t%[1]d: { columns: { %[2]s } }\n  found%[1]d: { columns: { v: keep } }\n  clean%[1]d: { columns: { v: keep } }\n", i, f.mask)
	}
	s.write(rules)
	status, _, errOut := s.refresh(keyA)
	if status != exitVerify {
		t.Errorf("status %d\n%s", status, errOut)
	}
	for i, f := range leakForms() {
		n := number(t, pgtest.Query(t, s.source, fmt.Sprintf("select count(*) from found%d", i))[0][0])
		if want := fmt.Sprintf("leak: public.found%d.v: %s", i, plural(n, "value")); !strings.Contains(errOut, want+" ") {
			t.Errorf("%s, %s: want %d of %s found\n%s", f.table, f.mask, n, f.found, errOut)
		}
		if strings.Contains(errOut, fmt.Sprintf("public.clean%d.", i)) {
			t.Errorf("%s, %s: an alarm of %s", f.table, f.mask, f.clean)
		}
	}
}
