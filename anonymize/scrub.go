package anonymize

import (
	"unicode/utf8"
)

// makeLorem replaces words by others of the same length, digits by digits;
// spaces, punctuation and capitals stay.
func makeLorem(c *compiler) maskFunc {
	words, prf, chars := dictionaries().words, c.prf(), c.room(unbounded)
	return func(dst, value []byte, _ *Rewriter) []byte {
		s, start := prf.Stream(value), len(dst)
		var word string
		at := 0
		for len(value) > 0 {
			r, w := utf8.DecodeRune(value)
			switch {
			case r >= '0' && r <= '9':
				dst = append(dst, '0'+byte(s.Uint64n(10)))
			case r < utf8.RuneSelf && radix(byte(r)) == 1:
				dst = append(dst, byte(r))
				word = ""
			default:
				if word == "" || at == len(word) {
					word, at = words[s.Intn(len(words))], 0
				}
				ch := word[at]
				at++
				if r >= 'A' && r <= 'Z' && ch >= 'a' {
					ch -= 32
				}
				dst = append(dst, ch)
			}
			value = value[w:]
		}
		return fit(dst, start, chars)
	}
}

// makeScrub replaces e-mail addresses, card numbers and phone numbers within a
// text by what the masks of these kinds give in columns; all else stays byte for
// byte.
func makeScrub(c *compiler) maskFunc {
	email, phone, card := c.inner("email"), c.inner("phone"), c.inner("card")
	if email == nil || phone == nil || card == nil {
		return nil
	}
	chars := c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		start, from := len(dst), 0
		for i := 0; i < len(value); {
			var mask maskFunc
			var lo, hi int
			switch ch := value[i]; {
			case ch == '@':
				if lo, hi = emailAround(value, from, i); hi > 0 {
					mask = email
				}
			case ch == '+' || ch == '(' || ch >= '0' && ch <= '9':
				if i > from && wordByte(value[i-1]) {
					break
				}
				if hi = cardFrom(value, i); hi > 0 {
					lo, mask = i, card
				} else if hi = phoneFrom(value, i); hi > 0 {
					lo, mask = i, phone
				}
			}
			if mask == nil {
				i++
				continue
			}
			dst = append(dst, value[from:lo]...)
			dst = mask(dst, value[lo:hi], r)
			from, i = hi, hi
		}
		r.opaque = false // what a detector found has its format
		return fit(append(dst, value[from:]...), start, chars)
	}
}

// inner compiles another kind for values found within this one's.
func (c *compiler) inner(name string) maskFunc {
	col := &Column{Name: c.col.Name, Type: Type{Name: "text"}}
	sub := &compiler{secret: c.secret, table: c.table, col: col, index: c.index, program: c.program, nested: true}
	made, problems := sub.compile(&Mask{Kind: name})
	c.problems = append(c.problems, problems...)
	return made.mask
}

func wordByte(ch byte) bool { return radix(ch) > 1 || ch == '_' || ch >= 0x80 }

func localByte(ch byte) bool {
	switch ch {
	case '.', '_', '%', '+', '-', '\'', '=':
		return true
	}
	return radix(ch) > 1 || ch >= 0x80
}

// emailAround returns the address whose @ is at i, not before from; hi 0 if
// there is none. Letters beyond ASCII may be part of both sides (RFC 6531); a
// text that runs into an address without a space goes with it.
func emailAround(v []byte, from, i int) (lo, hi int) {
	lo = i
	for lo > from && localByte(v[lo-1]) {
		lo--
	}
	for lo < i && (v[lo] == '.' || v[lo] == '\'' || v[lo] == '-' || v[lo] == '=') {
		lo++
	}
	hi = i + 1
	for hi < len(v) && (radix(v[hi]) > 1 || v[hi] == '.' || v[hi] == '-' || v[hi] >= 0x80) {
		hi++
	}
	for hi > i+1 && (v[hi-1] == '.' || v[hi-1] == '-') {
		hi--
	}
	if lo == i {
		return 0, 0
	}
	for k := hi - 1; k > i+1; k-- {
		if v[k] == '.' {
			return lo, hi
		}
	}
	return 0, 0
}

// numberFrom reads digits with separators from i on and returns the end behind
// the last digit, how many digits, and how many groups.
func numberFrom(v []byte, i, most int) (end, digits, groups int) {
	inGroup := false
	k := i
	for ; k < len(v); k++ {
		ch := v[k]
		switch {
		case ch >= '0' && ch <= '9':
			if digits == most {
				return k, digits + 1, groups
			}
			if !inGroup {
				groups++
			}
			digits, inGroup, end = digits+1, true, k+1
			continue
		case ch == ' ' || ch == '-' || ch == '.' || ch == '(' || ch == ')' || ch == '/':
			if !inGroup && k > i && v[k-1] != ')' && ch != '(' {
				return end, digits, groups // two separators in a row
			}
			inGroup = false
			continue
		case ch == '+' && k == i:
			continue
		}
		break
	}
	if end < len(v) && wordByte(v[end]) {
		digits = 0 // a longer word
	}
	return end, digits, groups
}

// cardFrom returns the end of a card number that begins at i, or 0: 13 to 19
// digits in one piece or in groups, with the right check digit.
func cardFrom(v []byte, i int) int {
	if v[i] == '+' || v[i] == '(' {
		return 0
	}
	end, digits, _ := numberFrom(v, i, 19)
	if digits < 13 || digits > 19 || !looksLikeCard(v[i:end]) {
		return 0
	}
	var buf [24]byte
	d := digitsOf(buf[:0], v[i:end])
	if luhn(d[:len(d)-1]) != d[len(d)-1] {
		return 0
	}
	return end
}

// phoneFrom returns the end of a phone number that begins at i, or 0: with a
// plus 7 to 15 digits; without, 10 or 11 digits, or 7 as 555-0123, in two to
// five groups that are not those of a date or an address.
func phoneFrom(v []byte, i int) int {
	end, digits, groups := numberFrom(v, i, 15)
	switch {
	case v[i] == '+' && digits >= 7 && digits <= 15:
		return end
	case v[i] == '+':
		return 0
	case groups >= 2 && groups <= 5 && digits >= 9 && digits <= 12 && !dotted(v[i:end]):
		return end
	case groups == 2 && digits == 7 && end-i == 8 && v[i+3] == '-':
		return end
	case groups == 1 && digits >= 10 && digits <= 11:
		return end
	}
	return 0
}

// dotted reports whether the text is an IPv4 address or a date rather than a
// number to call: four parts with dots, or a year first.
func dotted(v []byte) bool {
	dots := 0
	for _, ch := range v {
		if ch == '.' {
			dots++
		}
	}
	return dots == 3 || len(v) >= 10 && v[4] == '-' && v[7] == '-'
}
