package restorable

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
)

// archive is one of users, of orders that refer to them, of a view of both, and of what no
// restore makes. Each entry is: number, section, kind, name, and what it needs.
func archive() *pgarchive.Archive {
	a := &pgarchive.Archive{}
	add := func(section pgarchive.Section, desc, tag string, needs ...int32) {
		a.Entries = append(a.Entries, &pgarchive.Entry{
			DumpID: int32(len(a.Entries) + 1), Section: section, Desc: desc, Tag: tag, Namespace: pgarchive.T("public"), Deps: needs,
			HadDumper: desc == "TABLE DATA",
		})
	}
	add(pgarchive.SectionPreData, "EXTENSION", "citext")
	add(pgarchive.SectionPreData, "TABLE", "users")
	add(pgarchive.SectionPreData, "TABLE", "orders")
	add(pgarchive.SectionPreData, "VIEW", "both", 2, 3)
	add(pgarchive.SectionNone, "ACL", "TABLE users", 2)
	add(pgarchive.SectionData, "TABLE DATA", "users", 2)
	add(pgarchive.SectionData, "TABLE DATA", "orders", 3)
	add(pgarchive.SectionData, "SEQUENCE SET", "numbers", 2)
	add(pgarchive.SectionPostData, "CONSTRAINT", "users users_pkey", 2)
	add(pgarchive.SectionPostData, "FK CONSTRAINT", "orders orders_user_id_fkey", 3, 9)
	add(pgarchive.SectionPreData, "TABLE", "child", 2) // it inherits users
	return a
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		tables, want string
	}{
		{"", "[citext] pre extension public.citext, table public.users, table public.orders, view public.both, table public.child data table data public.users, table data public.orders sets sequence set public.numbers post constraint public.users users_pkey [public.users], fk constraint public.orders orders_user_id_fkey [public.orders public.users]"},
		{"orders", "[citext] pre extension public.citext, table public.orders data table data public.orders sets  post "},
		{"users,public.orders", "[citext] pre extension public.citext, table public.users, table public.orders, view public.both data table data public.users, table data public.orders sets sequence set public.numbers post constraint public.users users_pkey [public.users], fk constraint public.orders orders_user_id_fkey [public.orders public.users]"},
	} {
		var chosen []string
		if c.tables != "" {
			chosen = strings.Split(c.tables, ",")
		}
		got, err := Of(archive(), chosen, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(got.Extensions, " pre ", labels(got.Pre), " data ", labels(got.Data), " sets ", labels(got.Sets), " post ", names(got.Post)); text != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.tables, text, c.want)
		}
	}
}

func labels(list []*pgarchive.Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, Label(e))
	}
	return strings.Join(out, ", ")
}

// names names parts, with the tables that each is about.
func names(list []pipeline.Part) string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprint(p.Name, " ", p.Tables))
	}
	return strings.Join(out, ", ")
}

func TestOfRefuses(t *testing.T) {
	for tables, want := range map[string]string{
		"child": "table public.child needs table public.users, which is not chosen; name both: --table public.child --table public.users",
		"a,b":   "--table a: the snapshot has no such table\n--table b: the snapshot has no such table",
	} {
		_, err := Of(archive(), strings.Split(tables, ","), nil)
		var choice *ChoiceError
		if !errors.As(err, &choice) || err.Error() != want {
			t.Errorf("%s: %v, want %s", tables, err, want)
		}
	}
	a := archive()
	a.Entries[0].HadDumper = true
	if _, err := Of(a, nil, nil); err == nil || !strings.Contains(err.Error(), "extension public.citext: data of a kind that is not known here") {
		t.Errorf("data of another kind: %v", err)
	}
}
