package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestLargeFile reads what init writes for a database of ten thousand tables.
func TestLargeFile(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\ntables:\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "  accounting_documents_%d:\n    columns:\n", i)
		for range 3 {
			b.WriteString("      # personal: its name says so, and the 10 values that were looked at are e-mail addresses\n")
		}
		b.WriteString("      contact: email\n")
	}
	f, err := Parse("large.yaml", []byte(b.String()), nil)
	if err != nil || len(f.tables) != 10_000 {
		t.Fatalf("%d bytes: %v", b.Len(), err)
	}
	if _, err = Parse("large.yaml", []byte("version: 1\n"+strings.Repeat("#\n", maxFile/2)), nil); err == nil || !strings.Contains(err.Error(), "longer than 8 MiB; ") {
		t.Errorf("a file of more than maxFile: %v", err)
	}
}
