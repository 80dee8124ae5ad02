package discover

import (
	"strconv"
	"strings"
)

// nationalOf names the countries whose national id the value may be, by its form
// and check symbols; "" for none. Digits alone are believed only where a check
// symbol says so, and a column only where nearly all its values agree.
func nationalOf(s, digits string) string {
	var out []string
	add := func(country string, ok bool) {
		if ok {
			out = append(out, country)
		}
	}
	plain := strings.NewReplacer("-", "", " ", "", ".", "", "/", "", "+", "").Replace(s)
	switch {
	case strings.Trim(plain, "0123456789") == "" && len(plain) >= 9:
		add("us", len(s) == 11 && s[3] == '-' && s[6] == '-' && isSSN(digits))
		add("br", len(digits) == 11 && isCPF(digits))
		add("pl", len(digits) == 11 && plain == s && isPESEL(digits))
		add("nl", len(digits) == 9 && plain == s && isBSN(digits))
		add("se", (len(digits) == 10 || len(digits) == 12) && isPersonnummer(digits))
		add("fr", len(digits) == 15 && isNIR(digits))
		add("de", len(digits) == 11 && plain == s && isSteuerID(digits))
		add("ch", len(digits) == 13 && strings.HasPrefix(digits, "756") && isEAN(digits))
		add("be", len(digits) == 11 && isRijks(digits))
		add("no", len(digits) == 11 && isFodsel(digits))
		add("in", len(digits) == 12 && digits[0] >= '2' && isVerhoeff(digits))
	case len(plain) == 16:
		add("it", isCodiceFiscale(strings.ToUpper(plain)))
	case len(plain) == 9:
		add("es", isDNI(strings.ToUpper(plain)))
		add("gb", isNINO(strings.ToUpper(plain)))
	case len(s) == 11:
		add("fi", isHetu(strings.ToUpper(s)))
	}
	return strings.Join(out, " ")
}

func num(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// weighted sums the digits times the weights.
func weighted(d string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(d[i]-'0') * w
	}
	return sum
}

func isSSN(d string) bool {
	return len(d) == 9 && d[:3] != "000" && d[:3] != "666" && d[0] != '9' && d[3:5] != "00" && d[5:] != "0000" || len(d) == 9 && d[0] == '9' && d[5:] != "0000"
}

func isCPF(d string) bool {
	if strings.Trim(d, d[:1]) == "" {
		return false
	}
	for n := 9; n <= 10; n++ {
		sum := 0
		for i := range n {
			sum += int(d[i]-'0') * (n + 1 - i)
		}
		if sum*10%11%10 != int(d[n]-'0') {
			return false
		}
	}
	return true
}

func isDay(month, day int) bool { return month >= 1 && month <= 12 && day >= 1 && day <= 31 }

func isPESEL(d string) bool {
	return isDay(num(d[2:4])%20, num(d[4:6])) && (10-weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10 == int(d[10]-'0')
}

func isBSN(d string) bool {
	return weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0 && d != "000000000"
}

func isPersonnummer(d string) bool {
	if len(d) == 12 {
		if d[:2] != "19" && d[:2] != "20" {
			return false
		}
		d = d[2:]
	}
	return isDay(num(d[2:4]), num(d[4:6])) && luhnSum(d)%10 == 0
}

func isNIR(d string) bool {
	n, err := strconv.ParseInt(d[:13], 10, 64)
	return err == nil && (d[0] == '1' || d[0] == '2') && 97-n%97 == int64(num(d[13:]))
}

// isSteuerID checks ISO 7064 mod 11,10, and that no digit fills the number.
func isSteuerID(d string) bool {
	if d[0] == '0' {
		return false
	}
	p := 10
	for i := range 10 {
		s := (int(d[i]-'0') + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	twice := 0
	for ch := byte('0'); ch <= '9'; ch++ {
		if n := strings.Count(d[:10], string(ch)); n > 3 {
			return false
		} else if n > 1 {
			twice++
		}
	}
	return (11-p)%10 == int(d[10]-'0') && twice == 1
}

func isEAN(d string) bool {
	return (10-weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)%10)%10 == int(d[12]-'0')
}

func isRijks(d string) bool {
	n, check := num(d[:9]), num(d[9:])
	return isDay(max(1, num(d[2:4])), max(1, num(d[4:6]))) && (97-n%97 == check || 97-(n+2000000000)%97 == check)
}

func isFodsel(d string) bool {
	k1 := (11 - weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
	k2 := (11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	return k1 == int(d[9]-'0') && k2 == int(d[10]-'0') && isDay(num(d[2:4])%40, num(d[:2])%40)
}

// isVerhoeff checks the digit of J. Verhoeff (1969), computed in the dihedral
// group of order ten.
func isVerhoeff(d string) bool {
	permutation := [8]string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
	c := 0
	for i := range len(d) {
		x := int(permutation[i%8][d[len(d)-1-i]-'0'] - '0')
		switch {
		case c < 5 && x < 5:
			c = (c + x) % 5
		case c < 5:
			c = 5 + (c+x-5)%5
		case x < 5:
			c = 5 + (c-5-x+5)%5
		default:
			c = (c - x + 5) % 5
		}
	}
	return c == 0
}

func isCodiceFiscale(s string) bool {
	const form = "LLLLLLDDLDDLDDDL"
	for i := range len(form) {
		letter := s[i] >= 'A' && s[i] <= 'Z'
		digit := s[i] >= '0' && s[i] <= '9' || strings.IndexByte("LMNPQRSTUV", s[i]) >= 0
		if form[i] == 'L' && !letter || form[i] == 'D' && !digit {
			return false
		}
	}
	odd := [36]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range 15 {
		x := int(s[i] - '0')
		if s[i] >= 'A' {
			x = int(s[i]-'A') + 10
		}
		switch {
		case i%2 == 0:
			sum += odd[x]
		case x >= 10:
			sum += x - 10
		default:
			sum += x
		}
	}
	return s[15] == 'A'+byte(sum%26)
}

// isDNI takes the Spanish DNI and NIE.
func isDNI(s string) bool {
	body := s[:8]
	if i := strings.IndexByte("XYZ", body[0]); i >= 0 {
		body = strconv.Itoa(i) + body[1:]
	}
	n := num(body)
	return n >= 0 && s[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[n%23]
}

func isNINO(s string) bool {
	return s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' && num(s[2:8]) >= 0 && s[8] >= 'A' && s[8] <= 'D' && strings.IndexByte("DFIQUV", s[0]) < 0
}

func isHetu(s string) bool {
	n := num(s[:6] + s[7:10])
	return n >= 0 && strings.IndexByte("-+ABCDEFYXWVU", s[6]) >= 0 && s[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31]
}
