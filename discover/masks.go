package discover

import (
	"math"
	"slices"
	"strings"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// field is what a mask has to fit: a column, a composite type's field, or a text
// within a document.
type field struct {
	name    string // of the column, for domains
	typ     anonymize.Type
	kind    typeKind
	unique  bool // is part of a key, a unique index or a reference
	notNull bool
	rows    int64
	inDoc   bool
	country string   // of national ids, where values or names tell
	long    bool     // of secrets: most are more than a token keeps the shape of
	scheme  string   // of password hashes
	choices []string // for gender
}

func fieldOf(s *schema.Schema, t *schema.Table, c int, inKey bool) field {
	col := &t.Columns[c]
	f := field{name: t.Name.Name + "." + col.Name, typ: maskType(&col.Type), kind: kindOfType(&col.Type), notNull: col.NotNull}
	f.unique = inKey || isUnique(t, c)
	for _, l := range t.Leaves() {
		f.rows += max(0, l.Rows)
	}
	return f
}

// isUnique reports whether a column is part of a key or a unique index,
// expressions included.
func isUnique(t *schema.Table, c int) bool {
	return slices.ContainsFunc(t.Keys, func(k schema.Key) bool { return slices.Contains(k.Columns, c) }) ||
		slices.ContainsFunc(t.Indexes, func(x schema.Index) bool {
			return x.Unique && (slices.Contains(x.Columns, c) || slices.Contains(x.ExpressionColumns, c))
		})
}

func mask(kind string, params ...any) anonymize.Mask {
	m := anonymize.Mask{Kind: kind}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i] == "domain" && kind != "email" {
			m.Domain = params[i+1].(string)
			continue
		}
		if m.Params == nil {
			m.Params = map[string]any{}
		}
		m.Params[params[i].(string)] = params[i+1]
	}
	return m
}

// masks lists masks for a class in a field, the best first; only those that take
// its type, stay unique where it has to be, and fit its length.
func (f *field) masks(c class) []anonymize.Mask {
	var out []anonymize.Mask
	for _, m := range f.wanted(c) {
		if f.fits(&m) {
			out = append(out, m)
		}
	}
	return out
}

// wanted lists masks for a class, whether they fit or not.
func (f *field) wanted(c class) []anonymize.Mask {
	switch f.kind {
	case isEnum:
		if c == gender && genderPair(f.elem().Labels) != nil {
			return []anonymize.Mask{mask("person.gender"), mask("choice")}
		}
		return []anonymize.Mask{mask("choice")}
	case isWhole, isFloat, isMoney:
		return f.numbers(c)
	case isDate:
		return []anonymize.Mask{mask("date", "shift", "60d")}
	case isBytes:
		if c == binary {
			return []anonymize.Mask{mask("file"), mask("hash")}
		}
		return []anonymize.Mask{mask("hash"), mask("file")}
	case isInet:
		return []anonymize.Mask{mask("ip")}
	case isMAC:
		return []anonymize.Mask{mask("mac")}
	case isUUID:
		return []anonymize.Mask{mask("uuid")}
	case isPlace:
		return []anonymize.Mask{mask("geo", "jitter", "5km"), mask("null")}
	case isSearch, isMarkup, isDoc:
		empty := map[typeKind]string{isSearch: "", isMarkup: "<masked/>", isDoc: "{}"}[f.kind]
		if f.typ.Elem != nil {
			empty = "{}" // an array without elements
		}
		return []anonymize.Mask{mask("null"), mask("constant", "value", empty)}
	}
	return append(f.texts(c), f.lastResorts()...)
}

// lastResorts hide any text: a hash where it is long enough, else another text of
// the same shape, in a domain of its own so that nothing else is sized for it.
func (f *field) lastResorts() []anonymize.Mask {
	own := mask("token", "domain", f.name)
	if f.unique {
		return []anonymize.Mask{mask("hash"), own}
	}
	return []anonymize.Mask{mask("text"), mask("hash"), own}
}

func (f *field) texts(c class) []anonymize.Mask {
	one := func(kind string, params ...any) []anonymize.Mask { return []anonymize.Mask{mask(kind, params...)} }
	switch c {
	case email:
		return one("email")
	case phone:
		return one("phone")
	case fullName:
		return append(one("person.name"), mask("person.user"))
	case firstName:
		return append(one("person.first"), mask("person.user"))
	case lastName:
		return append(one("person.last"), mask("person.user"))
	case userName:
		return append(one("person.user"), mask("person.user", "domain", f.name))
	case street:
		return one("address.street")
	case address:
		return one("address.full")
	case city:
		return one("address.city")
	case state:
		return one("address.state")
	case zip:
		return one("address.zip")
	case birth:
		if f.inDoc {
			return one("date", "shift", "60d")
		}
		return one("constant", "value", "1970-01-01")
	case birthYear, age:
		return one("redact", "first", int64(1), "with", "0")
	case gender:
		return f.genders()
	case national:
		return f.nationals()
	case tax:
		return one("vat")
	case docNumber:
		return one("token", "domain", "number")
	case account:
		return one("token", "domain", "account")
	case card:
		return one("card")
	case last4:
		return one("constant", "value", "0000")
	case cvv:
		return one("constant", "value", "000")
	case iban:
		return one("iban")
	case bic:
		return one("bic")
	case secret:
		if f.long {
			return one("hash")
		}
		return one("token")
	case binary:
		return one("hash")
	case password:
		return f.passwords()
	case ipAddress:
		return append(one("ip"), mask("ip", "domain", f.name))
	case macAddr:
		return one("mac")
	case web:
		return append(one("url"), mask("url", "domain", f.name))
	case agent:
		return one("user_agent")
	case geo:
		return one("geo", "jitter", "5km")
	case company:
		return one("company")
	case job:
		return one("job")
	case pay:
		return one("token", "domain", "number")
	case prose:
		return one("scrub")
	}
	return nil
}

// genders lists masks for a person's gender: one that goes with the name if two
// words for it are known or usual, else any of the words that a check lists.
func (f *field) genders() []anonymize.Mask {
	if len(f.choices) == 0 {
		return []anonymize.Mask{mask("person.gender")}
	}
	var values []any
	for _, v := range f.choices {
		values = append(values, v)
	}
	choice := mask("choice", "values", values)
	if pair := genderPair(f.choices); pair != nil {
		return []anonymize.Mask{mask("person.gender", "values", []any{pair[0], pair[1]}), choice}
	}
	return []anonymize.Mask{choice}
}

func (f *field) nationals() []anonymize.Mask {
	other := mask("vat", "domain", "national_id")
	switch {
	case f.country == "":
		return []anonymize.Mask{other}
	case f.unique:
		return []anonymize.Mask{mask("national_id", "country", f.country, "permute", true), other}
	}
	return []anonymize.Mask{mask("national_id", "country", f.country), other}
}

func (f *field) passwords() []anonymize.Mask {
	if f.inDoc {
		return []anonymize.Mask{mask("hash")}
	}
	m := mask("password", "value", "staging")
	if f.scheme != "" {
		m.Params["scheme"] = f.scheme
	}
	return []anonymize.Mask{m, mask("hash")}
}

// numbers lists masks for numbers: what stands for a person is permuted, what
// measures one gets noise.
func (f *field) numbers(c class) []anonymize.Mask {
	noise := []anonymize.Mask{mask("number", "noise", "10%"), mask("money", "noise", "10%")}
	permute := func(least, most int64) []anonymize.Mask {
		most = min(most, map[string]int64{"int2": math.MaxInt16, "int4": math.MaxInt32, "int8": math.MaxInt64}[f.elem().Name])
		return append([]anonymize.Mask{mask("number", "permute", []any{least, most}, "domain", f.name)}, noise...)
	}
	switch c {
	case gender:
		if len(f.choices) == 2 && f.choices[0] == "0" {
			return []anonymize.Mask{mask("choice", "values", []any{int64(0), int64(1)})}
		}
		return []anonymize.Mask{mask("person.gender")}
	case birthYear, age:
		return append([]anonymize.Mask{mask("number", "bucket", int64(5))}, noise...)
	case pay:
		return []anonymize.Mask{mask("money", "noise", "10%")}
	case geo:
		return append([]anonymize.Mask{mask("geo", "jitter", "5km")}, noise...)
	case last4:
		return permute(0, 9999)
	case cvv:
		return []anonymize.Mask{mask("constant", "value", int64(0))}
	case zip:
		return permute(0, 99999)
	case phone:
		return permute(1, 999999999999999)
	case card:
		return permute(1, 9999999999999999999>>1)
	case national, tax, docNumber, account, secret:
		return permute(1, 999999999999)
	}
	return noise
}

func (f *field) elem() *anonymize.Type {
	if f.typ.Elem != nil {
		return f.typ.Elem
	}
	return &f.typ
}

// fits reports whether a mask takes the field's type, stays unique where the
// field must, and has the room that it needs.
func (f *field) fits(m *anonymize.Mask) bool {
	if !anonymize.Fits(m.Kind, f.typ) || m.Kind == "null" && (f.notNull || f.unique) {
		return false
	}
	if m.Kind == "number" && m.Params["permute"] != nil && !strings.HasPrefix(f.elem().Name, "int") {
		return false
	}
	if f.unique && (f.typ.Elem != nil || !injective(m)) {
		return false
	}
	return f.elem().Length == 0 || f.elem().Length >= f.needs(m)
}

// injective reports whether a mask, with its parameters, never gives two values
// the same result.
func injective(m *anonymize.Mask) bool {
	switch m.Kind {
	case "number", "national_id":
		return m.Params["permute"] != nil
	case "template":
		return false
	}
	for _, k := range anonymize.Kinds() {
		if k.Name == m.Kind {
			return k.Injective
		}
	}
	return false
}

// needs is how many characters a mask takes in this field.
func (f *field) needs(m *anonymize.Mask) int {
	tail := 0 // characters of five bits that keep a unique value unique
	if f.unique {
		bits := 80.0
		if f.rows > 0 {
			bits = max(60, math.Ceil(2*math.Log2(float64(f.rows))-1+9*math.Log2(10)))
		}
		tail = int(math.Ceil(bits / 5))
		if m.Kind == "hash" {
			return int(math.Ceil(bits / 4))
		}
	}
	switch m.Kind {
	case "email":
		return max(tail, 6) + len("@example.com")
	case "person.user":
		return max(tail, 4)
	case "url":
		return len("https://example.com/") + max(tail, 4)
	case "domain":
		return len("example.com") + 1 + max(tail, 4)
	case "ip":
		return 15
	case "uuid":
		return 36
	case "password":
		switch m.Params["scheme"] {
		case "argon2id":
			return 97
		case "pbkdf2_sha256":
			return 88
		}
		return 60
	case "constant":
		if v, ok := m.Params["value"].(string); ok {
			return len(v)
		}
	case "choice":
		longest := 0
		if values, ok := m.Params["values"].([]any); ok {
			for _, v := range values {
				if s, ok := v.(string); ok {
					longest = max(longest, len(s))
				}
			}
		}
		return longest
	}
	return 0
}
