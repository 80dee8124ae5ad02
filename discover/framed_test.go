package discover

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/url"
	"strings"
	"testing"
)

// framed are the ways in which programs put Base64 into a value.
func framed() map[string]func(plain string) string {
	urlSafe := base64.RawURLEncoding.EncodeToString
	signed := func(payload, mark string) string {
		mac := hmac.New(sha256.New, []byte("a key"))
		mac.Write([]byte(payload))
		return payload + mark + urlSafe(mac.Sum(nil))
	}
	std := base64.StdEncoding.EncodeToString
	return map[string]func(string) string{
		"data URL":           func(s string) string { return "data:text/plain;charset=utf-8;base64," + std([]byte(s)) },
		"escaped data URL":   func(s string) string { return url.QueryEscape("data:application/json;base64," + std([]byte(s))) },
		"Django":             func(s string) string { return signed(urlSafe([]byte(s)), ":1t0XyZ:") },
		"Django, compressed": func(s string) string { return signed("."+urlSafe(deflated(s)), ":1t0XyZ:") },
		"gzip":               func(s string) string { return std(gzipped(s)) },
		"JWT":                func(s string) string { return signed(urlSafe([]byte(`{"alg":"HS256"}`))+"."+urlSafe([]byte(s)), ".") },
		"dots":               func(s string) string { return signed(urlSafe([]byte(s)), ".aPq3Zw.") },
		"Rails": func(s string) string {
			return url.QueryEscape(std([]byte(s))) + fmt.Sprintf("--%x", sha256.Sum256([]byte(s)))
		},
		"cookie":    func(s string) string { return strings.ReplaceAll(std([]byte(s)), "=", "%3D") },
		"lower":     func(s string) string { return strings.ReplaceAll(std([]byte(s)), "=", "%3d") },
		"header":    func(s string) string { return "Basic " + std([]byte(s)) },
		"lines":     func(s string) string { e := std([]byte(s)); return "data:;base64," + e[:32] + "\r\n" + e[32:] },
		"session":   func(s string) string { return "sess_" + std([]byte(s)) },
		"path":      func(s string) string { return "/confirm/" + urlSafe([]byte(s)) },
		"message":   func(s string) string { return "Content-Transfer-Encoding: base64\r\n\r\n" + std([]byte(s)) },
		"cut short": func(s string) string { return std([]byte(s)) + strings.Repeat("AbC1", 1012) + "Ab%3D" },
	}
}

func deflated(s string) []byte {
	var b bytes.Buffer
	return packed(&b, zlib.NewWriter(&b), s)
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	return packed(&b, gzip.NewWriter(&b), s)
}

func packed(b *bytes.Buffer, w io.WriteCloser, s string) []byte {
	// As Django does, only what becomes shorter is compressed: a session has more in it.
	if _, err := io.WriteString(w, strings.Repeat("cart: none, ", 20)+s); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// TestFramedBase64: what is encoded is read in whatever frame it is, and a column of
// nobody's is kept.
func TestFramedBase64(t *testing.T) {
	s := schemaOf(table("things", "id integer*", "zzq text"))
	for name, frame := range framed() {
		for _, pad := range []string{"", "x", "xx"} { // one, two and no signs at the end
			var people, nobody, short []string
			for i := range 40 {
				people = append(people, frame(fmt.Sprintf(`{"%suser": "anna%02d@corp.example", "n": 1}`, pad, i)))
				short = append(short, frame(fmt.Sprintf("%s%02d: anna.berg@corp.example", pad, i)))
				nobody = append(nobody, frame(fmt.Sprintf(`{"%stheme": "dark and blue", "n": %02d}`, pad, i)))
			}
			for _, values := range [][]string{people, short} {
				if f := look(t, s, valuesOf("zzq", values...))["things.zzq"]; f.Mask.Kind != "hash" && f.Mask.Kind != "token" {
					t.Errorf("%s: %s (%s): %s", name, f.Mask.Kind, f.Evidence, values[0])
				}
			}
			if f := look(t, s, valuesOf("zzq", nobody...))["things.zzq"]; f.Mask.Kind != "keep" && name != "JWT" && name != "dots" {
				t.Errorf("%s, nobody: %s (%s)", name, f.Mask.Kind, f.Evidence)
			}
		}
	}
}

// TestSentencesAroundBase64: a text that people wrote is scrubbed, and what is Base64 in
// it does not make it one that is masked as a whole.
func TestSentencesAroundBase64(t *testing.T) {
	var texts []string
	for i := range 40 {
		texts = append(texts, fmt.Sprintf("I was given the key %s, and then nothing at all happened, please do look into it once more, thank you very much",
			base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "key of %d anna@corp.example", i))))
	}
	s := schemaOf(table("messages", "id integer*", "body text"))
	if f := look(t, s, valuesOf("body", texts...))["messages.body"]; f.Mask.Kind != "scrub" {
		t.Errorf("%s (%s)", f.Mask.Kind, f.Evidence)
	}
}

// TestFilesInDataURLs: a file in a column of texts is decided as one in bytea is, but
// for a mask that a text takes. What is named as a picture's address gets another one.
func TestFilesInDataURLs(t *testing.T) {
	var files, drawings []string
	for i := range 40 {
		m := image.NewRGBA(image.Rect(0, 0, 4, 4))
		m.Set(1, 1, color.RGBA{uint8(i), 1, 2, 255})
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		files = append(files, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(b.Bytes()))
		drawings = append(drawings, "data:image/svg+xml;base64,"+base64.StdEncoding.EncodeToString(
			fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg"><circle r="%d"/></svg>`, i)))
	}
	s := schemaOf(
		table("users", "id integer*", "email text", "zzq text", "avatar text", "image text", "short varchar(2000)"),
		table("products", "id integer*", "image text", "zzr text"))
	values := func(v []string) map[string]Finding {
		r := look(t, s, valuesOf("zzq", v...))
		for _, c := range []string{"avatar", "short", "image", "zzr"} {
			for k, f := range look(t, s, valuesOf(c, v...)) {
				if strings.HasSuffix(k, "."+c) {
					r[k] = f
				}
			}
		}
		return r
	}
	for column, want := range map[string]string{
		"users.zzq": "hash", "users.avatar": "url", "users.short": "hash", "users.image": "hash", "products.image": "keep", "products.zzr": "hash",
	} {
		if f := values(files)[column]; f.Mask.Kind != want {
			t.Errorf("%s: %s (%s), not %s", column, f.Mask.Kind, f.Evidence, want)
		}
	}
	few := append(append(append(files[:4:4], files[:4]...), files[:4]...), files[:4]...)
	if f := values(few)["users.zzq"]; f.Mask.Kind != "keep" {
		t.Errorf("a few that many share: %s (%s)", f.Mask.Kind, f.Evidence)
	}
	if f := values(drawings)["products.zzr"]; f.Mask.Kind != "keep" {
		t.Errorf("drawings: %s (%s)", f.Mask.Kind, f.Evidence)
	}
}

// TestLinksWithBase64: a link of a thing that says in Base64 whose it is goes, and one
// that says nothing stays.
func TestLinksWithBase64(t *testing.T) {
	s := schemaOf(table("products", "id integer*", "link text"))
	for said, want := range map[string]string{`{"who": "anna%02d@corp.example"}`: "url", `{"theme": "dark, number %02d"}`: "keep"} {
		var links []string
		for i := range 40 {
			links = append(links, "https://shop.example/confirm/now?and=one&then=two&token="+base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, said, i))+"&so=on")
		}
		if f := look(t, s, valuesOf("link", links...))["products.link"]; f.Mask.Kind != want {
			t.Errorf("%s: %s (%s)", links[0], f.Mask.Kind, f.Evidence)
		}
	}
}
