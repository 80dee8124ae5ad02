package anonymize

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// behind are values that begin as their kind does and go on with what is none of it.
func behind() []struct {
	mask   Mask
	values []string
} {
	keep := params{"domain": "keep"}
	return []struct {
		mask   Mask
		values []string
	}{
		{Mask{Kind: "ip"}, []string{
			"10.20.30.1/user1@corp.example (Anna Berg, +49 151 12345671)", "10.20.30.1/+4915112345671", "10.20.30.1/4711", "10.20.30.1/33", "10.20.30.1/024", "10.20.30.1/", "10.20.30.1/24/4711",
			"2001:db8::1/anna.berg", "2001:db8::1/129", "2001:db8::1/-1",
		}},
		{Mask{Kind: "email", Params: keep}, []string{
			"anna@corp.example/Anna.Berg/+491511234567", "anna@corp.example?subject=Anna%20Berg", "anna@corp.example:4711", "anna@corp.example#Berg",
			"anna@Anna_Berg", "anna@corp..example", "anna@-corp.example", "anna@corp.example(Berg)", "anna@berg.4915112345671", "anna@corp-.example", "anna@corp.example-", "anna@" + strings.Repeat("berg.", 51) + "example",
		}},
		{Mask{Kind: "email", Params: params{"domain": params{"corp.example": "example.net", "*": "keep"}}}, []string{"anna@corp.example/Anna.Berg"}},
		{Mask{Kind: "date", Params: params{"shift": "60d"}}, []string{
			"1985-02-03 10:00:00+491511234567", "1985-02-03 10:00:00.4915112345671", "1985-02-03 10:00:00-4711", "1985-02-03 10:00:00Z4711", "1985-02-03 10:00:00+01:00:00:00",
			"1985-02-03 10:00:00...", "1985-02-03 49:15:11", "1985-02-03 10:00:00+49", "1985-02-03 10:00:00+01:15112",
		}},
		{Mask{Kind: "date", Params: params{"truncate": "hour"}}, []string{"1985-02-03 10:00:00+491511234567", "1985-02-03 10:00:00.5-4711"}},
	}
}

// TestNothingStaysBehind: what goes on behind a value of the format makes the whole a
// value outside it.
func TestNothingStaysBehind(t *testing.T) {
	for _, c := range behind() {
		text := Column{Name: "c", Type: Type{Name: "text"}, Mask: &c.mask}
		p, err := Compile(testSecret(t, 1), Table{Name: "t", Columns: []Column{text}, Entity: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.values {
			r := p.NewRewriter()
			out, err := r.AppendRow(nil, copyfmt.AppendEscaped(nil, []byte(v)))
			if err != nil {
				t.Fatal(err)
			}
			if len(out) != tailLength || r.Stats()[0].Opaque != 1 {
				t.Errorf("%s: %q becomes %q, %d counted as opaque", c.mask.Kind, v, out, r.Stats()[0].Opaque)
			}
		}
	}
}

// TestWholeFormatStays: what belongs to a value of the format is no reason to hide it.
func TestWholeFormatStays(t *testing.T) {
	for _, c := range []struct {
		mask   Mask
		values map[string]string // and what the mask keeps at the end
	}{
		{Mask{Kind: "ip"}, map[string]string{"10.20.30.1/24": "/24", "10.20.30.1/0": "/0", "10.20.30.1/32": "/32", "2001:db8::1/128": "/128", "2001:db8::/32": "/32", "10.20.30.1": ""}},
		{Mask{Kind: "email", Params: params{"domain": "keep"}}, map[string]string{
			"anna@corp.example": "@corp.example", "anna@localhost": "@localhost", "anna@Müller.example": "@Müller.example", "anna@corp.example.": "@corp.example.",
			"anna@xn--mller-kva.example": "@xn--mller-kva.example",
		}},
		{Mask{Kind: "date", Params: params{"shift": "60d"}}, map[string]string{
			"1985-02-03 10:00:00": " 10:00:00", "1985-02-03T23:59:60.123456789Z": "T23:59:60.123456789Z", "1985-02-03 10:00:00.5+05:30": " 10:00:00.5+05:30", "1985-02-03 24:00:00-0330": " 24:00:00-0330",
			"1850-02-03 10:00:00+00:53:28": " 10:00:00+00:53:28", "1985-02-03 10:00:00+15:59:59": "+15:59:59",
		}},
	} {
		mask := one(t, 1, "text", c.mask)
		for in, end := range c.values {
			if out := mask(in); out == in || !strings.HasSuffix(out, end) || len(out) == tailLength && end == "" {
				t.Errorf("%s: %q becomes %q", c.mask.Kind, in, out)
			}
		}
	}
}
