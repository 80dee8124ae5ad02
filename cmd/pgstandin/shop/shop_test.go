package shop

import (
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// load makes a shop in a new database.
func load(t *testing.T, users int, now time.Time) string {
	t.Helper()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, Schema)
	pgtest.Exec(t, dsn, DataAt(users, now))
	return dsn
}

// Keys are not checked while the rows load, so here they are: PostgreSQL
// validates each one anew.
const revalidate = `do $$
declare c record;
begin
	for c in select conrelid::regclass t, conname n, pg_get_constraintdef(oid) d from pg_constraint where contype = 'f' loop
		execute format('alter table %s drop constraint %I', c.t, c.n);
		execute format('alter table %s add constraint %I %s', c.t, c.n, c.d);
	end loop;
end $$`

func TestRowsKeepConstraints(t *testing.T) {
	for _, users := range []int{1, 2, 19, 500} {
		dsn := load(t, users, time.Now())
		pgtest.Exec(t, dsn, revalidate)
		if got := pgtest.Query(t, dsn, "select count(*) from users")[0][0]; users == 500 && got != "500" {
			t.Errorf("%s users, want %d", got, users)
		}
	}
}

func TestOtherVersions(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		dsn := server.DSN("postgres")
		pgtest.Exec(t, dsn, Schema)
		pgtest.Exec(t, dsn, Data(50))
		pgtest.Exec(t, dsn, revalidate)
	})
}

func TestShapes(t *testing.T) {
	dsn := load(t, 500, time.Now())
	for sql, want := range map[string]string{
		// Every table has rows, and about thirty a user in all.
		`select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples < 1`:                   "0",
		`select sum(reltuples) between 24 * 500 and 36 * 500 from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`: "t",
		// What the rules leave out is there, and so is what they keep.
		`select count(*) filter (where created_at > now() - interval '7 days') between 200 and 400
			and min(created_at) between now() - interval '61 days' and now() - interval '59 days' and max(created_at) < now() from audit_logs`: "t",
		// Cycles and self-references.
		`select bool_and(n > 0) from (values ((select count(*) from users where referrer_id > 0)),
			((select count(*) from organizations where owner_id > 0)), ((select count(*) from organizations where parent_id > 0)),
			((select count(*) from messages where thread_id > 0))) v (n)`: "t",
		// Free text that quotes its user, also where names have letters beyond ASCII.
		`select bool_and(strpos(body, email) > 0) from messages m join users u on u.id = user_id where thread_id is null`:                  "t",
		`select count(*) > 0 from users where name ~ '[^[:ascii:]]' and email ~ '^[[:ascii:]]+$'`:                                          "t",
		`select count(*) > 0 from users where email <> lower(email)`:                                                                       "t",
		`select count(*) > 0 from users where last_ip << '2001:db8::/32'`:                                                                  "t",
		`select count(*) = 0 from orders o join users u on u.id = user_id where customer_email <> email`:                                   "t",
		`select bool_and((substr(iban, 5) || '1314' || substr(iban, 3, 2))::numeric % 97 = 1) from payment_methods where iban is not null`: "t",
		`select count(*) from (select from orders o join order_items i on i.order_id = o.id
			group by o.id having o.total_cents <> sum(i.quantity * i.price_cents)) x`: "0",
		`select count(*) > 0 from monthly_sales`: "t",
		`select count(*) > 400 from customers`:   "t",
	} {
		if got := pgtest.Query(t, dsn, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	// The application can go on: sequences are past the rows, triggers fire.
	pgtest.Exec(t, dsn, `insert into users (user_name, email, name, password_hash) values ('new', 'new@post.test', 'N. E. W.', '');
		insert into orders (user_id, currency, customer_email) select id, 'EUR', email from users where user_name = 'new';
		update orders set status = 'pending' where status = 'cart' and customer_email = 'new@post.test'`)
	if got := pgtest.Query(t, dsn, "select action, details ? 'order' from audit_logs order by id desc limit 1")[0]; strings.Join(got, " ") != "order.pending t" {
		t.Errorf("after an update: %v", got)
	}
}

func TestSameArgumentsSameRows(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	const sum = `select string_agg(h, ' ') from (select query_to_xml(format(
		'select md5(string_agg(x::text, chr(10) order by x::text)) from %I x', relname), false, true, '')::text as h
		from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname) x`
	one := pgtest.Query(t, load(t, 60, now), sum)[0][0]
	two := pgtest.Query(t, load(t, 60, now), sum)[0][0]
	if one != two || strings.Count(one, "md5") < 20 {
		t.Errorf("%s\nand\n%s", one, two)
	}
}
