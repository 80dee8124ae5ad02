package pipeline

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Progress is how far a Copy is.
type Progress struct {
	Rows, Bytes           int64    // on their way or committed; bytes of COPY text as sent to the target
	TotalRows, TotalBytes int64    // estimates, as the jobs give them; where all chunks are Exact, bytes by the share of rows
	Chunks, TotalChunks   int      // committed, and all
	Running               []string // names of jobs, in their order; "public.orders 3/8" is at its third chunk of eight
	Retries               int      // chunks begun anew because a connection broke
}

// moved are rows and bytes.
type moved struct{ rows, bytes int64 }

// counter is what all workers have moved. They add to it once in a while, not
// for each row.
type counter struct{ rows, bytes atomic.Int64 }

func (c *counter) add(rows, bytes int64) {
	c.rows.Add(rows)
	c.bytes.Add(bytes)
}

const reportEvery = 200 * time.Millisecond

// report calls fn now and then until ctx ends.
func (c *copier) report(ctx context.Context, fn func(Progress)) error {
	t := time.NewTicker(reportEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if ctx.Err() == nil {
				fn(c.progress())
			}
		}
	}
}

func (c *copier) progress() Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.total
	p.Rows, p.Bytes = c.moved.rows.Load(), c.moved.bytes.Load()
	if c.exact && p.Rows > 0 {
		p.TotalBytes = max(p.Bytes, int64(float64(p.Bytes)*float64(p.TotalRows)/float64(p.Rows)))
	}
	p.Chunks, p.Retries = c.chunks, c.retries
	for i, n := range c.running {
		if n == 0 {
			continue
		}
		name := c.jobs[i].Name
		if all := len(c.jobs[i].Chunks); all > 1 {
			name = fmt.Sprintf("%s %d/%d", name, c.taken[i], all)
		}
		p.Running = append(p.Running, name)
	}
	return p
}
