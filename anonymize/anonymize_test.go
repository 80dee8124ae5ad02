package anonymize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	stdbcrypt "golang.org/x/crypto/bcrypt"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/keyed"
)

func testSecret(t testing.TB, b byte) *keyed.Secret {
	t.Helper()
	s, err := keyed.ParseSecret([]byte(strings.Repeat(fmt.Sprintf("%02x", b), 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// one compiles a single column and returns a function that masks one value.
func one(t testing.TB, secret byte, typ string, m Mask, change ...func(*Column)) func(string) string {
	t.Helper()
	col := Column{Name: "c", Type: Type{Name: typ}, Mask: &m}
	for _, f := range change {
		f(&col)
	}
	p, err := compileFilled(testSecret(t, secret), Table{Name: "t", Columns: []Column{col}, Entity: -1})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	return func(v string) string {
		row := copyfmt.AppendEscaped(nil, []byte(v))
		out, err := r.AppendRow(nil, row)
		if err != nil {
			t.Fatal(err)
		}
		if err := agree(r, row, out); err != nil {
			panic(err) // t may be a fuzz test, whose methods its target must not call
		}
		return string(copyfmt.AppendUnescaped(nil, out))
	}
}

func unique(c *Column) { c.Unique = true }

type params = map[string]any

// sample is a use of each kind, with values of its format.
type sample struct {
	kind   string
	typ    string
	params params
	values []string
	valid  func(in, out string) bool
}

func samples() []sample {
	text := []string{"Anna Schmidt", "x", "Zoë 日本", "a\tb\nc\\d"}
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	shape := func(s string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= '0' && r <= '9':
				return '9'
			case r >= 'a' && r <= 'z':
				return 'a'
			case r >= 'A' && r <= 'Z':
				return 'A'
			}
			return r
		}, s)
	}
	luhnOK := func(s string) bool {
		sum := 0
		d := digits(s)
		for i := range d {
			x := int(d[len(d)-1-i] - '0')
			if i%2 == 1 {
				if x *= 2; x > 9 {
					x -= 9
				}
			}
			sum += x
		}
		return sum%10 == 0
	}
	ibanOK := func(s string) bool {
		s = strings.ReplaceAll(s, " ", "")
		mod := 0
		for _, ch := range s[4:] + s[:4] {
			if ch >= 'A' {
				mod = (mod*100 + int(ch-'A') + 10) % 97
			} else {
				mod = (mod*10 + int(ch-'0')) % 97
			}
		}
		return mod == 1
	}
	isDate := func(_, s string) bool { _, err := time.Parse("2006-01-02", s); return err == nil }
	return append(moreSamples(), []sample{
		{"redact", "text", params{"first": int64(1), "last": int64(1)}, text, func(in, out string) bool { return utf8.RuneCountInString(in) == utf8.RuneCountInString(out) }},
		{"hash", "text", nil, text, func(_, out string) bool { return len(out) == 32 }},
		{"email", "text", nil, []string{"Anna@Mail.example", "a.b+c@x.org"}, func(_, out string) bool {
			return strings.Count(out, "@") == 1 && strings.HasSuffix(out, "@example.com") && len(out) <= 254
		}},
		{"person.name", "text", nil, text, func(_, out string) bool { return strings.Count(out, " ") == 1 }},
		{"person.first", "text", nil, text, nil},
		{"person.last", "text", nil, text, nil},
		{"person.user", "text", nil, text, nil},
		{"phone", "text", nil, []string{"+49 30 1234567", "(555) 123-4567", "0301234567", "+1-202-555-0123"}, func(in, out string) bool {
			return shape(in) == shape(out) && len(out) > 3 && (in[0] != '+' || in[:2] == out[:2])
		}},
		{"address.full", "text", nil, text, nil},
		{"address.street", "text", nil, text, nil},
		{"address.city", "text", nil, text, nil},
		{"address.state", "text", nil, []string{"NY", "Ohio"}, nil},
		{"address.zip", "text", nil, []string{"12345"}, func(_, out string) bool { return len(digits(out)) == 5 }},
		{"address.country", "text", nil, []string{"DE", "Germany"}, nil},
		{"company", "text", nil, text, nil},
		{"date", "date", params{"shift": "60d"}, []string{"2024-02-29", "1970-01-01", "0001-01-05"}, nil},
		{"date", "date", params{"truncate": "month"}, []string{"2024-02-29"}, isDate},
		{"number", "int4", params{"noise": "10%"}, []string{"100", "-5000", "2147483647"}, func(in, out string) bool {
			a, _ := strconv.ParseFloat(in, 64)
			b, err := strconv.ParseInt(out, 10, 32)
			return err == nil && float64(b) >= min(a*0.89, a*1.11)-1 && float64(b) <= max(a*0.89, a*1.11)+1
		}},
		{"number", "numeric", params{"bucket": int64(100)}, []string{"1234.56"}, func(_, out string) bool { return out == "1200.00" }},
		{"number", "int8", params{"permute": true}, []string{"1", "-1", "9223372036854775807", "-9223372036854775808"}, func(_, out string) bool {
			_, err := strconv.ParseInt(out, 10, 64)
			return err == nil
		}},
		{"uuid", "uuid", nil, []string{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "936da01f-9abd-4d9d-80c7-02af85c822a8"}, func(in, out string) bool { return len(out) == 36 && in[14] == out[14] }},
		{"ip", "inet", nil, []string{"10.1.2.3", "10.1.2.0/24", "2001:db8::1"}, func(_, out string) bool {
			a, _, _ := strings.Cut(out, "/")
			_, err := netip.ParseAddr(a)
			return err == nil
		}},
		{"url", "text", nil, text, func(_, out string) bool { return strings.HasPrefix(out, "https://example.com/") }},
		{"card", "text", nil, []string{"4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"}, func(in, out string) bool {
			return shape(in) == shape(out) && luhnOK(in) == luhnOK(out) && in[0] == out[0]
		}},
		{"card", "text", nil, []string{"4111111111111112"}, func(_, out string) bool { return !luhnOK(out) }},
		{"iban", "text", nil, []string{"DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"}, func(in, out string) bool {
			return ibanOK(in) && ibanOK(out) && in[:2] == out[:2] && shape(in) == shape(out)
		}},
		{"vat", "text", nil, []string{"DE123456789", "ATU12345678"}, func(in, out string) bool { return shape(in) == shape(out) && in[:2] == out[:2] }},
		{"token", "text", nil, []string{"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ghp_0123456789abcdefABCDEF"}, func(in, out string) bool { return shape(strings.ReplaceAll(in, "live", "test")) == shape(out) }},
		{"choice", "text", params{"values": []any{"a", "b"}}, text, func(_, out string) bool { return out == "a" || out == "b" }},
		{"shuffle", "text", nil, text, func(_, out string) bool { return out == "a" || out == "b" }},
		{"password", "text", params{"value": "staging", "cost": int64(4)}, text, func(_, out string) bool {
			return stdbcrypt.CompareHashAndPassword([]byte(out), []byte("staging")) == nil
		}},
		{"text", "text", nil, []string{"Hello, World 42!", "Straße"}, func(in, out string) bool { return utf8.RuneCountInString(in) == utf8.RuneCountInString(out) }},
		{"regexp", "text", params{"match": `\w+`, "replace": "X"}, []string{"ab cd"}, func(_, out string) bool { return out == "X X" }},
		{"json", "jsonb", params{"paths": params{"$.a.email": "email", "$.l[*]": "person.name", "$..deep": "hash"}, "other": "keep"},
			[]string{`{"a": {"email": "anna@x.org", "n": 1.50}, "l": ["Eve", "Bob"], "z": [{"deep": "x\u00e9"}], "t": true}`},
			func(in, out string) bool {
				var a, b map[string]any
				return json.Unmarshal([]byte(in), &a) == nil && json.Unmarshal([]byte(out), &b) == nil &&
					strings.Contains(out, "1.50") && strings.Contains(out, `"t": true`) && !strings.Contains(out, "anna") && !strings.Contains(out, "Eve") && !strings.Contains(out, "u00e9")
			}},
		{"scrub", "text", nil, []string{"write to anna@mail.example or call +49 30 1234567, card 4111 1111 1111 1111; order 12345 of 2024-05-06"}, func(_, out string) bool {
			return !strings.Contains(out, "anna@") && !strings.Contains(out, "1234567,") && !strings.Contains(out, "4111 1111 1111 1111") &&
				strings.Contains(out, "order 12345 of 2024-05-06") && strings.HasPrefix(out, "write to ")
		}},
	}...)
}

func TestKinds(t *testing.T) {
	seen := map[string]bool{"keep": true, "null": true, "constant": true, "template": true, "composite": true}
	for _, s := range samples() {
		seen[s.kind] = true
		t.Run(s.kind, func(t *testing.T) {
			m := Mask{Kind: s.kind, Params: s.params}
			f, again, other := one(t, 1, s.typ, m), one(t, 1, s.typ, m), one(t, 2, s.typ, m)
			differs := false
			for _, v := range s.values {
				out := f(v)
				if out != again(v) || out != f(v) {
					t.Errorf("another result for the same value")
				}
				differs = differs || out != other(v)
				if s.valid != nil && !s.valid(v, out) {
					t.Errorf("%q becomes %q, which is not valid", v, out)
				}
				if out == "" {
					t.Errorf("%q becomes empty", v)
				}
			}
			switch s.kind {
			case "redact", "regexp", "choice", "shuffle", "address.state", "address.country", "file":
			default:
				if !differs && s.params["truncate"] == nil && s.params["bucket"] == nil {
					t.Errorf("another secret gives the same values")
				}
			}
			if f("") != "" {
				t.Errorf("the empty string does not stay empty")
			}
		})
	}
	for _, k := range Kinds() {
		if !seen[k.Name] {
			t.Errorf("kind %s has no sample", k.Name)
		}
	}
}

// TestLengths masks values into columns of each length: what comes out fits.
func TestLengths(t *testing.T) {
	for _, s := range samples() {
		if s.typ != "text" {
			continue
		}
		for _, length := range []int{1, 2, 3, 5, 8, 13, 20, 40, 70} {
			col := Column{Name: "c", Type: Type{Name: "varchar", Length: length}, Mask: &Mask{Kind: s.kind, Params: s.params}}
			p, err := compileFilled(testSecret(t, 1), Table{Columns: []Column{col}, Entity: -1})
			if err != nil {
				if !strings.Contains(err.Error(), "character") && !strings.Contains(err.Error(), "fit") {
					t.Errorf("%s into %d: %v", s.kind, length, err)
				}
				continue
			}
			r := p.NewRewriter()
			for _, v := range s.values {
				if utf8.RuneCountInString(v) > length {
					v = string([]rune(v)[:length])
				}
				out, err := r.AppendRow(nil, copyfmt.AppendEscaped(nil, []byte(v)))
				if err != nil {
					t.Fatal(err)
				}
				got := copyfmt.AppendUnescaped(nil, out)
				if !utf8.Valid(got) || utf8.RuneCount(got) > length {
					t.Errorf("%s: %d characters in a column of %d", s.kind, utf8.RuneCount(got), length)
				}
			}
		}
	}
}

// TestInjective masks many values of a format, and looks for two that meet.
func TestInjective(t *testing.T) {
	gen := map[string]func(i int) string{
		"hash":        func(i int) string { return fmt.Sprint("v", i) },
		"email":       func(i int) string { return fmt.Sprintf("user%d@x.org", i) },
		"person.user": func(i int) string { return fmt.Sprint("user", i) },
		"phone":       func(i int) string { return fmt.Sprintf("+49 30 %05d", i) },
		"uuid":        func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", i) },
		"ip":          func(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) },
		"url":         func(i int) string { return fmt.Sprint("https://x.org/", i) },
		"card":        func(i int) string { return fmt.Sprintf("4000 0000 %04d %04d", i/10000, i%10000) },
		"mac":         func(i int) string { return fmt.Sprintf([]string{"02:%010x", "02:%010X"}[i%2], i) },
		"bic": func(i int) string {
			return string([]byte{'A' + byte(i%26), 'A' + byte(i/26%26), 'A' + byte(i/676%26), 'A' + byte(i/17576)}) + "DEFF"
		},
		"domain": func(i int) string { return fmt.Sprintf("x%d.org", i) },
		"iban":   func(i int) string { return fmt.Sprintf("DE%02d37040044053%07d", 2+i%97, i/97) },
		"vat":    func(i int) string { return fmt.Sprintf("DE%05d", i) },
		"token":  func(i int) string { return fmt.Sprintf("sk_live_ab%05dCDEFGHIJKLMNopqrst", i) },
	}
	for _, k := range Kinds() {
		if !k.Injective || gen[k.Name] == nil {
			continue
		}
		f := one(t, 1, "text", Mask{Kind: k.Name}, unique)
		seen := make(map[string]int, 100000)
		for i := range 50000 {
			v := gen[k.Name](i)
			out := f(v)
			if before, dup := seen[out]; dup {
				t.Errorf("%s: %q and %q meet", k.Name, gen[k.Name](before), v)
				break
			}
			seen[out] = i
		}
	}
}

func TestSeedOfTheIdea(t *testing.T) {
	tmpl := func(s string) *Mask { return &Mask{Kind: "template", Params: params{"value": s}} }
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Keys: [][]int{{0}}, Columns: []Column{
		{Name: "id", Type: Type{Name: "int4"}, Unique: true},
		{Name: "email", Type: Type{Name: "text"}, Unique: true, Mask: tmpl("user_{{.id}}@example.com")},
		{Name: "name", Type: Type{Name: "text"}, Mask: tmpl("User {{.id}}")},
		{Name: "phone", Type: Type{Name: "text"}, Mask: tmpl("555-{{pad 7 .id}}")},
		{Name: "note", Type: Type{Name: "text"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.NewRewriter().AppendRow(nil, []byte(`17	anna@x.org	Anna	+49 30 1	C:\\New\tx`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `17	user_17@example.com	User 17	555-0000017	C:\\New\tx`; string(out) != want {
		t.Errorf("got  %s\nwant %s", out, want)
	}
}

func TestEntityCoherence(t *testing.T) {
	secret := testSecret(t, 1)
	col := func(kind string, p params) Column {
		typ := "text"
		if kind == "date" {
			typ = "date"
		}
		return Column{Name: kind, Type: Type{Name: typ}, Mask: &Mask{Kind: kind, Params: p}}
	}
	shift := params{"shift": "60d"}
	users, err := Compile(secret, Table{Entity: 0, EntityDomain: "users(id)", Columns: []Column{
		{Name: "id", Type: Type{Name: "int4"}}, col("person.name", nil), col("person.first", nil), col("person.last", nil),
		col("address.city", nil), col("address.state", nil), col("date", shift), col("date", shift),
	}})
	if err != nil {
		t.Fatal(err)
	}
	orders, err := Compile(secret, Table{Entity: 1, EntityDomain: "users(id)", Columns: []Column{
		col("person.name", nil), {Name: "user_id", Type: Type{Name: "int8"}}, col("address.city", nil),
	}})
	if err != nil {
		t.Fatal(err)
	}
	u, o := users.NewRewriter(), orders.NewRewriter()
	stateOf := map[string]string{}
	for _, p := range usPlaces() {
		stateOf[p.city] = p.state
	}
	for id := range 300 {
		row, err := u.AppendRow(nil, fmt.Appendf(nil, "%d\ta\tb\tc\td\teee\t2024-01-31\t2024-03-01", id))
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Split(string(row), "\t")
		if f[1] != f[2]+" "+f[3] {
			t.Errorf("name %q is not %q and %q", f[1], f[2], f[3])
		}
		if stateOf[f[4]] != f[5] {
			t.Errorf("%s is not in %s", f[4], f[5])
		}
		a, _ := time.Parse(time.DateOnly, f[6])
		b, err := time.Parse(time.DateOnly, f[7])
		if err != nil || b.Sub(a) != 30*24*time.Hour {
			t.Errorf("the distance of %s and %s is not what it was", f[6], f[7])
		}
		other, err := o.AppendRow(nil, fmt.Appendf(nil, "z\t%d\ty", id))
		if err != nil {
			t.Fatal(err)
		}
		if want := f[1] + "\t" + f[0] + "\t" + f[4]; string(other) != want {
			t.Errorf("another table has %q, want %q", other, want)
		}
	}
}

func TestDateArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		day := time.Date(1+rng.IntN(9000), 1, 1+rng.IntN(366), 0, 0, 0, 0, time.UTC)
		by := rng.IntN(80000) - 40000
		want := day.AddDate(0, 0, by)
		if want.Year() < 1 || want.Year() > 9999 {
			continue
		}
		d, ok := parseDate([]byte(day.Format(time.DateOnly) + " 12:34:56.789+00"))
		if !ok {
			t.Fatal("not parsed")
		}
		if got := string(d.move(int64(by)).append(nil)); got != want.Format(time.DateOnly)+" 12:34:56.789+00" {
			t.Fatalf("%s and %d days is %s, want %s", day.Format(time.DateOnly), by, got, want.Format(time.DateOnly))
		}
	}
	d, _ := parseDate([]byte("0001-01-05 BC"))
	if got := string(d.move(366).append(nil)); got != "0001-01-05" { // 1 BC is a leap year
		t.Errorf("across the year zero: %s", got)
	}
}

func TestOutsideTheFormat(t *testing.T) {
	for kind, v := range map[string]string{
		"email": "n/a, call Anna", "phone": "ask Anna at the desk", "card": "none (Anna)", "iban": "Anna", "vat": "Ännä 1", "token": "Ännä", "uuid": "Anna", "ip": "Anna",
	} {
		for _, c := range []func(*Column){func(*Column) {}, unique, func(c *Column) { c.Type = Type{Name: "varchar", Length: 36} }} {
			out := one(t, 1, "text", Mask{Kind: kind}, c)(v)
			if strings.Contains(out, "nn") && strings.Contains(out, "A") || out == v || out == "" {
				t.Errorf("%s: %q becomes %q", kind, v, out)
			}
		}
	}
}

func TestNullsEmptyAndArrays(t *testing.T) {
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
		{Name: "a", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
		{Name: "b", Type: Type{Name: "text"}, Mask: &Mask{Kind: "null"}},
		{Name: "c", Type: Type{Name: "_text", Elem: &Type{Name: "text"}}, Mask: &Mask{Kind: "hash", Params: params{"length": int64(8)}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	out, err := r.AppendRow(nil, []byte(`\N	x	{"a b",NULL,c`))
	if err != nil {
		t.Fatal(err)
	}
	if f := strings.Split(string(out), "\t"); f[0] != `\N` || f[1] != `\N` || f[2] != "{}" {
		t.Errorf("got %s", out) // not an array of one depth: hidden as a whole
	}
	out, _ = r.AppendRow(nil, []byte("\tx\t{\"a b\",NULL,cd}"))
	f := strings.Split(string(out), "\t")
	if f[0] != "" || !strings.Contains(f[2], ",NULL,") || strings.Contains(f[2], "a b") || len(f[2]) != len("{12345678,NULL,12345678}") {
		t.Errorf("got %s", out)
	}
}

func TestCompileProblems(t *testing.T) {
	for _, c := range []struct {
		col  Column
		want string
	}{
		{Column{Name: "mail", Type: Type{Name: "text"}, Mask: &Mask{Kind: "emial"}}, `column mail: mask "emial" is unknown`},
		{Column{Type: Type{Name: "text"}, Mask: &Mask{Kind: "name"}}, "did you mean person.name"},
		{Column{Type: Type{Name: "int4"}, Mask: &Mask{Kind: "email"}}, "does not fit type int4"},
		{Column{Type: Type{Name: "text"}, NotNull: true, Mask: &Mask{Kind: "null"}}, "NOT NULL"},
		{Column{Type: Type{Name: "text"}, Unique: true, Mask: &Mask{Kind: "person.name"}}, "use one of"},
		{Column{Type: Type{Name: "varchar", Length: 20}, Unique: true, Mask: &Mask{Kind: "email"}}, "needs 28 characters"},
		{Column{Type: Type{Name: "text"}, Mask: &Mask{Kind: "email", Params: params{"domian": "x"}}}, `no parameter "domian"`},
		{Column{Type: Type{Name: "date"}, Mask: &Mask{Kind: "date", Params: params{"shift": "soon"}}}, "shift must be days"},
		{Column{Name: "c", Type: Type{Name: "text"}, Unique: true, Mask: &Mask{Kind: "template", Params: params{"value": "x{{.c}}"}}}, "unique"},
		{Column{Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"a": "email"}, "other": "keep"}}}, "begin it with $"},
	} {
		_, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{c.col}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s on %s: error is %v, want %q", c.col.Mask.Kind, c.col.Type.Name, err, c.want)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	for _, s := range samples() {
		if s.kind == "regexp" {
			continue // the library allocates
		}
		p, err := compileFilled(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
			{Name: "a", Type: Type{Name: "text"}},
			{Name: "c", Type: Type{Name: s.typ}, Mask: &Mask{Kind: s.kind, Params: s.params}},
			{Name: "z", Type: Type{Name: "text"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		r := p.NewRewriter()
		for _, v := range s.values {
			if v == "2001:db8::1" || strings.Contains(v, "\\") || strings.Contains(v, "ë") {
				continue
			}
			row := append([]byte("before\t"), copyfmt.AppendEscaped(nil, []byte(v))...)
			row = append(row, "\tbehind"...)
			var dst []byte
			run := func() { dst, _ = r.AppendRow(dst[:0], row) }
			run()
			if n := testing.AllocsPerRun(200, run); n > 0 {
				t.Errorf("%s: %v allocations a row for %q", s.kind, n, v)
			}
			if !bytes.HasPrefix(dst, []byte("before\t")) || !bytes.HasSuffix(dst, []byte("\tbehind")) {
				t.Errorf("%s: the neighbours changed: %s", s.kind, dst)
			}
			tuple, ok := tupleOf(p, row)
			if !ok || p.TextOnly() != "" {
				continue
			}
			binary := p.NewBinaryRewriter()
			run = func() { dst, _ = binary.AppendRow(dst[:0], tuple) }
			run()
			if n := testing.AllocsPerRun(200, run); n > 0 {
				t.Errorf("%s in binary: %v allocations a row for %q", s.kind, n, v)
			}
		}
	}
}

func FuzzAppendRow(f *testing.F) {
	f.Add([]byte("a\tb@c.de\t{\"a\": [1, \"x\"]}\t{a,b}\tcall +49 30 1234567\t4111111111111111\t2024-01-01"))
	f.Add([]byte("\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N"))
	f.Add([]byte("\\\\\t\\x41@\t{\\\"\t{\\\\\t@@.\t\\1\t-"))
	p, err := Compile(testSecret(f, 1), Table{Entity: 0, EntityDomain: "x", Columns: []Column{
		{Name: "k", Type: Type{Name: "text"}},
		{Name: "e", Type: Type{Name: "varchar", Length: 40}, Mask: &Mask{Kind: "email"}},
		{Name: "j", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$..a": "person.name", "$.b": "number"}, "other": "deny"}}},
		{Name: "r", Type: Type{Name: "_text", Elem: &Type{Name: "text"}}, Mask: &Mask{Kind: "token"}},
		{Name: "s", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
		{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "card"}},
		{Name: "d", Type: Type{Name: "date"}, Mask: &Mask{Kind: "date", Params: params{"shift": "9d"}}},
	}[:7]})
	if err == nil {
		f.Fatal("number in json without parameters compiles")
	}
	cols := []Column{
		{Name: "k", Type: Type{Name: "text"}},
		{Name: "e", Type: Type{Name: "varchar", Length: 40}, Mask: &Mask{Kind: "email"}},
		{Name: "j", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$..a": "person.name", "$.b": "text"}, "other": "deny"}}},
		{Name: "r", Type: Type{Name: "_text", Elem: &Type{Name: "text"}}, Mask: &Mask{Kind: "token"}},
		{Name: "s", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
		{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "card"}},
		{Name: "d", Type: Type{Name: "date"}, Mask: &Mask{Kind: "date", Params: params{"shift": "9d"}}},
	}
	if p, err = Compile(testSecret(f, 1), Table{Entity: 0, EntityDomain: "x", Columns: cols}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		if bytes.IndexByte(row, '\n') >= 0 {
			return
		}
		out, err := p.NewRewriter().AppendRow(nil, row)
		if fields := bytes.Count(row, []byte("\t")) + 1; (err == nil) != (fields == len(cols)) {
			t.Fatalf("%d fields: %v", fields, err)
		}
		if err != nil {
			return
		}
		if err := agree(p.NewRewriter(), row, out); err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(out, '\n') >= 0 || bytes.Count(out, []byte("\t")) != len(cols)-1 {
			t.Fatalf("the number of fields changed: %q", out)
		}
		for in, got := row, out; ; {
			a, restIn, last := copyfmt.Cut(in)
			b, restOut, _ := copyfmt.Cut(got)
			if copyfmt.IsNull(a) != copyfmt.IsNull(b) {
				t.Fatalf("NULL comes or goes: %q %q", a, b)
			}
			if in, got = restIn, restOut; last {
				break
			}
		}
	})
}

func BenchmarkKinds(b *testing.B) {
	for _, s := range samples() {
		b.Run(s.kind, func(b *testing.B) {
			p, err := compileFilled(testSecret(b, 1), Table{Entity: -1, Columns: []Column{{Name: "c", Type: Type{Name: s.typ}, Mask: &Mask{Kind: s.kind, Params: s.params}}}})
			if err != nil {
				b.Fatal(err)
			}
			r, row := p.NewRewriter(), copyfmt.AppendEscaped(nil, []byte(s.values[0]))
			b.SetBytes(int64(len(row)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = r.AppendRow(dst[:0], row)
			}
		})
	}
}
