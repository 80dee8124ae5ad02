package subset

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// rules makes random rules that NewPlan accepts.
func (m *model) rules(rng *rand.Rand) {
	for _, t := range m.tables {
		switch rng.IntN(8) {
		case 0:
			t.rule = NoRows
		case 1:
			t.rule = AllRows
		case 2, 3:
			t.rule, t.ruleW = WhereRows, 1+rng.IntN(9)
		}
	}
	m.all = rng.IntN(2) == 0
	if rng.IntN(4) > 0 {
		for range 1 + rng.IntN(2) {
			r := mRoot{t: m.tables[rng.IntN(len(m.tables))]}
			if r.t.rule == NoRows {
				r.t.rule = Unrestricted
			}
			if rng.IntN(2) == 0 {
				r.w = 1 + rng.IntN(9)
			}
			if rng.IntN(2) == 0 {
				r.share = []float64{0.3, 0.6, 1}[rng.IntN(3)]
			}
			switch {
			case r.share > 0 && rng.IntN(3) == 0 && len(r.t.cols) > 1:
				r.group = 1 + rng.IntN(len(r.t.cols)-1)
			case r.share == 0 && rng.IntN(3) == 0:
				r.rows = 1 + rng.Int64N(5)
			}
			m.roots = append(m.roots, r)
		}
	}
	for _, r := range m.refs {
		if r.dup && rng.IntN(2) == 0 {
			continue
		}
		if rng.IntN(3) == 0 {
			r.down = []Down{DownAny, DownAll, DownOff, DownAlways}[rng.IntN(4)]
		}
		switch rng.IntN(6) {
		case 0:
			r.up = UpPrune
		case 1:
			if len(m.cuttable(r)) > 0 {
				r.up = UpNullify
			}
		}
		if r.down != DownOff && rng.IntN(6) == 0 && (r.child.hasPK || r.child.partCol < 0) {
			r.limit = 1 + rng.IntN(3)
			r.order = []string{"", "w", "w desc"}[rng.IntN(3)]
		}
	}
}

// script is the SQL that makes the database. Keys are declared last, because
// rows may reference each other in circles.
func (m *model) script() string {
	q := schema.QuoteIdent
	var b []byte
	put := func(format string, args ...any) { b = fmt.Appendf(b, format+";\n", args...) }
	put("create schema %s", q(m.space))
	put("set search_path = %s, public", q(m.space))
	for _, t := range m.tables {
		cols := ""
		for i, c := range t.cols {
			if t.inherits != nil && i < len(t.inherits.cols) {
				continue
			}
			cols += ", " + columnSQL(t, c)
		}
		switch {
		case t.partCol >= 0:
			put("create table %s (n int4 not null%s) partition by list (part)", q(t.name), cols)
			back := ""
			for _, c := range t.cols {
				back = columnSQL(t, c) + ", " + back
			}
			put("create table %s partition of %s for values in (0)", q(t.parts[0]), q(t.name))
			put("create table %s (%s n int4 not null)", q(t.parts[1]), back)
			put("alter table %s attach partition %s for values in (1)", q(t.name), q(t.parts[1]))
			if len(t.subs) == 0 {
				put("create table %s partition of %s for values in (2, 3)", q(t.parts[2]), q(t.name))
				break
			}
			put("create table %s partition of %s for values in (2, 3) partition by list (part)", q(t.parts[2]), q(t.name))
			put("create table %s partition of %s for values in (2)", q(t.subs[0]), q(t.parts[2]))
			put("create table %s (%s n int4 not null)", q(t.subs[1]), back)
			put("alter table %s attach partition %s for values in (3)", q(t.parts[2]), q(t.subs[1]))
		case t.inherits != nil:
			if cols != "" {
				cols = cols[2:]
			}
			put("create table %s (%s) inherits (%s)", q(t.name), cols, q(t.inherits.name))
		default:
			put("create table %s (n int4 not null%s)", q(t.name), cols)
		}
		for i := 0; i < len(t.extra); i += 2 {
			switch t.extra[i] {
			case "check":
				put("alter table %s add %s", q(t.name), t.extra[i+1])
			case "exclude":
				put("alter table %s add exclude using btree (n with =, %s with =)", q(t.name), t.extra[i+1])
			case "unique":
				if t.partCol < 0 {
					put("create unique index on %s (n, %s)", q(t.name), t.extra[i+1])
				} else {
					put("create unique index on %s (n, part, %s)", q(t.name), t.extra[i+1])
				}
			case "gin":
				put("create index on %s using gin (%s)", q(t.name), t.extra[i+1])
			case "nnd":
				if t.partCol < 0 {
					put("create unique index on %s (%s) nulls not distinct", q(t.name), t.extra[i+1])
				} else {
					put("create unique index on %s (n, part, %s) nulls not distinct", q(t.name), t.extra[i+1])
				}
			case "partial":
				if t.partCol < 0 {
					put("create unique index on %s (n) where %s is null", q(t.name), t.extra[i+1])
				} else {
					put("create unique index on %s (n, part) where %s is null", q(t.name), t.extra[i+1])
				}
			}
		}
	}
	for _, t := range m.tables {
		for _, r := range t.rows {
			put("insert into %s (%s) values (%s)", q(t.name), t.insertList(), r.values())
		}
		for i, key := range t.keys {
			kind := "unique"
			if i == 0 && t.hasPK {
				kind = "primary key"
			}
			put("alter table %s add %s (%s)", q(t.name), kind, quoteList(t, key))
		}
	}
	for _, r := range m.refs {
		if !r.declared {
			continue
		}
		child, parent, tail := r.child.name, r.parent.name, ""
		if r.childPart != "" {
			child = r.childPart
		}
		if r.parentPart != "" {
			parent = r.parentPart
		}
		if r.full {
			tail = " match full"
		}
		if !r.valid {
			tail += " not valid"
		}
		put("alter table %s add constraint fk%d foreign key (%s) references %s (%s)%s", q(child), r.id,
			quoteList(r.child, r.cols), q(parent), quoteList(r.parent, r.pcols), tail)
	}
	return string(b)
}

func columnSQL(t *mTable, c mCol) string {
	typ := c.typ.sql
	if name, collation, ok := strings.Cut(typ, " collate "); c.array && ok {
		typ = name + "[] collate " + collation
	} else if c.array {
		typ += "[]"
	}
	s := schema.QuoteIdent(c.name) + " " + typ
	if c.gen >= 0 {
		s += fmt.Sprintf(" generated always as (case when %s is null then 0 else 1 end) stored", schema.QuoteIdent(t.cols[c.gen].name))
	}
	if c.notNull {
		s += " not null"
	}
	return s
}

func (t *mTable) insertList() string {
	s := "n"
	for _, c := range t.cols {
		if c.gen < 0 {
			s += ", " + schema.QuoteIdent(c.name)
		}
	}
	return s
}

func (row *mRow) values() string {
	s := fmt.Sprint(row.n)
	for i, c := range row.t.cols {
		switch {
		case c.gen >= 0:
		case row.cells[i] < 0:
			s += ", null"
		default:
			s += ", " + schema.QuoteLiteral(row.texts[i])
		}
	}
	return s
}

// config is the model's rules as a Config over m.sch.
func (m *model) config() *Config {
	cfg := &Config{Restrict: map[*schema.Table]Restriction{}, Unreached: UnreachedNone}
	if m.all {
		cfg.Unreached = UnreachedAll
	}
	for _, t := range m.tables {
		if t.rule != Unrestricted {
			x := Restriction{Rows: t.rule}
			if t.rule == WhereRows {
				x.Where = fmt.Sprintf("%s.w < %d", schema.QuoteIdent(t.name), t.ruleW)
			}
			cfg.Restrict[t.t] = x
		}
	}
	for _, r := range m.roots {
		x := Root{Table: r.t.t, Sample: Sample{Share: r.share, Rows: r.rows}}
		if r.group > 0 {
			x.Sample.Stratify = []int{r.t.t.Column(r.t.cols[r.group].name)}
		}
		if r.w > 0 {
			x.Where = fmt.Sprintf("w < %d", r.w)
		}
		cfg.Roots = append(cfg.Roots, x)
	}
	for _, r := range m.refs {
		c, p := r.child.t, r.parent.t
		if r.childPart != "" {
			c = m.sch.Table(schema.Name{Schema: m.space, Name: r.childPart})
		}
		if r.parentPart != "" {
			p = m.sch.Table(schema.Name{Schema: m.space, Name: r.parentPart})
		}
		x := &Reference{Key: r.fk, Child: c, Parent: p, Down: r.down, Up: r.up, Limit: r.limit, Order: r.order, UpGiven: r.up != UpRequire}
		for i := range r.pcols {
			if len(r.cols) > 0 {
				x.Columns = append(x.Columns, c.Column(r.child.cols[r.cols[i]].name))
			}
			x.ParentColumns = append(x.ParentColumns, p.Column(r.parent.cols[r.pcols[i]].name))
		}
		if r.expr {
			x.Expr = "w % 5"
			x.Uses = []int{c.Column("w")}
		}
		if r.array {
			x.Array = true
		}
		if r.when {
			x.When = fmt.Sprintf("%s.w %% 2 = 0", schema.QuoteIdent(r.child.name))
			x.Uses = []int{c.Column("w")}
		}
		cfg.References = append(cfg.References, x)
	}
	return cfg
}
