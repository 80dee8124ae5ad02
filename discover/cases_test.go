package discover

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/catalog"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/schema"
)

// readCase reads a database's catalog, and takes samples of its tables.
func readCase(t *testing.T, dsn string) (*schema.Schema, Samples) {
	t.Helper()
	conn := pgtest.Connect(t, dsn)
	if err := conn.Exec(context.Background(), "set search_path = ''").Close(); err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Read(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s, func(tab *schema.Table) ([]Sample, error) { return sampleOf(conn, tab) }
}

func sampleOf(conn *pgconn.PgConn, tab *schema.Table) ([]Sample, error) {
	out := make([]Sample, len(tab.Columns))
	var names []string
	for i := range tab.Columns {
		names = append(names, schema.QuoteIdent(tab.Columns[i].Name)+"::text")
	}
	if len(names) == 0 {
		return out, nil
	}
	res := conn.ExecParams(context.Background(), fmt.Sprintf("select %s from %s limit 300", strings.Join(names, ", "), tab.Name.SQL()), nil, nil, nil, nil).Read()
	if res.Err != nil {
		return nil, res.Err
	}
	for _, row := range res.Rows {
		for i, v := range row {
			switch {
			case v == nil:
				out[i].Nulls++
			case len(v) > 0:
				out[i].Values = append(out[i].Values, v)
			}
		}
	}
	return out, nil
}

// What is found in databases that others made, as reviewed by hand.
func TestCases(t *testing.T) {
	want := map[string]map[string]string{
		"pagila": {
			"customer.email": "email", "customer.first_name": "person.first", "customer.last_name": "person.last", "address.address": "address.street", "address.phone": "phone",
			"staff.password": "hash", "staff.username": "person.user", "staff.picture": "file", "actor.first_name": "person.first",
			"film.title": "keep", "film.description": "keep", "category.name": "keep", "language.name": "keep", "payment.amount": "keep", "customer.active": "keep",
			"customer.store_id": "keep", "city.city": "keep", "country.country": "keep", "rental.rental_period": "keep", "staff.active": "keep",
		},
		"northwind": {
			"customers.contact_name": "person.name", "customers.company_name": "company", "customers.address": "address.street", "customers.phone": "phone", "customers.contact_title": "job",
			"employees.birth_date": "date", "employees.last_name": "person.last", "employees.photo": "file", "employees.notes": "scrub", "employees.home_phone": "phone",
			"orders.ship_name": "person.name", "orders.ship_address": "address.street", "suppliers.contact_name": "person.name",
			"products.product_name": "keep", "categories.description": "keep", "categories.category_name": "keep", "shippers.phone": "phone", "employees.hire_date": "keep",
			"orders.freight": "keep", "order_details.unit_price": "keep",
		},
		"chinook": {},
		"gitlab11": {
			"web_hooks.encrypted_url": "token", "u2f_registrations.key_handle": "token", "users.email": "email", "users.name": "person.name", "users.encrypted_password": "password", "users.current_sign_in_ip": "ip", "users.otp_backup_codes": "token",
			"users.sign_in_count": "keep", "users.admin": "keep", "issues.title": "scrub", "notes.note": "scrub", "ci_builds.status": "keep", "labels.color": "keep",
		},
	}
	for name, decided := range want {
		t.Run(name, func(t *testing.T) {
			dsn := pgtest.DB(t)
			pgtest.LoadCase(t, dsn, name)
			pgtest.Exec(t, dsn, "analyze")
			s, samples := readCase(t, dsn)
			report, err := Look(s, samples, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range report.Findings {
				col := &f.Table.Columns[f.Column]
				if !anonymize.Fits(f.Mask.Kind, maskType(&col.Type)) {
					t.Errorf("%s.%s: mask %s does not fit %s", f.Table.Name, col.Name, f.Mask.Kind, col.Type.Name)
				}
				got[f.Table.Name.Name+"."+col.Name] = f.Mask.Kind
			}
			for column, kind := range decided {
				if got[column] != kind {
					t.Errorf("%s: %s, not %s", column, got[column], kind)
				}
			}
			if out := os.Getenv("DISCOVER_OUT"); out != "" {
				if err := os.WriteFile(out+"/"+name+".txt", []byte(listing(report)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// listing prints a report for a reader.
func listing(r *Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		col := &f.Table.Columns[f.Column]
		fmt.Fprintf(&b, "%s.%s\t%s\t%v\t%.2f\t%s\n", f.Table.Name, col.Name, col.Type.Name, inline(f.Mask), f.Confident, f.Evidence)
	}
	for _, x := range r.References {
		if x.Parent == nil {
			fmt.Fprintf(&b, "pair %s(%s)\t%s\n", x.Child.Name, x.Child.Columns[x.Columns[0]].Name, x.Evidence)
			continue
		}
		fmt.Fprintf(&b, "reference %s(%s) -> %s\t%.2f\t%s\t%v\n", x.Child.Name, x.Child.Columns[x.Columns[0]].Name, x.Parent.Name, x.Confident, x.Evidence, x.When)
	}
	if r.Root != nil {
		fmt.Fprintf(&b, "root %s: %s\n", r.Root.Name, r.RootWhy)
	}
	for t, e := range r.Entities {
		fmt.Fprintf(&b, "entity %s(%s) of %v\n", t.Name, t.Columns[e.Column].Name, e.Of != nil)
	}
	return b.String()
}
