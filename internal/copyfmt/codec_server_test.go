package copyfmt_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// sameSettings are what the text of values depends on.
const sameSettings = `set TimeZone = 'UTC'; set DateStyle = 'ISO, MDY'; set IntervalStyle = 'postgres';
set extra_float_digits = 1; set bytea_output = 'hex'; set lc_monetary = 'C'`

// typeCase makes values of a type, spelled so that the server reads them.
type typeCase struct {
	name   string
	fixed  []string
	random func(*rand.Rand) string
}

func pick(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

func randomInt(size int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		n := int64(r.Uint64()) >> (r.IntN(size) + 64 - size)
		return fmt.Sprint(n)
	}
}

func randomNumeric(r *rand.Rand) string {
	digits := func(n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(pick(r, "0", "0000", "9999", "1", "5", "00000000", fmt.Sprint(r.IntN(10000))))
		}
		return b.String()[:n]
	}
	s := pick(r, "", "-") + pick(r, "0", digits(1+r.IntN(30)), digits(1+r.IntN(6)))
	if r.IntN(3) > 0 {
		s += "." + digits(1+r.IntN(25))
	}
	return s
}

func randomDate(r *rand.Rand) string {
	// From 4713 BC to 5874897, most of them near.
	y := pick(r, fmt.Sprintf("%04d", 1900+r.IntN(200)), fmt.Sprintf("%04d", 1+r.IntN(9999)), fmt.Sprint(10000+r.IntN(5_000_000)))
	d := fmt.Sprintf("%s-%02d-%02d", y, 1+r.IntN(12), 1+r.IntN(28))
	if len(y) == 4 && y < "4713" && r.IntN(3) == 0 {
		d += " BC"
	}
	return d
}

func randomTime(r *rand.Rand) string {
	s := fmt.Sprintf("%02d:%02d:%02d", r.IntN(24), r.IntN(60), r.IntN(60))
	switch r.IntN(3) {
	case 0:
		s += fmt.Sprintf(".%06d", r.IntN(1000000))
	case 1:
		s += fmt.Sprintf(".%d", r.IntN(1000))
	}
	return s
}

func randomTimestamp(zones ...string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		d, bc, _ := strings.Cut(randomDate(r), " ")
		if len(d) > 11 {
			d = d[len(d)-11:] // up to 294276
			if d[0] == '0' || d > "290000" {
				d = "1" + d[1:]
			}
		}
		return strings.TrimSpace(d + " " + randomTime(r) + pick(r, zones...) + " " + bc)
	}
}

func randomInterval(r *rand.Rand) string {
	n := func() string { return fmt.Sprint(int32(r.Uint32()) >> r.IntN(32)) }
	return pick(r, "", n()+" months ") + pick(r, "", n()+" days ") + pick(r, "0", "-", "") + randomTime(r)
}

func randomAddress(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256)>>r.IntN(9))
	}
	words := make([]string, 8)
	for i := range words {
		words[i] = pick(r, "0", "0", "ffff", fmt.Sprintf("%x", r.IntN(65536)), fmt.Sprintf("%x", r.IntN(16)))
	}
	return strings.Join(words, ":")
}

func randomHex(r *rand.Rand, bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return fmt.Sprintf("%x", b)
}

func randomFloat64(r *rand.Rand) string {
	f := math.Float64frombits(r.Uint64())
	switch r.IntN(4) {
	case 0:
		f = float64(int64(r.Uint64()) >> r.IntN(64))
	case 1:
		f = math.Round(r.NormFloat64()*1e6) / 1e4
	case 2:
		f = math.Ldexp(1, r.IntN(2098)-1074)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		f = 0
	}
	return fmt.Sprintf("%.17g", f)
}

func randomFloat32(r *rand.Rand) string {
	f := math.Float32frombits(r.Uint32())
	switch r.IntN(4) {
	case 0:
		f = float32(int32(r.Uint32()) >> r.IntN(32))
	case 1:
		f = float32(math.Round(r.NormFloat64()*1e4) / 1e2)
	case 2:
		f = float32(math.Ldexp(1, r.IntN(276)-149))
	}
	if f != f || f-f != 0 {
		f = 0
	}
	return fmt.Sprintf("%.9g", f)
}

func typeCases() []typeCase {
	text := func(r *rand.Rand) string { return string(randomValue(r, "UTF8")) }
	float := []string{"0", "-0", "1", "NaN", "Infinity", "-Infinity", "0.1", "1e23", "5e22", "9007199254740993", "1e15", "1e14", "999999999999999",
		"123456789012345678", "1e-4", "1e-5", "0.00012345", "1e22", "2e22", "9.5e-7", "4.9e-324", "1.7976931348623157e308"}
	return []typeCase{
		{name: "text", random: text}, {name: "varchar", random: text}, {name: "bpchar", random: text},
		{name: "char(5)", fixed: []string{"", "a", "äöüßé", "ab   "}},
		{name: "varchar(3)", fixed: []string{"", "a", "äöü"}},
		{name: "json", fixed: []string{"1", `{"a": [1,  2]}`, `"\u00e9\\ \n"`, "null"}},
		{name: "jsonb", fixed: []string{"1", `{"a": [1,  2], "b": "x\ty"}`, `"\u00e9\\ \n"`, "null", "[]"}},
		{name: "bool", fixed: []string{"true", "false"}},
		{name: "int2", fixed: []string{"0", "-1", "32767", "-32768"}, random: randomInt(16)},
		{name: "int4", fixed: []string{"0", "-1", "2147483647", "-2147483648"}, random: randomInt(32)},
		{name: "int8", fixed: []string{"0", "-1", "9223372036854775807", "-9223372036854775808"}, random: randomInt(64)},
		{name: "oid", fixed: []string{"0", "4294967295", "2147483648"}, random: func(r *rand.Rand) string { return fmt.Sprint(r.Uint32() >> r.IntN(32)) }},
		{name: "float4", fixed: []string{"0", "-0", "1", "NaN", "Infinity", "-Infinity", "0.1", "1e6", "999999", "1e5", "16777217", "33554432", "1e-4", "1e-5", "1e-45", "3.4028235e38", "8388608", "9e9", "1e10"}, random: randomFloat32},
		{name: "float8", fixed: float, random: randomFloat64},
		{name: "numeric", fixed: []string{"0", "0.00", "-0.0", "NaN", "1e400", "1e-400", "10000", "9999.9999", "0.0001", "0.00010", "100000000", "-1.50"}, random: randomNumeric},
		{name: "numeric(12,4)", fixed: []string{"0", "1", "-1.5", "99999999.9999"}},
		{name: "money", fixed: []string{"0", "1", "-1.5", "92233720368547758.07", "-92233720368547758.08", "999.99", "1000", "-0.01"}, random: func(r *rand.Rand) string {
			return fmt.Sprintf("%d.%02d", int64(r.Uint64())>>(r.IntN(57)+7), r.IntN(100))
		}},
		{name: "point", random: func(r *rand.Rand) string { return "(" + randomFloat64(r) + "," + randomFloat64(r) + ")" }, fixed: []string{"(NaN,-Infinity)"}},
		{name: "uuid", random: func(r *rand.Rand) string { return randomHex(r, 16) }},
		{name: "bytea", fixed: []string{"", `\x`}, random: func(r *rand.Rand) string { return `\x` + randomHex(r, r.IntN(20)) }},
		{name: "inet", fixed: []string{"0.0.0.0", "::", "::1", "::1:2", "::ffff:1.2.3.4", "::1.2.3.4", "1::", "1:0:0:2:0:0:0:3", "0:1::", "1.2.3.4/0", "::/0", "0:0:1::1", "fe80::1/64", "::ffff:0:0", "1:2:3:4:5:6:7::"},
			random: func(r *rand.Rand) string { return randomAddress(r) + pick(r, "", "/7", "/32", "/0") }},
		{name: "cidr", fixed: []string{"0.0.0.0/0", "::/0", "10.0.0.0/8", "::1", "2001:db8::/32"}, random: randomAddress},
		{name: "macaddr", random: func(r *rand.Rand) string { return randomHex(r, 6) }},
		{name: "macaddr8", random: func(r *rand.Rand) string { return randomHex(r, 8) }},
		{name: "date", fixed: []string{"infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01", "0001-12-31 BC", "2000-02-29", "1900-03-01", "2000-01-01", "1999-12-31", "0001-02-28 BC", "0005-02-29 BC", "10000-01-01"}, random: randomDate},
		{name: "time", fixed: []string{"00:00:00", "24:00:00", "23:59:59.999999", "00:00:00.000001"}, random: randomTime},
		{name: "timestamp", fixed: []string{"infinity", "-infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "1999-12-31 23:59:59.999999", "2000-01-01 00:00:00.000001"}, random: randomTimestamp("")},
		{name: "timestamptz", fixed: []string{"infinity", "-infinity", "4713-01-01 00:00:00+00 BC", "294276-12-31 23:59:59.999999+00"}, random: randomTimestamp("", "+00", "-05", "+05:30")},
		{name: "interval", fixed: []string{"0", "1 month", "1 day", "-1 month 1 day", "1 month -1 day", "-1 month", "-1 day 00:00:01", "-1 year -2 months +3 days", "2147483647 months 2147483647 days", "-2147483647 months",
			"-00:00:00.000001", "1 year 1 mon 1 day", "11 months", "-13 months 00:00:01"}, random: randomInterval},
		{name: "int4[]", fixed: []string{"{}", "{1,NULL,-3}", "{{1,2},{3,4}}", "[0:1][-2:-1]={{1,2},{NULL,4}}", "{{{1}},{{2}}}", "[-3:-3]={9}"}},
		{name: "int2[]", fixed: []string{"{}", "{1,NULL,-3}"}}, {name: "int8[]", fixed: []string{"{}", "{1,NULL,-3}"}},
		{name: "text[]", fixed: []string{"{}", `{a,"b c",NULL,"null","","\\\""}`, `{{"{","}"},{",","[1:2]="}}`}},
		{name: "varchar[]", fixed: []string{`{a,"b c",NULL}`}}, {name: "bpchar[]", fixed: []string{`{a,"b c ",NULL}`}},
		{name: "uuid[]", fixed: []string{"{00000000-0000-0000-0000-000000000001,NULL}"}},
		{name: "timestamptz[]", fixed: []string{`{"2020-01-01 01:02:03+00",NULL,infinity}`}},
		{name: "inet[]", fixed: []string{`{1.2.3.4,::1/12}`}}, {name: "bytea[]", fixed: []string{`{"\\x00ff","\\x"}`}},
		{name: "jsonb[]", fixed: []string{`{"{\"a\": [1, 2]}",1,NULL}`}}, {name: "numeric[]", fixed: []string{`{1.50,NaN,-3}`}},
		{name: "money[]", fixed: []string{`{"$1,234.56",-1}`}}, {name: "float8[]", fixed: []string{`{1e23,-0}`}},
		{name: "date[]", fixed: []string{`{"0044-03-15 BC",2020-01-01}`}}, {name: "bool[]", fixed: []string{`{t,f,NULL}`}},
	}
}

// copyTuples returns the tuples of a query in binary, each its own bytes.
func copyTuples(t *testing.T, conn *pgconn.PgConn, sql string) [][]byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := conn.CopyTo(context.Background(), &out, "copy ("+sql+") to stdout (format binary)"); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	data, ok, err := copyfmt.CutBinaryHeader(out.Bytes())
	if err != nil || !ok {
		t.Fatalf("header: %t, %v", ok, err)
	}
	var rows [][]byte
	for {
		size, end, err := copyfmt.BinaryTuple(data)
		if err != nil || size == 0 {
			t.Fatalf("row %d: %d, %v", len(rows), size, err)
		}
		if end {
			if len(data) != copyfmt.BinaryTrailer {
				t.Fatalf("%d bytes behind the trailer", len(data)-2)
			}
			return rows
		}
		rows, data = append(rows, data[:size]), data[size:]
	}
}

func codecOf(name string) *copyfmt.Codec {
	base, array := strings.CutSuffix(name, "[]")
	base, _, _ = strings.Cut(base, "(")
	if base == "char" {
		base = "bpchar"
	}
	if array {
		return copyfmt.ArrayCodec(copyfmt.CodecOf(base))
	}
	return copyfmt.CodecOf(base)
}

// Each codec agrees with the server both ways.
func TestCodecsAgreeWithServer(t *testing.T) {
	conn := pgtest.Connect(t, pgtest.DB(t))
	exec(t, conn, sameSettings)
	for k, c := range typeCases() {
		t.Run(c.name, func(t *testing.T) {
			exec(t, conn, fmt.Sprintf("create table v%d (i int, v %s)", k, c.name))
			r := rand.New(rand.NewPCG(7, uint64(k)))
			values := c.fixed
			for n := 3000; n > 0 && c.random != nil; n-- {
				values = append(values, c.random(r))
			}
			var rows []byte
			for i, v := range values {
				rows = append(copyfmt.AppendEscaped(fmt.Appendf(rows, "%d\t", i), []byte(v)), '\n')
			}
			if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(rows), fmt.Sprintf("copy v%d from stdin", k)); err != nil {
				t.Fatal(err)
			}
			compareCodec(t, codecOf(c.name), conn, fmt.Sprintf("select v from v%d order by i", k))
		})
	}
}

func compareCodec(t *testing.T, codec *copyfmt.Codec, conn *pgconn.PgConn, sql string) {
	t.Helper()
	texts, tuples := copyOut(t, conn, "copy ("+sql+") to stdout"), copyTuples(t, conn, sql)
	if len(texts) != len(tuples) {
		t.Fatalf("%d texts, %d tuples", len(texts), len(tuples))
	}
	var scratch copyfmt.CodecScratch
	for i := range texts {
		want := copyfmt.AppendUnescaped(nil, texts[i])
		_, fields, err := copyfmt.BinaryFields(tuples[i])
		if err != nil {
			t.Fatal(err)
		}
		value, _, err := copyfmt.CutBinary(fields)
		if err != nil {
			t.Fatal(err)
		}
		text, err := codec.AppendText(&scratch, []byte("x"), value)
		if err != nil || string(text[1:]) != string(want) {
			t.Errorf("%x: the server writes %q, we write %q, %v", value, want, text, err)
			continue
		}
		again, err := codec.AppendBinary(&scratch, []byte("x"), want)
		if err != nil || !bytes.Equal(again[1:], value) {
			t.Errorf("%q: the server has %x, we make %x, %v", want, value, again, err)
		}
	}
}
