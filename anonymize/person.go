package anonymize

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/brianvoe/gofakeit/v7/data"
)

// dictionary holds what is invented, ASCII only: gofakeit's data, and names by
// locale.
type dictionary struct {
	people                 *people // of the default locale
	others                 map[string]*people
	company, street, words []string
}

var dictionaries = sync.OnceValue(func() *dictionary {
	ascii := func(list []string, longest int) []string {
		var out []string
		for _, s := range list {
			if len(s) <= longest && strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' }) < 0 {
				out = append(out, s)
			}
		}
		return out
	}
	letters := func(list []string) []string {
		var out []string
		for _, s := range list {
			if strings.IndexFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }) < 0 && len(s) > 1 {
				out = append(out, s)
			}
		}
		return out
	}
	return &dictionary{
		people:  englishPeople(letters(data.Data["person"]["last"])),
		others:  morePeople(),
		company: ascii(data.Data["company"]["name"], 40),
		street:  letters(data.Data["address"]["street_name"]),
		words:   letters(data.Data["lorem"]["word"]),
	}
})

// appendDigits appends n in decimal, at least width digits.
func appendDigits(dst []byte, n uint64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || width > 0 {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

func makeCompany(c *compiler) maskFunc {
	names := dictionaries().company
	return c.invented(func(dst, _ []byte, r *Rewriter) []byte {
		return append(dst, names[r.stream.Intn(len(names))]...)
	})
}
