package sqlexpr

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v5"
)

// Redact returns a text of SQL with every constant as … and without comments,
// for people who may know the shape of a rule and not what it looks for. What
// cannot be read as SQL is … altogether.
func Redact(text string) string {
	res, err := pg.Scan(text)
	if err != nil {
		return "…"
	}
	var b strings.Builder
	end, apart := 0, false
	for _, t := range res.Tokens {
		apart = apart || int(t.Start) > end
		end = int(t.End)
		if t.Token == pg.Token_SQL_COMMENT || t.Token == pg.Token_C_COMMENT {
			continue
		}
		if apart && b.Len() > 0 {
			b.WriteByte(' ')
		}
		apart = false
		switch t.Token {
		case pg.Token_SCONST, pg.Token_USCONST, pg.Token_BCONST, pg.Token_XCONST:
			b.WriteString("'…'")
		case pg.Token_ICONST, pg.Token_FCONST:
			b.WriteString("…")
		default:
			b.WriteString(text[t.Start:t.End])
		}
	}
	return b.String()
}
