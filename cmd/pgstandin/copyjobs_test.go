package main

import (
	"testing"

	"github.com/pgstandin/pgstandin/pipeline"
)

// TestCopyWhole: a table that one worker copies is read by one statement, unless a
// statement has a limit; larger, smaller and moved ones stay in their chunks.
func TestCopyWhole(t *testing.T) {
	chunks := func(n int, bytes int64) (out []pipeline.Chunk) {
		for range n {
			out = append(out, pipeline.Chunk{Bytes: bytes / int64(n)})
		}
		return out
	}
	made := func() (jobs []pipeline.Job, leaves []*leafJob) {
		for _, size := range []int64{900 << 20, 300 << 20, 200 << 20, 100 << 20, 1 << 20} {
			jobs = append(jobs, pipeline.Job{Chunks: chunks(5, size)})
			leaves = append(leaves, &leafJob{cut: func(bytes int64) []pipeline.Chunk {
				if bytes != 0 {
					t.Errorf("cut into %d bytes", bytes)
				}
				return chunks(1, size)
			}})
		}
		jobs[3].From.Name = "elsewhere"
		return jobs, leaves
	}
	for _, limited := range []bool{false, true} {
		jobs, leaves := made()
		copyWhole(jobs, leaves, 2, limited)
		for i, whole := range []bool{false, true, true, false, false} {
			want := 5
			if whole && !limited {
				want = 1
			}
			if jobs[i].Whole != whole || len(jobs[i].Chunks) != want {
				t.Errorf("limited %v, job %d: whole %v, %d chunks", limited, i, jobs[i].Whole, len(jobs[i].Chunks))
			}
		}
	}
}
