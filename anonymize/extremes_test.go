package anonymize

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestNumbersFarFromOne: numbers that are spelled with an exponent, or with more
// digits than usual, keep their size.
func TestNumbersFarFromOne(t *testing.T) {
	m := Mask{Kind: "number", Params: map[string]any{"noise": "10%"}}
	for typ, values := range map[string][]string{
		"float8":  {"1e-10", "-2.5e-300", "5e-324", "1.5e+300", "0.0001"},
		"float4":  {"1e-05", "-3.4e-38", "1e+30"},
		"numeric": {strings.Repeat("9", 70), "-" + strings.Repeat("1", 100) + ".5", "0." + strings.Repeat("0", 80) + "1"},
	} {
		f := one(t, 1, typ, m)
		for _, v := range values {
			was, _ := strconv.ParseFloat(v, 64)
			is, err := strconv.ParseFloat(f(v), 64)
			if off := math.Abs(is-was) / math.Abs(was); err != nil || off > 0.101 && !strings.HasPrefix(v, "0.") && v != "5e-324" {
				t.Errorf("%s %s became %s", typ, v, f(v))
			}
		}
	}
}

// TestCoordinatesNextToZero: next to Greenwich a float's longitude has an exponent.
func TestCoordinatesNextToZero(t *testing.T) {
	m := Mask{Kind: "geo", Params: map[string]any{"jitter": "1km"}}
	for typ, v := range map[string]string{"float8": "-1.23e-05", "float4": "1e-06", "point": "(51.5,-1.2e-05)", "text": "51.5, 1e-7"} {
		out := one(t, 1, typ, m)(v)
		last := strings.Trim(out[strings.LastIndexAny(out, ", ")+1:], "()")
		if x, err := strconv.ParseFloat(last, 64); err != nil || x == 0 || math.Abs(x) > 0.01 {
			t.Errorf("%s %s became %s", typ, v, out)
		}
	}
}

// TestDatesAtTheEndsOfTheCalendar: a result is a date that the type holds.
func TestDatesAtTheEndsOfTheCalendar(t *testing.T) {
	for _, d := range []struct{ typ, value, from, to string }{
		{"timestamp", "294276-12-31 23:59:59", "294276-09-01 ", "294276-12-32"},
		{"timestamptz", "294276-12-31 23:59:59+00", "294276-09-01 ", "294276-12-32"},
		{"date", "5874897-12-31", "5874897-09-01", "5874897-12-32"},
		{"date", "4714-11-24 BC", "4714-11-24 BC", "4714-12-32 BC"},
	} {
		for seed := range uint64(20) {
			f := one(t, byte(seed+1), d.typ, Mask{Kind: "date", Params: map[string]any{"shift": "60d"}})
			out := f(d.value)
			if strings.HasSuffix(d.value, " BC") {
				if !strings.HasSuffix(out, " BC") || !strings.HasPrefix(out, "4714-1") && !strings.HasPrefix(out, "4713-") || out < "4713" {
					t.Errorf("%s %s became %s", d.typ, d.value, out)
				}
			} else if out < d.from || out > d.to {
				t.Errorf("%s %s became %s", d.typ, d.value, out)
			}
		}
	}
	for _, m := range []map[string]any{{"truncate": "year"}, {"truncate": "month"}, {"bucket": "1000y"}} {
		if out := one(t, 1, "date", Mask{Kind: "date", Params: m})("4714-11-30 BC"); out != "4714-11-24 BC" {
			t.Errorf("%v of the first month is %s", m, out)
		}
	}
}
