package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// standIns are types of a table that the session's database does not have, made
// anew among its temporary objects, and text for those that name its objects.
type standIns struct {
	missing map[string]bool
	names   map[string]string // of the made ones, by the names that the source prints
	sql     []string          // makes them
	left    []string          // types of columns that cannot be made
}

// standIns finds what the database lacks of the types of t, and how to make it.
func (r *Rehearsal) standIns(ctx context.Context, t *schema.Table) (*standIns, error) {
	var names []string
	for i := range t.Columns {
		names = typeNames(names, &t.Columns[i].Type)
	}
	rows, err := textsOf(ctx, r.conn, `select distinct n from unnest($1::pg_catalog.text[]) as n
where pg_catalog.to_regtype(n) is null order by 1`, textArray(names))
	if err != nil {
		return nil, fmt.Errorf("target: types: %w", SafeError(err))
	}
	s := &standIns{missing: map[string]bool{}, names: map[string]string{}}
	for _, row := range rows {
		s.missing[row[0]] = true
	}
	for i := range t.Columns {
		typ := &t.Columns[i].Type
		if _, ok := s.make(typ); !ok && !slices.Contains(s.left, typ.Name) {
			s.left = append(s.left, typ.Name)
		}
	}
	slices.Sort(s.left)
	return s, nil
}

// MayUse checks that the role may use the schemas of the types of those tables'
// columns, where the database has them: what it may not is one error.
func (r *Rehearsal) MayUse(ctx context.Context, tables []*schema.Table) error {
	var names []string
	for _, t := range tables {
		for i := range t.Columns {
			names = typeNames(names, &t.Columns[i].Type)
		}
	}
	rows, err := textsOf(ctx, r.conn, `select n.nspname from pg_catalog.pg_namespace n
where not pg_catalog.has_schema_privilege(n.oid, 'usage')
  and exists (select from unnest($1::pg_catalog.text[]) t where pg_catalog.starts_with(t, pg_catalog.quote_ident(n.nspname) || '.'))
order by 1`, textArray(names))
	if err != nil {
		return fmt.Errorf("target: types: %w", SafeError(err))
	}
	if len(rows) == 0 {
		return nil
	}
	role := schema.QuoteIdent(r.info.Role)
	var b strings.Builder
	fmt.Fprintf(&b, "target: role %s may not use the types of columns; run as the owner, in database %s:", role, schema.QuoteIdent(r.info.Database))
	for _, s := range column(rows) {
		fmt.Fprintf(&b, "\n  grant usage on schema %s to %s;", schema.QuoteIdent(s), role)
	}
	return errors.New(b.String())
}

// namesObject reports whether values of a type name objects of the database they
// are in, which a rehearsal's need not have; roles are the server's.
func namesObject(t *schema.Type) bool {
	if t.Elem != nil {
		return namesObject(t.Elem)
	}
	return t.Builtin && strings.HasPrefix(t.Base, "reg") && t.Base != "regrole"
}

// typeNames appends the names of a type and of those that it is made of.
func typeNames(names []string, t *schema.Type) []string {
	names = append(names, t.Name)
	if t.Domain != nil {
		names = append(names, t.Domain.Base)
	}
	if t.Elem != nil {
		names = typeNames(names, t.Elem)
	}
	for i := range t.Fields {
		names = typeNames(names, &t.Fields[i].Type)
	}
	return names
}

// make returns the name of a type in the session, made if need be; ok is false
// where that is not possible.
func (s *standIns) make(t *schema.Type) (name string, ok bool) {
	if namesObject(t) {
		if t.Elem != nil {
			return "text[]", true
		}
		return "text", true
	}
	if !s.missing[t.Name] {
		return t.Name, true
	}
	if name = s.names[t.Name]; name != "" {
		return name, true
	}
	switch {
	case t.Domain != nil:
		base := t.Domain.Base
		if s.missing[base] {
			if t.Enum == nil {
				return "", false // over what is not known
			}
			if base, ok = s.make(&schema.Type{Name: base, Enum: t.Enum}); !ok {
				return "", false
			}
		}
		name = s.fresh(t.Domain.Name.Name)
		sql := "create domain " + name + " as " + base
		if t.Domain.NotNull {
			sql += " not null"
		}
		for _, check := range t.Domain.Checks {
			sql += " check (" + s.respell(check) + ")"
		}
		s.sql = append(s.sql, sql)
	case t.Elem != nil:
		elem, ok := s.make(t.Elem)
		if !ok {
			return "", false
		}
		name = elem + "[]"
	case t.Enum != nil:
		labels := make([]string, len(t.Enum.Labels))
		for i, l := range t.Enum.Labels {
			labels[i] = schema.QuoteLiteral(l)
		}
		name = s.fresh(t.Enum.Name.Name)
		s.sql = append(s.sql, "create type "+name+" as enum ("+strings.Join(labels, ", ")+")")
	case len(t.Fields) > 0:
		fields := make([]string, len(t.Fields))
		for i := range t.Fields {
			field, ok := s.make(&t.Fields[i].Type)
			if !ok {
				return "", false
			}
			fields[i] = schema.QuoteIdent(t.Fields[i].Name) + " " + field
		}
		name = s.fresh(t.Base)
		s.sql = append(s.sql, "create type "+name+" as ("+strings.Join(fields, ", ")+")")
	default:
		return "", false
	}
	s.names[t.Name] = name
	return name, true
}

// fresh returns a name among the temporary objects that no other stand-in has.
func (s *standIns) fresh(name string) string {
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%.50s_%d", name, n)
		}
		if full := "pg_temp." + schema.QuoteIdent(try); !slices.ContainsFunc(s.sql, func(x string) bool {
			return strings.HasPrefix(x, "create type "+full+" ") || strings.HasPrefix(x, "create domain "+full+" ")
		}) {
			return full
		}
	}
}

// respell puts the names of stand-ins in the place of the types in an expression
// or definition that the server printed. What is in quotes is a value and stays.
func (s *standIns) respell(sql string) string {
	if len(s.names) == 0 {
		return sql
	}
	var b strings.Builder
	for len(sql) > 0 {
		end := strings.IndexByte(sql, '\'')
		if end < 0 {
			end = len(sql)
		}
		b.WriteString(s.respellCode(sql[:end]))
		if sql = sql[end:]; sql == "" {
			break
		}
		end = 1 + strings.IndexByte(sql[1:], '\'') + 1
		if end == 1 {
			end = len(sql)
		}
		b.WriteString(sql[:end])
		sql = sql[end:]
	}
	return b.String()
}

func (s *standIns) respellCode(sql string) string {
	var b strings.Builder
	last := byte(' ')
	for i := 0; i < len(sql); {
		name := ""
		if !partOfName(last) {
			for from := range s.names {
				if strings.HasPrefix(sql[i:], from) && len(from) > len(name) && (i+len(from) == len(sql) || !partOfName(sql[i+len(from)])) {
					name = from
				}
			}
		}
		if name == "" {
			last = sql[i]
			b.WriteByte(last)
			i++
			continue
		}
		b.WriteString(s.names[name])
		i += len(name)
		last = 'x'
	}
	return b.String()
}

func partOfName(ch byte) bool {
	return ch == '_' || ch == '$' || ch == '.' || ch == '"' || ch >= 0x80 || ch >= '0' && ch <= '9' || ch|0x20 >= 'a' && ch|0x20 <= 'z'
}
