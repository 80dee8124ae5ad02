package sqlexpr

import pg "github.com/pganalyze/pg_query_go/v5"

// Truth says whether an expression's result is a boolean.
type Truth uint8

const (
	Perhaps    Truth = iota // a function call, CASE, sub-select: its shape does not say
	Boolean                 // a comparison, AND, IS NULL, ...
	NotBoolean              // a number, a string, a sum, ...
)

// truth reads the shape of an expression.
func truth(n *pg.Node) Truth {
	switch v := n.Node.(type) {
	case *pg.Node_BoolExpr, *pg.Node_NullTest, *pg.Node_BooleanTest:
		return Boolean
	case *pg.Node_SubLink:
		switch v.SubLink.SubLinkType {
		case pg.SubLinkType_EXISTS_SUBLINK, pg.SubLinkType_ANY_SUBLINK, pg.SubLinkType_ALL_SUBLINK:
			return Boolean
		case pg.SubLinkType_ARRAY_SUBLINK:
			return NotBoolean
		}
	case *pg.Node_AConst:
		if v.AConst.GetBoolval() != nil || v.AConst.Isnull {
			return Boolean
		}
		return NotBoolean
	case *pg.Node_AArrayExpr, *pg.Node_RowExpr, *pg.Node_SqlvalueFunction:
		return NotBoolean
	case *pg.Node_TypeCast:
		name, _ := qualified(v.TypeCast.TypeName.Names)
		if name.Name == "bool" && len(v.TypeCast.TypeName.ArrayBounds) == 0 {
			return Boolean
		}
		return NotBoolean
	case *pg.Node_AExpr:
		if v.AExpr.Kind == pg.A_Expr_Kind_AEXPR_NULLIF {
			return Perhaps
		}
		if v.AExpr.Kind != pg.A_Expr_Kind_AEXPR_OP {
			return Boolean
		}
		name, _ := qualified(v.AExpr.Name)
		switch name.Name {
		case "+", "-", "*", "/", "%", "^", "||", "->", "->>", "#>", "#>>":
			return NotBoolean
		case "=", "<>", "<", ">", "<=", ">=", "~", "~*", "!~", "!~*", "@>", "<@", "?", "&&", "@@":
			return Boolean
		}
	}
	return Perhaps
}
