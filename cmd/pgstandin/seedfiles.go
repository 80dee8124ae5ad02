package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pgstandin/pgstandin/pipeline"
)

// toFiles writes rows as files, for the schema of a file.
func (r *seedRun) toFiles(ctx context.Context) (err error) {
	if err := r.free(); err != nil {
		return err
	}
	r.report.Step("read the schema")
	from, err := openSchema(ctx, r.o.schema, r.in, r.errOut)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	for _, note := range passedNotes(from.Name(), from.PassedOver()) {
		r.report.Note(note)
	}
	cfg, err := throwAway(from.DSN())
	if err != nil {
		return err
	}
	if err := r.open(ctx, cfg.Conn); err != nil {
		return err
	}
	defer r.filling.Close(ctx)
	r.name = from.Name()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	w := r.work()
	script, err := r.filling.Script(ctx, w)
	if err != nil {
		return err
	}
	r.report.Step("write rows")
	f := &seedFiles{r: r, work: w, script: script, rows: make([]int64, len(w.Steps)), bytes: make([]int64, len(w.Steps))}
	if err := f.write(ctx); err != nil {
		return err
	}
	return r.done(f.rows, f.bytes)
}

// free refuses a folder that holds files, and a file that is there.
func (r *seedRun) free() error {
	info, err := os.Stat(r.o.out)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return usageError(fmt.Errorf("--out: %w", err))
	case !info.IsDir():
		return usageError(fmt.Errorf("--out %s: the file is there already", r.o.out))
	case strings.HasSuffix(r.o.out, ".sql"):
		return usageError(fmt.Errorf("--out %s: a folder of that name is there", r.o.out))
	}
	files, err := os.ReadDir(r.o.out)
	if err != nil {
		return usageError(fmt.Errorf("--out: %w", err))
	}
	if len(files) > 0 {
		return usageError(fmt.Errorf("--out %s: the folder is not empty", r.o.out))
	}
	return nil
}

// seedFiles writes the rows of all steps.
type seedFiles struct {
	r           *seedRun
	work        pipeline.FillWork
	script      pipeline.FillScript
	rows, bytes []int64
	total, done progress
}

func (f *seedFiles) write(ctx context.Context) (err error) {
	out := f.r.o.out
	for _, s := range f.work.Steps {
		f.total.Rows += s.Rows
	}
	name := out
	var made []string
	defer func() {
		for _, name := range made {
			if err != nil {
				err = errors.Join(err, os.Remove(name))
			}
		}
	}()
	if !strings.HasSuffix(out, ".sql") {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return usageError(fmt.Errorf("--out: %w", err))
		}
		name = filepath.Join(out, "load.sql")
	}
	return toFile(name, func(script *bufio.Writer) error {
		f.head(script)
		for i, s := range f.script.Steps {
			statements(script, s.Open)
			if name == out {
				fmt.Fprintf(script, "copy %s from stdin;\n", s.Into)
				if err := f.copy(ctx, script, i); err != nil {
					return err
				}
				fmt.Fprintln(script, `\.`)
			} else {
				data := dataName(i, f.work.Steps[i].Table.String())
				fmt.Fprintf(script, "\\copy %s from '%s'\n", s.Into, data)
				if err := toFile(filepath.Join(out, data), func(w *bufio.Writer) error { return f.copy(ctx, w, i) }); err != nil {
					return err
				}
				made = append(made, filepath.Join(out, data))
			}
			statements(script, s.Close)
		}
		statements(script, f.script.After)
		return nil
	})
}

func (f *seedFiles) head(w *bufio.Writer) {
	fmt.Fprintf(w, "-- Synthetic rows, made by pgstandin seed --seed %d.\n", f.r.number)
	if strings.HasSuffix(f.r.o.out, ".sql") {
		fmt.Fprintln(w, "-- Load them into a database with the schema and no rows: psql -f FILE DATABASE")
	} else {
		fmt.Fprintln(w, "-- Load them into a database with the schema and no rows, in this folder: psql -f load.sql DATABASE")
	}
	fmt.Fprintln(w, `\set ON_ERROR_STOP on`)
	fmt.Fprintln(w, `\encoding UTF8`)
	statements(w, f.script.Before)
}

func statements(w *bufio.Writer, list []string) {
	for _, s := range list {
		fmt.Fprintln(w, s+";")
	}
}

// dataName is the file of a step: its number, then the table's name in characters that
// any file system takes.
func dataName(step int, table string) string {
	plain := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' {
			return c
		}
		return '_'
	}, table)
	return fmt.Sprintf("%04d_%s.tsv", step+1, plain)
}

// toFile calls write for a new file, which is gone if it fails.
func toFile(name string, write func(*bufio.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usageError(fmt.Errorf("--out: %w", err))
	}
	w := bufio.NewWriterSize(file, 1<<20)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// copy makes the rows of a step.
func (f *seedFiles) copy(ctx context.Context, w io.Writer, i int) (err error) {
	s := &f.work.Steps[i]
	rows := s.NewRows()
	var buf []byte
	for row := range s.Rows {
		if buf, err = rows.Append(buf, row); err != nil {
			return err
		}
		if len(buf) < 64<<10 && row+1 < s.Rows {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, err := w.Write(buf); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		f.bytes[i] += int64(len(buf))
		f.done.Bytes += int64(len(buf))
		f.rows[i], buf = row+1, buf[:0]
		done := f.done.Rows + f.rows[i]
		f.r.report.Progress(progress{Rows: done, Bytes: f.done.Bytes, TotalRows: f.total.Rows, Running: s.Table.String(),
			TotalBytes: int64(float64(f.done.Bytes) * float64(f.total.Rows) / float64(max(1, done)))})
	}
	f.done.Rows += s.Rows
	return nil
}
