package rules

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// everyKind is a table with a column for each kind of mask, and rules for it.
// They stand side by side: column, type, a value, the mask.
var everyKind = [][4]string{
	{"keep", "text", "'x'", "keep"},
	{"null", "text", "'x'", `"null"`},
	{"constant", "text", "'x'", `{ mask: constant, value: "C:\\New folder\t\\N" }`},
	{"redact", "text", "'DE89 3704'", `{ mask: redact, first: 2, with: "#" }`},
	{"hash", "bytea", `'\x01'`, "hash"},
	{"email", "citext", "'Anna@x.org'", "email"},
	{"staff", "text", "'Anna@x.org'", `{ mask: email, domain: { x.org: keep, "*": example.net }, locale: se }`},
	{"name", "text", "'Anna Schmidt'", "person.name"},
	{"first", "text", "'Anna'", "person.first"},
	{"last", "text", "'Schmidt'", "person.last"},
	{"login", "varchar(30)", "'anna'", "person.user"},
	{"phone", "text", "'+49 30 1234567'", "phone"},
	{"address", "text", "'Main St 1'", "address.full"},
	{"street", "text", "'Main St 1'", "address.street"},
	{"city", "text", "'Berlin'", "address.city"},
	{"state", "char(2)", "'BE'", "address.state"},
	{"zip", "varchar(10)", "'10115'", "address.zip"},
	{"country", "char(2)", "'DE'", "address.country"},
	{"title", "text", "'Dr'", "{ mask: person.title, locale: de }"},
	{"sex", "mood", "'sad'", "{ mask: person.gender, values: [ok, sad] }"},
	{"alat", "float8", "52.5", "{ mask: address.lat, locale: fr }"},
	{"alon", "numeric(9,6)", "13.4", "{ mask: address.lon, locale: fr }"},
	{"place", "point", "'(13.4,52.5)'", "{ mask: geo, jitter: 5km }"},
	{"lat", "numeric(9,6)", "52.520008", "{ mask: geo, jitter: 500m }"},
	{"company", "text", "'Acme'", "company"},
	{"job", "text", "'Baker'", "job"},
	{"born", "date", "'1987-06-05'", "{ mask: date, bucket: 5y }"},
	{"seen", "timestamptz", "now()", "{ mask: date, shift: 60d }"},
	{"during", "daterange", "'[2024-01-01,2024-02-01)'", "{ mask: date, shift: 60d }"},
	{"ages", "int4range", "'[18,35)'", "{ mask: number, bucket: 10 }"},
	{"score", "float8", "12.5", "{ mask: number, noise: 10% }"},
	{"code", "int", "17", "{ mask: number, permute: [1, 100000] }"},
	{"price", "money", "12.34", "{ mask: money, noise: 10% }"},
	{"uid", "uuid", "'936da01f-9abd-4d9d-80c7-02af85c822a8'", "uuid"},
	{"ip", "inet", "'10.1.2.3'", "ip"},
	{"mac", "macaddr", "'08:00:2b:01:02:03'", "mac"},
	{"url", "text", "'http://x.org/'", "url"},
	{"host", "text", "'mail.x.org'", "{ mask: domain }"},
	{"agent", "text", "'curl'", "user_agent"},
	{"card", "text", "'4111 1111 1111 1111'", "card"},
	{"iban", "text", "'DE89370400440532013000'", "iban"},
	{"bic", "text", "'DEUTDEFF'", "bic"},
	{"vat", "text", "'DE123456789'", "vat"},
	{"ssn", "text", "'536-22-8726'", "{ mask: national_id, country: us }"},
	{"taxid", "text", "'86095742719'", "{ mask: national_id, country: de, permute: true }"},
	{"token", "text", "'sk_live_4eC39HqLyjWDarjtT1zdp7dc'", "token"},
	{"mood", "mood", "'sad'", "{ mask: choice, values: { sad: 1, ok: 9 } }"},
	{"moods", "mood[]", "'{sad,NULL}'", "choice"},
	{"plan", "text", "'free'", "shuffle"},
	{"password", "text", "'x'", "{ mask: password, value: staging, cost: 4 }"},
	{"avatar", "bytea", `'\xffd8ff'`, "file"},
	{"note", "text", "'Lorem'", "text"},
	{"label", "text", "'x'", `{ mask: template, value: "User {{.id}}" }`},
	{"matched", "text", "'a1'", `{ mask: regexp, match: "[0-9]", replace: "#" }`},
	{"doc", "jsonb", `'{"mail": "anna@x.org"}'`, "{ mask: json, paths: { $.mail: email }, other: deny }"},
	{"home", "home", `row('Main St 1', 7, '{anna@x.org}')`, "{ mask: composite, fields: { street: address.street, nr: keep, mails: email } }"},
	{"homes", "home[]", `array[row('Main St 1', 7, '{anna@x.org}')::home]`, "{ mask: composite, fields: { street: address.street, nr: keep, mails: { mask: hash, length: 8 } } }"},
	{"bio", "text", "'write to anna@x.org'", "scrub"},
}

// TestEveryKind binds rules that use every kind, masks a row of a server, and
// has the server take it.
func TestEveryKind(t *testing.T) {
	dsn := pgtest.DB(t)
	list := everyKind
	pgtest.Exec(t, dsn, `create extension citext; create type mood as enum ('sad', 'ok'); create type home as (street text, nr int, mails text[])`)
	if pgtest.Query(t, dsn, `select count(*) from pg_available_extensions where name = 'hstore'`)[0][0] == "1" {
		pgtest.Exec(t, dsn, "create extension hstore")
		list = append(list[:len(list):len(list)], [4]string{"attributes", "hstore", `'mail=>anna@x.org'`, "{ mask: hstore, keys: { mail: email }, other: keep }"})
	}
	var columns, values, rules strings.Builder
	used := map[string]bool{"hstore": true}
	for _, x := range list {
		columns.WriteString(", " + schema.QuoteIdent(x[0]) + " " + x[1])
		values.WriteString(", " + x[2])
		rules.WriteString("      " + x[0] + ": " + x[3] + "\n")
		name, _, _ := strings.Cut(strings.TrimPrefix(x[3], "{ mask: "), ",")
		used[strings.Trim(name, ` "}`)] = true
	}
	for _, k := range anonymize.Kinds() {
		if !used[k.Name] {
			t.Errorf("no column has a mask %s", k.Name)
		}
	}
	pgtest.Exec(t, dsn, "create table t (id int primary key"+columns.String()+"); create table masked (like t); insert into t values (1"+values.String()+")")
	s := readSchema(t, dsn)
	b := bind(t, s, "version: 1\ntables:\n  masked: { rows: none }\n  t:\n    columns:\n"+strings.Replace(rules.String(), "      null:", `      "null":`, 1))
	programs, err := b.Compile(testSecret(t))
	if err != nil {
		t.Fatal(err)
	}
	p := programs[s.Table(schema.Name{Schema: "public", Name: "t"})]
	for _, d := range p.Draws() {
		if p, err = p.Fill(d.Column, []anonymize.PoolValue{{Text: []byte("basic"), Rows: 9}, {Text: []byte("pro"), Rows: 7}}, 1); err != nil {
			t.Fatal(err)
		}
	}
	conn := pgtest.Connect(t, dsn)
	var source bytes.Buffer
	if _, err := conn.CopyTo(context.Background(), &source, "copy t to stdout"); err != nil {
		t.Fatal(err)
	}
	row, err := p.NewRewriter().AppendRow(nil, bytes.TrimSuffix(source.Bytes(), []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(append(row, '\n')), "copy masked from stdin"); err != nil {
		t.Fatalf("the server does not take the row: %v\n%s", err, row)
	}
	for _, x := range list {
		c := schema.QuoteIdent(x[0])
		got := pgtest.Query(t, dsn, "select t."+c+"::text, masked."+c+"::text from t, masked")[0]
		if same := got[0] == got[1]; same != (x[0] == "keep") && !strings.Contains(x[3], "choice") && !strings.Contains(x[3], "gender") {
			t.Errorf("%s: %s becomes %s", x[0], got[0], got[1])
		}
		if x[0] == "constant" && got[1] != "C:\\New folder\t\\N" {
			t.Errorf("constant: %q", got[1])
		}
	}
	if got := pgtest.Query(t, dsn, `select (home).nr, (homes[1]).mails[1] from masked`)[0]; got[0] != "7" || len(got[1]) != 8 {
		t.Errorf("home: %v", got)
	}
}

// A range that is smaller than the table is a mistake that shows before the run.
func TestCapacityOfUniqueColumns(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table t (a int primary key, b int not null unique, c int unique, d int not null, e int not null, unique (d, e), f int not null);
		create unique index on t (f) where f > 5;
		insert into t select g, g, g, g, g, g from generate_series(1, 2000) g; analyze t`)
	s := readSchema(t, dsn)
	const permute = "{ mask: number, permute: [1, 1000] }"
	text := "version: 1\ntables:\n  t:\n    columns:\n"
	for _, c := range []string{"a", "b", "c", "d", "e", "f"} {
		text += "      " + c + ": " + permute + "\n"
	}
	_, err := bind(t, s, text).Compile(testSecret(t))
	if err == nil || strings.Count(err.Error(), "unique in about 2000 rows") != 2 || !strings.Contains(err.Error(), "r.yaml:5:26: public.t.a") || !strings.Contains(err.Error(), "r.yaml:6:26: public.t.b") {
		t.Errorf("error is %v", err)
	}
}
