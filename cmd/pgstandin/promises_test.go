package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestMaskedPartitionKey masks the columns by which rows find their partition:
// alone, in an expression, and on the second level.
func TestMaskedPartitionKey(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create table people (email text primary key, n int) partition by hash (email);
		create table people_0 partition of people for values with (modulus 2, remainder 0);
		create table people_1 partition of people for values with (modulus 2, remainder 1);
		create table folded (email text, n int) partition by hash (lower(email));
		create table folded_0 partition of folded for values with (modulus 2, remainder 0);
		create table folded_1 partition of folded for values with (modulus 2, remainder 1);
		create table deep (email text, n int) partition by range (n);
		create table deep_a partition of deep for values from (0) to (50);
		create table deep_b partition of deep for values from (50) to (1000) partition by hash (email);
		create table deep_b0 partition of deep_b for values with (modulus 2, remainder 0);
		create table deep_b1 partition of deep_b for values with (modulus 2, remainder 1);
		create table mail (id int primary key, to_address text references people);
		insert into people select 'anna' || i || '@mail.example', i from generate_series(1, 200) i;
		insert into folded select email, n from people;
		insert into deep select email, n from people;
		insert into mail select n, email from people`)
	s.write(`version: 1
targets: ["*_staging"]
columns:
  - { match: "*.email", mask: email }
  - { match: "*.n", mask: keep }
`)
	s.must(keyA)
	for sql, want := range map[string]string{
		"select count(*) from people":                                                    "200",
		"select count(*) from folded":                                                    "200",
		"select count(*) from only deep_a":                                               "49",
		"select count(*) from deep_b":                                                    "151",
		"select count(*) from people where email like 'anna%'":                           "0",
		"select count(*) from mail m join people p on p.email = to_address":              "200",
		"select count(*) from mail m join people p on m.id = p.n and email = to_address": "200",
	} {
		if got := pgtest.Query(t, s.target, sql)[0][0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}

// TestUniqueIsNotAKey leaves columns undecided whose type and name look like a
// key's, but that only happen to be unique: phones, tokens, national numbers.
func TestUniqueIsNotAKey(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `
		create domain int8 as text;
		create table users (id int primary key, org int, number int, phone bigint unique, token uuid, ssn int, invited_by int references users,
			active bool, serial serial, odd public.int8 unique, unique (org, number));
		create unique index on users (token);
		create unique index on users (ssn) where active;
		insert into users (id, phone, token, ssn) values (1, 4930111111, gen_random_uuid(), 123456789)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\n")
	status, out, errOut := s.refresh(keyA)
	if status != exitUndecided {
		t.Fatalf("status %d\n%s%s", status, out, errOut)
	}
	for _, c := range []string{"phone", "token", "ssn", "org", "number", "odd"} {
		if !strings.Contains(errOut, c) {
			t.Errorf("%s is not listed:\n%s", c, errOut)
		}
	}
	for _, c := range []string{"invited_by", "active", "serial", "id "} {
		if strings.Contains(errOut, c) {
			t.Errorf("%s is listed:\n%s", c, errOut)
		}
	}
	if n := databases(t, s.name); n != 0 {
		t.Errorf("%d databases were made", n)
	}
}

// TestSameBytesEveryTime refreshes a subset of the shop, all of whose masks go by the
// secret, with one worker and several, little memory and much, in text and in binary, and
// finds the same rows, wherever they are in the source.
func TestSameBytesEveryTime(t *testing.T) {
	t.Parallel()
	s := newShop(t, 3000)
	var first map[string]string
	for _, args := range [][]string{{"--workers", "1", "--memory", "1MiB"}, {"--workers", "4", "--memory", "512MiB"}, {"--copy-format", "text"}, {"--copy-format", "binary"}} {
		s.must(keyA, args...)
		got := contents(t, s.target)
		if first == nil {
			first = got
			if first["public.users"] == "[]" || first["public.users"] == contents(t, s.source)["public.users"] {
				t.Fatal("no user is copied and masked")
			}
			pgtest.Exec(t, s.source, "set session_replication_role = replica; update orders set id = id where hashtext(id::text) % 3 = 0; update users set id = id where hashtext(id::text) % 2 = 0; analyze")
		}
		for table, want := range first {
			if got[table] != want {
				t.Errorf("%v gives other rows of %s", args, table)
			}
		}
	}
}

// TestWritersDuringTheRun moves money from table to table while workers copy them: the
// sum is that of one moment.
func TestWritersDuringTheRun(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, `create table a (id int primary key, cents int not null); insert into a select i, 1000000 from generate_series(1, 1000) i;
		create table b as table a; create table c as table a; create table d as table a; alter table b add primary key (id); alter table c add primary key (id); alter table d add primary key (id)`)
	s.write("version: 1\ntargets: [\"*_staging\"]\ncolumns: [{ match: \"*.*\", mask: keep }]\n")
	conn := pgtest.Connect(t, s.source)
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			// All from the first three to the last: each moment has sums of its own.
			from, row := "abc"[i%3:i%3+1], i%1000+1
			if err := conn.Exec(t.Context(), fmt.Sprintf("with taken as (update %s set cents = cents - 1 where id = %d) update d set cents = cents + 1 where id = %d", from, row, row)).Close(); err != nil {
				done <- err
				return
			}
		}
	}()
	s.must(keyA)
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	const sums = "select sum(cents) || ' ' || count(*) from %s"
	if got := pgtest.Query(t, s.target, fmt.Sprintf(sums, "(table a union all table b union all table c union all table d) t"))[0][0]; got != "4000000000 4000" {
		t.Errorf("sum and count %s", got)
	}
	if got := pgtest.Query(t, s.target, fmt.Sprintf(sums, "d"))[0][0]; got == "1000000000 1000" {
		t.Error("nobody wrote before the run's moment")
	}
}
