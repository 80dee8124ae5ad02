package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/pgstandin/pgstandin/internal/ownedfolder"
)

// Stage is a folder for files that are not published as they are: in the system's
// folder for temporary files, readable by nobody else, and swept by later runs if
// this one dies. It is a Files.
type Stage struct{ own *ownedfolder.Folder }

// NewStage makes a stage. The caller closes it.
func NewStage() (*Stage, error) {
	own, err := newFolder()
	if err != nil {
		return nil, fmt.Errorf("temporary folder: %w", err)
	}
	if err := os.Mkdir(filepath.Join(own.Dir(), "stage"), 0o700); err != nil {
		return nil, fmt.Errorf("temporary folder: %w", errors.Join(err, own.Remove()))
	}
	return &Stage{own}, nil
}

// Close removes the stage with all that is in it.
func (s *Stage) Close() error { return s.own.Remove() }

// Dir is the folder that the files are in.
func (s *Stage) Dir() string { return filepath.Join(s.own.Dir(), "stage") }

// Create implements Files.
func (s *Stage) Create(_ context.Context, name string) (io.WriteCloser, error) {
	f, err := os.OpenFile(filepath.Join(s.Dir(), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("temporary folder: %w", err)
	}
	return &stageFile{bufio.NewWriterSize(f, blockBytes), f}, nil
}

// Open implements Files.
func (s *Stage) Open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(s.Dir(), name))
	if err != nil {
		return nil, fmt.Errorf("temporary folder: %w", err)
	}
	return f, nil
}

type stageFile struct {
	*bufio.Writer
	file *os.File
}

func (s *stageFile) Close() error { return errors.Join(s.Flush(), s.file.Close()) }

// Sweep removes the folders for temporary files that dead runs left, and returns
// their names.
func Sweep() []string { return sweepFolders() }

// FindRestore returns the pg_restore that Script takes: the configured one, or where
// that is empty one of that major version or later.
func FindRestore(ctx context.Context, configured string, major int) (program string, err error) {
	program, _, err = findTool(ctx, "pg_restore", configured, major)
	return program, err
}

// Script writes the archive in a folder as the SQL that a pg_restore makes of it: one
// script for psql, rows included.
func Script(ctx context.Context, program, dir string, out io.Writer) error {
	cmd := exec.CommandContext(ctx, program, "--file=-", dir)
	said, written := complaints{program: "pg_restore"}, stickyWriter{w: out}
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bareEnv(), &written, &said, 10*time.Second
	err := runAttached(cmd)
	if written.err != nil {
		return written.err
	}
	return said.error(ctx, err)
}

// stickyWriter remembers the first error of a writer.
type stickyWriter struct {
	w   io.Writer
	err error
}

func (s *stickyWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
