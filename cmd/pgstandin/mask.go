package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/report"
	"github.com/pgstandin/pgstandin/subset"
)

type maskOptions struct {
	rules   rulesOptions
	key     keyOptions
	schema  string
	allRows bool
	onePass bool
	memory  byteCount
	quiet   bool
	json    bool
}

func (o *maskOptions) AddFlags(f *pflag.FlagSet) {
	o.rules.AddFlags(f)
	o.key.AddFlags(f)
	f.StringVar(&o.schema, "schema", "", "`file` with the schema of the dump, as pg_dump --schema-only writes it (default: DUMP itself, else what the lock file says of keys)")
	f.BoolVar(&o.allRows, "all-rows", false, "take every row although the rules choose some: the dump is no database to choose from")
	f.BoolVar(&o.onePass, "one-pass", false, "look in texts for values of their own row only: no second reading for what other tables say of a person")
	o.memory = subset.DefaultMemory
	f.Var(&o.memory, "memory", "what the values that texts may quote may take in memory")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing on standard error but errors")
	f.BoolVar(&o.json, "json", false, "print the counts as JSON, on standard error")
}

func newMaskCommand() *cobra.Command {
	var o maskOptions
	cmd := &cobra.Command{
		Use:   "mask [DUMP]",
		Short: "Mask a plain dump on its way from standard input to standard output",
		Long: `Read a dump that pg_dump wrote in plain format, with rows as COPY or INSERT, and
write it with masked rows; each value becomes what refresh with the same rules and
secret makes of it. Everything else passes as it is, but for what docs/mask-filter.md
lists. No database is read.

Masks need to know the keys, which come after the rows in a dump. They come from
DUMP, which is then read twice, from --schema, or from the lock file beside the
rules (pgstandin.lock) and the tables that the dump begins with. To know types, that
schema is loaded into a throw-away server on this machine; rows are not.

After an error the output ends with a statement that fails, so that nothing takes
it for whole.`,
		Example: `  pgstandin mask dump.sql > clean.sql
  pgstandin mask --schema schema.sql < dump.sql > clean.sql
  pg_dump shop | pgstandin mask --one-pass | gzip > clean.sql.gz`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError(fmt.Errorf("argument %q: mask takes one dump", args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dump := ""
			if len(args) == 1 && args[0] != "-" {
				dump = args[0]
			}
			return runMask(cmd, &o, dump)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// cutOff is what the output ends with after an error.
const cutOff = `
DO $pgstandin$ BEGIN RAISE EXCEPTION 'this dump is not whole: pgstandin mask ended with an error'; END $pgstandin$;
`

func runMask(cmd *cobra.Command, o *maskOptions, dump string) error {
	out := cmd.OutOrStdout()
	res, err := o.mask(cmd.Context(), dump, cmd.InOrStdin(), out, cmd.ErrOrStderr())
	if err != nil {
		_, _ = io.WriteString(out, cutOff)
		return err
	}
	switch {
	case o.json:
		return json.NewEncoder(cmd.ErrOrStderr()).Encode(res)
	case o.quiet:
		return nil
	}
	return res.print(cmd.ErrOrStderr())
}

// mask does everything. dump is the name of a file, "" for in.
func (o *maskOptions) mask(ctx context.Context, dump string, in io.Reader, out, errOut io.Writer) (res *maskResult, err error) {
	started := time.Now()
	file, err := o.rules.parse()
	if err != nil {
		return nil, err
	}
	j := &job{file: file, stream: true}
	if j.secret, err = o.key.secret(); err != nil {
		return nil, err
	}
	s := maskSetup{options: o, job: j, dump: dump, errOut: errOut}
	defer func() { err = errors.Join(err, s.Close()) }()
	if dump != "" {
		if s.file, err = os.Open(dump); err != nil {
			return nil, usageError(fmt.Errorf("dump: %w", err))
		}
		in = s.file
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	if res, err = s.mask(ctx, in, out); err != nil {
		return nil, err
	}
	if err := s.unchanged(); err != nil {
		return nil, err
	}
	res.Seconds = time.Since(started).Seconds()
	res.KeyID, res.Rules = j.secret.ID(), report.Rules{File: file.Name, SHA256: file.Hash}
	return res, nil
}
