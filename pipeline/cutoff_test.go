package pipeline_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
)

// TestDropOfWhatIsBeingMade cancels runs while the server makes their databases, which
// it may go on with after the client has left: none stays.
func TestDropOfWhatIsBeingMade(t *testing.T) {
	source, _, name := pair(t)
	src := openSource(t, pipeline.SourceConfig{Conn: config(t, source), DSN: source})
	const workers, runs = 8, 12
	var made atomic.Int64
	try := func(target string, after time.Duration) (done bool, err error) {
		tgt, err := pipeline.OpenTarget(t.Context(), pipeline.TargetConfig{Conn: config(t, source+" dbname="+target)})
		if err != nil {
			return false, err
		}
		defer tgt.Close(context.Background())
		if _, err := tgt.Lock(t.Context()); err != nil {
			return false, err
		}
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		done = tgt.Create(ctx, src) == nil
		return done, tgt.Drop(ctx)
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			most := 120 * time.Millisecond // goes after what the server takes for one
			for i := range runs {
				target := fmt.Sprintf("%s_%d_%d", name, w, i)
				done, err := try(target, rand.N(most))
				if err != nil {
					t.Errorf("%s: %v", target, err)
				}
				if most = most * 3 / 2; done {
					most /= 2
					made.Add(1)
				}
			}
		})
	}
	wg.Wait()
	time.Sleep(time.Second)
	if left := databases(t, name); left != "" {
		t.Errorf("databases that are left: %s", strings.ReplaceAll(left, "|", "\n"))
	}
	if n := made.Load(); n == 0 || n == workers*runs {
		t.Errorf("%d of %d databases were made", n, workers*runs)
	}
}
