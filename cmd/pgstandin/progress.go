package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
)

// progress is how far the copying is. Totals are estimates; done may pass them.
type progress struct {
	Rows       int64  `json:"rows"` // on their way or committed
	Bytes      int64  `json:"bytes"`
	TotalRows  int64  `json:"total_rows"`  // an estimate
	TotalBytes int64  `json:"total_bytes"` // an estimate
	Running    string `json:"running"`     // "public.orders 3/8" is at its third chunk of eight
}

// reporter shows a run to whoever started it. Its methods are called from one
// goroutine at a time.
type reporter interface {
	Step(name string)  // a step begins; the one before has ended well
	Progress(progress) // several times a second while rows are copied
	Note(text string)  // something to know that is no error
	Finish()           // the last step ended well
	Abort(failed)      // the running step did not end well
	Steps() []stepTime // the steps that ended, with their times
	Result(o outcome) error
}

// failed is why a run ended, as it is printed, with the status that it ends with.
type failed struct {
	reason string
	status int
}

// failure is what is printed of err by run; ctx is what a signal ends.
func failure(ctx context.Context, err error) failed {
	code := endStatus(err, ctx.Err() != nil)
	return failed{errorText(err, code), code}
}

// outcome is what a command did.
type outcome interface {
	printLine(w io.Writer) error
	printTable(w io.Writer, width int) error
}

// stepTime is a step of the run that has ended.
type stepTime struct {
	Name string        `json:"name"`
	Took time.Duration `json:"-"`
}

func newReporter(o *runOptions, out, errOut io.Writer) reporter {
	clock := &stepClock{}
	switch {
	case o.json:
		return &jsonReporter{stepClock: clock, enc: json.NewEncoder(out), quiet: o.quiet}
	case o.quiet:
		return &quietReporter{stepClock: clock, out: out}
	}
	if erasable(errOut) {
		return &barReporter{stepClock: clock, out: out, errOut: errOut}
	}
	return &lineReporter{stepClock: clock, out: out, errOut: errOut}
}

// stepClock keeps the time of steps for all reporters.
type stepClock struct {
	name  string
	start time.Time
	done  []stepTime
}

// next ends the running step, if any, and starts name unless it is "".
func (c *stepClock) next(name string) (ended *stepTime) {
	if c.name != "" {
		c.done = append(c.done, stepTime{c.name, time.Since(c.start)})
		ended = &c.done[len(c.done)-1]
	}
	c.name, c.start = name, time.Now()
	return ended
}

func (c *stepClock) Steps() []stepTime { return c.done }

// quietReporter prints the result alone.
type quietReporter struct {
	*stepClock
	out io.Writer
}

func (r *quietReporter) Step(name string)         { r.next(name) }
func (r *quietReporter) Progress(progress)        {}
func (r *quietReporter) Note(string)              {}
func (r *quietReporter) Finish()                  { r.next("") }
func (r *quietReporter) Abort(failed)             {}
func (r *quietReporter) Result(res outcome) error { return res.printLine(r.out) }

// lineReporter prints a line for each step that has ended, one for a step that has run
// for a few seconds, and one a few seconds apart while rows are copied.
type lineReporter struct {
	*stepClock
	out, errOut io.Writer
	last        time.Time
	slow        *time.Timer // says what has been running for so long

	mu    sync.Mutex
	turns int // at another count than its own a timer is too late
}

const lineEvery = 5 * time.Second

// stepWidth is how wide the name of a step is, as the longest.
const stepWidth = 56

// stepLine prints the name of a step that has ended, and what it took, within width
// characters; 0 is without end.
func stepLine(step *stepTime, width int) string {
	took := seconds(step.Took)
	name := stepWidth
	if width > 0 {
		name = max(leastName, min(name, width-len(" 123.45 s")-2))
	}
	return fmt.Sprintf("%-*s %9s\n", name, shorten(step.Name, name), took)
}

func (r *lineReporter) Step(name string) {
	r.end()
	r.next(name)
	r.last = time.Now()
	turn := r.turn()
	r.slow = time.AfterFunc(lineEvery, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.turns == turn {
			fmt.Fprintf(r.errOut, "  %s …\n", name)
		}
	})
}

func (r *lineReporter) turn() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turns++
	return r.turns
}

func (r *lineReporter) end() {
	r.silence()
	if ended := r.next(""); ended != nil {
		fmt.Fprint(r.errOut, stepLine(ended, widthOf(r.errOut)))
	}
}

func (r *lineReporter) Progress(p progress) {
	r.silence() // progress says what is running
	if time.Since(r.last) < lineEvery {
		return
	}
	r.last = time.Now()
	fmt.Fprintf(r.errOut, "  %s\n", p.line(time.Since(r.start), cmp.Or(max(0, widthOf(r.errOut)-3), 76)))
}

func (r *lineReporter) Note(text string) { fmt.Fprintln(r.errOut, "note: "+text) }
func (r *lineReporter) Finish()          { r.end() }

func (r *lineReporter) Abort(failed) { r.silence() }

// silence says no more of what is running.
func (r *lineReporter) silence() {
	r.turn()
	if r.slow != nil {
		r.slow.Stop()
	}
}

func (r *lineReporter) Result(res outcome) error { return res.printTable(r.out, widthOf(r.out)) }

// line says it in at most width characters: without the rate, the bytes and the rows
// where there is no room for them, and with as much as fits of what is running.
func (p progress) line(since time.Duration, width int) string {
	share, left, rate := "", "", ""
	if p.TotalBytes >= p.Bytes && p.Bytes > 0 {
		x := float64(p.Bytes) / float64(p.TotalBytes)
		share = fmt.Sprintf("%2.0f %%", 100*x)
		if x < 1 {
			left = about(time.Duration(float64(since)*(1-x)/x)) + " left"
		}
	}
	if t := since.Seconds(); t > 0.1 {
		rate = size(int64(float64(p.Bytes)/t)) + "/s"
	}
	rows, bytes := count(p.Rows)+" rows", size(p.Bytes)
	s := ""
	for _, parts := range [][]string{{share, rows, bytes, rate, left}, {share, rows, bytes, left}, {share, rows, left}, {cmp.Or(share, rows), left}} {
		s = strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
		if utf8.RuneCountInString(s) <= width {
			break
		}
	}
	if room := width - utf8.RuneCountInString(s) - len(": "); p.Running != "" && room >= min(leastName, utf8.RuneCountInString(p.Running)) {
		s += ": " + shorten(p.Running, room)
	}
	return s
}

// about is a guessed time, to the second.
func about(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return seconds(d)
}

// barReporter draws on a terminal.
type barReporter struct {
	*stepClock
	out, errOut io.Writer
	bar         *progressbar.ProgressBar
}

func (r *barReporter) Step(name string) {
	r.end()
	r.next(name)
	fmt.Fprintf(r.errOut, eraseLine+"%s …", shorten(name, r.width()-4))
}

func (r *barReporter) end() {
	if r.bar != nil {
		_ = r.bar.Clear()
		r.bar = nil
	}
	if ended := r.next(""); ended != nil {
		fmt.Fprint(r.errOut, eraseLine+stepLine(ended, r.width()))
	}
}

func (r *barReporter) width() int {
	return cmp.Or(widthOf(r.errOut), 80)
}

// barLeast is the width of a terminal below which there is no room for a bar.
const barLeast = 78

func (r *barReporter) Progress(p progress) {
	if r.width() < barLeast {
		fmt.Fprintf(r.errOut, eraseLine+"%s", p.line(time.Since(r.start), r.width()-1))
		return
	}
	total := max(p.TotalBytes, p.Bytes, 1)
	if r.bar == nil {
		fmt.Fprint(r.errOut, eraseLine)
		r.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(r.errOut),
			progressbar.OptionShowBytes(true),
			progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(max(4, min(30, r.width()-75))),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(),
		)
	}
	if r.bar.GetMax64() != total {
		r.bar.ChangeMax64(total)
	}
	rows := count(p.Rows) + " rows "
	r.bar.Describe(rows + fmt.Sprintf("%-*s", 26-len(rows), shorten(p.Running, 26-len(rows))))
	_ = r.bar.Set64(min(p.Bytes, total-1))
}

func (r *barReporter) Note(text string) {
	fmt.Fprintf(r.errOut, eraseLine+"note: %s\n", text)
}
func (r *barReporter) Finish() { r.end() }
func (r *barReporter) Abort(failed) {
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	fmt.Fprint(r.errOut, eraseLine)
}
func (r *barReporter) Result(res outcome) error { return res.printTable(r.out, widthOf(r.out)) }

// jsonReporter writes one JSON object a line; quiet, that of the result alone.
type jsonReporter struct {
	*stepClock
	enc   *json.Encoder
	quiet bool
	last  time.Time
}

type event struct {
	Time    string    `json:"time"`
	Event   string    `json:"event"` // "step", "step_done", "progress", "note", "aborted" or "done"
	Step    string    `json:"step,omitempty"`
	Seconds float64   `json:"seconds,omitempty"` // of the step that is done
	Note    string    `json:"note,omitempty"`
	Reason  string    `json:"reason,omitempty"` // as standard error has it
	Status  int       `json:"status,omitempty"` // the exit status
	Copied  *progress `json:"copied,omitempty"` // of progress
	Result  outcome   `json:"result,omitempty"` // of done: see the command
}

// tell writes an event that is not the result.
func (r *jsonReporter) tell(e event) {
	if !r.quiet {
		_ = r.emit(e)
	}
}

func (r *jsonReporter) emit(e event) error {
	e.Time = time.Now().UTC().Format(time.RFC3339Nano)
	return r.enc.Encode(e)
}

func (r *jsonReporter) Step(name string) {
	r.Finish()
	r.next(name)
	r.tell(event{Event: "step", Step: name})
}

func (r *jsonReporter) Progress(p progress) {
	if time.Since(r.last) < time.Second {
		return
	}
	r.last = time.Now()
	r.tell(event{Event: "progress", Copied: &p})
}

func (r *jsonReporter) Note(text string) { r.tell(event{Event: "note", Note: text}) }

func (r *jsonReporter) Finish() {
	if ended := r.next(""); ended != nil {
		r.tell(event{Event: "step_done", Step: ended.Name, Seconds: ended.Took.Seconds()})
	}
}

func (r *jsonReporter) Abort(f failed) {
	r.tell(event{Event: "aborted", Step: r.name, Reason: f.reason, Status: f.status})
}

func (r *jsonReporter) Result(res outcome) error { return r.emit(event{Event: "done", Result: res}) }
