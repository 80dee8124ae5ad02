package leak

import (
	"bytes"
	"unicode/utf8"
)

// identifies reports whether a value stands for one person or thing however often
// it is found: an e-mail address, or one of nine digits or more, at least as many
// as letters, that is no IPv4 address. Rows that repeat it do not make it common.
func identifies(v []byte) bool {
	if i := bytes.IndexByte(v, '@'); i >= 0 && addressed(v, i) {
		return true
	}
	const mask = 1<<countBits - 1
	if len(v) < 9 || len(v) > mask {
		return false
	}
	var sum uint64
	for _, ch := range v {
		sum += counts[ch]
	}
	digits, letters, dots := sum&mask, sum>>countBits&mask, sum>>(2*countBits)
	return digits >= 9 && digits >= letters && (dots != 3 || int(digits+dots) < len(v))
}

// countBits is the size of each of the three numbers that identifies counts at once.
const countBits = 21

// counts has what each byte counts for: as a digit, a letter or a dot, in that order
// from the lowest bits on.
var counts = func() (out [256]uint64) {
	for ch := range out {
		switch {
		case ch >= '0' && ch <= '9':
			out[ch] = 1
		case ch >= utf8.RuneSelf || folds[ch] != 0:
			out[ch] = 1 << countBits
		case ch == '.':
			out[ch] = 1 << (2 * countBits)
		}
	}
	return out
}()

// addressed reports whether an @ of v, the first of which is at i, stands between
// two characters.
func addressed(v []byte, i int) bool {
	for ; i < len(v)-1; i++ {
		if v[i] == '@' && i > 0 && v[i-1] > ' ' && v[i+1] > ' ' {
			return true
		}
	}
	return false
}

func hasDigit(v []byte) bool {
	for _, ch := range v {
		if ch >= '0' && ch <= '9' {
			return true
		}
	}
	return false
}

// isUUID reports whether words are of the lengths that those of a uuid have.
func isUUID(words []word) bool {
	return len(words) == 5 && words[0].chars == 8 && words[1].chars == 4 && words[2].chars == 4 && words[3].chars == 4 && words[4].chars == 12
}

// isDecimal reports whether a value is a number with a fraction. A phone number may
// look like one (+49.15112345678): of eleven to fifteen digits, the first not zero, one
// to three before the dot, or with a plus.
func isDecimal(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	dot := 0
	for i, ch := range v {
		switch {
		case ch == '.' && i > 0 && i < len(v)-1 && dot == 0:
			dot = i
		case ch < '0' || ch > '9':
			return false
		}
	}
	return dot > 0 && (dot > 3 || v[0] == '0' || len(v) < 12 || len(v) > 16)
}

// isDate reports whether a value is a date as ISO 8601 or PostgreSQL writes it,
// with a time or without.
func isDate(v []byte) bool {
	if len(v) < 10 || v[4] != '-' || v[7] != '-' {
		return false
	}
	month, day := number(v[5:7]), number(v[8:10])
	if number(v[:4]) < 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return len(v) == 10 || (v[10] == ' ' || v[10]|0x20 == 't') && isTime(v[11:])
}

// isTime reports whether the rest of a value is a time of day, with a fraction and an
// offset or without.
func isTime(v []byte) bool {
	if len(v) < 5 || len(v) > 24 || v[2] != ':' {
		return false
	}
	run, most := 0, 2
	for _, ch := range v {
		switch {
		case ch >= '0' && ch <= '9':
			if run++; run > most {
				return false
			}
			continue
		case ch == '.':
			most = 9
		case ch == '+' || ch == '-':
			most = 4
		case ch != ':' && ch != ' ' && ch != 'Z' && ch != 'z':
			return false
		default:
			most = 2
		}
		run = 0
	}
	return true
}

// number is what digits say; -1 if some is none.
func number(v []byte) int {
	n := 0
	for _, ch := range v {
		if ch < '0' || ch > '9' {
			return -1
		}
		n = n*10 + int(ch-'0')
	}
	return n
}
