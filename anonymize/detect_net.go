package anonymize

import (
	"bytes"
)

// mayBeHexAddress reports whether the first separator of what hexAddress looks
// for is there.
func mayBeHexAddress(v []byte, i int) bool {
	return len(v)-i >= 6 && (v[i+2] == ':' || v[i+2] == '-' || v[i+4] == '.' || v[i+4] == ':')
}

// hexAddress looks for the address of a network card, or an IPv6 address, that
// begins at i with a hex digit, if mayBeHexAddress says so.
func hexAddress(v []byte, i int) (hi int, it item) {
	if i > 1 && (v[i-1] == ':' || v[i-1] == '-') && (radix(v[i-2]) > 1 || v[i-2] == v[i-1]) {
		return 0, itemNone
	}
	switch v[i+2] {
	case ':', '-':
		if hi = macFrom(v, i, 2); hi > 0 {
			return hi, itemMAC
		}
	}
	switch v[i+4] {
	case '.':
		if hi = macFrom(v, i, 4); hi > 0 {
			return hi, itemMAC
		}
	case ':':
		if hi = ip6From(v, i); hi > 0 {
			return hi, itemIP
		}
	}
	return 0, itemNone
}

// macFrom returns the end of an address of 12 or 16 hex digits in groups of so
// many, or 0.
func macFrom(v []byte, i, size int) int {
	sep, k, groups, letters, digits := v[i+size], i, 0, 0, 0
	for {
		for range size {
			if k >= len(v) {
				return 0
			}
			if _, hex := hexValue(v[k]); !hex {
				return 0
			}
			if radix(v[k]) == 10 {
				digits++
			} else {
				letters++
			}
			k++
		}
		if groups++; groups*size > 16 { // a list of hex digits: its end may be far
			return 0
		}
		if k >= len(v) || v[k] != sep {
			break
		}
		if k+1 >= len(v) {
			break
		}
		if _, hex := hexValue(v[k+1]); !hex {
			break
		}
		k++
	}
	if n := groups * size; n != 12 && n != 16 || wordAfter(v, k) || digits == 0 || size == 4 && letters == 0 {
		return 0
	}
	return k
}

// ip6From returns the end of an IPv6 address whose first group has four digits,
// as those of all networks in use have, or 0.
func ip6From(v []byte, i int) int {
	hi, colons, digits := i, 0, 0
	for hi < len(v) && hi-i < 48 {
		ch := v[hi]
		if _, hex := hexValue(ch); !hex && ch != ':' && ch != '.' {
			break
		}
		if ch == ':' {
			colons++
		} else if radix(ch) == 10 {
			digits++
		}
		hi++
	}
	for hi > i && (v[hi-1] == '.' || v[hi-1] == ':' && v[hi-2] != ':') {
		hi--
	}
	if colons < 2 || digits == 0 || wordAfter(v, hi) {
		return 0
	}
	if _, ok := parseAddr6(v[i:hi]); !ok {
		return 0
	}
	return hi
}

// ip4 returns the end of an IPv4 address that begins at i, or 0. Those that mean
// no one host in particular, versions and numbers of sections are none.
func (s *scan) ip4(i int) int {
	v, k := s.v, i
	if i > 0 && (v[i-1] == '.' || v[i-1] == '-' && i > 1 && radix(v[i-2]) > 1) {
		return 0
	}
	for part := 0; ; part++ {
		from := k
		for k < len(v) && k-from < 4 && radix(v[k]) == 10 {
			k++
		}
		if k == from {
			return 0
		}
		if part == 3 {
			break
		}
		if k >= len(v) || v[k] != '.' {
			return 0
		}
		k++
	}
	a, ok := parseAddr(v[i:k])
	if !ok || wordAfter(v, k) || k+1 < len(v) && (v[k] == '.' && radix(v[k+1]) == 10 || v[k] == '-' && radix(v[k+1]) == 26 || v[k] == '_') {
		return 0
	}
	b := a.As4()
	switch {
	case b[0] == 0, b[0] == 127, b[0] == 255, b[1]|b[2]|b[3] == 0:
		return 0
	case b[0] < 10 && b[1] < 20 && b[2] < 20 && b[3] < 20 && s.hint(i)&hintHost == 0:
		return 0 // a version, far more often than a host
	case i > 1 && v[i-1] == '/' && s.product(i-1), s.hint(i)&hintVersion != 0:
		return 0
	}
	return k
}

// product reports whether the word that ends at i begins with a capital letter,
// as the name of a program before its version does: Chrome/120.0.1.2.
func (s *scan) product(i int) bool {
	k := i
	for k > s.from && (radix(s.v[k-1]) > 1 || s.v[k-1] == '_' || s.v[k-1] == '-') {
		k--
	}
	return k < i && s.v[k] >= 'A' && s.v[k] <= 'Z'
}

// ibanLengths returns how long the accounts of each country are (registry of ISO
// 13616).
func ibanLengths() map[[2]byte]int {
	const list = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27" +
		"GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19" +
		"MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24" +
		"TR26UA29VA22VG24XK20YE30"
	out := map[[2]byte]int{}
	for i := 0; i < len(list); i += 4 {
		out[[2]byte{list[i], list[i+1]}] = int(list[i+2]-'0')*10 + int(list[i+3]-'0')
	}
	return out
}

// iban returns the end of an account number at i, or 0: of the length of its
// country, with the right check digits, perhaps in groups.
func (d *detector) iban(v []byte, i int) int {
	lower := v[i] >= 'a'
	length := d.ibans[[2]byte{v[i] &^ 0x20, v[i+1] &^ 0x20}]
	if length == 0 || lower != (v[i+1] >= 'a') {
		return 0
	}
	k, mod := i, 0
	head := 0 // the first four characters come last
	for n := range length {
		if k >= len(v) {
			return 0
		}
		if n >= 4 && radix(v[k]) == 1 {
			if w := space(v, k); w > 0 {
				k += w
			} else if v[k] == '-' {
				k++
			}
		}
		if k >= len(v) {
			return 0
		}
		ch := v[k]
		if lower && ch >= 'a' {
			ch -= 32
		}
		var x int
		times := 10
		switch {
		case ch >= '0' && ch <= '9':
			x = int(ch - '0')
		case ch >= 'A' && ch <= 'Z' && (v[k] >= 'a') == lower:
			x, times = int(ch-'A')+10, 100
		default:
			return 0
		}
		if n < 4 {
			head = head*times + x
		} else {
			mod = (mod*times + x) % 97
		}
		k++
	}
	// Two letters of two digits each, and two digits: six digits in all.
	if (mod*1000000+head)%97 != 1 || wordAfter(v, k) {
		return 0
	}
	return k
}

// normal appends v with the spaces and hyphens of typesetters replaced by those
// of keyboards.
func normal(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		if w := space(v, i); w > 0 {
			dst = append(dst, ' ')
			i += w
		} else if w := hyphen(v, i); w > 0 {
			dst = append(dst, '-')
			i += w
		} else {
			dst = append(dst, v[i])
			i++
		}
	}
	return dst
}

// hyphen returns how many bytes of v are one hyphen or dash between digits.
func hyphen(v []byte, i int) int {
	switch {
	case i >= len(v):
	case v[i] == '-':
		return 1
	case v[i] == 0xe2 && i+2 < len(v) && v[i+1] == 0x80 && v[i+2] >= 0x90 && v[i+2] <= 0x93:
		return 3
	case v[i] == 0xef && bytes.HasPrefix(v[i:], wideHyphen):
		return 3
	}
	return 0
}

var wideHyphen = []byte("\uff0d")
