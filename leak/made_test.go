package leak

import "testing"

// Words of what a mask made may be the name of somebody, and are no leak. Other
// originals beside them are.
func TestPartOfOutput(t *testing.T) {
	const address = "maria.jones.x7k2@example.com"
	for _, c := range []struct {
		made, field string
		want        int64
	}{
		{address, `{"contact": "maria.jones.x7k2@example.com"}`, 0},
		{address, `{"contact": "maria.jones.x7k2@example.com", "note": "Otto Normal called"}`, 1},
		{"mariajones@example.com", `{"contact": "Maria Jones"}`, 1},
	} {
		f, suspects := New(testSecret(t), Options{}), NewSuspects()
		originals := []string{"Maria Jones", "Otto Normal"}
		in := f.Collector()
		for _, v := range originals {
			in.Original([]byte(v), 1)
		}
		in.Output([]byte(c.made))
		if err := in.Flush(); err != nil {
			t.Fatal(err)
		}
		f.Scanner(suspects).Field("t.c", JSON, []byte(c.field))
		again := f.Confirmer(suspects)
		for _, v := range originals {
			again.Original([]byte(v), 1)
		}
		again.Output([]byte(c.made))
		var fields int64
		for _, x := range suspects.Findings() {
			fields += x.Fields
		}
		if fields != c.want {
			t.Errorf("%s in %s: %d fields, want %d", c.made, c.field, fields, c.want)
		}
	}
}
