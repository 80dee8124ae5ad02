package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/report"
)

func readReport(t *testing.T, dir string) (*report.Report, string, string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if !strings.Contains(string(page), hex.EncodeToString(sum[:])) {
		t.Error("the page does not hold the hash of report.json")
	}
	return &r, string(text), string(page)
}

const reportShop = smallShop + `
alter table users add birth_year int, add country text, add note text;
update users set birth_year = 1950 + id % 50, country = (array['de', 'fr', 'it'])[1 + id % 3], note = 'CANARY' || id;
update users set name = 'CANARY';
alter table audit_logs add constraint recent check (created_at > '1990-01-01') not valid;
alter table orders add constraint later foreign key (user_id) references users not valid;
analyze;
`

const reportRules = `version: 1
vars: { word: SECRETWORD }
targets: ["*_staging"]
tables:
  payment_methods: { rows: none }
  audit_logs:
    where: "created_at <= now() - interval '7 days' and action <> 'SECRETWHERE'"
    columns: { action: keep, created_at: keep }
  users:
    columns:
      email: email
      name: { mask: constant, value: SECRETVALUE }
      phone: phone
      birth_year: keep
      country: keep
      note: keep
  orders:
    columns: { total: keep }
checks:
  - "select count(*) > 0 from users where email <> '${word}'"
`

// A report says what ran, and holds no value of a row and no literal of the
// rules.
func TestReport(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, reportShop)
	s.write(reportRules)
	dir := filepath.Join(t.TempDir(), "a", "report")
	out := s.must(keyA, "--report", dir, "--var", "word=SECRETVAR")
	if !strings.Contains(out, filepath.Join(dir, "report.html")) {
		t.Errorf("where the report is, is not said:\n%s", out)
	}
	r, text, page := readReport(t, dir)
	for name, files := range map[string]string{"json": text, "html": page} {
		for _, never := range []string{"CANARY", "SECRET", "anna", "Berg", "login", keyA, "password", s.source, s.target} {
			if strings.Contains(files, never) {
				t.Errorf("report.%s holds %q", name, never)
			}
		}
	}
	tables := map[string]report.Table{}
	for _, x := range r.Tables {
		tables[x.Name] = x
	}
	users, logs := tables["public.users"], tables["public.audit_logs"]
	if r.Outcome != report.Swapped || r.Verdict.State != "clean" || !r.Leak.Ran || r.Leak.Values == 0 || r.Totals.Tables != 4 || r.Totals.Rows != 100+500+233 || r.Totals.Masked != 3 {
		t.Errorf("%+v %+v", r.Verdict, r.Totals)
	}
	if users.Rows != 100 || users.SourceRows != 100 || users.Why == "" || users.Masked() != 3 || users.Bytes == 0 {
		t.Errorf("users: %+v", users)
	}
	if tables["public.payment_methods"].Why != "rows: none" || tables["public.orders"].KeysCut != 500 {
		t.Errorf("%+v", tables)
	}
	if logs.Where != "created_at <= now() - interval '…' and action <> '…'" {
		t.Errorf("where of audit_logs: %s", logs.Where)
	}
	for _, c := range users.Columns {
		switch c.Name {
		case "name":
			if c.Mask != "constant {value: …}" || c.Line == 0 || c.Before.Count != 1 || c.After.Count != 1 || !c.After.Estimate {
				t.Errorf("users.name: %+v", c)
			}
		case "email":
			if c.Before.Count != 100 || c.After.Count != 100 {
				t.Errorf("users.email: %+v", c)
			}
		}
	}
	if r.Snapshot.LSN == "" || r.Snapshot.Standby || r.Source.Version != r.Target.Version || r.KeyID == "" || len(r.Rules.SHA256) != 64 || len(r.Steps) < 8 {
		t.Errorf("%+v %+v", r.Snapshot, r.Source)
	}
	if len(r.Proof.Checks) != 1 || !r.Proof.Checks[0].Passed || len(r.Proof.NotValid) != 1 || r.Proof.Objects == 0 || r.Proof.Rows != 833 {
		t.Errorf("proof: %+v", r.Proof)
	}
	for _, c := range r.Proof.Constraints {
		if want := map[string]int{"foreign key": c.Count - 1, "check": c.Count - 1}[c.Kind]; want != c.Valid && (want > 0 || c.Valid != c.Count) {
			t.Errorf("proof: %+v", c)
		}
	}
	if got := strings.Join(r.Run.Command, " "); !strings.Contains(got, "refresh") || !strings.Contains(got, "--source … --target … --var …") {
		t.Errorf("command: %s", got)
	}
	found := false
	for _, h := range r.Reidentification.Tables {
		for _, c := range h.Combinations {
			found = found || h.Table == "public.users" && strings.Join(c.Columns, ",") == "note" && c.Unique == 1
		}
	}
	if !r.Reidentification.Ran || !found {
		t.Errorf("reidentification: %+v", r.Reidentification)
	}

	s.must(keyA, "--report", dir, "--show-sql")
	_, text, _ = readReport(t, dir)
	for _, want := range []string{"SECRETVALUE", "SECRETWHERE", "SECRETWORD"} {
		if !strings.Contains(text, want) {
			t.Errorf("--show-sql does not show %s", want)
		}
	}
	if strings.Contains(text, "CANARY") {
		t.Error("--show-sql shows a value of a row")
	}
}

// A run that could not prove its result leaves a report that says so, and the
// target as it was.
func TestReportOfRefusal(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, reportShop)
	failing := strings.Replace(reportRules, "count(*) > 0", "count(*) > 4711", 1)
	s.write(failing + failing[strings.LastIndex(failing, "  - "):]) // the same one twice
	dir := t.TempDir()
	status, _, errOut := s.refresh(keyA, "--report", dir)
	if status != exitVerify {
		t.Fatalf("status %d: %s", status, errOut)
	}
	r, text, _ := readReport(t, dir)
	if r.Outcome != report.Refused || r.Verdict.State != "refused" || len(r.Problems) != 2 || r.Proof.Checks[0].Passed || r.Proof.Checks[1].Passed {
		t.Errorf("%+v %v %+v", r.Verdict, r.Problems, r.Proof.Checks)
	}
	if strings.Contains(text, "4711") || strings.Contains(text, "SECRET") {
		t.Errorf("the report holds a literal: %v", r.Problems)
	}
}

// A leak ends a run with a report that says where, and not what.
func TestReportOfLeak(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, reportShop+`update users set note = 'write to ' || email where id <= 7;`)
	s.write(reportRules)
	dir := t.TempDir()
	status, _, errOut := s.refresh(keyA, "--report", dir)
	if status != exitVerify {
		t.Fatalf("status %d: %s", status, errOut)
	}
	if !strings.Contains(errOut, filepath.Join(dir, "report.html")) {
		t.Errorf("where the report is, is not said: %s", errOut)
	}
	r, text, page := readReport(t, dir)
	if r.Outcome != report.Refused || len(r.Problems) != 1 || !r.Leak.Ran || len(r.Leak.Hits) != 1 {
		t.Fatalf("%v %+v", r.Problems, r.Leak)
	}
	if h := r.Leak.Hits[0]; h.Place != "public.users.note" || h.Values != 7 || h.Accepted {
		t.Errorf("%+v", h)
	}
	if strings.Contains(text+page, "anna") {
		t.Error("the report holds what leaked")
	}
}

// What a mask made is no leak where its words happen to be somebody's name.
func TestMadeNameIsNoLeak(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table people (id int primary key, name text);
		insert into people select i, 'Anna Berg' || i from generate_series(1, 50) i;
		update people set name = 'Maria Jones' where id = 5;
		create table firms (id int primary key, settings jsonb);
		insert into firms select i, jsonb_build_object('seats', i, 'contact', 'otto' || i || '@mail.test') from generate_series(1, 3) i`)
	s.write(`version: 1
targets: ["*_staging"]
tables:
  people: { columns: { name: person.name } }
  firms:
    columns:
      settings: { mask: json, paths: { $.contact: { mask: constant, value: "maria.jones.x7@example.com" } }, other: keep }
`)
	s.must(keyA)
}

func TestReportIsSigned(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, reportShop)
	s.write(reportRules)
	dir := t.TempDir()
	key, file := filepath.Join(dir, "signing.key"), filepath.Join(dir, "report.json")
	if status, out, errOut := s.command(keyA, "keygen", "--sign", key); status != 0 || strings.Contains(out, "PRIVATE") {
		t.Fatalf("keygen: %d %s%s", status, out, errOut)
	}
	if status, _, _ := s.command(keyA, "keygen", "--sign", key); status == 0 {
		t.Error("keygen writes over a key")
	}
	s.must(keyA, "--report", dir, "--sign", key)
	verify := func(more ...string) int {
		status, _, _ := s.command(keyA, append([]string{"verify-report", file, "--public-key", key + ".pub"}, more...)...)
		return status
	}
	if status := verify(); status != 0 {
		t.Errorf("a signed report: status %d", status)
	}
	if openssl, err := exec.LookPath("openssl"); err == nil {
		if out, err := exec.Command(openssl, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key+".pub", "-in", file, "-sigfile", file+".sig").CombinedOutput(); err != nil {
			t.Errorf("openssl: %v: %s", err, out)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if status := verify(); status != exitVerify {
		t.Errorf("a changed report: status %d", status)
	}
	if status := verify("--signature", file); status != exitVerify {
		t.Errorf("no signature: status %d", status)
	}
	if status := verify("--signature", file+".no"); status != exitUsage {
		t.Errorf("a missing signature: status %d", status)
	}
	s.must(keyA, "--report", dir) // not signed: the old signature must not stay
	if _, err := os.Stat(file + ".sig"); err == nil {
		t.Error("a signature of another report stays")
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--sign", key}, {"--report", dir, "--sign", key}, {"--report", dir, "--sign", key + ".pub"}} {
		if status, _, errOut := s.refresh(keyA, args...); status != exitUsage {
			t.Errorf("%v: status %d: %s", args, status, errOut)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Errorf("files in the folder: %v, %v", entries, err)
	}
}

// Where the report cannot be written, nothing begins; where that turns out only
// after the swap, the status says that the target is new.
func TestReportCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, reportShop)
	s.write(reportRules)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errOut := s.refresh(keyA, "--report", file); status != exitFailed || strings.Contains(errOut, "swap") {
		t.Errorf("a file for a folder: status %d: %s", status, errOut)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "report.html", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	status, out, errOut := s.refresh(keyA, "--report", dir)
	if status != exitReport || !strings.Contains(out, "was made") || strings.Contains(out, "report.html") {
		t.Errorf("status %d: %s%s", status, out, errOut)
	}
	if n := pgtest.Query(t, s.target, "select count(*) from users")[0][0]; n != "100" {
		t.Errorf("%s users", n)
	}
	if _, err := os.Stat(filepath.Join(dir, ".report.html.part")); err == nil {
		t.Error("a part of a file is left")
	}
}
