package sqlexpr

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// allowed are the parse tree's nodes that may occur; every other one is refused
// (with the words of refused where it has some).
var allowed = map[string]bool{
	"Node": true, "A_Expr": true, "BoolExpr": true, "NullTest": true, "BooleanTest": true,
	"ColumnRef": true, "A_Star": true, "A_Const": true, "Integer": true, "Float": true,
	"Boolean": true, "String": true, "BitString": true, "TypeCast": true, "TypeName": true,
	"FuncCall": true, "NamedArgExpr": true, "CaseExpr": true, "CaseWhen": true,
	"CoalesceExpr": true, "MinMaxExpr": true, "SubLink": true, "SelectStmt": true,
	"RangeVar": true, "Alias": true, "ResTarget": true, "JoinExpr": true,
	"RangeSubselect": true, "RangeFunction": true, "WithClause": true,
	"CommonTableExpr": true, "CTESearchClause": true, "CTECycleClause": true,
	"SQLValueFunction": true, "A_ArrayExpr": true, "RowExpr": true, "A_Indirection": true,
	"A_Indices": true, "CollateClause": true, "List": true, "SortBy": true,
	"WindowDef": true, "GroupingSet": true, "GroupingFunc": true,
}

var refused = map[string]string{
	"IntoClause":       "SELECT INTO writes a table",
	"LockingClause":    "FOR UPDATE and the like lock rows",
	"InsertStmt":       "INSERT writes",
	"UpdateStmt":       "UPDATE writes",
	"DeleteStmt":       "DELETE writes",
	"MergeStmt":        "MERGE writes",
	"ParamRef":         "a parameter; there are none here",
	"SetToDefault":     "DEFAULT is no value",
	"CurrentOfExpr":    "there is no cursor",
	"XmlExpr":          "XML functions are not allowed",
	"XmlSerialize":     "XML functions are not allowed",
	"RangeTableFunc":   "XMLTABLE is not allowed",
	"RangeTableSample": "TABLESAMPLE depends on where rows lie; write a condition",
}

// walker fills an Expr from its tree.
type walker struct {
	x    *Expr
	base int        // offset of the text in what was parsed
	ctes [][]string // visible common table expressions, innermost last
	err  error
}

func analyze(text string, k kind, stmt *pg.SelectStmt) (*Expr, error) {
	x := &Expr{Text: text, kind: k, Bare: -1, Scopes: []Scope{{Parent: -1}}}
	x.edit.stmt = stmt
	w := &walker{x: x}
	switch k {
	case kindExpr:
		w.base = len("SELECT COALESCE(")
		root := stmt.TargetList[0].GetResTarget().Val
		w.node(root, 0)
		x.Truth = truth(root)
		if root.GetColumnRef() != nil && len(x.Columns) == 1 && !x.Columns[0].Star {
			x.Bare = 0
		}
	case kindOrder:
		w.base = len("SELECT 1 ORDER BY ")
		for _, n := range stmt.SortClause {
			w.node(n, 0)
		}
	case kindQuery:
		w.selectStmt(stmt, 0)
		x.results(stmt)
	}
	if w.err != nil {
		return nil, w.err
	}
	return x, nil
}

// results reads the select list of a query.
func (x *Expr) results(stmt *pg.SelectStmt) {
	for _, n := range stmt.TargetList {
		if c := n.GetResTarget().GetVal().GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
			return
		}
	}
	if x.Results = len(stmt.TargetList); x.Results == 1 {
		x.Truth = truth(stmt.TargetList[0].GetResTarget().GetVal())
	}
}

func (w *walker) fail(location int32, format string, args ...any) {
	if w.err == nil {
		w.err = &Error{w.offset(location), fmt.Sprintf(format, args...)}
	}
}

func (w *walker) offset(location int32) int {
	return min(max(int(location)-w.base, 0), len(w.x.Text))
}

// node visits one node. What needs no care of its own is walked field by field.
func (w *walker) node(n *pg.Node, scope int) {
	if n == nil || w.err != nil {
		return
	}
	switch v := n.Node.(type) {
	case *pg.Node_ColumnRef:
		w.column(v.ColumnRef, scope)
	case *pg.Node_FuncCall:
		w.call(n, v.FuncCall, scope)
	case *pg.Node_SqlvalueFunction:
		w.valueFunction(n, v.SqlvalueFunction)
	case *pg.Node_TypeCast:
		w.cast(v.TypeCast, scope)
	case *pg.Node_AConst:
		w.constant(v.AConst, nil)
	case *pg.Node_AExpr:
		w.operator(v.AExpr, scope)
	case *pg.Node_CaseExpr:
		w.caseExpr(v.CaseExpr, scope)
	case *pg.Node_SubLink:
		w.subLink(v.SubLink, scope)
	case *pg.Node_SelectStmt:
		w.selectStmt(v.SelectStmt, scope)
	case *pg.Node_RangeVar:
		w.relation(v.RangeVar, scope)
	case *pg.Node_RangeSubselect:
		outer := w.x.Scopes[scope].Parent
		if v.RangeSubselect.Lateral || outer < 0 {
			outer = scope
		}
		w.opaque(scope, v.RangeSubselect.Alias)
		w.node(v.RangeSubselect.Subquery, outer)
	case *pg.Node_RangeFunction:
		f := v.RangeFunction
		w.opaque(scope, f.Alias)
		if f.Alias == nil {
			w.x.Scopes[scope].Opaque = append(w.x.Scopes[scope].Opaque, functionNames(f)...)
		}
		w.fields(reflect.ValueOf(f), scope)
	case *pg.Node_JoinExpr:
		if v.JoinExpr.Alias != nil {
			w.opaque(scope, v.JoinExpr.Alias)
		}
		w.fields(reflect.ValueOf(v.JoinExpr), scope)
	default:
		w.fields(reflect.ValueOf(n.Node), scope)
	}
}

var nodeType = reflect.TypeFor[*pg.Node]()

// fields walks a value of the parse tree by reflection.
func (w *walker) fields(v reflect.Value, scope int) {
	if w.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			w.fields(v.Elem(), scope)
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.fields(v.Index(i), scope)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Type() == nodeType {
			w.node(v.Interface().(*pg.Node), scope)
			return
		}
		if t, ok := v.Interface().(*pg.TypeName); ok {
			w.typeName(t, scope)
			return
		}
		w.message(v.Elem(), scope)
	}
}

// message walks a struct: a message, or the wrapper of a oneof.
func (w *walker) message(v reflect.Value, scope int) {
	name := v.Type().Name()
	wrapper := strings.Contains(name, "_") && !allowed[name]
	if wrapper && !strings.HasPrefix(name, "Node_") && !strings.HasPrefix(name, "A_Const_") {
		wrapper = false
	}
	if !wrapper && !allowed[name] {
		words, ok := refused[name]
		if !ok {
			words = name + " is not allowed here"
		}
		at := int32(w.base)
		if f := v.FieldByName("Location"); f.IsValid() {
			at = int32(f.Int())
		}
		w.fail(at, "%s", words)
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			w.fields(v.Field(i), scope)
		}
	}
}

func (w *walker) typeName(t *pg.TypeName, scope int) {
	name, ok := qualified(t.Names)
	if !ok || t.PctType || t.Setof {
		w.fail(t.Location, "a type that is not a name")
		return
	}
	w.x.Types = append(w.x.Types, Type{name, w.offset(t.Location)})
	w.x.edit.types = append(w.x.edit.types, t)
	w.fields(reflect.ValueOf(t.Typmods), scope)
}

func (w *walker) column(c *pg.ColumnRef, scope int) int {
	col := Column{Offset: w.offset(c.Location), Scope: scope}
	for _, f := range c.Fields {
		if f.GetAStar() != nil {
			col.Star = true
			continue
		}
		col.Parts = append(col.Parts, f.GetString_().GetSval())
	}
	if len(col.Parts) > 3 {
		w.fail(c.Location, "a name of four parts; write schema.table.column")
	}
	w.x.Columns = append(w.x.Columns, col)
	w.x.edit.columns = append(w.x.edit.columns, c)
	return len(w.x.Columns) - 1
}

// operator visits an operator, noting which operands are columns and which are
// words for a time.
func (w *walker) operator(e *pg.A_Expr, scope int) {
	name, _ := qualified(e.Name)
	op := Operator{Name: name, Offset: w.offset(e.Location), Syntax: syntax(e.Kind)}
	if op.Syntax == "BETWEEN" {
		op.Name.Name = "<="
	}
	w.x.Operators = append(w.x.Operators, op)
	at := len(w.x.Operators) - 1
	cols := w.operands(scope, e.Lexpr, e.Rexpr)
	w.x.Operators[at].Columns = cols
}

func syntax(k pg.A_Expr_Kind) string {
	switch k {
	case pg.A_Expr_Kind_AEXPR_IN:
		return "IN"
	case pg.A_Expr_Kind_AEXPR_LIKE:
		return "LIKE"
	case pg.A_Expr_Kind_AEXPR_ILIKE:
		return "ILIKE"
	case pg.A_Expr_Kind_AEXPR_SIMILAR:
		return "SIMILAR TO"
	case pg.A_Expr_Kind_AEXPR_DISTINCT, pg.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return "IS DISTINCT FROM"
	case pg.A_Expr_Kind_AEXPR_NULLIF:
		return "NULLIF"
	case pg.A_Expr_Kind_AEXPR_BETWEEN, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return "BETWEEN"
	}
	return ""
}

// operands visits the sides of an operator; lists and arrays are seen through.
func (w *walker) operands(scope int, sides ...*pg.Node) []int {
	var flat []*pg.Node
	var add func(n *pg.Node)
	add = func(n *pg.Node) {
		switch {
		case n.GetList() != nil:
			for _, i := range n.GetList().Items {
				add(i)
			}
		case n.GetAArrayExpr() != nil:
			for _, i := range n.GetAArrayExpr().Elements {
				add(i)
			}
		case n != nil:
			flat = append(flat, n)
		}
	}
	for _, n := range sides {
		add(n)
	}
	var cols []int
	for _, n := range flat {
		if c := n.GetColumnRef(); c != nil {
			cols = append(cols, w.column(c, scope))
		}
	}
	for _, n := range flat {
		switch {
		case n.GetColumnRef() != nil:
		case n.GetAConst() != nil:
			w.constant(n.GetAConst(), cols)
		default:
			w.node(n, scope)
		}
	}
	return cols
}

func (w *walker) caseExpr(c *pg.CaseExpr, scope int) {
	if col := c.Arg.GetColumnRef(); col != nil {
		i := w.column(col, scope)
		w.x.Operators = append(w.x.Operators, Operator{Name: Name{Name: "="}, Offset: w.offset(c.Location), Columns: []int{i}, Syntax: "CASE"})
	} else {
		w.node(c.Arg, scope)
	}
	for _, a := range c.Args {
		w.node(a, scope)
	}
	w.node(c.Defresult, scope)
}

func (w *walker) subLink(s *pg.SubLink, scope int) {
	if s.Testexpr != nil {
		op := Operator{Name: Name{Name: "="}, Offset: w.offset(s.Location)}
		if len(s.OperName) > 0 {
			op.Name, _ = qualified(s.OperName)
		} else {
			op.Syntax = "IN"
		}
		w.x.Operators = append(w.x.Operators, op)
		at := len(w.x.Operators) - 1
		cols := w.operands(scope, s.Testexpr)
		w.x.Operators[at].Columns = cols
	}
	w.node(s.Subselect, scope)
}

// words that PostgreSQL reads as a moment.
var words = []string{"now", "today", "tomorrow", "yesterday"}

// word returns the word for a time in a string constant, or "".
func word(s string) string {
	for f := range strings.FieldsSeq(strings.ToLower(s)) {
		if slices.Contains(words, f) {
			return f
		}
	}
	return ""
}

func (w *walker) constant(c *pg.A_Const, cols []int) {
	s, ok := c.Val.(*pg.A_Const_Sval)
	if !ok {
		return
	}
	text := s.Sval.GetSval()
	// A sentence that holds the word "now" is no time: only the word alone, or
	// with an hour, is.
	fields := strings.Fields(text)
	if found := word(text); found != "" && (len(fields) == 1 || len(fields) == 2 && strings.ContainsAny(text, "0123456789")) {
		w.x.Words = append(w.x.Words, Word{found, w.offset(c.Location), cols})
	}
}

var timeTypes = []string{"date", "time", "timetz", "timestamp", "timestamptz", "abstime"}
var textTypes = []string{"text", "varchar", "bpchar", "char", "name", "citext", "json", "jsonb", "bytea"}

func (w *walker) cast(c *pg.TypeCast, scope int) {
	w.typeName(c.TypeName, scope)
	name, _ := qualified(c.TypeName.Names)
	k := c.Arg.GetAConst()
	if k == nil {
		w.node(c.Arg, scope)
		return
	}
	if slices.Contains(textTypes, name.Name) {
		return
	}
	if s := word(k.GetSval().GetSval()); s != "" && slices.Contains(timeTypes, name.Name) {
		w.fail(k.Location, "'%s' depends on when it is read; write now() or current_date", s)
		return
	}
	w.constant(k, nil)
}

// qualified returns a name of one or two parts.
func qualified(parts []*pg.Node) (Name, bool) {
	switch len(parts) {
	case 1:
		return Name{"", parts[0].GetString_().GetSval()}, parts[0].GetString_() != nil
	case 2:
		return Name{parts[0].GetString_().GetSval(), parts[1].GetString_().GetSval()}, parts[1].GetString_() != nil
	}
	return Name{}, false
}
