package anonymize

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestGenderOfTheRow: name, title, user name and address fit the gender that a
// column of the row says, in any language's spelling; where it says none, they
// still fit each other.
func TestGenderOfTheRow(t *testing.T) {
	for _, c := range []struct {
		locale     string
		param      any
		women, men []string
	}{
		{"us", "sex", []string{"F", "female", " Woman", "2", "weiblich"}, []string{"m", "MALE", "Man ", "1", "männlich"}},
		{"pl", params{"column": "sex", "values": []any{"Pani", "Pan"}}, []string{"Pani", "PANI"}, []string{"Pan"}},
	} {
		p := params{"locale": c.locale, "gender": c.param}
		table := Table{Name: "users", Entity: 0, EntityDomain: "users(id)", Columns: []Column{
			{Name: "id", Type: Type{Name: "int8"}},
			{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name", Params: p}},
			{Name: "first", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.first", Params: p}},
			{Name: "title", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.title", Params: p}},
			{Name: "login", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.user", Params: p}},
			{Name: "mail", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email", Params: p}},
			{Name: "note", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
			{Name: "sex", Type: Type{Name: "varchar"}}, // behind all that read it
		}}
		prog, err := Compile(testSecret(t, 1), table)
		if err != nil {
			t.Fatal(err)
		}
		r := prog.NewRewriter()
		people := dictionaries().others[c.locale]
		if people == nil {
			people = dictionaries().people
		}
		try := func(sex string, want []string, title string) {
			t.Helper()
			for id := range 40 {
				f := maskRow(t, r, fmt.Sprint(id), "Anna Berg", "Anna", "Mrs.", "anna", "anna@post.test", "I am Anna Berg", sex)
				first, _, _ := strings.Cut(f[1], " ")
				login, _, _ := strings.Cut(f[4], ".")
				mail, _, _ := strings.Cut(f[5], ".")
				switch {
				case want != nil && !slices.Contains(want, first):
					t.Errorf("%q: first name %q", sex, first)
				case f[2] != first || login != strings.ToLower(first) || mail != login || f[6] != "I am "+f[1]:
					t.Errorf("%q: the parts differ: %q", sex, f)
				case title != "" && f[3] != title && f[3] != people.titles[2]:
					t.Errorf("%q: title %q", sex, f[3])
				case f[7] != sex && sex != `\N`:
					t.Errorf("the column itself changed: %q", f[7])
				}
			}
		}
		for _, v := range c.women {
			try(v, people.female, people.titles[0])
		}
		for _, v := range c.men {
			try(v, people.male, people.titles[1])
		}
		for _, v := range []string{"", "x", "diverse", `\N`, strings.Repeat("f", 99)} {
			try(v, nil, "")
		}
	}
}

func TestGenderErrors(t *testing.T) {
	for _, c := range []struct {
		gender any
		want   string
	}{
		{"gendr", `no column "gendr"; it could be one of: kept, sex`},
		{"masked", "masked itself"},
		{int64(3), "must be a column"},
		{params{"column": "sex"}, "must be a column"},
		{params{"column": "sex", "values": []any{"f", "F"}}, "two different"},
	} {
		_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
			{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name", Params: params{"gender": c.gender}}},
			{Name: "sex", Type: Type{Name: "bpchar"}},
			{Name: "kept", Type: Type{Name: "int2"}, Mask: nil},
			{Name: "masked", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.gender"}},
			{Name: "doc", Type: Type{Name: "jsonb"}},
		}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error is %v", c.gender, err)
		}
	}
}
