package sqlexpr

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// call visits a function call, and notes it as a clock where it is one.
func (w *walker) call(n *pg.Node, f *pg.FuncCall, scope int) {
	name, ok := qualified(f.Funcname)
	if !ok {
		w.fail(f.Location, "a function's name of more than two parts; write schema.function")
		return
	}
	if k, ok := clockFunction(name, f); ok {
		w.x.Clock = true
		w.x.edit.clocks = append(w.x.edit.clocks, clock{n, k, -1})
		if k != age {
			return
		}
	}
	w.x.Functions = append(w.x.Functions, Function{
		Name: name, Offset: w.offset(f.Location), Scope: scope,
		Aggregate: f.AggStar || f.AggDistinct || f.AggWithinGroup || f.AggFilter != nil || f.Over != nil || len(f.AggOrder) > 0,
	})
	w.x.edit.functions = append(w.x.edit.functions, f)
	if slices.Contains(timeTypes, name.Name) && len(f.Args) > 0 {
		k := f.Args[0].GetAConst()
		if s := word(k.GetSval().GetSval()); s != "" {
			w.fail(k.Location, "'%s' depends on when it is read; write now() or current_date", s)
			return
		}
	}
	w.fields(reflect.ValueOf(f.Args), scope)
	w.fields(reflect.ValueOf(f.AggOrder), scope)
	w.node(f.AggFilter, scope)
	w.fields(reflect.ValueOf(f.Over), scope)
}

// clockFunction says whether a call is PostgreSQL's own clock. The clocks that
// run on inside a statement are volatile and not among them.
func clockFunction(name Name, f *pg.FuncCall) (clockKind, bool) {
	if name.Schema != "" && name.Schema != "pg_catalog" {
		return 0, false
	}
	switch name.Name {
	case "now", "transaction_timestamp", "statement_timestamp":
		return timestamptz, len(f.Args) == 0
	case "age":
		return age, len(f.Args) == 1
	}
	return 0, false
}

func (w *walker) valueFunction(n *pg.Node, f *pg.SQLValueFunction) {
	k, prec := timestamptz, int(f.Typmod)
	switch f.Op {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_DATE:
		k = dateOnly
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:
		k = timetz
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N:
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIME, pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N:
		k = timeOnly
	case pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		k = timestamp
	default:
		w.fail(f.Location, "it depends on who is connected; write the value")
		return
	}
	w.x.Clock = true
	w.x.edit.clocks = append(w.x.edit.clocks, clock{n, k, prec})
}

// stop replaces a clock by the time it shows.
func (c clock) stop(now time.Time) {
	now = now.UTC().Truncate(time.Microsecond)
	if c.prec >= 0 && c.prec < 6 {
		unit := time.Second
		for range c.prec {
			unit /= 10
		}
		now = now.Round(unit)
	}
	switch c.kind {
	case timestamptz:
		c.set(year(now)+now.Format("-01-02 15:04:05.999999+00"), "timestamptz")
	case timestamp:
		c.set(year(now)+now.Format("-01-02 15:04:05.999999"), "timestamp")
	case dateOnly:
		c.set(year(now)+now.Format("-01-02"), "date")
	case timetz:
		c.set(now.Format("15:04:05.999999+00"), "timetz")
	case timeOnly:
		c.set(now.Format("15:04:05.999999"), "time")
	case age:
		f := c.node.GetFuncCall()
		f.Args = append([]*pg.Node{literal(year(now)+now.Format("-01-02 00:00:00+00"), "timestamptz")}, f.Args...)
	}
}

func year(t time.Time) string { return fmt.Sprintf("%04d", t.Year()) }

func (c clock) set(text, typ string) { c.node.Node = literal(text, typ).Node }

// literal is text::pg_catalog.typ.
func literal(text, typ string) *pg.Node {
	return &pg.Node{Node: &pg.Node_TypeCast{TypeCast: &pg.TypeCast{
		Arg:      pg.MakeAConstStrNode(text, -1),
		TypeName: &pg.TypeName{Names: []*pg.Node{pg.MakeStrNode("pg_catalog"), pg.MakeStrNode(typ)}, Typemod: -1, Location: -1},
		Location: -1,
	}}}
}
