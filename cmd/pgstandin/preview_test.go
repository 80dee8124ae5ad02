package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

func (s *staging) preview(args ...string) (status int, out, errOut string) {
	return s.command(keyA, append([]string{"preview", "--source", s.source, "--rules", s.rules}, args...)...)
}

// TestPreviewAgrees: what preview shows is what a refresh writes, for every
// table of the shop, and no original is printed unasked.
func TestPreviewAgrees(t *testing.T) {
	t.Parallel()
	s := stagedShop(t, 400)
	s.must(keyA, "--var", "sample=100%")
	for table, kept := range map[string]string{"users": "id", "addresses": "id", "messages": "id", "orders": "id", "organizations": "id"} {
		status, out, errOut := s.preview(table, "--rows", "300", "--json")
		var doc struct {
			Columns         []string
			Rows, Originals [][]*string
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || status != 0 || len(doc.Rows) == 0 || doc.Originals != nil {
			t.Fatalf("%s: status %d, %v, %d rows: %s", table, status, err, len(doc.Rows), errOut)
		}
		var list []string
		for _, c := range doc.Columns {
			if c != "payment_method_id" { // refers to rows that are not copied: a refresh cuts it
				list = append(list, "case when "+c+" is not null then format('%s', "+c+") end") // as COPY writes it
			}
		}
		want := map[string]string{}
		for _, r := range pgtest.Query(t, s.target, "select "+kept+", row("+strings.Join(list, ", ")+")::text from "+table) {
			want[r[0]] = r[1]
		}
		literals := func(row []*string) string {
			var out []string
			for i, v := range row {
				if doc.Columns[i] == "payment_method_id" {
					continue
				}
				if v == nil {
					out = append(out, "null")
				} else {
					out = append(out, "'"+strings.ReplaceAll(*v, "'", "''")+"'::text")
				}
			}
			return "row(" + strings.Join(out, ", ") + ")::text"
		}
		for _, row := range doc.Rows {
			if got := pgtest.Query(t, s.target, "select "+literals(row))[0][0]; got != want[*row[0]] {
				t.Fatalf("%s: preview and refresh differ:\n%s\n%s", table, got, want[*row[0]])
			}
		}
	}
}

// TestPreviewForms looks at the forms, and at what is refused.
func TestPreviewForms(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop+`update users set name = E'A\n\x1b[31m' where id = 2`)
	s.write(smallRules)
	for _, c := range []struct {
		args     string
		has, not []string
	}{
		{"users --rows 3", []string{"user_1@example.com", "555-0000003"}, []string{"anna", "Anna", "user_4"}},
		{"users --rows 3 --expanded", []string{"row 3", "user_3@example.com"}, []string{"anna"}},
		{"users --rows 3 --reveal", []string{"original", "user_1@example.com", "anna1@mail.example", `A\n\u001b[31m`}, []string{"\x1b"}},
		{"users --rows 3 --reveal --expanded", []string{"anna3@mail.example", "user_3@example.com"}, []string{"\x1b"}},
		{"users --rows 3 --reveal --json", []string{`"originals"`, "anna3@mail.example"}, nil},
		{"public.users --where id>98", []string{"user_99@", "user_100@"}, []string{"user_98"}},
		{"audit_logs --where user_id=1", []string{"login"}, nil},
		{"users --where id<0", []string{"no row"}, nil},
	} {
		status, out, errOut := s.preview(strings.Fields(c.args)...)
		if status != 0 {
			t.Fatalf("%s: status %d: %s", c.args, status, errOut)
		}
		for _, w := range c.has {
			if !strings.Contains(out, w) {
				t.Errorf("%s lacks %q:\n%s", c.args, w, out)
			}
		}
		for _, w := range c.not {
			if strings.Contains(out, w) {
				t.Errorf("%s has %q:\n%s", c.args, w, out)
			}
		}
		for _, line := range strings.Split(out, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("a line is wider than 80: %s", line)
			}
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "preview needs a table"},
		{[]string{"usres"}, "users"},
		{[]string{"payment_methods"}, "rows: none"},
		{[]string{"users", "--rows", "0"}, "--rows"},
		{[]string{"users", "--where", "nam = 'x'"}, "name"},
		{[]string{"users", "--where", "clock_timestamp() > now()"}, "clock_timestamp"},
		{[]string{"users", "--where", "true; drop table users"}, "--where"},
		{[]string{"users", "--where", "1 + 1"}, "not a condition"},
		{[]string{"users", "--where", "name"}, "not a condition"},
	} {
		if status, out, errOut := s.preview(c.args...); status != 2 || !strings.Contains(errOut, c.want) {
			t.Errorf("%v: status %d\n%s%s", c.args, status, out, errOut)
		}
	}
}

// Whatever the widths, cells fit or are printed one a line.
func TestPreviewFits(t *testing.T) {
	t.Parallel()
	for n := 1; n < 30; n++ {
		wide := make([]int, n)
		for i := range wide {
			wide[i] = 3 + i*7%40
		}
		ok := fitWidths(wide, 80-2*(n-1))
		total := 2 * (n - 1)
		for _, w := range wide {
			total += w
		}
		if ok && total > 80 || !ok && n < 8 {
			t.Error(fmt.Sprint(n, ok, wide))
		}
	}
}
