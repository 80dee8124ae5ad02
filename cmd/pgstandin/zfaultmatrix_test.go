package main

// The z in the file's name makes this test the last of the package: of those that run
// side by side go test starts the last ones first, and all would wait for this one,
// which takes longest, if it started late.

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestFaultMatrix lets faults of many kinds hit refreshes, beside staging and in
// place, at random moments of each step. After each, staging holds the whole old or
// the whole new data, as the exit status says, the source has no session of the run
// left, and the next run succeeds and leaves nothing of the dead one behind. make
// test/faults tries more of them, and prints the tables.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	points, seed := 8, uint64(6)
	for name, parse := range map[string]func(string) error{
		"PGSTANDIN_FAULTS":      func(v string) (err error) { points, err = strconv.Atoi(v); return err },
		"PGSTANDIN_FAULTS_SEED": func(v string) (err error) { seed, err = strconv.ParseUint(v, 10, 64); return err },
	} {
		if v := os.Getenv(name); v != "" {
			if err := parse(v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if testing.Short() {
		t.Skip("a minute")
	}
	for i, name := range []string{"beside", "in place"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tryFaults(newMatrix(t, rand.New(rand.NewPCG(seed, uint64(i))), name == "in place"), points)
			t.Logf("seed %d", seed)
		})
	}
}

// tryFaults runs so many points, the kinds of faults in turns.
func tryFaults(m *matrix, points int) {
	t := m.t
	kinds := m.faults()
	var results []*point
	for i := range points {
		if i%len(kinds) == 0 {
			m.rng.Shuffle(len(kinds), func(a, b int) { kinds[a], kinds[b] = kinds[b], kinds[a] })
		}
		p := &point{matrix: m, fault: kinds[i%len(kinds)]}
		t.Run(fmt.Sprintf("%d %s", i, p.fault.name), func(t *testing.T) {
			outer := m.t
			m.t = t
			defer func() { m.t = outer }()
			p.run()
			t.Logf("%s: at %q, status %d after %v, staging is the %s one", p.fault.name, p.step, p.status, p.duration.Round(time.Millisecond), p.outcome)
			if p.status == exitFailed {
				t.Logf("it said: %s", p.out.last())
			}
			results = append(results, p)
		})
		if len(results) <= i {
			break // a server is gone
		}
	}
	t.Logf("\n%s", faultTable(results))
}
