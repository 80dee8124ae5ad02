package anonymize

import (
	"bytes"
)

// keyFormat is how the keys of one issuer look: a prefix, and behind it so many
// characters of an alphabet.
type keyFormat struct {
	prefix      string
	least, most int // most 0: any number
	alphabet    alphabet
}

type alphabet uint8

const (
	base62    alphabet = 1 << iota // letters and digits
	hexLower                       // digits and a to f
	base32                         // upper case letters and digits
	dashes                         // besides: - and _
	dots                           // besides: dots
	hasDigits                      // at least two digits are among them
)

// keyFormats returns the formats that issuers publish, so that scanners find
// keys in sources and logs.
func keyFormats() []keyFormat {
	url := base62 | dashes
	return []keyFormat{
		// Stripe
		{"sk_live_", 16, 0, base62}, {"sk_test_", 16, 0, base62}, {"rk_live_", 16, 0, base62}, {"rk_test_", 16, 0, base62},
		{"pk_live_", 16, 0, base62}, {"pk_test_", 16, 0, base62}, {"whsec_", 24, 0, base62},
		// Amazon
		{"AKIA", 16, 16, base32}, {"ASIA", 16, 16, base32}, {"AROA", 16, 17, base32}, {"AIDA", 16, 17, base32},
		// GitHub
		{"ghp_", 36, 0, base62}, {"gho_", 36, 0, base62}, {"ghu_", 36, 0, base62}, {"ghs_", 36, 0, base62}, {"ghr_", 36, 0, base62},
		{"github_pat_", 40, 0, url},
		// GitLab
		{"glpat-", 20, 0, url | dots}, {"gldt-", 20, 0, url}, {"glrt-", 20, 0, url | dots}, {"glptt-", 20, 0, url}, {"glcbt-", 20, 0, url}, {"glsoat-", 20, 0, url},
		// Slack
		{"xoxb-", 20, 0, url}, {"xoxp-", 20, 0, url}, {"xoxa-", 20, 0, url}, {"xoxr-", 20, 0, url}, {"xoxs-", 20, 0, url}, {"xoxe-", 20, 0, url},
		{"xoxe.", 20, 0, url}, {"xapp-", 20, 0, url},
		// Google
		{"AIza", 35, 35, url}, {"ya29.", 20, 0, url | dots}, {"GOCSPX-", 28, 28, url},
		// OpenAI, Anthropic
		{"sk-", 24, 0, url | hasDigits},
		// SendGrid, Mailgun
		{"SG.", 60, 80, url | dots}, {"key-", 32, 32, hexLower},
		// Twilio
		{"AC", 32, 32, hexLower | hasDigits}, {"SK", 32, 32, hexLower | hasDigits},
		// Packages and images
		{"npm_", 36, 36, base62}, {"pypi-AgE", 40, 0, url}, {"rubygems_", 48, 48, hexLower}, {"dckr_pat_", 20, 0, url},
		// Shopify, DigitalOcean, Square, Hugging Face, Databricks, HashiCorp, Postman,
		// Linear, age
		{"shpat_", 32, 32, base62}, {"shpss_", 32, 32, base62}, {"shpca_", 32, 32, base62},
		{"dop_v1_", 64, 64, hexLower}, {"doo_v1_", 64, 64, hexLower},
		{"sq0atp-", 22, 22, url}, {"sq0csp-", 43, 43, url}, {"EAAA", 60, 60, url},
		{"hf_", 34, 0, base62}, {"dapi", 32, 34, hexLower | hasDigits}, {"hvs.", 24, 0, url}, {"PMAK-", 59, 59, url}, {"lin_api_", 40, 40, base62},
		{"AGE-SECRET-KEY-1", 58, 58, base32},
	}
}

func (a alphabet) has(ch byte) bool {
	switch {
	case ch >= '0' && ch <= '9':
		return true
	case ch >= 'a' && ch <= 'z':
		return a&base62 != 0 || a&hexLower != 0 && ch <= 'f'
	case ch >= 'A' && ch <= 'Z':
		return a&(base62|base32) != 0
	case ch == '-' || ch == '_':
		return a&dashes != 0
	case ch == '.':
		return a&dots != 0
	}
	return false
}

// longestKey is beyond what any issuer gives out. It bounds how often a text is
// looked at again.
const longestKey = 2048

// keyRun returns the end of the characters of keys from a place on, as far as
// longestKey and one. It does not look at those again that it saw from a place
// before, so that a long run costs no more with many beginnings of keys in it.
func (s *scan) keyRun(from int) int {
	hi := from
	if from >= s.keyLo && from < s.keyHi {
		hi = s.keyHi
	} else {
		s.keyLo = from
	}
	for hi < len(s.v) && hi-from <= longestKey && (base62 | dashes).has(s.v[hi]) {
		hi++
	}
	s.keyHi = hi
	return hi
}

// match returns the end of a key of this format at i, or 0.
func (k *keyFormat) match(s *scan, i int) int {
	v := s.v
	if len(v)-i < len(k.prefix)+k.least || string(v[i:i+len(k.prefix)]) != k.prefix {
		return 0
	}
	from := i + len(k.prefix)
	if k.alphabet&(base62|dashes|dots) == base62|dashes && s.keyRun(from)-from > longestKey {
		return 0
	}
	hi, digits := from, 0
	for hi < len(v) && k.alphabet.has(v[hi]) {
		if hi-from > longestKey {
			return 0
		}
		if radix(v[hi]) == 10 {
			digits++
		}
		hi++
	}
	for hi > from && (v[hi-1] == '.' || k.most == 0 && radix(v[hi-1]) == 1) {
		hi-- // the end of a sentence, or a mark around it
	}
	n := hi - from
	if n < k.least || k.most > 0 && n > k.most || k.alphabet&hasDigits != 0 && digits < 2 || wordAfter(v, hi) {
		return 0
	}
	return hi
}

// jwt returns the end of a JSON web token at i, or 0: three parts of base64
// with dots between (five where it is encrypted), of which the first begins as
// {" does.
func (s *scan) jwt(i int) int {
	v := s.v
	if len(v)-i < 24 || v[i] != 'e' || v[i+1] != 'y' || v[i+2] != 'J' {
		return 0
	}
	hi, parts, from := s.keyRun(i), 0, i
	if hi-i > longestKey {
		return 0
	}
	for {
		for hi < len(v) && (base62 | dashes).has(v[hi]) {
			hi++
		}
		if parts < 2 && hi-from < 4 {
			return 0
		}
		if parts++; parts == 5 || hi+1 >= len(v) || v[hi] != '.' || !(base62 | dashes).has(v[hi+1]) {
			break
		}
		hi++
		from = hi
	}
	if parts < 2 || hi-i < 24 {
		return 0
	}
	return hi
}

var pemBegin, pemEnd, fiveDashes = []byte("-----BEGIN "), []byte("-----END "), []byte("-----")

// pemBreaks begin what is between the first line and the second, also where the
// block was made one line.
var pemBreaks = []byte("\r\n\\ ")

// pem returns what is between the first and the last line of a PEM block (RFC
// 7468). Of a block that was cut off it is all that looks like it.
func (s *scan) pem(i int) (lo, hi int, it item) {
	v := s.v
	if !bytes.HasPrefix(v[i:], pemBegin) {
		return 0, 0, itemNone
	}
	lo = i + len(pemBegin)
	k := bytes.Index(v[lo:min(len(v), lo+80)], fiveDashes)
	if k < 0 || bytes.IndexByte(v[lo:lo+k], '\n') >= 0 {
		return 0, 0, itemNone
	}
	if lo += k + len(fiveDashes); lo == len(v) || bytes.IndexByte(pemBreaks, v[lo]) < 0 {
		return 0, 0, itemNone
	}
	if !s.noEnd {
		if k := bytes.Index(v[lo:], pemEnd); k > 0 {
			return lo, lo + k, itemPEM
		} else if k < 0 {
			s.noEnd = true
		}
	}
	hi = lo
	for hi < len(v) {
		switch ch := v[hi]; {
		case radix(ch) > 1, ch == '+', ch == '/', ch == '=', ch == '\n', ch == '\r', ch == '\\':
			hi++
			continue
		}
		break
	}
	if hi-lo < 16 {
		return 0, 0, itemNone
	}
	return lo, hi, itemPEM
}

// Credentials returns how many API keys, tokens, private keys and URLs with a
// password a text holds.
func Credentials(text []byte) int {
	var s scan
	s.reset(detectors(), text, nil)
	n := 0
	for {
		switch _, _, it := s.next(); it {
		case itemNone:
			return n
		case itemLogin, itemToken, itemPEM:
			n++
		}
	}
}

// Holds reports whether a text has something in it that scrub replaces by its
// form, but for addresses of pages, which are rarely anybody's.
func Holds(text []byte) bool {
	var s scan
	s.reset(detectors(), text, nil)
	for {
		switch lo, hi, it := s.next(); it {
		case itemNone:
			return false
		case itemURL:
			var within scan
			if within.reset(s.d, text[lo:hi], nil); within.mailHi > 0 {
				return true
			}
		default:
			return true
		}
	}
}
