package discover

import (
	"fmt"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

// BenchmarkTables looks at schemas of three sizes; a table costs the same in all of them.
func BenchmarkTables(b *testing.B) {
	for _, n := range []int{250, 1000, 4000} {
		var tables []*schema.Table
		for i := range n {
			tables = append(tables, &schema.Table{Name: schema.Name{Schema: "public", Name: fmt.Sprintf("work_items_%d", i)}, Columns: []schema.Column{
				{Name: "id", Type: schema.Type{Name: "integer", Base: "int4"}}, {Name: "note", Type: schema.Type{Name: "text", Base: "text"}},
			}, Keys: []schema.Key{{Primary: true, Columns: []int{0}}}})
		}
		s := schemaOf(tables...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Look(s, valuesOf("note", "one", "two"), nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/table")
		})
	}
}
