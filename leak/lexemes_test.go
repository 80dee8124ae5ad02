package leak

import (
	"fmt"
	"testing"

	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// TestLexemes reads tsvectors that the server writes.
func TestLexemes(t *testing.T) {
	dsn := pgtest.DB(t)
	for _, c := range []struct{ sql, want string }{
		{`to_tsvector('simple', 'a letter of Anna Maria Berg')`, "[ a letter of anna maria berg]"},
		{`to_tsvector('english', 'Zebrowski of Wilhelmina Zebrowski, is')`, "[ zebrowski][ wilhelmina zebrowski]"},
		{`'''it''''s'':2B,5A ''a\\b'':1 c'::tsvector`, `[c][ a\b it's][ it's]`},
		{`'one:1 uno:1 two:2 three:4 drei:4 tres:4'::tsvector`, "[ one two][ drei][ uno two][ tres]"},
		{`'b a'::tsvector`, "[a][b][]"},
		{`''::tsvector`, "[]"},
	} {
		got := ""
		var d documents
		d.walk(Lexemes, []byte(pgtest.Query(t, dsn, "select "+c.sql)[0][0]), func(text []byte, _ part) { got += fmt.Sprintf("[%s]", text) })
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.sql, got, c.want)
		}
	}
}
