package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// bucketDraft is a partial snapshot in a bucket.
type bucketDraft struct {
	*bucket
	name string
	run  string

	ctx    context.Context // ends, with the cause, when the mark is lost
	cancel context.CancelCauseFunc

	mu    sync.Mutex // held while the mark is written
	timer *time.Timer
	ended bool
}

func (d *bucketDraft) text() []byte {
	text, err := json.Marshal(mark{d.run})
	if err != nil {
		panic(err) // a string is always JSON
	}
	return text
}

// errTaken is what a run learns that was still for too long.
var errTaken = errors.New("another run took this one for dead and removed it, because it had not been heard of for too long")

// owns reports an error unless the mark is ours and no sweep has claimed it.
func (d *bucketDraft) owns(ctx context.Context) error {
	text, err := d.b.ReadAll(ctx, d.key(d.name, ownerFile))
	if gcerrors.Code(err) == gcerrors.NotFound && !noBucket(err) {
		return errTaken
	}
	if err != nil {
		return d.explain(err)
	}
	var m mark
	if json.Unmarshal(text, &m) != nil || m.Run != d.run {
		return errTaken
	}
	claimed, err := d.b.Exists(ctx, d.key(d.name, claimFile))
	if err != nil {
		return d.explain(err)
	}
	if claimed {
		return errTaken
	}
	return nil
}

// schedule has the mark written anew, again and again until the end.
func (d *bucketDraft) schedule() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	d.timer = time.AfterFunc(d.beat, func() {
		// A failure is no harm as long as one in so many succeeds.
		ctx, cancel := context.WithTimeout(d.ctx, d.beat)
		defer cancel()
		if errors.Is(d.renew(ctx), errTaken) {
			d.cancel(errTaken)
			return
		}
		d.schedule()
	})
}

// renew writes the mark anew, if it is ours.
func (d *bucketDraft) renew(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return nil
	}
	if err := d.owns(ctx); err != nil {
		return err
	}
	return d.put(ctx, d.key(d.name, ownerFile), d.text(), false)
}

// end stops the writing of the mark.
func (d *bucketDraft) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *bucketDraft) create(ctx context.Context, file string) (writer, error) {
	if d.ctx.Err() != nil {
		return nil, context.Cause(d.ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(d.ctx, func() { cancel(context.Cause(d.ctx)) })
	w, err := d.bucket.create(ctx, d.key(d.name, file))
	if err != nil {
		stop()
		cancel(nil)
		return nil, d.explain(err)
	}
	return &bucketFile{d, w, ctx, func() { stop(); cancel(context.Canceled) }}, nil
}

// bucketFile is a file on its way to a bucket.
type bucketFile struct {
	d    *bucketDraft
	w    io.WriteCloser
	ctx  context.Context // ends with, but a moment after, that of the draft
	stop func()          // ends ctx
}

func (f *bucketFile) explain(err error) error {
	if err != nil && f.ctx.Err() != nil {
		return context.Cause(f.ctx)
	}
	return f.d.explain(err)
}

func (f *bucketFile) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	return n, f.explain(err)
}

// commit stores the object, unless the draft has ended.
func (f *bucketFile) commit() error {
	if f.d.ctx.Err() != nil {
		f.abort()
		return context.Cause(f.d.ctx)
	}
	err := f.explain(f.w.Close())
	f.stop()
	return err
}

// abort ends the context first: then Close does not store the object.
func (f *bucketFile) abort() {
	f.stop()
	_ = f.w.Close() // says that it was cancelled
}

func (d *bucketDraft) open(ctx context.Context, file string) (io.ReadCloser, error) {
	return d.bucket.open(ctx, d.name, file)
}

// publish writes the manifest before it looks whether a sweep has claimed the
// snapshot. A sweep claims it before it looks for a manifest: so either we see that, or
// the sweep sees the manifest. The mark is not written any more, or we might bring it
// back after a sweep that is through.
func (d *bucketDraft) publish(ctx context.Context, manifest []byte, files []File) error {
	d.end()
	if err := d.owns(ctx); err != nil {
		return err
	}
	stored := map[string]int64{}
	err := d.each(ctx, d.key(d.name, ""), "", func(o *blob.ListObject) error {
		stored[strings.TrimPrefix(o.Key, d.key(d.name, ""))] = o.Size
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		if n, ok := stored[f.Name]; !ok || n != f.Size {
			return fmt.Errorf("%s: the storage does not hold the %d bytes that it had taken", f.Name, f.Size)
		}
	}
	key := d.key(d.name, ManifestFile)
	if err := d.put(ctx, key, manifest, true); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%w; choose another name", ErrExists)
		}
		return err
	}
	if err := d.owns(ctx); err != nil {
		return errors.Join(err, d.drop(context.WithoutCancel(ctx), key))
	}
	// The mark of a whole snapshot says nothing: it may stay.
	_ = d.drop(ctx, d.key(d.name, ownerFile))
	return nil
}

func (d *bucketDraft) abort(ctx context.Context) error {
	d.cancel(context.Canceled)
	d.end()
	if err := d.owns(ctx); err != nil {
		if errors.Is(err, errTaken) {
			return nil // whatever is there is not ours
		}
		return err
	}
	if err := d.drop(ctx, d.key(d.name, ManifestFile)); err != nil {
		return err
	}
	return d.removeMarked(ctx, d.name)
}
