package subset

import (
	"fmt"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

// TestLinks reads the parents of an array's elements as the server lists them,
// without allocating.
func TestLinks(t *testing.T) {
	g := &graph{byOID: map[uint32]*leaf{16385: {id: 3}}}
	r := newRow(&layout{g: g})
	f := &refField{ref: &ref{Reference: &Reference{Key: &schema.ForeignKey{}, Child: &schema.Table{}, Array: true}}, list: 1}
	r.id = 7
	r.fields = [][]byte{nil, []byte("1:16385(0,1) 3: 4:16385(9,2)")}
	read := func() string {
		links, err := r.links(f)
		return fmt.Sprint(links, err)
	}
	parent := func(block, off uint64) uint64 { return globalRow(3, block<<offsetBits|off) }
	want := fmt.Sprint([]link{{on, key{n: parent(0, 1)}, 7<<elementBits | 1}, {orphan, key{}, 7<<elementBits | 3},
		{on, key{n: parent(9, 2)}, 7<<elementBits | 4}}, nil)
	if got := read(); got != want {
		t.Errorf("%s instead of %s", got, want)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.links(f) }); n > 0 {
		t.Errorf("%g allocations a row", n)
	}
	for _, bad := range []string{"1", "x:16385(0,1)", "1:1(0,1)", "1:16385(0,", "2097152:16385(0,1)"} {
		r.fields[1] = []byte(bad)
		if links, err := r.links(f); err == nil && (bad != "1" || links[0].to != orphan) {
			t.Errorf("%s is read as %v", bad, links)
		}
	}
	if r.fields[1] = nil; read() != fmt.Sprint([]link{}, nil) {
		t.Error("a row whose reference is off has links")
	}
}
