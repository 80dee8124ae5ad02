package main

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
)

type driftOptions struct {
	source sourceOptions
	target string
	rules  rulesOptions
	json   bool
}

func (o *driftOptions) AddFlags(f *pflag.FlagSet) {
	o.source.AddFlags(f)
	f.StringVar(&o.target, "target", "", "staging `URL` or connection string (PGSTANDIN_TARGET)")
	o.rules.AddFlags(f)
	f.BoolVar(&o.json, "json", false, "print the differences as JSON")
}

func newDriftCommand() *cobra.Command {
	var o driftOptions
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Say where staging differs from production in schema, versions and settings",
		Long: `Compare the catalogs of source and target: tables, columns, keys, constraints,
indexes, sequences, views, triggers, functions, types, comments and so on, whether
they are valid; and what else makes queries give other results: the servers'
versions, encoding and locale, extensions, versions of collations, and settings
such as DateStyle, TimeZone and search_path. No row is read, nothing is written.

The status is 3 if they differ in anything that the rules do not allow:

  drift: { allow: ["server version", "setting TimeZone", "index public.report_*"] }

Without a rules file (and no --rules) nothing is allowed.`,
		Example: `  pgstandin drift --source postgres://reader@prod/shop --target postgres://reader@stage/staging`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := o.compare(cmd.Context(), cmd.Flags().Changed("rules"))
			if err != nil {
				return err
			}
			if o.json {
				err = printJSON(cmd.OutOrStdout(), doc)
			} else {
				err = doc.print(cmd.OutOrStdout())
			}
			if err == nil && len(doc.Differences) > 0 {
				err = withStatus(exitUndecided, fmt.Errorf("%s that the rules do not allow", plural(len(doc.Differences), "difference")))
			}
			return err
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

// driftDoc is what drift found; its JSON is the contract of --json.
type driftDoc struct {
	Source      string      `json:"source"`   // the name of the database
	Target      string      `json:"target"`   // the name of the database
	Compared    int         `json:"compared"` // objects of the source
	Allowed     int         `json:"allowed"`  // differences that the rules allow
	Differences []driftLine `json:"differences"`
}

// driftLine is a schema.Difference.
type driftLine struct {
	Change schema.Change `json:"change"` // "missing", "extra", "differs" or "invalid", as seen from the source
	Kind   string        `json:"kind"`   // of the object: table, column, index …
	Name   string        `json:"name"`
	Source string        `json:"source,omitempty"` // what it is there
	Target string        `json:"target,omitempty"` // what it is there
}

func (o *driftOptions) compare(ctx context.Context, wantRules bool) (*driftDoc, error) {
	file, err := o.rules.optional(wantRules)
	if err != nil {
		return nil, err
	}
	if file == nil {
		file = &rules.File{}
	}
	source, err := o.source.config()
	if err != nil {
		return nil, err
	}
	target, targetDSN, err := (&targetOptions{target: o.target}).connection()
	if err != nil {
		return nil, err
	}
	a, err := readEnd(ctx, "source", source)
	if err != nil {
		return nil, err
	}
	b, err := readEnd(ctx, "target", reading(target, targetDSN))
	if err != nil {
		return nil, err
	}
	doc := &driftDoc{Source: a.info.Database, Target: b.info.Database, Compared: len(a.objects), Differences: []driftLine{}}
	for _, d := range schema.CompareObjects(a.objects, b.objects, a.info.Major() == b.info.Major()) {
		if file.AllowsDrift(d.Kind, d.Name) || d.Kind == "foreign table" && file.Objects == rules.ObjectsNone {
			doc.Allowed++
		} else {
			doc.Differences = append(doc.Differences, driftLine(d))
		}
	}
	return doc, nil
}

type driftEnd struct {
	info    pipeline.Info
	objects []schema.Object
}

// readEnd reads one end's catalog in a session that only reads.
func readEnd(ctx context.Context, end string, cfg pipeline.SourceConfig) (*driftEnd, error) {
	src, err := pipeline.OpenSource(ctx, cfg)
	if err != nil {
		if end == "target" {
			err = ofTarget(err)
		}
		return nil, at(end, err)
	}
	defer src.Close(ctx)
	out := &driftEnd{info: src.Info()}
	for _, read := range []func(context.Context, *pgconn.PgConn) ([]schema.Object, error){catalog.Environment, catalog.Objects} {
		list, err := read(ctx, src.Leader())
		if err != nil {
			return nil, at(end, err)
		}
		out.objects = append(out.objects, list...)
	}
	return out, nil
}

func (d *driftDoc) print(out io.Writer) error {
	t := textTable{heads: []string{"what", "name", "", "source", "target"}, right: make([]bool, 5), width: widthOf(out)}
	for _, x := range d.Differences {
		source, target := x.Source, x.Target
		if x.Change != schema.Differs {
			source, target = "", ""
		}
		t.add(x.Kind, x.Name, string(x.Change), shorten(source, 40), shorten(target, 40))
	}
	if len(d.Differences) > 0 {
		t.print(out)
		fmt.Fprintln(out)
	}
	allowed := ""
	if d.Allowed > 0 {
		allowed = fmt.Sprintf(", %s allowed", plural(d.Allowed, "difference"))
	}
	_, err := fmt.Fprintf(out, "%s and %s: %s compared, %s%s\n", d.Source, d.Target, plural(d.Compared, "object"), plural(len(d.Differences), "difference"), allowed)
	return err
}
