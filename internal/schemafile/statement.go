package schemafile

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// Kinds of statements of a schema file that are passed over, since no table is
// another for them.
const (
	passedRows = iota
	passedOwner
	passedDatabase
	passedSetting
	passedDrop
	passedKinds
)

var passedNames = [passedKinds]string{
	"with rows", "about owners, privileges and security labels", "about databases, roles, tablespaces and subscriptions",
	"with settings that this server does not know", "that drop what is not there",
}

// sorted is what the beginning of a statement says of it.
type sorted struct {
	verb, object string // key words, in lower case: create, table
	name         string // of an extension or schema
	passed       int    // how it is passed over; -1: it is run
	drops        bool   // it drops a part of an object
}

// sortStatement looks what a statement is.
func sortStatement(sql []byte) sorted {
	t := sqlfile.First(sql, 12)
	s := sorted{passed: -1}
	word := func(i int) string {
		if i < len(t) && (t[i].Kind == sqlfile.Word || t[i].IsSign(';')) {
			return strings.ToLower(string(t[i].Text))
		}
		return ""
	}
	s.verb, s.object = word(0), word(1)
	switch s.verb {
	case "create":
		i := 1
		for slices.Contains([]string{"or", "replace"}, word(i)) {
			i++
		}
		s.object = word(i)
		for i++; slices.Contains([]string{"if", "not", "exists"}, word(i)); i++ {
		}
		if i < len(t) {
			s.name = t[i].Name()
		}
	case "comment":
		s.object = word(2) // comment on …
	}
	s.passed = s.pass(sql, word)
	s.drops = s.verb == "drop" || s.verb == "alter" && slices.ContainsFunc(t, func(t sqlfile.Token) bool { return t.Is("drop") })
	return s
}

// pass says how a statement is passed over, or -1.
func (s *sorted) pass(sql []byte, word func(int) string) int {
	switch s.verb {
	case "insert", "update", "delete", "merge", "truncate", "copy":
		return passedRows
	case "grant", "revoke":
		return passedOwner
	case "reassign", "security":
		return passedOwner
	case "select":
		for _, name := range []string{"pg_restore_relation_stats", "pg_restore_attribute_stats", "lo_open", "lowrite", "lo_close", "lo_put", "lo_from_bytea"} {
			for i := 1; i < 8; i++ {
				if word(i) == name {
					return passedRows
				}
			}
		}
	case "set":
		switch {
		case s.object == "role", s.object == "session" && word(2) == "authorization":
			return passedOwner
		case s.object == "default_tablespace" && !emptyValue(sql):
			return passedDatabase
		}
	case "create", "alter", "drop", "comment":
		switch {
		case s.object == "database", s.object == "role", s.object == "group", s.object == "tablespace", s.object == "subscription", s.object == "system":
			return passedDatabase
		case s.object == "user" && word(2) == "mapping":
			return passedOwner
		case s.object == "user":
			return passedDatabase
		case s.verb == "alter" && s.object == "default" || s.verb == "drop" && s.object == "owned", s.verb == "alter" && givesOwner(sql):
			return passedOwner
		}
	}
	return -1
}

// emptyValue reports whether a SET sets an empty string.
func emptyValue(sql []byte) bool {
	t := sqlfile.First(sql, 4)
	return len(t) == 4 && string(t[3].Text) == "''"
}

// givesOwner reports whether a statement is an ALTER … OWNER TO and nothing else.
func givesOwner(sql []byte) bool {
	var last [4]sqlfile.Token
	depth := 0
	for t := range sqlfile.Tokens(sql) {
		switch {
		case t.IsSign('('):
			depth++
		case t.IsSign(')'):
			depth--
		case t.IsSign(',') && depth == 0:
			return false
		case t.IsSign(';'):
			continue
		}
		last = [4]sqlfile.Token{last[1], last[2], last[3], t}
	}
	return last[1].Is("owner") && last[2].Is("to") && !last[0].Is("rename") && !last[0].Is("column")
}

// forgive says how a statement that the server refused is passed over, or -1:
// where nothing is lost, and where psql would only print the error and go on.
func (s *sorted) forgive(err error) int {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return -1
	}
	absent := slices.Contains([]string{"42P01", "42704", "42883", "42703", "3F000"}, pg.Code)
	switch {
	case s.verb == "set" && pg.Code == "42704":
		return passedSetting
	case s.drops && absent:
		return passedDrop
	case s.verb == "create" && s.object == "schema" && s.name == "public" && pg.Code == "42P06":
		return passedDrop
	}
	return -1
}
