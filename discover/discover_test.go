package discover

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// table makes a table of columns "name type"; * behind the type makes a column
// the primary key, ! unique.
func table(name string, columns ...string) *schema.Table {
	t := &schema.Table{Name: schema.Name{Schema: "public", Name: name}}
	for i, c := range columns {
		col, typ, _ := strings.Cut(c, " ")
		mark := typ[len(typ)-1]
		typ = strings.TrimRight(typ, "*!")
		t.Columns = append(t.Columns, schema.Column{Name: col, Num: i + 1, Type: typeNamed(typ)})
		switch mark {
		case '*':
			t.Keys = append([]schema.Key{{Name: name + "_pkey", Primary: true, Columns: []int{i}}}, t.Keys...)
			t.Columns[i].NotNull = true
		case '!':
			t.Keys = append(t.Keys, schema.Key{Name: name + "_" + col, Columns: []int{i}})
		}
	}
	return t
}

func schemaOf(tables ...*schema.Table) *schema.Schema {
	s := &schema.Schema{Encoding: "UTF8", Tables: tables}
	s.Index()
	return s
}

func look(t testing.TB, s *schema.Schema, samples Samples) map[string]Finding {
	t.Helper()
	r, err := Look(s, samples, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Finding{}
	for _, f := range r.Findings {
		out[f.Table.Name.Name+"."+f.Table.Columns[f.Column].Name] = f
	}
	return out
}

// valuesOf are samples of one column.
func valuesOf(column string, values ...string) Samples {
	return func(t *schema.Table) ([]Sample, error) {
		out := make([]Sample, len(t.Columns))
		for i := range t.Columns {
			if t.Columns[i].Name == column {
				for _, v := range values {
					out[i].Values = append(out[i].Values, []byte(v))
				}
			}
		}
		return out, nil
	}
}

// Each word means one class, and is spelled as names are cut.
func TestLexicon(t *testing.T) {
	for name, lists := range map[string]map[class]string{"sure": sureWords(), "maybe": maybeWords()} {
		seen := map[string]class{}
		for c, text := range lists {
			for w := range setOf(text) {
				if other, ok := seen[w]; ok {
					t.Errorf("%s: %q is a %s and a %s", name, w, c, other)
				}
				seen[w] = c
				if got := strings.Join(words(w), ""); got != w {
					t.Errorf("%s: %q is cut to %q", name, w, got)
				}
			}
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"first_name": "first name", "FirstName": "first name", "firstName": "first name", "EMAIL": "email", "e-mail": "email", "E_Mail": "email", "eMail": "email",
		"userIDs": "user ids", "HTTPServer": "http server", "address1": "address 1", "Straße": "strasse", "prénom": "prenom", "nº": "nº", "CUST_ADDR1": "cust addr 1",
		"comment_author_IP": "comment author ip", "last4": "last4", "ipv6_address": "ipv6 address", "": "", "?": "", "\xff": "",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

// Names that only look personal.
func TestNotPersonal(t *testing.T) {
	s := schemaOf(
		table("products", "id integer*", "name text", "description text", "brand_name varchar(80)", "serial_number varchar(20)", "picture bytea"),
		table("users", "id integer*", "email_verified varchar(10)", "phone_calls_count integer", "address_id integer", "ip_version smallint", "email_count bigint", "is_phone_public boolean",
			"password_changed_at timestamptz", "name_length integer", "gender_required varchar(5)", "zip_file_path varchar(255)", "email_template varchar(90)"),
	)
	for name, f := range look(t, s, nil) {
		if f.Personal {
			t.Errorf("%s: %s (%s)", name, f.Mask.Kind, f.Evidence)
		}
	}
}

// Names whose first word only says which table they are of.
func TestPrefixes(t *testing.T) {
	got := look(t, schemaOf(table("customer", "c_id integer*", "c_email text", "c_name text", "c_city text", "c_zip text", "c_ip_count integer"),
		table("useracct_feedback", "uf_id integer*", "uf_date date", "uf_from integer", "uf_sattr varchar(9)"),
		table("clients", "ip inet", "ip_address text", "uf char(2)", "cep text")), nil)
	for name, want := range map[string]string{
		"customer.c_email": "email", "customer.c_name": "person.name", "customer.c_city": "address.city", "customer.c_ip_count": "keep", "useracct_feedback.uf_sattr": "keep",
		"clients.ip_address": "ip", "clients.uf": "address.state",
	} {
		if f := got[name]; f.Mask.Kind != want {
			t.Errorf("%s: %s, not %s (%s)", name, f.Mask.Kind, want, f.Evidence)
		}
	}
}

// Comments and masking labels decide, or lend weight.
func TestCommentsAndLabels(t *testing.T) {
	people := table("people", "id integer*", "a text", "b text", "c varchar(40)", "d text", "e text", "email text", "g jsonb", "h text", "i date", "j text", "k varchar(30)", "l text")
	for name, comment := range map[string]string{
		"a": "The customer's e-mail address", "b": "personal data, see the privacy policy", "c": "Whether an e-mail was sent", "d": "internal code", "email": "an alias, not personal", "g": "Preferences; contact.email is where notices go, and contact.theme the looks",
	} {
		people.Columns[people.Column(name)].Comment = comment
	}
	for name, label := range map[string]string{
		"e": "MASKED WITH FUNCTION anon.fake_last_name()", "h": "NOT MASKED", "i": "MASKED WITH FUNCTION anon.random_date_between('1900-01-01','2000-01-01')",
		"j": "MASKED WITH VALUE NULL", "k": "MASKED WITH FUNCTION anon.partial(k,2,$$secret$$,2)", "l": "MASKED WITH FUNCTION pg_catalog.md5(l)",
	} {
		people.Columns[people.Column(name)].MaskLabel = label
	}
	got := look(t, schemaOf(people), nil)
	for name, want := range map[string]string{"a": "email", "b": "text", "c": "keep", "email": "keep", "e": "person.last", "h": "keep", "i": "date", "j": "null", "g": "json", "k": "text"} {
		if f := got["people."+name]; f.Mask.Kind != want {
			t.Errorf("%s: %s, not %s (%s)", name, f.Mask.Kind, want, f.Evidence)
		}
	}
	if !got["people.l"].Personal {
		t.Errorf("a label of any function says that a column is personal")
	}
	if paths := got["people.g"].Mask.Params["paths"].(map[string]any); paths["$.contact.email"] != "email" || paths["$.contact.theme"] != nil {
		t.Errorf("paths of a comment: %v", paths)
	}
	for name, f := range got {
		if strings.Contains(f.Evidence, "secret") || strings.Contains(f.Evidence, "1900") {
			t.Errorf("%s: the label's arguments are in the evidence: %s", name, f.Evidence)
		}
	}
}

// Whatever a column's type and uniqueness are, its mask takes the type, and stays
// unique where the column is.
func TestMasksFit(t *testing.T) {
	types := []string{"text", "varchar(5)", "varchar(16)", "varchar(255)", "char(2)", "integer", "bigint", "smallint", "numeric(10,2)", "double precision", "boolean", "date", "timestamptz", "uuid", "inet", "macaddr", "bytea", "jsonb", "text[]", "integer[]", "enum", "xml", "tsvector", "point", "money", "time", "hstore"}
	l := newLexicon()
	for _, unique := range []string{"", "!"} {
		for _, typ := range types {
			var cols []string
			for word := range l.sure {
				cols = append(cols, word+" "+typ+unique)
			}
			slices.Sort(cols)
			for i := range len(cols) / 12 { // some words of each class
				cols[i] = cols[i*12]
			}
			cols = cols[:len(cols)/12]
			for name, f := range look(t, schemaOf(table("customers", cols...)), nil) {
				col := maskType(&f.Table.Columns[f.Column].Type)
				if !anonymize.Fits(f.Mask.Kind, col) {
					t.Errorf("%s %s: %s does not fit", name, typ, f.Mask.Kind)
				}
				if unique != "" && f.Personal && !injective(&f.Mask) {
					t.Errorf("%s %s: %s is not injective", name, typ, f.Mask.Kind)
				}
			}
		}
	}
}

// No value, and no piece of one, is in what Look returns.
func TestNoValueLeaves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const letters = "qxzjkvw"
	secretWord := func() string {
		b := make([]byte, 9)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	var planted []string
	word := func() string { w := secretWord(); planted = append(planted, w); return w }
	forms := []func() string{
		word,
		func() string { return word() + "@" + word() + ".example" },
		func() string { return "Anna " + strings.ToUpper(word()[:1]) + word() },
		func() string { return "https://" + word() + ".example/" + word() },
		func() string { return "write to " + word() + "@example.com about the " + word() + " if you can" },
		func() string {
			return `{"` + word() + `": {"email": "` + word() + `@example.com"}, "` + word() + `": "` + word() + `"}`
		},
		func() string { return `{"anna": "` + word() + `@example.com", "list": ["` + word() + `"]}` },
		func() string { return "12 " + word() + " Street, " + word() },
		func() string { return "$2a$10$" + word() + word() + word() },
	}
	for _, name := range []string{"x", "email", "name", "notes", "settings", "gender", "status", "type"} {
		for _, typ := range []string{"text", "varchar(40)", "jsonb", "text[]", "bytea", "date"} {
			for i, form := range forms {
				planted = planted[:0]
				var values []string
				for range 3 + 30*(i%2) {
					values = append(values, form())
				}
				rep, err := Look(schemaOf(table("users", "id integer*", name+" "+typ)), valuesOf(name, values...), nil)
				if err != nil {
					t.Fatal(err)
				}
				var out []string
				for _, f := range rep.Findings {
					text, err := json.Marshal([]any{f.Mask, f.Otherwise, f.Evidence, f.Class, f.Paths})
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, string(text))
				}
				all := strings.ToLower(strings.Join(out, " ") + fmt.Sprintf("%+v", rep.References))
				for _, p := range append(planted, "anna") {
					if strings.Contains(all, p) {
						t.Fatalf("%s %s: a value is in the findings: %s", name, typ, all)
					}
				}
			}
		}
	}
}

// Paths of documents: by key, by value, through lists, and under keys that are
// values themselves.
func TestDocuments(t *testing.T) {
	var docs []string
	for i := range 40 {
		docs = append(docs, fmt.Sprintf(`{"contact": {"mail": "p%[1]d@example.com", "first_name": "Anna", "ids": [1, 2]}, "friends": [{"x": "q%[1]d@example.com"}], "k%[1]d": {"phone": "+49 30 90182%[1]d"},
			"theme": "dark", "product": {"name": "Chair %[1]d"}, "odd key": "+44 20 7946 0%[2]d", "address": {"city": "Berlin", "zip": "10115"},
			"members": [{"name": "Xq%[1]d Yr%[1]d", "plan": {"name": "Gold"}}], "device": {"name": "Phone %[1]d"}}`, i, 100+i))
	}
	s := schemaOf(table("users", "id integer*", "settings jsonb"))
	f := look(t, s, valuesOf("settings", docs...))["users.settings"]
	got := map[string]string{}
	for _, p := range f.Paths {
		got[p.Path] = p.Mask.Kind
	}
	for path, kind := range map[string]string{
		"$.contact.mail": "email", "$.contact.first_name": "person.first", "$.friends[*].x": "email", "$.*.phone": "phone", "$['odd key']": "phone", "$.address.city": "address.city", "$..password": "hash", "$.members[*].name": "person.name",
	} {
		if got[path] != kind {
			t.Errorf("%s: %q, not %s", path, got[path], kind)
		}
	}
	for _, path := range []string{"$.theme", "$.product.name", "$.contact.ids[*]", "$.members[*].plan.name", "$.device.name"} {
		if got[path] != "" {
			t.Errorf("%s: %s", path, got[path])
		}
	}
}

// Documents in a column of texts are masked by path, with a net for all else; what
// only looks like one is not.
func TestDocumentsInTexts(t *testing.T) {
	docs := func(form string) (out []string) {
		for i := range 20 {
			out = append(out, strings.ReplaceAll(form, "#", fmt.Sprint(10+i)))
		}
		return out
	}
	const doc = `{"username": "anna", "email": "p#@example.com", "firstName": "Eva", "lastName": "Xq", "attributes": {"phoneNumber": ["+49 30 9018#"]}, "ok": true}`
	for _, c := range []struct{ typ, form, want string }{
		{"text", doc, "json"}, {"varchar", doc, "json"}, {"text", `[{"to_email": "p#@example.com"}, "Anna"]`, "json"},
		{"text!", doc, "scrub"}, {"text", `{"theme": "dark", "n": #}`, "keep"}, {"text", `{'email': 'p#@example.com', 'name': 'Anna'}`, "scrub"},
		{"text", "by p#@example.com " + doc, "scrub"}, {"text[]", doc, "scrub"},
		{"text", `{"p#@example.com": {"email": "q#@example.com"}, "n": 1}`, "scrub"}, {"text", `{"seen": [{"203.0.113.#": "x"}], "email": "q#@example.com"}`, "scrub"},
		{"text", `{"Eva Xq": {"email": "q#@example.com"}, "/a/b?n=#": 1}`, "json"},
	} {
		f := look(t, schemaOf(table("admin_event_entity", "id integer*", "representation "+c.typ)), valuesOf("representation", docs(c.form)...))["admin_event_entity.representation"]
		if f.Mask.Kind != c.want {
			if c.typ != "text!" && c.typ != "text[]" || f.Mask.Kind == "json" {
				t.Errorf("%s %s: %s (%s), not %s", c.typ, c.form, f.Mask.Kind, f.Evidence, c.want)
			}
			continue
		}
		if f.Mask.Kind != "json" {
			continue
		}
		if paths := f.Mask.Params["paths"].(map[string]any); paths["$"] != "scrub" || c.form == doc && (paths["$.lastName"] != "person.last" || paths["$.username"] != "person.user" || paths["$.attributes.phoneNumber[*]"] != "phone") {
			t.Errorf("%s: %v", c.form, paths)
		}
	}
}

// Keys that are values are not shown, however few or many documents there are.
func TestKeysThatAreValues(t *testing.T) {
	pathsOf := func(docs ...string) []string {
		t.Helper()
		var paths []string
		f := look(t, schemaOf(table("accounts", "id integer*", "prefs jsonb")), valuesOf("prefs", docs...))["accounts.prefs"]
		for _, p := range f.Paths {
			if !p.Usual {
				paths = append(paths, p.Path)
			}
		}
		return paths
	}
	each := func(n int, form string) (docs []string) {
		for i := range n {
			docs = append(docs, strings.ReplaceAll(strings.ReplaceAll(form, "NN", string(rune('a'+i%26))+string(rune('a'+i/26))), "MAIL", fmt.Sprintf("u%d@corp.example", i)))
		}
		return docs
	}
	for _, c := range []struct {
		key    string
		hidden []int // with so many documents, all of which have it
	}{
		{"user_jkowalczyk", []int{1, 2, 3, 12, 300}}, {"user_jszczepNN", []int{1, 2, 3, 12, 300}}, {"Weyland Yutani", []int{1, 2, 3, 12, 300}}, {"Weyland-Yutani", []int{1, 12, 300}},
		{"Weyland Yutani Email", []int{12, 300}}, {"szczepanski_email", []int{1, 2, 3, 12}}, {"initech", []int{1, 2, 3, 12}}, {"First Name", []int{1, 2, 3, 12}},
		{"jszczep@corp.example", []int{1, 12, 300}}, {"user 4711", []int{1, 2, 3, 12}}, {"user_12", []int{1, 2, 3, 12}}, {"Anna", []int{1, 12, 300}}, {"annaberg", []int{1, 12}},
		{"2024-05-17", []int{1, 12, 300}}, {"National Bank", []int{1, 12}},
	} {
		for _, n := range c.hidden {
			if got := pathsOf(each(n, `{"`+c.key+`": {"email": "MAIL"}}`)...); !slices.Equal(got, []string{"$.*.email"}) {
				t.Errorf("%d documents with %s: %v", n, c.key, got)
			}
			if got := pathsOf(each(n, `{"`+c.key+`": "MAIL"}`)...); !slices.Equal(got, []string{"$.*"}) {
				t.Errorf("%d documents with %s: %v", n, c.key, got)
			}
		}
	}
	// What one tenant's documents have in common, among those of others.
	docs := append(each(60, `{"initech": {"email": "MAIL"}}`), each(200, `{"other": 5}`)...)
	if got := pathsOf(docs...); !slices.Equal(got, []string{"$.*.email"}) {
		t.Errorf("one tenant's key: %v", got)
	}
	for key, n := range map[string]int{"contact": 1, "billing_address": 1, "emergencyContact": 1, "date_of_birth_of_user": 1, "First Name": 40, "szq_panel": 40, "szqPanel": 40} {
		if got := pathsOf(each(n, `{"`+key+`": {"email": "MAIL"}}`)...); len(got) != 1 || !strings.Contains(got[0], key) {
			t.Errorf("%d documents with %s: %v", n, key, got)
		}
	}
	// A name that few documents have is one still.
	if got := pathsOf(append(each(300, `{"plan": "gold"}`), each(2, `{"plan": "gold", "guardian": {"email": "MAIL"}}`)...)...); !slices.Equal(got, []string{"$.guardian.email"}) {
		t.Errorf("a rare name: %v", got)
	}
}

// What a table inherits is as personal as it is in its parent.
func TestInherited(t *testing.T) {
	people := table("contacts", "id integer", "email text", "name text", "note text")
	more := table("moved_2019", "id integer", "email text", "name text", "note text", "label text")
	more.Inherits = []*schema.Table{people}
	most := table("a_copy_of_moved", "id integer", "email text", "name text", "note text", "label text")
	most.Inherits = []*schema.Table{more}
	got := look(t, schemaOf(most, more, people), nil)
	for _, table := range []string{"moved_2019", "a_copy_of_moved"} {
		for column, personal := range map[string]bool{"id": false, "email": true, "name": true, "label": false} {
			if f := got[table+"."+column]; f.Personal != personal || personal && f.Mask.Kind != got["contacts."+column].Mask.Kind {
				t.Errorf("%s.%s: %v, %s", table, column, f.Mask, f.Evidence)
			}
		}
	}
}

// A mask on a key is the same on all columns that reference it.
func TestFollow(t *testing.T) {
	users := table("users", "id integer*", "login varchar(60)!", "email text!")
	posts := table("posts", "id integer*", "user_login varchar(40)", "contact varchar(90)")
	s := schemaOf(users, posts)
	s.ForeignKeys = []*schema.ForeignKey{
		{Name: "a", Child: posts, Parent: users, Columns: []int{1}, ParentColumns: []int{1}},
		{Name: "b", Child: posts, Parent: users, Columns: []int{2}, ParentColumns: []int{2}},
	}
	got := look(t, s, nil)
	for _, pair := range [][2]string{{"users.login", "posts.user_login"}, {"users.email", "posts.contact"}} {
		a, b := got[pair[0]], got[pair[1]]
		if !a.Personal || fmt.Sprint(a.Mask) != fmt.Sprint(b.Mask) {
			t.Errorf("%s %v, %s %v", pair[0], a.Mask, pair[1], b.Mask)
		}
	}
}
