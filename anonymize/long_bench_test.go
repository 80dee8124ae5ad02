package anonymize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// BenchmarkLong masks values of three sizes that are one thing again and again. The
// MB a second of the longest are those of the shortest.
func BenchmarkLong(b *testing.B) {
	shift := &Mask{Kind: "date", Params: map[string]any{"shift": "60d"}}
	for _, c := range []struct {
		name, typ           string
		mask                *Mask
		open, again, closed string
	}{
		{"path in scrub", "text", &Mask{Kind: "scrub"}, "M", "1.2DE", ""},
		{"ranges in date", "datemultirange", shift, "{", "[2024-01-31,2024-03-01),", "[2024-05-31,)}"},
	} {
		p, err := Compile(testSecret(b, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: c.typ}, Mask: c.mask}}})
		if err != nil {
			b.Fatal(err)
		}
		for _, size := range []int{4 << 10, 16 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dk", c.name, size>>10), func(b *testing.B) {
				r := p.NewRewriter()
				row := copyfmt.AppendEscaped(nil, []byte(c.open+strings.Repeat(c.again, size/len(c.again))+c.closed))
				b.SetBytes(int64(len(row)))
				var dst []byte
				for b.Loop() {
					dst, _ = r.AppendRow(dst[:0], row)
				}
			})
		}
	}
}
