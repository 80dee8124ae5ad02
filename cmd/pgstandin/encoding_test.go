package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestOtherEncodings: in a database that is not in UTF8 rules and names with letters
// beyond ASCII mean what they say, texts forget names in capitals and without accents,
// what leaks is found, and a snapshot holds the same rows, restored by us and by
// pg_restore.
func TestOtherEncodings(t *testing.T) {
	t.Parallel()
	const utf8 = " client_encoding=UTF8" // for what the test itself says and reads
	for _, encoding := range []string{"LATIN1", "WIN1252", "LATIN9"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			name := strings.TrimSuffix(s.name, "_staging") + "_" + strings.ToLower(encoding)
			pgtest.Exec(t, s.source, fmt.Sprintf("create database %s template template0 encoding '%s' lc_collate 'C' lc_ctype 'C'", name, encoding))
			s.source += " dbname=" + name
			pgtest.Exec(t, s.source+utf8, `create table "Größen" (id int primary key, name text, "Straße" text, bio text, kept text);
				comment on table "Größen" is 'über';
				insert into "Größen" values (1, 'Zoë Müllerstein', 'Öhr 1', 'ich bin ZOË MÜLLERSTEIN, kurz Zoe Mullerstein', 'rötlich'),
					(2, 'Hélène', 'b', 'HÉLÈNE, Helene', 'b'), (3, 'Ünal Öz', 'c', 'c', 'nicht')`)
			const rules = `version: 1
targets: ["*_staging"]
tables:
  Größen: { where: "kept <> 'nicht' and name ~ '[ëé]'", entity: id, columns: { name: person.name, Straße: { mask: constant, value: "Süd" }, bio: scrub, kept: keep } }
`
			s.write(rules)
			s.must(keyA)
			const rows = `select id, name, "Straße", bio, kept, obj_description('"Größen"'::regclass) from "Größen" order by id`
			got := pgtest.Query(t, s.target+utf8, rows)
			if len(got) != 2 || got[0][2] != "Süd" || got[0][4] != "rötlich" || got[0][5] != "über" {
				t.Fatalf("%q", got)
			}
			first, last, _ := strings.Cut(got[0][1], " ")
			if want := fmt.Sprintf("ich bin %[1]s %[2]s, kurz %[1]s %[2]s", first, last); got[0][3] != want {
				t.Errorf("%q, want %q", got[0][3], want)
			}
			if want := got[1][1] + ", " + got[1][1]; got[1][3] != want {
				t.Errorf("%q, want %q", got[1][3], want)
			}
			if enc := pgtest.Query(t, s.target, "show server_encoding")[0][0]; enc != encoding {
				t.Errorf("the target is in %s", enc)
			}
			dir := s.snapshot(keyA)
			if status, out, errOut := s.restore(filepath.Dir(dir)); status != 0 {
				t.Fatalf("restore: status %d\n%s%s", status, out, errOut)
			}
			for who, dsn := range map[string]string{"restore": s.target, "pg_restore": s.restored(dir)} {
				if again := pgtest.Query(t, dsn+utf8, rows); fmt.Sprint(again) != fmt.Sprint(got) {
					t.Errorf("%s makes %q of a snapshot", who, again)
				}
			}
			pgtest.Exec(t, s.source+utf8, `update "Größen" set kept = 'von ZOE MULLERSTEIN' where id = 2`)
			if status, _, errOut := s.refresh(keyA); status != 4 || strings.Contains(errOut, "MULLER") {
				t.Errorf("a leak: status %d\n%s", status, errOut)
			}
		})
	}
}

// TestNotInUTF8: a byte that stands for no character is an error that names the table.
func TestNotInUTF8(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	name := strings.TrimSuffix(s.name, "_staging") + "_win1252"
	pgtest.Exec(t, s.source, fmt.Sprintf("create database %s template template0 encoding 'WIN1252' lc_collate 'C' lc_ctype 'C'", name))
	s.source += " dbname=" + name
	pgtest.Exec(t, s.source, `create table t (id int primary key, v text); insert into t values (1, 'a' || chr(129) || 'b')`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ntables:\n  t: { columns: { v: keep } }\n")
	if status, _, errOut := s.refresh(keyA); status != 1 || !strings.Contains(errOut, "copy public.t: source: untranslatable character") || !strings.Contains(errOut, "correct it in the source") {
		t.Errorf("status %d\n%s", status, errOut)
	}
	pgtest.Exec(t, s.source, "update t set v = replace(v, chr(129), '')")
	s.must(keyA)
}

// TestSeedSchemaEncoding: a schema file is UTF-8, whatever the settings of the database.
func TestSeedSchemaEncoding(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DB(t)
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, dsn, fmt.Sprintf("alter database %[1]q set client_encoding = 'LATIN1'; alter database %[1]q set default_transaction_read_only = on", cfg.Database))
	file := filepath.Join(t.TempDir(), "schema.sql")
	if err := os.WriteFile(file, []byte(`create table "Größen" (id int primary key, v text not null check (v in ('groß', 'ümit')))`+";\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, errOut := runKeyed(t, "", "", "seed", "--target", dsn, "--schema", file, "--rows", "3"); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	if got := pgtest.Query(t, dsn+" client_encoding=UTF8", `select count(*) from "Größen" where v in ('groß', 'ümit')`)[0][0]; got != "3" {
		t.Errorf("%s rows", got)
	}
}
