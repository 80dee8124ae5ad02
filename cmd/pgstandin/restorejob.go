package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/internal/restorable"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/store"
)

// restoration is one restore: of what, into what.
type restoration struct {
	dest, name           string
	identities           []age.Identity
	target               pipeline.TargetConfig
	rules                *rules.File
	tables, schemas      []string
	schemaOnly, dataOnly bool
	workers              int
	report               reporter

	snap *store.Snapshot
	what *restorable.Contents
	tgt  *pipeline.Target
	live *liveSchema // with dataOnly

	rows, bytes atomic.Int64
	total       int64
	mu          sync.Mutex
	told        time.Time
}

// liveSchema is the target as it is now, which a restore of data alone copies.
type liveSchema struct {
	src    *pipeline.Source
	schema *schema.Schema
}

// run does everything. Whatever goes wrong before the swap leaves the target as it
// was.
func (r *restoration) run(ctx context.Context) (res *restoreResult, err error) {
	began := time.Now()
	r.report.Step("check snapshot and target")
	st, err := openStore(ctx, r.dest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	if err := r.choose(ctx, st); err != nil {
		return nil, err
	}
	r.target.Encoding = r.what.Encoding
	if r.tgt, err = pipeline.OpenTarget(ctx, r.target); err != nil {
		return nil, at("target", err)
	}
	defer r.tgt.Close(ctx)
	if r.dataOnly {
		if err := r.openLive(ctx); err != nil {
			return nil, err
		}
		defer func() { r.live.src.Close(ctx) }()
	}
	if err := r.preflight(ctx); err != nil {
		return nil, err
	}
	to := replacement{r.tgt, r.report, r.report.Note}
	if err := to.lock(ctx); err != nil {
		return nil, err
	}
	defer to.drop(ctx, &err)
	if err := r.fill(ctx); err != nil {
		return nil, err
	}
	swap, err := to.swap(ctx)
	if err != nil {
		return nil, err
	}
	res = &restoreResult{
		Target: r.tgt.Name(), Previous: swap.Previous, Snapshot: r.snap.Name, Time: r.snap.Manifest.Created.UTC().Format(time.RFC3339),
		Tables: r.what.Tables, Rows: r.rows.Load(), Bytes: r.bytes.Load(), Seconds: time.Since(began).Seconds(), Steps: stepsOf(r.report),
	}
	return res, nil
}

// choose finds the snapshot and reads what is in it.
func (r *restoration) choose(ctx context.Context, st *store.Store) (err error) {
	if r.name == "" {
		if r.name, err = latest(ctx, st, r.report.Note); err != nil {
			return err
		}
	}
	if r.snap, err = st.Snapshot(ctx, r.name); err != nil {
		return err
	}
	if f := r.snap.Manifest.Format; !readable(r.snap.Manifest) {
		return fmt.Errorf("snapshot %s is of format %s, which restore does not read; give its file to psql (plain) or pg_restore (tar)", r.name, f)
	}
	in, err := r.snap.Open(ctx, "toc.dat", r.identities...)
	if err != nil {
		return err
	}
	defer in.Close()
	toc, err := pgarchive.Read(in)
	if err != nil {
		return (&dataFile{snapshot: r.name, file: "toc.dat", stored: in}).blame(err)
	}
	r.what, err = restorable.Of(toc, r.tables, r.schemas)
	if wrong := (*restorable.ChoiceError)(nil); errors.As(err, &wrong) {
		return usageError(err)
	}
	if err != nil {
		return err
	}
	if r.schemaOnly {
		w := r.what
		w.Data, w.Blobs, w.Sets, w.Views, w.Tables = nil, nil, nil, nil, 0
	}
	for _, e := range r.what.Data {
		r.total += r.fileSize(e)
	}
	return nil
}

// fileSize is how long the file of an entry is, or 0.
func (r *restoration) fileSize(e *pgarchive.Entry) int64 {
	f, _ := r.stored(e.Filename)
	return f.Size
}

// byRows are the entries of rows, the longest first.
func (r *restoration) byRows() []*pgarchive.Entry {
	out := slices.Clone(r.what.Data)
	slices.SortStableFunc(out, func(a, b *pgarchive.Entry) int {
		return cmp.Compare(r.fileSize(b), r.fileSize(a))
	})
	return out
}

// openLive reads the schema that a restore of data alone keeps.
func (r *restoration) openLive(ctx context.Context) error {
	if e := r.what.Encoding; e != "" && e != "UTF8" && e != "SQL_ASCII" {
		return fmt.Errorf("--data-only: the snapshot's rows are in %s, the target's schema is read in UTF8; restore them with pg_restore --data-only", e)
	}
	src, err := pipeline.OpenSource(ctx, reading(r.target.Conn, r.target.DSN))
	if err != nil {
		return fmt.Errorf("--data-only keeps the target's schema, which cannot be read: %w", ofTarget(err))
	}
	r.live = &liveSchema{src: src}
	if r.live.schema, err = catalog.Read(ctx, src.Leader()); err != nil {
		src.Close(ctx)
		return at("target", err)
	}
	known := map[schema.Name]bool{}
	for _, t := range r.live.schema.Tables {
		known[t.Name] = true
	}
	var missing []string
	for _, e := range r.what.Data {
		if !known[restorable.Name(e)] {
			missing = append(missing, "the target has no table "+restorable.Name(e).String())
		}
	}
	if len(missing) > 0 {
		src.Close(ctx)
		return errors.New("--data-only: the snapshot does not fit the target's schema\n" + strings.Join(missing, "\n"))
	}
	return nil
}

// preflight looks for every reason to refuse, as for a refresh.
func (r *restoration) preflight(ctx context.Context) error {
	like, extensions := r.what.Like, r.what.Extensions
	if r.live != nil {
		like, extensions = r.live.src.Info(), nil
	}
	if like.Provider == "" { // an archive that says nothing of its database
		there := r.tgt.Info()
		there.Version, there.Database = like.Version, like.Database
		if like.Encoding != "" {
			there.Encoding = like.Encoding
		}
		like = there
	}
	r.what.Like = like
	name := r.what.Like.Database
	if m := r.snap.Manifest.Database; m != "" {
		name = m
	}
	if r.live != nil {
		name = "" // no copy of the target itself is meant
	}
	problems, err := r.tgt.PreflightLike(ctx, like, extensions, pipeline.PreflightConfig{Allowed: func(host string, port uint16, database string) bool {
		return r.rules.Targets.Match(host, port, database, name)
	}})
	return unwritten(problems, err)
}

// fill makes the new database.
func (r *restoration) fill(ctx context.Context) error {
	r.report.Step("create the schema")
	if r.live != nil {
		return r.fillLive(ctx)
	}
	if err := r.tgt.CreateLike(ctx, r.what.Like); err != nil {
		return err
	}
	if err := r.onOne(ctx, func(ctx context.Context, conn *pgconn.PgConn) error { return makeAll(ctx, conn, r.what.Pre) }); err != nil {
		return err
	}
	r.report.Step("load rows")
	if err := r.tgt.BuildParts(ctx, r.building(), r.what.Post, r.loading); err != nil {
		return err
	}
	r.report.Step("set sequences, fill views")
	return r.onOne(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		for _, e := range slices.Concat(r.what.Sets, r.what.Views) {
			sql := e.Defn.String
			if e.Desc == "MATERIALIZED VIEW DATA" {
				sql += ";\nanalyze " + restorable.Name(e).SQL()
			}
			if err := execute(ctx, conn, e, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// fillLive makes the new database with the schema that the target has now.
func (r *restoration) fillLive(ctx context.Context) error {
	src, s := r.live.src, r.live.schema
	if _, err := src.Begin(ctx, tableNames(s)); err != nil {
		return at("target", err)
	}
	if err := r.tgt.Create(ctx, src); err != nil {
		return err
	}
	if err := r.tgt.PreData(ctx, src, pipeline.Objects{ForeignTables: true}); err != nil {
		return err
	}
	objects := slices.DeleteFunc(slices.Clone(r.what.Pre), func(e *pgarchive.Entry) bool { return e.Desc != "BLOB" && e.Desc != "BLOB METADATA" })
	if err := r.onOne(ctx, func(ctx context.Context, conn *pgconn.PgConn) error { return makeAll(ctx, conn, objects) }); err != nil {
		return err
	}
	views, err := src.Populated(ctx, s.MatViews)
	if err != nil {
		return err
	}
	src.Close(ctx)
	r.report.Step("load rows")
	build := r.building()
	build.Views, build.Sequences = views, r.setLive
	return r.tgt.Build(ctx, build, r.loading)
}

// setLive sets those sequences of the snapshot that the target has.
func (r *restoration) setLive(ctx context.Context) error {
	known := map[schema.Name]bool{}
	for _, q := range r.live.schema.Sequences {
		known[q.Name] = true
	}
	return r.onOne(ctx, func(ctx context.Context, conn *pgconn.PgConn) error {
		for _, e := range r.what.Sets {
			if !known[restorable.Name(e)] {
				r.mu.Lock()
				r.report.Note("the target has no sequence " + restorable.Name(e).String())
				r.mu.Unlock()
				continue
			}
			if err := execute(ctx, conn, e, e.Defn.String); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *restoration) building() pipeline.BuildConfig {
	cfg := pipeline.BuildConfig{Beside: r.workers, Jobs: 2 * r.workers}
	for _, e := range r.what.Data {
		cfg.Loads = append(cfg.Loads, pipeline.Load{Table: restorable.Name(e), Bytes: r.fileSize(e)})
	}
	return cfg
}

// loading is load, with the report of what follows.
func (r *restoration) loading(ctx context.Context, ready func(schema.Name)) error {
	err := r.load(ctx, ready)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Step("build indexes and constraints")
	}
	return err
}

// progress reports, now and then.
func (r *restoration) progress() {
	if !r.mu.TryLock() {
		return
	}
	defer r.mu.Unlock()
	if time.Since(r.told) < 200*time.Millisecond {
		return
	}
	r.told = time.Now()
	r.report.Progress(progress{Rows: r.rows.Load(), Bytes: r.bytes.Load(), TotalBytes: r.total})
}

// onOne runs fn with a session on the new database.
func (r *restoration) onOne(ctx context.Context, fn func(context.Context, *pgconn.PgConn) error) error {
	conn, err := r.tgt.Connect(ctx)
	if err != nil {
		return err
	}
	defer r.tgt.Disconnect(ctx, conn)
	return fn(ctx, conn)
}

// execute runs the SQL of an entry.
func execute(ctx context.Context, conn *pgconn.PgConn, e *pgarchive.Entry, sql string) error {
	if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("target: %s: %w", restorable.Label(e), pipeline.SafeError(err))
	}
	return nil
}

// serverOptions are those of a foreign server: addresses, and more.
var serverOptions = regexp.MustCompile(`(?s)^(CREATE SERVER .*) OPTIONS \(\n.*\);\s*$`)

// makeAll makes what comes before the rows, in the order of the archive.
func makeAll(ctx context.Context, conn *pgconn.PgConn, list []*pgarchive.Entry) error {
	const settings = "set check_function_bodies = off; set client_min_messages = warning"
	if _, err := conn.Exec(ctx, settings).ReadAll(); err != nil {
		return fmt.Errorf("target: %w", pipeline.SafeError(err))
	}
	access := ""
	for _, e := range list {
		sql := e.Defn.String
		if am := e.TableAM.String; am != "" && am != access {
			sql, access = "set default_table_access_method = "+schema.QuoteIdent(am)+";\n"+sql, am
		}
		switch e.Desc {
		case "SERVER":
			if m := serverOptions.FindStringSubmatch(sql); m != nil {
				sql = m[1]
			}
		case "BLOB METADATA": // since 17: a number a line
			var all []string
			for id := range strings.FieldsSeq(sql) {
				all = append(all, "select pg_catalog.lo_create('"+id+"')")
			}
			sql = strings.Join(all, ";\n")
		}
		if strings.TrimSpace(sql) == "" {
			continue
		}
		if err := execute(ctx, conn, e, sql); err != nil {
			return err
		}
	}
	return nil
}
