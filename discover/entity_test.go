package discover

import (
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Rows that are people of their own are nobody else's, and tenants may be companies:
// else all people of one would get one name.
func TestEntities(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `
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
	s, samples := readCase(t, dsn)
	r, err := Look(s, samples)
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
	for table, want := range map[string]string{
		"tenants": "id", "people": "", "members": "id", "accounts": "", "addresses": "", "settings": "tenant_id -> tenants", "messages": "tenant_id -> tenants",
		"users": "id", "orders": "user_id -> users", "contacts": "",
	} {
		if got[table] != want {
			t.Errorf("%s: entity %q, want %q", table, got[table], want)
		}
	}
}
