package sqlexpr

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// Rewriting says what becomes of a text. Its lists are in the order of the
// Expr's; a list may be nil, and an entry that is zero leaves its name as it is.
type Rewriting struct {
	// Now is put wherever the text asks for the time, in UTC. It is required
	// where Expr.Clock is set.
	Now       time.Time
	Columns   [][]string // whole new parts
	Relations []Name
	Functions []Name
	Types     []Name
}

// Rewrite returns the text with the clock stopped and names replaced. It makes
// sure that PostgreSQL's parser reads the result as exactly the tree that is
// meant.
func (x *Expr) Rewrite(r Rewriting) (string, error) {
	if x.Clock && r.Now.IsZero() {
		return "", errors.New("the time is not given")
	}
	y, err := x.again()
	if err != nil {
		return "", err
	}
	y.apply(r)
	tree := &pg.ParseResult{Version: 160001, Stmts: []*pg.RawStmt{{Stmt: &pg.Node{Node: &pg.Node_SelectStmt{SelectStmt: y.edit.stmt}}}}}
	out, err := pg.Deparse(tree)
	if err != nil {
		return "", errors.New("it cannot be written back; write it more simply")
	}
	var back *pg.SelectStmt
	text := out
	switch x.kind {
	case kindExpr:
		text = strings.TrimPrefix(out, "SELECT ")
		back, err = parse(text, "SELECT COALESCE(", "\n)", kindExpr)
		if err == nil {
			args := back.TargetList[0].GetResTarget().GetVal().GetCoalesceExpr().GetArgs()
			if len(args) != 1 {
				return "", errors.New("it cannot be written back; write it more simply")
			}
			back.TargetList[0].GetResTarget().Val = args[0]
		}
	case kindOrder:
		text = strings.TrimPrefix(out, "SELECT 1 ORDER BY ")
		back, err = parse(text, "SELECT 1 ORDER BY ", "\n", kindOrder)
	case kindQuery:
		back, err = parse(text, "", "\n", kindQuery)
	}
	if err != nil || dump(back) != dump(y.edit.stmt) {
		return "", errors.New("it cannot be written back; write it more simply")
	}
	return text, nil
}

// again parses the text anew, for a tree of one's own.
func (x *Expr) again() (*Expr, error) {
	switch x.kind {
	case kindOrder:
		return ParseOrder(x.Text)
	case kindQuery:
		return ParseQuery(x.Text)
	}
	return Parse(x.Text)
}

func (x *Expr) apply(r Rewriting) {
	for i, n := range r.Relations {
		if v := x.edit.relations[i]; n != (Name{}) {
			if v.Alias == nil && n.Name != v.Relname {
				v.Alias = &pg.Alias{Aliasname: v.Relname}
			}
			v.Schemaname, v.Relname = n.Schema, n.Name
		}
	}
	for i, parts := range r.Columns {
		if len(parts) == 0 {
			continue
		}
		c := x.edit.columns[i]
		c.Fields = c.Fields[:0]
		for _, p := range parts {
			c.Fields = append(c.Fields, pg.MakeStrNode(p))
		}
		if x.Columns[i].Star {
			c.Fields = append(c.Fields, pg.MakeAStarNode())
		}
	}
	for i, n := range r.Functions {
		if n != (Name{}) {
			x.edit.functions[i].Funcname = []*pg.Node{pg.MakeStrNode(n.Schema), pg.MakeStrNode(n.Name)}
		}
	}
	for i, n := range r.Types {
		if n != (Name{}) {
			x.edit.types[i].Names = []*pg.Node{pg.MakeStrNode(n.Schema), pg.MakeStrNode(n.Name)}
		}
	}
	for _, c := range x.edit.clocks {
		c.stop(r.Now)
	}
}

// dump spells a tree without the places of its nodes, for comparison. Nodes
// that only spell differently are made equal.
func dump(v any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(v))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteByte('-')
			return
		}
		if t, ok := v.Interface().(*pg.TypeName); ok {
			dumpType(b, t)
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			dumpValue(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Struct:
		b.WriteString(v.Type().Name())
		b.WriteByte('{')
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Location" && f.Name != "Funcformat" {
				dumpValue(b, v.Field(i))
				b.WriteByte(' ')
			}
		}
		b.WriteByte('}')
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	default:
		fmt.Fprint(b, v.Interface())
	}
}

// dumpType spells a type; the grammar's own spellings of built-in types carry
// pg_catalog, the bare name means the same.
func dumpType(b *strings.Builder, t *pg.TypeName) {
	name, _ := qualified(t.Names)
	if name.Schema == "pg_catalog" {
		name.Schema = ""
	}
	fmt.Fprintf(b, "type %q.%q %d", name.Schema, name.Name, len(t.ArrayBounds))
	dumpValue(b, reflect.ValueOf(t.Typmods))
	dumpValue(b, reflect.ValueOf(t.ArrayBounds))
}
