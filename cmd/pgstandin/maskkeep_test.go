package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestMaskKeepsBytes: where nothing is masked every form of a dump passes byte for
// byte, and so it does where masks find nothing to change.
func TestMaskKeepsBytes(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, maskSchema)
	pgtest.Exec(t, s.source, `create table kinds (id int primary key, a text, b float8, c numeric, d bit varying, e bool, f timestamptz, g xml, h interval, i money, j int4range, k oid, l "char", m name, n point, o tsvector, p int8[], q mood[]);
		insert into kinds values (-1, E'a''b\\c\n', 'NaN', 'NaN', '', true, 'infinity', '<a>x</a>', '1 day -00:00:01', -5, '[1,5)', 5, 'x', 'y', '(1,2)', 'a b', '{1,null}', '{glad}'),
			(2, '\x00', '-Infinity', 1e100, '101', false, '2020-01-01 00:00+00', null, '-1 year', 0, 'empty', 0, '', '', null, '', '{}', null), (3, '', 1e-300, -0.001, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`)
	// What pg_dump and pg_restore say of a schema that initdb makes, of partitions and
	// of files.
	pgtest.Exec(t, s.source, `alter schema public owner to current_user; create table parts (id int, k text) partition by list (k); create table part_a partition of parts for values in ('a'); insert into parts values (1, 'a')`)
	dir := t.TempDir()
	dumpAs(t, s.source, "--format=custom", "--file", filepath.Join(dir, "archive"))
	pgTool(t, "pg_restore", "--verbose", "--file", filepath.Join(dir, "sql"), filepath.Join(dir, "archive"))
	restored, err := os.ReadFile(filepath.Join(dir, "sql"))
	if err != nil {
		t.Fatal(err)
	}
	dumps := map[string]string{"pg_restore": string(restored)}
	for _, how := range append(dumpForms, nil, []string{"--clean", "--if-exists"}, []string{"--load-via-partition-root"}, []string{"--column-inserts", "--rows-per-insert=3", "--quote-all-identifiers"}, []string{"--inserts", "--no-comments", "--verbose"}) {
		dumps[fmt.Sprint(how)] = dumpAs(t, s.source, how...)
	}
	for _, tables := range []string{"", "tables:\n  notes: { columns: { body: { mask: regexp, match: \"^(.*)$\", replace: \"$1\" } } }\n"} {
		s.write("version: 1\ntargets: [\"*_staging\"]\n" + tables + "columns: [{ match: \"*.*\", mask: keep }]\n")
		setup := s.maskSetup(dumpAs(t, s.source, "--schema-only"), false)
		for how, dump := range dumps {
			if out := maskWith(t, setup, dump); out != dump {
				t.Errorf("%s: %s", how, firstLine(out, dump))
			}
		}
	}
}

// TestMaskLeavesOut: what is no row of a table and may hold values is not in the
// output: statistics, large objects, comments that somebody wrote, rows of tables
// without rows.
func TestMaskLeavesOut(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	s.write("version: 1\ntargets: [\"*_staging\"]\nobjects: none\ntables:\n  logs: { rows: none }\n  users: { columns: { email: email } }\n")
	setup := s.maskSetup("create table users (id int primary key, email text);\ncreate table logs (id int primary key, what text);\n", false)
	const text = `-- canary
-- Name: users; Type: TABLE; Schema: public; Owner: -
create table users (id int primary key, email text); -- canary
/* canary
canary */
create table logs (id int primary key, what text);
SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'most_common_vals', '{canary}'::text);
SELECT pg_catalog.lo_create('5');
BEGIN;
SELECT pg_catalog.lo_open('5', 131072);
SELECT pg_catalog.lowrite(0, '\x63616e617279');
SELECT pg_catalog.lo_close(0);
COMMIT;
COMMENT ON LARGE OBJECT 5 IS 'canary';
GRANT SELECT ON LARGE OBJECT 5 TO public;
insert into logs values (1, 'canary') on conflict do nothing;
insert into logs (what, id) values ('canary', 2), ('canary', 3);
insert into users (email) -- canary
overriding system value values (null);
CREATE USER MAPPING FOR anna SERVER files OPTIONS (password 'canary');
ALTER USER MAPPING FOR anna SERVER files OPTIONS (set password 'canary');
DROP USER MAPPING IF EXISTS FOR anna SERVER files;
CREATE SUBSCRIPTION sub CONNECTION 'host=prod password=canary' PUBLICATION p WITH (connect = false, slot_name = 'sub');
ALTER SUBSCRIPTION sub OWNER TO anna;
COMMENT ON SUBSCRIPTION sub IS 'canary';
COPY logs (id, what) FROM stdin;
4	canary
\.
SELECT pg_catalog.setval('public.s', 5, true);
-- canary`
	var out bytes.Buffer
	r, err := setup.mask(t.Context(), strings.NewReader(strings.Replace(text, " -- canary\noverriding", "\noverriding", 1)), &out)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "canary") || strings.Contains(out.String(), "63616e") || !strings.Contains(out.String(), "setval") || !strings.Contains(out.String(), "Name: users") {
		t.Errorf("%s", out.String())
	}
	if r.Left != 4 || r.Rows != 1 || r.LeftOut != (passedOver{Statistics: 1, Large: 6, Access: 6, Comments: 5}) {
		t.Errorf("%+v", r)
	}
	if _, err := setup.mask(t.Context(), strings.NewReader(text), &out); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a comment within an INSERT: %v", err)
	}
}

// TestMaskFindsCredentials: texts of the schema pass as they are, so they are
// looked at first.
func TestMaskFindsCredentials(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email } }\n")
	text := "create table users (id int primary key, email text);\ncomment on table users is 'see https://anna:canary77@intra.example/';\n"
	status, out, errOut := s.mask("", s.file("dump.sql", text))
	if status != 4 || out != cutOff || !strings.Contains(errOut, "credential") || strings.Contains(errOut, "canary77") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}

// Options of servers pass, so they are looked at, and what reaches production does
// not pass at all. What the rules accept is none.
func TestMaskForeignAccess(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table users (id int primary key, email text); insert into users values (1, 'anna@corp.example');
		create foreign data wrapper w; create server files foreign data wrapper w options (url 'https://anna:canary77@intra.example/');
		create user mapping for current_user server files options (password 'canary88');
		create function f() returns text language sql as 'select ''https://o:canary55@intra.example/''';
		alter table users add check (email <> 'https://anna:canary66@intra.example/')`)
	pgtest.Exec(t, s.source, "create subscription sub connection 'host=prod.invalid password=canary99' publication p with (connect = false, slot_name = none)")
	dump := dumpAs(t, s.source)
	pgtest.Exec(t, s.source, "drop subscription sub")
	rules := "version: 1\ntargets: [\"*_staging\"]\ntables:\n  users: { columns: { email: email } }\nleaks:\n  accept:\n" +
		"    - { object: constraint users_email_check on public.users, reason: \"a test\" }\n    - { object: function public.f(), reason: \"a test\" }\n"
	s.write(rules)
	status, out, errOut := s.mask("", s.file("dump.sql", dump))
	if status != 4 || out != cutOff || !strings.Contains(errOut, "leak: options of server files: 1 credential\n") || strings.Contains(errOut, "canary") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	s.write(rules + "    - { object: options of server files, reason: \"a test\" }\n    - { object: setting of the database, reason: \"a test\" }\n")
	status, out, errOut = s.mask("", s.file("dump.sql", dump+"alter database shop set x.y to 'https://anna:canary44@intra.example/';\n"))
	if status != 0 || strings.Contains(out, "canary88") || strings.Contains(out, "canary99") || !strings.Contains(out, "canary77") || !strings.Contains(out, "canary44") ||
		!strings.Contains(errOut, "left out: 3 × statement of user mappings and subscriptions") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
}
