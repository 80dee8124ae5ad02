package sqlfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// list is a file's items, a line each: their line, kind and text.
func list(t testing.TB, in io.Reader) ([]string, error) {
	t.Helper()
	r := NewReader(in, "x.sql")
	var out []string
	for {
		it, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		text := fmt.Sprintf("%d %s", it.Line, it.SQL())
		switch it.Kind {
		case Rest:
			continue
		case Command:
			name, args := it.Command()
			text = fmt.Sprintf("%d \\%s [%s]", it.Line, name, args)
		case Copy:
			rows, err := io.ReadAll(r.Data())
			if err != nil {
				return out, err
			}
			text = fmt.Sprintf("%d %s<%s>", it.Line, strings.TrimSpace(string(it.SQL())), rows)
		}
		out = append(out, text)
	}
}

func TestItems(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"\n", nil},
		{"-- nothing\n\n/* at ; all */", nil},
		{"select 1;select 2;\n\n select\n3 ; ", []string{"1 select 1;", "1 select 2;", "3 select\n3 ;"}},
		{"select 1", []string{"1 select 1"}},
		{"select 1 -- no end", []string{"1 select 1 -- no end"}},
		{";;", []string{"1 ;", "1 ;"}},
		{"\ufeffselect 1;", []string{"1 select 1;"}},
		{"-- a;\nselect ';', \";\", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */;\nx;",
			[]string{"2 select ';', \";\", $$;$$, $a$;$$;$a$ /* ; /* ; */ ; */;", "3 x;"}},
		{"select 'a''b;', \"a\"\"b;\";x;", []string{"1 select 'a''b;', \"a\"\"b;\";", "1 x;"}},
		{`select 'a\';x;`, []string{`1 select 'a\';`, "1 x;"}},
		{`select e'a\';', E'\\';x;`, []string{`1 select e'a\';', E'\\';`, "1 x;"}},
		{"select E'a\\\n';x;", []string{"1 select E'a\\\n';", "2 x;"}},
		{`select b'\', x'\', U&'\', n'\', se'\';x;`, []string{`1 select b'\', x'\', U&'\', n'\', se'\';`, "1 x;"}},
		{"select E'a'\n  -- c\n'\\';';x;", []string{"1 select E'a'\n  -- c\n'\\';';", "3 x;"}},
		{"select E'a' '\\';x;", []string{"1 select E'a' '\\';", "1 x;"}},
		{"SET standard_conforming_strings = off;\nselect '\\';';SET standard_conforming_strings TO on;select '\\';",
			[]string{"1 SET standard_conforming_strings = off;", "2 select '\\';';", "2 SET standard_conforming_strings TO on;", "2 select '\\';"}},
		{"select pg_catalog.set_config('standard_conforming_strings', 'off', false);select '\\';';",
			[]string{"1 select pg_catalog.set_config('standard_conforming_strings', 'off', false);", "1 select '\\';';"}},
		{"select a$b$;c$b$;d;", []string{"1 select a$b$;", "1 c$b$;", "1 d;"}},
		{"select $1;x;", []string{"1 select $1;", "1 x;"}},
		{"create rule r as on insert to t do (a; b);x;", []string{"1 create rule r as on insert to t do (a; b);", "1 x;"}},
		{"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 END;\n SELECT 2;\nEND;\nx;",
			[]string{"1 CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 END;\n SELECT 2;\nEND;", "6 x;"}},
		{"create function begin() returns int as 'select 1';begin;end;",
			[]string{"1 create function begin() returns int as 'select 1';", "1 begin;", "1 end;"}},
		{"COPY a (x) FROM stdin;\n1;'\n\\N\n\\.\nx;", []string{"1 COPY a (x) FROM stdin;<1;'\n\\N\n>", "5 x;"}},
		{"copy a from STDIN (format csv);\n\\.\n\nx;", []string{"1 copy a from STDIN (format csv);<>", "4 x;"}},
		{"copy a from stdin;\r\n1\r\n\\.\r\nx;\r\n", []string{"1 copy a from stdin;<1\r\n>", "4 x;"}},
		{"copy (select 1 from stdin) to '/x';x;", []string{"1 copy (select 1 from stdin) to '/x';", "1 x;"}},
		{"-- d\n\\restrict aB3\n\nselect 1;\n\n\\unrestrict aB3\n", []string{"2 \\restrict [aB3]", "4 select 1;", "6 \\unrestrict [aB3]"}},
		{"\\connect -reuse-previous=on \"dbname='a b'\"\n\\c x\n", []string{"1 \\connect [-reuse-previous=on \"dbname='a b'\"]", "2 \\connect [x]"}},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader(c.in), "bytes": iotest.OneByteReader(strings.NewReader(c.in))} {
			if got, err := list(t, in); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %s: %v\n%q, want\n%q", c.in, name, err, got, c.want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for in, want := range map[string]string{
		"select 1;\n\\i other.sql\n":                 `x.sql:2: backslash command \i: other files are not read`,
		"\\set x 1\n":                                `x.sql:1: backslash command \set: only`,
		"select 1 \\gexec\n":                         `x.sql:1: backslash command \gexec behind a statement`,
		"\\! rm -rf /\n":                             `x.sql:1: backslash command \!: only`,
		"\\.\n":                                      `x.sql:1: \. ends the rows of a COPY`,
		"\\restrict a\n\\connect x\n":                `x.sql:2: \connect after the \restrict of line 1`,
		"\\restrict a\n\\echo x\n":                   `x.sql:2: backslash command \echo`,
		"\\restrict a\n\\unrestrict b\n":             `x.sql:2: \unrestrict with another key than the \restrict of line 1`,
		"\\restrict a\n\\restrict a\n":               `x.sql:2: \restrict within the \restrict of line 1`,
		"\\restrict\n":                               `x.sql:1: \restrict without a key`,
		"\\restrict a-b\n":                           `x.sql:1: \restrict without a key`,
		"\\unrestrict a\n":                           `x.sql:1: \unrestrict without a \restrict`,
		"\n\\restrict a\nselect 1;\n":                `x.sql:2: no \unrestrict follows`,
		"x;\n'\n\n":                                  `x.sql:2: the quote that begins here does not end`,
		"x;\n a $x$ \n$$;\n\n":                       `x.sql:2: the quote that begins here does not end`,
		"/* /* */\n":                                 `x.sql:1: the comment that begins here does not end`,
		"\nCOPY a FROM stdin;\n1\n":                  `x.sql:2: the rows of this COPY do not end with a line \.`,
		"COPY a FROM stdin":                          `x.sql:1: the rows of this COPY are missing`,
		"COPY a FROM stdin; x;\n\\.\n":               `x.sql:1: something follows COPY`,
		"COPY a FROM stdin (format binary);\nPGCOPY": `x.sql:1: rows of a COPY in binary format`,
		"COPY binary a FROM stdin;\nPGCOPY":          `x.sql:1: rows of a COPY in binary format`,
		"":                                           `x.sql:1: empty; what was to write it may have failed`,
		"PGDMP\x01":                                  `x.sql:1: an archive of pg_dump --format=custom`,
		"\xff\xfes\x00":                              `x.sql:1: UTF-16`,
		"\x1f\x8b":                                   `x.sql:1: compressed with gzip`,
		"select\x001":                                `x.sql:1: a zero byte`,
		"SET client_encoding = 'SJIS';\n":            `x.sql:1: encoding sjis`,
		"set names 'Shift_JIS';\n":                   `x.sql:1: encoding shift_jis`,
		"select pg_catalog.set_config('client_encoding','GBK',false);": `x.sql:1: encoding gbk`,
	} {
		_, err := list(t, strings.NewReader(in))
		var fileErr *Error
		if !errors.As(err, &fileErr) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func TestErrorOfTheInput(t *testing.T) {
	broken := errors.New("broken")
	for _, in := range []string{"", "select 1;\n", "copy a from stdin;\n1\n"} {
		if _, err := list(t, io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestRowsArePassedOver(t *testing.T) {
	r := NewReader(strings.NewReader("copy a from stdin;\n1\n2\n\\.\nselect 1;"), "x")
	if it, err := r.Next(); err != nil || it.Kind != Copy {
		t.Fatal(it, err)
	}
	if row, err := r.Row(); err != nil || string(row) != "1\n" || r.RowLine() != 2 {
		t.Errorf("row %q of line %d, %v", row, r.RowLine(), err)
	}
	if it, err := r.Next(); err != nil || string(it.SQL()) != "select 1;" {
		t.Error(it, err)
	}
	if _, err := r.Row(); err != io.EOF {
		t.Error(err)
	}
}

func TestName(t *testing.T) {
	for sql, want := range map[string]string{`Abc`: "abc", `"A""b"`: `A"b`, `'x'`: "", `ÄB`: "Äb"} {
		if got := First([]byte(sql), 1)[0].Name(); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// whole puts a file together again from its items.
func whole(in string) (string, error) {
	r := NewReader(strings.NewReader(in), "x")
	var out []byte
	for {
		it, err := r.Next()
		if err == io.EOF {
			return string(out), nil
		}
		if err != nil {
			return "", err
		}
		out = append(out, it.Text...)
		if it.Kind != Copy {
			continue
		}
		for {
			row, err := r.Row()
			if err == io.EOF {
				out = append(out, "\\.\n"...)
				break
			}
			if err != nil {
				return "", err
			}
			out = append(out, row...)
		}
	}
}

// What is read is the whole file, in its order, however it comes, and each
// statement is one by itself.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"select 'a', E'\\'', $x$ ; $x$ /* /* */ */; -- x\nx;", "COPY a FROM stdin;\n1\n\\.\nselect 1;\n", "\\restrict a\n\\unrestrict a\n",
		"create function f() begin atomic select 1; end;", "set standard_conforming_strings = off; select '\\'';'", "copy a from stdin;\n\\.", "\ufeffx;", "U&'\\';e'\\",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := whole(in)
		if err != nil {
			return
		}
		if strings.HasSuffix(got, "\\.\n") && !strings.HasSuffix(in, "\n") {
			got = got[:len(got)-1]
		}
		if got != strings.ReplaceAll(in, "\n\\.\r\n", "\n\\.\n") && !strings.Contains(in, "\\.\r") {
			t.Fatalf("%q became %q", in, got)
		}
		items, err := list(t, strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		slow, err := list(t, iotest.OneByteReader(strings.NewReader(in)))
		if err != nil || !slices.Equal(items, slow) {
			t.Fatalf("%q: %q, by bytes %q, %v", in, items, slow, err)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	const line = "INSERT INTO public.users (id, name, note) VALUES (12345, 'Anna O''Hara', 'a text of some length, as texts have it');\n"
	for name, in := range map[string]string{
		"insert": strings.Repeat(line, 20000),
		"copy":   "COPY public.users (id, name) FROM stdin;\n" + strings.Repeat("12345\tAnna O'Hara\ta text of some length, as texts have it\n", 40000) + "\\.\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(strings.NewReader(in), "x")
				for {
					if _, err := r.Next(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	insert := NewReader(strings.NewReader(strings.Repeat("INSERT INTO a VALUES (1, 'x');\n", 2000)), "x")
	rows := NewReader(strings.NewReader("copy a from stdin;\n"+strings.Repeat("1\n", 2000)+"\\.\n"), "x")
	if _, err := rows.Next(); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"statement": func() error { _, err := insert.Next(); return err },
		"row":       func() error { _, err := rows.Row(); return err },
	} {
		if n := testing.AllocsPerRun(1000, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for each %s", n, name)
		}
	}
}
