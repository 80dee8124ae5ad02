package maskdump

import (
	"bytes"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/sqlfile"
)

// What becomes of a statement that is neither COPY nor INSERT of a stream.
const (
	stmtPasses     = iota
	stmtRefused    // it may hold rows, in a way that is not understood
	stmtStatistics // it sets statistics, which hold values of rows: it is left out
	stmtLarge      // it is about a large object
	stmtAccess     // it says how to reach another server: it is left out
)

// passingVerbs begin statements that hold no rows.
const passingVerbs = " ; set reset create alter comment grant revoke drop begin start commit end rollback abort savepoint release security refresh analyze vacuum reindex cluster lock truncate reassign discard checkpoint "

// sortForMask says what becomes of a statement, and why if it is refused.
func sortForMask(sql []byte) (what int, why string) {
	t := sqlfile.First(sql, 8)
	word := func(i int) string {
		if i < len(t) && (t[i].Kind == sqlfile.Word || t[i].IsSign(';')) {
			return strings.ToLower(string(t[i].Text))
		}
		return ""
	}
	verb := word(0)
	switch {
	case verb == "select":
		if what, why := sortSelect(sql); what != stmtPasses || !hasComment(sql) {
			return what, why
		}
		return stmtRefused, "a comment within the statement: what it holds is unknown; remove it"
	case verb == "copy":
		return stmtRefused, "a COPY that is not from stdin: rows of other files cannot be masked"
	case verb == "insert":
		return stmtRefused, "an INSERT that is not of VALUES: what it writes is unknown"
	case verb == "do":
		return stmtRefused, "a DO block may write rows, and pg_dump makes none; remove it, and run it on the masked database"
	case !strings.Contains(passingVerbs, " "+verb+" ") || verb == "":
		return stmtRefused, "a statement that may hold rows and is not understood: only COPY … FROM stdin and INSERT … VALUES can be masked; write the dump with pg_dump"
	case verb == "alter" && word(1) == "large", (verb == "comment" || verb == "security") && hasLargeObject(t), (verb == "grant" || verb == "revoke") && grantsLargeObject(sql):
		return stmtLarge, ""
	case verb == "create" && createsRows(sql):
		return stmtRefused, "CREATE TABLE … AS makes rows that cannot be masked"
	case aboutAccess(t):
		return stmtAccess, ""
	case aboutRole(t):
		return stmtRefused, "a statement about roles, as pg_dumpall writes it with their passwords: a dump is of one database; write it with pg_dump"
	case verb == "set" && badEncoding(t):
		return stmtRefused, "the dump is not in UTF-8, which masks read; write it with pg_dump --encoding=UTF8"
	}
	return stmtPasses, ""
}

// object returns the tokens from the kind of object on that a CREATE, ALTER, DROP or
// COMMENT is about.
func object(t []sqlfile.Token) []sqlfile.Token {
	switch {
	case len(t) > 2 && t[0].Is("comment"):
		return t[2:]
	case len(t) > 1 && (t[0].Is("create") || t[0].Is("alter") || t[0].Is("drop")):
		return t[1:]
	}
	return []sqlfile.Token{{}}
}

// aboutAccess reports whether a statement is about a user mapping or a subscription,
// which hold the passwords that reach other servers.
func aboutAccess(t []sqlfile.Token) bool {
	t = object(t)
	return t[0].Is("subscription") || t[0].Is("user") && len(t) > 1 && t[1].Is("mapping")
}

// aboutRole reports whether a statement is about a role. Settings of one for a
// database are of a dump of that.
func aboutRole(t []sqlfile.Token) bool {
	t = object(t)
	return (t[0].Is("role") || t[0].Is("user") || t[0].Is("group")) && (len(t) < 4 || !t[2].Is("in") || !t[3].Is("database"))
}

func hasLargeObject(t []sqlfile.Token) bool {
	for i := range t {
		if t[i].Is("large") && i+1 < len(t) && t[i+1].Is("object") {
			return true
		}
	}
	return false
}

// grantsLargeObject reports whether a GRANT is ON LARGE OBJECT.
func grantsLargeObject(sql []byte) bool {
	on, large := false, false
	for t := range sqlfile.Tokens(sql) {
		switch {
		case large && t.Is("object"):
			return true
		case t.Is("large"):
			large = on
			continue
		}
		on, large = t.Is("on"), false
	}
	return false
}

// createsRows reports whether a statement is a CREATE TABLE … AS.
func createsRows(sql []byte) bool {
	table, depth, n := false, 0, 0
	for t := range sqlfile.Tokens(sql) {
		n++
		switch {
		case t.IsSign('('):
			depth++
		case t.IsSign(')'):
			depth--
		case !table && n <= 5 && t.Is("table"):
			table = true
		case !table && n > 5, t.Is("view"), t.Is("foreign"), t.Is("cast"), t.Is("rule"), t.Is("trigger"), t.Is("function"), t.Is("procedure"):
			if !table {
				return false
			}
		case table && depth == 0 && t.Is("as"):
			return true
		}
	}
	return false
}

// badEncoding reports whether a SET is of another client encoding than UTF8.
func badEncoding(t []sqlfile.Token) bool {
	t = t[1:]
	if len(t) > 0 && (t[0].Is("session") || t[0].Is("local")) {
		t = t[1:]
	}
	switch {
	case len(t) > 1 && t[0].Is("names"):
		t = t[1:]
	case len(t) > 2 && t[0].Is("client_encoding"):
		t = t[2:]
	default:
		return false
	}
	switch strings.ToLower(strings.NewReplacer("'", "", `"`, "", "-", "", "_", "").Replace(string(t[0].Text))) {
	case "utf8", "unicode", "sqlascii":
		return false
	}
	return true
}

// credentials hands a statement that passes and holds credentials to the caller, once
// the tables are known.
func (m *Filter) credentials(line int, sql []byte) error {
	if anonymize.Credentials(sql) == 0 {
		return nil
	}
	if m.tables == nil {
		m.unseen = append(m.unseen, Statement{line, bytes.Clone(sql)})
		return nil
	}
	return m.cfg.Credentials(Statement{line, sql})
}

// sortSelect knows the SELECTs of a dump.
func sortSelect(sql []byte) (what int, why string) {
	const unknown = "a SELECT that is not one of a dump: what it writes is unknown"
	var t []sqlfile.Token
	for x := range sqlfile.Tokens(sql) {
		if t = append(t, x); len(t) > 16 {
			break
		}
	}
	t = t[1:]
	if len(t) > 1 && t[0].IsSign('*') && t[1].Is("from") {
		t = t[2:]
	}
	if len(t) > 2 && t[0].Is("pg_catalog") && t[1].IsSign('.') {
		t = t[2:]
	}
	if len(t) < 3 || t[0].Kind != sqlfile.Word || !t[1].IsSign('(') {
		return stmtRefused, unknown
	}
	switch strings.ToLower(string(t[0].Text)) {
	case "pg_restore_relation_stats", "pg_restore_attribute_stats", "pg_restore_extended_stats":
		return stmtStatistics, ""
	case "lo_create", "lo_open", "lowrite", "lo_close", "lo_unlink", "lo_put", "lo_from_bytea":
		return stmtLarge, ""
	case "set_config":
		if fits(t[2:], "',',b)") && string(t[2].Text) == "'search_path'" {
			return stmtPasses, ""
		}
		return stmtRefused, "a set_config of another setting than search_path"
	case "setval":
		if fits(t[2:], "',0)") || fits(t[2:], "',0,b)") {
			return stmtPasses, ""
		}
	}
	return stmtRefused, unknown
}

// fits compares the rest of a call with its shape: ' is a string, 0 a number, b a
// boolean, and the rest itself.
func fits(t []sqlfile.Token, shape string) bool {
	i := 0
	for k := range len(shape) {
		if i < len(t) && shape[k] == '0' && t[i].IsSign('-') {
			i++
		}
		if i >= len(t) {
			return false
		}
		var ok bool
		switch shape[k] {
		case '\'':
			ok = t[i].Kind == sqlfile.String
		case '0':
			ok = t[i].Kind == sqlfile.Number
		case 'b':
			ok = t[i].Is("true") || t[i].Is("false")
		default:
			ok = t[i].IsSign(shape[k])
		}
		if !ok {
			return false
		}
		i++
	}
	return i == len(t) || i == len(t)-1 && t[i].IsSign(';')
}

// searchPath returns the schemas that a statement sets search_path to.
func searchPath(sql []byte) ([]string, bool) {
	t := sqlfile.First(sql, 64)
	switch {
	case len(t) > 3 && t[0].Is("set"):
		t = t[1:]
		if t[0].Is("session") || t[0].Is("local") {
			t = t[1:]
		}
		if !t[0].Is("search_path") {
			return nil, false
		}
		var path []string
		for _, x := range t[2:] {
			switch {
			case x.Kind == sqlfile.String:
				path = append(path, splitPath(string(x.Text))...)
			case x.Kind == sqlfile.Word, x.Kind == sqlfile.Quoted:
				path = append(path, x.Name())
			}
		}
		return path, true
	case len(t) > 8 && t[0].Is("select") && t[3].Is("set_config") && string(t[5].Text) == "'search_path'":
		return splitPath(string(t[7].Text)), true
	case len(t) > 6 && t[0].Is("select") && t[1].Is("set_config") && string(t[3].Text) == "'search_path'":
		return splitPath(string(t[5].Text)), true
	}
	return nil, false
}

// splitPath reads the string of a search path, in its quotes.
func splitPath(text string) []string {
	var path []string
	for _, part := range strings.Split(strings.Trim(text, "'"), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if t := sqlfile.First([]byte(part), 1); len(t) == 1 {
			path = append(path, t[0].Name())
		}
	}
	return path
}

// comments returns what stands before a statement, without comments that pg_dump
// does not write: a row that somebody took out so is a row still.
func (m *Filter) comments(before []byte) []byte {
	if bytes.IndexByte(before, '-') < 0 && bytes.IndexByte(before, '/') < 0 {
		return before
	}
	var out []byte
	for line := range bytes.Lines(before) {
		text := bytes.TrimSpace(line)
		if len(text) == 0 || isDumpComment(string(text)) {
			out = append(out, line...)
			continue
		}
		m.left.Comments++
		if line[len(line)-1] == '\n' {
			out = append(out, '\n')
		}
	}
	return out
}

// isDumpComment reports whether pg_dump writes a comment like this, which names
// objects and nothing else.
func isDumpComment(line string) bool {
	text, ok := strings.CutPrefix(line, "--")
	if !ok {
		return false
	}
	text = strings.TrimSpace(text)
	for _, form := range []string{"Name: ", "Data for Name: ", "Statistics for Name: "} {
		if strings.HasPrefix(text, form) {
			return strings.Contains(text, "; Type: ") && strings.Contains(text, "; Schema: ")
		}
	}
	for _, form := range []string{"PostgreSQL database", "Dumped from database version ", "Dumped by pg_dump version ", "Started on ", "Completed on ", "TOC entry ", "Dependencies: ", "Roles", "Databases", "User Configurations", "load via partition root ", "Data Pos: ", "File: "} {
		if strings.HasPrefix(text, form) {
			return len(text) < 200
		}
	}
	return text == "" || text == "*not* creating schema, since initdb creates it" || text == "*not* dropping schema, since initdb creates it"
}
