package copyfmt

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// remade reads an array and writes it again, element by element. spelled shows
// the tokens.
func remade(text string) (again, spelled string, err error) {
	var r ArrayReader
	r.Reset([]byte(text))
	var dst []byte
	var show strings.Builder
	for {
		tok, value, err := r.Next()
		if err != nil {
			return string(dst), show.String(), err
		}
		switch tok {
		case ArrayEnd:
			return string(dst), show.String(), nil
		case ArrayElement:
			dst = AppendArrayElement(dst, value)
			show.WriteString("<" + string(value) + ">")
		case ArrayNull:
			dst = AppendArrayNull(dst)
			show.WriteString("NULL")
		default:
			dst = append(dst, r.Raw()...)
			show.Write(r.Raw())
		}
	}
}

func TestArrayReader(t *testing.T) {
	for _, c := range []struct{ text, tokens, again string }{
		{`{}`, `{}`, ``},
		{`{a}`, `{<a>}`, ``},
		{`{a,b,NULL,"null",""}`, `{<a>,<b>,NULL,<null>,<>}`, ``},
		{`{"b c","d\"e","f\\g","{","},"}`, `{<b c>,<d"e>,<f\g>,<{>,<},>}`, ``},
		{`{{1,2},{3,NULL}}`, `{{<1>,<2>},{<3>,NULL}}`, ``},
		{`[0:1][-2:-1]={{1,2},{3,4}}`, `[0:1][-2:-1]={{<1>,<2>},{<3>,<4>}}`, ``},
		{`{[1:2]=,=,[}`, `{<[1:2]=>,<=>,<[>}`, ``},
		{` { a b , "c" ,nUlL, x\  ,nul\l} `, `{<a b>,<c>,NULL,<x >,<null>}`, `{"a b",c,NULL,"x ","null"}`},
	} {
		again, tokens, err := remade(c.text)
		want := c.again
		if want == "" {
			want = c.text
		}
		if err != nil || tokens != c.tokens || again != want {
			t.Errorf("%s: got %s, again %s, %v", c.text, tokens, again, err)
		}
	}
	for _, bad := range []string{``, ` `, `a`, `{`, `}`, `{a`, `{"a`, `{"a\`, `{a\`, `{a}}`, `{a}b`, `{,a}`, `{a,}`, `{a,,b}`,
		`{"a"b}`, `{a"b"}`, `{a{b}}`, `{{a}b}`, `[1:2]`, `[1:2]={`, `[x]={a}`, `,`, `{} {}`} {
		if _, tokens, err := remade(bad); !errors.Is(err, ErrArray) {
			t.Errorf("%s: got %s, %v", bad, tokens, err)
		}
	}
}

// ArraySeeds are arrays and elements that FuzzFormats begins with.
func ArraySeeds() [][]byte {
	var seeds [][]byte
	for _, s := range []string{`{}`, `{a,"b c",NULL}`, `[1:1]={{"\"",x}}`, `{a\ , b}`, "{\x00,\xff}",
		"", "a", "NULL", "null ", `"`, `\`, ",", "[", " ", "\v", "é"} {
		seeds = append(seeds, []byte(s))
	}
	return seeds
}

// CheckArray reads any text as an array: what it takes it writes so that it reads
// the same again.
func CheckArray(t *testing.T, text []byte) {
	t.Helper()
	again, tokens, err := remade(string(text))
	if err != nil {
		return
	}
	third, tokens2, err := remade(again)
	if err != nil || third != again || tokens != tokens2 {
		t.Fatalf("%q became %q, which reads %q instead of %q, %v", text, again, tokens2, tokens, err)
	}
}

// CheckArrayElement writes any value as an element, and reads it back.
func CheckArrayElement(t *testing.T, value []byte) {
	t.Helper()
	text := append(AppendArrayElement([]byte("{"), value), '}')
	var r ArrayReader
	r.Reset(text)
	r.Next()
	tok, got, err := r.Next()
	if err != nil || tok != ArrayElement || !bytes.Equal(got, value) {
		t.Fatalf("%q: read %d %q, %v", text, tok, got, err)
	}
}
