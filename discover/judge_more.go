package discover

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

func (x *judge) enum(name guess) Finding {
	if name.class == gender || name.class == special {
		return x.masked(guess{name.class, 0.8, name.why}, nil)
	}
	f := keep(0.95, "one of %d labels", len(labelsOf(&x.col.Type)))
	f.ByType = x.byType()
	return f
}

func labelsOf(t *schema.Type) []string {
	if t.Elem != nil {
		t = t.Elem
	}
	if t.Enum == nil {
		return nil
	}
	return t.Enum.Labels
}

// rowKey reports whether a number or uuid only tells rows apart.
func (x *judge) rowKey() bool {
	if x.f.unique && !x.personalKey() {
		return true
	}
	return x.f.kind == isWhole && x.col.Type.Elem == nil && x.l.s.Serial(x.t, x.c)
}

// byType reports whether rules need no entry for the column, given that it is kept.
func (x *judge) byType() bool {
	k := x.t.Primary()
	return x.l.s.Impersonal(x.t, x.c, x.l.declared[columnKey{x.t, x.c}] || k != nil && slices.Contains(k.Columns, x.c))
}

// personalKey reports whether a unique number is one that people are known by
// elsewhere.
func (x *judge) personalKey() bool {
	g := x.l.lex.nameOf(x.subject, x.col.Name, shapeOf(&x.col.Type))
	switch g.class {
	case national, phone, card:
		return g.conf >= 0.9 && !x.l.inKey[columnKey{x.t, x.c}]
	}
	return false
}

func (x *judge) number(name, comment guess) Finding {
	if x.rowKey() {
		f := keep(0.97, "a number that tells rows apart")
		if p, ok := x.l.parents[columnKey{x.t, x.c}]; ok {
			f.Evidence = "a number of " + p.table.Name.String()
		}
		f.ByType = x.byType()
		return f
	}
	if w := words(x.col.Name); len(w) > 1 && (w[0] == "id" || w[0] == "fk") && name.class != national {
		return keep(0.85, "the number of a row elsewhere")
	}
	if last := lastWord(x.col.Name); (last == "id" || last == "ids" || last == "fk") && name.class == none {
		return keep(0.9, "the number of a row elsewhere")
	}
	g := name
	if g.class == none && comment.class != none && comment.conf >= 0.6 {
		g = comment
	}
	if g.class == special && g.conf >= 0.9 && comment.conf >= 0.9 {
		g.class = measure
	}
	whole := x.f.kind == isWhole
	switch g.class {
	case none:
		return keep(0.8, "a number; nothing personal in the name")
	case national, tax, phone, card, cvv, last4, account, birthYear, age, gender, pay, measure, zip, geo, docNumber:
		switch {
		case g.class == geo && whole, g.class == gender && !whole:
			return keep(0.7, "a number of this type is no %s", g.class)
		case g.conf < 0.5:
			return keep(0.6, "a number; %s", g.why)
		}
		return x.masked(g, nil)
	}
	return keep(0.7, "a number is no %s", g.class)
}

func (x *judge) uuid(name guess) Finding {
	if x.f.unique {
		f := keep(0.97, "a uuid that tells rows apart")
		f.ByType = x.byType()
		return f
	}
	if name.class == secret || name.class == docNumber {
		return x.masked(guess{secret, name.conf, name.why}, nil)
	}
	return keep(0.8, "a uuid; nothing personal in the name")
}

func (x *judge) date(name, comment guess) Finding {
	if name.class != birth && comment.class == birth && comment.conf >= 0.6 {
		name = comment
	}
	if name.class == birth && name.conf >= 0.5 {
		return x.masked(name, nil)
	}
	if n, all := birthDays(x.sample); x.subject.people() && all >= 10 && n*10 >= all*9 {
		return x.masked(guess{birth, 0.6, fmt.Sprintf("%d of %d values are decades ago, in a table of people", n, all)}, nil)
	}
	return keep(0.85, "when something happened; not named as a birth or death")
}

// birthDays counts the days of the twentieth century, before its last decade, if
// they are spread over more than twenty years.
func birthDays(s *Sample) (n, all int) {
	if s == nil {
		return 0, 0
	}
	least, most := 9999, 0
	for _, v := range s.Values {
		if len(v) < 10 || v[4] != '-' {
			continue
		}
		all++
		year, err := strconv.Atoi(string(v[:4]))
		if err == nil && year >= 1920 && year < 2015 && (len(v) == 10 || bytes.Contains(v, []byte("00:00:00"))) {
			n++
			least, most = min(least, year), max(most, year)
		}
	}
	if most-least < 20 {
		return 0, all
	}
	return n, all
}

func (x *judge) bytes(name guess) Finding {
	w, last := words(x.col.Name), lastWord(x.col.Name)
	switch {
	case name.class == secret || name.class == password:
		return x.masked(name, nil)
	case last == "sha" || last == "sha1" || last == "sha256" || last == "md5" || last == "checksum" || last == "hash" || last == "digest" || last == "etag":
		return keep(0.8, "named %s: a checksum", last)
	case name.class != none && name.conf >= 0.9:
		return x.masked(name, nil)
	case x.subject.kind == ofThing && !x.subject.people() && (last == "picture" || last == "image" || last == "thumbnail" || last == "logo" || last == "icon" || last == "cover" || last == "banner" || last == "flag"):
		return keep(0.6, "a picture in a table of %s (%s)", x.subject.kind, x.subject.noun)
	case slices.ContainsFunc(w, func(s string) bool { return x.l.lex.files[s] || x.l.lex.files[singular(s)] }):
		return x.masked(guess{binary, 0.75, "bytes named " + quote(w)}, nil)
	}
	return x.masked(guess{binary, 0.5, "bytes of which nothing is known"}, nil)
}

func (x *judge) place(name guess) Finding {
	if x.subject.kind == ofThing && !x.subject.people() && !x.subject.has[street] {
		return keep(0.6, "places in a table of %s (%s)", x.subject.kind, x.subject.noun)
	}
	return x.masked(guess{geo, 0.7, "type " + typeName(&x.col.Type)}, nil)
}

// derived judges texts that are put together from others.
func (x *judge) derived() Finding {
	if x.subject.kind == ofThing && !x.subject.people() {
		return keep(0.6, "in a table of %s (%s)", x.subject.kind, x.subject.noun)
	}
	return x.masked(guess{prose, 0.5, "type " + typeName(&x.col.Type) + " may repeat any text of the row"}, nil)
}

// composite decides each field of a composite type.
func (x *judge) composite() Finding {
	typ := &x.col.Type
	if typ.Elem != nil {
		typ = typ.Elem
	}
	if len(typ.Fields) == 0 || x.f.unique {
		return keep(0.4, "a composite type that is unique, or of which nothing is known")
	}
	fields, found, conf := map[string]any{}, []string{}, 0.6
	sub := &subject{words: words(x.col.Name), has: map[class]bool{}}
	sub.kind, sub.noun = x.l.lex.noun(sub.words)
	for i := range typ.Fields {
		if c, _, _ := x.l.lex.last(words(typ.Fields[i].Name)); c != none {
			sub.has[c] = true
		}
	}
	for i := range typ.Fields {
		fd := &typ.Fields[i]
		col := schema.Column{Name: fd.Name, Type: fd.Type}
		t := &schema.Table{Name: x.t.Name, Columns: []schema.Column{col}}
		y := &judge{l: x.l, t: t, c: 0, col: &t.Columns[0], subject: sub, f: fieldOf(x.l.s, t, 0, false)}
		f := y.finding()
		fields[fd.Name] = inline(f.Mask)
		if f.Mask.Kind != "keep" {
			found = append(found, fd.Name+": "+f.Class)
			conf = max(conf, f.Confident)
		}
	}
	if len(found) == 0 {
		return keep(0.7, "nothing personal in the names of its fields")
	}
	return Finding{
		Mask: mask("composite", "fields", fields), Class: "composite", Confident: conf,
		Evidence: "fields " + strings.Join(found, ", "), Otherwise: x.f.masks(special),
	}
}

// hstore masks the keys that mostly are personal; which keys there are only
// values tell.
func (x *judge) hstore() Finding {
	if x.subject.kind == ofThing && !x.subject.people() && (x.profile == nil || x.profile.inside == 0) {
		return keep(0.6, "in a table of %s (%s)", x.subject.kind, x.subject.noun)
	}
	if x.f.unique {
		return keep(0.3, "hstore, but unique")
	}
	return Finding{Mask: mask("hstore", "keys", usualKeys(), "other", "keep"), Class: "document", Confident: 0.4, Evidence: "type hstore: the keys that are often personal; all others are kept"}
}

// inline is a mask as a parameter of another.
func inline(m anonymize.Mask) any {
	if len(m.Params) == 0 && m.Domain == "" {
		return m.Kind
	}
	out := map[string]any{"mask": m.Kind}
	for k, v := range m.Params {
		out[k] = v
	}
	if m.Domain != "" {
		out["domain"] = m.Domain
	}
	return out
}

// checkValues are the values that a check constraint on the column alone lists;
// nil if there is none. They are of the schema, not of rows.
func checkValues(t *schema.Table, c int) []string {
	for i := range t.Checks {
		k := &t.Checks[i]
		if len(k.Columns) != 1 || k.Columns[0] != c || !strings.Contains(k.Expr, "= ANY") && !strings.Contains(k.Expr, " = '") {
			continue
		}
		if strings.ContainsAny(k.Expr, "<>~") {
			continue
		}
		var out []string
		parts := strings.Split(k.Expr, "'")
		for j := 1; j < len(parts); j += 2 {
			out = append(out, parts[j])
		}
		return out
	}
	return nil
}

// genderWords are pairs of words for female and male.
func genderWords() [][]string {
	return [][]string{
		{"F", "M"}, {"f", "m"}, {"female", "male"}, {"Female", "Male"}, {"FEMALE", "MALE"}, {"W", "M"}, {"w", "m"}, {"weiblich", "männlich"}, {"K", "M"}, {"V", "M"}, {"M", "H"}, {"F", "H"},
		{"2", "1"}, {"woman", "man"}, {"Frau", "Herr"}, {"femme", "homme"}, {"mujer", "hombre"},
	}
}

// genderPair returns the words for female and male that are among values, if all
// of a pair are and no other pair's.
func genderPair(values []string) []string {
	for _, pair := range genderWords() {
		if len(values) >= 2 && slices.Contains(values, pair[0]) && slices.Contains(values, pair[1]) {
			return pair
		}
	}
	return nil
}

// genderValues are the words for gender that the column uses: those of its check,
// else a known pair that most sampled values are of.
func genderValues(check []string, s *Sample) []string {
	if len(check) > 0 {
		return check
	}
	if s == nil {
		return nil
	}
	for _, known := range append(genderWords(), []string{"0", "1"}) {
		n := 0
		for _, v := range s.Values {
			if slices.Contains(known, strings.TrimSpace(string(v))) {
				n++
			}
		}
		if n > 0 && n*10 >= len(s.Values)*8 {
			return known
		}
	}
	return nil
}

// schemeOf says which scheme of password hashes a column has.
func schemeOf(s *Sample, sub *subject) string {
	if s != nil {
		for _, v := range s.Values {
			switch {
			case bytes.HasPrefix(v, []byte("pbkdf2_sha256$")):
				return "pbkdf2_sha256"
			case bytes.HasPrefix(v, []byte("$argon2")):
				return "argon2id"
			case bytes.HasPrefix(v, []byte("$2")):
				return ""
			}
		}
	}
	if len(sub.words) == 2 && sub.words[0] == "auth" && sub.words[1] == "user" {
		return "pbkdf2_sha256"
	}
	return ""
}

// countryOf says which country's national id a column holds: by its values, else
// by its name.
func (l *looker) countryOf(s *subject, name string, p *profile) string {
	if p != nil && p.n >= 3 {
		if c, n := p.nation(); n*10 >= p.n*8 {
			return c
		}
	}
	w := words(name)
	for n := len(w); n > 0; n-- {
		for i := 0; i+n <= len(w); i++ {
			phrase := strings.Join(w[i:i+n], "")
			for country, names := range nationalNames() {
				if setOf(names)[phrase] {
					return country
				}
			}
		}
	}
	return ""
}

// nationalNames are what countries call their ids, for those that have a mask.
func nationalNames() map[string]string {
	return map[string]string{
		"us": "ssn ssnid ssnnum ssnnumber socialsecuritynumber socialsecurityno socialsecurity socsecnum",
		"ca": "sin sinid sinnumber socialinsurancenumber",
		"gb": "nino nationalinsurancenumber nationalinsuranceno",
		"de": "steuerid steueridnr steueridentifikationsnummer",
		"nl": "bsn burgerservicenummer",
		"pl": "pesel",
		"se": "personnummer personnr",
		"no": "fodselsnummer",
		"fi": "henkilotunnus hetu",
		"fr": "numerosecuritesociale numsecu nirnumber securitesociale numeross",
		"es": "dni nie dninie",
		"it": "codicefiscale codfisc",
		"be": "rijksregisternummer",
		"ch": "ahvnummer ahvnr",
		"br": "cpf cpfnumero numcpf",
		"in": "aadhaar aadhar aadhaarnumber",
	}
}
