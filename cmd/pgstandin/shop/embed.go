// Package shop is the demo's production: the schema of a small web shop, its
// made-up rows in any number, and the rules that fill staging from it.
package shop

import (
	_ "embed"
	"strconv"
	"strings"
	"time"
)

// Schema makes the shop's types, tables, keys, indexes, views and triggers in an
// empty database.
//
//go:embed schema.sql
var Schema string

// Rules is a rules file for it that decides every column.
//
//go:embed rules.yaml
var Rules string

//go:embed data.sql
var data string

// Data returns the script that fills the shop with that many users, at least
// one, and about thirty rows for each. It is plain SQL, needs a superuser (keys
// are not checked while it loads) and nothing in the tables. The same number
// gives the same rows, but that times are relative to now.
func Data(users int) string { return DataAt(users, time.Now()) }

// DataAt is Data as if run at now: the same arguments give the same rows.
func DataAt(users int, now time.Time) string {
	return strings.NewReplacer(
		"{{users}}", strconv.Itoa(users),
		"{{now}}", "timestamptz '"+now.UTC().Format("2006-01-02 15:04:05Z")+"'",
	).Replace(data)
}
