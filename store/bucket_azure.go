package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// azureWriter writes an object of Azure's. What is larger than a part is sent as blocks,
// which Close makes the object of; blocks of which none is made are gone after a week. It
// stands for the writer of gocloud.dev, which dereferences nil where an upload fails (0.47).
type azureWriter struct {
	ctx     context.Context // of the requests; once it has ended, Close stores nothing
	client  *blockblob.Client
	headers *blob.HTTPHeaders
	only    *blob.AccessConditions // that the object is not there; or nil
	part    int
	buf     []byte
	blocks  []string
}

// newAzureWriter writes the object of a key; with create only if it is not there.
func newAzureWriter(ctx context.Context, c *container.Client, key, contentType string, part int, create bool) *azureWriter {
	w := &azureWriter{
		ctx:    policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: attempts - 1, MaxRetryDelay: 10 * time.Second}),
		client: c.NewBlockBlobClient(key), headers: &blob.HTTPHeaders{BlobContentType: &contentType}, part: part,
	}
	if create {
		etag := azcore.ETagAny
		w.only = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &etag}}
	}
	return w
}

func (w *azureWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(w.buf) == w.part {
			if err := w.stage(); err != nil {
				return 0, err
			}
		}
		k := min(len(p), w.part-len(w.buf))
		w.buf, p = append(w.buf, p[:k]...), p[k:]
	}
	return n, nil
}

// stage sends what is in the buffer as a block.
func (w *azureWriter) stage() error {
	id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", len(w.blocks))) // all of one length
	if _, err := w.client.StageBlock(w.ctx, id, streaming.NopCloser(bytes.NewReader(w.buf)), nil); err != nil {
		return err
	}
	w.blocks, w.buf = append(w.blocks, id), w.buf[:0]
	return nil
}

// Close stores the object.
func (w *azureWriter) Close() error {
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	if len(w.blocks) == 0 {
		_, err := w.client.Upload(w.ctx, streaming.NopCloser(bytes.NewReader(w.buf)), &blockblob.UploadOptions{HTTPHeaders: w.headers, AccessConditions: w.only})
		return err
	}
	if len(w.buf) > 0 {
		if err := w.stage(); err != nil {
			return err
		}
	}
	_, err := w.client.CommitBlockList(w.ctx, w.blocks, &blockblob.CommitBlockListOptions{HTTPHeaders: w.headers, AccessConditions: w.only})
	return err
}
