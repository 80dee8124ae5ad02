package main

import (
	"strings"
	"testing"
)

// TestMemoryFlag: nonsense is a usage error that says what to write.
func TestMemoryFlag(t *testing.T) {
	t.Parallel()
	s := &staging{t: t}
	for _, command := range []string{"plan", "refresh"} {
		for _, v := range []string{"lots", "12", "1KiB"} {
			status, _, errOut := s.command(keyA, command, "--memory", v)
			if status != exitUsage || !strings.Contains(errOut, "--memory") || strings.Contains(errOut, "goroutine") {
				t.Errorf("%s --memory %s: status %d, %s", command, v, status, errOut)
			}
		}
	}
}

// TestByteCount: amounts of memory, in the units that people write.
func TestByteCount(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"512MiB": "512MiB", "512mb": "512000000B", "1GiB": "1GiB", "1.5 GiB": "1536MiB", "800MB": "800000000B",
		"1048576B": "1MiB", "2tib": "2TiB", " 4096 KiB ": "4MiB", "1e9B": "1000000000B",
	} {
		var b byteCount
		if err := b.Set(in); err != nil || b.String() != want {
			t.Errorf("%q is %s, %v, want %s", in, b.String(), err, want)
		}
	}
	for _, in := range []string{"", "512", "much", "-1GiB", "MiB", "0B", "1023KiB", "9999999TiB", "1e400GB", "NaNGB", "infGB", "0x10MB", "1_000MB", "1 GB GB", "50%"} {
		b := byteCount(7)
		if err := b.Set(in); err == nil || b != 7 {
			t.Errorf("%q is taken for %d", in, b)
		}
	}
	var rate byteRate
	if err := rate.Set("500KB"); err != nil || rate.String() != "500000B" {
		t.Errorf("a rate is %s; %v", rate.String(), err)
	}
	if err := rate.Set("63KiB"); err == nil || err.Error() != "less than 64KiB" {
		t.Errorf("a rate too low: %v", err)
	}
	var b byteCount
	for _, n := range []byteCount{1 << 20, 512 << 20, 1<<20 + 1, 3 << 40} {
		if err := b.Set(n.String()); err != nil || b != n {
			t.Errorf("%s reads back as %d, %v", n.String(), b, err)
		}
	}
}
