package anonymize

import (
	"bytes"
	"unicode/utf8"
)

func localByte(ch byte) bool {
	switch ch {
	case '.', '_', '%', '+', '-', '\'', '=', '&':
		return true
	}
	return radix(ch) > 1
}

// emailAround returns the address whose @ is at i and has so many bytes, not before
// from; hi 0 if there is none. Letters beyond ASCII may be part of both sides (RFC 6531), but
// not those of scripts without spaces, since there the text around it would be
// taken for a part of it.
func emailAround(v []byte, from, i, width int) (lo, hi int) {
	if cut := i - longestLocal*len(escapedAt); width > 1 && cut > from { // escapes, of which texts may have many, are no end of a run
		for from = cut; from < i && !utf8.RuneStart(v[from]); {
			from++
		}
	}
	run := localRun(v, from, i)
	if lo = localStart(v, run, i); lo == run {
		lo = localStart(v, slashedRun(v, from, lo), i)
	}
	for lo < i && radix(v[lo]) == 1 && v[lo] < utf8.RuneSelf && v[lo] != '_' {
		lo++
	}
	if lo == i {
		if lo = quotedLocal(v, from, i); lo == i {
			return 0, 0
		}
	}
	hi = domainEnd(v, i+width)
	if hi == 0 || bytes.Equal(v[lo:i], gitUser) && hi < len(v) && v[hi] == ':' {
		return 0, 0 // git@host:path
	}
	return lo, hi
}

// localRun returns where what may be of an address and ends at i begins.
func localRun(v []byte, from, i int) int {
	for i > from {
		if localByte(v[i-1]) {
			i--
			continue
		}
		r, w := utf8.DecodeLastRune(v[from:i])
		if r < utf8.RuneSelf || !spaced(r) {
			break
		}
		i -= w
	}
	return i
}

// longestLocal is how many bytes an address may have before its @ (RFC 5321).
const longestLocal = 64

// slashedRun is localRun for one that slashes join to those before it
// (anna/otto@host), unless that is a path from a root, of a URL, or too long to be of
// an address: then it is lo.
func slashedRun(v []byte, from, lo int) int {
	k := lo
	for k > from && v[k-1] == '/' {
		next := localRun(v, from, k-1)
		if next == k-1 || lo-next > longestLocal {
			return lo
		}
		k = next
	}
	return k
}

var gitUser = []byte("git")

// localStart leaves out what is stuck to an address: the key of key=address, and
// an escape of a URL. The sign is part of the address of a mailing list
// (list+anna=mail.example@host).
func localStart(v []byte, lo, i int) int {
	plus := bytes.IndexByte(v[lo:i], '+')
	if k := bytes.LastIndexByte(v[lo:i], '='); k >= 0 && (plus < 0 || plus > k) {
		lo += k + 1
	}
	for k := i - 3; k >= lo; k-- {
		if ch, ok := escape(v[k:]); ok && (ch >= utf8.RuneSelf || !localByte(ch) || ch == '=' || ch == '&' || ch == '%') {
			return min(k+3, i)
		}
	}
	return lo
}

// escape reads the escape of a byte in a URL.
func escape(v []byte) (ch byte, ok bool) {
	if len(v) < 3 || v[0] != '%' {
		return 0, false
	}
	hi, a := hexValue(v[1])
	lo, b := hexValue(v[2])
	return byte(hi)<<4 | byte(lo), a && b
}

// appendUnescaped appends what escapes of URLs in v stand for.
func appendUnescaped(dst, v []byte) []byte {
	for len(v) > 0 {
		if ch, ok := escape(v); ok {
			dst, v = append(dst, ch), v[3:]
			continue
		}
		dst, v = append(dst, v[0]), v[1:]
	}
	return dst
}

// quotedLocal returns where a quoted local part that ends at i begins, or i.
func quotedLocal(v []byte, from, i int) int {
	if i-from < 3 || v[i-1] != '"' {
		return i
	}
	for k := i - 2; k >= from && i-k < 66 && v[k] != '\n'; k-- {
		if v[k] == '"' {
			if k == i-2 {
				return i
			}
			return k
		}
	}
	return i
}

// domainEnd returns the end of a domain name of at least two labels that begins
// at i, or 0. The last one has letters: a version is no domain.
func domainEnd(v []byte, i int) int {
	hi := i
	for hi < len(v) {
		if ch := v[hi]; radix(ch) > 1 || ch == '.' || ch == '-' {
			hi++
			continue
		}
		r, w := utf8.DecodeRune(v[hi:])
		if r < utf8.RuneSelf || !spaced(r) {
			break
		}
		hi += w
	}
	for hi > i && (v[hi-1] == '.' || v[hi-1] == '-') {
		hi--
	}
	if k := bytes.Index(v[i:hi], twoDots); k >= 0 {
		hi = i + k
	}
	for hi > i {
		dot := bytes.LastIndexByte(v[i:hi], '.')
		if dot < 1 {
			return 0
		}
		if last := v[i+dot+1 : hi]; topLevel(last) {
			if retina(v[i:i+dot], last) {
				return 0
			}
			return hi
		}
		hi = i + dot // "anna@mail.example.2 of them": what is before may be one
	}
	return 0
}

var twoDots = []byte("..")

// topLevel reports whether a label may be the last of a domain name.
func topLevel(b []byte) bool {
	letters := 0
	for _, ch := range b {
		if radix(ch) == 26 || ch >= utf8.RuneSelf {
			letters++
		}
	}
	return letters >= 2 && (letters == len(b) || len(b) > 4 && (b[0]|0x20) == 'x' && (b[1]|0x20) == 'n')
}

// retina reports whether a "domain" is the end of a file's name: icon@2x.png.
func retina(labels, last []byte) bool {
	if len(labels) != 2 || radix(labels[0]) != 10 || labels[1] != 'x' {
		return false
	}
	switch string(last) {
	case "png", "jpg", "jpeg", "gif", "webp", "svg", "avif":
		return true
	}
	return false
}

// url looks at a colon. A URL with a query is a whole; of one with a user and
// password these are.
func (s *scan) url(i int) (lo, hi int, it item) {
	v := s.v
	if i+3 >= len(v) || v[i+1] != '/' || v[i+2] != '/' {
		return 0, 0, itemNone
	}
	lo = i
	for lo > s.from && i-lo < 24 && (radix(v[lo-1]) > 1 || v[lo-1] == '+' || v[lo-1] == '-' || v[lo-1] == '.') {
		lo--
	}
	for lo < i && radix(v[lo]) != 26 {
		lo++
	}
	if i-lo < 2 {
		return 0, 0, itemNone
	}
	host, within := i+3, i < s.urlEnd // a URL in another one, which has no query
	if !within {
		s.urlEnd = urlEnd(v, host)
	}
	rest := v[host:max(host, s.urlEnd)]
	authority := rest
	if k := bytes.IndexAny(rest, "/?#\\"); k >= 0 {
		authority = rest[:k]
	}
	if behind := rest[len(authority):]; !within {
		k := bytes.IndexAny(behind, "?#")
		if k >= 0 && bytes.IndexByte(behind[k:], '=') > 1 || bytes.HasPrefix(v[i+1:], slackHook) {
			return lo, s.urlEnd, itemURL
		}
	}
	if at := bytes.LastIndexByte(authority, '@'); at > 0 && !bytes.Equal(authority[:at], gitUser) {
		return host, host + at, itemLogin
	}
	return 0, 0, itemNone
}

var slackHook = []byte("//hooks.slack.com/services/")

// urlEnd returns the end of a URL; marks that end a sentence or close a bracket
// are not part of it.
func urlEnd(v []byte, i int) int {
	from := i
	for i < len(v) {
		ch := v[i]
		if ch <= ' ' || ch == '"' || ch == '<' || ch == '>' || ch == '`' || ch == '|' || ch == '{' || ch == '}' || ch == 0x7f {
			break
		}
		if ch >= utf8.RuneSelf {
			r, w := utf8.DecodeRune(v[i:])
			if !spaced(r) {
				break
			}
			i += w
			continue
		}
		i++
	}
	for i > from {
		switch v[i-1] {
		case '.', ',', ';', ':', '!', '?', ')', ']', '\'', '*':
			i--
			continue
		}
		break
	}
	return i
}
