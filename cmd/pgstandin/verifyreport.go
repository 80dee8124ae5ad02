package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/report"
)

type verifyReportOptions struct {
	public    string
	signature string
}

func (o *verifyReportOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.public, "public-key", "", "`file` with the public key")
	f.StringVar(&o.signature, "signature", "", "`file` with the signature (default: the report's name and .sig)")
}

func newVerifyReportCommand() *cobra.Command {
	var o verifyReportOptions
	cmd := &cobra.Command{
		Use:   "verify-report FILE",
		Short: "Check the signature of a report",
		Long: `Check that a report.json is, byte for byte, what a run signed with --sign. The
status is 4 when the signature does not match it.

report.html holds the SHA-256 of the report.json that it was made from.`,
		Example: `  pgstandin verify-report report.json --public-key signing.key.pub`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError(errors.New("verify-report takes one file: report.json"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerifyReport(&o, args[0], cmd.OutOrStdout())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runVerifyReport(o *verifyReportOptions, name string, out io.Writer) error {
	if o.public == "" {
		return usageError(errors.New("no public key: give --public-key FILE"))
	}
	if o.signature == "" {
		o.signature = name + ".sig"
	}
	var texts [3][]byte
	for i, file := range []string{name, o.signature, o.public} {
		var err error
		if texts[i], err = os.ReadFile(file); err != nil {
			return usageError(fmt.Errorf("verify-report: %w", err))
		}
	}
	key, err := report.ParsePublic(texts[2])
	if err != nil {
		return usageError(fmt.Errorf("public key %s: %w", o.public, err))
	}
	if !report.Verify(texts[0], texts[1], key) {
		return withStatus(exitVerify, fmt.Errorf("%s: the signature does not match: it is not what was signed, or another key signed it", name))
	}
	_, err = fmt.Fprintf(out, "%s is what was signed\n", name)
	return err
}
