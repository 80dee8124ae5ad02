package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/report"
)

// reportOptions say where a run's report goes.
type reportOptions struct {
	dir     string
	sign    string
	showSQL bool
}

func (o *reportOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.dir, "report", "", "write report.json and report.html into this `folder`")
	f.StringVar(&o.sign, "sign", "", "sign the report with the private key in this `file`, mode 0600; see keygen --sign")
	f.BoolVar(&o.showSQL, "show-sql", false, "show the literals of the rules in the report")
}

// reportFiles is where a report goes; nil is nowhere.
type reportFiles struct {
	dir     string
	key     ed25519.PrivateKey // nil: no signature
	showSQL bool
}

// open reads the key and makes sure that the folder is there and can be written
// to, before anything else is done.
func (o *reportOptions) open() (*reportFiles, error) {
	if o.dir == "" {
		if o.sign != "" || o.showSQL {
			return nil, usageError(errors.New("--sign and --show-sql are for a report; give --report too"))
		}
		return nil, nil
	}
	if err := localPath("report", o.dir); err != nil {
		return nil, err
	}
	f := &reportFiles{dir: o.dir, showSQL: o.showSQL}
	if o.sign != "" {
		text, err := readPrivate("signing key", o.sign)
		if err != nil {
			return nil, err
		}
		if f.key, err = report.ParsePrivate(text); err != nil {
			return nil, usageError(fmt.Errorf("signing key %s: %w; \"pgstandin keygen --sign\" makes one", o.sign, err))
		}
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	probe, err := os.CreateTemp(f.dir, ".pgstandin-")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return f, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

const (
	reportJSON      = "report.json"
	reportHTML      = "report.html"
	reportSignature = "report.json.sig"
)

// page is the path of the page.
func (f *reportFiles) page() string { return filepath.Join(f.dir, reportHTML) }

// reportFile is one of the files of a report.
type reportFile struct {
	name string
	text []byte
}

// render makes the files of a report.
func (f *reportFiles) render(r *report.Report) ([]reportFile, error) {
	text, err := r.JSON()
	if err != nil {
		return nil, err
	}
	page, err := r.HTML(text)
	if err != nil {
		return nil, err
	}
	files := []reportFile{{reportJSON, text}, {reportHTML, page}}
	if f != nil && f.key != nil {
		files = append(files, reportFile{reportSignature, report.Sign(text, f.key)})
	}
	return files, nil
}

// write replaces the report in the folder. Each file is the old one or the new
// one, whole; a signature of an older report never stands beside a newer one.
func (f *reportFiles) write(r *report.Report) error {
	files, err := f.render(r)
	if err != nil {
		return err
	}
	signature := filepath.Join(f.dir, reportSignature)
	if err := os.Remove(signature); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("report: %w", err)
	}
	for _, x := range files {
		if err := replaceFile(filepath.Join(f.dir, x.name), x.text); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// shownFlags are those whose values the report may show; the others may hold a
// password or a literal of the rules.
const shownFlags = " rules key-file workers memory report sign maintenance-db name format compress copy-format " +
	"yield lock-timeout max-rate max-lag max-snapshot-age statement-timeout stall-timeout "

// shownCommand is the command line as the report shows it.
func shownCommand(cmd *cobra.Command) []string {
	out := []string{cmd.Root().Name(), cmd.Name()}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			out = append(out, "--"+f.Name)
		case f.Value.Type() == "bool":
			out = append(out, "--"+f.Name+"="+f.Value.String())
		case strings.Contains(shownFlags, " "+f.Name+" "):
			out = append(out, "--"+f.Name, f.Value.String())
		default:
			out = append(out, "--"+f.Name, "…")
		}
	})
	return out
}
