package anonymize

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// The checks of this file are written from the standards that they name, and use
// nothing of the masks.

// isAddrSpec: RFC 5322 3.4.1 with a dot-atom and RFC 5321 4.5.3.1 for lengths.
func isAddrSpec(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	const atext = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	return ok && len(s) <= 254 && len(local) <= 64 && regexp.MustCompile(`^`+atext+`(\.`+atext+`)*$`).MatchString(local) && validHost(domain)
}

// callingCode finds the country code of a number of E.164 in the ITU's list of
// 15 December 2016.
func callingCode(digits string) string {
	for n := 1; n <= 3 && n <= len(digits); n++ {
		if slices.Contains(callingCodes, digits[:n]) {
			return digits[:n]
		}
	}
	return ""
}

var callingCodes = strings.Fields(`1 7 20 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246
	247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 27 290 291 297 298 299 30 31 32 33 34 350 351 352 353 354 355 356 357 358 359 36
	370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 39 40 41 420 421 423 43 44 45 46 47 48 49 500 501 502 503 504 505 506 507 508 509 51 52 53 54 55 56
	57 58 590 591 592 593 594 595 596 597 598 599 60 61 62 63 64 65 66 670 672 673 674 675 676 677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 81 82 84
	850 852 853 855 856 86 870 878 880 881 882 883 886 888 90 91 92 93 94 95 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 98 992 993 994 995 996 998`)

// luhnValid: ISO/IEC 7812-1, annex B, by the sum of doubled digits.
func luhnValid(digits string) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d = []int{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}[d]
		}
		sum += d
	}
	return sum%10 == 0
}

// brand: the beginnings of ISO/IEC 7812 issuers, as the schemes publish them, of
// those that can be told by two digits.
func brand(pan string) string {
	switch {
	case pan[0] == '4':
		return "visa"
	case pan[:2] >= "51" && pan[:2] <= "55":
		return "mastercard"
	case pan[:2] == "34" || pan[:2] == "37":
		return "amex"
	}
	return pan[:2]
}

// ibanValid: ISO 13616 and ISO 7064 MOD 97-10, by the remainder of the number
// that letters count as 10 to 35 in.
func ibanValid(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	mod := 0
	for _, r := range s[4:] + s[:4] {
		n, err := strconv.ParseInt(string(r), 36, 64)
		if err != nil {
			return false
		}
		for _, d := range strconv.FormatInt(n, 10) {
			mod = (mod*10 + int(d-'0')) % 97
		}
	}
	return mod == 1
}

// countries2 are the codes of ISO 3166-1 alpha-2 and alpha-3 of some countries.
var iso3166 = map[string]string{"US": "USA", "GB": "GBR", "DE": "DEU", "FR": "FRA", "ES": "ESP", "IT": "ITA", "NL": "NLD", "PL": "POL", "SE": "SWE", "BR": "BRA"}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// outline replaces letters and digits by what they are.
func outline(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return '9'
		case r >= 'a' && r <= 'z':
			return 'a'
		case r >= 'A' && r <= 'Z':
			return 'A'
		}
		return r
	}, s)
}

// trial is a kind with a generator of values of its format and a check of what
// becomes of them.
type trial struct {
	kind, typ string
	params    params
	gen       func(*rand.Rand) string
	valid     func(in, out string) bool
}

// fill replaces each # by a digit, each ^ by a capital, each $ by a letter or
// digit, in place of one of the patterns.
func fill(patterns ...string) func(*rand.Rand) string {
	return func(rng *rand.Rand) string {
		return strings.Map(func(r rune) rune {
			switch r {
			case '#':
				return rune('0' + rng.IntN(10))
			case '^':
				return rune('A' + rng.IntN(26))
			case '$':
				return rune("0123456789abcdefABCDEFGHIJxyz"[rng.IntN(29)])
			}
			return r
		}, patterns[rng.IntN(len(patterns))])
	}
}

func trials() []trial {
	name := fill("^$$$$ ^$$$$$", "^$$", "Zo\u00eb ^$$$ \u65e5\u672c")
	date := func(rng *rand.Rand) string {
		return time.Date(1+rng.IntN(3000), 1, 1+rng.IntN(366), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	isDate := func(_, out string) bool {
		_, err := time.Parse(time.DateOnly, strings.TrimSuffix(out, " BC"))
		return err == nil
	}
	withCheck := func(gen func(*rand.Rand) string, ok func(string) bool) func(*rand.Rand) string {
		return func(rng *rand.Rand) string { // tries until a check digit is right
			for {
				if s := gen(rng); ok(onlyDigits(s)) {
					return s
				}
			}
		}
	}
	iban := func(rng *rand.Rand) string {
		s := fill("DE00##################", "GB00^^^^##############", "FR00##########$$$$$$$$$$$##", "NO00###########", "NL00 ^^^^ #### #### ##")(rng)
		s = strings.ToUpper(s)
		for i := 2; i <= 98; i++ {
			if t := s[:2] + fmt.Sprintf("%02d", i) + s[4:]; ibanValid(t) {
				return t
			}
		}
		return s
	}
	sameOutline := func(in, out string) bool { return outline(in) == outline(out) }
	isName := func(_, out string) bool {
		return regexp.MustCompile(`^[A-Z][A-Za-z]+ [A-Z][A-Za-z]+$`).MatchString(out)
	}
	return []trial{
		{"email", "text", nil, fill("$$$$.$$$@x$$.org", "$+$$@mail.example", "^^$@$$.co.uk"), func(_, out string) bool { return isAddrSpec(out) && strings.HasSuffix(out, "@example.com") }},
		{"phone", "text", nil, func(rng *rand.Rand) string {
			return "+" + callingCodes[rng.IntN(len(callingCodes))] + fill(" ### #####", "#######", " (##) ###-####")(rng)
		}, func(in, out string) bool {
			a, b := onlyDigits(in), onlyDigits(out)
			return sameOutline(in, out) && out[0] == '+' && len(b) <= 15 && callingCode(a) == callingCode(b)
		}},
		{"phone", "text", nil, fill("0### #####", "(2##) 555-####", "00## ####"), func(in, out string) bool {
			lead := func(s string) int { return len(onlyDigits(s)) - len(strings.TrimLeft(onlyDigits(s), "0")) }
			return sameOutline(in, out) && lead(in) == lead(out)
		}},
		{"person.name", "text", nil, name, isName},
		{"person.user", "text", nil, name, func(_, out string) bool { return regexp.MustCompile(`^[a-z]+\.[a-z]+\d{4}$`).MatchString(out) }},
		{"address.zip", "text", params{"locale": "pl"}, name, func(_, out string) bool { return regexp.MustCompile(postcodes["pl"][0]).MatchString(out) }},
		{"address.country", "text", params{"locale": "se"}, fill("^^", "^^^", "Some country"), func(in, out string) bool {
			return map[int]string{2: "SE", 3: iso3166["SE"]}[len(in)] == out || len(in) > 3 && out == "Sweden"
		}},
		{"card", "text", nil, withCheck(fill("4### #### #### ####", "5#-##############", "34#############", "6011############"), luhnValid), func(in, out string) bool {
			return sameOutline(in, out) && luhnValid(onlyDigits(out)) && brand(onlyDigits(in)) == brand(onlyDigits(out))
		}},
		{"card", "text", nil, withCheck(fill("4### #### #### ####", "51##############"), func(s string) bool { return !luhnValid(s) }), func(in, out string) bool {
			return sameOutline(in, out) && !luhnValid(onlyDigits(out))
		}},
		{"iban", "text", nil, iban, func(in, out string) bool {
			return ibanValid(in) && ibanValid(out) && in[:2] == out[:2] && sameOutline(in, out)
		}},
		{"bic", "text", nil, fill("^^^^DEFF", "^^^^FR2A###", "^^^^USNYXXX"), validBIC},
		{"vat", "text", nil, fill("DE#########", "ATU########", "ES^#######^"), func(in, out string) bool { return sameOutline(in, out) && in[:2] == out[:2] }},
		{"uuid", "uuid", nil, func(rng *rand.Rand) string {
			return fmt.Sprintf("%08x-%04x-%x%03x-%x%03x-%012x", rng.Uint32(), rng.IntN(1<<16), 1+rng.IntN(8), rng.IntN(1<<12), 8+rng.IntN(4), rng.IntN(1<<12), rng.Int64N(1<<48))
		}, func(in, out string) bool { // RFC 9562, section 4
			return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(out) && in[14] == out[14]
		}},
		{"ip", "inet", nil, func(rng *rand.Rand) string {
			if rng.IntN(2) == 0 {
				return netip.AddrFrom4([4]byte{byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())}).String()
			}
			return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x:%x", rng.IntN(1<<16), rng.IntN(1<<16))).String() + "/64"
		}, func(in, out string) bool {
			a, bits, _ := strings.Cut(in, "/")
			b, bits2, _ := strings.Cut(out, "/")
			x, err := netip.ParseAddr(b)
			return err == nil && bits == bits2 && x.Is4() == netip.MustParseAddr(a).Is4()
		}},
		{"mac", "macaddr", nil, func(rng *rand.Rand) string {
			n := rng.Int64N(1 << 48)
			return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", n>>40, n>>32&255, n>>24&255, n>>16&255, n>>8&255, n&255)
		}, validMAC},
		{"url", "text", nil, fill("http://x.org/$$$", "https://a:b@c.example/?q=$$"), func(_, out string) bool {
			u, err := url.Parse(out)
			return err == nil && u.Scheme == "https" && u.Host == "example.com"
		}},
		{"domain", "text", nil, fill("$$$.org", "a-$.$$.example."), func(_, out string) bool { return validHost(out) }},
		{"token", "text", nil, fill("sk_live_$$$$$$$$$$$$$$$$$$$$", "xoxb_####-####"), func(in, out string) bool {
			return outline(strings.Replace(in, "_live_", "_test_", 1)) == outline(out) && !strings.Contains(out, "_live_")
		}},
		{"date", "date", params{"shift": "60d"}, date, isDate},
		{"date", "date", params{"truncate": "quarter"}, date, func(in, out string) bool {
			return isDate(in, out) && out <= in && regexp.MustCompile(`-(01|04|07|10)-01$`).MatchString(out)
		}},
		{"date", "date", params{"bucket": "5y"}, date, func(in, out string) bool {
			y, _ := strconv.Atoi(in[:4])
			return out == fmt.Sprintf("%04d-01-01", y/5*5) || y < 5
		}},
		{"number", "int4", params{"permute": []any{int64(1), int64(999)}}, func(rng *rand.Rand) string { return strconv.Itoa(1 + rng.IntN(999)) }, func(_, out string) bool {
			n, err := strconv.Atoi(out)
			return err == nil && n >= 1 && n <= 999
		}},
		{"text", "text", nil, fill("^$$$ $$$, $$ ####!", "Stra\u00dfe $$\n$$"), func(in, out string) bool { return utf8.RuneCountInString(in) == utf8.RuneCountInString(out) }},
		{"hash", "text", nil, name, func(_, out string) bool { return regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(out) }},
		{"json", "jsonb", params{"paths": params{"$.mail": "email", "$..n": params{"mask": "number", "noise": "5%"}}, "other": "deny"}, fill(`{"mail": "$$@x.org", "n": 1#.#, "l": [{"n": -#}, null]}`),
			func(_, out string) bool {
				var v struct {
					Mail string
					N    float64
				}
				return json.Unmarshal([]byte(out), &v) == nil && isAddrSpec(v.Mail)
			}},
	}
}

// TestEveryFormatStaysValid masks many values of each format: results are valid,
// the same again, others with another key, and fit into every length that the
// mask accepts.
func TestEveryFormatStaysValid(t *testing.T) {
	for _, c := range trials() {
		t.Run(c.kind, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			m := Mask{Kind: c.kind, Params: c.params}
			f, again, other := one(t, 1, c.typ, m), one(t, 1, c.typ, m), one(t, 2, c.typ, m)
			var narrow []func(string) string
			var widths []int
			for _, n := range []int{8, 12, 20, 30, 48} {
				col := Column{Type: Type{Name: "varchar", Length: n}, Mask: &m}
				if _, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{col}}); c.typ == "text" && err == nil {
					narrow, widths = append(narrow, one(t, 1, "varchar", m, withType(col.Type))), append(widths, n)
				}
			}
			const values = 1000
			differs := 0
			for range values {
				v := c.gen(rng)
				out := f(v)
				if !c.valid(v, out) {
					t.Fatalf("%q becomes %q, which is not valid", v, out)
				}
				if again(v) != out {
					t.Fatalf("%q: another result", v)
				}
				if other(v) != out {
					differs++
				}
				for i, g := range narrow {
					if n := utf8.RuneCountInString(v); n <= widths[i] {
						if got := utf8.RuneCountInString(g(v)); got > widths[i] || got == 0 {
							t.Fatalf("%q becomes %d characters in a column of %d", v, got, widths[i])
						}
					}
				}
			}
			fixed := c.kind == "address.country" || c.params["truncate"] != nil || c.params["bucket"] != nil
			if !fixed && differs < values*9/10 {
				t.Errorf("another key gives the same for %d of %d values", values-differs, values)
			}
			if f("") != "" {
				t.Error("empty does not stay empty")
			}
		})
	}
}

// TestGarbage masks values of no format with every kind that hides them: nothing
// of them shows.
func TestGarbage(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	words := []string{"Annegret", "Schmidtke", "Hauptstrasse", "geheim", "+49x", "@", "n/a", "\u00c4rger", "\U0001f600", "#", "\\"}
	kinds := map[string]params{"national_id": {"country": "de"}, "geo": {"jitter": "5km"}, "date": nil}
	for _, k := range Kinds() {
		if k.Takes == "text types" && (len(k.Params) == 0 || k.Params[0] == "locale") {
			kinds[k.Name] = nil
		}
	}
	delete(kinds, "scrub") // a text with nothing found in it stays
	delete(kinds, "date")
	for name, p := range kinds {
		f := one(t, 1, "text", Mask{Kind: name, Params: p})
		for range 200 {
			var v string
			for range 1 + rng.IntN(4) {
				v += words[rng.IntN(len(words))] + " "
			}
			out := f(v)
			for _, w := range words[:4] {
				if strings.Contains(v, w) && strings.Contains(out, w) {
					t.Errorf("%s: %q becomes %q", name, v, out)
				}
			}
			if out == "" || out == v && (name != "text" || outline(v) != v) {
				t.Errorf("%s: %q becomes %q", name, v, out)
			}
		}
	}
}

// FuzzEveryKind masks any value with every kind: it does not panic, comes out
// the same twice, is not empty, and stays within a column's length.
func FuzzEveryKind(f *testing.F) {
	type use struct {
		name  string
		mask  func(string) string
		chars int
		text  bool
	}
	var uses []use
	for _, s := range samples() {
		m := Mask{Kind: s.kind, Params: s.params}
		uses = append(uses, use{s.kind, one(f, 1, s.typ, m), 0, s.typ == "text"})
		col := Column{Type: Type{Name: "varchar", Length: 40}, Mask: &m}
		if _, err := Compile(testSecret(f, 1), Table{Entity: -1, Columns: []Column{col}}); s.typ == "text" && err == nil {
			uses = append(uses, use{s.kind, one(f, 1, "varchar", m, withType(col.Type)), 40, true})
		}
		for _, v := range s.values {
			f.Add(v)
		}
	}
	f.Fuzz(func(t *testing.T, v string) {
		if v == "" || strings.ContainsRune(v, 0) || len(v) > 2000 {
			return
		}
		for _, u := range uses {
			out := u.mask(v)
			if out != u.mask(v) {
				t.Fatalf("%s: two results for %q", u.name, v)
			}
			if u.chars > 0 && utf8.RuneCountInString(v) <= u.chars && utf8.RuneCountInString(out) > u.chars {
				t.Fatalf("%s: %q becomes %d characters", u.name, v, utf8.RuneCountInString(out))
			}
			if out == "" && u.text && u.name != "regexp" && (u.chars == 0 || utf8.RuneCountInString(v) <= u.chars) {
				t.Fatalf("%s: %q becomes empty", u.name, v)
			}
		}
	})
}
