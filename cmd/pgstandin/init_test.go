package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/cmd/pgstandin/shop"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// initRules runs init for the source and returns what it wrote.
func (s *staging) initRules(more ...string) string {
	s.t.Helper()
	s.rules = filepath.Join(s.t.TempDir(), "pgstandin.yaml")
	status, out, errOut := s.command(keyA, append([]string{"init", "--source", s.source, "-o", s.rules}, more...)...)
	if status != 0 {
		s.t.Fatalf("init: status %d\n%s%s", status, out, errOut)
	}
	text, err := os.ReadFile(s.rules)
	if err != nil {
		s.t.Fatal(err)
	}
	if dir := os.Getenv("DISCOVER_OUT"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(s.t.Name(), "/", "_")+".yaml"), text, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	return string(text)
}

// TestInitCanaries: a file written by init alone runs, and nothing that was planted
// in the shop, in columns, documents, arrays and texts, is found in its copy.
func TestInitCanaries(t *testing.T) {
	t.Parallel()
	s := newStaging(t)
	pgtest.Exec(t, s.source, shop.Schema)
	pgtest.Exec(t, s.source, shop.DataAt(200, time.Now()))
	canaries := plant(t, s.source)
	pgtest.Exec(t, s.source, "analyze")
	text := s.initRules()
	for _, v := range canaries {
		if strings.Contains(text, v) {
			t.Errorf("the rules hold a value of the source")
		}
	}
	// Everything is copied, so that every canary could be.
	all := text[:strings.Index(text, "  roots:")] + text[strings.Index(text, "  references:"):]
	all = strings.Replace(all, "vars: { sample: 10% }\n", "", 1)
	s.write(all)
	s.must(keyA)
	got := dump(t, s.target)
	before := dump(t, s.source)
	for i, v := range canaries {
		if !bytes.Contains(before, []byte(v)) {
			t.Errorf("canary %d was not planted: %s", i, v)
		}
		if bytes.Contains(bytes.ToLower(got), bytes.ToLower([]byte(v))) {
			t.Errorf("canary %d is in the target: %s", i, v)
		}
	}
	s.write(text)
	s.must(keyA)
}

// plant writes values that must not come through into one row of each table.
func plant(t *testing.T, dsn string) []string {
	t.Helper()
	pgtest.Exec(t, dsn, `
		alter table users add other_emails text[], add phone_numbers varchar(30)[], add known_ips inet[], add contacts jsonb, add nicknames text[];
		update users set other_emails = array['a' || id || '@mail.example', null], phone_numbers = array['+49 30 55' || id + 1000], known_ips = array[inet '198.51.100.1' + id % 200],
			contacts = jsonb_build_array(jsonb_build_object('full_name', 'Rudi Rabe' || id, 'email', 'c' || id || '@mail.example', 'phones', jsonb_build_array('+49 40 44' || id + 1000))),
			nicknames = array['Nick' || id];
		update users set other_emails = '{x@mail.example,canary.array@nowhere.test}', phone_numbers = '{"+49 171 7777117"}', known_ips = '{203.0.113.80}', nicknames = '{Canarynick}',
			contacts = '[{"full_name": "Rita Canarycontact", "email": "canary.contact@nowhere.test", "phones": ["+49 171 6666117"]}, {"full_name": "Canaryother Person"}]'
			where id = (select min(id) from users);
		update organizations set settings = settings || '{"contact": {"name": "Carla Canaryboss", "email": "canary.boss@nowhere.test"}, "members": [{"email": "canary.member@nowhere.test"}]}'
			where id = (select min(id) from organizations);
		update users set email = 'canary.mail@nowhere.test', name = 'Zebulon Canaryperson', phone = '+49 171 9999117', user_name = 'canary_user',
			bio = 'write me at canary.bio@nowhere.test please', last_ip = '203.0.113.77', birth_date = '1971-02-17',
			settings = '{"contact": {"email": "canary.json@nowhere.test", "phone": "+49 171 8888117"}}'
			where id = (select min(id) from users);
		update addresses set recipient = 'Ottokar Canaryrecipient', street = '17 Canarystreet', city = 'Canarytown', zip = '77717'
			where id = (select min(id) from addresses);
		update payment_methods set holder = 'Holda Canaryholder' where id = (select min(id) from payment_methods);
		update orders set customer_email = 'canary.order@nowhere.test', note = 'ask canary.note@nowhere.test before', ip = '203.0.113.78'
			where number = (select min(number) from orders);
		update organizations set name = 'Canaryworks Limited', vat_number = 'DE717171717', billing_email = 'canary.org@nowhere.test'
			where id = (select min(id) from organizations);
		update messages set body = 'my new address is canary.body@nowhere.test, thanks' where id = (select min(id) from messages);
		update shipments set signed_by = 'Sigismund Canarysigner' where id = (select min(id) from shipments);
		update audit_logs set ip = '203.0.113.79', user_agent = 'CanaryBrowser/7.7', details = '{"email": "canary.audit@nowhere.test"}' where id = (select min(id) from audit_logs);
	`)
	return []string{
		"canary.mail@", "Canaryperson", "9999117", "canary_user", "canary.bio@", "203.0.113.77", "canary.json@", "8888117",
		"Canaryrecipient", "Canarystreet", "Canarytown", "Canaryholder", "canary.order@", "canary.note@", "203.0.113.78", "Canaryworks", "DE717171717", "canary.org@", "canary.body@",
		"canary.array@", "7777117", "203.0.113.80", "Canarynick", "Canarycontact", "canary.contact@", "6666117", "Canaryother", "Canaryboss", "canary.boss@", "canary.member@",
		"Canarysigner", "203.0.113.79", "CanaryBrowser", "canary.audit@",
	}
}

// Files written by init for databases that others made hold and run.
func TestInitCases(t *testing.T) {
	t.Parallel()
	// Albums and songs are named after artists, who are masked: that is for people
	// to judge, after the leak scan said so.
	accept := map[string]string{"chinook": `
leaks:
  accept:
    - { column: album.title, reason: "some are called as their artists" }
    - { column: track.name, reason: "some are called as their artists" }
`}
	for _, name := range []string{"pagila", "northwind", "chinook"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, name)
			pgtest.Exec(t, s.source, "analyze")
			text := s.initRules()
			if accept[name] != "" {
				if status, _, errOut := s.refresh(keyA); status != exitVerify || !strings.Contains(errOut, "leak: public.album.title") {
					t.Errorf("status %d: %s", status, errOut)
				}
				s.write(text + accept[name])
			}
			s.must(keyA)
		})
	}
}

// Schemas without rows get a file that holds; a large one, in no time.
func TestInitWithoutRows(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gitlab11", "bb_auctionmark"} {
		t.Run(name, func(t *testing.T) {
			s := newStaging(t)
			pgtest.LoadCase(t, s.source, name)
			start := time.Now()
			s.initRules()
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("init took %v", took)
			}
			if status, out, errOut := s.command(keyA, "check", "--source", s.source, "--rules", s.rules); status != 0 {
				t.Fatalf("check: status %d\n%s%s", status, out, errOut)
			}
		})
	}
}
