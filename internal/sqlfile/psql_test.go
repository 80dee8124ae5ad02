package sqlfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// psql runs a file with psql and returns what it says.
func psql(t *testing.T, dsn, text string, more ...string) string {
	t.Helper()
	program, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("no psql in PATH")
	}
	file := filepath.Join(t.TempDir(), "x.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"-X", "-q", "-d", dsn, "-f", file}, more...)...)
	cmd.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	return string(out)
}

var syntaxError = regexp.MustCompile(`syntax error at or near "(m\d+)"`)

// Files of random pieces are cut into the same statements as psql sends. Each
// statement begins with a word that no statement begins with, so the server
// names the first word of each.
func TestCutsAsPsql(t *testing.T) {
	dsn := pgtest.DB(t)
	pieces := []string{
		"'a'", "'it''s ;'", `E'\';'`, `e'\\'`, `E'a\''`, "''", "$$ ; $$", "$a$ ; $$ ;$a$", "$ä$;$ä$", "a$$b", "$1", `"x;"`, `"""x"`,
		"-- ' ;\n", "/* ; ' */", "/*/* */ ; */", "(", ")", ";", ";", ";", "\n", "\n", " ", "\t", "U&'x'", `U&"x;"`, "b'1'", "1", "1.5", "1e", "+", "-", "/", "*", "::", "[", "]",
		"begin", "atomic", "case", "end", "create function", "create or replace procedure", "E", "x", "_", "ü",
	}
	rare := []string{`'\'`, `x'\'`, `n'\'`, `'\';'`, "\n'", "'", "$$", "$a$", `"`, "--", "/*", "*/", `E'a\'`, "$ä$"}
	random := rand.New(rand.NewPCG(4, 7))
	compared, statements := 0, 0
	for range 200 {
		var b strings.Builder
		if random.IntN(3) == 0 {
			b.WriteString("set standard_conforming_strings = off;\n")
		}
		for i := range 4 + random.IntN(40) {
			if random.IntN(3) == 0 || i == 0 || strings.HasSuffix(b.String(), ";") {
				fmt.Fprintf(&b, " m%d ", i)
			}
			piece := pieces[random.IntN(len(pieces))]
			if random.IntN(20) == 0 {
				piece = rare[random.IntN(len(rare))]
			}
			b.WriteString(piece)
			if !strings.HasSuffix(piece, ";") && random.IntN(3) == 0 {
				b.WriteByte(' ')
			}
		}
		text := b.String()
		ours, err := firstWords(text)
		if err != nil {
			continue // a backslash outside of quotes, or no end
		}
		var theirs []string
		for _, m := range syntaxError.FindAllStringSubmatch(psql(t, dsn, text), -1) {
			theirs = append(theirs, m[1])
		}
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s\n%q, psql %q", text, ours, theirs)
		}
		compared++
		statements += len(theirs)
	}
	if compared < 60 || statements < 120 {
		t.Errorf("only %d files with %d statements were compared", compared, statements)
	}
}

// firstWords returns the first words of statements that begin with a mark.
func firstWords(text string) ([]string, error) {
	r := sqlfile.NewReader(strings.NewReader(text), "x")
	var out []string
	for {
		it, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if it.Kind != sqlfile.Statement {
			continue
		}
		if t := sqlfile.First(it.SQL(), 1)[0]; strings.HasPrefix(string(t.Text), "m") {
			out = append(out, string(t.Text))
		}
	}
}

func dump(t *testing.T, dsn string, more ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		t.Skip("no pg_dump in PATH")
	}
	var errOut bytes.Buffer
	cmd := exec.Command(program, append([]string{"-d", dsn}, more...)...)
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &errOut)
	}
	return out
}

// odd is what makes statements hard to cut.
const odd = `
create table "a;b" ("x'y" text default E'\\;', "c""d" text, n int);
insert into "a;b" values ('C:\New;', E'\\\\.\n\\.\n', 1), ('$$;', E'\t\r\n''', 2), (null, '\N', 3);
create rule r as on insert to "a;b" where new.n > 10 do also (update "a;b" set n = 1 where n < 0; delete from "a;b" where n = -1);
create function g(n int) returns int language plpgsql as $f$ begin /* ' */ return $1 + case when n > 0 then 1 else 0 end; -- '
end $f$;
comment on function g(int) is 'it''s; a /* comment';
do $do$
begin
  if current_setting('server_version_num')::int >= 140000 then
    execute 'create function f(n int) returns int language sql begin atomic select 1; select case when n > 1 then case n when 2 then 3 end else 4 end; end';
  end if;
end $do$;
create view "v;" as select 'a;' || E'\\' || "x'y" as x from "a;b";
`

var restrictKey = regexp.MustCompile(`(?m)^\\(un)?restrict \w+$`)

// A dump that the reader loads gives the database that psql loads from it, and
// that is the one it was taken from: rows as COPY and as INSERT.
func TestLoadsAsPsql(t *testing.T) {
	for _, name := range []string{"odd", "chinook", "northwind", "pagila", "gitlab11", "bb_auctionmark"} {
		t.Run(name, func(t *testing.T) {
			source := pgtest.DB(t)
			hows := [][]string{{}}
			switch name {
			case "odd":
				pgtest.Exec(t, source, odd)
				hows = append(hows, []string{"--inserts"}, []string{"--column-inserts", "--clean", "--if-exists"})
			case "chinook":
				pgtest.LoadCase(t, source, name)
				hows = append(hows, []string{"--rows-per-insert=50"})
			default:
				pgtest.LoadCase(t, source, name)
			}
			want := restrictKey.ReplaceAll(dump(t, source), nil)
			for _, how := range hows {
				text := dump(t, source, how...)
				read, other := pgtest.DB(t), pgtest.DB(t)
				pgtest.Exec(t, read, string(text))
				if out := psql(t, other, string(text), "-v", "ON_ERROR_STOP=1", "-o", os.DevNull); strings.Contains(out, "ERROR") {
					t.Fatalf("%q: psql: %s", how, out)
				}
				for who, dsn := range map[string]string{"reader": read, "psql": other} {
					if got := restrictKey.ReplaceAll(dump(t, dsn), nil); !bytes.Equal(got, want) {
						t.Errorf("%q: what the %s loaded differs: %s", how, who, firstDifference(got, want))
					}
				}
			}
		})
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "line " + strconv.Itoa(i+1) + ": " + x[i] + ", want " + y[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(x), len(y))
}
