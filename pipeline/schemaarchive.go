package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
)

// Archive dumps the schema under the snapshot, as pg_dump's archive without data.
// In it is what PreData makes in a target and what Build makes after the data,
// with the names of owners, and what it takes to create a database of the source's
// encoding and locale. pgDump is the program; empty means to look for it. The
// leader is in use meanwhile.
func (s *Source) Archive(ctx context.Context, pgDump string, objects Objects) (_ *pgarchive.Archive, err error) {
	if s.snap.ID == "" {
		return nil, errors.New("source: schema: no snapshot has been taken")
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("source: schema: %w", err)
		}
	}()
	program, major, err := findTool(ctx, "pg_dump", pgDump, s.info.Major())
	if err != nil {
		return nil, err
	}
	args, err := s.dumpArgs(ctx, major, objects)
	if err != nil {
		return nil, err
	}
	own, err := newFolder()
	if err != nil {
		return nil, fmt.Errorf("temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, own.Remove()) }()
	env, err := childEnv(s.at, s.cfg.DSN, s.info.Database, textOptions)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(own.Dir(), "schema")
	if err := child(ctx, program, append(args, "--format=directory", "--compress=0", "--file="+dir), env); err != nil {
		return nil, s.explain(ctx, err)
	}
	toc, err := os.Open(filepath.Join(dir, "toc.dat"))
	if err != nil {
		return nil, err
	}
	defer toc.Close()
	a, err := pgarchive.Read(toc)
	if err != nil {
		return nil, err
	}
	return a, s.keepWanted(ctx, a, objects)
}

// keepWanted removes what is never restored.
func (s *Source) keepWanted(ctx context.Context, a *pgarchive.Archive, objects Objects) error {
	kept := a.Entries[:0]
	for _, e := range a.Entries {
		if e.Desc != "DATABASE" && !wanted(entryOf(e), objects) {
			continue
		}
		if e.TableOID == catalogServer {
			sql, err := s.serverSQL(ctx, e.OID)
			if err != nil {
				return err
			}
			e.Defn = pgarchive.T(sql + ";\n")
		}
		kept = append(kept, e)
	}
	clear(a.Entries[len(kept):])
	a.Entries = kept
	return nil
}

// entryOf is an entry as pg_restore --list shows it.
func entryOf(e *pgarchive.Entry) entry {
	namespace := e.Namespace.String
	if namespace == "" {
		namespace = "-"
	}
	return entry{
		line:    fmt.Sprintf("%d; %d %d %s %s %s %s", e.DumpID, e.TableOID, e.OID, e.Desc, namespace, e.Tag, e.Owner.String),
		catalog: e.TableOID, object: e.OID,
	}
}
