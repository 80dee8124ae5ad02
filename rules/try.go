package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// try has the server plan a statement made of an expression. What the server
// says of the statement is a problem of the expression; any other error ends
// Bind.
func (b *binder) try(e *exprRule, sql string) bool {
	if b.env.Try == nil || b.failed != nil {
		return true
	}
	err := b.env.Try(sql)
	if err == nil {
		return true
	}
	var server interface{ Code() string }
	if !errors.As(err, &server) {
		b.failed = err
		return true
	}
	b.add(e.at, "%s: the server refuses it: %v", e.what, err)
	return false
}

// tryOn has the server plan "select list from a row of the table", with rest
// behind it. The row is no table's, so nothing is locked and no privilege asked
// for, and it is fenced off, so that what the expression makes of its NULLs is
// not computed.
func (b *binder) tryOn(e *exprRule, table *schema.Table, list, rest string) bool {
	if b.env.Try == nil {
		return true
	}
	return b.try(e, "select "+list+" from "+fencedRow(table, schema.QuoteIdent(table.Name.Name))+rest)
}

// fencedRow is a row of NULLs with the columns of a table.
func fencedRow(t *schema.Table, alias string) string {
	cols := make([]string, len(t.Columns))
	for i := range t.Columns {
		cols[i] = fmt.Sprintf("null::%s as %s", nullType(&t.Columns[i].Type), schema.QuoteIdent(t.Columns[i].Name))
	}
	return "(select " + strings.Join(cols, ", ") + " offset 0) as " + alias
}

// tryReference has the server compare an expression with what it references.
func (b *binder) tryReference(e *exprRule, sql string, child, parent *schema.Table, column int) {
	if e == nil || sql == "" {
		return
	}
	c := &parent.Columns[column]
	to := e
	if b.env.Try != nil {
		to = &exprRule{at: e.at, what: fmt.Sprintf("from: to compare it with %s.%s of type %s", parent.Name, spell(c.Name), c.Type.Name)}
	}
	b.tryOn(to, child, "1", fmt.Sprintf(", (select null::%s as k offset 0) as pgstandin where (%s) = pgstandin.k", nullType(&c.Type), sql))
}

// functions has the server look for each function that the file lists. One of
// which there are several under the name is there.
func (b *binder) functions() {
	for _, f := range b.f.functions {
		if b.env.Try == nil || b.failed != nil {
			return
		}
		name := schema.Name{Schema: f.name.Schema, Name: f.name.Name}.String()
		err := b.env.Try("select " + schema.QuoteLiteral(name) + "::pg_catalog.regproc")
		var server interface{ Code() string }
		switch {
		case err == nil:
		case !errors.As(err, &server):
			b.failed = err
		case server.Code() == "42883" || server.Code() == "3F000":
			b.add(f.at, "functions: the source has no function %s", name)
		}
	}
}
