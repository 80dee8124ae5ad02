package subset

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/schema"
)

// pgSource is a Source over one connection.
type pgSource struct{ conn *pgconn.PgConn }

const sessionSettings = `set search_path = ''; set TimeZone = 'UTC'; set DateStyle = 'ISO'; set IntervalStyle = 'postgres';
	set extra_float_digits = 1; set bytea_output = 'hex'; set row_security = off; set plan_cache_mode = force_custom_plan;
	set default_transaction_read_only = on`

func newSource(t testing.TB, dsn string) *pgSource {
	s := &pgSource{pgtest.Connect(t, dsn)}
	if _, err := s.conn.Exec(context.Background(), sessionSettings).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return s
}

// parallel runs the steps of a wave on all sources at once.
func parallel(sources []Source) Runner {
	return func(ctx context.Context, steps []Step) error {
		next := make(chan Step)
		errs := make(chan error, len(sources))
		for _, src := range sources {
			go func() {
				var err error
				for s := range next {
					if e := s.Run(ctx, src); e != nil && err == nil {
						err = fmt.Errorf("%s: %w", s.Name, e)
					}
				}
				errs <- err
			}()
		}
		for _, s := range steps {
			next <- s
		}
		close(next)
		var err error
		for range sources {
			err = errors.Join(err, <-errs)
		}
		return err
	}
}

func (s *pgSource) Query(ctx context.Context, sql string, fn func([][]byte) error) error {
	rr := s.conn.ExecParams(ctx, sql, nil, nil, nil, nil)
	var fnErr error
	for rr.NextRow() {
		if fnErr == nil {
			fnErr = fn(rr.Values())
		}
	}
	if _, err := rr.Close(); err != nil {
		return fmt.Errorf("%w in %s", err, sql)
	}
	return fnErr
}

const setUp = `create extension if not exists citext schema public;
	create collation if not exists public.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	create domain public.dint as int4;
	create domain public.cint as int8 check (value is null or value >= 0);
	create type public.mood as enum ('m0', 'm1', 'm2', 'm3', 'm4', 'm5')`

// regressions are seeds that once failed.
var regressions = []uint64{492265952774} // an empty array needs no parent

// plainRegressions failed when cases had fewer features than they have now.
var plainRegressions = []uint64{554, 1068, 2997, 30055, 102802, 97833749602}

// TestOracle walks random databases by random rules, and compares rows and
// cuts with the oracle's. PGSTANDIN_SUBSET_CASES sets how many,
// PGSTANDIN_SUBSET_SEED where to begin.
func TestOracle(t *testing.T) {
	n, first := 300, rand.Uint64N(1<<40)
	if s := os.Getenv("PGSTANDIN_SUBSET_CASES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("PGSTANDIN_SUBSET_SEED"); s != "" {
		first, _ = strconv.ParseUint(s, 10, 64)
	}
	if testing.Short() {
		n = min(n, 60)
	}
	var seeds []uint64
	for i := range n {
		seeds = append(seeds, first+uint64(i))
	}
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, setUp)
	secret, err := keyed.ParseSecret([]byte(strings.Repeat("5a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	src, other := newSource(t, dsn), newSource(t, dsn)
	writer := pgtest.Connect(t, dsn)
	const batch = 25
	failed := 0
	var total tally
	try := func(seeds []uint64, plain bool) {
		for len(seeds) > 0 && failed < 5 {
			part := seeds[:min(batch, len(seeds))]
			seeds = seeds[len(part):]
			for _, c := range makeCases(t, writer, part, plain) {
				if c.err == nil {
					c.err = c.m.compare(src, other, secret, &total)
				}
				if c.err != nil {
					failed++
					t.Errorf("seed %d: %v", c.seed, c.err)
					if testing.Verbose() {
						t.Logf("%s\n%s", c.m.script(), c.m.describe())
					}
				}
			}
		}
	}
	try(plainRegressions, true)
	try(append(slices.Clone(regressions), seeds...), false)
	t.Logf("%+v", total)
}

// tally shows that the cases are not trivial.
type tally struct {
	cases, rows, copied, cuts, elements, barren, spilled int

	why   [NotReached + 1]int // answers by verdict
	steps int                 // of the chains of copied rows
}

type testCase struct {
	seed uint64
	m    *model
	err  error
}

// makeCases makes one schema a seed in the database.
func makeCases(t *testing.T, conn *pgconn.PgConn, seeds []uint64, plain bool) []*testCase {
	ctx := context.Background()
	run := func(sql string) error {
		_, err := conn.Exec(ctx, sql).ReadAll()
		return err
	}
	var out []*testCase
	drop := "drop schema if exists x cascade"
	rows, err := conn.Exec(ctx, "select nspname from pg_namespace where nspname like 's%'").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[0].Rows {
		drop += ", \"" + string(r[0]) + "\""
	}
	if err := run(strings.Replace(drop, " x cascade", " x", 1) + " cascade"); err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds {
		c := &testCase{seed: seed, m: newModel(rand.New(rand.NewPCG(seed, 1)), fmt.Sprint("s", seed), plain)}
		if err := run(c.m.script()); err != nil {
			c.err = fmt.Errorf("making the database: %w\n%s", err, c.m.script())
		}
		c.m.seed = seed
		out = append(out, c)
	}
	oids := map[schema.Name]uint32{}
	rows, err = conn.Exec(ctx, `select nspname, relname, c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = relnamespace
		where nspname like 's%' and relkind in ('r', 'p')`).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[0].Rows {
		oid, _ := strconv.ParseUint(string(r[2]), 10, 32)
		oids[schema.Name{Schema: string(r[0]), Name: string(r[1])}] = uint32(oid)
	}
	for _, c := range out {
		c.m.bind(oids)
	}
	return out
}

// bind makes the schema that package catalog would read.
func (m *model) bind(oids map[schema.Name]uint32) {
	s := &schema.Schema{ServerVersion: []int{130000, 150000, 150000}[m.seed%3], Encoding: "UTF8", Extensions: []schema.Extension{{Name: "citext", Schema: "public"}}}
	for _, t := range m.tables {
		t.t = m.newSchemaTable(t, t.name, oids)
		s.Tables = append(s.Tables, t.t)
		attach := func(under *schema.Table, names []string) {
			for i, name := range names {
				p := m.newSchemaTable(t, name, oids)
				if i == 1 {
					m.reverse(t, p)
				}
				p.Partition = under
				under.Kind = schema.Partitioned
				under.Partitions = append(under.Partitions, p)
				under.PartitionKey = []int{under.Column("part")}
				s.Tables = append(s.Tables, p)
			}
		}
		attach(t.t, t.parts)
		if len(t.subs) > 0 {
			attach(t.t.Partitions[2], t.subs)
		}
	}
	m.sch = s
	s.Index()
	for _, r := range m.refs {
		if !r.declared {
			continue
		}
		k := &schema.ForeignKey{Name: fmt.Sprint("fk", r.id), Child: r.child.t, Parent: r.parent.t, MatchFull: r.full, Validated: r.valid}
		if r.childPart != "" {
			k.Child = s.Table(schema.Name{Schema: m.space, Name: r.childPart})
		}
		if r.parentPart != "" {
			k.Parent = s.Table(schema.Name{Schema: m.space, Name: r.parentPart})
		}
		for i := range r.cols {
			k.Columns = append(k.Columns, k.Child.Column(r.child.cols[r.cols[i]].name))
			k.ParentColumns = append(k.ParentColumns, k.Parent.Column(r.parent.cols[r.pcols[i]].name))
		}
		r.fk = k
		s.ForeignKeys = append(s.ForeignKeys, k)
	}
}

func (m *model) newSchemaTable(t *mTable, name string, oids map[schema.Name]uint32) *schema.Table {
	n := schema.Name{Schema: m.space, Name: name}
	out := &schema.Table{Name: n, OID: oids[n], Rows: int64(len(t.rows)), Pages: 3, Bytes: 8192}
	out.Columns = append(out.Columns, schema.Column{Name: "n", NotNull: true,
		Type: schema.Type{Base: "int4", Name: "int4", Builtin: true}})
	for _, c := range t.cols {
		x := schema.Column{Name: c.name, NotNull: c.notNull, Collation: c.typ.collation, Nondeterministic: c.typ.collation != "",
			Type: schema.Type{Base: c.typ.base, Name: c.typ.sql, Class: c.typ.class, Extension: c.typ.ext,
				Builtin: c.typ.ext == "" && c.typ.class == schema.Base, Length: c.typ.length}}
		if c.typ.collation != "" {
			x.Type.Name = "text"
		}
		if c.array {
			elem := x.Type
			x.Type = schema.Type{Base: "_" + elem.Base, Name: elem.Name + "[]", Class: schema.Array, Elem: &elem}
			if c.typ.domain {
				elem.Domain = &schema.Domain{}
			}
		} else if c.typ.domain {
			x.Type.Domain = &schema.Domain{}
			if c.typ.checked {
				x.Type.Domain.Checks = []string{"value is null or value >= 0"}
			}
		}
		if c.gen >= 0 {
			x.Generated, x.GeneratedFrom = "stored", []int{c.gen + 1}
		}
		out.Columns = append(out.Columns, x)
	}
	for i, key := range t.keys {
		k := schema.Key{Primary: i == 0 && t.hasPK}
		for _, c := range key {
			k.Columns = append(k.Columns, c+1)
		}
		out.Keys = append(out.Keys, k)
	}
	for i := 0; i < len(t.extra); i += 2 {
		for c := range t.cols {
			col := []int{c + 1}
			switch {
			case t.extra[i] == "check" && strings.Contains(t.extra[i+1], "("+schema.QuoteIdent(t.cols[c].name)+" is null"):
				out.Checks = append(out.Checks, schema.Check{Columns: col})
			case schema.QuoteIdent(t.cols[c].name) != t.extra[i+1]:
			case t.extra[i] == "exclude":
				out.Excludes = append(out.Excludes, schema.Exclude{Columns: []int{0, c + 1}})
			case t.extra[i] == "unique":
				out.Indexes = append(out.Indexes, schema.Index{Unique: true, Columns: []int{0, c + 1}, Valid: true, Method: "btree"})
			case t.extra[i] == "gin":
				out.Indexes = append(out.Indexes, schema.Index{Columns: col, Valid: true, Method: "gin"})
			case t.extra[i] == "nnd":
				if t.partCol >= 0 {
					col = []int{0, t.partCol + 1, c + 1}
				}
				out.Indexes = append(out.Indexes, schema.Index{Unique: true, NullsNotDistinct: true, Columns: col, Valid: true})
			case t.extra[i] == "partial":
				out.Indexes = append(out.Indexes, schema.Index{Unique: true, Columns: []int{0}, PredicateColumns: col, Predicate: "x", Valid: true})
			}
		}
	}
	return out
}

// reverse puts the columns in the order in which that partition was made.
func (m *model) reverse(t *mTable, p *schema.Table) {
	last := len(p.Columns) - 1
	flip := func(cols []int) {
		for i := range cols {
			cols[i] = last - cols[i]
		}
	}
	slices.Reverse(p.Columns)
	for i := range p.Columns {
		flip(p.Columns[i].GeneratedFrom)
	}
	for i := range p.Keys {
		flip(p.Keys[i].Columns)
	}
	for i := range p.Checks {
		flip(p.Checks[i].Columns)
	}
	for i := range p.Excludes {
		flip(p.Excludes[i].Columns)
	}
	for i := range p.Indexes {
		flip(p.Indexes[i].Columns)
		flip(p.Indexes[i].PredicateColumns)
	}
}
