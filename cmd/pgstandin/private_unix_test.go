//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestKeyOfRoot: a Secret that Kubernetes mounts for a pod with fsGroup belongs to root
// and can be read by the group, which is how we may read it.
func TestKeyOfRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to root")
	}
	const other = 65534
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "pgstandin")
	if err := os.Link(program(t), bin); err != nil {
		t.Fatal(err)
	}
	key, rules := filepath.Join(dir, "key"), rulesOf(t)
	if err := os.Chmod(rules, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		owner int
		mode  os.FileMode
		want  string
	}{
		{0, 0o440, "no server listens"},
		{0, 0o460, "others can read it (mode 0460)"},
		{0, 0o444, "others can read it (mode 0444)"},
		{other, 0o440, "others can read it (mode 0440)"},
		{other, 0o400, "no server listens"},
	} {
		os.Remove(key)
		if err := os.WriteFile(key, []byte(keyA), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(key, c.owner, other); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(key, c.mode); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(bin, "plan", "--exact", "--source", "host=/nonexistent user=x", "--rules", rules, "--key-file", key)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other}}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%d, %04o: %v\n%s", c.owner, c.mode, err, out)
		}
	}
}
