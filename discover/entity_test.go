package discover

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Rows that are people of their own are nobody else's, and tenants may be companies:
// else all people of one would get one name.
func TestEntities(t *testing.T) {
	got := entitiesOf(t, `
create table tenants (id int primary key, name text not null);
create table people (tenant_id int not null references tenants, id int not null, full_name text not null, email text, primary key (tenant_id, id));
create table members (tenant_id int not null references tenants, nr int not null, id int not null unique, full_name text, primary key (tenant_id, nr));
create table accounts (id int primary key, tenant_id int not null references tenants, full_name text not null, email text);
create table addresses (tenant_id int not null references tenants, person_id int not null, street text, city text, foreign key (tenant_id, person_id) references people);
create table settings (tenant_id int primary key references tenants, contact_name text, contact_email text);
create table messages (id int primary key, tenant_id int references tenants, body text);
create table users (id int primary key, name text, email text);
create table orders (id int primary key, user_id int not null references users, recipient_name text, email text);
create table contacts (user_id int not null references users, nr int not null, full_name text, email text, primary key (user_id, nr));
`)
	for table, want := range map[string]string{
		"tenants": "id", "people": "", "members": "id", "accounts": "", "addresses": "", "settings": "tenant_id -> tenants", "messages": "tenant_id -> tenants",
		"users": "id", "orders": "user_id -> users", "contacts": "",
	} {
		if got[table] != want {
			t.Errorf("%s: entity %q, want %q", table, got[table], want)
		}
	}
}

// entitiesOf tells whose rows each table of a schema has.
func entitiesOf(t *testing.T, ddl string) map[string]string {
	t.Helper()
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, ddl)
	s, samples := readCase(t, dsn)
	r, err := Look(s, samples, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for table, e := range r.Entities {
		got[table.Name.Name] = table.Columns[e.Column].Name
		if e.Of != nil {
			got[table.Name.Name] += " -> " + e.Of.Name.Name
		}
	}
	if r.Root != nil {
		got["the root"] = r.Root.Name.Name
	}
	return got
}

// A row of a tenant that names one of its people is that person's, in whichever
// table a subset starts.
func TestEntitiesOfTenants(t *testing.T) {
	for _, c := range []struct {
		name, ddl string
		want      map[string]string
	}{
		{"users", `
create table tenants (id int primary key, name text not null);
create table users (id int primary key, tenant_id int not null references tenants, full_name text, email text);
create table orders (id int primary key, tenant_id int not null references tenants, user_id int not null references users, notes text);
create table articles (id int primary key, tenant_id int not null references tenants, author_id int not null references users, editor_id int references users, body text);
create table preferences (user_id int primary key references users, tenant_id int not null references tenants, signature text);
create table profiles (user_id int primary key references users, full_name text, bio text);
create table visits (id int primary key, profile_id int not null references profiles, notes text);
create table settings (tenant_id int primary key references tenants, updated_by int references users, contact_email text);
create table messages (id int primary key, tenant_id int not null references tenants, body text);
`, map[string]string{
			"the root": "tenants", "tenants": "id", "orders": "user_id -> users", "articles": "author_id -> users", "preferences": "user_id -> users",
			"profiles": "user_id -> users", "visits": "profile_id -> users", "settings": "tenant_id -> tenants", "messages": "tenant_id -> tenants",
		}},
		{"employees and customers", `
create table tenants (id int primary key, name text not null);
create table employees (id int primary key, tenant_id int not null references tenants, full_name text, email text);
create table customers (id int primary key, tenant_id int not null references tenants, full_name text, email text);
create table tickets (id int primary key, tenant_id int not null references tenants, employee_id int references employees, customer_id int references customers, notes text);
create table shifts (id int primary key, tenant_id int not null references tenants, employee_id int references employees, notes text);
`, map[string]string{"the root": "tenants", "tickets": "customer_id -> customers", "shifts": "employee_id -> employees"}},
		{"companies", `
create table companies (id int primary key, name text not null, email text, phone text);
create table tenants (id int primary key, company_id int not null references companies, name text);
create table leases (id int primary key, company_id int not null references companies, tenant_id int not null references tenants, notes text);
create table payments (id int primary key, company_id int not null references companies, lease_id int not null references leases, notes text);
create table visits (id int primary key, company_id int not null references companies, notes text);
create table repairs (id int primary key, company_id int not null references companies, notes text);
`, map[string]string{"the root": "companies", "leases": "tenant_id -> tenants", "visits": "company_id -> companies"}},
		{"sites", `
create table sites (id int primary key, name text not null, email text, phone text);
create table users (id int primary key, site_id int not null references sites, full_name text, email text);
create table orders (id int primary key, site_id int not null references sites, user_id int not null references users, notes text);
create table visits (id int primary key, site_id int not null references sites, notes text);
create table jobs_1 (id int primary key, site_id int not null references sites, notes text);
create table jobs_2 (id int primary key, site_id int not null references sites, notes text);
create table jobs_3 (id int primary key, site_id int not null references sites, notes text);
create table jobs_4 (id int primary key, site_id int not null references sites, notes text);
create table jobs_5 (id int primary key, site_id int not null references sites, notes text);
create table jobs_6 (id int primary key, site_id int not null references sites, notes text);
create table jobs_7 (id int primary key, site_id int not null references sites, notes text);
create table jobs_8 (id int primary key, site_id int not null references sites, notes text);
create table jobs_9 (id int primary key, site_id int not null references sites, notes text);
create table jobs_10 (id int primary key, site_id int not null references sites, notes text);
create table jobs_11 (id int primary key, site_id int not null references sites, notes text);
create table jobs_12 (id int primary key, site_id int not null references sites, notes text);
create table jobs_13 (id int primary key, site_id int not null references sites, notes text);
create table jobs_14 (id int primary key, site_id int not null references sites, notes text);
create table jobs_15 (id int primary key, site_id int not null references sites, notes text);
`, map[string]string{"the root": "sites", "orders": "user_id -> users", "visits": "site_id -> sites"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := entitiesOf(t, c.ddl)
			for table, want := range c.want {
				if got[table] != want {
					t.Errorf("%s: %q, want %q", table, got[table], want)
				}
			}
		})
	}
}
