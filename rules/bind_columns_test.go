package rules

import (
	"slices"
	"testing"
)

// What of columns decides nothing is told, unless it may well be for other databases
// or later columns and somebody has decided by name.
func TestColumnsWithoutEffect(t *testing.T) {
	s := testSchema(t)
	const none = "a pattern of columns matches no column: "
	for _, c := range []struct {
		name    string
		entries []string
		want    []string
	}{
		{"all decide", []string{`{ match: "*.email", mask: email }`, `{ type: inet, mask: ip }`}, nil},
		{"a typo with a wildcard", []string{`{ match: "*.emial", mask: email }`}, []string{none + `"*.emial" on line 3 (did you mean email?)`}},
		{"nothing like it", []string{`{ match: "*.birthday", mask: keep }`}, []string{none + `"*.birthday" on line 3`}},
		{"a bare column", []string{`{ match: emial, mask: email }`}, []string{none + `emial on line 3 (did you mean email?)`}},
		{"a wildcard in the column", []string{`{ match: "users.emial*", mask: email }`}, []string{none + `"users.emial*" on line 3`}},
		{"an unknown type", []string{`{ type: inett, mask: scrub }`}, []string{none + `type inett on line 3 (did you mean inet?)`}},
		{"a type that fits no match", []string{`{ match: "users.email", type: citext, mask: email }`}, []string{none + `users.email of type citext on line 3`}},
		{"several", []string{`{ match: "*.emial", mask: email }`, `{ match: "*.birthday", mask: keep }`},
			[]string{`2 patterns of columns match no column: "*.emial" on line 3 (did you mean email?), "*.birthday" on line 4`}},
		{"behind a wider one", []string{`{ match: "users.*", mask: keep }`, `{ match: "users.email", mask: email }`},
			[]string{"a pattern of columns decides nothing, since one above it comes first: users.email on line 4, behind line 3"}},
		{"behind a table's own", []string{`{ match: "users.bio", mask: scrub }`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "version: 1\ncolumns:\n"
			for _, e := range c.entries {
				text += "  - " + e + "\n"
			}
			text += "  - { match: \"*.*\", mask: keep }\ntables: { users: { columns: { bio: keep } } }\nsubset: { unreached: all }\n"
			if got := bind(t, s, text).Notes; !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
