package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/pipeline"
)

// openSchema loads the schema in the file of that name into a throw-away server; "-" is
// in. The caller closes what it returns.
func openSchema(ctx context.Context, name string, in io.Reader, log io.Writer) (*schemafile.Database, error) {
	shown, text, err := openSchemaText(name, in)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	d, err := schemafile.Open(ctx, shown, text, log, pipeline.SafeError)
	return d, schemaStatus(err)
}

// openSchemaText opens the file of that name, "-" for in, and says what it is called in
// messages.
func openSchemaText(name string, in io.Reader) (string, io.ReadCloser, error) {
	if name == "-" {
		return "standard input", io.NopCloser(in), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return "", nil, usageError(fmt.Errorf("schema: %w", err))
	}
	return name, file, nil
}

// schemaStatus gives an error of a file its exit status.
func schemaStatus(err error) error {
	var wrong *schemafile.Error
	if errors.As(err, &wrong) {
		return usageError(err)
	}
	return err
}

// passedNotes say what of a file was passed over.
func passedNotes(name string, passed []schemafile.PassedOver) []string {
	var parts []string
	for _, x := range passed {
		parts = append(parts, count(int64(x.Count))+" "+x.What)
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"statements of " + name + " that were passed over: " + strings.Join(parts, ", ")}
}
