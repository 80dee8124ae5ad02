package textfold

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"unicode"
)

// TestUnspaced compares the ranges with Unicode's tables of scripts. What several
// scripts share, such as the mark of a long vowel, is in no table of one.
func TestUnspaced(t *testing.T) {
	scripts := []*unicode.RangeTable{
		unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Yi, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Tibetan, unicode.Myanmar, unicode.Khmer,
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		word := unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
		switch {
		case Unspaced(r) && !word:
			t.Errorf("%U is no part of a word", r)
		case Unspaced(r) == unicode.In(r, scripts...), !word, unicode.In(r, unicode.Common, unicode.Inherited):
		case r >= 0x1100 && r < 0x1200, r >= 0xa960 && r < 0xa980, r >= 0xd7b0 && r < 0xd800, r >= 0x302e && r < 0x3030: // letters of Hangul by themselves
		case r >= 0x19e0 && r < 0x1a00, r >= 0xa9e0 && r < 0xaa80, r >= 0x116d0 && r < 0x11700, r >= 0x1aff0 && r < 0x1b170, r >= 0x16fe2 && r < 0x17000: // minority languages and old Kana
		case r >= 0xff21 && r <= 0xff5a, r >= 0xff10 && r <= 0xff19: // of the width of Han
		case r >= 0x20000: // what is not assigned yet, too
		default:
			t.Errorf("%U: %v", r, Unspaced(r))
		}
	}
}

// TestBase: letters of ASCII have no accent to lose, and those that have one lose it.
func TestBase(t *testing.T) {
	for r, want := range map[rune]rune{'É': 'e', 'ß': 'ß', 'ž': 'z', 'Ł': 'l', '×': '×', 'A': 'a', 'Ж': 'ж', 'İ': 'i'} {
		if got := Lower(r); got != want {
			t.Errorf("%c: %c, want %c", r, got, want)
		}
	}
}

// TestAppendUnquoted compares with encoding/json.
func TestAppendUnquoted(t *testing.T) {
	parts := []string{"a", "é", `\n`, `\b`, `\f`, `\r`, `\t`, `\"`, `\\`, `\/`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\uD83D\u0041`, "漢"}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		s := ""
		for range r.IntN(6) {
			s += parts[r.IntN(len(parts))]
		}
		var want string
		if err := json.Unmarshal([]byte(`"`+s+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if got := string(AppendUnquoted(nil, []byte(s))); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
}
