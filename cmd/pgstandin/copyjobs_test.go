package main

import "testing"

// TestCutting: a table that one worker copies is read by one statement, unless a
// statement has a limit; larger, smaller and moved ones stay in their chunks, and so do all
// where none is copied whole.
func TestCutting(t *testing.T) {
	sizes := []int64{900 << 20, 300 << 20, 200 << 20, 100 << 20, 1 << 20}
	all := int64(0)
	for _, n := range sizes {
		all += n
	}
	for _, limited := range []bool{false, true} {
		for i, whole := range []bool{false, true, true, true, false} {
			want := int64(chunkBytes)
			if whole && !limited {
				want = 0
			}
			c := cutting{chunk: chunkBytes, workers: 2, limited: limited}
			if got, chunk := c.of(sizes[i], all, false); got != whole || chunk != want {
				t.Errorf("limited %v, table %d: whole %v, chunks of %d", limited, i, got, chunk)
			}
			if got, chunk := c.of(sizes[i], all, true); got || chunk != chunkBytes {
				t.Errorf("limited %v, table %d, moved: whole %v, chunks of %d", limited, i, got, chunk)
			}
			c.workers = 0
			if got, chunk := c.of(sizes[i], all, false); got || chunk != chunkBytes {
				t.Errorf("limited %v, table %d in a snapshot: whole %v, chunks of %d", limited, i, got, chunk)
			}
		}
	}
}
