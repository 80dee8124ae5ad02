//go:build unix

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeVariable makes the test binary a run that writes snapshots into the folder
// that it names, one after the other, until it is killed.
const writeVariable = "PGSTANDIN_TEST_WRITE_SNAPSHOTS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeVariable); dir != "" {
		writeForever(dir)
	}
	os.Exit(m.Run())
}

func writeForever(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, dir)
	for i := 0; err == nil; i++ {
		var u *Upload
		if u, err = s.Begin(ctx, fmt.Sprintf("p%d-%d", os.Getpid(), i), UploadOptions{}); err != nil {
			break
		}
		for file, n := range sizes {
			var w io.WriteCloser
			if w, err = u.Create(ctx, file); err != nil {
				break
			}
			_, werr := w.Write(content(file, n))
			err = errors.Join(werr, w.Close())
		}
		if err == nil {
			err = u.Publish(ctx, Metadata{Created: time.Now()})
		}
		if err == nil && i%3 == 2 {
			err = s.Remove(ctx, fmt.Sprintf("p%d-%d", os.Getpid(), i-1))
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A run may be killed at any moment: what is listed as complete is, what is not is
// swept by the next run, and a run that is alive is left alone.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	alive, err := s.Begin(context.Background(), "alive", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	putFiles(t, alive)
	partial, complete := 0, 0
	for range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writeVariable+"="+dir)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(250)) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if said.String() != "" {
			t.Fatal(said.String())
		}
		list, err := s.List(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		complete = 0
		for _, l := range list {
			switch l.State {
			case Complete:
				complete++
				if strings.HasPrefix(l.Name, fmt.Sprintf("p%d-", cmd.Process.Pid)) {
					same(t, s, l.Name)
				}
			case Writing:
				if l.Name != "alive" {
					t.Errorf("%s is being written", l.Name)
				}
			case Incomplete:
				partial++
			case Damaged:
				t.Error(l.Err)
			}
		}
	}
	if partial == 0 || complete == 0 {
		t.Errorf("%d partial snapshots, %d complete ones: the kills came at the wrong time", partial, complete)
	}
	t.Logf("%d partial snapshots, %d complete ones", partial, complete)
	if _, err := s.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := alive.Publish(context.Background(), Metadata{}); err != nil {
		t.Fatal(err)
	}
	same(t, s, "alive")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partialSuffix) {
			t.Errorf("%s is still there", e.Name())
		}
	}
}

// A folder that is not ours stays, whatever it is called.
func TestSweepByMark(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"theirs.partial", "marked.partial", "linked.partial"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "precious"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "marked.partial", ownerFile), []byte("somebody else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, "linked.partial", ownerFile)); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if swept, err := s.Sweep(context.Background()); err != nil || len(swept) > 0 {
		t.Errorf("swept %q, %v", swept, err)
	}
	if got := states(t, s); got != "" {
		t.Error(got)
	}
	if _, err := s.Begin(context.Background(), "theirs", UploadOptions{}); !errors.Is(err, ErrBusy) {
		t.Errorf("begin: %v", err)
	}
	for _, name := range []string{"theirs.partial", "marked.partial", "linked.partial"} {
		if _, err := os.Stat(filepath.Join(dir, name, "precious")); err != nil {
			t.Error(err)
		}
	}
}

// A disk that is full is one error with what to do, and what was stored goes.
func TestNoSpace(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("a file system cannot be mounted: ", err)
	}
	defer syscall.Unmount(dir, 0)
	s := open(t, dir)
	for _, keys := range [][]string{nil, {newKey(t).Recipient().String()}} {
		u, err := s.Begin(context.Background(), "x", UploadOptions{Recipients: keys})
		if err != nil {
			t.Fatal(err)
		}
		w, err := u.Create(context.Background(), "1.dat")
		if err != nil {
			t.Fatal(err)
		}
		_, werr := w.Write(content("1.dat", 2<<20))
		cerr := w.Close()
		if werr == nil || cerr == nil {
			t.Fatalf("written: %v, closed: %v", werr, cerr)
		}
		for _, err := range []error{werr, cerr} {
			if want := dir + ": snapshot x: 1.dat: no space left on device; make room, prune old snapshots, or choose another folder"; err.Error() != want {
				t.Error(err)
			}
		}
		if err := u.Abort(context.Background()); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

func TestNotAFolder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, name)
	if _, err := s.Begin(context.Background(), "x", UploadOptions{}); err == nil || !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), "not a directory") {
		t.Error(err)
	}
	if _, err := s.List(context.Background()); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Error(err)
	}
}
