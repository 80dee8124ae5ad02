// Command pgstandin copies a referentially consistent, masked subset of a
// production PostgreSQL database into staging.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// garbagePercent is how much garbage may gather before it is collected, by what is
// in use.
const garbagePercent = 25

func main() {
	// A reader that is gone is an error of the writing, after which we clean up.
	signal.Ignore(syscall.SIGPIPE)
	// What libraries log for themselves comes to us as an error, which is said once.
	log.SetOutput(io.Discard)
	// Most of the memory is a few large tables that stay until the end, and rows leave
	// no garbage: as much again for garbage would be wasted.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it: tests call it. It
// returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	stderr = &shared{w: stderr}
	ctx, interrupted, stop := withSignals(context.Background(), stderr)
	defer stop()
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	out := &output{w: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	err := out.join(root.ExecuteContext(ctx))
	if err == nil {
		return exitDone
	}
	code := endStatus(err, interrupted())
	printError(stderr, err, code)
	return code
}

// withSignals returns a context that ends at the first SIGINT, SIGTERM or
// SIGHUP, and says so at once: what is under way may take a moment to end. A second
// one ends the process at once: the next run, and the server's watchdog, clean up
// what it leaves. What the process was started to ignore, as nohup does, stays ignored.
func withSignals(parent context.Context, stderr io.Writer) (ctx context.Context, interrupted func() bool, stop func()) {
	heeded := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			heeded = append(heeded, s)
		}
	}
	ctx, cancel := signal.NotifyContext(parent, heeded...)
	said := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(said)
		if parent.Err() == nil {
			cancel() // from here on a second signal has its usual effect
			fmt.Fprintln(stderr, clearLine(stderr)+"pgstandin: interrupted: cleaning up")
		}
	})
	interrupted = func() bool {
		if ctx.Err() == nil {
			return false
		}
		<-said // before what comes last
		return true
	}
	return ctx, interrupted, func() { release(); cancel() }
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "pgstandin",
		Short: "Fill staging with a masked, consistent subset of production",
		Long: `pgstandin copies a referentially consistent subset of a production PostgreSQL
database into staging, masks personal data on the way, proves the result and
swaps it in atomically.

New here? "pgstandin demo" needs nothing but PostgreSQL's server binaries.`,
		Example: `  pgstandin demo
  pgstandin keygen > pgstandin.key && chmod 600 pgstandin.key
  pgstandin init    --source postgres://reader@prod/shop
  pgstandin check   --source postgres://reader@prod/shop
  pgstandin plan    --source postgres://reader@prod/shop
  pgstandin refresh --source postgres://reader@prod/shop \
      --target postgres://owner@stage/staging --key-file pgstandin.key
  pgstandin snapshot --source postgres://reader@prod/shop \
      --out /backups --key-file pgstandin.key
  pgstandin seed    --target postgres://localhost/dev --schema db/schema.sql`,
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,

		PersistentPreRunE: noEmptyValues,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w\nsee %q", flagError(err), cmd.CommandPath()+" --help"))
	})
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newDemoCommand(),
		newInitCommand(),
		newCheckCommand(),
		newPlanCommand(),
		newWhyCommand(),
		newPreviewCommand(),
		newRehearseCommand(),
		newRefreshCommand(),
		newSnapshotCommand(),
		newMaskCommand(),
		newVerifyCommand(),
		newRollbackCommand(),
		newSnapshotsCommand(),
		newRestoreCommand(),
		newPruneCommand(),
		newGrantsCommand(),
		newDriftCommand(),
		newProfileCommand(),
		newSeedCommand(),
		newVerifyReportCommand(),
		newKeygenCommand(),
		newVersionCommand(),
		newExitStatusTopic(),
	)
	refuseUnknownTopics(root)
	return root
}

// refuseUnknownTopics makes help of what is no command the mistake that the command
// itself is.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Args = func(_ *cobra.Command, args []string) error {
				if _, _, err := root.Find(args); err != nil {
					return usageError(err)
				}
				return nil
			}
		}
	}
}

// flagError says what a flag takes whose value is no number, or no truth.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	want := "write a number"
	switch {
	case number.Func == "ParseBool":
		want = "write true or false"
	case number.Func != "ParseFloat" && errors.Is(err, strconv.ErrRange):
		want = "the number is too large, or below zero"
	case number.Func != "ParseFloat":
		want = "write a whole number"
	}
	return fmt.Errorf("invalid argument %q for \"--%s\" flag: %s", invalid.GetValue(), invalid.GetFlag().Name, want)
}

// noEmptyValues refuses flags with an empty value, which is what a variable that is
// not set leaves in a script: taken for a flag that is not given, it would mean
// something else.
func noEmptyValues(cmd *cobra.Command, _ []string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if len(values) > 0 && !slices.Contains(values, "") {
			return
		}
		instead := "leave the flag out"
		if f.DefValue != "" && f.DefValue != "[]" {
			instead += " for " + f.DefValue
		}
		err = errors.Join(err, fmt.Errorf("--%s: the value is empty; give one, or %s", f.Name, instead))
	})
	return withStatus(exitUsage, err)
}

// noArgs refuses positional arguments with a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError(fmt.Errorf("argument %q: %s takes none; see %q", args[0], cmd.CommandPath(), cmd.CommandPath()+" --help"))
}
