package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const (
	testKey    = "AKIATESTTESTTESTTEST"
	testSecret = "s3cr3t/s3cr3t+s3cr3t0123456789abcdefghij"
)

// fakeS3 is an S3-compatible server with a bucket; wrap, which may be nil, stands
// before it. It returns the destination, with a prefix.
func fakeS3(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", testKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", testSecret)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	backend := s3mem.New()
	if err := backend.CreateBucket("snaps"); err != nil {
		t.Fatal(err)
	}
	handler := gofakes3.New(backend).Server()
	if wrap != nil {
		handler = wrap(handler)
	}
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	return "s3://snaps/some/prefix?endpoint=" + url.QueryEscape(srv.URL)
}

// openBucketStore opens a store with parts of the least size and a short life.
func openBucketStore(t *testing.T, dest string) (*Store, *bucket) {
	t.Helper()
	s := open(t, dest)
	b := s.place.(*bucket)
	b.part = 5 << 20
	return s, b
}

// die ends an upload as a kill does: nothing is cleaned up.
func die(u *Upload) {
	d := u.draft.(*bucketDraft)
	d.end()
	d.cancel(context.Canceled)
}

func TestS3(t *testing.T) {
	dest := fakeS3(t, nil)
	s, _ := openBucketStore(t, dest)
	if got := states(t, s); got != "" {
		t.Errorf("empty bucket: %s", got)
	}
	day := time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	put(t, s, "b", Metadata{Created: day})
	id := newKey(t)
	u := put(t, s, "a", Metadata{Created: day.Add(time.Hour)}, id.Recipient().String())
	if got := states(t, s); got != "b complete, a complete" {
		t.Error(got)
	}
	if err := u.Abort(context.Background()); err != nil {
		t.Error(err)
	}
	same(t, s, "a", id)
	same(t, s, "b")
	if _, err := s.Begin(context.Background(), "a", UploadOptions{}); !errors.Is(err, ErrExists) {
		t.Errorf("begin again: %v", err)
	}
	if _, err := s.Snapshot(context.Background(), "c"); !errors.Is(err, ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
	// Another prefix of the bucket is another store.
	other := open(t, strings.Replace(dest, "some/prefix", "some", 1))
	if got := states(t, other); got != "" {
		t.Error(got)
	}
	if err := s.Remove(context.Background(), "a"); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "b complete" {
		t.Error(got)
	}
	same(t, s, "b")
}

func TestS3ReadBack(t *testing.T) {
	s, _ := openBucketStore(t, fakeS3(t, nil))
	u, err := s.Begin(context.Background(), "x", UploadOptions{Recipients: []string{newKey(t).Recipient().String()}})
	if err != nil {
		t.Fatal(err)
	}
	putFiles(t, u)
	for file, n := range sizes {
		got, err := readAll(func() (io.ReadCloser, error) { return u.Open(context.Background(), file) })
		if err != nil || !bytes.Equal(got, content(file, n)) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if got := states(t, s); got != "x writing" {
		t.Error(got)
	}
	if _, err := s.Begin(context.Background(), "x", UploadOptions{}); !errors.Is(err, ErrBusy) {
		t.Errorf("begin beside: %v", err)
	}
	if err := u.Abort(context.Background()); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "" {
		t.Error(got)
	}
}

// A file whose writing is given up does not come to be.
func TestS3CancelledFile(t *testing.T) {
	s, b := openBucketStore(t, fakeS3(t, nil))
	u, err := s.Begin(context.Background(), "x", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{100, 30 << 20} {
		ctx, cancel := context.WithCancel(context.Background())
		w, err := u.Create(ctx, "1.dat")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content("1.dat", n)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := w.Close(); !errors.Is(err, context.Canceled) {
			t.Errorf("close: %v", err)
		}
		if there, err := b.b.Exists(context.Background(), b.key("x", "1.dat")); there || err != nil {
			t.Errorf("the file is there: %v, %v", there, err)
		}
	}
	if err := u.Abort(context.Background()); err != nil {
		t.Error(err)
	}
}

// flaky breaks connections and answers 503, at random, to one request in so many.
type flaky struct {
	http.Handler
	in       int
	mu       sync.Mutex
	rand     *rand.Rand
	requests map[string]int // method and path → requests
	broken   int
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests[r.Method+" "+r.URL.Path]++
	how, cut := -1, 0
	if f.rand.IntN(f.in) == 0 {
		how, cut = f.rand.IntN(4), f.rand.IntN(1<<20)
		f.broken++
	}
	f.mu.Unlock()
	switch how {
	case 0: // cut off before anything is read
		panic(http.ErrAbortHandler)
	case 1: // cut off while the request comes in
		io.CopyN(io.Discard, r.Body, int64(cut))
		panic(http.ErrAbortHandler)
	case 2:
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	case 3: // cut off while the answer goes out; what was asked is done
		f.Handler.ServeHTTP(&cutWriter{ResponseWriter: w, left: cut}, r)
		panic(http.ErrAbortHandler)
	default:
		f.Handler.ServeHTTP(w, r)
	}
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if len(p) > c.left {
		c.ResponseWriter.Write(p[:c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

func TestS3BrokenConnections(t *testing.T) {
	f := &flaky{in: 6, rand: rand.New(rand.NewPCG(1, 2)), requests: map[string]int{}}
	dest := fakeS3(t, func(h http.Handler) http.Handler { f.Handler = h; return f })
	s, _ := openBucketStore(t, dest)
	const n = 23 << 20 // five parts
	u, err := s.Begin(context.Background(), "x", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := content("1.dat", n)
	w, err := u.Create(context.Background(), "1.dat")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		got, err := readAll(func() (io.ReadCloser, error) { return u.Open(context.Background(), "1.dat") })
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("read back: %v", err)
		}
	}
	if err := u.Publish(context.Background(), Metadata{}); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(context.Background(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := snap.Verify(context.Background()); err != nil {
		t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken < 3 {
		t.Errorf("only %d requests were broken", f.broken)
	}
	t.Logf("%d broken of %v", f.broken, f.requests)
}

// What another try cannot mend stops at once, with one line that says what to do.
func TestS3Errors(t *testing.T) {
	answer := func(status int, code string) func(http.Handler) http.Handler {
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(status)
				fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>about %s %s</Message></Error>", code, testKey, code)
			})
		}
	}
	for what, c := range map[string]struct {
		wrap   func(http.Handler) http.Handler
		change func(dest string) string
		want   []string
	}{
		"no bucket":     {nil, func(d string) string { return strings.Replace(d, "snaps", "nothere", 1) }, []string{"s3://nothere/some/prefix", "no such bucket; create it"}},
		"no permission": {answer(403, "AccessDenied"), nil, []string{"s3://snaps/some/prefix", "access denied (AccessDenied); grant"}},
		"wrong user":    {answer(403, "InvalidAccessKeyId"), nil, []string{"s3://snaps/some/prefix", "does not accept the credentials (InvalidAccessKeyId); renew"}},
		"wrong secret":  {answer(403, "SignatureDoesNotMatch"), nil, []string{"(SignatureDoesNotMatch); renew"}},
		"region":        {answer(301, "PermanentRedirect"), nil, []string{"another region", "AWS_REGION"}},
	} {
		t.Run(what, func(t *testing.T) {
			var requests atomic.Int32
			dest := fakeS3(t, func(h http.Handler) http.Handler {
				if c.wrap != nil {
					h = c.wrap(h)
				}
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					requests.Add(1)
					h.ServeHTTP(w, r)
				})
			})
			if c.change != nil {
				dest = c.change(dest)
			}
			s, _ := openBucketStore(t, dest)
			_, listErr := s.List(context.Background())
			_, beginErr := s.Begin(context.Background(), "x", UploadOptions{})
			_, openErr := s.Snapshot(context.Background(), "x")
			for _, err := range []error{listErr, beginErr, openErr} {
				if err == nil {
					t.Fatal("no error")
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%v\nlacks %q", err, want)
					}
				}
				for _, secret := range []string{testKey, testSecret, "127.0.0.1", "\n"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%v\nholds %q", err, secret)
					}
				}
			}
			if n := requests.Load(); n > 6 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestS3NoCredentials(t *testing.T) {
	dest := fakeS3(t, nil)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := open(t, dest).List(context.Background())
	if err == nil || !strings.Contains(err.Error(), "no credentials; set AWS_ACCESS_KEY_ID") {
		t.Error(err)
	}
}

func TestDestinations(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	for dest, want := range map[string]string{
		"":                                "no destination",
		"ftp://x/y":                       "scheme ftp is not known",
		"s3:///x":                         "no bucket",
		"s3://user:" + "hunter2" + "@x/y": "credentials do not belong into the URL",
		"s3://x/y":                        "no region",
		"s3://x/y?region=a&colour=red":    "colour",
		"s3://x/y?endpoint=localhost":     "endpoint is a URL",
		"s3://x/y?region=a&endpoint=http://u:hunter2@h": "endpoint is a URL",
		"s3://x/y?region=a&use_path_style=maybe":        "use_path_style",
		"file://x/y":                                    "file:///path",
		"gs://x/y":                                      "gs://x/y: no credentials; set",
		"gs://x/y?anonymous=true&colour=red":            "colour",
		"azblob://x/y?colour=red":                       "azblob://x/y",
	} {
		_, err := Open(context.Background(), dest)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", dest, err)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Setenv("AZURE_STORAGE_KEY", "topsecret==")
	got := redact("Get \"https://me:pw@acc.blob.core.windows.net/c?sv=1&sig=abc\": topsecret== dial\n  tcp")
	if want := "Get \"https://…@acc.blob.core.windows.net/c?…\": … dial; tcp"; got != want {
		t.Error(got)
	}
}

// The mark of a run that lives keeps it from being swept; that of a dead one does
// not; and a run that was taken for dead does not publish.
func TestS3Sweep(t *testing.T) {
	ctx := context.Background()
	var begun, aborted atomic.Int32
	var swept atomic.Bool // from here on uploads may be aborted
	dest := fakeS3(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
				begun.Add(1)
			case r.Method == http.MethodDelete && r.URL.Query().Has("uploadId"):
				if !swept.Load() {
					w.WriteHeader(http.StatusForbidden) // of a run that is being killed
					return
				}
				aborted.Add(1)
			}
			h.ServeHTTP(w, r)
		})
	})
	s, b := openBucketStore(t, dest)
	b.beat, b.stale = 300*time.Millisecond, 2*time.Second
	begin := func(s *Store, name string) *Upload {
		u, err := s.Begin(ctx, name, UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		putFiles(t, u)
		return u
	}
	put(t, s, "whole", Metadata{})
	alive := begin(s, "alive")
	dead := begin(s, "dead")
	w, err := dead.Create(ctx, "9.dat") // leaves parts behind
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content("9.dat", 30<<20)); err != nil {
		t.Fatal(err)
	}
	die(dead)
	w.Close()
	if err := b.put(ctx, b.key("foreign", "file"), []byte("{}"), true); err != nil {
		t.Fatal(err)
	}
	other, ob := openBucketStore(t, dest)
	ob.stale = b.stale
	if names, err := other.Sweep(ctx); err != nil || len(names) > 0 {
		t.Errorf("at once: %v, %v", names, err)
	}
	time.Sleep(b.stale + 1500*time.Millisecond) // times in S3 are in seconds
	if got := states(t, other); got != "whole complete, alive writing, dead incomplete" {
		t.Error(got)
	}
	if _, err := other.Snapshot(ctx, "dead"); !errors.Is(err, ErrIncomplete) {
		t.Error(err)
	}
	swept.Store(true)
	next, err := other.Begin(ctx, "next", UploadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if begun.Load() != 1 || aborted.Load() != 1 {
		t.Errorf("%d uploads of parts, %d aborted", begun.Load(), aborted.Load())
	}
	if got := next.Swept(); len(got) != 1 || got[0] != "dead" {
		t.Errorf("swept %q", got)
	}
	if err := next.Abort(ctx); err != nil {
		t.Error(err)
	}
	if err := dead.draft.publish(ctx, []byte("{}"), nil); !errors.Is(err, errTaken) {
		t.Errorf("the dead publish: %v", err)
	}
	if err := dead.Abort(ctx); err != nil {
		t.Error(err)
	}
	if err := alive.Publish(ctx, Metadata{}); err != nil {
		t.Error(err)
	}
	same(t, other, "alive")
	if there, err := b.b.Exists(ctx, b.key("foreign", "file")); !there || err != nil {
		t.Errorf("what is not ours is gone: %v", err)
	}
}

// What a dead run still closes is not stored: its context ends at once for every
// file, not a moment later.
func TestDeadRunStoresNothing(t *testing.T) {
	ctx := context.Background()
	s, b := openBucketStore(t, fakeS3(t, nil))
	for i := range 100 {
		u, err := s.Begin(ctx, fmt.Sprintf("x%d", i), UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := u.Create(ctx, "1.dat")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content("1.dat", 100)); err != nil {
			t.Fatal(err)
		}
		die(u)
		if err := w.Close(); !errors.Is(err, context.Canceled) {
			t.Errorf("close: %v", err)
		}
		if there, err := b.b.Exists(ctx, b.key(fmt.Sprintf("x%d", i), "1.dat")); there || err != nil {
			t.Fatalf("in run %d: stored %t, %v", i, there, err)
		}
	}
}

// A run that is taken over while it publishes has no snapshot, or the sweep leaves
// it: never a manifest without its files.
func TestTakenOverWhilePublishing(t *testing.T) {
	ctx := context.Background()
	dest := fakeS3(t, nil)
	s, _ := openBucketStore(t, dest)
	other, ob := openBucketStore(t, dest)
	ob.stale = -time.Hour // everything is dead
	for i := range 20 {
		name := fmt.Sprintf("x%d", i)
		u, err := s.Begin(ctx, name, UploadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		putFiles(t, u)
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
			if _, err := other.Sweep(ctx); err != nil {
				t.Log(err)
			}
		})
		err = u.Publish(ctx, Metadata{})
		wg.Wait()
		if err == nil {
			same(t, s, name)
		} else if _, err := s.Snapshot(ctx, name); err == nil {
			t.Errorf("%s: there is a snapshot that could not be published", name)
		}
	}
}

// A run may die before any of its requests: what is listed as complete is, and the
// rest is swept.
func TestS3Killed(t *testing.T) {
	ctx := context.Background()
	var left atomic.Int64
	dest := fakeS3(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left.Add(-1) < 0 {
				w.WriteHeader(http.StatusForbidden) // which nobody tries again
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	s, b := openBucketStore(t, dest)
	const ever = 1 << 40
	complete, partial := 0, 0
	for i := range 40 {
		left.Store(ever)
		name := fmt.Sprintf("x%02d", i)
		if i%3 == 0 { // something to remove
			put(t, s, name, Metadata{})
			left.Store(int64(rand.IntN(16)))
			s.Remove(ctx, name)
		} else {
			left.Store(int64(rand.IntN(24)))
			if u, err := s.Begin(ctx, name, UploadOptions{}); err == nil {
				for file, n := range sizes {
					if w, err := u.Create(ctx, file); err == nil {
						w.Write(content(file, n))
						w.Close()
					}
				}
				u.Publish(ctx, Metadata{})
				die(u)
			}
		}
		left.Store(ever)
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range list {
			switch {
			case l.State == Damaged:
				t.Error(l.Err)
			case l.Name != name:
			case l.State == Complete:
				complete++
				same(t, s, name)
			default:
				partial++
			}
		}
	}
	b.stale = -time.Hour
	if _, err := s.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	b.stale = staleAfter
	if got := states(t, s); strings.Contains(got, string(Incomplete)) || strings.Contains(got, string(Writing)) {
		t.Error(got)
	}
	if complete == 0 || partial == 0 {
		t.Errorf("%d complete, %d partial: the deaths came at the wrong time", complete, partial)
	}
	t.Logf("%d complete, %d partial", complete, partial)
}
