package discover

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// decode looks at a value that may be Base64, alone or in a frame: a data URL, a cookie, the
// parts of a signed value. Of one in which it is less than a third nothing is
// said: it is a text that people wrote, or a name with a code in it.
func (d *detector) decode(p *profile, s string) {
	s = plainBase64(s)
	text, covered, file := encoded(s)
	if covered*3 < len(s) || len(text) == 0 {
		return
	}
	p.blobs++
	switch {
	case d.holdsIn(text):
		p.encoded++
	case file && strings.HasPrefix(s, "data:"):
		p.files++
	}
}

// linksTo reports whether a link has something personal in Base64.
func (d *detector) linksTo(s string) bool {
	text, _, _ := encoded(plainBase64(s))
	return d.holdsIn(text)
}

// holdsIn is holds for what was decoded: bytes that are no letters join nothing.
func (d *detector) holdsIn(text []byte) bool {
	return d.holds(strings.ToValidUTF8(string(text), "\n"))
}

// encoded is what the Base64 in a value says, how much of the value may be Base64, and
// whether any of it is no text.
func encoded(s string) (text []byte, covered int, file bool) {
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return !inBase64(r) }) {
		const least = 24 // shorter ones are codes
		if len(run) < least {
			continue
		}
		covered += len(run)
		if !strings.ContainsFunc(run, unicode.IsUpper) || !strings.ContainsFunc(run, unicode.IsLower) {
			continue // a number, a uuid, a hash
		}
		for _, at := range beginnings(run) {
			data, ok := decoded(run[at:])
			switch {
			case !ok || len(text) > 4*mostBytes:
			case at == 0:
				file = file || !isText(data)
				text = append(append(text, unpacked(data)...), '\n')
			default:
				text = append(text, texts(unpacked(data))...)
			}
		}
	}
	return text, covered, file
}

// beginnings are the places in a run at which Base64 may begin: with it, and after each sign
// that a frame has too (sess_…, /confirm/…). Of those that are a multiple of four apart, the
// first is enough, as what is in one is in the other.
func beginnings(run string) []int {
	at, seen := []int{0}, [4]bool{true}
	for i, n := 0, 0; i < len(run) && len(at) < len(seen); i++ {
		if run[i] != '\n' {
			n++
		}
		if letter := run[i] != '+' && run[i] != '/' && run[i] != '\n'; !letter && !seen[n%4] {
			seen[n%4] = true
			at = append(at, i+1)
		}
	}
	return at
}

// decoded is what a run is in Base64; its lines and its end do not matter.
func decoded(run string) ([]byte, bool) {
	run = strings.ReplaceAll(run, "\n", "")
	if len(run)%4 == 1 {
		run = run[:len(run)-1] // it was cut
	}
	data, err := base64.RawStdEncoding.DecodeString(run)
	return data, err == nil
}

// texts are the stretches of text in bytes, each as a line. Shorter ones than
// bytes have by chance are left out.
func texts(data []byte) []byte {
	const least = 16
	var out []byte
	for len(data) > 0 {
		n := 0
		for n < len(data) {
			r, size := utf8.DecodeRune(data[n:])
			if r == utf8.RuneError && size == 1 || unicode.IsControl(r) && !unicode.IsSpace(r) {
				break
			}
			n += size
		}
		if n >= least {
			out = append(append(out, data[:n]...), '\n')
		}
		data = data[min(n+1, len(data)):]
	}
	return out
}

// unpacked is what was compressed, as far as it can be read, up to four times what of a
// value is looked at; anything else is as it was.
func unpacked(data []byte) []byte {
	var r io.Reader
	var err error
	switch {
	case len(data) > 2 && data[0] == 0x78: // zlib, as of RFC 1950
		r, err = zlib.NewReader(bytes.NewReader(data))
	case len(data) > 2 && data[0] == 0x1f && data[1] == 0x8b:
		r, err = gzip.NewReader(bytes.NewReader(data))
	default:
		return data
	}
	if err != nil {
		return data
	}
	text, err := io.ReadAll(io.LimitReader(r, 4*mostBytes))
	if err != nil && len(text) == 0 { // a value that was cut still has a beginning
		return data
	}
	return text
}

// plainBase64 is a value with the Base64 in it as RFC 4648 has it: of the one alphabet, and
// without the escapes of URLs. Its lines are left, as what is before them may be a frame.
func plainBase64(s string) string {
	if i := strings.LastIndexByte(s, '%'); i >= 0 && i >= len(s)-2 {
		s = s[:i] // an escape that was cut
	}
	if plain, err := url.PathUnescape(s); err == nil { // else its percent signs are no escapes
		s = plain
	}
	return strings.NewReplacer("-", "+", "_", "/", "\r", "").Replace(s)
}

func inBase64(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '+' || r == '/' || r == '\n'
}

// isText reports whether bytes are UTF-8 without the controls of files; a letter at
// the end may be cut.
func isText(data []byte) bool {
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 && utf8.FullRune(data) || r == 0 {
			return false
		}
		data = data[n:]
	}
	return true
}
