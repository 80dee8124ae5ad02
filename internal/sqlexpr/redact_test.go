package sqlexpr

import "testing"

func TestRedact(t *testing.T) {
	for in, want := range map[string]string{
		"created_at <= now() - interval '7 days'":    "created_at <= now() - interval '…'",
		"email like E'%\\'@x' or id = 4711":          "email like '…' or id = …",
		"a = $$Anna$$ -- Berg\n and \"b c\" = 1.5e3": "a = '…' and \"b c\" = …",
		"x in ('a','b') /* 'Anna' */":                "x in ('…','…')",
		"u&'\\0041nna' = x'1F'":                      "'…' = '…'",
		"name = 'Müller' and straße = 'Süd'":         "name = '…' and straße = '…'",
		"name = 'not closed":                         "…",
		"select count(*)\n  > 0 from users":          "select count(*) > … from users",
	} {
		if got := Redact(in); got != want {
			t.Errorf("%s\n%s, want\n%s", in, got, want)
		}
	}
}
