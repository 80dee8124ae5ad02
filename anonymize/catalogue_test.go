package anonymize

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"flag"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// moreSamples are uses of kinds beside those of samples.
func moreSamples() []sample {
	text := []string{"Anna Schmidt", "x", "Zoë 日本"}
	return []sample{
		{"job", "text", nil, text, nil},
		{"domain", "text", nil, []string{"mail.example.org", "Bücher.example", "x.y."}, func(_, out string) bool { return validHost(out) && strings.HasSuffix(out, ".example.com") }},
		{"user_agent", "text", nil, text, func(_, out string) bool { return strings.HasPrefix(out, "Mozilla/5.0 (") }},
		{"mac", "macaddr", nil, []string{"08:00:2b:01:02:03", "01:00:5e:00:00:fb", "02:00:00:00:00:01"}, validMAC},
		{"mac", "macaddr8", nil, []string{"08:00:2b:01:02:03:04:05"}, validMAC},
		{"mac", "text", nil, []string{"08-00-2B-01-02-03", "0800.2b01.0203", "08002b010203"}, validMAC},
		{"bic", "text", nil, []string{"DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX"}, validBIC},
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
	want := ""
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
		if s.kind == "scrub" || s.kind == "email" {
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
