package leak

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pgstandin/pgstandin/keyed"
)

func testSecret(t testing.TB) *keyed.Secret {
	t.Helper()
	s, err := keyed.ParseSecret([]byte(strings.Repeat("3c", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scanned fills a filter with originals and returns the number of fields in
// which they are found, confirmed.
func scanned(t testing.TB, originals []string, outputs []string, shape Shape, fields ...string) (hits, common int64) {
	t.Helper()
	f := New(testSecret(t), Options{})
	c := f.Collector()
	for _, v := range originals {
		c.Row()
		c.Original([]byte(v), 0)
	}
	for _, v := range outputs {
		c.Output([]byte(v), true)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	sus := NewSuspects()
	s := f.Scanner(sus)
	for _, v := range fields {
		s.Field("t.c", shape, []byte(v))
	}
	again := f.Confirmer(sus)
	for _, v := range originals {
		again.Original([]byte(v), 0)
	}
	for _, x := range sus.Findings() {
		hits += x.Fields
		common += x.Common
	}
	return hits, common
}

// TestFound looks for values in texts that spell them otherwise.
func TestFound(t *testing.T) {
	for _, c := range []struct {
		original, field string
		shape           Shape
		want            bool
	}{
		{"anna.berg@mail.example", "write to <Anna.Berg@MAIL.example>, please", Text, true},
		{"anna.berg@mail.example", "anna.berg@mail.exampleX", Text, false},
		{"Anna Berg", "Mrs. ANNA  BERG called", Text, true},
		{"Anna Berg", "Berg, Anna", Text, false},
		{"Zoë Müller", "zoe muller", Text, true},
		{"Zoe\u0308 Mu\u0308ller", "ZOË MÜLLER", Text, true},
		{"ANNA１２３", "anna123", Text, true},
		{"+49 30 100-001", "tel.: +49 (30) 100 001.", Text, true},
		{"192.168.17.4", "from 192.168.17.4:5432", Text, true},
		{"2001:db8::17:4", "from [2001:db8::17:4]", Text, true},
		{"12 Long Street, Old Town, AB1 2CD, United Kingdom", "to 12 long street\nold town AB1 2cd united", Text, true},
		{"12 Long Street, Old Town, AB1 2CD, United Kingdom", "12 long street old town", Text, false},
		{"12 Long Street, Old Town, AB1 2CD, United Kingdom", "in Old Town, AB1 2CD, United Kingdom", Text, true},
		{"12 Long Street, Old Town, AB1 2CD, United Kingdom", "long street old town ab1 2cd", Text, false},
		{"致张伟明先生您好", "伟明先生您好", Text, true},
		{"张伟明", "请联系张伟明先生", Text, true},
		{"マリア・ガルシア", "マリア ガルシアさん", Text, true},
		{"ヤマダ タロウゴロウ", "ﾔﾏﾀﾞ ﾀﾛｳｺﾞﾛｳ", Text, true},
		{"ﾊﾟｰﾍﾞﾙ ｳﾞｧﾝ", "パーベル・ヴァン様", Text, true},
		{"ヤマダ タロウゴロウ", "ヤマダ ハナコゴロウ", Text, false},
		{"ΑΝΔΡΕΑΣ", "ο ανδρεας ειναι", Text, true},
		{"Ανδρέας Παπαδόπουλος", "ΑΝΔΡΕΑΣ ΠΑΠΑΔΟΠΟΥΛΟΣ", Text, true},
		// Korean has spaces, but puts particles behind names and numbers without one.
		{"김철수", "김철수는 어제 왔습니다", Text, true},
		{"010-1234-5678", "전화번호는 010-1234-5678입니다", Text, true},
		{"anna.berg@mail.example", "anna.berg@mail.example으로 보내 주세요", Text, true},
		{"김철수", "김민수는 어제 왔습니다", Text, false},
		{"བཀྲ་ཤིས", "བཀྲ་ཤིས་ལགས", Text, true},
		{"anna.berg@mail.example", "?email=anna.berg%40mail.example&page=2", Text, true},
		{"Anna Berg-Stein", "name=Anna%20Berg%2dStein", Text, true},
		{"anna.berg%40mail.example", "to anna.berg@mail.example", Text, true},
		{"anna berg mail", "anna berg%41 mail", Text, false},
		{"short", "short", Text, false},
		{"1990-01-01", "born 1990-01-01", Text, false},
		{"1990-01-01 10:20:30.5+02", "born 1990-01-01 10:20:30.5+02", Text, false},
		{"1990-01-01T10:20:30.123456Z", "born 1990-01-01T10:20:30.123456Z", Text, false},
		{"1990-01-01 10:20:30+49151123", "born 1990-01-01 10:20:30+49151123", Text, true},
		{"0664-12-34 567890", "call 0664-12-34 567890", Text, true},
		{"0664-12-24 567890", "call 0664-12-24 567890", Text, true},
		{"1234567.89", "1234567.89", Text, false},
		{"-52.5200066", "at -52.5200066", Text, false},
		{"13.404953999999975", "at 13.404953999999975", Text, false},
		{"+49.15112345678", "call +49.15112345678", Text, true},
		{"49.15112345678", "call +49.15112345678", Text, true},
		{"+1.4155550132", "call 1.4155550132", Text, true},
		{"canary-0001", `{"a": {"b": ["x", "canary-0001"]}}`, JSON, true},
		{"canary-0001", `{"canary-0001": 1}`, JSON, true},
		{"canary 0001", `["canary", "0001"]`, JSON, false},
		{"line\nbreak\u00e9 x", `{"a": "line\nbreak\u00e9 x"}`, JSON, true},
		{"4930100001", `{"tel": 4930100001}`, JSON, true},
		{"canary-0001", `{abc,"x canary-0001",NULL}`, Array, true},
		{"canary 0001", `{canary,0001}`, Array, false},
		{"canary 0001", `(a,"x ""canary"" 0001",)`, Row, true},
		{"canary 0001", `(canary,0001)`, Row, false},
		{"canary-0001", "\x00\x01\xffcanary-0001\xfe\x00", Bytes, true},
		{"canary-0001", "<p>canary-0001</p>", Text, true},
		{"M\xfcller GmbH", "an M\xfcller GmbH", Text, true}, // of a database that is not UTF8
	} {
		hits, _ := scanned(t, []string{c.original}, nil, c.shape, c.field)
		if hits == 1 != c.want {
			t.Errorf("%q in %q: %d hits", c.original, c.field, hits)
		}
	}
}

// TestRowsAndOutputs counts values of many rows apart, and takes what a mask made
// for no leak.
func TestRowsAndOutputs(t *testing.T) {
	for n, want := range []int64{0, 1, 1, 1, 0, 0} {
		hits, common := scanned(t, append(make([]string, 0), repeat("Anna Berg", n)...), nil, Text, "with Anna Berg")
		if hits != want || (common == 1) != (n > 3) {
			t.Errorf("in %d rows: %d hits, %d common", n, hits, common)
		}
	}
	for value, want := range map[string]int64{
		"anna@mail.example": 1, "+49 30 100 001 7": 1, "DE89 3704 0044 0532 0130 00": 1, "192.168.100.101": 0, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36": 0, "customer 4711": 0, "@ home with us": 0,
	} {
		if hits, _ := scanned(t, repeat(value, 7), nil, Text, "with "+value+" in it"); hits != want {
			t.Errorf("%q in seven rows: %d hits, want %d", value, hits, want)
		}
	}
	for _, outputs := range [][]string{{"anna berg"}, {"other", "Anna  Berg"}} {
		if hits, _ := scanned(t, []string{"Anna Berg"}, outputs, Text, "with Anna Berg"); hits != 0 {
			t.Errorf("%d hits on an output", hits)
		}
	}
}

// TestOncePerRow counts rows, not what is in them: a value that one row has four
// times is no common one, whatever else is in the row.
func TestOncePerRow(t *testing.T) {
	for _, others := range []int{0, 1, 100, 10_000, 100_000} {
		for rows, want := range []int{0, 1, 1, 1, 0} {
			f := New(testSecret(t), Options{})
			c := f.Collector()
			for row := range rows {
				c.Row()
				for range 4 {
					c.Original([]byte("Anna Berg"), 0)
					for i := range others {
						c.Original(fmt.Appendf(nil, "row %d other %d", row, i), 0)
					}
				}
			}
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
			sus := NewSuspects()
			if f.Scanner(sus).Field("t.c", Text, []byte("with Anna Berg")); sus.Len() != want {
				t.Errorf("in %d rows, beside %d others: %d suspects", rows, others, sus.Len())
			}
		}
	}
}

func repeat(v string, n int) (out []string) {
	for range n {
		out = append(out, v)
	}
	return out
}

// TestLongValues counts the first and the last words of longer values by themselves.
func TestLongValues(t *testing.T) {
	var pages, letters []string
	for i := range 50 {
		pages = append(pages, fmt.Sprintf("https://www.corp.example/u/profile/view?user=anna%d&sig=%dx", i, 77*i))
		letters = append(letters, fmt.Sprintf("Dear support team, I would like to change my address, user%d@corp.example", i))
	}
	for _, c := range []struct {
		originals    []string
		field        string
		hits, common int64
	}{
		{pages, "seen: " + pages[7] + "!", 1, 0},
		{pages, "https://www.corp.example/u/profile/other", 0, 1},
		{letters, "Dear support team, I would like a quote", 0, 1},
		{letters, "he would like to change my address, user7@corp.example", 1, 0},
	} {
		if hits, common := scanned(t, c.originals, nil, Text, c.field); hits != c.hits || common != c.common {
			t.Errorf("%q: %d hits, %d common", c.field, hits, common)
		}
	}
}

// TestMarkup finds the texts of XML, in sections and comments too.
func TestMarkup(t *testing.T) {
	for doc, want := range map[string]string{
		`<note to="Anna Berg">hello</note>`:                "Anna Berg|hello",
		`<note><![CDATA[Anna <Berg>]]> and</note>`:         "Anna <Berg>| and",
		`<!-- it's --><b>Anna Berg</b><i>it's</i>`:         " it's |Anna Berg|it's",
		`<?xml version='1.0'?><a>x</a><!-- cut > in "two"`: "1.0|x| cut > in \"two\"",
	} {
		var got []string
		markup([]byte(doc), func(text []byte, _ part) {
			if len(text) > 0 {
				got = append(got, string(text))
			}
		})
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q", doc, got)
		}
	}
}

// TestEditedLong: what came of a long value is looked through in blocks, and words of
// the value are found at every place of it.
func TestEditedLong(t *testing.T) {
	f := New(testSecret(t), Options{})
	for _, lead := range []int{0, 1, blockWords - 6, blockWords - 5, blockWords - 1, blockWords, 3*blockWords + 7} {
		c := f.Collector()
		const value = "one two three four five six seven eight nine ten eleven twelve"
		c.Edited([]byte(value), []byte(strings.Repeat("w ", lead)+value+strings.Repeat(" w", 2*blockWords)), 0)
		if len(c.pending) != 0 {
			t.Errorf("behind %d words: %d fingerprints of what stays", lead, len(c.pending))
		}
		c.Edited([]byte(value), []byte(strings.Repeat("w ", lead)+"one two three four five"), 0)
		if len(c.pending) != 2 || cap(c.others) > 4*blockWords {
			t.Errorf("behind %d words: %d fingerprints, room for %d words", lead, len(c.pending), cap(c.others))
		}
	}
}

// TestLastWords cuts the same words from the end as from the beginning.
func TestLastWords(t *testing.T) {
	h, r := newHasher(testSecret(t)), rand.New(rand.NewPCG(5, 6))
	longer := 0
	for range 20000 {
		text := []byte(randomText(r, 20))
		words := h.cut(nil, text, 1<<30, false)
		at := further(text, words[:min(len(words), longest)])
		if at == 0 {
			if len(words) > longest {
				t.Fatalf("%q has no more than six words", text)
			}
			continue
		}
		longer++
		last := h.cut(nil, text[at:], 1<<30, false)
		if len(last) != longest || string(appendFolded(nil, text[at:], last, false)) != string(appendFolded(nil, text, words[len(words)-longest:], false)) {
			t.Fatalf("%q ends in %q", text, text[at:])
		}
	}
	if longer < 5000 {
		t.Errorf("only %d of 20000 are longer", longer)
	}
}

// TestAgain reads rows twice, as after a lost connection.
func TestAgain(t *testing.T) {
	f := New(testSecret(t), Options{})
	c := f.Collector()
	for _, again := range []bool{false, true, true, true, true} {
		c.Begin(again)
		c.Original([]byte("canary-0001"), 0)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	sus := NewSuspects()
	f.Scanner(sus).Field("t.c", Text, []byte("canary-0001"))
	if sus.Len() != 1 {
		t.Error("rows that were read again made a value common")
	}
}

// TestUnconfirmed reports nothing that the originals do not confirm.
func TestUnconfirmed(t *testing.T) {
	f := New(testSecret(t), Options{})
	c := f.Collector()
	c.Original([]byte("canary-0001"), 0)
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	sus := NewSuspects()
	f.Scanner(sus).Field("t.c", Text, []byte("canary-0001"))
	f.Confirmer(sus).Original([]byte("canary-0002"), 0)
	if got := sus.Findings(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestSharedNames(t *testing.T) {
	f := New(testSecret(t), Options{})
	c := f.Collector()
	for _, v := range []string{"Jennifer", "Przybylski", "Mary Jane", "canary17x"} {
		c.Original([]byte(v), 1)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := f.Counts(); n.Shared != 2 || n.Values != 2 {
		t.Errorf("%+v", n)
	}
}

// randomText makes texts of few words, so that sequences occur often.
func randomText(r *rand.Rand, most int) string {
	words := []string{"Anna", "berg", "ÄPFEL", "x", "17", "2024", "名", "long-word", "a.b@c", "a%40b", "%2B", "%", "4", "\xff", "…", "e\u0301t", "ﬁn"}
	var b strings.Builder
	for range r.IntN(most) {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteString([]string{" ", ", ", "", "\n", "-"}[r.IntN(5)])
	}
	return b.String()
}

// model says what the package does with strings and a map.
func model(h *hasher, originals []string, field string) bool {
	fold := func(v string, n int, from int) (string, int) {
		words := h.cut(nil, []byte(v), 1<<30, false)
		if from >= len(words) {
			return "", 0
		}
		all := len(words)
		words = words[from:min(from+n, len(words))]
		chars := 0
		for _, w := range words {
			chars += w.chars
		}
		if chars < shortest {
			return "", all
		}
		return string(appendFolded(nil, []byte(v), words, false)), all
	}
	known := map[string]bool{}
	for _, v := range originals {
		text, words := fold(v, longest, 0)
		known[text] = true
		text, _ = fold(v, longest, max(0, words-longest))
		known[text] = true
	}
	delete(known, "")
	for from := 0; ; from++ {
		for n := 1; n <= longest; n++ {
			text, words := fold(field, n, from)
			if words == 0 {
				return false
			}
			if from+n <= words && known[text] {
				return true
			}
		}
	}
}

// TestModel compares filter and scanner with a map of strings, on random texts.
func TestModel(t *testing.T) {
	h := newHasher(testSecret(t))
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 3000 {
		original, field := randomText(r, 9), randomText(r, 20)
		if r.IntN(3) == 0 {
			field += " " + strings.ToUpper(original) + " " + randomText(r, 20)
		}
		if isDate([]byte(original)) || isDecimal([]byte(original)) {
			continue
		}
		want := model(&h, []string{original}, field)
		hits, _ := scanned(t, []string{original}, nil, Text, field)
		if (hits == 1) != want {
			t.Fatalf("%q in %q: %d hits, the model says %v", original, field, hits, want)
		}
		if want {
			found++
		}
	}
	if found < 300 {
		t.Errorf("only %d were found", found)
	}
}

// TestLongText finds a value at the border of the blocks in which texts are cut.
func TestLongText(t *testing.T) {
	for lead := blockWords - 8; lead < blockWords+3; lead++ {
		text := strings.Repeat("w ", lead) + "the secret value of five " + strings.Repeat("w ", blockWords)
		if hits, _ := scanned(t, []string{"secret value of five"}, nil, Text, text); hits != 1 {
			t.Errorf("behind %d words: %d hits", lead, hits)
		}
	}
}

// TestFilter has several goroutines put many values in, and finds all of them,
// and next to nothing else.
func TestFilter(t *testing.T) {
	n := 300_000
	if testing.Short() {
		n = 50_000
	}
	for _, expect := range []int64{0, int64(n), int64(2 * n)} {
		f := New(testSecret(t), Options{Expect: expect})
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() {
				c := f.Collector()
				for i := part; i < n; i += 4 {
					c.Original(fmt.Appendf(nil, "value %d", 1000000+i), 0)
				}
				if err := c.Flush(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var words []word
		look := func(v []byte) state {
			words = f.hash.cut(words[:0], v, longest, false)
			return f.look(f.sequence(words))
		}
		for i := range n {
			if look(fmt.Appendf(nil, "VALUE-%d", 1000000+i)) != 1 {
				t.Fatalf("value %d is not found", i)
			}
		}
		wrong := 0
		for i := range n {
			if look(fmt.Appendf(nil, "other %d", 1000000+i)) != absent {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%d of %d others are found", wrong, n)
		}
		counts := f.Counts()
		if counts.Entries != int64(n) || counts.Values != int64(n) {
			t.Errorf("%+v", counts)
		}
		t.Logf("expecting %d: %.1f bytes a value", expect, float64(f.Bytes())/float64(n))
	}
}

// TestChance measures how often a fingerprint that was not put in is found, in a
// filter that looks at few of its bits.
func TestChance(t *testing.T) {
	f := New(testSecret(t), Options{})
	r := rand.New(rand.NewPCG(3, 4))
	const values, bits = 20_000, 24
	narrow := func() uint64 { return r.Uint64() >> (64 - bits) << (64 - bits) }
	for range values {
		fp := narrow()
		if err := f.put(&f.shards[fp>>56], occur(fp, 0)); err != nil {
			t.Fatal(err)
		}
	}
	found, tries := 0, 1_000_000
	for range tries {
		if f.look(narrow()) != absent {
			found++
		}
	}
	share, want := float64(found)/float64(tries), float64(f.Counts().Entries)/(1<<bits)
	if share < want*0.8 || share > want*1.2 {
		t.Errorf("%.6f are found by chance, want %.6f", share, want)
	}
}

func TestFull(t *testing.T) {
	f := New(testSecret(t), Options{Memory: 1 << 20})
	c := f.Collector()
	for i := 0; c.Err() == nil; i++ {
		if i > 1<<20 {
			t.Fatal("a filter of 1 MiB is never full")
		}
		c.Original(fmt.Appendf(nil, "value %d", 1000000+i), 0)
	}
	if err := c.Flush(); err != ErrFull {
		t.Errorf("%v", err)
	}
	if f.Bytes() > 1<<20 {
		t.Errorf("%d bytes were taken", f.Bytes())
	}
}

// TestTwentyMillion puts 20 million values into 200 MB, and finds none of five
// million others.
func TestTwentyMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	f := New(testSecret(t), Options{Memory: 200e6, Expect: 20e6})
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000_000 {
		fp := r.Uint64()
		if err := f.put(&f.shards[fp>>56], occur(fp, 0)); err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for range 5_000_000 {
		if f.look(r.Uint64()) != absent {
			found++
		}
	}
	if found > 1 { // 0.001 of them are likely
		t.Errorf("%d of 5 million other values are found", found)
	}
	entries := float64(f.Counts().Entries)
	t.Logf("%.0f MB, %.1f bytes a value; another value is found by chance in %.1g", float64(f.Bytes())/1e6, float64(f.Bytes())/entries, entries/(1<<56))
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"a": "anna.berg@mail.example \u00e9\ud83d\ude00"}`))
	f.Add([]byte(`{anna,"b c",NULL}`))
	f.Add([]byte("\xf0\x9f\x98"))
	filter := New(testSecret(f), Options{})
	c := filter.Collector()
	c.Original([]byte("anna.berg@mail.example"), 0)
	if err := c.Flush(); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		sus := NewSuspects()
		s := filter.Scanner(sus)
		for _, shape := range []Shape{Text, JSON, Array, Bytes, Row} {
			s.Field("x", shape, v)
			before := sus.Len()
			s.Field("x", shape, append(bytes.Clone(v), " anna.berg@mail.example"...))
			if shape == Text && sus.Len() == 0 && before == 0 {
				t.Errorf("not found behind %q", v)
			}
		}
		filter.Collector().Whole(JSON, v)
	})
}

const sample = `Dear Mrs. Müller, your order 4711 of 2024-05-17 was sent to 12 Long Street; the parcel's number is JD014600006280712345. ` +
	`Please write to service@shop.example if anything is missing, or call us between 9 and 17. Kind regards, your team`

func benchFilter(b testing.TB, n int) *Filter {
	f := New(testSecret(b), Options{Expect: int64(n)})
	c := f.Collector()
	for i := range n {
		c.Original(fmt.Appendf(nil, "user%d@mail.example", i), 0)
	}
	if err := c.Flush(); err != nil {
		b.Fatal(err)
	}
	return f
}

func TestNoAllocations(t *testing.T) {
	f := benchFilter(t, 1000)
	sus := NewSuspects()
	s, c := f.Scanner(sus), f.Collector()
	text, doc, array := []byte(sample), []byte(`{"a": "b\n c", "n": [1, 2, "x y z"]}`), []byte(`{a,"b c",d}`)
	value := []byte("user17@mail.example")
	for range 2 * batch {
		c.Original(value, 0)
	}
	if n := testing.AllocsPerRun(3*batch, func() {
		s.Field("t.c", Text, text)
		s.Field("t.c", JSON, doc)
		s.Field("t.c", Array, array)
		c.Original(value, 0)
		c.Row()
		c.Original(text, 0)
		c.Output(text, true)
		c.Whole(JSON, doc)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := benchFilter(b, n).Scanner(NewSuspects())
			text := []byte(sample)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Field("t.c", Text, text)
			}
		})
	}
}

func BenchmarkOriginal(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := benchFilter(b, n).Collector()
			var value []byte
			i := 0
			for b.Loop() {
				i++
				value = fmt.Appendf(value[:0], "user%d@mail.example", i%n)
				c.Original(value, 0)
			}
		})
	}
}

// TestIdentifies states what identifies counts, a byte at a time.
func TestIdentifies(t *testing.T) {
	plain := func(v []byte) bool {
		digits, dots, letters := 0, 0, 0
		for _, ch := range v {
			switch {
			case ch >= '0' && ch <= '9':
				digits++
			case ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= 0x80:
				letters++
			case ch == '.':
				dots++
			}
		}
		return digits >= 9 && digits >= letters && (dots != 3 || digits+dots < len(v))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 20000 {
		v := make([]byte, rng.IntN(24))
		for i := range v {
			v[i] = "0123456789012345678901234567890123456789...aZ \xc3-"[rng.IntN(48)]
		}
		if got := identifies(v); got != plain(v) {
			t.Fatalf("%q identifies: %v", v, got)
		} else if got {
			found++
		}
	}
	if found < 2000 || found > 18000 {
		t.Errorf("%d of 20000 identify", found)
	}
	for v, want := range map[string]bool{"a@b": true, "a @b": false, "@b 123456789": true, "78.197.64.182": false, "10.20.30.40": false, "1234.5678.9": true, "+49 30 1234567": true} {
		if identifies([]byte(v)) != want {
			t.Errorf("%q identifies: %v", v, !want)
		}
	}
}

// TestWordsTellApart: words that differ in a few letters, at places that are
// hashed in different blocks of eight, have different hashes under every key.
func TestWordsTellApart(t *testing.T) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	for range 20 {
		secret, err := keyed.NewSecret()
		if err != nil {
			t.Fatal(err)
		}
		h := newHasher(secret)
		for _, c := range []struct{ head, middle, tail string }{
			{"", "1112222", "3334444"}, {"", "1112222", "333444"}, {"", "1112222", "33344445555"}, {"1", "1122223", "334444"}, {"", "1112222333344", "4455556"}, {"", "ж112222", "3334444"},
		} {
			seen := map[uint64]string{}
			for _, a := range letters {
				for _, b := range letters {
					word := fmt.Sprintf("%s%c%s%c%s", c.head, a, c.middle, b, c.tail)
					sum := h.cut(nil, []byte(word), 1, false)[0].hash
					if other := seen[sum]; other != "" {
						t.Fatalf("%s and %s have one hash", other, word)
					}
					seen[sum] = word
				}
			}
		}
	}
}
