package main

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// Tables that name a user by a text, without a foreign key, follow the users that are
// copied, and are still theirs after it; what another service calls them is masked.
func TestInitTextKeys(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
create table user_entity (id varchar(36) primary key, email text not null, username text);
create table user_attribute (id text primary key, user_id varchar(36), name text, amount int);
create table event_entity (id bigint primary key, user_id varchar(255) collate "C", type text);
create table federated_identity (user_id text primary key, provider_user_id text);
insert into user_entity select md5('u' || i), 'user' || i || '@mail.example', 'login' || i from generate_series(1, 200) i;
insert into user_attribute select md5('a' || i), md5('u' || i), 'locale', i from generate_series(1, 200) i;
insert into event_entity select i, md5('u' || i), 'LOGIN' from generate_series(1, 200) i;
insert into federated_identity select md5('u' || i), (100000000000 + i * 7919)::text from generate_series(1, 200) i;
analyze`)
	text := s.initRules()
	for _, want := range []string{"user_attribute(user_id)", "event_entity(user_id)", "federated_identity(user_id)", "table: user_entity"} {
		if !strings.Contains(text, want) {
			t.Errorf("init says nothing of %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, "(provider_user_id)") || strings.Contains(text, "provider_user_id: keep") {
		t.Errorf("what another service calls users is kept, or a reference:\n%s", text)
	}
	s.must(keyA)
	got := pgtest.Query(t, s.target, `select count(*) > 0, count(*) = (select count(*) from user_attribute a join user_entity u on u.id = a.user_id),
		count(*) = (select count(*) from event_entity a join user_entity u on u.id = a.user_id),
		count(*) = (select count(*) from federated_identity a join user_entity u on u.id = a.user_id),
		count(*) = (select count(*) from event_entity) from user_entity`)[0]
	if strings.Join(got, " ") != "t t t t t" {
		t.Errorf("rows of the users that were copied: %v\n%s", got, text)
	}
}
