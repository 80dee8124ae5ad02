package anonymize

import (
	"math"
	"slices"
	"strings"
)

// kind is one kind of mask.
type kind struct {
	name      string
	doc       string
	params    []string
	takes     string // which types, for people
	accepts   func(Type) bool
	injective bool
	// injectiveIf says whether this use of the kind is injective; unique is how one
	// is written that is, and uniqueOn of which types there is one, nil for all.
	injectiveIf func(*compiler) bool
	unique      string
	uniqueOn    func(Type) bool
	entity      bool // follows the table's entity
	whole       bool // takes an array as a whole, not by element
	parts       bool // looks for things within a value: one that holds none stays as it is
	verbatim    bool // works on the characters that are there: capitals count even where the column ignores them
	// ordered says whether this use keeps the order of values, so that it may mask
	// the bounds of a range; nil: never.
	ordered func(*compiler) bool
	// staysIf says whether this use of the kind lets stay what stays says; nil: always.
	staysIf func(*Mask) bool
	facts
	make func(*compiler) maskFunc
}

// facts are what other parts have to know of a kind. Each kind says all of them: a
// test asks for it.
type facts struct {
	speaks fact      // its originals are texts that a witness is told: not numbers, dates, or one of a few words
	listed fact      // it draws from lists of what many people share
	shared shared    // which of its originals are many people's
	known  knownKind // how scrub looks for its originals in texts of the row
	joined fact      // people compare its results across tables: columns of a domain count with the narrowest
	stays  stays     // what of its originals its results may hold
	// draws is what it draws from a row's entity: kinds that draw the same agree. It
	// is "" for a kind that follows no entity.
	draws string
}

// fact is a yes or no that a kind has to say.
type fact uint8

const (
	_ fact = iota
	no
	yes
)

// shared says how many words a value without digits may have for being of so many
// people that it stands for none.
type shared uint8

const (
	_ shared = iota
	noWords
	oneWord
	anyWords
)

// stays says what of a value may be in what a kind makes of it.
type stays uint8

const (
	_            stays = iota
	staysNothing       // that anybody could be told by
	staysDomain        // what is behind the @ of an address
	staysPart          // a part; the whole is another one
	staysAll           // any part, or the whole
)

// staying returns what stays where a mask of the kind is used.
func (k *kind) staying(m *Mask) stays {
	if k.staysIf != nil && !k.staysIf(m) {
		return staysNothing
	}
	return k.stays
}

// showsEnds reports whether a redact mask shows the ends of values.
func showsEnds(m *Mask) bool { return m.Params["first"] != nil || m.Params["last"] != nil }

// keepsDomain reports whether an email mask keeps some domain.
func keepsDomain(m *Mask) bool {
	switch to := m.Params["domain"].(type) {
	case string:
		return to == keepDomain
	case map[string]any:
		for _, x := range to {
			if x == keepDomain {
				return true
			}
		}
	}
	return false
}

// most is the number of words.
func (s shared) most() int {
	switch s {
	case oneWord:
		return 1
	case anyWords:
		return math.MaxInt
	}
	return 0
}

// takesType reports whether the kind takes values of a type that is no array, or
// the bounds of a range.
func (k *kind) takesType(t Type) bool {
	if sub := rangeOf(t); sub != "" && k.ordered != nil {
		t = Type{Name: sub}
	}
	return k.accepts(t)
}

// domain is the default domain of a kind: the part of its name before the dot.
func (k *kind) domain() string {
	name, _, _ := strings.Cut(k.name, ".")
	return name
}

func isText(t Type) bool {
	switch t.Name {
	case "text", "varchar", "bpchar", "citext", "name":
		return true
	}
	return false
}

func isInt(t Type) bool { return t.Name == "int2" || t.Name == "int4" || t.Name == "int8" }

func isNumber(t Type) bool {
	return isInt(t) || t.Name == "numeric" || t.Name == "float4" || t.Name == "float8"
}

func isDate(t Type) bool {
	return t.Name == "date" || t.Name == "timestamp" || t.Name == "timestamptz"
}

func isAny(Type) bool { return true }

func or(fs ...func(Type) bool) func(Type) bool {
	return func(t Type) bool { return slices.ContainsFunc(fs, func(f func(Type) bool) bool { return f(t) }) }
}

func named(names ...string) func(Type) bool {
	return func(t Type) bool { return slices.Contains(names, t.Name) }
}

// kindTable returns all kinds of masks. It is a function because kinds refer to
// it through json and scrub.
func kindTable() []kind {
	text, json := "text types", named("json", "jsonb")
	return []kind{
		{name: "keep", doc: "the value as it is", takes: "any type", accepts: isAny, whole: true, injective: true,
			facts: facts{speaks: no, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysAll}},
		{name: "null", doc: "NULL; written \"null\", in quotes", takes: "any type", accepts: isAny, whole: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysNothing}},
		{name: "constant", doc: "always the same value", params: []string{"value"}, takes: "any type", accepts: isAny, whole: true, verbatim: true,
			facts: facts{speaks: yes, listed: yes, shared: noWords, known: knownWhole, joined: no, stays: staysNothing}, make: makeConstant},
		{name: "redact", doc: "all characters replaced but the first and last so many", params: []string{"first", "last", "with"}, takes: text, accepts: isText, verbatim: true, staysIf: showsEnds,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysAll}, make: makeRedact},
		{name: "hash", doc: "a keyed hash: hex digits, 32 or as many as fit", params: []string{"length"}, takes: "text types and bytea", accepts: or(isText, named("bytea")), injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysNothing}, make: makeHash},
		{name: "email", doc: "an address at example.com; domain: another one, keep, or {from: to, \"*\": other}; unique but for a chance below 1e-9", params: []string{"domain", "locale", "gender"}, takes: text, accepts: isText, injective: true, entity: true, staysIf: keepsDomain,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysDomain, draws: "person"}, make: makeEmail},
		{name: "person.name", doc: "first and last name; gender: the column that says whose", params: []string{"locale", "gender"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: oneWord, known: knownName, joined: no, stays: staysNothing, draws: "person"}, make: makePerson(personName)},
		{name: "person.first", doc: "a first name", params: []string{"locale", "gender"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: oneWord, known: knownFirst, joined: no, stays: staysNothing, draws: "person"}, make: makePerson(personFirst)},
		{name: "person.last", doc: "a last name", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: oneWord, known: knownLast, joined: no, stays: staysNothing, draws: "person"}, make: makePerson(personLast)},
		{name: "person.user", doc: "a user name; unique where a column of the domain is", params: []string{"locale", "gender"}, takes: text, accepts: isText, entity: true, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing, draws: "person"}, make: makeUser},
		{name: "person.title", doc: "Ms., Mr. or Dr. in the locale's language", params: []string{"locale", "gender"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: no, listed: yes, shared: noWords, known: knownNot, joined: no, stays: staysNothing, draws: "person"}, make: makeTitle},
		{name: "person.gender", doc: "the gender of the name, spelled as the value is, or as one of two values: [f, m]", params: []string{"locale", "values"}, takes: "text, enum and integer types", accepts: or(isText, isInt, func(t Type) bool { return len(t.Labels) > 0 }), entity: true,
			facts: facts{speaks: no, listed: yes, shared: noWords, known: knownNot, joined: no, stays: staysNothing, draws: "person"}, make: makeGender},
		{name: "phone", doc: "a number of the same shape and country code", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownPhone, joined: yes, stays: staysNothing}, make: makePhone},
		{name: "address.full", doc: "street, city, state and zip in one line", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: noWords, known: knownAddress, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressFull)},
		{name: "address.street", doc: "house number and street", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: noWords, known: knownWhole, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressStreet)},
		{name: "address.city", doc: "a city", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownWhole, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressCity)},
		{name: "address.state", doc: "the city's state; two letters where the value had two", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownWhole, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressState)},
		{name: "address.zip", doc: "a zip code of the city", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: noWords, known: knownWhole, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressZip)},
		{name: "address.country", doc: "the city's country; two or three letters where the value had so many", params: []string{"locale"}, takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownWhole, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressCountry)},
		{name: "address.lat", doc: "the latitude of a point near the city", params: []string{"locale"}, takes: "numeric, float and text types", accepts: or(isText, named("numeric", "float4", "float8")), entity: true,
			facts: facts{speaks: no, listed: yes, shared: noWords, known: knownNot, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressLat)},
		{name: "address.lon", doc: "the longitude of a point near the city", params: []string{"locale"}, takes: "numeric, float and text types", accepts: or(isText, named("numeric", "float4", "float8")), entity: true,
			facts: facts{speaks: no, listed: yes, shared: noWords, known: knownNot, joined: no, stays: staysNothing, draws: "address"}, make: makeAddress(addressLon)},
		{name: "geo", doc: "coordinates moved by up to a distance (east and west it is less, the nearer to a pole)", params: []string{"jitter"}, takes: "point, numeric, float and text types", accepts: or(isText, named("point", "numeric", "float4", "float8")),
			facts: facts{speaks: no, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makeGeo},
		{name: "company", doc: "a company's name", takes: text, accepts: isText,
			facts: facts{speaks: yes, listed: yes, shared: oneWord, known: knownWhole, joined: no, stays: staysNothing}, make: makeCompany},
		{name: "job", doc: "a job's title", takes: text, accepts: isText, entity: true,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownNot, joined: no, stays: staysNothing, draws: "job"}, make: makeJob},
		{name: "date", doc: "shifted by up to so many days, the same for all dates of an entity; or truncated; or the first day of a span of years", params: []string{"shift", "truncate", "bucket"}, takes: "date, timestamp and range types, text in ISO 8601", accepts: or(isDate, isText), entity: true, ordered: func(*compiler) bool { return true },
			facts: facts{speaks: no, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysNothing, draws: "date"}, make: makeDate},
		{name: "number", doc: "with noise of up to so many percent; or in buckets; or permuted", params: []string{"noise", "bucket", "permute"}, takes: "number types (permute: integers; bucket: ranges too)", accepts: isNumber, ordered: func(c *compiler) bool { return c.given("bucket") }, injectiveIf: func(c *compiler) bool { return c.given("permute") }, unique: "number {permute: true}", uniqueOn: isInt,
			facts: facts{speaks: no, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makeNumber},
		{name: "money", doc: "an amount with noise of up to so many percent, or in buckets", params: []string{"noise", "bucket"}, takes: "money and number types", accepts: or(isNumber, named("money")),
			facts: facts{speaks: no, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makeMoney},
		{name: "uuid", doc: "another uuid of the same version", takes: "uuid and text types", accepts: or(isText, named("uuid")), injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeUUID},
		{name: "ip", doc: "another address; two that share a prefix share one of the same length after", takes: "inet, cidr and text types", accepts: or(isText, named("inet", "cidr")), injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeIP},
		{name: "mac", doc: "another address; of a group or locally assigned where it was", takes: "macaddr, macaddr8 and text types", accepts: or(isText, named("macaddr", "macaddr8")), injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeMAC},
		{name: "url", doc: "a page of example.com", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeURL},
		{name: "domain", doc: "a name under example.com", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeDomain},
		{name: "user_agent", doc: "a browser that many people have", takes: text, accepts: isText,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownNot, joined: no, stays: staysNothing}, make: makeUserAgent},
		{name: "card", doc: "a card number of the same brand, length and spacing; valid where the value was; test: true for numbers of ranges that schemes test with", params: []string{"test"}, takes: text, accepts: isText, injectiveIf: func(c *compiler) bool { return !c.given("test") }, unique: "card",
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownSpelling, joined: yes, stays: staysNothing}, make: makeCard},
		{name: "iban", doc: "an account of the same country and shape; valid where the value was", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownSpelling, joined: yes, stays: staysNothing}, make: makeIBAN},
		{name: "bic", doc: "a bank of the same country and place", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeBIC},
		{name: "vat", doc: "a number of the same country and shape", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeShape(vatPrefix)},
		{name: "national_id", doc: "a valid number of the country (us, gb, de, fr …), of a range never issued where there is one; permute: true for a unique one", params: []string{"country", "permute"}, takes: text, accepts: isText, injectiveIf: nationalInjective, unique: "national_id {country: …, permute: true}",
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysNothing}, make: makeNational},
		{name: "token", doc: "a token of the same prefix, alphabet and length; live becomes test where 20 letters and digits follow", takes: text, accepts: isText, injective: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: yes, stays: staysPart}, make: makeShape(tokenPrefix)},
		{name: "choice", doc: "one of the values, or of {value: weight}; for an enum without values, one of its labels", params: []string{"values"}, takes: "any type", accepts: isAny,
			facts: facts{speaks: yes, listed: yes, shared: anyWords, known: knownNot, joined: no, stays: staysNothing}, make: makeChoice},
		{name: "shuffle", doc: "a value that many rows of the column have; at_least: in so many, 5 if not given", params: []string{"at_least"}, takes: "text, number, date, boolean and enum types", accepts: takesShuffle, entity: true, whole: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysPart, draws: "shuffle"}, make: makeShuffle},
		{name: "password", doc: "the hash of a known password; scheme: bcrypt, argon2id or pbkdf2_sha256", params: []string{"value", "scheme", "cost"}, takes: text, accepts: isText, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makePassword},
		{name: "file", doc: "a small file of the same type: png, jpeg, gif, pdf, zip and office documents, gzip; else one byte, counted as opaque", takes: "bytea", accepts: named("bytea"),
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makeFile},
		{name: "text", doc: "meaningless text of the same length and shape", takes: text, accepts: isText, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysNothing}, make: makeLorem},
		{name: "template", doc: "a text with values of the row: {{.id}}, {{pad 7 .id}}, {{lower .name}}, {{upper .name}}", params: []string{"value"}, takes: text, accepts: isText, injectiveIf: templateInjective, unique: "template with a whole unique key", verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysNothing}, make: makeTemplate},
		{name: "regexp", doc: "matches replaced ($1 is the first group), what is around them stays; a value without a match is opaque", params: []string{"match", "replace"}, takes: text, accepts: isText, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownWhole, joined: no, stays: staysAll}, make: makeRegexp},
		{name: "json", doc: "masks by path: $.a.b, $.a[*].b, $..b; other: keep or deny", params: []string{"paths", "other"}, takes: "json, jsonb and text types", accepts: or(json, isText), whole: true, parts: true, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysAll}, make: makeJSON},
		{name: "composite", doc: "masks by field; each field has one, or keep", params: []string{"fields"}, takes: "composite types", accepts: func(t Type) bool { return len(t.Fields) > 0 }, parts: true, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysAll}, make: makeComposite},
		{name: "hstore", doc: "masks by key; other: keep or deny", params: []string{"keys", "other"}, takes: "hstore", accepts: named("hstore"), parts: true, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysAll}, make: makeHstore},
		{name: "scrub", doc: "what identifies people within a text (addresses, numbers, keys, names of the row) replaced by what columns get", takes: "text types", accepts: isText, parts: true, verbatim: true,
			facts: facts{speaks: yes, listed: no, shared: noWords, known: knownNot, joined: no, stays: staysAll}, make: makeScrub},
	}
}

func kindNamed(name string) *kind {
	for _, k := range kindTable() {
		if k.name == name {
			return &k
		}
	}
	return nil
}

// Kind describes a kind of mask, for documents and messages.
type Kind struct {
	Name, Doc string
	Params    []string
	Takes     string
	Injective bool
	Entity    bool
	Joined    bool // results are compared across tables: all columns of a domain count with the narrowest
}

// Kinds lists every kind of mask in the order of the documents. "sql" is not
// among them: it is computed by the source.
func Kinds() []Kind {
	var out []Kind
	for _, k := range kindTable() {
		out = append(out, Kind{k.name, k.doc, k.params, k.takes, k.injective || k.injectiveIf != nil, k.entity, k.joined == yes})
	}
	return out
}

// Fits reports whether a kind takes values of a type, or those of its elements.
// It is false for a kind that does not exist.
func Fits(name string, t Type) bool {
	k := kindNamed(name)
	if k == nil {
		return false
	}
	if t.Elem != nil && !k.whole {
		t = *t.Elem
	}
	return k.takesType(t)
}

// Replaces reports whether a mask replaces values as a whole, so that nothing of
// them stays. It is false for no mask, and for one of a kind that does not exist.
func (m *Mask) Replaces() bool {
	if m == nil {
		return false
	}
	k := kindNamed(m.Kind)
	return k != nil && k.staying(m) == staysNothing
}

// injectiveKinds says what to use on a unique column of the type.
func injectiveKinds(t Type) string {
	var names []string
	for _, k := range kindTable() {
		switch {
		case !k.accepts(t) || k.name == "keep":
		case k.injective:
			names = append(names, k.name)
		case k.unique != "" && (k.uniqueOn == nil || k.uniqueOn(t)):
			names = append(names, k.unique)
		}
	}
	if len(names) == 0 {
		return "no mask for type " + t.Name + " is unique; keep it, or leave the rows out"
	}
	return "use one of: " + strings.Join(names, ", ")
}

func otherKinds(t Type) string {
	var names []string
	for _, k := range kindTable() {
		if k.accepts(t) && k.takes != "any type" {
			names = append(names, k.name)
		}
	}
	if len(names) == 0 {
		return `; for this type there are keep, "null", constant, choice and sql`
	}
	return "; for this type there are " + strings.Join(names, ", ")
}

// suggestKind names the kind that was meant, if one is near.
func suggestKind(name string) string {
	for _, k := range kindTable() {
		short := k.name[strings.LastIndexByte(k.name, '.')+1:]
		if strings.EqualFold(name, short) || strings.EqualFold(name, k.name) || strings.TrimSuffix(name, "s") == short {
			return "; did you mean " + k.name + "?"
		}
		if k.domain() == name {
			return "; write " + k.name + " or another of " + name + ".…"
		}
	}
	return ""
}
