package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/rules"
)

type demoOptions struct {
	users int
	keep  bool
	run   runOptions
}

func (o *demoOptions) AddFlags(f *pflag.FlagSet) {
	f.IntVar(&o.users, "users", 20000, "how many `users` the demo's production has")
	f.BoolVar(&o.keep, "keep", false, "leave the server running and print how to connect")
	o.run.addEffort(f)
}

func newDemoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show it: a throw-away server, a shop, a masked subset of it",
		Long: `Start a throw-away PostgreSQL server, fill a database "production" with a shop,
refresh "staging" from it, and show rows of both side by side. The run's report
stays in a new folder below the temporary directory; nothing else on this machine
is touched, and the server is gone afterwards unless --keep is given.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.users < 1 {
				return usageError(fmt.Errorf("--users %d: at least 1", o.users))
			}
			return runDemo(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.AddFlags(cmd.Flags())
	return cmd
}

func runDemo(ctx context.Context, o *demoOptions, out, errOut io.Writer) (err error) {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	start := time.Now()
	server, err := pgserver.Start(ctx, pgserver.Config{Persist: o.keep})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	keep := false
	defer func() {
		if keep {
			return
		}
		if stopErr := server.Stop(); err == nil && stopErr != nil {
			err = fmt.Errorf("demo: %w", stopErr)
		}
	}()
	say("1. A PostgreSQL server from %s, only for this demo (%s)", server.Bin(), seconds(time.Since(start)))

	start = time.Now()
	if err := makeShop(ctx, server, o.users); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	say("2. A database \"production\": a shop with %s users (%s)", count(int64(o.users)), seconds(time.Since(start)))
	say("3. The rules, from pgstandin.yaml:\n")
	say("%s", indent(strings.TrimSpace(shop.Rules), "   | "))
	say("\n4. pgstandin refresh --source …/production --target …/staging\n")

	secret, err := keyed.NewSecret()
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	file, err := rules.Parse("pgstandin.yaml", []byte(shop.Rules), nil)
	if err != nil {
		return usageError(err)
	}
	j := &copyJob{job: job{noLock: true, file: file, secret: secret, run: o.run}}
	if j.source, err = throwAway(server.DSN("production")); err != nil {
		return err
	}
	staging, err := throwAway(server.DSN("staging"))
	if err != nil {
		return err
	}
	j.target = replacing(staging.Conn, staging.DSN, toolsIn(server.Bin()), file)
	dir, err := os.MkdirTemp("", "pgstandin-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	j.files, j.command = &reportFiles{dir: dir}, []string{"pgstandin", "refresh", "--source", "…", "--target", "…"}
	j.report = newReporter(&o.run, out, errOut)
	if err := j.refresh(ctx); err != nil {
		_ = os.Remove(dir) // where there is no report
		return err
	}

	say("\n5. The same rows in both databases\n")
	if err := showSideBySide(ctx, server, out); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	keep = o.keep
	return demoNext(o, server, dir, secret, out)
}

func makeShop(ctx context.Context, server *pgserver.Server, users int) error {
	if err := execScript(ctx, server.DSN("postgres"), "create database production"); err != nil {
		return err
	}
	if err := execScript(ctx, server.DSN("production"), shop.Schema); err != nil {
		return fmt.Errorf("shop schema: %w", err)
	}
	if err := execScript(ctx, server.DSN("production"), shop.Data(users)); err != nil {
		return fmt.Errorf("shop data: %w", err)
	}
	return nil
}

func execScript(ctx context.Context, dsn, script string) error {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.Exec(ctx, script).Close()
}

// demoPairs are the tables that the demo shows, by primary key.
var demoPairs = []struct{ title, query string }{
	{"users", `select u.id, u.name, u.email from users u order by u.id limit 3`},
	{"users and addresses", `select u.id, u.phone, a.street, a.city, a.zip from users u join addresses a on a.id = (select min(id) from addresses where user_id = u.id) order by u.id limit 2`},
	{"messages", `select m.id, m.body from messages m order by m.id limit 3`},
}

// showSideBySide prints some rows of staging, each with the row of the same key
// in production before it.
func showSideBySide(ctx context.Context, server *pgserver.Server, out io.Writer) error {
	prod, err := pgconn.Connect(ctx, server.DSN("production"))
	if err != nil {
		return err
	}
	defer prod.Close(context.WithoutCancel(ctx))
	stage, err := pgconn.Connect(ctx, server.DSN("staging"))
	if err != nil {
		return err
	}
	defer stage.Close(context.WithoutCancel(ctx))
	for _, p := range demoPairs {
		after := stage.ExecParams(ctx, p.query, nil, nil, nil, nil).Read()
		if after.Err != nil {
			return fmt.Errorf("staging %s: %w", p.title, after.Err)
		}
		table := textTable{heads: []string{""}, right: []bool{false}}
		for _, f := range after.FieldDescriptions {
			table.heads, table.right = append(table.heads, f.Name), append(table.right, false)
		}
		for _, row := range after.Rows {
			alias := p.title[:1]
			q := strings.Replace(p.query, "order by", "where "+alias+".id = $1 order by", 1)
			before := prod.ExecParams(ctx, q, [][]byte{row[0]}, nil, nil, nil).Read()
			if before.Err != nil {
				return fmt.Errorf("production %s: %w", p.title, before.Err)
			}
			for _, b := range before.Rows {
				table.add(textCells("production", b)...)
			}
			table.add(textCells("staging", row)...)
		}
		fmt.Fprintf(out, "   %s\n", p.title)
		var b strings.Builder
		table.width = 76
		table.print(&b)
		fmt.Fprintln(out, indent(strings.TrimRight(b.String(), "\n"), "   "))
		fmt.Fprintln(out)
	}
	return nil
}

func textCells(first string, row [][]byte) []string {
	cells := []string{first}
	for _, v := range row {
		cells = append(cells, shorten(strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, string(v)), 50))
	}
	return cells
}

// demoNext says what to try; with --keep it writes the rules and the key beside
// the server's data so that the commands work as they stand.
func demoNext(o *demoOptions, server *pgserver.Server, dir string, secret *keyed.Secret, out io.Writer) error {
	if !o.keep {
		fmt.Fprintf(out, `What to try next:
   open %s (and rm -r %s)
   pgstandin demo --keep             the same, and the server stays
   pgstandin demo --users 200000     a larger shop
   pgstandin keygen > pgstandin.key && chmod 600 pgstandin.key
   pgstandin check --source postgres://you@production/shop --rules pgstandin.yaml
`, filepath.Join(dir, reportHTML), dir)
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, "pgstandin.yaml"), []byte(shop.Rules), 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pgstandin.key"), []byte(secret.Hex()+"\n"), 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	fmt.Fprintf(out, `The server stays. To look around, and to do it again by hand:
   cd %s
   export PGSTANDIN_SOURCE='%s'
   export PGSTANDIN_TARGET='%s'
   psql "$PGSTANDIN_TARGET" -c 'table users limit 5'
   pgstandin plan
   pgstandin refresh --key-file pgstandin.key --var sample=20%%
Stop it, and remove all of it:
   %s
   rm -r %s
`, dir, server.URL("production"), server.URL("staging"), server.StopCommand(), dir)
	return nil
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}
