package discover

import (
	"slices"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// Numbers that authorities publish as examples, or that follow their rules, and
// the same with one digit changed.
func TestNationalIDs(t *testing.T) {
	for country, list := range map[string][]string{
		"us": {"123-45-6789", "078-05-1120"},
		"br": {"529.982.247-25", "11144477735"},
		"pl": {"44051401359", "02070803628"},
		"nl": {"111222333", "123456782"},
		"se": {"811228-9874", "198112289874", "670919-9530"},
		"fr": {"1 84 12 76 451 089 46", "255081416802538"},
		"de": {"86095742719", "47036892816"},
		"ch": {"756.9217.0769.85"},
		"be": {"85.07.30-033.28", "00012511148"},
		"no": {"01129955151"},
		"in": {"999941057058"},
		"it": {"RSSMRA85T10A562S", "MRTMTT25D09F205Z"},
		"es": {"12345678Z", "X1234567L"},
		"gb": {"AB123456C", "AB 12 34 56 C"},
		"fi": {"131052-308T", "010594Y9032"},
	} {
		for _, v := range list {
			if _, got := anonymize.KindOf([]byte(v)); !slices.Contains(got, country) {
				t.Errorf("%s: %q is of %q", country, v, got)
			}
			wrong := []byte(v)
			for i := len(wrong) - 1; i >= 0; i-- {
				if wrong[i] >= '0' && wrong[i] <= '9' {
					wrong[i] = '0' + (wrong[i]-'0'+1)%10
					break
				}
			}
			if country == "us" || country == "gb" { // no check digit
				continue
			}
			if _, got := anonymize.KindOf(wrong); slices.Contains(got, country) {
				t.Errorf("%s: %q with a digit changed is still one", country, v)
			}
		}
	}
}

func TestClassOf(t *testing.T) {
	d := newDetector()
	for class, list := range map[class][]string{
		email:    {"anna@example.com", "a.b+c@sub.example.org", "x_y@xn--bcher-kva.example"},
		phone:    {"+49 30 901820", "+1 (212) 555-0147", "(212) 555-0147", "030-901820", "0049301234567"},
		card:     {"4111111111111111", "5555 5555 5555 4444", "3782-822463-10005"},
		iban:     {"DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"},
		macAddr:  {"00:00:5e:00:53:01", "00-00-5E-00-53-AF"},
		password: {"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub"},
		secret:   {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"},
		web:      {"https://example.com/~anna", "postgres://u:p@db/x"},
		address:  {"12 Main Street, Springfield", "Hauptstraße 5, 10115 Berlin", "7 rue de la Paix, 75002 Paris"},
		fullName: {"Anna Schmidt", "Müller, Peter", "Maria de la Cruz", "J. Peterson"},
		none: {
			"", "-", "2024-01-02", "01.02.2024", "2024-01-02 03:04:05", "1.2.3", "10.4.1", "12345", "A-100", "hello world", "user@", "@home", "a@b", "not an e-mail @ all", "192.168", "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
			"0000000000000000", "1234567890123456", "Main Street", "the quick brown fox", "19.99", "-12.50", "1,234.56",
		},
	} {
		for _, v := range list {
			if v == "" {
				continue
			}
			if got := d.class(d.examine(nil), v); got != class {
				t.Errorf("%q is %q, not %q", v, got, class)
			}
		}
	}
}

// Nothing that a database may hold stops Look, and every decision fits.
func FuzzLook(f *testing.F) {
	f.Add("email", "text", "comment", "label", "anna@example.com")
	f.Add("?", "varchar(1)", "a.b.c", "MASKED WITH FUNCTION", `{"a": [{"b": "c"}]}`)
	f.Add("zzq", "", "c", "", "data:text/plain;base64,MDA6IGFubmEuYmVyZ0Bjb3JwLmV4YW1wbGU%3D")
	f.Add("zzq", "", "c", "", ".eJxKTiwqsVLIy89L1VEYCexqpdLi1CIlKwWlxLy8RAMDh-T8ogK91IrE3IKcVCUdBaU8JSsFw1pAAAAA__8E5Vwv:1t0XyZ:BLBwFwH54")
	f.Add("\xff", "jsonb", "$.", "MASKED WITH VALUE", "{}")
	types := []string{"text", "varchar(3)", "integer", "bigint", "numeric(9,0)", "jsonb", "date", "bytea", "text[]", "uuid", "inet", "enum", "hstore", "point"}
	f.Fuzz(func(t *testing.T, name, typ, comment, label, value string) {
		kind := types[len(typ)%len(types)]
		tab := &schema.Table{Name: schema.Name{Schema: "public", Name: comment}}
		for i, c := range []string{name, name + "_id", comment} {
			tab.Columns = append(tab.Columns, schema.Column{Name: c, Num: i + 1, Type: typeNamed(kind), Comment: comment, MaskLabel: label})
		}
		s := schemaOf(tab, table("users", "id integer*", "email text"))
		r, err := Look(s, func(t *schema.Table) ([]Sample, error) {
			out := make([]Sample, len(t.Columns))
			for i := range out {
				out[i].Values = [][]byte{[]byte(value), []byte(value + "x"), []byte(value)}
			}
			return out, nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) != 5 {
			t.Fatalf("%d findings of 5", len(r.Findings))
		}
		for i := range r.Findings {
			if r.Findings[i].Mask.Kind == "" || r.Findings[i].Evidence == "" {
				t.Fatalf("column %d is undecided", i)
			}
		}
	})
}
