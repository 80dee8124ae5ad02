package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/lockfile"
	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// addKeys makes the keys that the database, with the tables of that file, does not have
// yet.
func addKeys(ctx context.Context, conn *pgconn.PgConn, file string, keys []lockfile.Key) error {
	s, err := catalog.Read(ctx, conn)
	if err != nil {
		return fmt.Errorf("throw-away server: %w", err)
	}
	there := map[lockfile.Key]bool{}
	for _, k := range lockfile.KeysOf(s) {
		there[k] = true
	}
	tables := map[string]*schema.Table{}
	for _, t := range s.Tables {
		tables[t.Name.SQL()] = t
	}
	partition := func(k lockfile.Key) bool { t := tables[k.Table]; return t != nil && t.Partition != nil }
	// Keys of a partitioned table make those of its partitions.
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b lockfile.Key) int {
		return rankOfKey(a, partition(a)) - rankOfKey(b, partition(b))
	})
	exec := func(sql string) error { return conn.Exec(ctx, sql).Close() }
	if err := exec("set check_function_bodies = off; set search_path = ''"); err != nil {
		return fmt.Errorf("throw-away server: %w", pipeline.SafeError(err))
	}
	for _, k := range keys {
		if there[k] {
			continue
		}
		sql := "alter table " + k.Table + " add " + k.Key
		if how, ok := strings.CutPrefix(k.Key, "unique index "); ok {
			sql = "create unique index on " + k.Table + " " + how
		}
		if err := exec(sql); err != nil && !(partition(k) && strings.HasPrefix(k.Key, "primary key")) {
			return withStatus(exitUndecided, fmt.Errorf("drift from the lock file: %s of %s cannot be made with the tables that %s begins with (%w); "+
				"write the lock file again by check --write-lock, or give the schema by --schema FILE", k.Key, k.Table, file, pipeline.SafeError(err)))
		}
	}
	return nil
}

// rankOfKey orders keys by what they need: partitions after what they are parts
// of, references after the keys that they are of.
func rankOfKey(k lockfile.Key, partition bool) int {
	rank := 0
	if partition {
		rank = 1
	}
	if strings.HasPrefix(k.Key, "foreign key") {
		rank += 2
	}
	return rank
}
