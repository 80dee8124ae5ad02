package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pgstandin/pgstandin/keyed"
)

func newKeygenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen",
		Short: "Make a secret for masks and samples",
		Long: `Print a new secret of 32 random bytes as hex.

Keep it in a file that only you can read, or in PGSTANDIN_KEY. The same secret
gives the same masked values on every run; nobody can undo or recompute a mask
without it. Losing it does no harm but one: the next run's values are new.`,
		Example: `  (umask 077; pgstandin keygen > pgstandin.key)`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := keyed.NewSecret()
			if err != nil {
				return fmt.Errorf("keygen: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), s.Hex())
			return err
		},
	}
}
