package subset

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
)

// little is an account in which everything is written out at once.
func little(t testing.TB, limit int64) *memory {
	m := newMemory(limit, t.TempDir(), &tuning{})
	t.Cleanup(func() {
		if err := m.failure(); err != nil {
			t.Error(err)
		}
		if err := m.close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// keyKinds make keys out of numbers, the same of the same.
var keyKinds = map[string]func(int) key{
	"small":  func(n int) key { return key{n: uint64(n) - 3} },
	"apart":  func(n int) key { return key{n: uint64(n) * 0x9e3779b97f4a7c15} },
	"short":  func(n int) key { return key{b: fmt.Appendf([]byte{}, "%.*s", n%7, fmt.Sprint(n))} },
	"prefix": func(n int) key { return key{b: fmt.Appendf(bytes.Repeat([]byte("same"), n%50), "%d", n)} },
	"long":   func(n int) key { return key{b: fmt.Appendf(bytes.Repeat([]byte{0}, n%3*2500), "%d", n)} },
	"binary": func(n int) key { return key{b: []byte{byte(n), 0, byte(n >> 8), 0xff}[:2+n%3]} },
}

// TestSpilledSets compares sets that are written out again and again with
// maps, whatever is done to them.
func TestSpilledSets(t *testing.T) {
	for name, mk := range keyKinds {
		for round, limit := range []int64{1, 1, 100, 3000, 20_000, 1 << 20} {
			t.Run(fmt.Sprint(name, limit), func(t *testing.T) {
				trySets(t, little(t, limit), mk, rand.New(rand.NewPCG(uint64(round), 5)))
			})
		}
	}
}

func trySets(t *testing.T, m *memory, mk func(int) key, rng *rand.Rand) {
	text := func(k key) string { return fmt.Sprint(k.n, string(k.b)) }
	fill := func(loose bool) (*keySet, map[string]bool) {
		s, in := &keySet{mem: m, loose: loose}, map[string]bool{}
		for range rng.IntN(2000) {
			k := mk(rng.IntN(1500))
			if s.add(k) == in[text(k)] && !loose {
				t.Fatal("add does not say whether a key is new")
			}
			in[text(k)] = true
		}
		return s, in
	}
	same := func(s *keySet, want map[string]bool) {
		t.Helper()
		n := 0
		s.each(func(k key) bool {
			n++
			if !want[text(k)] || !s.has(k) {
				t.Fatalf("key %.40q is in", text(k))
			}
			return true
		})
		for i := range 2000 {
			if k := mk(i); s.has(k) != want[text(k)] {
				t.Fatalf("key %.40q: has is %v", text(k), s.has(k))
			}
		}
		if n != len(want) || s.len() != int64(n) {
			t.Fatalf("%d keys, len %d, want %d", n, s.len(), len(want))
		}
		inOrder(t, s, mk(rng.IntN(1500)))
	}
	a, in := fill(false)
	b, out := fill(rng.IntN(2) == 0)
	same(a, in)
	diff, kept := a.clone(), a.clone()
	exact := m.newSet()
	exact.absorb(b.clone())
	same(exact, out)
	diff.without(exact)
	both, minus, fresh := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for k := range in {
		both[k] = true
		if !out[k] {
			minus[k] = true
		}
	}
	for k := range out {
		both[k] = true
		if !in[k] {
			fresh[k] = true
		}
	}
	same(diff, minus)
	news := a.merge(b)
	same(news, fresh)
	same(a, both)
	same(b, nil)
	same(kept, in)
	if kept.absorb(news) != (len(fresh) > 0) {
		t.Fatal("absorb does not say whether a key is new")
	}
	same(kept.settle(), both)
	for _, s := range []*keySet{a, b, diff, kept, news, exact} {
		s.free()
	}
	if m.used.Load() != 0 && m.file == nil || m.file != nil && len(m.file.free) != int(m.file.blocks) {
		t.Errorf("%d bytes are still counted, %d of %d blocks free", m.used.Load(), len(m.file.free), m.file.blocks)
	}
}

// inOrder looks at a set's keys from one on.
func inOrder(t *testing.T, s *keySet, from key) {
	t.Helper()
	var want []key
	s.each(func(k key) bool {
		if k.compare(from) >= 0 {
			want = append(want, k.keep())
		}
		return true
	})
	slices.SortFunc(want, key.compare)
	c := s.sort().from(from)
	for i := range want {
		if k, ok := c.next(); !ok || k.compare(want[i]) != 0 {
			t.Fatalf("key %d in order is another", i)
		}
	}
	if _, ok := c.next(); ok {
		t.Fatal("more keys in order than there are")
	}
	for _, p := range s.parts(from, 7, 0) {
		p.each(func(k key) bool {
			if len(want) == 0 || k.compare(want[0]) != 0 {
				t.Fatal("a part has another key")
			}
			want = want[1:]
			return true
		})
	}
	if len(want) > 0 {
		t.Fatalf("%d keys are in no part", len(want))
	}
}

// temporary reads the file of key sets that this process has open, as whoever
// gets hold of the disk would.
func temporary(t *testing.T) (content []byte, name string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, fd := range fds {
		path := filepath.Join("/proc/self/fd", fd.Name())
		link, err := os.Readlink(path)
		if err != nil || !strings.Contains(link, "pgstandin-keys-") {
			continue
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the temporary file's mode is %v, %v", info.Mode(), err)
		}
		if content, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		return content, link
	}
	return nil, ""
}

// TestNoValueInTemporaryFile: keys of any kind are not to be seen in the file,
// and the file has no name.
func TestNoValueInTemporaryFile(t *testing.T) {
	const canary = "canary-3f1c9a77@example.org"
	m := little(t, 1)
	text, number := m.newSet(), m.newSet()
	defer text.free()
	defer number.free()
	for i := range 5000 {
		text.add(key{b: fmt.Appendf(nil, "%s %d", canary, i/2)})
		number.add(key{n: 0x6361_6e61_7279_0000 + uint64(i)})
	}
	content, name := temporary(t)
	if len(content) < sealedSize {
		t.Fatal("nothing was written")
	}
	if !strings.HasSuffix(name, " (deleted)") {
		t.Errorf("the file has a name: %s", name)
	}
	for _, s := range []string{canary, canary[:8], "canary", "yranac"} {
		if bytes.Contains(content, []byte(s)) {
			t.Errorf("%q is in the file", s)
		}
	}
	for i := 0; i+sealedSize <= len(content); i += sealedSize {
		for j := 0; j < i; j += sealedSize {
			if bytes.Equal(content[i:i+16], content[j:j+16]) {
				t.Fatal("two blocks begin alike")
			}
		}
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(m.dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

// TestNonces: no nonce is used twice, whatever is freed and written over.
func TestNonces(t *testing.T) {
	f, err := newSpillFile(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	seen := map[uint64]bool{}
	for i := range 100 {
		at, nonce, err := f.write([]byte{byte(i)})
		if err != nil || seen[nonce] {
			t.Fatalf("nonce %d twice, %v", nonce, err)
		}
		seen[nonce] = true
		b, err := f.read(at, nonce)
		if err != nil || b.data[0] != byte(i) {
			t.Fatalf("block %d reads back as %d, %v", i, b.data[0], err)
		}
		if i%3 > 0 {
			f.release([]uint32{at})
		}
	}
	if f.blocks > 60 {
		t.Errorf("100 blocks of which 66 were freed take %d", f.blocks)
	}
}

// TestTemporaryFileErrors: what goes wrong with the file is one error of the
// walk, and names no path.
func TestTemporaryFileErrors(t *testing.T) {
	fill := func(m *memory) {
		s := m.newSet()
		for i := range 3000 {
			s.add(key{n: uint64(i) * 7919})
			s.has(key{n: uint64(i)})
		}
		s.free()
	}
	for what, c := range map[string]struct {
		spoil func(*memory)
		want  string
	}{
		"no folder": {func(m *memory) { m.dir += "/none" }, "temporary file for key sets: create: no such file or directory"},
		"closed":    {func(m *memory) { f, _ := m.spilling(); f.f.Close() }, "temporary file for key sets: write: file already closed"},
		"full": {func(m *memory) {
			f, _ := m.spilling()
			full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
			if err != nil {
				t.Skip(err)
			}
			f.f.Close()
			f.f = full
		}, "temporary file for key sets: write: no space left on device; free space there, set TMPDIR to a folder that has some, or allow more memory"},
		"changed": {func(m *memory) {
			s := m.newSet()
			for i := range 100 {
				s.add(key{n: uint64(i)})
			}
			m.file.f.WriteAt(make([]byte, m.file.blocks*sealedSize), 0)
			for i := range m.file.cache {
				m.file.cache[i].Store(nil)
			}
			s.each(func(key) bool { return true })
		}, "temporary file for key sets: read: a block is not what was written"},
	} {
		t.Run(what, func(t *testing.T) {
			m := newMemory(1, t.TempDir(), &tuning{})
			c.spoil(m)
			fill(m)
			if err := m.failure(); err == nil || err.Error() != c.want {
				t.Errorf("error is %v, want %s", err, c.want)
			}
			m.close()
		})
	}
}

// TestWalkEndsAtFileError: a walk whose file fails returns that error, and one
// that ends early for another reason leaves no file.
func TestWalkEndsAtFileError(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, setUp)
	src := newSource(t, dsn)
	secret, err := keyed.ParseSecret([]byte(strings.Repeat("5a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	failed, stopped := 0, 0
	for _, c := range makeCases(t, pgtest.Connect(t, dsn), []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, true) {
		p, err := NewPlan(c.m.sch, c.m.config())
		if err != nil {
			t.Fatal(err)
		}
		p.tune.least, p.tune.every = 0, 1
		opt := Options{Secret: secret, Memory: 1, TempDir: filepath.Join(t.TempDir(), "none")}
		_, err = p.Walk(context.Background(), opt, Sequential(src))
		if err != nil && strings.Contains(err.Error(), "temporary file for key sets: create: no such file or directory") {
			failed++
		}
		for waves := 1; waves < 4; waves++ {
			opt.TempDir = t.TempDir()
			if c.stop(src, p, opt, waves) {
				stopped++
			}
			if _, name := temporary(t); name != "" {
				t.Fatalf("%s is still open", name)
			}
			if left, _ := os.ReadDir(opt.TempDir); len(left) > 0 {
				t.Fatalf("%s is left", left[0].Name())
			}
		}
	}
	if failed < 3 || stopped < 3 {
		t.Errorf("only %d walks failed at the file, %d panicked with it open", failed, stopped)
	}
}

// stop panics in a wave, and reports whether the file was open then.
func (c *testCase) stop(src Source, p *Plan, opt Options, waves int) (open bool) {
	defer func() { recover() }()
	sel, err := p.Walk(context.Background(), opt, func(ctx context.Context, steps []Step) error {
		if waves--; waves < 0 {
			fds, _ := os.ReadDir("/proc/self/fd")
			for _, fd := range fds {
				link, _ := os.Readlink("/proc/self/fd/" + fd.Name())
				open = open || strings.Contains(link, "pgstandin-keys-")
			}
			panic("a runner that breaks")
		}
		return Sequential(src)(ctx, steps)
	})
	if err == nil {
		sel.Close()
	}
	return open
}
