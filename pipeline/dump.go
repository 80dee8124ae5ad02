package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/ownedfolder"
	"github.com/pgstandin/pgstandin/schema"
)

// Objects says what of the source's schema is made in the target that is not
// made by default.
type Objects struct {
	// ForeignTables makes foreign tables and servers; servers without their
	// options, which hold addresses and passwords. User mappings are never made.
	ForeignTables bool
}

// archive is the source's schema as pg_dump's custom format, and what of it is
// restored.
type archive struct {
	*ownedfolder.Folder
	file    string
	entries []entry

	constraints [][]string // of the source, as the query of that name lists them
	post        *postData
}

// entry is one line of the archive's table of contents.
type entry struct {
	line    string
	catalog uint32 // oid of the catalog table that the object is in; 0 for comments and the like
	object  uint32 // its oid in the source
}

// Oids of catalog tables, the same in every version.
const (
	catalogServer       = 1417
	catalogUserMapping  = 1418
	catalogEventTrigger = 3466
	catalogSubscription = 6100
	catalogPublication  = 6104
	catalogPubTable     = 6106
	catalogPubSchema    = 6237
)

// PreData dumps the source's schema under its snapshot and makes, in the new
// database, what comes before the data: schemas, types, functions, tables,
// views. Never made: owners, privileges, tablespaces, security labels,
// publications, subscriptions, event triggers, user mappings, options of
// foreign servers.
func (t *Target) PreData(ctx context.Context, src *Source, objects Objects) error {
	if !t.created {
		return errors.New("target: schema: the new database is not there")
	}
	if err := t.findTools(ctx, src.Info().Major()); err != nil {
		return fmt.Errorf("target: schema: %w", err)
	}
	if err := t.dump(ctx, src, objects); err != nil {
		return fmt.Errorf("source: schema: %w", err)
	}
	if err := t.preData(ctx, src); err != nil {
		return fmt.Errorf("target: schema: %w", err)
	}
	return nil
}

func (t *Target) dump(ctx context.Context, src *Source, objects Objects) error {
	if src.snap.ID == "" {
		return errors.New("no snapshot has been taken")
	}
	own, err := newFolder()
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	t.archive = &archive{Folder: own, file: filepath.Join(own.Dir(), "schema.dump")}
	args, err := src.dumpArgs(ctx, t.tools.dumpMajor, objects)
	if err != nil {
		return err
	}
	args = append(args, "--format=custom", "--compress=0", "--file="+t.archive.file)
	if t.archive.constraints, err = textsOf(ctx, src.leader, constraints); err != nil {
		return withMessage(err)
	}
	if t.archive.post, err = place(ctx, src); err != nil {
		return err
	}
	env, err := childEnv(src.at, src.cfg.DSN, src.info.Database, textOptions)
	if err != nil {
		return err
	}
	if err := src.at.reachable(ctx, func(ctx context.Context) error { return child(ctx, t.tools.dump, args, env) }); err != nil {
		return src.explain(ctx, err)
	}
	return t.readContents(ctx, objects)
}

// dumpArgs are what pg_dump of that major version is told to dump of the schema,
// all but how and where to.
func (s *Source) dumpArgs(ctx context.Context, major int, objects Objects) ([]string, error) {
	args := []string{
		"--schema-only", "--snapshot=" + s.snap.ID,
		"--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels", "--no-publications", "--no-subscriptions",
		"--encoding=" + rowEncoding(s.info.Encoding), "--lock-wait-timeout=" + strconv.FormatInt(max(1, s.cfg.LockTimeout.Milliseconds()), 10), "--no-password",
	}
	if major >= 18 {
		args = append(args, "--no-statistics")
	}
	if objects.ForeignTables {
		return args, nil
	}
	tables, err := textsOf(ctx, s.leader, `
select n.nspname, c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'f' order by 1, 2`)
	if err != nil {
		return nil, withMessage(err)
	}
	for _, r := range tables {
		args = append(args, "--exclude-table="+schema.Name{Schema: r[0], Name: r[1]}.SQL())
	}
	return args, nil
}

// constraints lists those of tables, but for those of extensions and those that partitions
// inherit, which come with their parent's. NOT NULL is checked by every row.
const constraints = `
select n.nspname, c.relname, k.conname, k.contype, k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.contype in ('f', 'p', 'u', 'x', 'c') and c.relkind in ('r', 'p')
  and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  and d.objid = c.oid and d.deptype = 'e')
order by 1, 2, 3`

// readContents lists the archive and keeps what is to be restored.
func (t *Target) readContents(ctx context.Context, objects Objects) error {
	list := filepath.Join(t.archive.Dir(), "all.list")
	if err := child(ctx, t.tools.restore, []string{"--list", "--file=" + list, t.archive.file}, bareEnv()); err != nil {
		return err
	}
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	t.archive.entries = t.archive.entries[:0]
	in := bufio.NewScanner(bytes.NewReader(text))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if e, ok := parseEntry(in.Text()); ok && wanted(e, objects) {
			t.archive.entries = append(t.archive.entries, e)
		}
	}
	return in.Err()
}

// parseEntry reads a line "2345; 1259 16390 TABLE public users owner"; comments
// begin with a semicolon.
func parseEntry(line string) (entry, bool) {
	id, rest, ok := strings.Cut(line, "; ")
	if !ok || id == "" {
		return entry{}, false
	}
	f := strings.SplitN(rest, " ", 3)
	if len(f) < 3 {
		return entry{}, false
	}
	catalog, err1 := strconv.ParseUint(f[0], 10, 32)
	object, err2 := strconv.ParseUint(f[1], 10, 32)
	if err1 != nil || err2 != nil {
		return entry{}, false
	}
	return entry{line: line, catalog: uint32(catalog), object: uint32(object)}, true
}

// what returns the entry's description: kind, schema, name, owner.
func (e entry) what() string { return strings.SplitN(e.line, " ", 4)[3] }

// unwanted begin the entries that are never restored: what reaches production
// or holds its credentials, and comments on what is gone or not ours. A
// description, the first word or words, is followed by a schema, "-" for none.
var unwanted = []string{
	"USER MAPPING - ", "EVENT TRIGGER - ", "SUBSCRIPTION - ", "SUBSCRIPTION TABLE ", "PUBLICATION - ", "PUBLICATION TABLE ",
	"PUBLICATION TABLES IN SCHEMA ", "SECURITY LABEL ", "ACL ", "DEFAULT ACL ", "DATABASE - ", "DATABASE PROPERTIES - ",
	"COMMENT - EXTENSION ", "COMMENT - SERVER ", "COMMENT - SCHEMA public ", "COMMENT - EVENT TRIGGER ", "COMMENT - USER MAPPING ",
	"COMMENT - PUBLICATION ", "COMMENT - SUBSCRIPTION ", "COMMENT - DATABASE ",
}

func wanted(e entry, objects Objects) bool {
	switch e.catalog {
	case catalogUserMapping, catalogEventTrigger, catalogSubscription, catalogPublication, catalogPubTable, catalogPubSchema:
		return false
	}
	what := e.what()
	for _, prefix := range unwanted {
		if strings.HasPrefix(what, prefix) {
			return false
		}
	}
	if e.catalog == catalogServer {
		return objects.ForeignTables
	}
	return true
}

// preData restores the pre-data section in its order. A foreign server is made
// by a statement of our own, without its options.
func (t *Target) preData(ctx context.Context, src *Source) error {
	if t.inplace != nil {
		return t.preDataShadows(ctx)
	}
	if err := t.dropPublic(ctx, src); err != nil {
		return err
	}
	var segment []entry
	for _, e := range t.archive.entries {
		if e.catalog != catalogServer {
			segment = append(segment, e)
			continue
		}
		if err := t.restore(ctx, segment); err != nil {
			return err
		}
		segment = segment[:0]
		if err := t.createServer(ctx, src, e.object); err != nil {
			return err
		}
	}
	return t.restore(ctx, segment)
}

// dropPublic removes the public schema, which comes with template0, if the
// source has none.
func (t *Target) dropPublic(ctx context.Context, src *Source) error {
	row, err := oneOf(ctx, src.leader, "select count(*) from pg_catalog.pg_namespace where nspname = 'public'")
	if err != nil {
		return withMessage(err)
	}
	if row[0] != "0" {
		return nil
	}
	return t.script(ctx, "drop schema public")
}

func (t *Target) createServer(ctx context.Context, src *Source, server uint32) error {
	sql, err := src.serverSQL(ctx, server)
	if err != nil {
		return err
	}
	return t.script(ctx, sql)
}

// serverSQL makes a foreign server without its options, and its comment: pg_restore takes
// a comment that its list begins with for one of the section of what the list leaves out.
func (s *Source) serverSQL(ctx context.Context, server uint32) (string, error) {
	row, err := oneOf(ctx, s.leader, `
select s.srvname, s.srvtype, s.srvversion, w.fdwname, pg_catalog.obj_description(s.oid, 'pg_foreign_server')
from pg_catalog.pg_foreign_server s join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
where s.oid = $1::oid`, oid(server))
	if err != nil {
		return "", fmt.Errorf("foreign server: %w", withMessage(err))
	}
	sql := "create server " + schema.QuoteIdent(row[0])
	if row[1] != "" {
		sql += " type " + schema.QuoteLiteral(row[1])
	}
	if row[2] != "" {
		sql += " version " + schema.QuoteLiteral(row[2])
	}
	sql += " foreign data wrapper " + schema.QuoteIdent(row[3])
	if row[4] != "" {
		sql += "; comment on server " + schema.QuoteIdent(row[0]) + " is " + schema.QuoteLiteral(row[4])
	}
	return sql, nil
}

// script runs statements that touch no rows on the new database.
func (t *Target) script(ctx context.Context, sql string) error {
	conn, err := t.Connect(ctx)
	if err != nil {
		return err
	}
	defer t.Disconnect(ctx, conn)
	return withMessage(run(ctx, conn, sql))
}

// restore runs pg_restore for those entries that are in the pre-data section.
func (t *Target) restore(ctx context.Context, entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	list := filepath.Join(t.archive.Dir(), "restore.list")
	if err := writeList(list, entries); err != nil {
		return err
	}
	options := textOptions + " " + writingOption + " -c synchronous_commit=off"
	if t.at.watchesClients() {
		options += " -c client_connection_check_interval=" + strconv.FormatInt(checkEvery.Milliseconds(), 10)
	}
	env, err := childEnv(t.at, t.cfg.DSN, t.build, options)
	if err != nil {
		return err
	}
	args := []string{
		"--verbose", // it then says which entry an error is about
		"--dbname=", "--section=pre-data", "--use-list=" + list,
		"--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels", "--no-publications", "--no-subscriptions", "--no-password",
	}
	// pg_restore 17 sets a parameter that older servers do not know: there it
	// must go on after an error, and ours is to tell which.
	tolerant := t.tools.restoreMajor >= 17 && t.info.Major() < 17
	if !tolerant {
		args = append(args, "--exit-on-error")
	}
	err = t.at.reachable(ctx, func(ctx context.Context) error {
		return child(ctx, t.tools.restore, append(args, t.archive.file), env)
	})
	var e *ChildError
	if tolerant && errors.As(err, &e) && e.harmless {
		return nil
	}
	return err
}

// maintenanceMemory is what a session that builds constraints gets, in kilobytes:
// the server's setting, at least 128 MB.
func (t *Target) maintenanceMemory(ctx context.Context) (int64, error) {
	conn, err := t.administer(ctx)
	if err != nil {
		return 0, err
	}
	row, err := oneOf(ctx, conn, "select greatest(setting::pg_catalog.int8, 131072) from pg_catalog.pg_settings where name = 'maintenance_work_mem'")
	if err != nil {
		return 0, withMessage(err)
	}
	return strconv.ParseInt(row[0], 10, 64)
}
