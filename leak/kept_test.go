package leak

import (
	"fmt"
	"slices"
	"testing"
)

// TestKept: a column with few texts is clean if none holds an original, common or
// not; one with many is given up; each worker's texts count.
func TestKept(t *testing.T) {
	f := New(testSecret(t), Options{})
	c := f.Collector()
	c.Original([]byte("Anna Lindberg"), 1)
	for range 5 {
		c.Row()
		c.Original([]byte("common@corp.test"), 0)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	k := NewKept([]int{1, 2, 3, 5, 6, 7})
	a, b := k.Gatherer(), k.Gatherer()
	for i := range 5000 {
		a.Kept(1, []byte("shipped with care"))
		a.Kept(2, fmt.Appendf(nil, "number %d of many", i))
		b.Kept(5, fmt.Appendf(nil, "status number %d", i%10))
		a.Kept(0, []byte("Anna Lindberg")) // of no column
		a.Kept(9, []byte("Anna Lindberg"))
	}
	b.Kept(3, []byte("by ANNA lindberg, today"))
	b.Kept(6, []byte("to common@corp.test"))
	if got := k.Clean(f); !slices.Equal(got, []int{1, 5, 7}) {
		t.Errorf("clean: %v", got)
	}
	text := []byte("shipped with care")
	if n := testing.AllocsPerRun(1000, func() { a.Kept(1, text) }); n != 0 {
		t.Errorf("%v allocations for a text that was seen", n)
	}
}
