package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/report"
)

func newKeygenCommand() *cobra.Command {
	var sign string
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a secret for masks and samples, or a key that signs reports",
		Long: `Print a new secret of 32 random bytes as hex.

Keep it in a file that only you can read, or in PGSTANDIN_KEY. The same secret
gives the same masked values on every run; nobody can undo or recompute a mask
without it. Losing it does no harm but one: the next run's values are new.

With --sign FILE it makes an Ed25519 key pair instead: the private key in FILE,
for refresh --sign, and the public one in FILE.pub, for verify-report. Neither
file may exist.`,
		Example: `  (umask 077; pgstandin keygen > pgstandin.key)
  pgstandin keygen --sign signing.key`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("sign") {
				return makeSigningKey(sign, cmd.OutOrStdout())
			}
			s, err := keyed.NewSecret()
			if err != nil {
				return fmt.Errorf("keygen: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), s.Hex())
			return err
		},
	}
	cmd.Flags().StringVar(&sign, "sign", "", "make a key pair that signs reports, in `FILE` and FILE.pub")
	return cmd
}

// makeSigningKey writes a new pair of keys into files that must not exist.
func makeSigningKey(name string, out io.Writer) error {
	private, public, err := report.NewKey()
	if err != nil {
		return fmt.Errorf("keygen: %w", err)
	}
	if err := newFile(name, private, 0o600); err != nil {
		return fmt.Errorf("keygen: %w", err)
	}
	if err := newFile(name+".pub", public, 0o644); err != nil {
		return fmt.Errorf("keygen: %w", errors.Join(err, os.Remove(name)))
	}
	_, err = fmt.Fprintf(out, "private key: %s\npublic key:  %s.pub\n", name, name)
	return err
}

// newFile writes a file that must not exist: whole, or not at all.
func newFile(name string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
