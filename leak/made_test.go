package leak

import (
	"fmt"
	"testing"
)

// Words of what a mask made may be the name of somebody, and are no leak. Other
// originals beside them are.
func TestPartOfOutput(t *testing.T) {
	const address = "maria.jones.x7k2@example.com"
	for _, c := range []struct {
		made, field string
		suspects    int   // that the originals are read again for
		want        int64 // fields with originals
	}{
		{address, `{"contact": "maria.jones.x7k2@example.com"}`, 0, 0},
		{address, `{"contact": "maria.jones.x7k2@example.com", "note": "Otto Normal called"}`, 1, 1},
		{"mariajones@example.com", `{"contact": "Maria Jones"}`, 1, 1},
		{address, `{"contact": "to maria.jones.x7k2@example.com, of Maria Jones"}`, 1, 0},
		{"49 30 Otto-Normal", `{"contact": "call 49 30 otto normal now", "more": "30 otto normal"}`, 1, 0},
	} {
		f, suspects := New(testSecret(t), Options{}), NewSuspects()
		originals := []string{"Maria Jones", "Otto Normal"}
		in := f.Collector()
		for _, v := range originals {
			in.Original([]byte(v), 1)
		}
		in.Output([]byte(c.made), true)
		if err := in.Flush(); err != nil {
			t.Fatal(err)
		}
		f.Scanner(suspects).Field("t.c", JSON, []byte(c.field))
		if suspects.Len() != c.suspects {
			t.Errorf("%s in %s: %d suspects", c.made, c.field, suspects.Len())
		}
		again := f.Confirmer(suspects)
		for _, v := range originals {
			again.Original([]byte(v), 1)
		}
		again.Output([]byte(c.made), true)
		var fields int64
		for _, x := range suspects.Findings() {
			fields += x.Fields
		}
		if fields != c.want {
			t.Errorf("%s in %s: %d fields, want %d", c.made, c.field, fields, c.want)
		}
	}
}

// TestCleared: when masks made all suspects, nothing more can be found; an
// original that they did not make keeps the question open.
func TestCleared(t *testing.T) {
	f, suspects := New(testSecret(t), Options{}), NewSuspects()
	in := f.Collector()
	for _, v := range []string{"Maria Jones", "Otto Normal", "abc"} {
		in.Original([]byte(v), 1)
	}
	if err := in.Flush(); err != nil {
		t.Fatal(err)
	}
	scan := f.Scanner(suspects)
	scan.Field("t.c", Text, []byte("to Maria Jones, and to Maria Jones"))
	scan.Field("t.d", Text, []byte("Otto Normal"))
	scan.Field("t.e", Text, []byte("nobody is here"))
	for place, want := range map[string]bool{"t.c": true, "t.d": true, "t.e": false, "t.f": false} {
		if suspects.In(place) != want {
			t.Errorf("suspects in %s: %v", place, !want)
		}
	}
	before, again := f.Counts(), f.Confirmer(suspects)
	for i, c := range []struct {
		made string
		want bool
	}{{"Maria Jones, and Otto", false}, {"Maria Jones", false}, {"of Otto Normal", true}, {"of Otto Normal", true}} {
		again.Original([]byte("Otto Normal"), 1)
		again.Original([]byte("abc"), 1)
		if again.Output([]byte(c.made), true); suspects.Cleared() != c.want {
			t.Errorf("%d: %s: cleared: %v", i, c.made, !c.want)
		}
	}
	if err := again.Flush(); err != nil || f.Counts() != before {
		t.Errorf("error %v; a second look counts %+v instead of %+v", err, f.Counts(), before)
	}
	if found := suspects.Findings(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// TestManySuspects: masks that made many suspects hide no original behind them; where
// they are too many to be noted, the rest counts as found.
func TestManySuspects(t *testing.T) {
	for _, most := range []int{mostOfAll, 1200} {
		for _, leaks := range []bool{true, false} {
			f, suspects := New(testSecret(t), Options{Every: true}), NewSuspects()
			suspects.most = most
			in := f.Collector()
			var originals []string
			for i := range 1500 {
				originals = append(originals, fmt.Sprintf("Given%d Family%d", i, i))
			}
			for _, v := range originals {
				in.Original([]byte(v), 1)
			}
			if err := in.Flush(); err != nil {
				t.Fatal(err)
			}
			scan, again := f.Scanner(suspects), f.Confirmer(suspects)
			for i, v := range originals {
				scan.Field("t.c", Text, []byte("of "+v))
				if i < 1499 || !leaks {
					again.Output([]byte("made "+v), true)
				}
				again.Original([]byte(v), 1)
			}
			found := suspects.Findings()
			if want := leaks || most < 1500; (len(found) > 0) != want {
				t.Errorf("of at most %d, a leak %v: found %v", most, leaks, found)
			}
		}
	}
}
