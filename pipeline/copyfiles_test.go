package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
)

// memory keeps files that were closed in memory. It fails where it is told to.
type memory struct {
	mu    sync.Mutex
	files map[string][]byte
	fail  string // "create", "write" or "close"
}

var errFull = errors.New("no space left on device")

func (m *memory) Create(_ context.Context, name string) (io.WriteCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	if m.fail == "create" {
		return nil, errFull
	}
	return &memoryFile{m: m, name: name}, nil
}

func (m *memory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return io.NopCloser(bytes.NewReader(m.files[name])), nil
}

type memoryFile struct {
	m    *memory
	name string
	err  error
	bytes.Buffer
}

func (f *memoryFile) Write(p []byte) (int, error) {
	if f.m.fail == "write" {
		f.err = errFull
		return 0, f.err
	}
	return f.Buffer.Write(p)
}

func (f *memoryFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.m.fail == "close" {
		f.err = errFull
	}
	if f.err != nil {
		return f.err
	}
	f.m.files[f.name] = f.Bytes()
	return nil
}

func readAll(t *testing.T, m *memory, name string, a pgarchive.Algorithm) string {
	t.Helper()
	r, err := pgarchive.NewReader(bytes.NewReader(m.files[name]), a)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Rows that come in chunks, one of which is read again because its session was
// ended, are each in the file once. What is too large for memory is there, too.
func TestCopyFiles(t *testing.T) {
	for _, c := range []pgarchive.Compression{{}, {Algorithm: pgarchive.Gzip, Level: 1}} {
		source := pgtest.DB(t)
		pgtest.Exec(t, source, manyRows+`; create table empty (i int); create table big (v text)`)
		fillMany(t, source)
		pgtest.Exec(t, source, `insert into big select string_agg(md5(g::text), '') from generate_series(1, 400000) g`)
		src := begin(t, source, 2, "t", "empty", "big")
		var ended atomic.Int32
		kill := func() {
			ended.Add(int32(len(pgtest.Query(t, source, "select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() and query like 'copy%' and query like '%(0,0)%' limit 1"))))
		}
		big := func() (string, error) { return "select v from public.big", nil }
		jobs := []pipeline.Job{
			{Name: "t", Into: name("t"), File: "1.dat", Columns: []string{"i", "v"}, NewRewriter: onRow("10\t", kill), Chunks: blocksOf(t, source, "t", "i, v", 900)},
			{Name: "empty", Into: name("empty"), File: "2.dat", Columns: []string{"i"}},
			{Name: "big", Into: name("big"), File: "3.dat", Columns: []string{"v"}, Chunks: []pipeline.Chunk{{Select: big, Rows: 1, Exact: true}}},
		}
		m := &memory{}
		done, err := pipeline.CopyFiles(t.Context(), src, m, c, jobs, pipeline.CopyOptions{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if ended.Load() != 1 || done[0].Rows != 60000 || done[0].Retries != 1 {
			t.Errorf("%d ended, %+v", ended.Load(), done)
		}
		rows := strings.SplitAfter(readAll(t, m, "1.dat", c.Algorithm), "\n")
		seen := map[string]bool{}
		for _, r := range rows[:60000] {
			seen[r] = true
		}
		if len(seen) != 60000 || strings.Join(rows[60000:], "") != "\\.\n\n\n" {
			t.Errorf("%d rows, then %.40q", len(seen), rows[60000:])
		}
		if got := readAll(t, m, "2.dat", c.Algorithm); got != "\\.\n\n\n" {
			t.Errorf("%q", got)
		}
		if got := len(readAll(t, m, "3.dat", c.Algorithm)); got != 400000*32+1+int(pgarchive.TailBytes) {
			t.Errorf("%d bytes", got)
		}
		list := []pipeline.ScanFile{
			{Name: "t", File: "1.dat", Rows: 60000, Columns: []string{"i", "v"}, Edges: []*pipeline.ColumnEdge{{Column: "i"}}},
			{Name: "empty", File: "2.dat", Columns: []string{"i"}},
			{Name: "big", File: "3.dat", Rows: 1, Columns: []string{"v"}},
		}
		var count pipeline.Scanned
		if err := pipeline.Steps(t.Context(), 2, pipeline.FileSteps(m, c.Algorithm, nil, nil, list, &count)); err != nil {
			t.Error(err)
		}
		if e := list[0].Edges[0]; e.Min != 1 || e.Max != 60000 || count.Rows() != 60001 {
			t.Errorf("%+v, %d rows", e, count.Rows())
		}
	}
}

// An error of where files go ends the copy, at once and as it is.
func TestCopyFilesFails(t *testing.T) {
	source := pgtest.DB(t)
	pgtest.Exec(t, source, manyRows)
	fillMany(t, source)
	src := begin(t, source, 2, "t")
	for _, fail := range []string{"create", "write", "close"} {
		m := &memory{fail: fail}
		job := pipeline.Job{Name: "t", Into: name("t"), File: "1.dat", Columns: []string{"i", "v"}, Chunks: blocksOf(t, source, "t", "i, v", 900)}
		done, err := pipeline.CopyFiles(t.Context(), src, m, pgarchive.Compression{}, []pipeline.Job{job}, pipeline.CopyOptions{Workers: 2})
		if !errors.Is(err, errFull) || done[0].Retries > 0 || len(m.files) > 0 {
			t.Errorf("%s: %v, %+v, %d files", fail, err, done, len(m.files))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	job := pipeline.Job{Name: "t", Into: name("t"), File: "1.dat", Columns: []string{"i", "v"}, Chunks: blocksOf(t, source, "t", "i, v", 900)}
	if _, err := pipeline.CopyFiles(ctx, src, &memory{}, pgarchive.Compression{}, []pipeline.Job{job}, pipeline.CopyOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Files that are not what was written are told.
func TestFileStepsTell(t *testing.T) {
	const end = "\\.\n\n\n"
	for _, c := range []struct {
		what, text string
		columns    int
		rows       int64
		want       string
	}{
		{"whole", "1\ta\n2\tb\n" + end, 2, 2, ""},
		{"no columns", "\n\n" + end, 0, 2, ""},
		{"no rows", end, 2, 0, ""},
		{"a row too few", "1\ta\n" + end, 2, 2, "1 rows instead of 2"},
		{"a row too many", "1\ta\n2\tb\n" + end, 2, 1, "2 rows instead of 1"},
		{"no end", "1\ta\n2\tb\n", 2, 2, "no end"},
		{"half an end", "1\ta\n2\tb\n\\.\n", 2, 2, "no end"},
		{"more behind the end", "1\ta\n2\tb\n" + end + "3\tc\n", 2, 2, "no end"},
		{"half a row", "1\ta\n2", 2, 2, "no end"},
		{"a column too few", "1\ta\n2\n" + end, 2, 2, "columns"},
		{"a column too many", "1\ta\n2\tb\tc\n" + end, 2, 2, "columns"},
		{"none instead of some", "1\ta\n\n" + end, 2, 2, "columns"},
	} {
		for scan := range 3 {
			m := &memory{files: map[string][]byte{"1.dat": []byte(c.text)}}
			f := pipeline.ScanFile{Name: "t", File: "1.dat", Rows: c.rows}
			for i := range c.columns {
				f.Columns = append(f.Columns, fmt.Sprint("c", i))
			}
			if scan > 0 && c.columns > 0 {
				f.Edges = []*pipeline.ColumnEdge{{Column: fmt.Sprint("c", scan-1)}}
			}
			err := pipeline.FileSteps(m, pgarchive.None, nil, nil, []pipeline.ScanFile{f}, &pipeline.Scanned{})[0](t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s, looking at column %d: %v", c.what, scan-1, err)
			}
		}
	}
}

// What is looked through is the value, not its spelling in COPY text.
func TestFileStepsFindsLeaks(t *testing.T) {
	secret, err := keyed.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	filter, suspects := leak.New(secret, leak.Options{}), leak.NewSuspects()
	c := filter.Collector()
	for _, v := range []string{"anna\tberg@mail.example", "berta@mail.example", "clara@mail.example"} {
		c.Original([]byte(v), 0)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	text := "x anna\\tberg@mail.example\t\\N\t\\N\n\\N\t\\\\x6265727461406d61696c2e6578616d706c65\t\\N\n\\N\t\\N\t{\"k\": \"clara@mail.example\"}\n\\.\n\n\n"
	m := &memory{files: map[string][]byte{"1.dat": []byte(text)}}
	f := pipeline.ScanFile{Name: "t", File: "1.dat", Rows: 3, Columns: []string{"a", "b", "c"}, Scan: []pipeline.ScanColumn{
		{Name: "c", Place: "json", Shape: leak.JSON}, {Name: "a", Place: "text", Shape: leak.Text}, {Name: "b", Place: "bytes", Shape: leak.Bytes},
	}}
	if err := pipeline.FileSteps(m, pgarchive.None, filter, suspects, []pipeline.ScanFile{f}, &pipeline.Scanned{})[0](t.Context()); err != nil {
		t.Fatal(err)
	}
	if suspects.Len() != 3 {
		t.Errorf("%d suspects", suspects.Len())
	}
}

// Reading back allocates nothing for a row.
func TestFileStepsAllocateNothing(t *testing.T) {
	secret, err := keyed.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	filter := leak.New(secret, leak.Options{})
	c := filter.Collector()
	c.Original([]byte("anna.berg@mail.example"), 0)
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	allocs := func(rows int) float64 {
		var text strings.Builder
		for i := range rows {
			fmt.Fprintf(&text, "%d\tsome text\\nof two lines\t\\\\x00ff\t\\N\n", i)
		}
		m := &memory{files: map[string][]byte{"1.dat": []byte(text.String() + "\\.\n\n\n")}}
		list := []pipeline.ScanFile{{
			Name: "t", File: "1.dat", Rows: int64(rows), Columns: []string{"a", "b", "c", "d"}, Edges: []*pipeline.ColumnEdge{{Column: "a"}},
			Scan: []pipeline.ScanColumn{{Name: "b", Place: "b", Shape: leak.Text}, {Name: "c", Place: "c", Shape: leak.Bytes}},
		}}
		return testing.AllocsPerRun(3, func() {
			if err := pipeline.FileSteps(m, pgarchive.None, filter, leak.NewSuspects(), list, &pipeline.Scanned{})[0](t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocs(1000), allocs(101_000); many-few > 100 {
		t.Errorf("%.0f allocations for 1000 rows, %.0f for 100000 more", few, many)
	}
}
