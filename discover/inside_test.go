package discover

import (
	"strconv"
	"testing"

	"github.com/pgstandin/pgstandin/schema"
)

// TestInsideOfTexts: what scrub replaces within a text makes the column one to
// scrub, whatever it is called and however few its values are.
func TestInsideOfTexts(t *testing.T) {
	judged := func(name, text string) Finding {
		r, err := Look(schemaOf(table(name, "id integer*", "zzq text")), func(*schema.Table) ([]Sample, error) {
			ids := make([][]byte, 60)
			texts := make([][]byte, 60)
			for i := range ids {
				ids[i], texts[i] = strconv.AppendInt(nil, int64(i), 10), []byte(text)
			}
			return []Sample{{Values: ids}, {Values: texts}}, nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Findings[1]
	}
	for text, want := range map[string]string{
		"Die IBAN ist DE89 3704 0044 0532 0130 00, bitte ändern.": "scrub",
		"tel: 0151 23456101 abends, sonst nicht":                  "scrub",
		"Bitte die Karte 4111 1111 1111 1111 belasten":            "scrub",
		"angemeldet von 203.0.113.77 gegen Mittag":                "scrub",
		"see https://u:secret@host.example/x for it":              "scrub",
		"write to anna@corp.example about the order":              "scrub",
		"email=anna.berg%40corp.example&page=2":                   "scrub",
		"https://a.example/x?email=anna.berg%40corp.example":      "url",
		"https://login.example||anna.berg@corp.example":           "url",
		"version 1.2.3.4 of 2024-01-02, 1000000 parts":            "keep",
	} {
		if got := judged("things", text); got.Mask.Kind != want {
			t.Errorf("%s: %s, %s; want %s", text, got.Mask.Kind, got.Evidence, want)
		}
	}
	// Of a table of things a web address is kept, unless there is somebody's in it.
	for text, want := range map[string]string{
		"https://a.example/x?page=2&sort=name":                "keep",
		"https://a.example/x?page=2&mail=anna%40corp.example": "url",
		"https://login.example||anna.berg@corp.example":       "url",
	} {
		if got := judged("packages", text); got.Mask.Kind != want {
			t.Errorf("%s: %s, %s; want %s", text, got.Mask.Kind, got.Evidence, want)
		}
	}
}
