package main

import (
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// connStringProblem says what is wrong with a connection string, of the
// environment's variables that complete it too, and what to write; err is pgconn's, nil
// for one that it would misread. It quotes
// nothing of it: where a sign of a password is not written as it has to be, any
// part may be a part of that.
func connStringProblem(dsn string, err error) string {
	what, isURL := "", strings.Contains(dsn, "://")
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		// The error begins with the string as far as passwords can be told; only what
		// comes after it is of use, to tell cases apart.
		_, reason, _ := strings.Cut(err.Error(), pgconn.NewParseConfigError(parse.ConnString, "", nil).Error())
		what = problemOf(reason)
	}
	text := "connection string is not valid"
	if what != "" {
		text += ": " + what
	} else {
		text += "; write postgres://user@host:5432/database or \"host=… dbname=…\""
	}
	if isURL && (what == "" || strings.HasPrefix(what, "its port")) {
		text += "; in a URL, write the signs / ? # @ : % of a password as %2F %3F %23 %40 %3A %25"
	}
	return text
}

// problemOf is what is wrong, by what pgconn says of it; "" where that may quote.
func problemOf(reason string) string {
	for _, p := range []struct{ begin, text string }{
		{"failed to read service (failed to read service file", "the file with its service cannot be read; PGSERVICEFILE names it, else it is ~/.pg_service.conf"},
		{"failed to read service", "its service is not in " + serviceFile() + "; PGSERVICEFILE names another file"},
		{"invalid port", "its port is not a number from 1 to 65535"},
		{"could not match", "it has another number of ports than of hosts"},
		{"failed to configure TLS (sslmode is invalid", "its sslmode is none of disable, allow, prefer, require, verify-ca, verify-full"},
		{"failed to configure TLS", "its sslrootcert, sslcert or sslkey cannot be read"},
		{"invalid sslcertmode", "its sslcertmode is none of disable, allow, require"},
		{"invalid connect_timeout", "its connect_timeout is not a number of seconds"},
		{"unknown target_session_attrs", "its target_session_attrs is none of any, read-write, read-only, primary, standby, prefer-standby"},
		{"invalid require_auth", "its require_auth is not a list of methods of authentication"},
		{"unknown channel_binding", "its channel_binding is none of disable, prefer, require"},
	} {
		if strings.HasPrefix(reason, p.begin) {
			return p.text
		}
	}
	return ""
}

// serviceFile is where services are looked for, unless the string says so itself.
func serviceFile() string {
	if name := os.Getenv("PGSERVICEFILE"); name != "" {
		return name
	}
	return "~/.pg_service.conf"
}

// misread reports whether a connection string would be taken for something else than
// it is meant for, so that a password would be a part of a database's name or of a
// setting's: a URL whose beginning is spelled wrong, or with a password that has a slash.
func misread(dsn string) bool {
	if name, _, pairs := strings.Cut(dsn, "="); pairs && !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return strings.ContainsAny(name, ":/@") // a URL for other programs, with parameters
	}
	_, rest, isURL := strings.Cut(dsn, "://")
	if !isURL {
		return strings.Contains(dsn, "@") || strings.Contains(dsn, ":/")
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return strings.Contains(path, "@")
}

// passwords are those within connection strings.
var passwords = regexp.MustCompile(`(postgres(?:ql)?://[^\s:@/?#]*:)\S*(@)|(password ?= ?)(?:'.*'|[^\s&"]*)`)

// withoutPasswords is a text that may quote a connection string, because one was given
// where something else belongs.
func withoutPasswords(text string) string { return passwords.ReplaceAllString(text, "$1$3…$2") }
