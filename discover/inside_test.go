package discover

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
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
	// What is encoded has nothing in it that scrub would see.
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if got := judged("things", e.EncodeToString([]byte(`{"user": "anna.berg@corp.example", "n": 1}`))); got.Mask.Kind != "token" && got.Mask.Kind != "hash" {
			t.Errorf("an address in Base64: %s, %s", got.Mask.Kind, got.Evidence)
		}
		if got := judged("things", e.EncodeToString([]byte(`{"theme": "dark and blue", "n": 1}`))); got.Mask.Kind != "keep" {
			t.Errorf("nobody in Base64: %s, %s", got.Mask.Kind, got.Evidence)
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

// TestOpaqueTexts: a column that is named as one of texts, but whose values are blobs
// of letters, is masked as a whole.
func TestOpaqueTexts(t *testing.T) {
	blobs, texts := []string{}, []string{}
	for i := range 40 {
		blobs = append(blobs, base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\x04\b{\x06I\"\x0fuser_name\x06:\x06ETI\"\x0bAnna%d\x06;\x00T, and more of it", i)))
		texts = append(texts, fmt.Sprintf("张伟明先生您好请联系我们的客服电话谢谢您的来信我们会尽快回复%d", i))
	}
	s := schemaOf(table("sessions", "id integer*", "session_id varchar(80)", "data text"))
	if f := look(t, s, valuesOf("data", blobs...))["sessions.data"]; f.Mask.Kind != "hash" && f.Mask.Kind != "token" {
		t.Errorf("blobs: %s (%s)", f.Mask.Kind, f.Evidence)
	}
	if f := look(t, s, valuesOf("data", texts...))["sessions.data"]; f.Mask.Kind != "scrub" {
		t.Errorf("texts without blanks: %s (%s)", f.Mask.Kind, f.Evidence)
	}
}

// TestRandomBase64: pictures and what is encrypted hold nobody, whatever their bytes
// look like by chance; letters beyond ASCII are still those of texts.
func TestRandomBase64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var random, texts []string
	for i := range 300 {
		b := make([]byte, 3000)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		random = append(random, base64.StdEncoding.EncodeToString(b))
		texts = append(texts, base64.StdEncoding.EncodeToString(fmt.Appendf(b[:20:20], " jürgen%d@müller.example ", i)))
	}
	s := schemaOf(table("things", "id integer*", "zzq text"))
	if f := look(t, s, valuesOf("zzq", random...))["things.zzq"]; f.Mask.Kind != "keep" {
		t.Errorf("random bytes: %s (%s)", f.Mask.Kind, f.Evidence)
	}
	if f := look(t, s, valuesOf("zzq", texts...))["things.zzq"]; f.Mask.Kind != "hash" {
		t.Errorf("addresses: %s (%s)", f.Mask.Kind, f.Evidence)
	}
}

// TestAddressLists: several addresses in a field are masked each by itself; names beside
// them have no form, so such a field is masked as a whole.
func TestAddressLists(t *testing.T) {
	for form, want := range map[string]string{
		"p#@example.com, q#@example.com": "scrub", "p#@example.com;q#@example.com; r@example.com": "scrub", "p#@example.com": "email",
		"Anna Xq <p#@example.com>, q#@example.com": "email",
	} {
		var values []string
		for i := range 20 {
			values = append(values, strings.ReplaceAll(form, "#", strconv.Itoa(i)))
		}
		s := schemaOf(table("mails", "id integer*", "email_cc text", "to_addresses text"))
		for _, column := range []string{"email_cc", "to_addresses"} {
			if f := look(t, s, valuesOf(column, values...))["mails."+column]; f.Mask.Kind != want {
				t.Errorf("%s, %s: %s (%s), not %s", column, form, f.Mask.Kind, f.Evidence, want)
			}
		}
	}
}
