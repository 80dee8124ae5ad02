package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/gcerrors"
)

// errorCode is the code that a storage of S3's kind, or of Azure's, gives an error;
// "" if there is none.
func errorCode(err error) string {
	var api interface {
		error
		ErrorCode() string
	}
	var azure *azcore.ResponseError
	switch {
	case errors.As(err, &api):
		return api.ErrorCode()
	case errors.As(err, &azure):
		return azure.ErrorCode
	}
	return ""
}

// httpStatus is the status of the answer that an error stands for, or 0.
func httpStatus(err error) int {
	var answer interface {
		error
		HTTPStatusCode() int
	}
	var azure *azcore.ResponseError
	switch {
	case errors.As(err, &answer):
		return answer.HTTPStatusCode()
	case errors.As(err, &azure):
		return azure.StatusCode
	}
	return 0
}

// thereAlready reports whether an object was not written because it was there.
func thereAlready(err error) bool {
	return gcerrors.Code(err) == gcerrors.FailedPrecondition || errorCode(err) == "BlobAlreadyExists" || httpStatus(err) == http.StatusPreconditionFailed
}

func isAzure(err error) bool {
	var azure *azcore.ResponseError
	return errors.As(err, &azure)
}

func noBucket(err error) bool {
	return err != nil && (errorCode(err) == "NoSuchBucket" || strings.Contains(err.Error(), "ContainerNotFound") ||
		strings.Contains(err.Error(), "The specified bucket does not exist"))
}

func denied(err error) bool {
	status := httpStatus(err)
	return gcerrors.Code(err) == gcerrors.PermissionDenied || status == http.StatusUnauthorized || status == http.StatusForbidden
}

// permanent reports whether another try would end the same.
func permanent(err error) bool {
	code := gcerrors.Code(err)
	return denied(err) || noBucket(err) || code == gcerrors.NotFound || code == gcerrors.InvalidArgument || code == gcerrors.Canceled
}

// unsupported reports whether the storage does not know how to write only what is
// not there.
func unsupported(err error) bool {
	if err == nil {
		return false
	}
	return gcerrors.Code(err) == gcerrors.Unimplemented || errorCode(err) == "NotImplemented" || httpStatus(err) == http.StatusNotImplemented
}

// explain is an error of the storage in one line, with what to do about it and
// without anything secret. Only errors of the context stay what they are.
func (b *bucket) explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	code := errorCode(err)
	text := redact(err.Error())
	switch {
	case noBucket(err), gcerrors.Code(err) == gcerrors.NotFound:
		return errors.New("no such bucket; create it, or correct its name or the endpoint")
	case code == "InvalidAccessKeyId", code == "SignatureDoesNotMatch", code == "ExpiredToken", code == "InvalidToken", code == "TokenRefreshRequired", code == "AuthenticationFailed":
		return fmt.Errorf("the storage does not accept the credentials (%s); renew them", code)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", code == "IllegalLocationConstraintException":
		return fmt.Errorf("the bucket is in another region (%s); add ?region=… or set AWS_REGION", code)
	case denied(err):
		if code == "" {
			code = fmt.Sprintf("status %d", httpStatus(err))
		}
		return fmt.Errorf("access denied (%s); grant its user to list, read, write and delete objects there", code)
	case isAzure(err): // whose text is of many lines
		return fmt.Errorf("the storage answers with status %d (%s)", httpStatus(err), code)
	case strings.Contains(text, "IMDS role"), strings.Contains(text, "failed to retrieve credentials"), strings.Contains(text, "get credentials"):
		return errors.New("no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
	case strings.Contains(text, "could not find default credentials"):
		return errors.New("no credentials; set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account")
	case strings.Contains(text, "Invalid Configuration: Missing Region"), strings.Contains(text, "an AWS region is required"):
		return errors.New("no region; add ?region=… or set AWS_REGION")
	}
	return errors.New(text)
}

var (
	query    = regexp.MustCompile(`(https?://[^\s"'?]+)\?[^\s"']*`)
	userInfo = regexp.MustCompile(`://[^/\s"'@]+@`)
	lines    = regexp.MustCompile(`\s*\n\s*`)
)

// secretVariables may be in the environment; what they hold is in no error.
var secretVariables = [...]string{
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN",
	"AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGEBLOB_CONNECTIONSTRING", "AZURE_CLIENT_SECRET",
}

// redact takes out of a text what may be secret in it: queries of URLs, which hold
// signatures, names and passwords before a host, and the secrets of the environment.
func redact(text string) string {
	for _, name := range secretVariables {
		if v := os.Getenv(name); v != "" {
			text = strings.ReplaceAll(text, v, "…")
		}
	}
	text = query.ReplaceAllString(text, "$1?…")
	text = userInfo.ReplaceAllString(text, "://…@")
	return lines.ReplaceAllString(strings.TrimSpace(text), "; ")
}
