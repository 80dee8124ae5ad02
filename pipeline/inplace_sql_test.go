package pipeline

import (
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

// Only statements that name nothing but their table are given the shadow's name.
func TestPlaceFirst(t *testing.T) {
	tgt := &Target{cfg: TargetConfig{Run: "r1"}, inplace: newInPlace()}
	tgt.inplace.schemas = []string{"app", "Odd one"}
	tgt.inplace.late = map[schema.Name]bool{{Schema: "app", Name: "late"}: true}
	for _, c := range []struct{ sql, first, rest string }{
		{"CREATE INDEX i ON app.t USING btree (a);", `CREATE INDEX i ON "app_pgstandin_r1"."t" USING btree (a)`, ""},
		{`CREATE UNIQUE INDEX "i ON app.t" ON ONLY app."a ""b"" c" USING btree (a);`, `CREATE UNIQUE INDEX "i ON app.t" ON ONLY "app_pgstandin_r1"."a ""b"" c" USING btree (a)`, ""},
		{"CREATE INDEX i ON app.t USING gin (a);\n\nALTER TABLE app.t CLUSTER ON i;", `CREATE INDEX i ON "app_pgstandin_r1"."t" USING gin (a)`, "ALTER TABLE app.t CLUSTER ON i;"},
		{`CREATE INDEX i ON "Odd one".t USING btree (a)`, `CREATE INDEX i ON "Odd one_pgstandin_r1"."t" USING btree (a)`, ""},
		{"CREATE INDEX i ON other.t USING btree (a)", `CREATE INDEX i ON "other"."t" USING btree (a)`, ""},
		{`analyze "app"."t"`, `analyze "app_pgstandin_r1"."t"`, ""},
		{"CREATE INDEX i ON app.t USING btree (app.f(a));", "", ""},
		{`CREATE INDEX i ON app.t USING btree (a "Odd one".ops);`, "", ""},
		{`CREATE INDEX i ON app.t USING btree (a) WHERE (x = 'app.t'::text);`, "", ""}, // it may be more than a text
		{"CREATE INDEX i ON app.late USING btree (a)", "", ""},
		{`analyze "app"."late"`, "", ""},
		{`alter table only "app"."t" validate constraint "k"`, "", ""}, // it may read a late table
		{`alter table only "app"."t" add constraint "k" foreign key (a) references app.u`, "", ""},
		{"CREATE TRIGGER i BEFORE INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION app.f();", "", ""},
		{"CREATE INDEX broken", "", ""},
		{`CREATE INDEX "broken ON app.t`, "", ""},
		{"", "", ""},
	} {
		first, rest, ok := tgt.placeFirst(c.sql)
		if ok != (c.first != "") || first != c.first || ok && rest != c.rest {
			t.Errorf("%s: got %q, %q, %t", c.sql, first, rest, ok)
		}
	}
	tgt.inplace.late = nil
	if first, _, ok := tgt.placeFirst(`alter table only "app"."t" validate constraint "k"`); !ok || first != `alter table only "app_pgstandin_r1"."t" validate constraint "k"` {
		t.Errorf("got %q", first)
	}
}
