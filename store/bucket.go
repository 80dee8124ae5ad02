package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// staleAfter is how old the mark of a run may be, in a bucket, before the run is
// taken for dead.
const staleAfter = 15 * time.Minute

// beatEvery is how often a run writes its mark anew.
const beatEvery = time.Minute

const (
	// partSize is how much of a file is sent, and sent again if need be, in one
	// request. S3 takes 10,000 parts of a file.
	partSize = 16 << 20
	// partsAtOnce is how many parts of a file are on their way at once. A file that
	// is being written takes one buffer more than that.
	partsAtOnce = 2
)

// bucket is a place in object storage.
type bucket struct {
	b      *blob.Bucket
	azure  *container.Client // of Azure's storage, else nil; see azureWriter
	shown  string            // without what may be secret
	prefix string            // "" or ends in a slash
	// abortParts drops the uploads of parts that were begun below a key; nil where
	// the storage drops them by itself.
	abortParts func(ctx context.Context, prefix string) error
	stale      time.Duration
	beat       time.Duration
	part       int
}

func (b *bucket) String() string { return b.shown }
func (b *bucket) close() error   { return b.b.Close() }

// key is without a name that of a file in the prefix itself.
func (b *bucket) key(name, file string) string {
	if name == "" {
		return b.prefix + file
	}
	return b.prefix + name + "/" + file
}

// claimFile is the object by which a sweep claims a partial snapshot. The run's own
// mark would not do: a run that is alive after all may be writing that at the moment.
const claimFile = ownerFile + ".swept"

// mark is what the mark of a run holds.
type mark struct {
	Run string `json:"run"`
}

func (b *bucket) found(ctx context.Context) ([]found, error) {
	var names []string
	err := b.each(ctx, b.prefix, "/", func(o *blob.ListObject) error {
		name := strings.TrimSuffix(strings.TrimPrefix(o.Key, b.prefix), "/")
		if o.IsDir && CheckName(name) == nil {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []found
	for _, name := range names {
		whole, err := b.b.Exists(ctx, b.key(name, ManifestFile))
		if err != nil {
			return nil, b.explain(err)
		}
		if whole {
			out = append(out, found{name: name})
			continue
		}
		l := found{name: name, partial: true}
		marked := false
		err = b.each(ctx, b.key(name, ""), "", func(o *blob.ListObject) error {
			if o.Key == b.key(name, ownerFile) || o.Key == b.key(name, claimFile) && !marked {
				marked = true
				l.since = o.ModTime
				l.live = o.Key != b.key(name, claimFile) && time.Since(o.ModTime) < b.stale
			} else {
				l.size += o.Size
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if marked { // else it is not ours
			out = append(out, l)
		}
	}
	return out, nil
}

// each calls fn for every object below prefix.
func (b *bucket) each(ctx context.Context, prefix, delimiter string, fn func(*blob.ListObject) error) error {
	it := b.b.List(&blob.ListOptions{Prefix: prefix, Delimiter: delimiter})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return b.explain(err)
		}
		if err := fn(o); err != nil {
			return err
		}
	}
}

func (b *bucket) open(ctx context.Context, name, file string) (io.ReadCloser, error) {
	return b.openKey(ctx, b.key(name, file))
}

func (b *bucket) openKey(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.b.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound && !noBucket(err) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, b.explain(err)
	}
	return &resuming{ctx: ctx, b: b, key: key, r: r, size: r.Size()}, nil
}

// resumes is how often in a row a broken download is taken up again without a byte
// that came.
const resumes = 6

// resuming reads an object. A connection that breaks is replaced by one that goes
// on where it was.
type resuming struct {
	ctx   context.Context
	b     *bucket
	key   string
	r     *blob.Reader
	size  int64
	at    int64
	tries int
}

func (r *resuming) Size() int64 { return r.size }

func (r *resuming) Read(p []byte) (int, error) {
	for {
		n, err := r.r.Read(p)
		r.at += int64(n)
		if n > 0 {
			r.tries = 0
			if err != nil && !errors.Is(err, io.EOF) {
				err = nil // it comes again
			}
			return n, err
		}
		if err == nil || errors.Is(err, io.EOF) && r.at >= r.size {
			return n, err
		}
		if r.ctx.Err() != nil {
			return 0, r.ctx.Err()
		}
		if err := r.again(err); err != nil {
			return 0, err
		}
	}
}

// again opens the rest of the object.
func (r *resuming) again(cause error) error {
	for {
		if r.tries++; r.tries > resumes {
			return r.b.explain(cause)
		}
		if err := pause(r.ctx, r.tries); err != nil {
			return err
		}
		next, err := r.b.b.NewRangeReader(r.ctx, r.key, r.at, -1, nil)
		if err == nil {
			_ = r.r.Close()
			r.r = next
			return nil
		}
		if permanent(err) {
			return r.b.explain(err)
		}
		cause = err
	}
}

func (r *resuming) Close() error { return r.r.Close() }

// pause waits before the try of that number, from 1: 0.1 s, then twice as long
// each, 5 s at most.
func pause(ctx context.Context, try int) error {
	t := time.NewTimer(min(5*time.Second, 100*time.Millisecond<<(try-1)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// put writes a small object; with create only if it is not there, else fs.ErrExist.
func (b *bucket) put(ctx context.Context, key string, text []byte, create bool) error {
	err := b.write(ctx, key, text, create)
	if create && unsupported(err) {
		if there, err := b.b.Exists(ctx, key); err != nil {
			return b.explain(err)
		} else if there {
			return fs.ErrExist
		}
		return b.put(ctx, key, text, false)
	}
	if create && thereAlready(err) {
		return fs.ErrExist
	}
	return b.explain(err)
}

// write writes a small object; with create only if it is not there.
func (b *bucket) write(ctx context.Context, key string, text []byte, create bool) error {
	const contentType = "application/json"
	if b.azure == nil {
		return b.b.WriteAll(ctx, key, text, &blob.WriterOptions{ContentType: contentType, IfNotExist: create})
	}
	w := newAzureWriter(ctx, b.azure, key, contentType, b.part, create)
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// create begins an object, which closing stores unless the context has ended.
func (b *bucket) create(ctx context.Context, key string) (io.WriteCloser, error) {
	const contentType = "application/octet-stream"
	if b.azure != nil {
		return newAzureWriter(ctx, b.azure, key, contentType, b.part, false), nil
	}
	return b.b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType, BufferSize: b.part, MaxConcurrency: partsAtOnce})
}

func (b *bucket) begin(ctx context.Context, name string) (draft, error) {
	there, err := b.b.Exists(ctx, b.key(name, ManifestFile))
	if err != nil {
		return nil, b.explain(err)
	}
	if there {
		return nil, fmt.Errorf("%w; choose another name", ErrExists)
	}
	d := &bucketDraft{bucket: b, name: name, run: rand.Text()}
	err = b.put(ctx, b.key(name, ownerFile), d.text(), true)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w, or it died less than %s ago; choose another name", ErrBusy, minutes(b.stale))
	}
	if err != nil {
		return nil, err
	}
	if err := d.owns(ctx); err != nil {
		return nil, err
	}
	d.ctx, d.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	d.schedule()
	return d, nil
}

// minutes is a duration as messages have it.
func minutes(d time.Duration) string {
	if d < time.Minute {
		return d.String()
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

// drop removes an object, if it is there.
func (b *bucket) drop(ctx context.Context, key string) error {
	err := b.b.Delete(ctx, key)
	if err != nil && (gcerrors.Code(err) != gcerrors.NotFound || noBucket(err)) {
		return b.explain(err)
	}
	return nil
}

// removeMarked removes what is left of a snapshot whose mark is ours: the mark last.
func (b *bucket) removeMarked(ctx context.Context, name string) error {
	if b.abortParts != nil {
		if err := b.abortParts(ctx, b.key(name, "")); err != nil {
			return b.explain(err)
		}
	}
	var keys []string
	err := b.each(ctx, b.key(name, ""), "", func(o *blob.ListObject) error {
		if o.Key != b.key(name, ownerFile) && o.Key != b.key(name, claimFile) {
			keys = append(keys, o.Key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range append(keys, b.key(name, ownerFile), b.key(name, claimFile)) {
		if err := b.drop(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// takeOver makes the mark of a snapshot ours.
func (b *bucket) takeOver(ctx context.Context, name string) error {
	d := bucketDraft{bucket: b, name: name, run: rand.Text()}
	return b.put(ctx, b.key(name, ownerFile), d.text(), false)
}

func (b *bucket) remove(ctx context.Context, name string, _ []File) error {
	if err := b.takeOver(ctx, name); err != nil {
		return err
	}
	if err := b.drop(ctx, b.key(name, ManifestFile)); err != nil {
		return err
	}
	return b.removeMarked(ctx, name)
}

func (b *bucket) sweep(ctx context.Context) ([]string, error) {
	all, err := b.found(ctx)
	if err != nil {
		return nil, err
	}
	var swept []string
	for _, f := range all {
		if !f.partial || f.live {
			continue
		}
		dead, err := b.dead(ctx, f.name)
		if err != nil {
			return swept, err
		}
		if !dead {
			continue
		}
		if err := b.put(ctx, b.key(f.name, claimFile), []byte("{}"), false); err != nil {
			return swept, err
		}
		whole, err := b.b.Exists(ctx, b.key(f.name, ManifestFile))
		switch {
		case err != nil:
			return swept, b.explain(err)
		case whole:
			err = b.drop(ctx, b.key(f.name, claimFile))
		default:
			err = b.removeMarked(ctx, f.name)
			swept = append(swept, f.name)
		}
		if err != nil {
			return swept, err
		}
	}
	return swept, nil
}

// dead reports whether the mark of a snapshot is too old, by the storage's clock.
// By ours it is: a probe that is written now tells the storage's time.
func (b *bucket) dead(ctx context.Context, name string) (bool, error) {
	probe := b.key(name, ownerFile+".probe")
	if err := b.put(ctx, probe, []byte("{}"), false); err != nil {
		return false, err
	}
	now, err := b.b.Attributes(ctx, probe)
	if err == nil {
		err = b.b.Delete(ctx, probe)
	}
	if err != nil {
		return false, b.explain(err)
	}
	owner, err := b.b.Attributes(ctx, b.key(name, ownerFile))
	if gcerrors.Code(err) == gcerrors.NotFound { // a sweep has come so far, or it ended meanwhile
		return b.b.Exists(ctx, b.key(name, claimFile))
	}
	if err != nil {
		return false, b.explain(err)
	}
	return now.ModTime.Sub(owner.ModTime) >= b.stale, nil
}
