package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// s3Server is an S3-compatible server with a bucket; TestMain has credentials for
// it. It returns the destination.
func s3Server(t *testing.T) string {
	return s3ServerBehind(t, func(h http.Handler) http.Handler { return h })
}

func s3ServerBehind(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("snaps"); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(wrap(gofakes3.New(backend).Server()))
	t.Cleanup(srv.Close)
	return "s3://snaps/standin?endpoint=" + url.QueryEscape(srv.URL)
}

func newIdentity(t *testing.T) (file, public string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("# a key\n"+key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, key.Recipient().String()
}

func TestRestoreFromS3(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, manyObjects)
	s.write(restoreRules)
	dest := s3Server(t)
	identity, public := newIdentity(t)
	stock(t, s.source, dest, "sealed", time.Now(), []string{public})
	s.mustRestore(dest, "--identity", identity, "-j", "2")
	if got, want := allOf(t, s.target), allOf(t, s.source); got != want {
		t.Error(firstDifference(want, got))
	}
	status, out, errOut := s.command("", "snapshots", dest, "--check")
	if status != 0 || !strings.Contains(out, "sealed") || !strings.Contains(out, "complete, encrypted") {
		t.Errorf("snapshots: status %d: %s%s", status, out, errOut)
	}
}

// A storage whose connections break now and then is no trouble, neither for what
// writes a snapshot nor for what restores it.
func TestSnapshotThroughBrokenConnections(t *testing.T) {
	t.Parallel()
	s := newShop(t, 300)
	s.must(keyA)
	want := canonical(t, s.target)
	var requests, broken atomic.Int32
	dest := s3ServerBehind(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch requests.Add(1) % 7 {
			case 3:
				broken.Add(1)
				panic(http.ErrAbortHandler)
			case 5:
				broken.Add(1)
				w.WriteHeader(http.StatusServiceUnavailable)
			default:
				h.ServeHTTP(w, r)
			}
		})
	})
	identity, public := newIdentity(t)
	if status, out, errOut := s.trySnapshot(keyA, dest, "--encrypt-to", public); status != 0 {
		t.Fatalf("snapshot: status %d\n%s%s", status, out, errOut)
	}
	s.mustRestore(dest, "--identity", identity)
	if got := canonical(t, s.target); got != want {
		t.Error(firstDifference(want, got))
	}
	if broken.Load() < 10 {
		t.Errorf("%d of %d requests were broken", broken.Load(), requests.Load())
	}
}

// Whatever is wrong with a snapshot is one clear error, and staging stays.
func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table a (i int primary key, email text); insert into a select i, 'secret' || i || '@example.com' from generate_series(1, 20000) i;
create table b (i int references a); insert into b select generate_series(1, 100)`)
	s.write(restoreRules)
	identity, public := newIdentity(t)
	other, _ := newIdentity(t)
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	good := t.TempDir()
	stock(t, s.source, good, "good", time.Now(), nil)
	s.mustRestore(good)
	pgtest.Exec(t, s.target, "create table canary ()")

	data := func(dir string) string {
		all, err := filepath.Glob(filepath.Join(dir, "*.dat*"))
		if err != nil {
			t.Fatal(err)
		}
		largest, n := "", int64(0)
		for _, f := range all {
			if info, err := os.Stat(f); err == nil && info.Size() > n && filepath.Base(f) != "toc.dat" {
				largest, n = f, info.Size()
			}
		}
		return largest
	}
	change := func(name string, fn func([]byte) []byte) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, fn(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	for _, c := range []struct {
		what   string
		keys   []string
		damage func(dir string)
		args   []string
		status int
		want   string
	}{
		{"tampered rows", nil, func(dir string) { change(data(dir), flip) }, nil, exitFailed, "is damaged"},
		{"tampered rows, encrypted", []string{public}, func(dir string) { change(data(dir), flip) }, []string{"--identity", identity}, exitFailed, "is damaged"},
		{"tampered toc", nil, func(dir string) { change(filepath.Join(dir, "toc.dat"), flip) }, nil, exitFailed, "snapshot x is damaged: toc.dat has another SHA-256"},
		{"rows cut off", nil, func(dir string) { change(data(dir), func(b []byte) []byte { return b[:len(b)-10] }) }, nil, exitFailed, "bytes, not"},
		{"missing file", nil, func(dir string) { os.Remove(data(dir)) }, nil, exitFailed, "is missing; use another snapshot"},
		{"missing toc", nil, func(dir string) { os.Remove(filepath.Join(dir, "toc.dat")) }, nil, exitFailed, "toc.dat is missing"},
		{"no manifest", nil, func(dir string) { os.Remove(filepath.Join(dir, "manifest.json")) }, nil, exitFailed, "no complete snapshot"},
		{"bad manifest", nil, func(dir string) { change(filepath.Join(dir, "manifest.json"), func(b []byte) []byte { return b[:40] }) }, []string{"--snapshot", "x"}, exitFailed, "manifest.json is not a manifest"},
		{"no key", []string{public}, nil, nil, exitFailed, "give --identity FILE"},
		{"wrong key", []string{public}, nil, []string{"--identity", other}, exitFailed, "encrypted to other keys than those given; give --identity"},
		{"key that others can read", []string{public}, nil, []string{"--identity", open}, exitUsage, "chmod 600"},
		{"no such snapshot", nil, nil, []string{"--snapshot", "y"}, exitFailed, `no such snapshot; "pgstandin snapshots" lists`},
		{"a target that is not allowed", nil, nil, []string{"--target", s.source}, exitFailed, "the rules do not allow to replace"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s.t = t
			dest := t.TempDir()
			stock(t, s.source, dest, "x", time.Now(), c.keys)
			if c.damage != nil {
				c.damage(filepath.Join(dest, "x"))
			}
			status, out, errOut := s.restore(dest, c.args...)
			if status != c.status || !strings.Contains(errOut, c.want) || out != "" || strings.Contains(errOut, "@example.com") {
				t.Errorf("status %d: %s%s", status, out, errOut)
			}
			if n := pgtest.Query(t, s.target, "select count(*) from pg_class where relname = 'canary'"); n[0][0] != "1" {
				t.Error("staging is another")
			}
			if left := pgtest.Query(t, s.source, "select datname from pg_database where datname like '"+s.name+"\\_pgstandin%'"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestRestoreNeedsAdopt(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, "create table a (i int)")
	s.write(restoreRules)
	dest := t.TempDir()
	stock(t, s.source, dest, "x", time.Now(), nil)
	pgtest.Exec(t, pgtest.Server(t), "create database "+s.name)
	pgtest.Exec(t, s.target, "create table theirs (i int)")
	if status, _, errOut := s.restore(dest); status != exitFailed || !strings.Contains(errOut, "--adopt") {
		t.Errorf("status %d: %s", status, errOut)
	}
	s.mustRestore(dest, "--adopt")
	if status, out, errOut := s.command("", "rollback", "--target", s.target); status != 0 {
		t.Errorf("rollback: %d: %s%s", status, out, errOut)
	}
}

// TestRestoreOddSnapshots: a newer snapshot of another format is passed over, the
// folder of a snapshot is told from that of snapshots, and a check goes on behind what is
// no file.
func TestRestoreOddSnapshots(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, smallShop)
	s.write(smallRules)
	dest := t.TempDir()
	for _, args := range [][]string{{"--name", "a"}, {"--name", "b"}, {"--name", "c", "--format", "plain"}, {"--name", "d", "--format", "tar"}} {
		if status, _, errOut := s.command(keyA, append([]string{"snapshot", "--source", s.source, "--rules", s.rules, "--out", dest}, args...)...); status != 0 {
			t.Fatalf("snapshot %v: status %d: %s", args, status, errOut)
		}
	}
	status, out, errOut := s.restore(dest)
	if status != 0 || !strings.Contains(out, "is snapshot b of") || !strings.Contains(errOut, "format directory: c, d") {
		t.Errorf("status %d: %s%s", status, out, errOut)
	}
	status, _, errOut = s.restore(filepath.Join(dest, "a"))
	if want := "write " + dest + " --snapshot a"; status != exitFailed || !strings.Contains(errOut, want) {
		t.Errorf("status %d, want %s: %s", status, want, errOut)
	}
	toc := filepath.Join(dest, "a", "toc.dat")
	if err := os.Remove(toc); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(toc, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dest, "b", "toc.dat"), 1); err != nil {
		t.Fatal(err)
	}
	status, out, errOut = s.command("", "snapshots", dest, "--check")
	if status != exitVerify || !strings.Contains(errOut, "a is damaged: toc.dat is no file") || !strings.Contains(errOut, "b is damaged") ||
		strings.Count(out, "damaged") != 2 || !strings.Contains(out, "plain") {
		t.Errorf("check: status %d: %s%s", status, out, errOut)
	}
}
