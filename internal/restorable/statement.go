package restorable

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/schema"
)

// readStatement reads the statement that makes an entry of an archive after the data,
// the first of sql: the relation that it is about, and two statements that could take
// its place. Both are zero where it is not of a kind that is known here.
func readStatement(sql string) (on schema.Name, split *pipeline.Split) {
	tree, err := pg.Parse(sql)
	if err != nil || len(tree.GetStmts()) == 0 {
		return on, nil
	}
	raw := tree.GetStmts()[0]
	whole := sql[raw.GetStmtLocation():]
	if n := raw.GetStmtLen(); n > 0 {
		whole = whole[:n]
	}
	var about *pg.RangeVar
	switch n := raw.GetStmt().GetNode().(type) {
	case *pg.Node_AlterTableStmt:
		about = n.AlterTableStmt.GetRelation()
		split = inTwoSteps(whole, n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		about = n.IndexStmt.GetRelation()
	case *pg.Node_CreateTrigStmt:
		about = n.CreateTrigStmt.GetRelation()
	case *pg.Node_RuleStmt:
		about = n.RuleStmt.GetRelation()
	case *pg.Node_CreatePolicyStmt:
		about = n.CreatePolicyStmt.GetTable()
	}
	return rangeName(about), split
}

func rangeName(r *pg.RangeVar) schema.Name {
	return schema.Name{Schema: r.GetSchemaname(), Name: r.GetRelname()}
}

// inTwoSteps turns the statement by which pg_dump adds a primary key, a unique key or
// a foreign key into two that make the same under weaker locks: an index and then a key
// of it, or a key that is not valid yet and then its validation. It is nil of any other
// statement, and of one that says more than is known here.
func inTwoSteps(whole string, alter *pg.AlterTableStmt) *pipeline.Split {
	if len(alter.GetCmds()) != 1 {
		return nil
	}
	add := alter.GetCmds()[0].GetAlterTableCmd()
	key := add.GetDef().GetConstraint()
	if add.GetSubtype() != pg.AlterTableType_AT_AddConstraint || key.GetConname() == "" {
		return nil
	}
	table, name, kind := rangeName(alter.GetRelation()), key.GetConname(), "primary key"
	switch key.GetContype() {
	case pg.ConstrType_CONSTR_FOREIGN:
		if key.GetSkipValidation() {
			return nil
		}
		return pipeline.SplitForeign(table, name, whole)
	case pg.ConstrType_CONSTR_UNIQUE:
		kind = "unique"
	case pg.ConstrType_CONSTR_PRIMARY:
	default:
		return nil
	}
	if len(key.GetKeys()) == 0 || len(key.GetOptions()) > 0 || key.GetIndexname() != "" || key.GetIndexspace() != "" {
		return nil
	}
	index := "CREATE UNIQUE INDEX " + schema.QuoteIdent(name) + " ON " + table.SQL() + " USING btree (" + quotedNames(key.GetKeys()) + ")"
	if len(key.GetIncluding()) > 0 {
		index += " INCLUDE (" + quotedNames(key.GetIncluding()) + ")"
	}
	if key.GetNullsNotDistinct() {
		index += " NULLS NOT DISTINCT"
	}
	return pipeline.SplitUnique(table, name, kind, index, key.GetDeferrable(), key.GetInitdeferred())
}

func quotedNames(names []*pg.Node) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = schema.QuoteIdent(n.GetString_().GetSval())
	}
	return strings.Join(quoted, ", ")
}
