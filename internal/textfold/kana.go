package textfold

import "unicode/utf8"

// halfWidth has the Kana that U+FF66 to U+FF9D are in their usual width.
const halfWidth = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"

// Kana returns a Kana in its usual width and without its mark of voice, and any other
// character as it is.
func Kana(r rune) rune {
	if r >= 0xff66 && r <= 0xff9d {
		at := 3 * int(r-0xff66) // each has three bytes
		r, _ = utf8.DecodeRuneInString(halfWidth[at:])
		return r
	}
	katakana := r
	if r >= 0x3041 && r < 0x3097 {
		katakana += 0x60
	}
	switch k := katakana; {
	case k >= 0x30ac && k <= 0x30c2 && k%2 == 0, k == 0x30c5, k == 0x30c7, k == 0x30c9:
		return r - 1
	case k >= 0x30d0 && k <= 0x30dd:
		return r - (k-0x30cf)%3
	case k == 0x30f4: // vu
		return r - 0x4e
	}
	return r
}

// VoiceMark reports whether a character is a mark of voice over the Kana before.
func VoiceMark(r rune) bool { return r >= 0x3099 && r <= 0x309c || r == 0xff9e || r == 0xff9f }

// Greek returns a Greek letter in lower case without its accent, a final sigma as any
// other, and any other character as it is.
func Greek(r rune) rune {
	switch r {
	case 'ά', 'Ά':
		return 'α'
	case 'έ', 'Έ':
		return 'ε'
	case 'ή', 'Ή':
		return 'η'
	case 'ί', 'Ί', 'ϊ', 'Ϊ', 'ΐ':
		return 'ι'
	case 'ό', 'Ό':
		return 'ο'
	case 'ύ', 'Ύ', 'ϋ', 'Ϋ', 'ΰ':
		return 'υ'
	case 'ώ', 'Ώ':
		return 'ω'
	case 'ς':
		return 'σ'
	}
	return r
}
