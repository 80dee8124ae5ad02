package leak_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/keyed"
	"github.com/pgstandin/pgstandin/leak"
)

// telling is a witness that fills a filter.
type telling struct{ *leak.Collector }

func (t telling) Whole(_ *anonymize.Type, v []byte) { t.Collector.Whole(leak.JSON, v) }

// BenchmarkWatched masks rows of five masked columns, alone and with a collector
// that takes their originals.
func BenchmarkWatched(b *testing.B) {
	secret, err := keyed.ParseSecret([]byte(strings.Repeat("3c", 32)))
	if err != nil {
		b.Fatal(err)
	}
	text := anonymize.Type{Name: "text"}
	mask := func(kind string) *anonymize.Mask { return &anonymize.Mask{Kind: kind} }
	p, err := anonymize.Compile(secret, anonymize.Table{Name: "t", Entity: -1, Columns: []anonymize.Column{
		{Name: "id", Type: anonymize.Type{Name: "int8"}}, {Name: "email", Type: text, Mask: mask("email")},
		{Name: "name", Type: text, Mask: mask("person.name")}, {Name: "phone", Type: text, Mask: mask("phone")},
		{Name: "ip", Type: anonymize.Type{Name: "inet"}, Mask: mask("ip")}, {Name: "street", Type: text, Mask: mask("address.street")},
		{Name: "at", Type: anonymize.Type{Name: "timestamptz"}},
	}})
	if err != nil {
		b.Fatal(err)
	}
	rows := make([][]byte, 100_000)
	bytes := 0
	for i := range rows {
		rows[i] = fmt.Appendf(nil, "%d\tuser%d@mail.example\tAnna Maria Berg%d\t+49 30 %d\t10.%d.%d.7\t%d Long Street\t2024-05-17 10:20:30+00", i, i, i, 1000000+i, i>>8&255, i&255, i)
		bytes += len(rows[i])
	}
	for _, watched := range []bool{false, true} {
		b.Run(fmt.Sprintf("watched=%t", watched), func(b *testing.B) {
			b.SetBytes(int64(bytes / len(rows)))
			r := p.NewRewriter()
			if watched {
				r.Watch(telling{leak.New(secret, leak.Options{Expect: 500_000}).Collector()}, false)
			}
			var out []byte
			for i := 0; b.Loop(); i++ {
				if out, err = r.AppendRow(out[:0], rows[i%len(rows)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
