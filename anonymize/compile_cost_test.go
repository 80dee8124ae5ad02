package anonymize

import (
	"fmt"
	"runtime"
	"testing"
)

// TestProgramsAreSmall compiles a scrub mask, which has twenty others in it, for each of
// many tables: what tables share is there once.
func TestProgramsAreSmall(t *testing.T) {
	secret, heap := testSecret(t, 1), func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const tables, most = 200, 16 << 10
	programs := make([]*Program, 1+tables)
	var before uint64
	for i := range programs {
		if i == 1 { // the first has made what all share
			before = heap()
		}
		var err error
		if programs[i], err = Compile(secret, Table{Name: fmt.Sprintf("t%d", i), Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}}}}); err != nil {
			t.Fatal(err)
		}
	}
	if each := (heap() - before) / tables; each > most {
		t.Errorf("a table with one text to scrub takes %d bytes of memory, more than %d", each, most)
	}
	runtime.KeepAlive(programs)
}
