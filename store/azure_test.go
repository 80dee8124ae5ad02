package store

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"maps"
)

// azure is what of Azure's Blob service a store needs, with one container
// (https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api).
type azure struct {
	mu     sync.Mutex
	blobs  map[string][]byte
	when   map[string]time.Time
	blocks map[string][]byte
	// refuse may answer a request that writes in the server's stead.
	refuse func(w http.ResponseWriter, r *http.Request, key string) bool
	puts   int // requests that write
}

// fakeAzure starts the service, and returns it with the destination.
func fakeAzure(t *testing.T) (*azure, string) {
	t.Helper()
	t.Setenv("AZURE_STORAGE_ACCOUNT", "devstoreaccount1")
	t.Setenv("AZURE_STORAGE_KEY", base64.StdEncoding.EncodeToString([]byte(testSecret)))
	a := &azure{blobs: map[string][]byte{}, when: map[string]time.Time{}, blocks: map[string][]byte{}}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return a, "azblob://snaps/some/prefix?localemu=true&protocol=http&domain=" + strings.TrimPrefix(srv.URL, "http://")
}

func fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>about %s</Message></Error>", code, testSecret)
}

func (a *azure) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/devstoreaccount1/snaps"), "/")
	q := r.URL.Query()
	text, there := a.blobs[key]
	switch {
	case q.Get("comp") == "list":
		a.list(w, q.Get("prefix"), q.Get("delimiter"))
	case r.Method == http.MethodPut:
		a.puts++
		if a.refuse == nil || !a.refuse(w, r, key) {
			a.put(w, r, key, body)
		}
	case !there:
		fail(w, http.StatusNotFound, "BlobNotFound")
	case r.Method == http.MethodDelete:
		delete(a.blobs, key)
		w.WriteHeader(http.StatusAccepted)
	default:
		w.Header().Set("Last-Modified", a.when[key].UTC().Format(http.TimeFormat))
		w.Header().Set("x-ms-creation-time", a.when[key].UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("ETag", `"1"`)
		from, status := 0, http.StatusOK
		if at, ok := strings.CutPrefix(r.Header.Get("x-ms-range"), "bytes="); ok {
			from, _ = strconv.Atoi(strings.TrimRight(at, "-"))
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(text)-1, len(text)))
			status = http.StatusPartialContent
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(text)-from))
		w.WriteHeader(status)
		if r.Method == http.MethodGet {
			w.Write(text[from:])
		}
	}
}

func (a *azure) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	switch q := r.URL.Query(); q.Get("comp") {
	case "block":
		a.blocks[key+" "+q.Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
		return
	case "blocklist":
		var list struct{ Latest []string }
		if err := xml.Unmarshal(body, &list); err != nil {
			fail(w, http.StatusBadRequest, "InvalidXmlDocument")
			return
		}
		body = nil
		for _, id := range list.Latest {
			body = append(body, a.blocks[key+" "+id]...)
		}
	}
	if _, there := a.blobs[key]; there && r.Header.Get("If-None-Match") == "*" {
		fail(w, http.StatusConflict, "BlobAlreadyExists")
		return
	}
	a.blobs[key], a.when[key] = body, time.Now()
	w.Header().Set("ETag", `"1"`)
	w.WriteHeader(http.StatusCreated)
}

func (a *azure) list(w http.ResponseWriter, prefix, delimiter string) {
	fmt.Fprint(w, "<?xml version=\"1.0\"?><EnumerationResults><Blobs>")
	last := ""
	for _, key := range slices.Sorted(maps.Keys(a.blobs)) {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if folder, _, ok := strings.Cut(rest, delimiter); ok && delimiter != "" {
			if folder != last {
				fmt.Fprintf(w, "<BlobPrefix><Name>%s</Name></BlobPrefix>", prefix+folder+delimiter)
			}
			last = folder
			continue
		}
		fmt.Fprintf(w, "<Blob><Name>%s</Name><Properties><Last-Modified>%s</Last-Modified><Etag>1</Etag><Content-Length>%d</Content-Length></Properties></Blob>",
			key, a.when[key].UTC().Format(http.TimeFormat), len(a.blobs[key]))
	}
	fmt.Fprint(w, "</Blobs><NextMarker/></EnumerationResults>")
}

// TestAzure: what was put is there, a file of several blocks too, and goes again.
func TestAzure(t *testing.T) {
	_, dest := fakeAzure(t)
	s, b := openBucketStore(t, dest)
	b.part = 1000
	put(t, s, "one", Metadata{Created: time.Now()})
	put(t, s, "two", Metadata{Created: time.Now().Add(-time.Hour)})
	same(t, s, "one")
	if _, err := s.Begin(t.Context(), "one", UploadOptions{}); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), "one"); err != nil {
		t.Error(err)
	}
	if got := states(t, s); got != "two complete" {
		t.Error(got)
	}
}

// TestAzureRefuses: whatever the service refuses, and however late, ends in an error that
// says why, without anything secret, and nothing is published. What may pass is tried again.
func TestAzureRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		status     int
		code, want string
	}{
		"no permission": {403, "AuthorizationPermissionMismatch", "access denied (AuthorizationPermissionMismatch); grant"},
		"wrong key":     {403, "AuthenticationFailed", "does not accept the credentials (AuthenticationFailed); renew"},
		"full":          {409, "AccountIsDisabled", "AccountIsDisabled"},
	} {
		for _, which := range []string{"owner", "data", "manifest.json"} {
			t.Run(what+", "+which, func(t *testing.T) {
				a, dest := fakeAzure(t)
				a.refuse = func(w http.ResponseWriter, r *http.Request, key string) bool {
					if !strings.Contains(key, which) {
						return false
					}
					fail(w, c.status, c.code)
					return true
				}
				s, b := openBucketStore(t, dest)
				b.part = 1000
				err := func() error {
					u, err := s.Begin(t.Context(), "one", UploadOptions{})
					if err != nil {
						return err
					}
					defer u.Abort(t.Context())
					f, err := u.Create(t.Context(), "data")
					if err != nil {
						return err
					}
					if _, err := f.Write(content("data", 2500)); err != nil {
						return err
					}
					if err := f.Close(); err != nil {
						return err
					}
					return u.Publish(t.Context(), Metadata{})
				}()
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v", err)
				}
				for _, secret := range []string{testSecret, "127.0.0.1", "\n", "----"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%v\nholds %q", err, secret)
					}
				}
				if a.puts > 8 {
					t.Errorf("%d tries", a.puts)
				}
				if list, err := s.List(t.Context()); err != nil || len(list) > 0 && list[0].State == Complete {
					t.Errorf("%v, %v", list, err)
				}
			})
		}
	}
}

// TestAzureRace: of two runs that begin at once with one name, one is told so.
func TestAzureRace(t *testing.T) {
	a, dest := fakeAzure(t)
	a.refuse = func(w http.ResponseWriter, r *http.Request, key string) bool {
		if r.Header.Get("If-None-Match") == "*" { // the other one was first by a moment
			a.blobs[key], a.when[key] = []byte(`{"run": "other"}`), time.Now()
		}
		return false
	}
	s, _ := openBucketStore(t, dest)
	if _, err := s.Begin(t.Context(), "one", UploadOptions{}); err == nil || !strings.Contains(err.Error(), "another run is writing it") {
		t.Error(err)
	}
}
