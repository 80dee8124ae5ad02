package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/pgstandin/pgstandin/store"
)

// latest is the name of the newest complete snapshot of the format that restore reads.
// Newer ones of others are noted, and damaged ones, of which it is not known how new
// they are.
func latest(ctx context.Context, st *store.Store, note func(string)) (string, error) {
	list, err := st.List(ctx)
	if err != nil {
		return "", err
	}
	name := ""
	var foreign []string // newer than name, or without one, the newest last
	for _, l := range list {
		switch {
		case l.State == store.Complete && readable(l.Manifest):
			name, foreign = l.Name, nil
		case l.State == store.Complete:
			foreign = append(foreign, l.Name)
		case l.State == store.Damaged:
			note("passed over: " + l.Err.Error())
		}
	}
	switch {
	case name == "" && foreign != nil:
		return foreign[len(foreign)-1], nil // which will be refused
	case name == "":
		return "", noSnapshot(ctx, st)
	case foreign != nil:
		note("passed over, because restore reads snapshots of format directory: " + strings.Join(foreign, ", "))
	}
	return name, nil
}

// readable reports whether a snapshot is of the format that restore reads.
func readable(m *store.Manifest) bool { return m.Format == "" || m.Format == string(directoryFormat) }

// noSnapshot is the error for where no complete snapshot is.
func noSnapshot(ctx context.Context, st *store.Store) error {
	dir, name := path.Split(st.String())
	if !st.IsSnapshot(ctx) {
		return fmt.Errorf("%s: no complete snapshot", st)
	}
	if dir == "" {
		return fmt.Errorf("%s is itself a snapshot: name the folder that it is in, and --snapshot with its name", st)
	}
	return fmt.Errorf("%s is itself a snapshot: write %s --snapshot %s", st, strings.TrimSuffix(dir, "/"), name)
}
