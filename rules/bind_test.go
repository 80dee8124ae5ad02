package rules

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// example is the one of the documents, with the columns that the test schema
// has beside it.
const example = `version: 1
vars: { sample: 5% }
targets: ["staging", "*_staging"]

subset:
  roots:
    - { table: users, sample: "${sample}" }
    - { table: users, where: "email like '%@ourcompany.example'" }
  references:
    - { from: comments(commentable_id), to: posts(id), when: "commentable_type = 'Post'" }
    - { from: messages(user_id), limit: 100, order: "created_at desc" }
    - { from: users(referrer_id), down: off }
    - { from: "messages((payload->>'post')::bigint)", to: posts, up: nullify }
    - { from: posts(tag_ids), to: posts(id) }
  unreached: all

tables:
  payment_methods: { rows: none }
  audit_logs: { where: "created_at <= now() - interval '7 days'" }
  countries: { rows: all }
  users:
    entity: id
    columns:
      email: email
      name: person.name
      phone: phone
      address: { mask: constant, value: "123 Test St, Testville, TS 00000" }
      password_hash: { mask: password, value: staging }
      settings: { mask: json, paths: { $.contact.email: email }, other: keep }
      bio: scrub
      nick: { mask: sql, expr: "upper(nick::text)" }
      created_at: keep
  posts: { entity: user_id -> users }

columns:
  - { match: "*.email", mask: email }
  - { type: inet, mask: ip }
  - { match: "*.code", mask: token }
  - { match: "public.*.*", mask: keep }
  - { match: "*.*", mask: keep }

checks:
  - "select count(*) > 0 from users"
`

func bind(t *testing.T, s *schema.Schema, text string) *Bound {
	t.Helper()
	f, err := Parse("r.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Bind(s, Env{Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *Bound) table(t *testing.T, name string) *TableRules {
	t.Helper()
	for _, tr := range b.Tables {
		if tr.Table.Name.String() == name {
			return tr
		}
	}
	t.Fatalf("no table %s", name)
	return nil
}

func (b *Bound) decisions() map[string]Decision {
	out := map[string]Decision{}
	for _, d := range b.Ledger {
		out[d.Table.Name.String()+"."+d.Column] = d
	}
	return out
}

func TestExample(t *testing.T) {
	s := testSchema(t)
	b := bind(t, s, example)
	for name, want := range map[string]string{
		"public.users.email": "email table", "public.users.id": "keep match", "public.users.upper_name": "keep generated",
		"public.users.password_hash":  "password {value: …} table",
		"public.users.settings":       "json {other: keep, paths: {$.contact.email: email}} table",
		"public.audit_logs.ip":        "ip match",
		"public.payment_methods.iban": "keep match",
		"app.deals.client":            "token {} reference", // from clients.code
		"public.countries.code":       "token {} match",
		"public.users.country":        "token {} reference",
		"app.deals.contact":           "keep match",
	} {
		d, ok := b.decisions()[name]
		if got := d.Mask + " " + d.Source; !ok || got != strings.Replace(want, " {}", "", 1) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	u := b.table(t, "public.users")
	if u.Spec.Entity != 0 || u.Spec.EntityDomain != "public.users(id)" {
		t.Errorf("entity %d %s", u.Spec.Entity, u.Spec.EntityDomain)
	}
	if p := b.table(t, "public.posts"); p.Spec.EntityDomain != u.Spec.EntityDomain || p.Spec.Columns[p.Spec.Entity].Name != "user_id" {
		t.Errorf("posts: entity %d %s", p.Spec.Entity, p.Spec.EntityDomain)
	}
	for _, c := range u.Spec.Columns {
		switch c.Name {
		case "upper_name":
			t.Error("a generated column is copied")
		case "email":
			if !c.Unique || !c.Fold || c.Mask.Kind != "email" {
				t.Errorf("email: %+v", c)
			}
		case "id":
			if !c.Unique || !c.Reference || c.Mask != nil && c.Mask.Kind != "keep" {
				t.Errorf("id: %+v", c)
			}
		}
	}
	for _, tr := range b.Tables {
		if tr.Table.Name.Name == "payment_methods" || tr.Table.Partition != nil {
			t.Errorf("%s is copied", tr.Table.Name)
		}
	}
	if r := b.Subset.Restrict[s.Table(schema.Name{Schema: "public", Name: "audit_logs"})]; r.Rows != subset.WhereRows ||
		r.Where != "audit_logs.created_at <= ('2026-03-04 12:00:00+00'::timestamp with time zone - '7 days'::interval)" {
		t.Errorf("audit_logs: %+v", r)
	}
	if _, err := b.Compile(testSecret(t)); err != nil {
		t.Error(err)
	}
	for i, want := range []bool{true, false, true, false} {
		host, db := []string{"db", "db", "db", "db"}[i], []string{"staging", "production", "eu_staging", "staging2"}[i]
		if b.File.Targets.Match(host, 5432, db, "production") != want {
			t.Errorf("target %s: %v", db, !want)
		}
	}
}

func TestReferences(t *testing.T) {
	s := testSchema(t)
	b := bind(t, s, example)
	if n := len(b.Subset.References); n != len(s.ForeignKeys)+3 {
		t.Errorf("%d references", n)
	}
	byLine := map[int]*subset.Reference{}
	for _, r := range b.Subset.References {
		byLine[r.Line] = r
	}
	if r := byLine[10]; r.Key != nil || r.When != "comments.commentable_type = 'Post'" || !slices.Equal(r.Uses, []int{1}) {
		t.Errorf("%+v", r)
	}
	if r := byLine[11]; r.Key == nil || r.Limit != 100 || r.Order != "messages.created_at DESC" {
		t.Errorf("%+v", r)
	}
	if r := byLine[12]; r.Key == nil || r.Down != subset.DownOff {
		t.Errorf("%+v", r)
	}
	if r := byLine[13]; r.Expr != "CAST(messages.payload ->> 'post' AS bigint)" || len(r.Columns) != 0 || r.Up != subset.UpNullify || !r.UpGiven {
		t.Errorf("%+v", r)
	}
	if r := byLine[14]; !r.Array {
		t.Errorf("%+v", r)
	}
}

// What is joined by references has one mask, sized for the narrowest, folded
// where one of them is.
func TestJoined(t *testing.T) {
	s := testSchema(t)
	b := bind(t, s, strings.Replace(example, "columns:\n  - {", "columns:\n  - { match: \"deals.contact\", mask: email }\n  - {", 1))
	for _, name := range []string{"public.clients.code", "app.deals.client"} {
		i := strings.LastIndexByte(name, '.')
		tr := b.table(t, name[:i])
		for _, c := range tr.Spec.Columns {
			// The token of countries.code, char(2), shares the domain.
			if c.Name == name[i+1:] && (c.Mask == nil || c.Mask.Kind != "token" || c.Type.Length != 2 || !c.Unique || !c.Reference) {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	for _, c := range b.table(t, "app.deals").Spec.Columns {
		if c.Name == "contact" && (!c.Fold || c.Type.Name != "text") {
			t.Errorf("contact: %+v", c)
		}
	}
	for _, tr := range b.Tables {
		for _, c := range []struct {
			kind string
			want anonymize.Domain
		}{{"email", anonymize.Domain{Fold: true, Unique: true}}, {"token", anonymize.Domain{Length: 2, Unique: true}}} {
			if got := tr.Spec.Domains[anonymize.DomainKey{Kind: c.kind}]; got != c.want {
				t.Errorf("%s: domain of %s: %+v", tr.Table.Name, c.kind, got)
			}
		}
	}
}

// Every expression runs on a server as a run has it: nothing in search_path.
func TestExpressionsRun(t *testing.T) {
	dsn := pgtest.DB(t)
	sql, err := os.ReadFile("testdata/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, string(sql))
	s := readSchema(t, dsn)
	conn := pgtest.Connect(t, dsn)
	env := Env{Now: noon, Functions: func(names []string) (map[string]Function, error) {
		out := map[string]Function{}
		for _, r := range pgtest.Query(t, dsn, FunctionQuery(names)) {
			out[r[0]] = Function{Stable: r[1] == "t", Aggregate: r[2] == "t"}
		}
		return out, nil
	}}
	run := func(query string) {
		t.Helper()
		if err := conn.Exec(context.Background(), "set search_path = ''; set timezone = 'UTC'; begin read only; "+query+"; commit").Close(); err != nil {
			t.Errorf("%s: %v", query, err)
			conn.Exec(context.Background(), "rollback").Close()
		}
	}
	for _, where := range []string{
		"email like '%@ourcompany.example'",
		"users.email = 'x' and public.users.id > 5",
		"created_at <= now() - interval '7 days' and created_at::date < current_date - 1",
		"age(created_at) > '18 years' and extract(year from created_at at time zone 'Europe/Berlin') > 2000",
		"plan = 'paid' or plan = 'free'::plan or plan in ('free', 'paid') or email::short_email is null",
		"exists (select 1 from posts p where p.user_id = users.id and p.title <> 'x')",
		"exists (select 1 from posts where user_id = users.id and name = title)",
		"id in (select referrer_id from users u where u.country = users.country)",
		"(select count(*) from messages where user_id = users.id and created_at > localtimestamp) > 3",
		"exists (select from audit_logs a join countries on code = country where a.user_id = users.id)",
		"exists (select 1 from users where users.id > 3)",
		"active and not (name is null) and nick operator(public.=) 'bob' and lower(nick::text) ~ '^b'",
		"nick::citext operator(public.<>) 'x'::citext",
		"settings->'contact'->>'email' = 'x' and settings @> '{\"a\": 1}' and jsonb_array_length(settings) > 1",
		"id in (select x from app.items) or id in (select i.x from sales.items i union select 3)",
		"exists (with w as (select max(id) as top from posts) select from w where w.top > users.id)",
		"name in (select x from (select title as x from posts) q) or id in (select g from generate_series(1, 3) g)",
		"tidy(name) = 'x' and app.tidy(name) is null",
		"coalesce(name, '') <> 'today'::text or name = 'now'::text",
		`exists (select 1 from sales."Odd.Name" where "a ""b""" = name)`,
		"case when id > 3 then true else country is distinct from 'DE' end",
		"exists (select 1 from posts order by id limit 1)",
		"id = any (array(select user_id from posts)) and (id, name) in ((1, 'a'), (2, 'b'))",
	} {
		text := "version: 1\nfunctions: [app.tidy]\ncolumns: [{ match: \"*\", mask: keep }]\ntables:\n  users:\n    where: >\n      " + where + "\n"
		f, err := Parse("r.yaml", []byte(text), nil)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		b, err := f.Bind(s, env)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		for _, r := range b.Subset.Restrict {
			run("select 1 from only public.users as users where (" + r.Where + ")")
		}
	}
	// The volatile ones are known for what they are.
	for _, where := range []string{"random() < 0.5", "clock_timestamp() > created_at", "gen_random_uuid() is null", "timeofday() = ''", "currval('s') = 1", "lastval() = 1"} {
		f, err := Parse("r.yaml", []byte("version: 1\ntables: { users: { where: \""+where+"\" } }"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Bind(s, env); err == nil || !strings.Contains(err.Error(), "is volatile") {
			t.Errorf("%s: %v", where, err)
		}
	}
	b := bind(t, s, example)
	for _, c := range b.Checks {
		run(c.SQL)
	}
	for _, tr := range b.Tables {
		for _, leaf := range tr.Table.Leaves() {
			var list []string
			for i, c := range tr.Table.Translate(leaf, tr.Columns) {
				if e := tr.Exprs[i]; e != "" {
					list = append(list, e)
					continue
				}
				list = append(list, schema.QuoteIdent(leaf.Columns[c].Name))
			}
			run("select " + strings.Join(list, ", ") + " from only " + leaf.Name.SQL() + " as " + schema.QuoteIdent(tr.Table.Name.Name))
		}
	}
}

// Every function that is never allowed is refused however it is spelled, and
// the list of those that only compute holds none of them.
func TestBuiltinFunctions(t *testing.T) {
	dsn := pgtest.DB(t)
	var names []string
	for f := range strings.FieldsSeq(builtin) {
		names = append(names, strings.TrimSuffix(f, "*"))
	}
	for _, n := range names {
		if why := never(n); why != "" {
			t.Errorf("%s is listed, and %s", n, why)
		}
	}
	known := map[string]bool{}
	for _, r := range pgtest.Query(t, dsn, FunctionQuery(names)) {
		known[r[0]] = true
		if r[1] != "t" {
			t.Errorf("%s is volatile", r[0])
		}
	}
	missing := 0
	for _, n := range names {
		if !known[n] {
			missing++ // of another version
		}
	}
	if missing > len(names)/10 {
		t.Errorf("%d of %d are unknown to the server: %v", missing, len(names), slices.Sorted(maps.Keys(known))[:3])
	}
}
