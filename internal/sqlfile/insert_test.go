package sqlfile_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// rebuilt returns a file from its items, the rows of INSERTs by themselves, and the
// values of these.
func rebuilt(text string) (out string, values [][]string, err error) {
	r := sqlfile.NewReader(strings.NewReader(text), "x")
	r.Inserts()
	var b strings.Builder
	for {
		it, err := r.Next()
		if err == io.EOF {
			return b.String(), values, nil
		}
		if err != nil {
			return "", nil, err
		}
		b.Write(it.Text)
		if it.Kind == sqlfile.Copy {
			for {
				row, err := r.Row()
				if err == io.EOF {
					b.WriteString("\\.\n")
					break
				}
				if err != nil {
					return "", nil, err
				}
				b.Write(row)
			}
		}
		if it.Kind != sqlfile.Insert {
			continue
		}
		for {
			row, err := r.InsertRow()
			if err == io.EOF {
				break
			}
			if err != nil {
				return "", nil, err
			}
			b.Write(row.Text)
			var list []string
			for _, l := range row.Values {
				list = append(list, string(row.Text[l.Start:l.End]))
			}
			if !row.End {
				values = append(values, list)
			}
		}
	}
}

func TestInsertRows(t *testing.T) {
	text := "set x = 1;\n-- c\nINSERT INTO public.\"t;\" (a, \"values\") OVERRIDING SYSTEM VALUE VALUES\n\t(1, 'it''s ;\n)', NULL),\n\t(-1.5e+3 , E'\\';' , B'101'::bit(3)),(DEFAULT,true,'{1,2}'::numeric(10, 2)[]::\"A b\".c)\nON CONFLICT DO NOTHING;\ninsert into x default values;\n" +
		"INSERT INTO y SELECT * FROM (VALUES (1)) v;\nselect 1;"
	out, values, err := rebuilt(text)
	if err != nil || out != text {
		t.Errorf("%v\n%s", err, out)
	}
	want := `[["1" "'it''s ;\n)'" "NULL"] ["-1.5e+3" "E'\\';'" "B'101'::bit(3)"] ["DEFAULT" "true" "'{1,2}'::numeric(10, 2)[]::\"A b\".c"]]`
	if got := fmt.Sprintf("%q", values); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Whatever is no constant is refused, with its line.
func TestInsertRefused(t *testing.T) {
	for _, values := range []string{
		"(f('a'))", "('a' || 'b')", "((1))", "(1 2)", "(1 + 2)", "(- 1)", "(1e)", "(1.2.3)", "(current_date)", "('a'\n'b')", "(U&'x')", "(N'x')", "(date '2020-01-01')", "(array[1])",
		"(1) returning 'x'", "(1) on conflict do update set a = 'x'", "(1) (2)", "(1)", "(1), ;", "1;", "();", "(1 /* Anna */);", "(1), -- Anna\n(2);", "(:x);", "('a'::text || 'b')", "('a' collate \"C\")",
		"('a", "(1);\\q", "(1) \\g\n;", "('x'::enum('y'))", "(row(1))", "(select 1)", "(x.y)", "(null::text = '')",
	} {
		if !strings.Contains(values, ";") {
			values += ";"
		}
		text := "\ninsert into t values\n" + values
		if values == "(1);" {
			text = text[:len(text)-1]
		}
		_, _, err := rebuilt(text)
		if err == nil || !strings.HasPrefix(err.Error(), "x:") || strings.Contains(err.Error(), "Anna") {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// AppendValue reads constants as the server does, and AppendString writes what it
// reads.
func TestValuesAsServer(t *testing.T) {
	conn := pgtest.Connect(t, pgtest.DB(t))
	for _, text := range []string{
		`''`, `'a'`, `'it''s'`, `'\n\\'`, `E'\n\\\'''\b\f\r\t\x41\x4g\101\u00e9\U0001F600\q'`, `e'a'`, `$$a'b$$`, `$x$a$$b$x$`, "'a\nb'", `'é'`, `''''`, `'\xc3\xa9'`,
	} {
		for _, escapes := range []bool{false, true} {
			setting := "on"
			if escapes {
				setting = "off"
			}
			if escapes && text == `'\n\\'` {
				text = `'\n\\\''` // another constant there
			}
			server := func(constant string) string {
				t.Helper()
				var row [][]byte
				for _, sql := range []string{"set escape_string_warning = off; set backslash_quote = on; set standard_conforming_strings = " + setting, "select encode(convert_to(" + constant + ", 'UTF8'), 'hex')"} {
					res, err := conn.Exec(t.Context(), sql).ReadAll()
					if err != nil {
						t.Fatalf("%s: %v", constant, err)
					}
					if rows := res[len(res)-1].Rows; len(rows) > 0 {
						row = rows[0]
					}
				}
				return string(row[0])
			}
			want := server(text)
			got, ok := sqlfile.AppendValue(nil, []byte(text), escapes)
			if !ok || fmt.Sprintf("%x", got) != want {
				t.Errorf("%s, escapes %v: %q %v, want %s", text, escapes, got, ok, want)
			}
			again := sqlfile.AppendString(nil, got, escapes)
			if server(string(again)) != want {
				t.Errorf("%q becomes %s, escapes %v", got, again, escapes)
			}
		}
	}
	if got, ok := sqlfile.AppendValue(nil, []byte("X'1F'"), false); !ok || string(got) != "00011111" {
		t.Errorf("bits: %s", got)
	}
}

// Every file that is taken comes out as it went in, cut into rows or not.
func FuzzInserts(f *testing.F) {
	f.Add("insert into t values (1, 'a''b', E'\\'', null::text), (2, $$a$$, -1e5, true) on conflict do nothing;\nselect 1;")
	f.Add("set standard_conforming_strings = off;\ninsert into t (a) values ('\\'');")
	f.Add("copy t from stdin;\n1\n\\.\ninsert into \"values\" values\n('x\n'),\n(default);")
	f.Fuzz(func(t *testing.T, text string) {
		out, values, err := rebuilt(text)
		if err != nil {
			return
		}
		want := text
		if strings.Contains(text, "\\.\r\n") || strings.HasPrefix(text, "\xef\xbb\xbf") || strings.HasSuffix(text, "\\.") {
			return
		}
		if out != want {
			t.Errorf("%q\nbecomes %q", text, out)
		}
		for _, row := range values {
			for _, v := range row {
				if v[0] == '\'' && !strings.Contains(v, "::") && !strings.Contains(strings.ToLower(text), "standard_conforming") {
					value, ok := sqlfile.AppendValue(nil, []byte(v), false)
					if again := sqlfile.AppendString(nil, value, false); !ok || !bytes.Equal(again, []byte(v)) {
						t.Errorf("%q is written as %q", v, again)
					}
				}
			}
		}
	})
}
