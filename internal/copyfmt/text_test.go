package copyfmt

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// unescapeCases are fields and what the server reads in them (server_test.go
// asks it).
var unescapeCases = []struct{ field, value string }{
	{``, ``},
	{`plain`, `plain`},
	{`\b\f\n\r\t\v\\`, "\b\f\n\r\t\v\\"},
	{`\N`, `N`}, // here as a value: NULL is known by IsNull before
	{`\NN`, `NN`},
	{`a\N`, `aN`},
	{`\\N`, `\N`},
	{`\\.`, `\.`},
	{`\141\61\7`, "a1\a"},
	{`\1411`, `a1`},
	{`\18`, "\x018"},
	{`\501`, "A"},
	{`\x41\x7e\x7`, "A~\a"},
	{`\x414`, `A4`},
	{`\x4g`, "\x04g"},
	{`\xg`, `xg`},
	{`\x`, `x`},
	{`\X41`, `X41`},
	{`\8\9\a\e\"\'`, `89ae"'`},
	{`\é`, `é`},
	{`é\tü`, "é\tü"},
}

func TestAppendUnescaped(t *testing.T) {
	for _, c := range unescapeCases {
		if got := string(AppendUnescaped([]byte("<"), []byte(c.field))); got != "<"+c.value {
			t.Errorf("%q: got %q, want %q", c.field, got, "<"+c.value)
		}
	}
	if got := AppendUnescaped(nil, []byte(`a\`)); string(got) != "a" {
		t.Errorf("a backslash at the end: got %q", got)
	}
}

func TestIsNull(t *testing.T) {
	for field, want := range map[string]bool{`\N`: true, ``: false, `N`: false, `\n`: false, `\\N`: false, `\NN`: false} {
		if IsNull([]byte(field)) != want {
			t.Errorf("IsNull(%q) = %v", field, !want)
		}
	}
	if !IsNull(AppendNull(nil)) {
		t.Error("AppendNull appends something else")
	}
}

func TestCut(t *testing.T) {
	for _, row := range []string{"", "a", "a\tb", "\t", "a\t\tb\t", `\N` + "\t" + `\\`} {
		var fields []string
		rest := []byte(row)
		for last := false; !last; {
			var f []byte
			f, rest, last = Cut(rest)
			fields = append(fields, string(f))
		}
		if got, want := strings.Join(fields, "|"), strings.ReplaceAll(row, "\t", "|"); got != want {
			t.Errorf("%q: got %q, want %q", row, got, want)
		}
	}
}

// escapedSlowly says byte by byte what AppendEscaped does.
func escapedSlowly(value []byte) []byte {
	out := []byte{}
	for _, c := range value {
		if i := strings.IndexByte("\b\f\n\r\t\v\\", c); i >= 0 {
			out = append(out, '\\', `bfnrtv\`[i])
		} else {
			out = append(out, c)
		}
	}
	return out
}

// TextSeeds are fields and values that FuzzFormats begins with.
func TextSeeds() [][]byte {
	seeds := [][]byte{[]byte("\\.\n\\N\t😀\x00\xff0123456789abcdef\x0e\x0f\\")}
	for _, c := range unescapeCases {
		seeds = append(seeds, []byte(c.value), []byte(c.field))
	}
	for c := range 256 {
		seeds = append(seeds, append(bytes.Repeat([]byte("x"), c%17), byte(c), 'y'))
	}
	return seeds
}

// CheckEscape writes any value as a field, and reads it back.
func CheckEscape(t *testing.T, value []byte) {
	t.Helper()
	field := AppendEscaped(nil, value)
	if want := escapedSlowly(value); !bytes.Equal(field, want) {
		t.Fatalf("escaped %q: got %q, want %q", value, field, want)
	}
	if IsNull(field) || string(field) == `\.` || bytes.ContainsAny(field, "\t\n\r") {
		t.Fatalf("%q became %q", value, field)
	}
	if back := AppendUnescaped(nil, field); !bytes.Equal(back, value) {
		t.Fatalf("%q came back as %q", value, back)
	}
}

// CheckUnescape reads any field. What the server may write decodes and encodes to
// the same bytes; what else it reads means the same after one round.
func CheckUnescape(t *testing.T, field []byte) {
	t.Helper()
	value := AppendUnescaped(nil, field)
	if len(value) > len(field) {
		t.Fatalf("%q grew to %q", field, value)
	}
	again := AppendEscaped(nil, value)
	if !bytes.Equal(AppendUnescaped(nil, again), value) {
		t.Fatalf("%q: %q means something else", field, again)
	}
}

func TestNoAllocation(t *testing.T) {
	value := []byte("someone@example.com\tand a \\ in the middle of the value")
	field := AppendEscaped(nil, value)
	dst := make([]byte, 0, 1024)
	var r ArrayReader
	array := []byte(`{a,"b \" c",NULL,{"d"}}`)
	n := testing.AllocsPerRun(100, func() {
		dst = AppendEscaped(dst[:0], value)
		dst = AppendUnescaped(dst[:0], field)
		r.Reset(array)
		for {
			tok, v, err := r.Next()
			if err != nil || tok == ArrayEnd {
				break
			}
			dst = AppendArrayElement(dst[:0], v)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppendEscaped(b *testing.B) {
	for _, size := range []int{8, 24, 200, 4000} {
		value := bytes.Repeat([]byte("user.name+tag@example.com, "), size/27+1)[:size]
		dst := make([]byte, 0, 2*size)
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				dst = AppendEscaped(dst[:0], value)
			}
		})
	}
}
