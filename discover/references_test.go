package discover

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

func spellReference(r *Reference) string {
	out := fmt.Sprintf("%s.%s", r.Child.Name.Name, r.Child.Columns[r.Columns[0]].Name)
	if r.Parent == nil {
		return out + " -> ?"
	}
	out += " -> " + r.Parent.Name.Name
	if r.When >= 0 {
		out += " when " + r.Child.Columns[r.When].Name + " is " + r.Name
	}
	return out
}

func TestMissingReferences(t *testing.T) {
	users := table("users", "id bigint*", "manager_id bigint", "declared_id bigint", "account_type text")
	s := schemaOf(users,
		table("posts", "id bigint*", "user_id integer", "author_id bigint", "parent_id bigint", "created_by bigint", "updated_by text", "category_ids bigint[]", "external_id bigint", "user_count bigint", "uuid uuid", "stripe_id text"),
		table("categories", "id bigint*", "parent_category_id bigint"),
		table("company", "company_id integer*"),
		table("staff", "staff_id integer*", "company_id integer", "companyid integer"),
		table("comments", "id bigint*", "commentable_type text", "commentable_id bigint", "post_id uuid"),
		table("app_order_items", "id bigint*", "order_id bigint", "home_company_id integer"),
		table("app_orders", "id bigint*"),
		table("links", "a_id bigint*", "orders_id bigint"),
	)
	s.ForeignKeys = []*schema.ForeignKey{{Name: "k", Child: users, Parent: users, Columns: []int{2}, ParentColumns: []int{0}}}
	var got []string
	for _, r := range MissingReferences(s) {
		got = append(got, spellReference(&r))
	}
	slices.Sort(got)
	want := []string{
		"app_order_items.home_company_id -> company", "app_order_items.order_id -> app_orders", "categories.parent_category_id -> categories", "comments.commentable_id -> ?",
		"links.orders_id -> app_orders", "posts.author_id -> users", "posts.category_ids -> categories", "posts.created_by -> users", "posts.parent_id -> posts", "posts.user_id -> users",
		"staff.company_id -> company", "staff.companyid -> company", "users.manager_id -> users",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A polymorphic pair is resolved by what a check lists, or by rows.
func TestPolymorphic(t *testing.T) {
	comments := table("comments", "id bigint*", "commentable_type text", "commentable_id bigint")
	s := schemaOf(comments, table("posts", "id bigint*"), table("order_items", "id bigint*"), table("others", "id bigint*"))
	r, err := Look(s, valuesOf("commentable_type", "Post", "OrderItem", "Post", "Person named Anna"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range r.References {
		got = append(got, spellReference(&r.References[i]))
	}
	slices.Sort(got)
	if want := "comments.commentable_id -> order_items when commentable_type is OrderItem; comments.commentable_id -> posts when commentable_type is Post"; strings.Join(got, "; ") != want {
		t.Errorf("by rows: %s", strings.Join(got, "; "))
	}
	comments.Checks = []schema.Check{{Expr: "((commentable_type = ANY (ARRAY['post'::text, 'gone'::text])))", Columns: []int{1}}}
	got = got[:0]
	for _, r := range MissingReferences(s) {
		got = append(got, spellReference(&r))
	}
	if strings.Join(got, "; ") != "comments.commentable_id -> posts when commentable_type is post" {
		t.Errorf("by a check: %s", strings.Join(got, "; "))
	}
}

// The root is the table of people that most others hang on; entities are people,
// and what references them.
func TestRoot(t *testing.T) {
	users := table("users", "id integer*", "email text", "name text", "referrer_id integer", "team_id integer")
	teams := table("teams", "id integer*", "name text", "owner_id integer")
	orders := table("orders", "id integer*", "user_id integer", "product_id integer")
	items := table("items", "id integer*", "order_id integer")
	products := table("products", "id integer*", "name text")
	staff := table("staff", "id integer*", "first_name text", "last_name text")
	s := schemaOf(users, teams, orders, items, products, staff)
	key := func(child *schema.Table, col int, parent *schema.Table) *schema.ForeignKey {
		return &schema.ForeignKey{Child: child, Parent: parent, Columns: []int{col}, ParentColumns: []int{0}, Name: fmt.Sprint(child.Name, col)}
	}
	s.ForeignKeys = []*schema.ForeignKey{key(users, 3, users), key(users, 4, teams), key(teams, 2, users), key(orders, 1, users), key(orders, 2, products), key(items, 1, orders)}
	r, err := Look(s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Root != users {
		t.Errorf("root %v", r.Root)
	}
	if len(r.Loops) != 2 {
		t.Errorf("%d loops, want users.referrer_id and users.team_id", len(r.Loops))
	}
	if e := r.Entities[users]; e.Of != nil || e.Column != 0 {
		t.Errorf("users: %+v", e)
	}
	if e := r.Entities[orders]; e.Of != users || e.Column != 1 {
		t.Errorf("orders: %+v", e)
	}
	if _, ok := r.Entities[products]; ok {
		t.Errorf("products are of nobody")
	}
}

// Keys that are texts, as uuids in a varchar, are referenced by names too. What
// such a column is called or holds counts more: an account's name is no key.
func TestTextReferences(t *testing.T) {
	s := schemaOf(
		table("user_entity", "id varchar*", "email text", "username text"),
		table("sessions", "id text*", "user_id varchar"),
		table("event_entity", "id varchar*", "user_id text", "session_id text", "created_by text", "ip_address text"),
		table("orders", "id bigint*", "user_id text", "user_uid text"),
		table("accounts", "id citext*", "user_id bigint"),
		table("logins", "id bigint*", "account_id text"),
		table("links", "id bigint*", "user_id text"),
	)
	r, err := Look(s, func(t *schema.Table) ([]Sample, error) {
		out := make([]Sample, len(t.Columns))
		if t.Name.Name == "orders" {
			for _, v := range []string{"anna@example.com", "jan@example.com", "eva@example.com"} {
				out[1].Values = append(out[1].Values, []byte(v))
			}
		}
		return out, nil
	}, func(r *Reference) (bool, error) { return r.Child.Name.Name == "links", nil })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range r.References {
		got = append(got, spellReference(&r.References[i]))
	}
	slices.Sort(got)
	want := "event_entity.session_id -> sessions; event_entity.user_id -> user_entity; sessions.user_id -> user_entity"
	if strings.Join(got, "; ") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "; "), want)
	}
	found := map[string]string{}
	for _, f := range r.Findings {
		found[f.Table.Name.Name+"."+f.Table.Columns[f.Column].Name] = f.Mask.Kind
	}
	for column, want := range map[string]string{
		"event_entity.user_id": "keep", "sessions.user_id": "keep", "user_entity.id": "keep", "orders.user_id": "email",
		"event_entity.session_id": "token", "sessions.id": "token", "links.user_id": "token", "event_entity.ip_address": "ip",
	} {
		if found[column] != want {
			t.Errorf("%s: %s, want %s", column, found[column], want)
		}
	}
}
