package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
)

type grantsOptions struct {
	source     sourceOptions
	target     targetOptions
	rules      rulesOptions
	sourceRole string
	targetRole string
	inPlace    bool
	json       bool
}

func (o *grantsOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.target.target, "target", "", "staging `URL` or connection string (PGSTANDIN_TARGET)")
	f.StringVar(&o.target.maintenance, "maintenance-db", "postgres", "`database` on the target server to work from")
	o.rules.AddFlags(f)
	f.StringVar(&o.sourceRole, "source-role", "pgstandin_reader", "the `role` that will read the source")
	f.StringVar(&o.targetRole, "target-role", "pgstandin_runner", "the `role` that will replace the target")
	f.BoolVar(&o.inPlace, "in-place", false, "for refresh --in-place: what the target's role needs without creating databases")
	f.BoolVar(&o.json, "json", false, "print the statements as JSON")
}

func newGrantsCommand() *cobra.Command {
	var o grantsOptions
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "Print the SQL that gives the roles at both ends what a refresh needs",
		Long: `Print SQL that gives one role on the source, and one on the target server, what
a refresh by these rules needs, and nothing else; for psql, each statement with
its reason. Only the catalogs are read, by any role that can connect; nothing is
written. With one of --source and --target, only that end's SQL is printed. When
tables or owners change, run it again: what a role has already does no harm.

Without a rules file (and no --rules) the functions and the owner that rules can
name are left out, so that a first role for "pgstandin init" can be made.`,
		Example: `  pgstandin grants --source postgres://postgres@prod/shop | psql -v ON_ERROR_STOP=1 postgres://postgres@prod/shop
  pgstandin grants --target postgres://postgres@stage/staging --target-role runner`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scripts, err := o.scripts(cmd.Context(), cmd.Flags().Changed("rules"))
			if err != nil {
				return err
			}
			return printGrants(cmd.OutOrStdout(), scripts, o.json)
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// grantsDoc is what one end needs; its JSON is the contract of --json.
type grantsDoc struct {
	End        string     `json:"end"`      // "source" or "target"
	Database   string     `json:"database"` // to run them in
	Statements []grantDoc `json:"statements"`
}

type grantDoc struct {
	SQL string `json:"sql"`
	Why string `json:"why"` // what needs it
}

func printGrants(out io.Writer, scripts []pipeline.GrantScript, asJSON bool) error {
	if asJSON {
		doc := []grantsDoc{}
		for _, s := range scripts {
			d := grantsDoc{End: s.End, Database: s.Database, Statements: []grantDoc{}}
			for _, g := range s.Grants {
				d.Statements = append(d.Statements, grantDoc{g.SQL, g.Why})
			}
			doc = append(doc, d)
		}
		return printJSON(out, doc)
	}
	for i, s := range scripts {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if _, err := io.WriteString(out, s.String()); err != nil {
			return err
		}
	}
	return nil
}

func (o *grantsOptions) scripts(ctx context.Context, wantRules bool) ([]pipeline.GrantScript, error) {
	file, err := o.rules.optional(wantRules)
	if err != nil {
		return nil, err
	}
	if file == nil {
		file = &rules.File{}
	}
	// One end alone may be asked for by its flag, whatever the environment says.
	source, target := o.source.source != "", o.target.target != ""
	if !source && !target {
		source, target = os.Getenv("PGSTANDIN_SOURCE") != "", os.Getenv("PGSTANDIN_TARGET") != ""
	}
	if !source && !target {
		return nil, usageError(errors.New("no end is named: give --source, --target or both"))
	}
	var out []pipeline.GrantScript
	var src *pipeline.Source
	if source {
		j := &job{file: file}
		var err error
		if j.source, err = o.source.config(); err != nil {
			return nil, err
		}
		if src, err = j.open(ctx); err != nil {
			return nil, err
		}
		defer src.Close(ctx)
		s, err := catalog.Read(ctx, src.Leader())
		if err != nil {
			return nil, at("source", err)
		}
		g, err := src.Grants(ctx, o.sourceRole, pipeline.GrantsConfig{Tables: tableNames(s), Sequences: sequenceNames(s), Functions: file.Functions()})
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	if target {
		cfg, err := o.target.config(file)
		if err != nil {
			return nil, err
		}
		cfg.InPlace = o.inPlace
		tgt, err := pipeline.OpenTarget(ctx, cfg)
		if err != nil {
			return nil, at("target", err)
		}
		defer tgt.Close(ctx)
		g, err := tgt.Grants(ctx, o.targetRole, src)
		if err != nil {
			return nil, err
		}
		out = append(out, g...)
	}
	return out, nil
}
