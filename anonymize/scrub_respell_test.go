package anonymize

import (
	"fmt"
	"strings"
	"testing"
)

// TestScrubKnownNumber: a number that a column of the entity has is gone from a text,
// wherever it stands there, also where no detector takes it for one, and the column's
// fake stands there; numbers that nobody has stay.
func TestScrubKnownNumber(t *testing.T) {
	users, _, messages := shopTables(t)
	contexts := strings.Split("{}|{}.|{} b|{} m|{} km|{} pcs|{} EUR|{} €|${}|EUR {}|order {}|Invoice no. {}|ref: {}|id={}|{}, 2020|No. {} is|v {}|#{}|{} kg|({})|x {} and 12|a, {}/b", "|")
	other := [][2]string{ // in a column, and in a text
		{"+1 415 555 0132", "4155550132"}, {"(415) 555-0132", "415.555.0132"}, {"555 234 567", "555234567"}, {"+49 171 2345678", "0171 234 5678"},
		{"0171 2345678", "0171/2345678"}, {"+1234567", "123 45 67"},
	}
	for _, v := range []string{
		"+1234567", "(0)171 2345678", "+49 171 2345678 ext. 12", "(555) 234-567", "+1 (555) 123-456", "+49/171/2345678", "+1555123456", "+0 171 2345678",
		"(415) 555-0132 x44", "+44 (0)20 7946 0958", "(02) 9876 5432", "+49.171.2345678", "+ 49 171 2345678", "(+49) 171 2345678", "+49-(171)-2345678",
		"(0049)1712345678", "(12)3456-7890", "+999 123456789012", "(415)5550199", "(415) 555-0132", "0171 2345678", "555-0132-99", "1712345678",
	} {
		other = append(other, [2]string{v, v})
	}
	for _, v := range other {
		known := NewKnown(1 << 20)
		user := []string{"7", "Anna Lindberg", `\N`, v[0], `\N`}
		if err := users.NewRewriter().Learn(known, copyRow(user...)); err != nil {
			t.Fatal(err)
		}
		fake := maskRow(t, users.NewRewriter(), user...)[3]
		r := messages.NewRewriter()
		r.LookUpIn(known)
		for _, c := range contexts {
			text := strings.ReplaceAll(c, "{}", v[1])
			got := maskRow(t, r, "1", "7", text, `\N`)[2]
			before, after, _ := strings.Cut(c, "{}")
			mine, theirs := symbolsIn(nil, []byte(got)), symbolsIn(nil, []byte(before))
			theirs = symbolsIn(theirs, []byte(fake))
			if v[0] != v[1] { // perhaps without the code of the country
				theirs = symbolsIn(nil, []byte(fake))
				theirs = theirs[len(theirs)-7:]
			}
			theirs = symbolsIn(theirs, []byte(after))
			if strings.Contains(got, v[1]) || !strings.HasSuffix(string(mine), string(theirs)) {
				t.Errorf("%q in %q: %q, the column gets %q", v[0], text, got, fake)
			}
		}
		for _, text := range []string{"0." + last7(v[0]), "v1." + last7(v[0]) + ".3", last7(v[0]) + ",50 EUR", "order 4155550133", "12345 m", "id=1712345679", "999999 pcs, 2020", "7777 888 9"} {
			if got := maskRow(t, r, "1", "7", text, `\N`)[2]; got != text {
				t.Errorf("with %q known, %q becomes %q", v[0], text, got)
			}
		}
	}
}

// last7 are the last digits of a number, of a longer one than that.
func last7(v string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, v)
	if len(d) < 8 {
		return "7"
	}
	return d[len(d)-7:]
}

// BenchmarkScrubNumbers searches a text of digits where no number is known, and where
// sixty are.
func BenchmarkScrubNumbers(b *testing.B) {
	users, _, messages := shopTables(b)
	row := copyRow("1", "7", strings.Repeat("12 34 56 78 21.5 ", 3000), `\N`)
	for _, numbers := range []int{0, 1, 60} {
		b.Run(fmt.Sprint(numbers), func(b *testing.B) {
			known := NewKnown(1 << 20)
			for i := range numbers {
				if err := users.NewRewriter().Learn(known, copyRow("7", `\N`, `\N`, fmt.Sprintf("+49 171 %07d", 1234567+i*7919), `\N`)); err != nil {
					b.Fatal(err)
				}
			}
			r := messages.NewRewriter()
			r.LookUpIn(known)
			var dst []byte
			b.SetBytes(int64(len(row)))
			for b.Loop() {
				var err error
				if dst, err = r.AppendRow(dst[:0], row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
