package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcp"
)

// attempts is how often a request is sent whose connection broke, or that the
// storage was too busy for.
const attempts = 8

// openBucket opens the bucket of a URL. Nothing is asked of it.
func openBucket(ctx context.Context, dest string) (*bucket, error) {
	u, err := url.Parse(dest)
	if err != nil {
		return nil, errors.New("destination: the URL is not valid; write s3://bucket/prefix")
	}
	shown := u.Scheme + "://" + u.Host + strings.TrimSuffix(u.EscapedPath(), "/")
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("destination %s://%s: credentials do not belong into the URL; put them into the environment", u.Scheme, u.Host)
	case u.Host == "":
		return nil, fmt.Errorf("destination %s: no bucket; write %s://bucket/prefix", shown, u.Scheme)
	case u.Fragment != "":
		return nil, fmt.Errorf("destination %s: # in a URL; write it as %%23", shown)
	}
	b := &bucket{shown: shown, stale: staleAfter, beat: beatEvery, part: partSize}
	if p := strings.Trim(u.Path, "/"); p != "" {
		b.prefix = p + "/"
	}
	u.Path, u.RawPath = "", ""
	switch u.Scheme {
	case s3blob.Scheme:
		err = b.openS3(ctx, u)
	case gcsblob.Scheme:
		b.b, err = openGCS(ctx, u)
	default:
		err = b.openAzure(ctx, u)
	}
	if err != nil {
		return nil, fmt.Errorf("destination %s: %w", shown, b.explain(err))
	}
	return b, nil
}

// openGCS opens a bucket of Google Cloud Storage. The library's opener goes on without
// credentials, and says so on standard output: it is asked only where there are some.
func openGCS(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	anonymous, _ := strconv.ParseBool(u.Query().Get("anonymous"))
	if anonymous || u.Query().Get("access_id") == "-" {
		opener := gcsblob.URLOpener{Client: gcp.NewAnonymousHTTPClient(gcp.DefaultTransport())}
		return opener.OpenBucketURL(ctx, u)
	}
	if os.Getenv("STORAGE_EMULATOR_HOST") == "" && os.Getenv("STORAGE_EMULATOR_HOST_GRPC") == "" {
		if _, err := gcp.DefaultCredentials(ctx); err != nil {
			return nil, err
		}
	}
	return blob.OpenBucket(ctx, u.String())
}

// openAzure opens a container of Azure's.
func (b *bucket) openAzure(ctx context.Context, u *url.URL) (err error) {
	if strings.ContainsAny(b.prefix, `\"#%?`) || strings.Contains(b.prefix, "../") {
		return errors.New(`in Azure, a prefix with \, ", #, %, ? or ../ is not possible`) // they would be escaped, by some and not by others
	}
	if b.b, err = blob.OpenBucket(ctx, u.String()); err != nil {
		return err
	}
	if !b.b.As(&b.azure) {
		return errors.New("the library has another client of Azure than this program")
	}
	return nil
}

// openS3 opens a bucket of S3, or of what speaks like it.
func (b *bucket) openS3(ctx context.Context, u *url.URL) error {
	q := u.Query()
	opts, s3Opts, err := s3Options(q)
	if err != nil {
		return err
	}
	cfg, err := gcaws.V2ConfigFromURLParams(ctx, q)
	if err != nil {
		return err
	}
	if cfg.Region == "" && q.Get("endpoint") != "" {
		cfg.Region = "us-east-1" // what others than AWS take
	}
	if cfg.Region == "" {
		return errors.New("no region; add ?region=… or set AWS_REGION")
	}
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = attempts, 10*time.Second, ratelimit.None
		})
	}
	cfg.RetryMaxAttempts = attempts
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = time.Minute // a connection may die in silence
	})
	client := s3.NewFromConfig(cfg, s3Opts)
	opts.RequestChecksumCalculation = cfg.RequestChecksumCalculation
	if b.b, err = s3blob.OpenBucket(ctx, client, u.Host, opts); err != nil {
		return err
	}
	name := u.Host
	b.abortParts = func(ctx context.Context, prefix string) error { return abortParts(ctx, client, name, prefix) }
	return nil
}

// s3Options takes from a query what is not of the connection.
func s3Options(q url.Values) (*s3blob.Options, func(*s3.Options), error) {
	opts := &s3blob.Options{}
	pathStyle := q.Get("endpoint") != ""
	if v := q.Get("use_path_style"); v != "" {
		var err error
		if pathStyle, err = strconv.ParseBool(v); err != nil {
			return nil, nil, errors.New("use_path_style is true or false")
		}
	}
	if v := q.Get("ssetype"); v != "" {
		opts.EncryptionType = types.ServerSideEncryption(v)
	}
	opts.KMSEncryptionID = q.Get("kmskeyid")
	for _, name := range []string{"use_path_style", "ssetype", "kmskeyid"} {
		q.Del(name)
	}
	if e := q.Get("endpoint"); e != "" {
		if at, err := url.Parse(e); err != nil || at.Host == "" || at.User != nil || (at.Scheme != "http" && at.Scheme != "https") {
			return nil, nil, errors.New("endpoint is a URL: https://host:port")
		}
		if q.Get("hostname_immutable") == "" {
			q.Set("hostname_immutable", strconv.FormatBool(pathStyle))
		}
	}
	return opts, func(o *s3.Options) {
		o.UsePathStyle = pathStyle
		o.DisableLogOutputChecksumValidationSkipped = true // the manifest has a better one
	}, nil
}

// abortParts drops the uploads below a prefix that nobody completed: S3 keeps, and
// bills, their parts.
func abortParts(ctx context.Context, client *s3.Client, bucket, prefix string) error {
	pages := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if unsupported(err) || denied(err) || errorCode(err) == "NoSuchUpload" {
			return nil // a rule of the bucket may do it
		}
		if err != nil {
			return err
		}
		for _, up := range page.Uploads {
			if !strings.HasPrefix(aws.ToString(up.Key), prefix) {
				continue
			}
			_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: up.Key, UploadId: up.UploadId})
			if err != nil && errorCode(err) != "NoSuchUpload" {
				return err
			}
		}
	}
	return nil
}
