package subset_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
	"github.com/pgstandin/pgstandin/subset"
)

const tagged = `
	create table tags (id bigint primary key, secret bool not null);
	create table posts (id int primary key, tag_ids int[] not null, tags2 varchar(9)[]);
	create index on posts using gin (tag_ids);
	insert into tags select i, i % 5 = 0 from generate_series(1, 20) i;
	insert into tags values (5000000000, false);
	insert into posts values (1, '{1,2}', null), (2, '{3,3,null,5}', null), (3, '{}', null), (4, '{7,99}', null), (5, '{5}', null),
		(6, '{2,5,8}', null), (7, '{20}', '{1}');
	insert into posts select i, '{18}', null from generate_series(100, 3000) i`

// TestElements: posts whose arrays name tags, by every policy.
func TestElements(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, tagged+"; analyze")
	src := open(t, dsn)
	sch := read(t, src)
	table := func(name string) *schema.Table { return sch.Table(schema.Name{Schema: "public", Name: name}) }
	posts, tags := table("posts"), table("tags")
	open := map[*schema.Table]subset.Restriction{tags: {Rows: subset.WhereRows, Where: "not tags.secret"}}
	roots := func(t *schema.Table, where string) []subset.Root { return []subset.Root{{Table: t, Where: where}} }
	for _, c := range []struct {
		name string
		cfg  subset.Config
		ref  subset.Reference
		want string // posts as id array, then tags
	}{
		{"down", subset.Config{Roots: roots(tags, "id in (2, 5000000000)")}, subset.Reference{}, "1 {1,2}; 6 {2,5,8}; tags 1 2 5 8 5000000000"},
		{"down all", subset.Config{Roots: roots(tags, "id in (1, 2)")}, subset.Reference{Down: subset.DownAll}, "1 {1,2}; tags 1 2"},
		{"up", subset.Config{Roots: roots(posts, "id < 5")}, subset.Reference{Down: subset.DownOff}, "1 {1,2}; 2 {3,3,NULL,5}; 3 {}; 4 {7}; tags 1 2 3 5 7"},
		{"prune", subset.Config{Roots: roots(tags, "id in (1, 2, 8)")}, subset.Reference{Up: subset.UpPrune}, "1 {1,2}; tags 1 2 8"},
		{"nullify", subset.Config{Roots: roots(tags, "id = 2")}, subset.Reference{Up: subset.UpNullify, UpGiven: true}, "1 {2}; 6 {2}; tags 2"},
		{"restricted", subset.Config{Roots: roots(posts, "id < 8"), Restrict: open}, subset.Reference{Down: subset.DownOff},
			"1 {1,2}; 2 {3,3,NULL}; 3 {}; 4 {7}; 5 {}; 6 {2,8}; 7 {}; tags 1 2 3 7 8"},
		{"none", subset.Config{Roots: roots(posts, "id in (2, 3, 7)"), Restrict: map[*schema.Table]subset.Restriction{tags: {Rows: subset.NoRows}}},
			subset.Reference{Down: subset.DownOff}, "2 {NULL}; 3 {}; 7 {}; tags"},
		{"limit", subset.Config{Roots: roots(tags, "id in (1, 2, 3)")}, subset.Reference{Limit: 1, Order: "posts.id desc"}, "1 {1,2}; 2 {3,3,NULL,5}; 6 {2,5,8}; tags 1 2 3 5 8"},
	} {
		c.ref.Child, c.ref.Columns, c.ref.Array, c.ref.Parent, c.ref.ParentColumns = posts, []int{1}, true, tags, []int{0}
		c.cfg.References, c.cfg.Unreached = []*subset.Reference{&c.ref}, subset.UnreachedNone
		p, err := subset.NewPlan(sch, &c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		asked := &asking{source: src}
		sel, err := p.Walk(context.Background(), subset.Options{}, subset.Sequential(asked))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, chunk := range sel.Chunks(sel.Leaf(posts), []subset.Column{{Name: "id"}, {Name: "tag_ids"}}, 0) {
			if err := src.Query(context.Background(), text(t, chunk), func(f [][]byte) error {
				got = append(got, string(f[0])+" "+string(f[1])+";")
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, "tags")
		for _, chunk := range sel.Chunks(sel.Leaf(tags), []subset.Column{{Name: "id"}}, 0) {
			if err := src.Query(context.Background(), text(t, chunk), func(f [][]byte) error {
				got = append(got, string(f[0]))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s instead of %s", c.name, s, c.want)
		}
		if c.name == "down" && asked.most > 10 {
			t.Errorf("%s: a query returned %d rows, although an index finds those that are wanted", c.name, asked.most)
		}
	}
}

// asking counts the rows of the longest answer.
type asking struct {
	*source
	most int
}

func (a *asking) Query(ctx context.Context, sql string, fn func([][]byte) error) error {
	n := 0
	err := a.source.Query(ctx, sql, func(f [][]byte) error { n++; return fn(f) })
	a.most = max(a.most, n)
	return err
}

// TestTypes: sides that the server cannot compare are refused before it is
// asked.
func TestTypes(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, tagged)
	sch := read(t, open(t, dsn))
	posts, tags := sch.Table(schema.Name{Schema: "public", Name: "posts"}), sch.Table(schema.Name{Schema: "public", Name: "tags"})
	for _, c := range []struct {
		ref  subset.Reference
		want string
	}{
		{subset.Reference{Columns: []int{2}, Array: true}, "tags2 is an element of character varying(9)[], which does not compare with id of type bigint"},
		{subset.Reference{Columns: []int{1}}, "tag_ids is integer[], which does not compare with id of type bigint"},
		{subset.Reference{Columns: []int{0}, Array: true}, "only one column that is an array"},
	} {
		c.ref.Child, c.ref.Parent, c.ref.ParentColumns, c.ref.Line = posts, tags, []int{0}, 3
		_, err := subset.NewPlan(sch, &subset.Config{References: []*subset.Reference{&c.ref}})
		if err == nil || strings.Count(err.Error(), "\n") != 0 || !strings.HasPrefix(err.Error(), "line 3: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v does not say %s", err, c.want)
		}
	}
}
