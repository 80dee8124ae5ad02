package anonymize

import (
	"slices"
	"sync"

	"github.com/pgstandin/pgstandin/keyed"
)

// nationalIDs returns the numbers of each country, by its code of ISO 3166-1 in
// lower case; nobody changes them.
var nationalIDs = sync.OnceValue(makeNationalIDs)

func makeNationalIDs() map[string][]nationalID {
	join := slices.Concat[[]wheel]
	date := func(y, m, d int) []wheel { return join(each(y, 2, digits10), pairs(m, 1, 12), pairs(d, 1, 31)) }
	return map[string][]nationalID{
		// Social security number: no area 000 or 666, no group 00, no serial 0000.
		// Areas from 900 on are taxpayers' numbers, of groups from 50 on.
		"us": {{length: 9, wheels: each(0, 9, digits10), valid: validSSN, never: func(b []byte, s *keyed.Stream) {
			b[0] = '9'
			b[3] = '0' + byte(s.Intn(5))
		}}},
		// Social insurance number; none begins with 0.
		"ca": {{length: 9, wheels: each(0, 8, digits10), complete: completeLuhn(0), never: func(b []byte, _ *keyed.Stream) { b[0] = '0' }}},
		// National insurance number; none begins with Q.
		"gb": {{length: 9, wheels: join(each(0, 1, "ABCEGHJKLMNOPRSTWXYZQ"), each(1, 1, "ABCEGHJKLMNPRSTWXYZQ"), each(2, 6, digits10), each(8, 1, "ABCD")),
			valid: validNINO, never: func(b []byte, _ *keyed.Stream) { b[0], b[1] = 'Q', 'Q' }}},
		// Steuerliche Identifikationsnummer; test numbers begin with 0.
		"de": {{length: 11, wheels: each(0, 10, digits10), complete: completeDE, valid: validDE, never: func(b []byte, _ *keyed.Stream) { b[0] = '0' }}},
		// Numéro d'inscription au répertoire; Corsica's departments have a letter.
		"fr": {
			{length: 15, wheels: join(each(0, 1, "12"), each(1, 2, digits10), pairs(3, 1, 12), pairs(5, 1, 99), each(7, 6, digits10)), complete: completeFR, valid: validFR},
			{length: 15, wheels: join(each(0, 1, "12"), each(1, 2, digits10), pairs(3, 1, 12), []wheel{{5, []string{"2A", "2B"}}}, each(7, 6, digits10)), complete: completeFR, valid: validFR},
		},
		// Documento nacional de identidad, and that of foreigners.
		"es": {
			{length: 9, wheels: each(0, 8, digits10), complete: completeES},
			{length: 9, wheels: join(each(0, 1, "XYZ"), each(1, 7, digits10)), complete: completeES},
		},
		// Codice fiscale, without the letters that part people of the same one.
		"it": {{length: 16, wheels: join(each(0, 6, letters26), each(6, 2, digits10), each(8, 1, "ABCDEHLMPRST"),
			[]wheel{{9, append(pairs(0, 1, 31)[0].symbols, pairs(0, 41, 71)[0].symbols...)}}, each(11, 1, "ABCDEFGHILMZ"), each(12, 3, digits10)), complete: completeIT}},
		// Burgerservicenummer; those from 9999 on are for tests.
		"nl": {{length: 9, wheels: each(0, 8, digits10), complete: completeNL, never: func(b []byte, _ *keyed.Stream) { copy(b, "9999") }}},
		// Rijksregisternummer, of before 2000 and since.
		"be": {
			{length: 11, wheels: join(date(0, 2, 4), each(6, 3, digits10)), complete: completeBE(0), valid: validBE(1900)},
			{length: 11, wheels: join(date(0, 2, 4), each(6, 3, digits10)), complete: completeBE(2e9), valid: validBE(2000)},
		},
		// AHV-Nummer.
		"ch": {{length: 13, wheels: each(3, 9, digits10), complete: completeCH}},
		// PESEL: the month tells the century too; nobody was born in the 23rd.
		"pl": {{length: 11, wheels: join(each(0, 2, digits10), []wheel{{2, append(append(pairs(0, 1, 12)[0].symbols, pairs(0, 21, 32)[0].symbols...), pairs(0, 61, 72)[0].symbols...)}}, pairs(4, 1, 31), each(6, 4, digits10)),
			complete: completePL, valid: validPL, never: func(b []byte, _ *keyed.Stream) { b[2] = '6' + b[2]&1 }}},
		// Personnummer, without the century or with it; the last ones of a day are
		// for tests.
		"se": {
			{length: 10, wheels: join(date(0, 2, 4), each(6, 3, digits10)), complete: completeLuhn(0), valid: validSE(0), never: neverSE(6)},
			{length: 12, wheels: join([]wheel{{0, []string{"19", "20"}}}, date(2, 4, 6), each(8, 3, digits10)), complete: completeLuhn(2), valid: validSE(2), never: neverSE(8)},
		},
		// Fødselsnummer; invented persons have 80 added to the month.
		"no": {{length: 11, wheels: join(pairs(0, 1, 31), []wheel{{2, append(pairs(0, 1, 12)[0].symbols, pairs(0, 81, 92)[0].symbols...)}}, each(4, 2, digits10), each(6, 3, digits10)),
			complete: completeNO, valid: validNO, never: func(b []byte, _ *keyed.Stream) { b[2] = '8' + b[2]&1 }}},
		// Henkilötunnus; the sign is the century, with more of them since 2023, and 900
		// and up are for tests.
		"fi": {
			{length: 11, wheels: join(pairs(0, 1, 31), pairs(2, 1, 12), each(4, 2, digits10), each(6, 1, "+-A"), each(7, 3, digits10)),
				complete: completeFI, valid: validFI, never: neverFI},
			{length: 11, wheels: join(pairs(0, 1, 31), pairs(2, 1, 12), each(4, 2, digits10), each(6, 1, "BCDEFUVWXY"), each(7, 3, digits10)),
				complete: completeFI, valid: validFI, never: neverFI},
		},
		// Cadastro de pessoas físicas.
		"br": {{length: 11, wheels: each(0, 9, digits10), complete: completeBR, valid: func(b []byte) bool { return slices.Min(b) != slices.Max(b) }}},
		// Aadhaar.
		"in": {{length: 12, wheels: join(each(0, 1, "23456789"), each(1, 10, digits10)), complete: completeIN}},
	}
}

const letters26 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// number reads the digits of b.
func number(b []byte) uint64 {
	n := uint64(0)
	for _, ch := range b {
		n = n*10 + uint64(ch-'0')
	}
	return n
}

// dayExists reports whether there is such a day; of a year of two digits that may be
// of several centuries, 2000 stands for 00.
func dayExists(year, month, day int) bool {
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	return month >= 1 && month <= 12 && day >= 1 && (day <= days[month-1] || month == 2 && day == 29 && leap)
}

func two(b []byte, at int) int { return int(b[at]-'0')*10 + int(b[at+1]-'0') }

func validSSN(b []byte) bool {
	area := string(b[:3])
	return area != "000" && area != "666" && string(b[3:5]) != "00" && string(b[5:]) != "0000"
}

func validNINO(b []byte) bool {
	switch string(b[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return (b[0] == 'Q') == (b[1] == 'Q')
}

// completeLuhn writes the last digit, over those from a place on.
func completeLuhn(from int) func(b []byte) bool {
	return func(b []byte) bool {
		var buf [16]byte
		last := len(b) - 1
		b[last] = '0' + luhn(digitsOf(buf[:0], b[from:last]))
		return true
	}
}

// completeDE writes the check digit of ISO 7064, MOD 11,10.
func completeDE(b []byte) bool {
	product := 10
	for _, ch := range b[:10] {
		sum := (int(ch-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	b[10] = '0' + byte((11-product)%10)
	return true
}

// validDE: of the first ten digits one comes twice or three times, and all
// others once or not at all; three of a kind are not neighbours.
func validDE(b []byte) bool {
	var seen [10]int
	for i, ch := range b[:10] {
		seen[ch-'0']++
		if i > 1 && b[i-1] == ch && b[i-2] == ch {
			return false
		}
	}
	again := 0
	for _, n := range seen {
		if n > 3 {
			return false
		}
		if n > 1 {
			again++
		}
	}
	return again == 1
}

// completeFR writes the key: 97 less the number modulo 97; 2A counts as 19, 2B
// as 18.
func completeFR(b []byte) bool {
	var buf [13]byte
	copy(buf[:], b)
	switch buf[6] {
	case 'A':
		buf[5], buf[6] = '1', '9'
	case 'B':
		buf[5], buf[6] = '1', '8'
	}
	key := 97 - number(buf[:])%97
	b[13], b[14] = '0'+byte(key/10), '0'+byte(key%10)
	return true
}

func validFR(b []byte) bool {
	return string(b[7:10]) != "000" && string(b[10:13]) != "000" && string(b[5:7]) != "96"
}

// completeES writes the letter of the number modulo 23; X, Y and Z count as 0, 1
// and 2.
func completeES(b []byte) bool {
	var buf [8]byte
	copy(buf[:], b)
	if buf[0] >= 'X' {
		buf[0] -= 'X' - '0'
	}
	b[8] = "TRWAGMYFPDXBNJZSQVHLCKE"[number(buf[:])%23]
	return true
}

// completeIT writes the letter of the sum of all characters, those in odd places
// by a table.
func completeIT(b []byte) bool {
	odd := [...]byte{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i, ch := range b[:15] {
		x := ch - '0'
		if ch >= 'A' {
			x = ch - 'A'
		}
		if i%2 == 0 {
			x = odd[x]
		}
		sum += int(x)
	}
	b[15] = 'A' + byte(sum%26)
	return true
}

// weigh sums digits times weights.
func weigh(b []byte, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += int(b[i]-'0') * w
	}
	return sum
}

func completeNL(b []byte) bool {
	check := weigh(b, 9, 8, 7, 6, 5, 4, 3, 2) % 11
	b[8] = '0' + byte(check%10)
	return check < 10 && string(b[:8]) != "00000000"
}

func completeBE(century uint64) func(b []byte) bool {
	return func(b []byte) bool {
		key := 97 - (century+number(b[:9]))%97
		b[9], b[10] = '0'+byte(key/10), '0'+byte(key%10)
		return true
	}
}

func validBE(century int) func(b []byte) bool {
	return func(b []byte) bool {
		serial := string(b[6:9])
		return dayExists(century+two(b, 0), two(b, 2), two(b, 4)) && serial != "000" && serial != "999"
	}
}

// completeCH writes the check digit of GTIN-13 behind 756.
func completeCH(b []byte) bool {
	b[12] = '0' + byte((10-weigh(b, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)%10)%10)
	return string(b[:3]) == "756"
}

func completePL(b []byte) bool {
	b[10] = '0' + byte((10-weigh(b, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10)
	return true
}

func validPL(b []byte) bool {
	month := two(b, 2)
	return dayExists(1900+month/20*100+two(b, 0), month%20, two(b, 4))
}

func validSE(at int) func(b []byte) bool {
	return func(b []byte) bool {
		year := 2000 + two(b, at)
		if at > 0 {
			year = two(b, 0)*100 + two(b, at)
		}
		return dayExists(year, two(b, at+2), two(b, at+4)) && string(b[at+6:at+9]) != "000"
	}
}

func neverSE(at int) func(b []byte, s *keyed.Stream) {
	return func(b []byte, s *keyed.Stream) { b[at], b[at+1] = '9', '8'+byte(s.Intn(2)) }
}

func completeNO(b []byte) bool {
	first := (11 - weigh(b, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
	b[9] = '0' + byte(first%10)
	second := (11 - weigh(b, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
	b[10] = '0' + byte(second%10)
	return first < 10 && second < 10
}

// validNO: the serial tells the century, which matters for 1900.
func validNO(b []byte) bool {
	year := 2000 + two(b, 4)
	if number(b[6:9]) < 500 {
		year -= 100
	}
	return dayExists(year, two(b, 2)%80, two(b, 0))
}

func completeFI(b []byte) bool {
	n := number(b[:6])*1000 + number(b[7:10])
	b[10] = "0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31]
	return true
}

func validFI(b []byte) bool {
	year := 1900
	switch ch := b[6]; {
	case ch == '+':
		year = 1800
	case ch >= 'A' && ch <= 'F':
		year = 2000
	}
	return dayExists(year+two(b, 4), two(b, 2), two(b, 0)) && number(b[7:10]) >= 2
}

func neverFI(b []byte, _ *keyed.Stream) { b[7] = '9' }

func completeBR(b []byte) bool {
	first := weigh(b, 1, 2, 3, 4, 5, 6, 7, 8, 9) % 11 % 10
	b[9] = '0' + byte(first)
	second := weigh(b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9) % 11 % 10
	b[10] = '0' + byte(second)
	return true
}

// completeIN writes the check digit of Verhoeff's scheme.
func completeIN(b []byte) bool {
	inverse := [...]byte{0, 4, 3, 2, 1, 5, 6, 7, 8, 9}
	check := byte(0)
	for i := range 11 {
		check = dihedral(check, verhoeff((i+1)%8, b[10-i]-'0'))
	}
	b[11] = '0' + inverse[check]
	return true
}

// dihedral multiplies in the group of the symmetries of a pentagon.
func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5+5-b)%5
	}
	return (a - b + 5) % 5
}

// verhoeff applies his permutation of the digits so many times.
func verhoeff(times int, d byte) byte {
	for range times {
		d = [...]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}[d]
	}
	return d
}
