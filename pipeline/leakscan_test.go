package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/leak"
	"github.com/pgstandin/pgstandin/pipeline"
)

const speaking = `
create schema app;
create type app.color as enum ('red one', 'green');
create domain app.code as text default 'domain default' check (value <> 'domain check');
create table app.t (i int, v text default 'column default', raw bytea, check (v <> 'table check'));
create index on app.t ((v || 'index expression')) where v <> 'predicate';
create table app.parts (k text) partition by list (k);
create table app.part partition of app.parts for values in ('partition bound');
create view app.w as select 'view text' as x;
create materialized view app.m as select 'matview text' as x;
create function app.f(a text default 'argument default') returns text language sql set application_name = 'function setting' as $$ select 'function body' $$;
create function app.trig() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger tr before update on app.t for each row when (new.v <> 'trigger condition') execute function app.trig();
create aggregate app.agg(int) (sfunc = int4pl, stype = int);
create policy p on app.t using (v <> 'policy text');
create rule r as on delete to app.t where old.v = 'rule text' do instead nothing;
do $$ begin
  if current_setting('server_version_num')::int >= 140000 then
    execute 'create statistics app.st on (v || ''statistics expression''), v from app.t';
  else
    execute 'comment on type app.color is ''statistics expression''';
  end if;
end $$;
create aggregate app.joined(text) (sfunc = textcat, stype = text, initcond = 'aggregate start', msfunc = textcat, minvfunc = textcat, mstype = text, minitcond = 'moving start');
create table app.parted (v text) partition by list ((v = 'partition key'));
comment on column app.t.v is 'column comment';
comment on function app.f is 'function comment';
comment on schema app is 'schema comment';
comment on index app.t_expr_idx is 'index comment';
comment on trigger tr on app.t is 'trigger comment';
create foreign data wrapper app_w options (a 'wrapper option');
create server app_s foreign data wrapper app_w options (password 'server option', host 'x');
create foreign table app.ft (a text options (c 'column option') default 'foreign default' check (a <> 'foreign check')) server app_s options (b 'table option');
create trigger foreign_tr before update on app.ft for each row when (new.a <> 'foreign condition') execute function app.trig();
comment on trigger foreign_tr on app.ft is 'foreign trigger comment';
comment on constraint ft_a_check on app.ft is 'foreign constraint comment';
comment on foreign table app.ft is 'foreign comment';
comment on column app.ft.a is 'foreign column comment';
comment on foreign data wrapper app_w is 'wrapper comment';
comment on server app_s is 'server comment';
create publication app_pub;
comment on publication app_pub is 'publication comment';
create function app.et() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger app_et on ddl_command_end execute function app.et();
comment on event trigger app_et is 'event trigger comment';
comment on extension plpgsql is 'own extension comment';
create extension hstore schema app;
comment on extension hstore is 'extension comment';
comment on schema public is 'public comment';
`

// Texts that a target gets only with foreign tables, and those that it never gets.
func foreignTexts() []string {
	return []string{"table option", "column option", "foreign default", "foreign check", "foreign condition", "foreign trigger comment", "foreign constraint comment",
		"foreign comment", "foreign column comment", "server comment"}
}

func ownTexts() []string {
	return []string{"server option", "publication comment", "event trigger comment", "extension comment", "public comment"}
}

// checkTexts looks for every text that was written into a schema.
func checkTexts(t *testing.T, dsn string) {
	t.Helper()
	pgtest.Exec(t, dsn, speaking)
	src := begin(t, dsn, 1)
	everywhere := []string{
		"red one", "domain default", "domain check", "column default", "table check", "index expression", "predicate", "partition bound", "view text", "matview text",
		"argument default", "function setting", "function body", "trigger condition", "policy text", "rule text", "column comment", "function comment", "schema comment",
		"index comment", "trigger comment", "statistics expression", "aggregate start", "moving start", "partition key", "wrapper option", "wrapper comment",
	}
	texts, err := pipeline.SchemaTexts(t.Context(), src)
	compareTexts(t, texts, err, slices.Concat(everywhere, foreignTexts(), ownTexts()), nil)
	for _, x := range texts {
		if named := x.Object == "options of server app_s"; named != (x.Credentials == 1) {
			t.Errorf("%s: %d named credentials", x.Object, x.Credentials)
		}
	}
	texts, err = pipeline.MadeTexts(t.Context(), src, pipeline.Objects{ForeignTables: true})
	compareTexts(t, texts, err, slices.Concat(everywhere, foreignTexts()), ownTexts())
	texts, err = pipeline.MadeTexts(t.Context(), src, pipeline.Objects{})
	compareTexts(t, texts, err, everywhere, slices.Concat(foreignTexts(), ownTexts()))
	own, err := pipeline.DatabaseTexts(t.Context(), src, src.Info().Database)
	if err != nil {
		t.Fatal(err)
	}
	if len(own) != 2 || own[0].Text != "a database comment" || !strings.Contains(own[1].Text, "a setting") {
		t.Errorf("%v", own)
	}
}

func compareTexts(t *testing.T, texts []pipeline.SchemaText, err error, in, out []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, x := range texts {
		fmt.Fprintf(&all, "%s: %s\n", x.Object, x.Text)
		if strings.Contains(x.Object, " pg_catalog") || strings.Contains(x.Object, "information_schema") {
			t.Errorf("PostgreSQL's own: %s", x.Object)
		}
	}
	for _, want := range in {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, other := range out {
		if strings.Contains(all.String(), other) {
			t.Errorf("%s is there", other)
		}
	}
	if t.Failed() {
		t.Log(all.String())
	}
}

func describeDatabase(t *testing.T, dsn, name string) {
	pgtest.Exec(t, dsn, "comment on database "+name+" is 'a database comment'; alter database "+name+" set application_name = 'a setting'")
}

func TestSchemaTexts(t *testing.T) {
	dsn := pgtest.DB(t)
	describeDatabase(t, dsn, config(t, dsn).Database)
	checkTexts(t, dsn)
}

func TestSchemaTextsOfEachVersion(t *testing.T) {
	pgtest.EachVersion(t, func(t *testing.T, server *pgserver.Server) {
		pgtest.Exec(t, server.DSN("postgres"), "create database texts")
		describeDatabase(t, server.DSN("postgres"), "texts")
		checkTexts(t, server.DSN("texts"))
	})
}

// TestScanSteps reads a table of several ranges: each row is looked at once.
func TestScanSteps(t *testing.T) {
	dsn := pgtest.DB(t)
	pgtest.Exec(t, dsn, `create table t (i int, v text, raw bytea); alter table t alter v set storage external;
		insert into t select i, repeat('x', 1900) || ' value number ' || i, case when i % 2 = 0 then 'raw number ' || i end::bytea from generate_series(1, 70000) i`)
	src := begin(t, dsn, 2, "t")
	secret, err := keyed.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	filter, suspects := leak.New(secret, leak.Options{}), leak.NewSuspects()
	originals := func(c interface {
		Original(value []byte, shared int)
		Flush() error
	}) {
		for _, v := range []string{"value number 1", "number 69999", "raw number 70000"} {
			c.Original([]byte(v), 0)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	originals(filter.Collector())
	var count pipeline.Scanned
	steps, err := pipeline.ScanSteps(t.Context(), src, filter, suspects, []pipeline.ScanTable{{Table: name("t"), Columns: []pipeline.ScanColumn{
		{Name: "v", Place: "t.v", Shape: leak.Text}, {Name: "raw", Place: "t.raw", Shape: leak.Bytes}, {Name: "i", Place: "t.i", Shape: leak.Text, Cast: true},
	}}}, &count)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) < 2 {
		t.Errorf("%d steps", len(steps))
	}
	if err := pipeline.Steps(t.Context(), 2, steps); err != nil {
		t.Fatal(err)
	}
	originals(filter.Confirmer(suspects))
	found := map[string]int64{}
	for _, f := range suspects.Findings() {
		found[f.Place] = f.Fields
	}
	if count.Rows() != 70000 || count.Bytes() < 70000*1900 || found["t.v"] != 2 || found["t.raw"] != 1 || len(found) != 2 {
		t.Errorf("%d rows, %d bytes, %v", count.Rows(), count.Bytes(), found)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := steps[0](ctx); err == nil {
		t.Error("a scan that is cancelled has no error")
	}
}
