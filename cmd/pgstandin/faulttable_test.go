package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// steps follows which step a run is at by what it prints with --json.
type steps struct {
	mu    sync.Mutex
	text  bytes.Buffer
	rest  []byte
	now   string
	began chan string
	times []stepTime
}

func (s *steps) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	s.rest = append(s.rest, p...)
	for {
		line, rest, ok := bytes.Cut(s.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		s.rest = rest
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		switch e.Event {
		case "step":
			s.now = e.Step
			select {
			case s.began <- e.Step:
			default:
			}
		case "step_done":
			s.times = append(s.times, stepTime{e.Step, time.Duration(e.Seconds * float64(time.Second))})
		}
	}
}

func (s *steps) at() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == "" {
		return "start"
	}
	return s.now
}

func (s *steps) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// last is the last line of what was printed.
func (s *steps) last() string {
	text := strings.TrimSpace(s.String())
	return text[strings.LastIndex(text, "\n")+1:]
}

// look compares what staging holds with what the exit status says.
func (p *point) look() {
	got, err := p.sum()
	switch {
	case err != nil:
		p.outcome = "broken"
		p.t.Errorf("staging does not answer: %v\n%s", err, p.out)
	case got == p.sums[p.key]:
		p.outcome = "new"
	case got == p.sums[p.has]:
		p.outcome = "old"
	default:
		p.outcome = "mixed"
		p.t.Errorf("staging holds neither the old nor the new data:\n%s", p.out)
	}
	if p.status >= 0 && (p.status == exitDone) != (p.outcome == "new") && !strings.Contains(p.out.String(), "whether the swap") {
		p.t.Errorf("status %d, but staging is the %s one:\n%s", p.status, p.outcome, p.out)
	}
}

// sourceIsFree waits until no session of the run is left on the source.
func (m *matrix) sourceIsFree() {
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		left := m.must(m.source, "postgres", "select pid, state, query from pg_stat_activity where usename = 'runner'")
		if len(left) == 0 {
			return
		}
		if time.Since(begin) > 15*time.Second {
			m.t.Errorf("sessions left on the source: %v", left)
			return
		}
	}
}

// isClean looks for litter after a run that succeeded.
func (m *matrix) isClean() {
	databases, schemas := "[[postgres] [shop_staging] [shop_staging_previous] [template0] [template1]]", "[[public]]"
	if m.inPlace {
		databases, schemas = "[[postgres] [shop_staging] [template0] [template1]]", "[[public] [public_previous]]"
	}
	if got := fmt.Sprint(m.must(m.target, "postgres", `select datname from pg_database order by datname collate "C"`)); got != databases {
		m.t.Errorf("databases: %s", got)
	}
	if got := fmt.Sprint(m.must(m.target, "shop_staging", `select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' order by nspname collate "C"`)); got != schemas {
		m.t.Errorf("schemas: %s", got)
	}
	entries, err := os.ReadDir(m.tmp)
	if err != nil || len(entries) > 0 {
		m.t.Errorf("TMPDIR: %v %v", entries, err)
	}
}

// faultTable is the matrix as a table: each kind of fault, the steps at which it
// hit, and how the runs ended.
func faultTable(points []*point) string {
	type row struct {
		n     int
		cells [3]map[string]int
	}
	rows := map[string]*row{}
	var names []string
	steps := map[string]bool{}
	for _, p := range points {
		r := rows[p.fault.name]
		if r == nil {
			r = &row{}
			for i := range r.cells {
				r.cells[i] = map[string]int{}
			}
			rows[p.fault.name], names = r, append(names, p.fault.name)
		}
		r.n++
		steps[p.step] = true
		status := strconv.Itoa(p.status)
		if p.status < 0 {
			status = "killed"
		}
		for i, v := range []string{p.step, p.outcome, status} {
			r.cells[i][v]++
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("| fault | points | staging afterwards | exit status | hit at |\n|---|---|---|---|---|\n")
	for _, n := range names {
		r := rows[n]
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", n, r.n, counts(r.cells[1]), counts(r.cells[2]), counts(r.cells[0]))
	}
	fmt.Fprintf(&b, "\n%d points, %d kinds of faults, %d steps\n", len(points), len(names), len(steps))
	return b.String()
}

func counts(m map[string]int) string {
	var parts []string
	for k, n := range m {
		parts = append(parts, fmt.Sprintf("%s: %d", k, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
