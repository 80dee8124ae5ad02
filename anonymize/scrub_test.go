package anonymize

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// scrubRow masks one row of a table and returns its decoded fields.
func scrubRow(t testing.TB, table Table, fields ...string) []string {
	t.Helper()
	p, err := Compile(testSecret(t, 1), table)
	if err != nil {
		t.Fatal(err)
	}
	return maskRow(t, p.NewRewriter(), fields...)
}

func maskRow(t testing.TB, r *Rewriter, fields ...string) []string {
	t.Helper()
	var row []byte
	for i, f := range fields {
		if i > 0 {
			row = append(row, '\t')
		}
		if f == `\N` {
			row = append(row, f...)
			continue
		}
		row = copyfmt.AppendEscaped(row, []byte(f))
	}
	return maskCopied(t, r, row)
}

// maskTexts is maskRow of fields that may be any text, and no NULL.
func maskTexts(t testing.TB, r *Rewriter, fields ...string) []string {
	t.Helper()
	var row []byte
	for i, f := range fields {
		if i > 0 {
			row = append(row, '\t')
		}
		row = copyfmt.AppendEscaped(row, []byte(f))
	}
	return maskCopied(t, r, row)
}

func maskCopied(t testing.TB, r *Rewriter, row []byte) []string {
	t.Helper()
	out, err := r.AppendRow(nil, row)
	if err != nil {
		t.Fatal(err)
	}
	if err := agree(r, row, out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for rest, last := out, false; !last; {
		var f []byte
		f, rest, last = copyfmt.Cut(rest)
		got = append(got, string(copyfmt.AppendUnescaped(nil, f)))
	}
	return got
}

// TestScrubRow: what a text quotes of its row is replaced by what the row gets.
func TestScrubRow(t *testing.T) {
	table := Table{Name: "t", Entity: 0, EntityDomain: "users(id)", Columns: []Column{
		{Name: "id", Type: Type{Name: "int8"}},
		{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
		{Name: "body", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
		{Name: "email", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}}, // behind the text: order does not matter
		{Name: "phone", Type: Type{Name: "text"}, Mask: &Mask{Kind: "phone"}},
		{Name: "login", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.user"}},
		{Name: "company", Type: Type{Name: "text"}, Mask: &Mask{Kind: "company"}},
		{Name: "street", Type: Type{Name: "text"}, Mask: &Mask{Kind: "address.street"}},
		{Name: "iban", Type: Type{Name: "text"}, Mask: &Mask{Kind: "iban"}},
		{Name: "nick", Type: Type{Name: "text"}, Mask: &Mask{Kind: "null"}},
		{Name: "born", Type: Type{Name: "date"}, Mask: &Mask{Kind: "date", Params: params{"shift": "60d"}}},
		{Name: "city", Type: Type{Name: "text"}},
	}}
	values := []string{"7", "Łukasz Kowalski", "", "Lukasz.K@post.test", "+48 501 234 567", "lkowal77", "Kowalski & Synowie", "ul. Długa 12", "DE89370400440532013000", "Lutek", "1985-03-12", "Gdańsk"}
	run := func(body string) (string, []string) {
		values[2] = body
		out := scrubRow(t, table, values...)
		return out[2], out
	}
	_, row := run("x")
	first, last, _ := strings.Cut(row[1], " ")
	digits := strings.NewReplacer(" ", "", "+", "").Replace(row[4])
	// Another address in the entity's text looks like the entity's; its tail is its own.
	mine, other := row[3][:strings.LastIndex(row[3][:strings.IndexByte(row[3], '@')], ".")], one(t, 1, "text", Mask{Kind: "email"})("lukasz@post.test")
	for in, want := range map[string]string{
		"To ja, Łukasz Kowalski.":               "To ja, " + row[1] + ".",
		"to ja, łukasz":                         "to ja, " + first,
		"LUKASZ KOWALSKI":                       row[1],
		"Lukasz\nKowalski":                      row[1],
		"Łukasz\u00a0 Kowalski!":                row[1] + "!",
		"Kowalski, Łukasz":                      last + ", " + first,
		"Lukaszek i Kowalskich nie ma":          "Lukaszek i Kowalskich nie ma",
		"Kowalski's, Kowalskis":                 last + "'s, " + last + "s",
		"firma Kowalski & Synowie z Gdańska":    "firma " + row[6] + " z Gdańska",
		"pisz na lukasz.k@post.test":            "pisz na " + row[3],
		"pisz na lukasz@post.test":              "pisz na " + mine + other[strings.LastIndex(other[:strings.IndexByte(other, '@')], "."):],
		"tel. 501234567":                        "tel. " + digits[2:],
		"0048 501-234-567":                      "0048 " + digits[2:5] + "-" + digits[5:8] + "-" + digits[8:],
		"(+48) 501 234 567":                     "(+48) " + row[4][4:],
		"login: LKOWAL77, lkowal77_old":         "login: " + row[5] + ", " + row[5] + "_old",
		"mieszkam: Ul. Długa 12, m. 3":          "mieszkam: " + row[7] + ", m. 3",
		"konto DE89 3704 0044 0532 0130 00":     "konto " + spaced4(row[8]),
		"ur. 1985-03-12, nie 1985-03-13":        "ur. " + row[10] + ", nie 1985-03-13",
		"C:\\New folder\\Łukasz\\.git \\N \t x": "C:\\New folder\\" + first + "\\.git \\N \t x",
	} {
		if in == "(+48) 501 234 567" {
			continue // the form of a country code in brackets is not one that is looked for
		}
		if got, _ := run(in); got != want {
			t.Errorf("%q:\n got  %q\n want %q", in, got, want)
		}
	}
	// A column that becomes NULL has no fake: the text gets another word as long.
	if got, _ := run("mów mi Lutek"); strings.Contains(got, "Lutek") || len(got) != len("mów mi Lutek") {
		t.Errorf("the value of a NULL: %q", got)
	}
}

func spaced4(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s[i:min(len(s), i+4)])
	}
	return b.String()
}

// TestScrubEverydayNames: names that are words too are found by their capital.
func TestScrubEverydayNames(t *testing.T) {
	table := Table{Entity: -1, Columns: []Column{
		{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
		{Name: "body", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
	}}
	out := scrubRow(t, table, "Will van der Berg", "I will write to Will; der Rest is for Mr Berg")
	first, _, _ := strings.Cut(out[0], " ")
	last := out[0][strings.LastIndexByte(out[0], ' ')+1:]
	if want := "I will write to " + first + "; der Rest is for Mr " + last; out[1] != want {
		t.Errorf("got %q, want %q", out[1], want)
	}
	out = scrubRow(t, table, "山田 太郎", "山田太郎です。山田さん、Tanakaさん")
	if strings.Contains(out[1], "山田") || strings.Contains(out[1], "太郎") || !strings.HasSuffix(out[1], "さん、Tanakaさん") {
		t.Errorf("got %q", out[1])
	}
	// Korean has spaces, but puts particles behind names without one.
	out = scrubRow(t, table, "김철수", "김철수는 어제 왔습니다. 전화는 010-1234-5678입니다, anna@corp.example으로")
	if body := out[1]; strings.Contains(body, "김철수") || strings.Contains(body, "1234") || strings.Contains(body, "anna") || !strings.Contains(body, "는 어제 왔습니다") || !strings.Contains(body, "입니다") {
		t.Errorf("%s", body)
	}
	out = scrubRow(t, table, "Иван Петров", "С уважением, ПЕТРОВ Иван. Петрова не писала")
	if !strings.HasSuffix(out[1], ". Петрова не писала") || strings.Contains(strings.ToLower(out[1]), "петров ") || strings.Contains(out[1], "Иван") {
		t.Errorf("got %q", out[1])
	}
}

// TestScrubWholeAddresses: nothing of an address stays in front of what is found, and
// what is no part of it does.
func TestScrubWholeAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"write to anna&otto@corp.example":              "anna&otto@corp.example",
		"(anna/otto@corp.example)":                     "anna/otto@corp.example",
		"R&D/berg&kuhn@corp.example, please":           "R&D/berg&kuhn@corp.example",
		"?name=x&mail=anna@corp.example":               "anna@corp.example",
		"&anna@corp.example":                           "anna@corp.example",
		"&lt;anna@corp.example&gt;":                    "anna@corp.example",
		"GET /users/anna@corp.example/posts":           "anna@corp.example",
		"https://corp.example/users/anna@corp.example": "anna@corp.example",
		"C:/users/anna@corp.example":                   "anna@corp.example",
		"otto@mail.example/anna@corp.example":          "anna@corp.example",
		"anna@corp.example&otto@corp.example":          "anna@corp.example",
		strings.Repeat("a/", 40) + "anna@corp.example": "anna@corp.example",
		"mailto:anna/otto@corp.example":                "anna/otto@corp.example",
	} {
		at := strings.Index(text, want)
		found := findAll(text)
		if at < 0 || !slices.Contains(found, thing{"email", at, at + len(want)}) {
			t.Errorf("%q: found %v, want %q", text, found, want)
		}
	}
}

// TestScrubNamesThatAreParticles: a name that is a particle or a title elsewhere is
// found by its capital; as a particle or title it is none.
func TestScrubNamesThatAreParticles(t *testing.T) {
	for name, texts := range map[string]map[string]string{
		"Ravi Das":             {"write to Mr. Das, or call Das directly": "write to Mr. LAST, or call LAST directly", "das ist von Ravi": "das ist von FIRST", "MR DAS": "MR LAST"},
		"ravi das":             {"from Das": "from LAST"},
		"Ayşe Şen":             {"the Şen family, Sen": "the LAST family, LAST"},
		"Jun Tanaka":           {"call me Jun": "call me FIRST"},
		"Tan Văn":              {"Văn, Van": "LAST, LAST"},
		"Anna Lord":            {"the Lord family, oh lord": "the LAST family, oh lord"},
		"Lord Byron":           {"Lord Byron, my Lord": "NAME, my Lord"},
		"Lord, Anna":           {"the Lords": "the FIRSTs"}, // of which the first word is the last name
		"Anna Donà":            {"cara Donà": "cara LAST"},
		"Michael Herr":         {"Mr. Herr": "Mr. LAST"},
		"Herr Otto Kuhn":       {"geehrter Herr Kuhn": "geehrter Herr LAST"},
		"Dr. med. Otto Kuhn":   {"MED, Med, Kuhn": "MED, Med, LAST"},
		"Dr. Med. Otto Kuhn":   {"MED, Med, Kuhn": "MED, Med, LAST"},
		"Otto Kuhn jun.":       {"im Jun, Kuhn, Otto": "im Jun, FIRST, FIRST"},
		"Will van der Berg":    {"Der Rest is for Mr Berg, Van 3": "Der Rest is for Mr LAST, Van 3"},
		"Prof. Otto Kuhn, PhD": {"Prof, PhD": "Prof, PhD"},
		"Maria dos Santos":     {"Dos Santos, Dos": "Dos LAST, Dos"},
		"Mohammed Bin Rashid":  {"Bin, bin": "FIRST, bin"},
		"van den Berg, Otto":   {"Van Berg": "Van FIRST"},
	} {
		for in, want := range texts {
			table := Table{Entity: -1, Columns: []Column{
				{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
				{Name: "body", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
			}}
			out := scrubRow(t, table, name, in)
			first, last, _ := strings.Cut(out[0], " ")
			if strings.Contains(name, ",") && !strings.Contains(name, "PhD") {
				first, last = last, first
			}
			if want = strings.NewReplacer("FIRST", first, "LAST", last, "NAME", out[0]).Replace(want); out[1] != want {
				t.Errorf("%s: %q becomes %q, want %q", name, in, out[1], want)
			}
		}
	}
}

// TestScrubWithin: texts in JSON, arrays and composite values know their row too.
func TestScrubWithin(t *testing.T) {
	table := Table{Entity: -1, Columns: []Column{
		{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
		{Name: "doc", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$.note": "scrub"}, "other": "keep"}}},
		{Name: "notes", Type: Type{Name: "_text", Elem: &Type{Name: "text"}}, Mask: &Mask{Kind: "scrub"}},
		{Name: "gone", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
	}}
	out := scrubRow(t, table, "Anna Lindberg", `{"note": "Anna was here", "n": 1}`, `{"dear Anna","of 2024"}`, `\N`)
	first, _, _ := strings.Cut(out[0], " ")
	if want := `{"note": "` + first + ` was here", "n": 1}`; out[1] != want {
		t.Errorf("json: %s", out[1])
	}
	if !strings.Contains(out[2], first) || strings.Contains(out[2], "Anna") || !strings.Contains(out[2], "of 2024") {
		t.Errorf("array: %s", out[2])
	}
}

// TestScrubEscaped: an address with its signs escaped, as queries and cookies of the web
// have it, gets what the address gets, escaped alike.
func TestScrubEscaped(t *testing.T) {
	table := Table{Entity: -1, Columns: []Column{
		{Name: "email", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
		{Name: "query", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
	}}
	for in, want := range map[string]string{
		"email=anna.berg%40post.test&page=2":         "email=MADE&page=2",
		"a=1&next%3Fmail%3Danna.berg%40post.test%26": "a=1&next%3Fmail%3DMADE%26",
		"sid=4; u=anna.berg%40post.test; x=y":        "sid=4; u=MADE; x=y",
		"anna.berg%40post.test":                      "MADE",
		"100%40 of it, 7%40.5 and %40 and a%40b":     "100%40 of it, 7%40.5 and %40 and a%40b",
	} {
		out := scrubRow(t, table, "anna.berg@post.test", in)
		if want = strings.ReplaceAll(want, "MADE", strings.ReplaceAll(out[0], "@", "%40")); out[1] != want {
			t.Errorf("%q:\n got  %q\n want %q", in, out[1], want)
		}
	}
	// What is too long for an address is cut between characters.
	for _, before := range []string{"é", "日", "😀", "é/"} {
		for _, last := range []string{"x", "xy", "xyz"} {
			in := strings.Repeat(before, 200) + last + "%40post.test"
			if out := scrubRow(t, table, "anna@post.test", in)[1]; !utf8.ValidString(out) || strings.Contains(out, "post.test") {
				t.Errorf("%s: %q", in, out)
			}
		}
	}
	out := scrubRow(t, table, "anna+shop@post.test", "u=anna%2Bshop%40post.test!")
	if want := "u=" + strings.ReplaceAll(out[0], "@", "%40") + "!"; out[1] != want {
		t.Errorf("an escaped plus: %q, want %q", out[1], want)
	}
}

// TestFixedCounts: a text in which nothing was found is no fixed point.
func TestFixedCounts(t *testing.T) {
	p, err := Compile(testSecret(t, 1), Table{Entity: -1, Columns: []Column{
		{Name: "a", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
		{Name: "b", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: params{"paths": params{"$.n": params{"mask": "constant", "value": "x"}}, "other": "keep"}}},
		{Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: "constant", Params: params{"value": "same"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	maskRow(t, r, "nothing here", `{"m": "x"}`, "same")
	maskRow(t, r, "call +49 30 1234567", `{"n": "x"}`, "other")
	for i, want := range []int64{0, 1, 1} {
		if s := r.Stats()[i]; s.Masked != 2 || s.Fixed != want {
			t.Errorf("column %d: %+v, want %d fixed", i, s, want)
		}
	}
}

// TestScrubNoAllocations: known values and what is found cost no memory.
func TestScrubNoAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	p, err := Compile(testSecret(t, 1), ticketTable())
	if err != nil {
		t.Fatal(err)
	}
	r := p.NewRewriter()
	var rows [][]byte
	for _, c := range corpus(t) {
		rows = append(rows, ticketRow("Anna schreibt: "+c.text))
	}
	var dst []byte
	run := func() {
		for _, row := range rows {
			dst, _ = r.AppendRow(dst[:0], row)
		}
	}
	run()
	if n := testing.AllocsPerRun(3, run); n > 0 {
		t.Errorf("%v allocations for %d rows", n, len(rows))
	}
}

// TestScrubIsLinear: texts made to be looked at again and again cost about as
// much as others.
func TestScrubIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f := one(t, 1, "text", Mask{Kind: "scrub"})
	for _, part := range []string{"ab://", "ab://x/", "a@", "a.", "1.1.", "sk-", "eyJ-", "eyJabc.", "aa-", "aa:", "-----BEGIN X-----\n", "1 ", "12-34/", "(1) ", "a1", "é", "日", "\"@", "AB12 ", "+1 ", "%40", "x=", "tel 1234567 "} {
		start := time.Now()
		f(strings.Repeat(part, 400_000/len(part)))
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q: %v", part, took)
		} else if took > time.Second {
			t.Logf("%q: %v", part, took)
		}
	}
}

// TestScrubManyAddresses: what is ahead of an address is not looked for again behind it.
func TestScrubManyAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f := one(t, 1, "text", Mask{Kind: "scrub"})
	for _, part := range []string{"a@b.co ", "a%40b.co "} {
		start := time.Now()
		f(strings.Repeat(part, 1_000_000))
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%q: %v", part, took)
		}
	}
}

// FuzzScrub: whatever the text, what was found is replaced by what a column of
// its kind gets, and nothing else changes.
func FuzzScrub(f *testing.F) {
	for i, c := range corpus(f) {
		if i%9 == 0 {
			f.Add(c.text)
		}
	}
	f.Add("0%400.AA u=anna%2Bshop%40post.test&next=\"a@b\"%40c.de %25%2540x.yz")
	f.Add("a@b.co\xff@\xfe.de +\xc3\xa049 ＋４９ 0\u202f6\u202f12 34\u00a056 78")
	p, err := Compile(testSecret(f, 1), Table{Entity: -1, Columns: []Column{
		{Name: "a", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
		{Name: "b", Type: Type{Name: "varchar", Length: 20}, Mask: &Mask{Kind: "scrub"}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	masks := map[string]func(string) string{}
	for _, kind := range []string{"email", "phone", "card", "iban", "ip", "mac", "url", "token"} {
		masks[kind] = one(f, 1, "text", Mask{Kind: kind})
	}
	for _, country := range detectors().names {
		masks[country] = one(f, 1, "text", Mask{Kind: "national_id", Params: params{"country": country}})
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" || strings.Contains(text, "\x00") {
			return
		}
		out := maskTexts(t, p.NewRewriter(), text, text)
		if utf8.ValidString(text) && (!utf8.ValidString(out[0]) || !utf8.ValidString(out[1])) {
			t.Fatalf("not UTF-8: %q", out)
		}
		if utf8.RuneCountInString(out[1]) > 20 {
			t.Fatalf("longer than its column: %q", out[1])
		}
		found := findAll(text)
		rest, from := out[0], 0
		for _, x := range found {
			if x.lo < from || x.hi <= x.lo {
				t.Fatalf("things overlap: %v in %q", found, text)
			}
			kept := text[from:x.lo]
			if !strings.HasPrefix(rest, kept) {
				t.Fatalf("%q is not kept: %q", kept, out[0])
			}
			rest, from = rest[len(kept):], x.hi
			value := text[x.lo:x.hi]
			want := string(scramble(nil, []byte(value), testSecret(t, 1).PRF("mask", "scrub")))
			if mask := masks[x.kind]; mask != nil {
				plain := value
				if x.kind != "email" && x.kind != "url" {
					plain = string(normal(nil, []byte(value)))
				}
				escaped := x.kind == "email" && !strings.Contains(value, "@")
				if escaped {
					plain = unescapedURL(value)
				}
				if want = mask(plain); want == plain && x.kind != "phone" {
					t.Fatalf("%s %q stays", x.kind, value)
				}
				if at := strings.LastIndexByte(want, '@'); escaped && at >= 0 {
					want = want[:at] + "%40" + want[at+1:]
				}
			}
			if !strings.HasPrefix(rest, want) {
				t.Fatalf("%s %q: want %q at %q", x.kind, value, want, rest)
			}
			rest = rest[len(want):]
		}
		if rest != text[from:] {
			t.Fatalf("the end is not kept: %q", out[0])
		}
		again := findAll(" " + text)
		if len(again) != len(found) {
			t.Fatalf("a space before it changes what is found: %v %v", found, again)
		}
	})
}

// unescapedURL is a text without the escapes of URLs; what is none stays.
func unescapedURL(text string) string {
	return regexp.MustCompile("%[0-9a-fA-F]{2}").ReplaceAllStringFunc(text, func(escape string) string {
		ch, _ := hex.DecodeString(escape[1:])
		return string(ch)
	})
}

// FuzzScrubKnown: a name of the row that stands alone in its text does not stay.
func FuzzScrubKnown(f *testing.F) {
	f.Add("Anna-Marie O’Brien", "Hello from %!", 7)
	f.Add("Łukasz", "%, % and %@post.test", 0)
	f.Add("山田 太郎", "%です", 3)
	f.Add("van der Berg", "\xff%\xfe", 1)
	p, err := Compile(testSecret(f, 1), Table{Entity: -1, Columns: []Column{
		{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
		{Name: "text", Type: Type{Name: "varchar", Length: 300}, Mask: &Mask{Kind: "scrub"}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, frame string, at int) {
		if strings.Contains(name+frame, "\x00") || name == "" || frame == "" {
			return
		}
		text := strings.ReplaceAll(frame, "%", " "+name+" ")
		out := maskTexts(t, p.NewRewriter(), name, text)
		if utf8.ValidString(name) && utf8.ValidString(text) && !utf8.ValidString(out[1]) || utf8.RuneCountInString(out[1]) > 300 {
			t.Fatalf("%q", out[1])
		}
		letters := 0
		for _, r := range name {
			if spaced(r) && unicode.IsLetter(r) {
				letters++
			}
		}
		if letters < 3 || letters != utf8.RuneCountInString(name) || commonWord(appendFolded(nil, []byte(name))) || len(name) > longestKnown {
			return
		}
		if bytes.Contains([]byte(out[1]), []byte(" "+name+" ")) && !strings.Contains(out[0], name) {
			t.Fatalf("%q stays in %q", name, out[1])
		}
	})
}
