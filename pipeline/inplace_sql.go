package pipeline

import (
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// placeFirst returns the first statement of sql with the shadow's name for its
// table, and what follows it; ok is false if it must run under the veil, because
// it is not one that takes long, or names more than that table.
func (t *Target) placeFirst(sql string) (first, rest string, ok bool) {
	rest = afterFirst(sql)
	first = strings.TrimSuffix(strings.TrimSpace(sql[:len(sql)-len(rest)]), ";")
	head, tail, found := "", "", false
	for _, begin := range []string{"CREATE INDEX ", "CREATE UNIQUE INDEX "} {
		if after, is := strings.CutPrefix(first, begin); is {
			_, behind, is := cutName(after)
			behind, on := strings.CutPrefix(behind, " ON ")
			behind = strings.TrimPrefix(behind, "ONLY ")
			if !is || !on {
				return "", sql, false
			}
			head, tail, found = first[:len(first)-len(behind)], behind, true
		}
	}
	for _, begin := range []string{"analyze ", "alter table only "} {
		if after, is := strings.CutPrefix(first, begin); is {
			head, tail, found = begin, after, true
		}
	}
	if !found {
		return "", sql, false
	}
	space, tail, is := cutName(tail)
	tail, dot := strings.CutPrefix(tail, ".")
	table, tail, named := cutName(tail)
	if !is || !dot || !named {
		return "", sql, false
	}
	switch {
	case t.inplace.late[schema.Name{Schema: space, Name: table}], strings.HasPrefix(head, "alter") && len(t.inplace.late) > 0:
		return "", sql, false
	case strings.HasPrefix(head, "CREATE") && strings.HasPrefix(tail, " USING ") && !t.names(tail):
	case head == "analyze " && tail == "":
	case head == "alter table only " && strings.HasPrefix(tail, " validate constraint "):
	default:
		return "", sql, false
	}
	return head + t.Place(schema.Name{Schema: space, Name: table}).SQL() + tail, rest, true
}

// names reports whether SQL that qualifies all names may name anything in the
// schemas that are swapped.
func (t *Target) names(sql string) bool {
	for _, s := range t.inplace.schemas {
		if strings.Contains(sql, s+".") || strings.Contains(sql, schema.QuoteIdent(s)+".") {
			return true
		}
	}
	return false
}

// cutName cuts an identifier, quoted or not, from the beginning of sql.
func cutName(sql string) (name, rest string, ok bool) {
	if !strings.HasPrefix(sql, `"`) {
		n := strings.IndexAny(sql, ` .;(`)
		if n < 0 {
			n = len(sql)
		}
		return sql[:n], sql[n:], n > 0
	}
	var b strings.Builder
	for i := 1; i < len(sql); i++ {
		if sql[i] != '"' {
			b.WriteByte(sql[i])
			continue
		}
		if i+1 < len(sql) && sql[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		return b.String(), sql[i+1:], true
	}
	return "", sql, false
}
