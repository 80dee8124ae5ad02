package discover

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/keyed"
)

// What a value is taken for gets a mask that takes the value: none is opaque to it.
// Values are those of the forms that are told, with other digits, letters and marks.
func TestMasksTakeWhatIsFound(t *testing.T) {
	forms := []string{
		"anna@example.com", "a.b+c@sub.example.org", "anna\r@example.com",
		"+49 30 901820", "(212) 555-0147", "030-901820", "030 +49 901820", "030 901 8x20",
		"4111111111111111", "5555 5555 5555 4444", "3782-822463-10005",
		"DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "MT84MALT011000012345MTLCAST001S",
		"00:00:5e:00:53:01", "00-00-5E-00-53-AF", "0000.5e00.53af",
		"192.0.2.17", "192.0.2.0/24", "2001:db8::5e:53", "fe80::1%eth0",
		"123-45-6789", "529.982.247-25", "44051401359", "111222333", "811228-9874", "198112289874", "1 84 12 76 451 089 46", "86095742719",
		"756.9217.0769.85", "85.07.30-033.28", "01129955151", "999941057058", "RSSMRA85T10A562S", "12345678Z", "X1234567L", "AB123456C",
		"AB 12 34 56 C", "131052-308T", "010594Y9032",
	}
	long := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + strings.Repeat("c2ln", 200)
	forms = append(forms, "sk_live_4eC39HqLyjWDarjtT1zdp7dc", long, "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n")
	d := newDetector()
	told := []class{email, phone, card, iban, macAddr, ipAddress, national, secret}
	masks := map[string]*anonymize.Rewriter{}
	found := map[class]int{}
	wrong := map[string]bool{}
	r := rand.New(rand.NewPCG(1, 1))
	for _, form := range forms {
		for range 3_000 {
			v := variant(r, form)
			p := d.examine([][]byte{v})
			i := slices.IndexFunc(told, func(c class) bool { return p.whole[c] > 0 })
			if i < 0 {
				continue
			}
			c := told[i]
			found[c]++
			countries := slices.Sorted(maps.Keys(p.country))
			for _, country := range append(countries, "")[:max(1, len(countries))] {
				name := fmt.Sprint(c, " ", country, p.long > 0)
				rw := masks[name]
				if rw == nil {
					f := field{typ: anonymize.Type{Name: "text"}, kind: isTexts, country: country, long: p.longSecrets()}
					rw = rewriterOf(t, f.masks(c)[0])
					masks[name] = rw
				}
				before := rw.Stats()[0].Opaque
				if _, err := rw.AppendRow(nil, copyfmt.AppendEscaped(nil, bytes.TrimSpace(v))); err != nil {
					t.Fatal(err)
				}
				if rw.Stats()[0].Opaque > before && !wrong[name] {
					wrong[name] = true
					t.Errorf("%q is found to be: %s, whose mask does not take it", v, name)
				}
			}
		}
	}
	for _, c := range told {
		if found[c] < 100 {
			t.Errorf("%d of the values are: %s", found[c], c)
		}
	}
}

// variant changes some characters of a text: to others of their kind, to capitals
// and back, and marks to other marks.
func variant(r *rand.Rand, form string) []byte {
	const marks = " -./+"
	v := []byte(form)
	for range r.IntN(6) {
		i := r.IntN(len(v))
		switch ch := v[i]; {
		case ch >= '0' && ch <= '9':
			v[i] = '0' + byte(r.IntN(10))
		case ch >= 'A' && ch <= 'Z', ch >= 'a' && ch <= 'z':
			if r.IntN(2) == 0 {
				v[i] ^= 0x20
			} else {
				v[i] = ch&^31 + 1 + byte(r.IntN(26))
			}
		default:
			v[i] = marks[r.IntN(len(marks))]
		}
	}
	return v
}

func rewriterOf(t *testing.T, m anonymize.Mask) *anonymize.Rewriter {
	t.Helper()
	p, err := anonymize.Compile(keyed.TestSecret(), anonymize.Table{
		Name: "t", Entity: -1,
		Columns: []anonymize.Column{{Name: "v", Type: anonymize.Type{Name: "text"}, Mask: &m}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p.NewRewriter()
}
