package anonymize

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// postcodes are the formats of the countries, from their post offices'
// descriptions (gb: BS 7666), with the country's codes of ISO 3166-1.
var postcodes = map[string][3]string{
	"us": {`^\d{5}$`, "US", "USA"}, "gb": {`^[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}$`, "GB", "GBR"}, "de": {`^\d{5}$`, "DE", "DEU"},
	"fr": {`^\d{5}$`, "FR", "FRA"}, "es": {`^(0[1-9]|[1-4]\d|5[0-2])\d{3}$`, "ES", "ESP"}, "it": {`^\d{5}$`, "IT", "ITA"}, "nl": {`^[1-9]\d{3} [A-Z]{2}$`, "NL", "NLD"},
	"pl": {`^\d{2}-\d{3}$`, "PL", "POL"}, "se": {`^\d{3} \d{2}$`, "SE", "SWE"}, "br": {`^\d{5}-\d{3}$`, "BR", "BRA"},
}

// TestAddressesAgree masks all parts of an address for many entities of each
// locale: they are of one place.
func TestAddressesAgree(t *testing.T) {
	for locale, want := range postcodes {
		kinds := []string{"address.full", "address.street", "address.city", "address.state", "address.zip", "address.country", "address.country", "address.country", "address.lat", "address.lon"}
		cols := []Column{{Name: "id", Type: Type{Name: "int4"}}}
		for _, k := range kinds {
			cols = append(cols, Column{Name: k, Type: Type{Name: "text"}, Mask: &Mask{Kind: k, Params: params{"locale": locale}}})
		}
		p, err := Compile(testSecret(t, 1), Table{Entity: 0, EntityDomain: "x", Columns: cols})
		if err != nil {
			t.Fatal(err)
		}
		r, cities := p.NewRewriter(), map[string]place{}
		for _, at := range countries()[locale].places {
			cities[at.city] = at
		}
		seen := map[string]bool{}
		for id := range 500 {
			row, err := r.AppendRow(nil, fmt.Appendf(nil, "%d\tx\tx\tx\txx\tx\txx\txxx\txxxx\t1\t1", id))
			if err != nil {
				t.Fatal(err)
			}
			f := strings.Split(string(row), "\t")[1:]
			at, ok := cities[f[2]]
			lat, err1 := strconv.ParseFloat(f[8], 64)
			lon, err2 := strconv.ParseFloat(f[9], 64)
			fixed := strings.IndexAny(at.zip, "#@")
			switch {
			case !ok || f[3] != at.abbr || f[4][:fixed] != at.zip[:fixed]:
				t.Fatalf("%s: %q are not of one place", locale, f)
			case !strings.HasPrefix(f[0], f[1]) || !strings.Contains(f[0], f[4]) || !strings.Contains(f[0], f[2]):
				t.Errorf("%s: the whole address %q is not of %q", locale, f[0], f[1:])
			case !regexp.MustCompile(want[0]).MatchString(f[4]):
				t.Errorf("%s: %q is no postcode", locale, f[4])
			case f[5] != want[1] || f[6] != want[2] || len(f[7]) < 5:
				t.Errorf("%s: countries %q", locale, f[5:8])
			case err1 != nil || err2 != nil || math.Abs(lat-at.lat) > 0.05 || math.Abs(lon-at.lon) > 0.05:
				t.Errorf("%s: %q is not near %s", locale, f[8:], at.city)
			}
			seen[f[0]] = true
		}
		if len(seen) < 490 {
			t.Errorf("%s: %d addresses for 500 entities", locale, len(seen))
		}
	}
	if len(postcodes) != len(countries()) {
		t.Errorf("%d locales, %d of them checked", len(countries()), len(postcodes))
	}
}

// TestPeopleAgree: name, title, gender and user name of one entity are of one
// person, and the gender goes with the first name.
func TestPeopleAgree(t *testing.T) {
	d := dictionaries()
	locales := maps.Clone(d.others)
	locales["us"], locales["gb"] = d.people, d.people
	for locale, names := range locales {
		cols := []Column{{Name: "id", Type: Type{Name: "int4"}}}
		for _, k := range []string{"person.name", "person.first", "person.last", "person.user", "person.title", "person.gender"} {
			cols = append(cols, Column{Name: k, Type: Type{Name: "text"}, Mask: &Mask{Kind: k, Params: params{"locale": locale}}})
		}
		cols = append(cols, Column{Name: "sex", Type: Type{Name: "sex", Labels: []string{"Male", "Female", "None"}}, Mask: &Mask{Kind: "person.gender", Params: params{"locale": locale}}})
		p, err := Compile(testSecret(t, 1), Table{Entity: 0, EntityDomain: "x", Columns: cols})
		if err != nil {
			t.Fatal(err)
		}
		r, women := p.NewRewriter(), 0
		for id := range 1000 {
			row, err := r.AppendRow(nil, fmt.Appendf(nil, "%d\tx\tx\tx\tx\tx.\tM\tMale", id))
			if err != nil {
				t.Fatal(err)
			}
			f := strings.Split(string(row), "\t")[1:]
			woman := f[5] == "F"
			list := names.male
			if woman {
				list = names.female
				women++
			}
			titles := []string{names.titles[1], names.titles[2]}
			if woman {
				titles[0] = names.titles[0]
			}
			if f[0] != f[1]+" "+f[2] || !slices.Contains(list, f[1]) || !slices.Contains(names.last, f[2]) || !strings.HasPrefix(f[3], strings.ToLower(f[1]+"."+f[2])) ||
				!slices.Contains(titles, f[4]) || f[6] != map[bool]string{true: "Female", false: "Male"}[woman] {
				t.Fatalf("%s: %q do not agree", locale, f)
			}
		}
		if women < 400 || women > 600 {
			t.Errorf("%s: %d women of 1000", locale, women)
		}
		for _, list := range [][]string{names.female, names.male, names.last} {
			seen := map[string]bool{}
			for _, n := range list {
				if seen[n] || strings.IndexFunc(n, func(r rune) bool { return r >= 0x80 || r <= ' ' }) >= 0 {
					t.Errorf("%s: the name %q is twice there, or not ASCII", locale, n)
				}
				seen[n] = true
			}
		}
	}
}

// TestDrawsAreApart: what is drawn for different things from one entity has
// nothing to do with each other: every city has names of the whole alphabet.
func TestDrawsAreApart(t *testing.T) {
	col := func(k string) Column { return Column{Name: k, Type: Type{Name: "text"}, Mask: &Mask{Kind: k}} }
	p, err := Compile(testSecret(t, 1), Table{Entity: 0, EntityDomain: "x", Columns: []Column{{Name: "id", Type: Type{Name: "int4"}}, col("person.first"), col("address.city"), col("job")}})
	if err != nil {
		t.Fatal(err)
	}
	r, initials := p.NewRewriter(), map[string]map[byte]bool{}
	for id := range 20000 {
		row, _ := r.AppendRow(nil, fmt.Appendf(nil, "%d\tx\tx\tx", id))
		f := strings.Split(string(row), "\t")
		for _, with := range f[2:] {
			if initials[with] == nil {
				initials[with] = map[byte]bool{}
			}
			initials[with][f[1][0]] = true
		}
	}
	for with, letters := range initials {
		if len(letters) < 12 {
			t.Errorf("the first names with %s begin with %d letters", with, len(letters))
		}
	}
}

// TestFixedPoints masks what dictionaries hold. A mask of the value draws again
// where it would give the value back; one of an entity must not, and counts.
func TestFixedPoints(t *testing.T) {
	d := dictionaries()
	var cities []string
	for _, p := range usPlaces() {
		cities = append(cities, p.city)
	}
	lorem := one(t, 1, "text", Mask{Kind: "text"})
	for i := range 3600 {
		if v := strconv.FormatInt(int64(i), 36); lorem(v) == v {
			t.Errorf("text: %s stays", v)
		}
	}
	for kind, values := range map[string][]string{
		"person.first": slices.Concat(d.people.female, d.people.male), "person.last": d.people.last, "company": d.company, "address.city": cities, "user_agent": userAgents(),
	} {
		for secret := range byte(4) {
			f := one(t, secret+1, "text", Mask{Kind: kind})
			for _, v := range values {
				for _, v := range []string{v, strings.ToUpper(v)} {
					if strings.EqualFold(f(v), v) {
						t.Errorf("%s: %s stays", kind, v)
					}
				}
			}
		}
		p, err := Compile(testSecret(t, 1), Table{Entity: 0, EntityDomain: "x", Columns: []Column{{Name: "id", Type: Type{Name: "int4"}}, {Name: "c", Type: Type{Name: "text"}, Mask: &Mask{Kind: kind}}}})
		if err != nil {
			t.Fatal(err)
		}
		r, fixed := p.NewRewriter(), int64(0)
		for id := range 20 {
			for _, v := range values {
				out, _ := r.AppendRow(nil, []byte(fmt.Sprint(id, "\t", v)))
				if string(out) == fmt.Sprint(id, "\t", v) {
					fixed++
				}
			}
		}
		if kindNamed(kind).entity == (fixed == 0) || r.Stats()[0].Fixed != fixed {
			t.Errorf("%s: %d of an entity stay, %d are counted", kind, fixed, r.Stats()[0].Fixed)
		}
	}
}
