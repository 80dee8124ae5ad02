// Package textfold has what those agree on who compare texts: which letters are the
// same, where a word ends, and what the text of a JSON string is.
package textfold

import (
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// latin has the letter that each of U+00C0 to U+017F is without its accent; a
// dot where there is none.
const latin = "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkklllllll" +
	"lllnnnnnn.nnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// Base returns the lower-case letter of ASCII that a Latin letter with an accent,
// up to U+017F, is without it; ok is false for all other characters.
func Base(r rune) (ch byte, ok bool) {
	if r < 0xc0 || r >= 0x180 {
		return 0, false
	}
	ch = latin[r-0xc0]
	return ch, ch != '.'
}

// Lower returns a character in lower case, and as Base has it where that has one.
func Lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r |= 0x20
		}
		return r
	}
	if ch, ok := Base(r); ok {
		return rune(ch)
	}
	return unicode.ToLower(r)
}

// Accent reports whether a character is an accent over the one before.
func Accent(r rune) bool { return r >= 0x300 && r < 0x370 }

// Unspaced reports whether a character is part of a word in a script that sets no
// space where a word ends: Chinese, Japanese, Thai and the like. Korean is one of
// them: it puts particles behind names, numbers and addresses.
func Unspaced(r rune) bool {
	return r >= 0xe00 && unspaced(r) && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// Spaced reports whether a character is a letter or a mark of a script that has
// spaces between words. What is no UTF-8 counts as one.
func Spaced(r rune) bool {
	return !(r >= 0xe00 && unspaced(r)) && (unicode.IsLetter(r) || unicode.IsMark(r) || r == utf8.RuneError)
}

// unspaced reports whether r, from U+0E00 on, is of such a script, marks and all.
func unspaced(r rune) bool {
	switch {
	case r < 0x10a0, // Thai, Lao, Tibetan, Burmese
		r >= 0x1780 && r < 0x1800, // Khmer
		r >= 0x2e80 && r < 0xa4d0, // radicals, Kana, Bopomofo, Han, Yi
		r >= 0xac00 && r < 0xd7a4, // Hangul
		r >= 0xf900 && r < 0xfb00, // Han
		r >= 0xfe30 && r < 0xfe50, // marks
		r >= 0xff00 && r < 0xffe8, // of other width
		r >= 0x20000:              // Han
		return true
	}
	return false
}

// AppendUnquoted appends the text of what stands between the quotes of a JSON string
// (RFC 8259, section 7). Of what is no such string it drops nothing but escapes.
func AppendUnquoted(dst, v []byte) []byte {
	for i := 0; i < len(v); i++ {
		ch := v[i]
		if ch != '\\' || i+1 >= len(v) {
			dst = append(dst, ch)
			continue
		}
		i++
		switch v[i] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(v, i+1)
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(v) && v[i+1] == '\\' && v[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(v, i+3)); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, v[i])
		}
	}
	return dst
}

// hex4 reads four hex digits.
func hex4(v []byte, at int) rune {
	if at+4 > len(v) {
		return utf8.RuneError
	}
	r := rune(0)
	for _, ch := range v[at : at+4] {
		r <<= 4
		switch {
		case ch >= '0' && ch <= '9':
			r |= rune(ch - '0')
		case ch|0x20 >= 'a' && ch|0x20 <= 'f':
			r |= rune(ch|0x20-'a') + 10
		default:
			return utf8.RuneError
		}
	}
	return r
}
