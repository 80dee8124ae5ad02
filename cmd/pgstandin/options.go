package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/pflag"

	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/subset"
)

// sourceOptions say where to read from.
type sourceOptions struct {
	source string
}

func (o *sourceOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.source, "source", "", "production `URL` or connection string (PGSTANDIN_SOURCE, else PG* variables)")
}

func (o *sourceOptions) config() (pipeline.SourceConfig, error) {
	conn, dsn, err := connection("source", o.source, os.Getenv("PGSTANDIN_SOURCE"), true)
	return reading(conn, dsn), err
}

// reading is the configuration of sessions that only read, at either end.
func reading(conn *pgconn.Config, dsn string) pipeline.SourceConfig {
	return pipeline.SourceConfig{Conn: conn, DSN: dsn, StallTimeout: pipeline.DefaultStallTimeout}
}

// throwAway is that of a database of a server of our own.
func throwAway(dsn string) (cfg pipeline.SourceConfig, err error) {
	conn, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return cfg, fmt.Errorf("throw-away server: %w", err)
	}
	return reading(conn, dsn), nil
}

// targetOptions say what to replace.
type targetOptions struct {
	target      string
	maintenance string
	adopt       bool
}

func (o *targetOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.target, "target", "", "staging `URL` or connection string (PGSTANDIN_TARGET)")
	f.StringVar(&o.maintenance, "maintenance-db", "postgres", "`database` on the target server to work from")
	f.BoolVar(&o.adopt, "adopt", false, "replace a target that holds tables and was not made by pgstandin")
}

// connection says where the target is.
func (o *targetOptions) connection() (*pgconn.Config, string, error) {
	return connection("target", o.target, os.Getenv("PGSTANDIN_TARGET"), false)
}

// config is the target with what the rules say of it; nil stands for no rules. A
// command that has a flag for more sets that.
func (o *targetOptions) config(file *rules.File) (cfg pipeline.TargetConfig, err error) {
	conn, dsn, err := o.connection()
	if err != nil {
		return cfg, err
	}
	cfg = replacing(conn, dsn, toolsIn(os.Getenv("PGSTANDIN_PG_BIN")), file)
	cfg.MaintenanceDB, cfg.Adopt = o.maintenance, o.adopt
	return cfg, nil
}

// replacing is the configuration of what replaces a database.
func replacing(conn *pgconn.Config, dsn string, tools clientTools, file *rules.File) pipeline.TargetConfig {
	cfg := pipeline.TargetConfig{
		Conn: conn, DSN: dsn, PgDump: tools.pgDump, PgRestore: tools.pgRestore, StallTimeout: pipeline.DefaultStallTimeout,
	}
	if file != nil {
		cfg.Owner = file.Owner
		for _, g := range file.Grants {
			cfg.Grants = append(cfg.Grants, pipeline.Grant{Role: g.Role, Privileges: g.Privileges})
		}
	}
	return cfg
}

// clientTools are PostgreSQL's programs; "" is one that is still to be looked for.
type clientTools struct{ pgDump, pgRestore string }

// toolsIn are those of a folder, "" for none.
func toolsIn(dir string) clientTools {
	if dir == "" {
		return clientTools{}
	}
	return clientTools{pgDump: filepath.Join(dir, "pg_dump"), pgRestore: filepath.Join(dir, "pg_restore")}
}

// connection parses what the flag or the environment says, in libpq's forms: a
// URL, key=value pairs, or a bare database name. Space around it, such as the end of
// the line that a file ended with, is no part of it.
func connection(end, flag, env string, implicit bool) (*pgconn.Config, string, error) {
	dsn := flag
	if dsn == "" {
		dsn = env
	}
	dsn = strings.TrimSpace(dsn)
	if dsn == "" && (!implicit || os.Getenv("PGHOST")+os.Getenv("PGDATABASE")+os.Getenv("PGSERVICE")+os.Getenv("PGUSER") == "") {
		return nil, "", usageError(fmt.Errorf("no %s: give --%s URL or set PGSTANDIN_%s", end, end, strings.ToUpper(end)))
	}
	if misread(dsn) {
		return nil, "", usageError(fmt.Errorf("%s: %s", end, connStringProblem(dsn, nil)))
	}
	if dsn != "" && !strings.Contains(dsn, "=") && !strings.Contains(dsn, "://") {
		dsn = "dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(dsn) + "'"
	}
	cfg, err := pipeline.ParseConn(dsn)
	var unread *pipeline.ConnStringError
	switch {
	case errors.As(err, &unread):
		return nil, "", usageError(fmt.Errorf("%s: %s", end, connStringProblem(dsn, unread.Cause)))
	case err != nil:
		return nil, "", usageError(fmt.Errorf("%s: connection string or service file: %w", end, err))
	}
	if cfg.Database == "" {
		cfg.Database = cfg.User
	}
	return cfg, dsn, nil
}

// between takes the secret and both ends of a run from their options, and returns the
// target. The rules are read before.
func (j *job) between(key *keyOptions, source *sourceOptions, target *targetOptions) (cfg pipeline.TargetConfig, err error) {
	if j.secret, err = key.secret(); err != nil {
		return cfg, err
	}
	if j.source, err = source.config(); err != nil {
		return cfg, err
	}
	return target.config(j.file)
}

// keyOptions say where the secret is.
type keyOptions struct {
	file string
}

func (o *keyOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.file, "key-file", "", "`file` with the secret, mode 0600 (else PGSTANDIN_KEY); see keygen")
}

func (o *keyOptions) secret() (*keyed.Secret, error) {
	if o.file == "" {
		text := os.Getenv("PGSTANDIN_KEY")
		if text == "" {
			return nil, usageError(fmt.Errorf("no secret: give --key-file FILE or set PGSTANDIN_KEY; \"pgstandin keygen\" makes one"))
		}
		s, err := keyed.ParseSecret([]byte(text))
		if err != nil {
			return nil, usageError(fmt.Errorf("PGSTANDIN_KEY: %w", err))
		}
		return s, nil
	}
	text, err := readPrivate("key file", o.file)
	if _, isSecret := keyed.ParseSecret([]byte(o.file)); isSecret == nil && errors.Is(err, fs.ErrNotExist) {
		return nil, usageError(errors.New("--key-file: this is a secret, where the name of a file belongs; others can see arguments, so take a new one (pgstandin keygen)"))
	}
	if err != nil {
		return nil, err
	}
	s, err := keyed.ParseSecret(text)
	if err != nil {
		return nil, usageError(fmt.Errorf("key file %s: %w", o.file, err))
	}
	return s, nil
}

// rulesOptions say which rules file and with which variables.
type rulesOptions struct {
	file string
	vars []string
}

func (o *rulesOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.file, "rules", "pgstandin.yaml", "rules `file`")
	f.StringArrayVar(&o.vars, "var", nil, "set a variable of the rules file, `name=value` (repeatable)")
}

// parse reads the file. With an error it may return what could be read of it, as
// rules.Parse does.
func (o *rulesOptions) parse() (*rules.File, error) {
	vars := map[string]string{}
	for _, v := range o.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usageError(errors.New("--var without a name and a sign =: write --var name=value"))
		}
		vars[name] = value
	}
	text, err := os.ReadFile(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError(fmt.Errorf("rules: %w; --rules names another file, and pgstandin init --source DSN -o %s proposes one", err, o.file))
	}
	if err != nil {
		return nil, usageError(fmt.Errorf("rules: %w", err))
	}
	file, err := rules.Parse(o.file, text, vars)
	if err != nil {
		return file, usageError(err)
	}
	return file, nil
}

// optional parses the file if it is named, or there is one of the usual name; nil
// means that there is none.
func (o *rulesOptions) optional(named bool) (*rules.File, error) {
	_, err := os.Stat(o.file)
	switch {
	case named || !errors.Is(err, fs.ErrNotExist):
		return o.parse()
	case len(o.vars) > 0:
		return nil, usageError(errors.New("--var: there is no rules file; give --rules FILE"))
	}
	return nil, nil
}

// runOptions are the flags of everything that runs for a while.
type runOptions struct {
	workers connections
	memory  byteCount
	quiet   bool
	json    bool
}

func (o *runOptions) AddFlags(f *pflag.FlagSet) {
	o.addEffort(f)
	f.BoolVar(&o.quiet, "quiet", false, "print nothing but errors and the result")
	f.BoolVar(&o.json, "json", false, "print progress and result as JSON, one event a line, on standard output")
}

// addEffort adds those that say what a run may take.
func (o *runOptions) addEffort(f *pflag.FlagSet) {
	f.Var(&o.workers, "workers", "parallel `connections` to each end (default: the number of processors, at most 8)")
	o.memory = subset.DefaultMemory
	f.Var(&o.memory, "memory", "what the keys of chosen rows may take; what is beyond goes to a temporary file, encrypted (in TMPDIR); as much again for what texts may quote, and for fingerprints of original values")
}

// addDocument adds those of a command that prints one document and no progress.
func (o *runOptions) addDocument(f *pflag.FlagSet, what string) {
	o.addEffort(f)
	f.BoolVar(&o.json, "json", false, "print "+what+" as one JSON document")
}

// sourceLimits keep a run from hurting production.
type sourceLimits struct {
	yield, lockTimeout         patience
	rate                       byteRate
	lag, age, statement, stall patience
}

// AddFlags adds the flags with their defaults.
func (o *sourceLimits) AddFlags(f *pflag.FlagSet) {
	o.lockTimeout = patience(pipeline.DefaultLockTimeout)
	addYield(f, &o.yield)
	f.Var(&o.lockTimeout, "lock-timeout", "wait so long for the lock on a source table")
	f.Var(&o.rate, "max-rate", "read so many `bytes` a second from the source, all workers together (default: no limit)")
	f.Var(&o.lag, "max-lag", "pause reading while a standby of the source, or the source as a standby, is farther behind (default: never)")
	f.Var(&o.age, "max-snapshot-age", "give up when the run's snapshot of the source is older: it keeps vacuum from its work (default: never)")
	f.Var(&o.statement, "statement-timeout", "what one statement on the source may take (default: no limit)")
	o.stall = patience(pipeline.DefaultStallTimeout)
	f.Var(&o.stall, "stall-timeout", "when no byte passes on a connection for so long, ask the server whether it is at work for us; if not, the connection is lost")
}

func addYield(f *pflag.FlagSet, yield *patience) {
	*yield = patience(pipeline.DefaultYield)
	f.Var(yield, "yield", "give up when somebody waits behind us on the source for so long")
}

// apply sets them in the configuration of a source.
func (o *sourceLimits) apply(cfg *pipeline.SourceConfig) {
	cfg.Yield, cfg.LockTimeout = time.Duration(o.yield), time.Duration(o.lockTimeout)
	cfg.MaxRate, cfg.MaxLag, cfg.MaxAge = int64(o.rate), time.Duration(o.lag), time.Duration(o.age)
	cfg.StatementTimeout, cfg.StallTimeout = time.Duration(o.statement), time.Duration(o.stall)
}
