package discover

import (
	"strings"
	"unicode"
)

// isEmail follows the common subset of RFC 5321: one @, a domain with a dot.
func isEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || strings.Count(s, "@") != 1 || strings.ContainsAny(s, " \t\n,;<>()\"\\/:{}") {
		return false
	}
	domain := s[at+1:]
	dot := strings.LastIndexByte(domain, '.')
	if dot < 1 || len(domain)-dot < 3 || strings.Contains(domain, "..") || domain[0] == '-' {
		return false
	}
	for _, r := range domain[dot+1:] {
		if !unicode.IsLetter(r) && r != '-' {
			return strings.HasPrefix(domain[dot+1:], "xn--")
		}
	}
	return true
}

func isURL(s string) bool {
	for _, scheme := range [...]string{"http://", "https://", "ftp://", "postgres://", "mysql://", "redis://", "ssh://", "mailto:"} {
		if strings.HasPrefix(s, scheme) && len(s) > len(scheme)+3 && !strings.ContainsAny(s, " \n") {
			return true
		}
	}
	return false
}

func uuidForm(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if s[i] != '-' {
				return false
			}
		case !isHex(s[i]):
			return false
		}
	}
	return true
}

func isHex(ch byte) bool {
	return ch >= '0' && ch <= '9' || ch >= 'a' && ch <= 'f' || ch >= 'A' && ch <= 'F'
}

// isMACAddress takes six or eight groups of two hex digits.
func isMACAddress(s string) bool {
	if len(s) != 17 && len(s) != 23 {
		return false
	}
	sep := s[2]
	if sep != ':' && sep != '-' {
		return false
	}
	for i := range len(s) {
		if i%3 == 2 {
			if s[i] != sep {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// isPasswordHash knows the forms of crypt(3), PHC strings and frameworks.
func isPasswordHash(s string) bool {
	for _, p := range [...]string{"$2a$", "$2b$", "$2y$", "$argon2", "$5$", "$6$", "$1$", "$P$B", "$S$", "$pbkdf2", "$scrypt$", "pbkdf2_sha", "argon2$", "bcrypt_sha256$", "bcrypt$", "scrypt:", "{SSHA}", "{SHA}", "SCRAM-SHA-256$", "sha1$"} {
		if strings.HasPrefix(s, p) && len(s) >= 20 {
			return true
		}
	}
	return false
}

// isSecret knows tokens that say what they are: JSON web tokens, PEM, and the
// prefixes of well-known issuers.
func isSecret(s string) bool {
	if len(s) < 16 {
		return false
	}
	if strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2 && !strings.Contains(s, " ") {
		return true
	}
	if strings.HasPrefix(s, "-----BEGIN ") || strings.HasPrefix(s, "ssh-rsa ") || strings.HasPrefix(s, "ssh-ed25519 ") || strings.HasPrefix(s, "ecdsa-sha2-") {
		return true
	}
	for _, p := range [...]string{"sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "whsec_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "AKIA", "ASIA", "AIza", "ya29.", "SG.", "shpat_", "npm_", "pypi-", "dop_v1_", "hf_", "EAACEdEose0cBA", "sq0csp-", "key-", "pgp-"} {
		if strings.HasPrefix(s, p) && !strings.Contains(s, " ") {
			return true
		}
	}
	return false
}

func digitsOf(s string) string {
	var b []byte
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// isPhone asks for a plus or the separators that people write: digits alone may
// be anything.
func isPhone(s, digits string) bool {
	n := len(digits)
	if n < 7 || n > 15 || strings.Trim(s, "0123456789+-(). /x") != "" {
		return false
	}
	if s[0] == '+' {
		return n >= 8
	}
	if strings.HasPrefix(s, "00") && n >= 10 && s == digits {
		return true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) < 2 || strings.Count(s, ".") == 1 && len(parts) == 2 || looksLikeDay(parts) {
		return false
	}
	return s[0] == '(' || s[0] == '0' && len(parts[0]) <= 5 || len(parts) >= 3 && len(parts[len(parts)-1]) >= 3 && len(parts[0]) <= 4
}

// looksLikeDay reports whether the groups of digits are those of a date.
func looksLikeDay(parts []string) bool {
	return len(parts) >= 3 && (len(parts[0]) == 4 && len(parts[1]) <= 2 && len(parts[2]) <= 2 || len(parts[0]) <= 2 && len(parts[1]) <= 2 && (len(parts[2]) == 4 || len(parts[2]) == 2))
}

func isBirthLike(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	return looksLikeDay(parts)
}

// isCard checks the brand's first digits, the length and the check digit (ISO/IEC
// 7812-1).
func isCard(s, digits string) bool {
	if n := len(digits); n < 13 || n > 19 || strings.Trim(s, "0123456789 -") != "" || strings.IndexByte("23456", digits[0]) < 0 {
		return false
	}
	if n := len(digits); s != digits && n != 14 && n != 15 && n != 16 && n != 19 {
		return false
	}
	return luhnSum(digits)%10 == 0 && strings.Trim(digits, digits[:1]) != ""
}

func luhnSum(digits string) int {
	sum := 0
	for i := range len(digits) {
		x := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum
}

// isIBAN checks the digits of ISO 13616 (ISO 7064, mod 97-10).
func isIBAN(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	mod := 0
	for i := range len(s) {
		ch := s[(i+4)%len(s)]
		switch {
		case ch >= '0' && ch <= '9':
			mod = (mod*10 + int(ch-'0')) % 97
		case ch >= 'A' && ch <= 'Z':
			mod = (mod*100 + int(ch-'A') + 10) % 97
		default:
			return false
		}
	}
	return mod == 1 && s[0] >= 'A' && s[1] >= 'A' && s[2] <= '9' && s[3] <= '9'
}

// isPostal reports whether a text is an address on one line: a house number, a
// word for a street, and some more.
func isPostal(s string) bool {
	if len(s) < 8 || len(s) > 200 || !strings.ContainsAny(s, "0123456789") || strings.ContainsAny(s, "{}<>=@") {
		return false
	}
	w := strings.FieldsFunc(fold(s), func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
	if len(w) < 2 || len(w) > 20 {
		return false
	}
	number, street := false, false
	for _, x := range w {
		x = strings.Trim(x, ".")
		if x != "" && x[0] >= '0' && x[0] <= '9' && len(x) <= 6 {
			number = true
		}
		switch x {
		case "street", "st", "avenue", "ave", "road", "rd", "lane", "ln", "drive", "dr", "boulevard", "blvd", "court", "way", "rue", "via", "viale", "piazza", "calle", "avenida", "plaza", "rua", "ulica", "ul", "platz", "allee", "weg", "chemin", "impasse", "quai", "straat", "gracht", "laan", "gatan", "gata", "parkway", "terrace", "strasse", "square":
			street = true
		}
		for _, end := range [...]string{"strasse", "str", "straat", "weg", "gasse", "platz", "gatan", "vagen", "vej", "laan", "gracht", "katu", "allee", "gade", "plein"} {
			if len(x) > len(end)+2 && strings.HasSuffix(x, end) {
				street = true
			}
		}
	}
	return number && street
}
