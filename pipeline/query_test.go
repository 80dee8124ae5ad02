package pipeline

import (
	"bytes"
	"strings"
	"testing"
)

// However the stream is split, the rows are the same.
func TestRowsFromAnySplit(t *testing.T) {
	stream := []byte("1\ta\\tb\t\\N\n2\t\t\\\\N\n3\tx\\n\\\\.\tü\n")
	read := func(parts ...[]byte) string {
		var b strings.Builder
		fields := fieldSplitter{fn: func(fields [][]byte) error {
			for _, f := range fields {
				if f == nil {
					b.WriteString("NULL")
				}
				b.Write(f)
				b.WriteByte('|')
			}
			b.WriteByte(';')
			return nil
		}}
		w := rowSplitter{row: fields.row}
		for _, p := range parts {
			if n, err := w.Write(bytes.Clone(p)); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
		}
		return b.String()
	}
	want := "1|a\tb|NULL|;2||\\N|;3|x\n\\.|ü|;"
	for i := range stream {
		for j := i; j < len(stream); j += 3 {
			if got := read(stream[:i], stream[i:j], stream[j:]); got != want {
				t.Fatalf("split at %d and %d: got %q", i, j, got)
			}
		}
	}
}

func TestRowsAllocateNothing(t *testing.T) {
	fields := fieldSplitter{fn: func([][]byte) error { return nil }}
	w := rowSplitter{row: fields.row}
	row := []byte("12345\t\\N\tsome text\\twith a tab\t\n")
	if n := testing.AllocsPerRun(1000, func() { w.Write(row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}
