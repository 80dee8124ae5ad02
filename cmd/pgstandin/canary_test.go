package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
)

// canaryMarks are what each canary begins with, in text, in hex and in a page of a
// table; what must follow tells it from chance. Texts are compared in lower case.
var canaryMarks = []struct {
	mark  string
	whole *regexp.Regexp
	fold  bool
}{
	{"qzk", regexp.MustCompile(`^qzk[0-9]{6}`), true},
	{"717a6b3", regexp.MustCompile(`^717a6b(3[0-9]){6}`), true},
	{"17180", regexp.MustCompile(`^17180 ?0[0-9]{7}`), false},
	{"2001:db8:c0de:c0de:", regexp.MustCompile(`^2001:db8:c0de:c0de:[0-9a-f:]{0,9}`), true},
	{"\x20\x01\x0d\xb8\xc0\xde\xc0\xde", regexp.MustCompile(`^(?s).{8}`), false},
	{"c0dec0de-c0de-4000-8000-", regexp.MustCompile(`^.{24}[0-9a-f]{12}`), true},
	{"\xc0\xde\xc0\xde\xc0\xde\x40\x00\x80\x00", regexp.MustCompile(`^(?s).{10}`), false},
}

// canariesIn adds what canaries are in a text to found.
func canariesIn(text []byte, found map[string]bool) {
	lower := bytes.ToLower(text) // of other length where it is no UTF-8, which no canary is
	for _, m := range canaryMarks {
		where := text
		if m.fold {
			where = lower
		}
		for {
			at := bytes.Index(where, []byte(m.mark))
			if at < 0 {
				break
			}
			if c := m.whole.Find(where[at:min(len(where), at+48)]); c != nil {
				found[string(c)] = true
			}
			where = where[at+1:]
		}
	}
}

// canaryHunt is a matrix whose source is full of canaries.
type canaryHunt struct {
	*matrix
	reports string
	seen    map[string]time.Time // files that were read, as they were then
	bytes   int64
}

// TestCanary plants ten thousand canaries in the shop, in tables and columns of
// every kind, takes the rules that init writes, and looks for canaries in the files
// of the target's server, in its log of all statements, in all that runs print and
// report and in their temporary files: after a refresh, after runs that were killed
// at random moments (PGSTANDIN_CANARY_KILLS of them; make test/canary has 50), and
// after one that came to its end. With one mask less the run finds the leak, staging
// stays as it was, and the same search then finds canaries.
func TestCanary(t *testing.T) {
	t.Parallel()
	kills := 4
	if v := os.Getenv("PGSTANDIN_CANARY_KILLS"); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() {
		t.Skip("a minute")
	}
	h := newCanaryHunt(t)
	h.clean("a refresh")
	for i := range kills {
		p := &point{matrix: h.matrix, key: []string{keyA, keyB}[i%2], args: h.args()}
		p.args = append(p.args, [][]string{nil, {"--json=false"}, {"--copy-format", "text"}, {"--workers", "1"}}[h.rng.IntN(4)]...)
		p.start()
		if p.args[len(p.args)-1] == "--json=false" { // no steps to wait for
			p.sleep(time.Duration(h.rng.Float64() * float64(h.whole())))
		} else {
			p.moment()
		}
		at := p.out.at()
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		p.wait()
		h.printed(p)
		h.clean(fmt.Sprintf("run %d, which was killed at %q", i+1, at))
	}
	h.finish(exitDone)
	h.clean("the last run")
	for _, table := range []string{"users", "orders", `"Weird Schema"."user"`, `"Odd ""Names"" & é"`} {
		if a, b := h.must(h.source, "shop", "select count(*) from "+table)[0][0], h.must(h.target, "shop_staging", "select count(*) from "+table)[0][0]; a != b {
			t.Errorf("%s has %s rows, want %s", table, b, a)
		}
	}
	before := h.must(h.target, "shop_staging", "select md5(string_agg(u::text, '' order by id)) from users u")
	text, err := os.ReadFile(h.rules)
	if err != nil {
		t.Fatal(err)
	}
	open := bytes.Replace(text, []byte("customer_email: email "), []byte("customer_email: keep "), 2)
	if bytes.Equal(open, text) {
		t.Fatal("the rules mask no customer_email")
	}
	if err := os.WriteFile(h.rules, open, 0o600); err != nil {
		t.Fatal(err)
	}
	p := h.finish(exitVerify)
	for _, column := range []string{"public.orders.customer_email", `public."2019 export (old)".customer_email`} {
		if !strings.Contains(p.out.String(), "leak: "+column) && !strings.Contains(p.out.String(), strings.ReplaceAll(column, `"`, `\"`)) {
			t.Errorf("%s is not named:\n%s", column, p.out)
		}
	}
	if after := h.must(h.target, "shop_staging", "select md5(string_agg(u::text, '' order by id)) from users u"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("staging has changed")
	}
	if n := len(h.search()[filepath.Dir(h.target.DataDir())]); n < 100 {
		t.Errorf("the search finds %d canaries in what the refused run wrote", n)
	}
	t.Logf("%d MB were read", h.bytes>>20)
}

func newCanaryHunt(t *testing.T) *canaryHunt {
	t.Helper()
	m := &matrix{t: t, rng: rand.New(rand.NewPCG(rand.Uint64(), 0)), tmp: t.TempDir(), sums: map[string]string{}}
	h := &canaryHunt{matrix: m, reports: t.TempDir(), seen: map[string]time.Time{}}
	m.source = m.server("", nil)
	// What was ever written stays in the log of changes; the server tells all it can.
	m.target = m.server("", map[string]string{"wal_keep_size": "16GB", "autovacuum": "off", "log_statement": "all", "log_min_messages": "debug1", "log_error_verbosity": "verbose",
		"log_min_error_statement": "debug1", "log_connections": "on", "log_disconnections": "on", "log_replication_commands": "on", "log_temp_files": "0", "log_lock_waits": "on"})
	m.must(m.source, "postgres", "create database shop")
	m.must(m.source, "shop", shop.Schema)
	m.must(m.source, "shop", shop.DataAt(220, time.Now()))
	m.must(m.source, "shop", canaryPlants)
	for _, s := range []*pgserver.Server{m.source, m.target} {
		m.must(s, "postgres", "create role runner superuser login password 'runner'")
		m.must(s, "postgres", "checkpoint")
	}
	planted := map[string]bool{}
	h.read(m.source.DataDir(), planted)
	if len(planted) < 10_000 {
		t.Fatalf("%d canaries are found in the source's files", len(planted))
	}
	t.Logf("%d canaries", len(planted))
	m.bin = program(t)
	m.rules = filepath.Join(t.TempDir(), "pgstandin.yaml")
	init := exec.Command(m.bin, "init", "--source", m.dsn(0, false), "-o", m.rules)
	init.Env = append(os.Environ(), "TMPDIR="+m.tmp)
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	text, err := os.ReadFile(m.rules)
	if err != nil {
		t.Fatal(err)
	}
	inRules := map[string]bool{}
	if canariesIn(text, inRules); len(inRules) > 0 {
		t.Errorf("%d canaries are in what init wrote", len(inRules))
	}
	m.steps = h.finish(exitDone).out.times
	return h
}

// args copy every row, and tell as much of it as there is to tell.
func (h *canaryHunt) args() []string {
	return []string{"--var", "sample=100%", "--report", h.reports, "--show-sql"}
}

// whole is how long a run takes.
func (m *matrix) whole() (d time.Duration) {
	for _, s := range m.steps {
		d += s.Took
	}
	return d
}

// finish lets a run come to its end.
func (h *canaryHunt) finish(status int) *point {
	h.t.Helper()
	p := &point{matrix: h.matrix, key: keyA, args: h.args()}
	p.start()
	p.wait()
	if p.status != status {
		h.t.Fatalf("status %d, want %d:\n%s", p.status, status, p.out)
	}
	h.printed(p)
	return p
}

// printed looks at what a run printed.
func (h *canaryHunt) printed(p *point) {
	h.t.Helper()
	found := map[string]bool{}
	if canariesIn([]byte(p.out.String()), found); len(found) > 0 {
		h.t.Errorf("%d canaries are printed:\n%s", len(found), p.out)
	}
}

// clean reads all that was written.
func (h *canaryHunt) clean(after string) {
	h.t.Helper()
	if found := h.search(); len(found) > 0 {
		h.t.Errorf("after %s there are canaries: %q", after, found)
	}
}

// search returns by folder the canaries in what runs wrote since it was called last.
func (h *canaryHunt) search() map[string][]string {
	h.t.Helper()
	h.must(h.target, "postgres", "checkpoint")
	all := map[string][]string{}
	for _, dir := range []string{filepath.Dir(h.target.DataDir()), h.tmp, h.reports} {
		found := map[string]bool{}
		h.read(dir, found)
		for c := range found {
			all[dir] = append(all[dir], c)
		}
	}
	return all
}

// read looks at a file, or at each under a folder, unless it is as it was when it
// was read before.
func (h *canaryHunt) read(path string, found map[string]bool) {
	h.t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if info.IsDir() {
		entries, _ := os.ReadDir(path) // databases come and go
		for _, e := range entries {
			h.read(filepath.Join(path, e.Name()), found)
		}
		return
	}
	if at, ok := h.seen[path]; ok && at.Equal(info.ModTime()) && time.Since(at) > time.Minute || !info.Mode().IsRegular() {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	h.seen[path] = info.ModTime()
	h.bytes += int64(len(text))
	canariesIn(text, found)
}
