package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/internal/maskdump"
	"github.com/pgstandin/pgstandin/internal/schemafile"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

// maskSetup is what mask knows before the first row: the rules, bound to a schema.
type maskSetup struct {
	options *maskOptions
	job     *job
	dump    string   // name of the dump; "" for standard input
	file    *os.File // the dump; nil for standard input
	began   fs.FileInfo
	errOut  io.Writer

	server *schemafile.Database
	loader *schemafile.Loader // of the server; loads what the dump begins with; nil once bound
	locked []lockfile.Key
	bound  *bound
	gone   map[*schema.Table]string          // tables whose rows are left out, and why
	cuts   map[*schema.Table]map[string]bool // columns that become NULL
	known  *anonymize.Known
	fine   []string // texts of the schema with credentials that the rules accept
}

// Close ends the server, if there is one, and closes the dump.
func (s *maskSetup) Close() error {
	err := s.stop()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	return err
}

func (s *maskSetup) stop() error {
	if s.server == nil {
		return nil
	}
	server := s.server
	s.server = nil
	return server.Close()
}

func (s *maskSetup) name() string {
	if s.dump == "" {
		return "standard input"
	}
	return s.dump
}

// prepare finds out where the schema comes from, and binds the rules to it if it
// is not to come from the stream itself.
func (s *maskSetup) prepare(ctx context.Context) error {
	from := s.options.schema
	if from == "-" {
		return usageError(errors.New("--schema -: standard input is the dump; give the schema as a file"))
	}
	twice := false
	if s.file != nil {
		var err error
		if s.began, err = s.file.Stat(); err != nil {
			return fmt.Errorf("dump: %w", err)
		}
		if s.began.IsDir() {
			return usageError(fmt.Errorf("dump: %s is a folder; mask reads a plain dump, which \"pg_restore --file=DUMP %[1]s\" writes", s.dump))
		}
		if twice = s.began.Mode().IsRegular(); twice && from == "" {
			from = s.dump
		}
	}
	if from == "" {
		return s.useLock(ctx)
	}
	var err error
	if s.server, err = openSchema(ctx, from, nil, s.errOut); err != nil {
		return err
	}
	if err := s.bind(ctx); err != nil {
		return err
	}
	if !twice {
		return nil
	}
	return s.learn(ctx)
}

// useLock takes the keys from the lock file.
func (s *maskSetup) useLock(ctx context.Context) error {
	f, err := readLock(s.job.file.Name)
	if err != nil {
		return err
	}
	if f != nil {
		s.locked = f.Keys()
	}
	if s.locked == nil {
		why := "there is no " + lockfile.Name(s.job.file.Name)
		if f != nil {
			why = lockfile.Name(s.job.file.Name) + " says nothing of keys"
		}
		return usageError(fmt.Errorf("keys come after the rows in a dump, and %s; do one of these:\n"+
			"name the dump as an argument, not on standard input, and it is read twice: pgstandin mask DUMP\n"+
			"give the schema: --schema FILE, which pg_dump --schema-only writes\n"+
			"write the lock file: pgstandin check --source … --write-lock", why))
	}
	if s.server, err = schemafile.Start(ctx, s.name(), s.errOut, pipeline.SafeError); err != nil {
		return err
	}
	s.loader = s.server.Loader()
	return nil
}

// bindStream binds the rules to the tables that were loaded from the stream and
// the keys of the lock file.
func (s *maskSetup) bindStream(ctx context.Context) error {
	if err := errors.Join(s.loader.Complete(), s.loader.Ended()); err != nil {
		return schemaStatus(err)
	}
	if err := addKeys(ctx, s.server.Conn(), s.server.Name(), s.locked); err != nil {
		return err
	}
	s.server.Done(ctx)
	s.loader = nil
	return s.bind(ctx)
}

// bind binds the rules to the schema on the throw-away server, and ends that.
func (s *maskSetup) bind(ctx context.Context) error {
	j := s.job
	var err error
	if j.source, err = throwAway(s.server.DSN()); err != nil {
		return err
	}
	src, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer src.Close(ctx)
	if s.bound, err = j.bind(ctx, src, time.Now()); err != nil {
		return err
	}
	if err := s.refuse(); err != nil {
		return err
	}
	if err := s.lookAtTexts(ctx, src); err != nil {
		return err
	}
	if !s.options.quiet && !s.options.json {
		for _, note := range s.bound.rules.Notes {
			fmt.Fprintln(s.errOut, "note: "+note)
		}
	}
	src.Close(ctx)
	return s.stop()
}

// refuse stops at what the rules ask for that a stream cannot do.
func (s *maskSetup) refuse() error {
	var wrong []string
	b := s.bound
	cfg := b.rules.Subset
	if !s.options.allRows {
		if len(cfg.Roots) > 0 {
			wrong = append(wrong, "subset.roots choose rows by their references")
		}
		if cfg.Budget != (subset.Budget{}) && len(cfg.Roots) == 0 {
			wrong = append(wrong, "subset.budget chooses rows")
		}
		for _, spec := range b.rules.Tables {
			if spec.Where != "" {
				wrong = append(wrong, fmt.Sprintf("%s: where chooses rows", spec.Table.Name))
			}
		}
	}
	if len(wrong) > 0 {
		return usageError(fmt.Errorf("rows of a stream cannot be chosen, but by rows: none; take all of them by --all-rows, or use refresh:\n%s", strings.Join(wrong, "\n")))
	}
	var asks []string
	for _, spec := range b.rules.Tables {
		for i := range spec.Exprs {
			wrong = append(wrong, fmt.Sprintf("%s.%s: sql", spec.Table.Name, schema.QuoteIdent(spec.Table.Columns[spec.Columns[i]].Name)))
		}
		p := b.programs[spec.Table]
		if p == nil {
			continue
		}
		for _, d := range p.Draws() {
			wrong = append(wrong, fmt.Sprintf("%s.%s: shuffle", spec.Table.Name, schema.QuoteIdent(spec.Table.Columns[spec.Columns[d.Column]].Name)))
		}
		if p.MayLookUp() && s.teaches(p) {
			asks = append(asks, spec.Table.Name.String())
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return usageError(fmt.Errorf("masks that need the source's server, which mask has not:\n%s", strings.Join(wrong, "\n")))
	}
	if len(asks) > 0 && !s.options.onePass && (s.began == nil || !s.began.Mode().IsRegular()) {
		return usageError(fmt.Errorf("scrub looks in texts of these tables for what other tables say of their entity, so the dump must be read twice: name it as an argument, or --one-pass, to look for values of the row itself only:\n%s", strings.Join(asks, "\n")))
	}
	return s.cutReferences()
}

// teaches reports whether a table teaches what p asks for.
func (s *maskSetup) teaches(p *anonymize.Program) bool {
	for _, t := range s.bound.programs {
		if t.MayLearn() && t.EntityDomain() == p.EntityDomain() {
			return true
		}
	}
	return false
}

// cutReferences finds what becomes of references to tables without rows, as a
// refresh does: the column is NULL, or the row is left out where it cannot be.
func (s *maskSetup) cutReferences() error {
	b := s.bound
	s.gone, s.cuts = map[*schema.Table]string{}, map[*schema.Table]map[string]bool{}
	for _, t := range b.schema.Roots() {
		if b.specs[t] == nil || b.rules.Subset.Restrict[t].Rows == subset.NoRows {
			s.gone[t] = "rows: none"
		}
	}
	for changed := true; changed; {
		changed = false
		for _, r := range b.rules.Subset.References {
			child, parent := r.Child.Root(), r.Parent.Root()
			if s.gone[parent] == "" || s.gone[child] != "" {
				continue
			}
			cut := b.plan.Cut(r)
			switch {
			case r.Expr != "" || r.Array || r.When != "" || r.Child != child || r.UpGiven && r.Up != subset.UpNullify,
				len(cut) == 0 && mayBeNull(r), len(cut) > 0 && len(r.Columns) > 1:
				return usageError(fmt.Errorf("%s references %s, of which no row is copied, in a way that a stream cannot cut: use refresh, or leave out the rows of %[1]s too (rows: none)", child.Name, parent.Name))
			case len(cut) == 0:
				s.gone[child] = "it cannot be without " + parent.Name.String()
				changed = true
			default:
				if s.cuts[child] == nil {
					s.cuts[child] = map[string]bool{}
				}
				s.cuts[child][cut[0]] = true
			}
		}
	}
	return nil
}

// mayBeNull reports whether a row may be without the reference.
func mayBeNull(r *subset.Reference) bool {
	return slices.ContainsFunc(r.Columns, func(c int) bool { return !r.Child.Columns[c].NotNull || r.Child.Columns[c].Unproved })
}

// learn reads the dump once for what its rows say of entities that texts quote.
func (s *maskSetup) learn(ctx context.Context) error {
	asked := map[string]bool{}
	for t, p := range s.bound.programs {
		if p.MayLookUp() && s.gone[t] == "" {
			asked[p.EntityDomain()] = true
		}
	}
	if len(asked) == 0 || s.options.onePass {
		return nil
	}
	known := anonymize.NewKnown(int64(s.options.memory))
	m := maskdump.New(s.filter(), s.file, io.Discard)
	if err := maskStatus(m.Learn(ctx, known, asked)); err != nil {
		return knownFull(err, &s.options.memory)
	}
	s.known = known
	_, err := s.file.Seek(0, io.SeekStart)
	return err
}

// unchanged fails if the dump was written to while it was read.
func (s *maskSetup) unchanged() error {
	if s.file == nil || !s.began.Mode().IsRegular() {
		return nil
	}
	now, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if now.Size() != s.began.Size() || !now.ModTime().Equal(s.began.ModTime()) {
		return fmt.Errorf("%s changed while it was read", s.dump)
	}
	return nil
}

// filter configures what masks the dump.
func (s *maskSetup) filter() maskdump.Config {
	cfg := maskdump.Config{Name: s.name(), Objects: s.job.file.Objects != rules.ObjectsUndecided, Credentials: s.credentials}
	if s.loader == nil {
		cfg.Tables = s.tables()
		return cfg
	}
	cfg.Item = s.loader.Item
	cfg.Bind = func(ctx context.Context) (*maskdump.Tables, error) {
		if err := s.bindStream(ctx); err != nil {
			return nil, err
		}
		return s.tables(), nil
	}
	return cfg
}

// tables is what the filter is to know of the tables.
func (s *maskSetup) tables() *maskdump.Tables {
	return &maskdump.Tables{
		Schema: s.bound.schema, Specs: s.bound.specs, Programs: s.bound.programs,
		Gone: s.gone, Cuts: s.cuts, Known: s.known, Moves: masksPartitionKey,
	}
}

// mask masks a dump.
func (s *maskSetup) mask(ctx context.Context, in io.Reader, out io.Writer) (*maskResult, error) {
	m := maskdump.New(s.filter(), in, out)
	if err := m.Mask(ctx); err != nil {
		return nil, maskStatus(err)
	}
	return maskResultOf(m.Counts()), nil
}

// maskStatus gives an error of the dump its exit status.
func maskStatus(err error) error {
	var wrong *maskdump.Error
	switch {
	case !errors.As(err, &wrong):
		return schemaStatus(err)
	case wrong.Undecided:
		return withStatus(exitUndecided, err)
	}
	return usageError(err)
}
