package anonymize

import (
	b32 "encoding/base32"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// largeDomains makes values of formats with room, for each injective kind.
func largeDomains() map[string]struct {
	typ    string
	params params
	value  func(r *rand.Rand) string
} {
	type domain = struct {
		typ    string
		params params
		value  func(r *rand.Rand) string
	}
	digits := func(r *rand.Rand, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = '0' + byte(r.IntN(10))
		}
		return string(b)
	}
	word := func(r *rand.Rand, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b32.StdEncoding.WithPadding(b32.NoPadding).EncodeToString(b)[:n]
	}
	return map[string]domain{
		"hash":        {"text", nil, func(r *rand.Rand) string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }},
		"email":       {"text", nil, func(r *rand.Rand) string { return word(r, 12) + "@example.com" }},
		"person.user": {"text", nil, func(r *rand.Rand) string { return "mary.smith" + digits(r, 4) }},
		"phone":       {"text", nil, func(r *rand.Rand) string { return "+49 30 " + digits(r, 8) }},
		"number": {"int8", params{"permute": true}, func(r *rand.Rand) string {
			return fmt.Sprint(int64(r.Uint64()))
		}},
		"uuid": {"uuid", nil, func(r *rand.Rand) string {
			return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Uint64()>>16)
		}},
		"ip": {"inet", nil, func(r *rand.Rand) string {
			return fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(200), r.IntN(256), r.IntN(256), r.IntN(256))
		}},
		"mac": {"macaddr", nil, func(r *rand.Rand) string {
			return fmt.Sprintf("02:%02x:%02x:%02x:%02x:%02x", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
		}},
		"url":    {"text", nil, func(r *rand.Rand) string { return "https://example.com/" + word(r, 18) }},
		"domain": {"text", nil, func(r *rand.Rand) string { return word(r, 18) + ".example.com" }},
		"card":   {"text", nil, func(r *rand.Rand) string { return "4" + digits(r, 15) }},
		"iban":   {"text", nil, func(r *rand.Rand) string { return fmt.Sprintf("DE%02d", 2+r.IntN(97)) + digits(r, 18) }},
		"bic": {"text", nil, func(r *rand.Rand) string {
			return fmt.Sprintf("%c%c%c%cDEFF", 'A'+r.IntN(26), 'A'+r.IntN(26), 'A'+r.IntN(26), 'A'+r.IntN(26))
		}},
		"vat":   {"text", nil, func(r *rand.Rand) string { return "DE" + digits(r, 9) }},
		"token": {"text", nil, func(r *rand.Rand) string { return "sk_test_" + word(r, 24) }},
		"national_id": {"text", params{"country": "fr", "permute": true}, func(r *rand.Rand) string {
			head := fmt.Sprintf("%d%02d%02d%02d%03d%03d", 1+r.IntN(2), r.IntN(100), 1+r.IntN(12), 1+r.IntN(19), 1+r.IntN(900), 1+r.IntN(900))
			var n int64
			fmt.Sscan(head, &n)
			return fmt.Sprintf("%s%02d", head, 97-n%97)
		}},
	}
}

// TestFixedPointsAreReported: of many values of a format with room, each
// injective kind gives next to none back as it was, and counts each that it does.
func TestFixedPointsAreReported(t *testing.T) {
	const n = 20_000
	domains := largeDomains()
	for _, k := range Kinds() {
		d, ok := domains[k.Name]
		if !k.Injective || k.Name == "keep" || k.Name == "template" {
			continue
		}
		if !ok {
			t.Errorf("%s has no large domain here", k.Name)
			continue
		}
		p, err := Compile(testSecret(t, 3), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: d.typ}, Unique: true, Mask: &Mask{Kind: k.Name, Params: d.params}}}})
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		w, rng, same := p.NewRewriter(), rand.New(rand.NewPCG(1, 2)), int64(0)
		for range n {
			v := d.value(rng)
			out, err := w.AppendRow(nil, copyfmt.AppendEscaped(nil, []byte(v)))
			if err != nil {
				t.Fatal(err)
			}
			if string(copyfmt.AppendUnescaped(nil, out)) == v {
				same++
			}
		}
		if s := w.Stats()[0]; s.Fixed != same || same > 3 || s.Opaque > 0 {
			t.Errorf("%s: %d of %d values stay, %d are reported; %d are opaque", k.Name, same, n, s.Fixed, s.Opaque)
		}
	}
	for name := range domains {
		if k := kindNamed(name); k == nil || !k.injective && k.injectiveIf == nil {
			t.Errorf("%s is not injective", name)
		}
	}
}

// TestFixedPointsOfSmallDomains: where the domain is small some values stay, and
// each is reported.
func TestFixedPointsOfSmallDomains(t *testing.T) {
	all := int64(0)
	for _, d := range small() {
		p, err := Compile(testSecret(t, 3), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: d.typ}, Unique: true, Mask: &Mask{Kind: d.kind, Params: d.params}}}})
		if err != nil {
			t.Fatal(err)
		}
		w, same := p.NewRewriter(), int64(0)
		for v := range d.all {
			out, err := w.AppendRow(nil, []byte(v))
			if err != nil {
				t.Fatal(err)
			}
			if string(out) == v {
				same++
			}
		}
		if s := w.Stats()[0]; s.Fixed != same {
			t.Errorf("%s: %d values stay, %d are reported", d.name, same, s.Fixed)
		}
		all += same
	}
	if all == 0 {
		t.Error("not one value stays, which a permutation that is not chosen for it would let")
	}
}

// TestShiftedDatesKeepOrder: what was created before it was paid and paid before
// it was refunded still is, as long apart, in every type that holds a date and in
// every table of the entity.
func TestShiftedDatesKeepOrder(t *testing.T) {
	const layout, zoned = "2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999Z07"
	names := []string{"created", "paid", "refunded"}
	table := func(name, typ string) *Rewriter {
		cols := []Column{{Name: "user_id", Type: Type{Name: "int8"}}}
		for _, n := range names {
			cols = append(cols, Column{Name: n, Type: Type{Name: typ}, Mask: &Mask{Kind: "date", Params: params{"shift": "90d"}}})
		}
		p, err := Compile(testSecret(t, 1), Table{Name: name, Entity: 0, EntityDomain: "users(id)", Columns: cols})
		if err != nil {
			t.Fatal(err)
		}
		return p.NewRewriter()
	}
	for typ, form := range map[string]string{"date": "2006-01-02", "timestamp": layout, "timestamptz": zoned, "text": "2006-01-02T15:04:05.999999Z07:00"} {
		orders, refunds := table("orders", typ), table("refunds", typ)
		rng, moved := rand.New(rand.NewPCG(8, 9)), 0
		for range 3000 {
			id := fmt.Sprint(rng.IntN(500))
			at := time.Date(1950+rng.IntN(100), time.Month(1+rng.IntN(12)), 1+rng.IntN(31), rng.IntN(24), rng.IntN(60), rng.IntN(60), rng.IntN(1_000_000)*1000, time.UTC)
			row := []string{id}
			var before []time.Time
			for range names {
				row = append(row, at.Format(form))
				x, err := time.Parse(form, row[len(row)-1])
				if err != nil {
					t.Fatal(err)
				}
				before = append(before, x)
				if rng.IntN(4) > 0 {
					at = at.Add(time.Duration(rng.Int64N(int64(900 * 24 * time.Hour))))
				}
			}
			first := maskRow(t, orders, row...)
			second := maskRow(t, refunds, row...)
			var after []time.Time
			for i, v := range first[1:] {
				x, err := time.Parse(form, v)
				if err != nil {
					t.Fatalf("%s: %q becomes %q: %v", typ, row[i+1], v, err)
				}
				after = append(after, x)
				if second[i+1] != v {
					t.Fatalf("%s: two tables of one user differ: %q and %q", typ, v, second[i+1])
				}
			}
			for i := 1; i < len(names); i++ {
				if after[i].Sub(after[i-1]) != before[i].Sub(before[i-1]) {
					t.Fatalf("%s: %v becomes %v", typ, before, after)
				}
			}
			if !after[0].Equal(before[0]) {
				moved++
			}
		}
		if moved < 2900 {
			t.Errorf("%s: only %d of 3000 dates move", typ, moved)
		}
	}
}
