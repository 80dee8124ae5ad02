package anonymize

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

// moreSamples are uses of kinds beside those of samples.
func moreSamples() []sample {
	text := []string{"Anna Schmidt", "x", "Zoë 日本"}
	return []sample{
		{"email", "text", params{"domain": "keep"}, []string{"Anna@Mail.example", "a@b"}, func(in, out string) bool { return out[strings.Index(out, "@"):] == in[strings.Index(in, "@"):] }},
		{"email", "text", params{"domain": params{"Ours.example": "keep", "gmail.com": "example.net", "*": "example.org"}}, []string{"anna@ours.example", "a.b@GMAIL.com", "x@x.org"}, nil},
		{"person.title", "text", nil, []string{"Mrs.", "Mr", "x"}, nil},
		{"person.title", "text", params{"locale": "de"}, []string{"Herr", "Frau", "x"}, nil},
		{"person.gender", "text", nil, []string{"F", "m", "Male", "female", "a", "b", "c"}, func(in, out string) bool {
			return (len(in) == 1) == (len(out) == 1) && strings.Contains("female male Female Male F M f m", out)
		}},
		{"person.gender", "text", params{"values": []any{"w", "m"}}, []string{"w", "m", "d", "x", "y"}, nil},
		{"person.gender", "int2", nil, []string{"0", "1", "2", "3", "4"}, nil},
		{"person.name", "text", params{"locale": "pl"}, text, nil},
		{"address.lat", "numeric", nil, []string{"52.5"}, nil},
		{"address.lon", "float8", params{"locale": "br"}, []string{"13.4"}, nil},
		{"address.full", "text", params{"locale": "gb"}, text, nil},
		{"address.full", "text", params{"locale": "br"}, text, nil},
		{"address.zip", "text", params{"locale": "nl"}, text, nil},
		{"job", "text", nil, text, nil},
		{"domain", "text", nil, []string{"mail.example.org", "Bücher.example", "x.y."}, func(_, out string) bool { return validHost(out) && strings.HasSuffix(out, ".example.com") }},
		{"user_agent", "text", nil, text, func(_, out string) bool { return strings.HasPrefix(out, "Mozilla/5.0 (") }},
		{"mac", "macaddr", nil, []string{"08:00:2b:01:02:03", "01:00:5e:00:00:fb", "02:00:00:00:00:01"}, validMAC},
		{"mac", "macaddr8", nil, []string{"08:00:2b:01:02:03:04:05"}, validMAC},
		{"mac", "text", nil, []string{"08-00-2B-01-02-03", "0800.2b01.0203", "08002b010203"}, validMAC},
		{"bic", "text", nil, []string{"DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX"}, validBIC},
		{"money", "money", params{"noise": "10%"}, []string{"$1,234.56", "-$0.99"}, nil},
		{"money", "numeric", params{"bucket": 50.0}, []string{"129.90"}, func(_, out string) bool { return out == "100.00" }},
		{"geo", "point", params{"jitter": "5km"}, []string{"(13.404954,52.520008)"}, nil},
		{"geo", "numeric", params{"jitter": "500m"}, []string{"-33.8688"}, nil},
		{"date", "date", params{"bucket": "10y"}, []string{"1987-06-05"}, func(_, out string) bool { return out == "1980-01-01" }},
		{"date", "timestamptz", params{"bucket": "5y"}, []string{"1987-06-05 04:03:02.1+00"}, func(_, out string) bool { return out == "1985-01-01 00:00:00+00" }},
		{"date", "text", params{"shift": "60d"}, []string{"2024-02-29T23:59:59.123Z", "2024-02-29", "29.2.2024"}, nil},
		{"date", "text", params{"truncate": "hour"}, []string{"2024-02-29T23:59:59.123Z"}, func(_, out string) bool { return out == "2024-02-29T23:00:00Z" }},
		{"card", "text", params{"test": true}, []string{"4012 8888 8888 1881", "5105105105105100", "2720 9900 0000 0007", "378734493671000", "30569309025904"}, func(in, out string) bool {
			return luhnValid(onlyDigits(in)) == luhnValid(onlyDigits(out)) && outline(in) == outline(out) && (in[0] != '4' || strings.HasPrefix(out, "4242 42"))
		}},
		{"choice", "mood", params{"values": params{"sad": int64(1), "ok": int64(3)}}, text, func(_, out string) bool { return out == "sad" || out == "ok" }},
		{"national_id", "text", params{"country": "us"}, []string{"536-22-8726"}, nil},
		{"national_id", "text", params{"country": "gb"}, []string{"AB123456C"}, nil},
		{"national_id", "text", params{"country": "us", "permute": true}, []string{"536228726"}, nil},
		{"national_id", "text", params{"country": "fr"}, []string{"2 55 08 14 168 025 38", "not known"}, nil},
		{"national_id", "text", params{"country": "it"}, []string{"RSSMRA85T10A562S"}, nil},
		{"hstore", "hstore", params{"other": "keep", "keys": params{"mail": "email", "x": "null"}}, []string{`"mail"=>"anna@x.org", "x"=>"1", "n"=>NULL`}, nil},
		{"date", "daterange", params{"shift": "60d"}, []string{"[2024-01-31,2024-03-01)"}, nil},
		{"file", "bytea", nil, files(), validFile},
	}
}

// validHost checks a host name by RFC 1123, section 2.1, with a dot in it.
func validHost(s string) bool {
	return len(s) <= 253 && regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`).MatchString(s)
}

// validMAC checks that both are addresses that agree in length and in the bits
// I/G and U/L (IEEE 802, section 8.2).
func validMAC(in, out string) bool {
	spell := func(s string) string { // the library wants separators
		if len(s) == 12 {
			return s[:4] + "." + s[4:8] + "." + s[8:]
		}
		return s
	}
	a, err := net.ParseMAC(spell(in))
	b, err2 := net.ParseMAC(spell(out))
	return err == nil && err2 == nil && len(a) == len(b) && a[0]&3 == b[0]&3 && len(in) == len(out) &&
		(strings.ToLower(in) == in && strings.ToLower(out) == out || strings.ToUpper(in) == in && strings.ToUpper(out) == out)
}

func validBIC(in, out string) bool {
	return regexp.MustCompile(`^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$`).MatchString(out) && in[4:8] == out[4:8] && len(in) == len(out) &&
		strings.HasSuffix(in, "XXX") == strings.HasSuffix(out, "XXX")
}

// files are the beginnings of files of several types, and one of none.
func files() []string {
	out := []string{`\211PNG\015\012\032\012 in escape format`}
	for _, head := range []string{"\x89PNG\r\n\x1a\n...", "\xff\xd8\xff\xe0..", "GIF89a..", "%PDF-1.7 ..", "PK\x03\x04..", "\x1f\x8b..", "MZ"} {
		out = append(out, `\x`+hex.EncodeToString([]byte(head)))
	}
	return out
}

// validFile reads a file with the library's reader of its type.
func validFile(in, out string) bool {
	raw, err := hex.DecodeString(strings.TrimPrefix(out, `\x`))
	if err != nil {
		return false
	}
	head := in
	if b, err := hex.DecodeString(strings.TrimPrefix(in, `\x`)); err == nil {
		head = string(b)
	}
	var want string
	switch {
	case strings.Contains(head, "PNG"):
		want = "png"
	case strings.HasPrefix(head, "\xff\xd8"):
		want = "jpeg"
	case strings.HasPrefix(head, "GIF"):
		want = "gif"
	case strings.HasPrefix(head, "%PDF"):
		return validPDF(raw)
	case strings.HasPrefix(head, "PK"):
		_, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		return err == nil
	case strings.HasPrefix(head, "\x1f\x8b"):
		_, err := gzip.NewReader(bytes.NewReader(raw))
		return err == nil
	default:
		return len(raw) == 1
	}
	_, format, err := image.Decode(bytes.NewReader(raw))
	return err == nil && format == want
}

// validPDF follows startxref and the offsets of the objects.
func validPDF(b []byte) bool {
	var at int
	i := bytes.LastIndex(b, []byte("startxref\n"))
	if i < 0 || !bytes.HasPrefix(b, []byte("%PDF-")) || !bytes.HasSuffix(b, []byte("%%EOF\n")) {
		return false
	}
	if _, err := fmt.Sscan(string(b[i+10:]), &at); err != nil || !bytes.HasPrefix(b[at:], []byte("xref\n0 4\n")) {
		return false
	}
	for n := 1; n < 4; n++ {
		entry := b[at+9+20*n:][:20]
		var offset int
		if _, err := fmt.Sscanf(string(entry[:10]), "%d", &offset); err != nil || !bytes.HasPrefix(b[offset:], fmt.Appendf(nil, "%d 0 obj", n)) {
			return false
		}
	}
	return true
}

var updateGolden = flag.Bool("golden", false, "write testdata/kinds.golden")

// TestGolden compares what each kind makes with what it made when the file was
// written: a change there changes everybody's data.
func TestGolden(t *testing.T) {
	const file = "testdata/kinds.golden"
	var b strings.Builder
	fmt.Fprintln(&b, "# What each kind makes of a value with the key 01…01; written by go test ./anonymize -run TestGolden -golden")
	all := samples()
	slices.SortStableFunc(all, func(a, b sample) int { return strings.Compare(a.kind, b.kind) })
	for _, s := range all {
		if s.kind == "scrub" {
			continue // by tests of their own
		}
		f := one(t, 1, s.typ, Mask{Kind: s.kind, Params: s.params})
		params := ""
		for _, name := range slices.Sorted(maps.Keys(s.params)) {
			params += fmt.Sprintf(" %s: %v", name, s.params[name])
		}
		for _, v := range s.values {
			fmt.Fprintf(&b, "%s%s (%s): %q -> %q\n", s.kind, params, s.typ, v, f(v))
		}
	}
	if *updateGolden {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of %s differs; if that is meant, write it anew with -golden\nfile: %s\nhere: %s", i+1, file, line, got[min(i, len(got)-1)])
		}
	}
}

// plain reads the digits of an amount.
func plain(s string) float64 {
	var digits []rune
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits = append(digits, r)
		}
	}
	x, _ := strconv.ParseFloat(string(digits), 64)
	if strings.ContainsAny(s, "-(") {
		x = -x
	}
	return x
}

// TestMoney masks amounts as several locales write them.
func TestMoney(t *testing.T) {
	noisy := one(t, 1, "money", Mask{Kind: "money", Params: params{"noise": "10%"}})
	for _, v := range []string{"$1,234.56", "-$1.00", "($2,500.10)", "1.234.567,89 €", "¥12,345", "0,05 €", "1'234.50 CHF", "-9.999,99"} {
		out := noisy(v)
		if a, b := plain(v), plain(out); a == b || b < min(a*1.1, a*0.9)-1 || b > max(a*1.1, a*0.9)+1 {
			t.Errorf("%s becomes %s", v, out)
		}
		if !regexp.MustCompile(`^-?[0-9]+([.,][0-9]+)?$`).MatchString(out) {
			t.Errorf("%s becomes %s", v, out)
		}
	}
	if out := noisy("$0.00"); out != "0.00" {
		t.Errorf("nothing becomes %s", out)
	}
	bucket := one(t, 1, "money", Mask{Kind: "money", Params: params{"bucket": int64(100)}})
	for in, want := range map[string]string{"$1,234.56": "1200.00", "-$1.00": "-100.00", "1.299,99 €": "1200,00", "¥12,345": "12300", "$99.99": "0.00"} {
		if out := bucket(in); out != want {
			t.Errorf("%s becomes %s, want %s", in, out, want)
		}
	}
	if out := one(t, 1, "numeric", Mask{Kind: "money", Params: params{"bucket": int64(100)}})("250.00"); out != "200.00" {
		t.Errorf("250.00 becomes %s", out)
	}
}

// TestNoiseAlwaysShows adds so little noise that it would be lost in rounding.
func TestNoiseAlwaysShows(t *testing.T) {
	for typ, values := range map[string][]string{
		"int2": {"1", "-1", "32767", "-32768", "7"}, "int4": {"3", "2147483647", "-2147483648"}, "numeric": {"0.01", "1.5", "-3", "123456.7"}, "float8": {"1", "0.25"},
	} {
		for _, m := range []Mask{{Kind: "number", Params: params{"noise": "1%"}}, {Kind: "money", Params: params{"noise": "1%"}}} {
			f := one(t, 1, typ, m)
			for _, v := range values {
				if f(v) == v {
					t.Errorf("%s: %s stays", typ, v)
				}
			}
		}
	}
	full := one(t, 1, "numeric", Mask{Kind: "number", Params: params{"noise": "100%"}}, func(c *Column) { c.Type.Precision, c.Type.Scale = 2, 2 })
	for i := range 99 {
		if out := full(fmt.Sprintf("0.%02d", i+1)); len(out) > 5 || strings.HasPrefix(out, "1") {
			t.Errorf("%s does not fit numeric(2,2)", out)
		}
	}
}

// TestGeo moves places, and measures by the haversine formula how far.
func TestGeo(t *testing.T) {
	far := func(lat1, lon1, lat2, lon2 float64) float64 {
		rad := math.Pi / 180
		a := math.Pow(math.Sin((lat2-lat1)*rad/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin((lon2-lon1)*rad/2), 2)
		return 2 * 6371.009 * math.Asin(math.Sqrt(a))
	}
	m := Mask{Kind: "geo", Params: params{"jitter": "5km"}}
	text, point, number := one(t, 1, "text", m), one(t, 1, "point", m), one(t, 1, "float8", m)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		lat, lon := rng.Float64()*180-90, rng.Float64()*360-180
		var lat2, lon2 float64
		if _, err := fmt.Sscanf(text(fmt.Sprintf("%.6f, %.6f", lat, lon)), "%f, %f", &lat2, &lon2); err != nil {
			t.Fatal(err)
		}
		if d := far(lat, lon, lat2, lon2); d > 5.02 || d < 0.8 || math.Abs(lat2) > 90 || math.Abs(lon2) > 180 {
			t.Errorf("%f, %f becomes %f, %f: %.2f km", lat, lon, lat2, lon2, d)
		}
		if _, err := fmt.Sscanf(point(fmt.Sprintf("(%f,%f)", lon, lat)), "(%f,%f)", &lon2, &lat2); err != nil || math.Abs(lat2-lat) > 0.045 || math.Abs(lon-lon2) > 0.045 {
			t.Errorf("(%f,%f) becomes (%f,%f): %v", lon, lat, lon2, lat2, err)
		}
		got, err := strconv.ParseFloat(number(fmt.Sprint(lat)), 64)
		if err != nil || math.Abs(got) > 90 || math.Abs(got-lat) > 0.045 || math.Abs(got-lat) < 0.007 {
			t.Errorf("%v becomes %v", lat, got)
		}
	}
	for _, v := range []string{"near the church", "1,2,3", "200, 3", "52.1N 13.2E", ","} {
		if out := text(v); strings.ContainsAny(out, " ,.") || out == v {
			t.Errorf("%q becomes %q", v, out)
		}
	}
	coarse := Column{Type: Type{Name: "numeric", Precision: 5, Scale: 2}, Mask: &m}
	if _, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{coarse}}); err == nil || !strings.Contains(err.Error(), "too coarse") {
		t.Errorf("5 km in hundredths of a degree: %v", err)
	}
	if out := one(t, 1, "numeric", m, func(c *Column) { c.Type.Precision, c.Type.Scale = 9, 6 })("13.404954"); decimals([]byte(out)) != 6 {
		t.Errorf("got %s", out)
	}
}

// TestLiterals refuses values in the rules that the column cannot hold.
func TestLiterals(t *testing.T) {
	mood := Type{Name: "mood", Labels: []string{"sad", "ok"}}
	for _, c := range []struct {
		typ  Type
		good []string
		bad  []string
	}{
		{Type{Name: "int2"}, []string{"1", "-32768"}, []string{"x", "32768", "1.5", ""}},
		{Type{Name: "numeric", Precision: 4, Scale: 2}, []string{"99.99", "NaN", "-1e1"}, []string{"100", "1,5"}},
		{Type{Name: "bool"}, []string{"t", "FALSE", "on"}, []string{"maybe"}},
		{Type{Name: "uuid"}, []string{"6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, []string{"6ba7b810"}},
		{Type{Name: "jsonb"}, []string{`{"a": 1}`, "null"}, []string{"{a: 1}"}},
		{mood, []string{"sad"}, []string{"glad"}},
		{Type{Name: "varchar", Length: 3}, []string{"日本語"}, []string{"abcd"}},
		{Type{Name: "_mood", Elem: &mood}, []string{"{sad,NULL}", "{}"}, []string{"{glad}", "sad"}},
	} {
		for i, v := range append(slices.Clone(c.good), c.bad...) {
			for _, m := range []Mask{{Kind: "constant", Params: params{"value": v}}, {Kind: "choice", Params: params{"values": []any{v}}}} {
				if c.typ.Elem != nil && m.Kind == "choice" {
					continue
				}
				_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: c.typ, Mask: &m}}})
				if (err == nil) != (i < len(c.good)) {
					t.Errorf("%s %q in a column of type %s: %v", m.Kind, v, c.typ.Name, err)
				}
			}
		}
	}
}

// TestWeights draws from weighted values and counts.
func TestWeights(t *testing.T) {
	f := one(t, 1, "text", Mask{Kind: "choice", Params: params{"values": params{"rare": int64(1), "often": int64(9), "b": uint64(10)}}})
	n := map[string]int{}
	for i := range 20000 {
		n[f(fmt.Sprint(i))]++
	}
	for v, want := range map[string]int{"rare": 1000, "often": 9000, "b": 10000} {
		if n[v] < want*9/10 || n[v] > want*11/10 {
			t.Errorf("%s came %d times, not about %d", v, n[v], want)
		}
	}
}

// TestPasswordSchemes checks the hashes with the libraries' functions, read from
// the text alone.
func TestPasswordSchemes(t *testing.T) {
	argon := one(t, 1, "text", Mask{Kind: "password", Params: params{"value": "staging", "scheme": "argon2id"}})("x")
	f := strings.Split(argon, "$")
	var memory, passes uint32
	var lanes uint8
	if len(f) != 6 || f[1] != "argon2id" || f[2] != "v=19" {
		t.Fatalf("got %s", argon)
	}
	if _, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		t.Fatal(err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(f[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(f[5])
	if err != nil || err2 != nil || !bytes.Equal(sum, argon2.IDKey([]byte("staging"), salt, passes, memory, lanes, uint32(len(sum)))) {
		t.Errorf("the hash is not that of the password: %v %v", err, err2)
	}
	f = strings.Split(one(t, 1, "text", Mask{Kind: "password", Params: params{"value": "staging", "scheme": "pbkdf2_sha256"}})("x"), "$")
	rounds, err := strconv.Atoi(f[1])
	if err != nil || f[0] != "pbkdf2_sha256" {
		t.Fatalf("got %v: %v", f, err)
	}
	sum, err = pbkdf2.Key(sha256.New, "staging", []byte(f[2]), rounds, 32)
	if err != nil || base64.StdEncoding.EncodeToString(sum) != f[3] {
		t.Errorf("the hash is not that of the password: %v", err)
	}
}

// TestPasswordFits: a column is as wide as the hash or wider, and the hash is
// computed when it is needed first: a costly one does not hold up a check.
func TestPasswordFits(t *testing.T) {
	for scheme, more := range map[string]params{"bcrypt": {"cost": int64(4)}, "argon2id": nil, "pbkdf2_sha256": nil} {
		p := params{"value": "staging", "scheme": scheme}
		maps.Copy(p, more)
		hash := one(t, 1, "text", Mask{Kind: "password", Params: p})("x")
		for n, fits := range map[int]bool{len(hash): true, len(hash) - 1: false} {
			_, err := Compile(testSecret(t, 1), Table{Name: "t", Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: "varchar", Length: n}, Mask: &Mask{Kind: "password", Params: p}}}})
			if (err == nil) != fits {
				t.Errorf("%s in %d characters: %v", scheme, n, err)
			}
		}
	}
}

// TestEmailDomains maps and keeps the domains of addresses; what leaves no room
// for a tail is opaque, and nothing of a local part shows.
func TestEmailDomains(t *testing.T) {
	mapped := one(t, 1, "text", Mask{Kind: "email", Params: params{"domain": params{"Ours.example": "keep", "gmail.com": "example.net", "*": "example.org"}}}, unique)
	for in, want := range map[string]string{"anna.k@ours.example": "@ours.example", "anna.k@OURS.Example": "@OURS.Example", "anna.k@GMail.com": "@example.net", "anna.k@x.org": "@example.org"} {
		if out := mapped(in); !strings.HasSuffix(out, want) || strings.Contains(out, "anna.k") || len(out) < tailLength+len(want) {
			t.Errorf("%s becomes %s", in, out)
		}
	}
	some := one(t, 1, "text", Mask{Kind: "email", Params: params{"domain": params{"gmail.com": "example.net"}}})
	if out := some("anna@x.org"); !strings.HasSuffix(out, "@example.com") {
		t.Errorf("got %s", out)
	}
	seen := map[string]bool{}
	narrow := one(t, 1, "varchar", Mask{Kind: "email", Params: params{"domain": "keep"}}, unique, withLength(30))
	for i := range 2000 {
		for _, domain := range []string{"x.org", "mail.example", "a-long-name.example"} {
			out := narrow(fmt.Sprintf("a%d@%s", i, domain))
			if seen[out] || len(out) > 30 || strings.HasSuffix(out, "@"+domain) != (len(domain) < 12) {
				t.Fatalf("a%d@%s becomes %s", i, domain, out)
			}
			seen[out] = true
		}
	}
	for _, d := range []any{"x", "a b.c", params{"x": "keep"}, params{"x.org": "no domain"}, params{"x.org": int64(1)}} {
		if _, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{{Type: Type{Name: "text"}, Mask: &Mask{Kind: "email", Params: params{"domain": d}}}}}); err == nil {
			t.Errorf("domain %v compiles", d)
		}
	}
}

func withLength(n int) func(*Column) { return func(c *Column) { c.Type.Length = n } }
