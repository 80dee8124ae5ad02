package main

import (
	"reflect"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/pipeline"
	"github.com/pgstandin/pgstandin/rules"
)

// Whatever a command does to a target, it waits no longer for a dead network than
// others, and gives what is new to the same roles.
func TestTargetConfig(t *testing.T) {
	file, err := rules.Parse("pgstandin.yaml", []byte("version: 1\ntarget: { owner: shop, grants: { reader: [select] } }\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &targetOptions{target: "postgres://runner@stage/staging", maintenance: "work", adopt: true}
	for _, f := range []*rules.File{file, nil} {
		got, err := o.config(f)
		if err != nil {
			t.Fatal(err)
		}
		want := pipeline.TargetConfig{
			Conn: got.Conn, DSN: o.target, MaintenanceDB: "work", Adopt: true,
			PgDump: got.PgDump, PgRestore: got.PgRestore, StallTimeout: 5 * time.Minute,
		}
		if f != nil {
			want.Owner, want.Grants = "shop", []pipeline.Grant{{Role: "reader", Privileges: []string{"select"}}}
		}
		if !reflect.DeepEqual(got, want) || got.Conn.Database != "staging" {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	source, err := (&sourceOptions{source: "postgres://reader@prod/shop"}).config()
	if err != nil || source.StallTimeout != 5*time.Minute {
		t.Errorf("source: %v, %v", source.StallTimeout, err)
	}
}
