package rules

import (
	"path"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// driftRule allows differences of one kind of object, by name.
type driftRule struct{ kind, pattern string }

// AllowsDrift reports whether drift: allow in the file names that object.
func (f *File) AllowsDrift(kind, name string) bool {
	for _, r := range f.drift {
		if r.kind == kind && (r.pattern == "" || like(r.pattern, name)) {
			return true
		}
	}
	return false
}

func (p *fileParser) drift(n *node) {
	p.fields(n, "drift", []field{{"allow", func(n *node) {
		for _, i := range p.list1(n, "allow", `allow: ["server version", "index public.orders_*"]`) {
			text, ok := p.text(i, "a difference")
			if !ok {
				continue
			}
			r, ok := parseDrift(text)
			switch _, err := path.Match(r.pattern, ""); {
			case !ok:
				first, _, _ := strings.Cut(text, " ")
				p.add(i.at, "%s begins with no kind of object%s; write a kind, and a name or a pattern with *, as in index public.orders_*; kinds are %s",
					quoted(text), didYouMean(first, schema.ObjectKinds), oneOf(schema.ObjectKinds))
			case err != nil:
				p.add(i.at, "%s is no pattern: %s", quoted(text), `[ is not closed; write \[ for itself`)
			default:
				p.file.drift = append(p.file.drift, r)
			}
		}
	}}})
}

// parseDrift reads a kind, and a pattern that may be left out.
func parseDrift(text string) (driftRule, bool) {
	best := driftRule{}
	for _, kind := range schema.ObjectKinds {
		rest, ok := strings.CutPrefix(text, kind)
		if ok && (rest == "" || rest[0] == ' ') && len(kind) > len(best.kind) {
			best = driftRule{kind, strings.TrimSpace(rest)}
		}
	}
	return best, best.kind != ""
}
