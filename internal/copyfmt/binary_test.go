package copyfmt_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// remakeStream reads a stream and writes it anew, field by field.
func remakeStream(data []byte) ([]byte, error) {
	rest, ok, err := copyfmt.CutBinaryHeader(data)
	if err != nil || !ok {
		return nil, errors.Join(err, copyfmt.ErrBinary)
	}
	out := copyfmt.AppendBinaryHeader(nil)
	for {
		size, end, err := copyfmt.BinaryTuple(rest)
		if err != nil || size == 0 {
			return nil, errors.Join(err, copyfmt.ErrBinary)
		}
		if end {
			out = copyfmt.AppendBinaryTrailer(out)
			return append(out, rest[size:]...), nil
		}
		if out, err = remakeTuple(out, rest[:size]); err != nil {
			return nil, err
		}
		rest = rest[size:]
	}
}

func remakeTuple(dst, row []byte) ([]byte, error) {
	n, fields, err := copyfmt.BinaryFields(row)
	if err != nil {
		return nil, err
	}
	dst = copyfmt.AppendBinaryCount(dst, n)
	for i := range n {
		var value []byte
		if value, fields, err = copyfmt.CutBinary(fields); err != nil {
			return nil, err
		}
		switch {
		case value == nil:
			dst = copyfmt.AppendBinaryNull(dst)
		case i%2 == 0:
			dst = copyfmt.AppendBinaryField(dst, value)
		default:
			dst = copyfmt.BeginBinaryField(dst)
			start := len(dst)
			dst = copyfmt.EndBinaryField(append(dst, value...), start)
		}
	}
	if len(fields) > 0 {
		return nil, copyfmt.ErrBinary
	}
	return dst, nil
}

// everyType is a table with a column of every built-in type that has a binary
// form in all versions.
const everyType = `create table every (
a bool, b bytea, c "char", d name, e int8, f int2, g int4, h text, i oid, j tid, k xid, l cid, m int2vector, n oidvector, o json, p jsonb,
q point, r lseg, s path, t box, u polygon, v line, w circle, x float4, y float8, z money, aa macaddr, ab macaddr8, ac inet, ad cidr,
ae bpchar, af varchar, ag date, ah time, ai timetz, aj timestamp, ak timestamptz, al interval, am bit(7), an varbit, ao numeric,
ap uuid, aq tsvector, ar tsquery, at pg_lsn, au txid_snapshot, av pg_snapshot, aw xid8, ax jsonpath, ay int4range, az daterange, ba numrange, bb tstzrange, bc text[], bd int4[], be box[]);
insert into every values (true, '\x00ff', 'x', 'n', -8, -2, -4, E'a\tb\\', 77, '(1,2)', '5', '6', '1 2', '3 4', '{"a":  1}', '{"a":  1}',
'(1,2)', '((1,2),(3,4))', '[(1,2),(3,4)]', '((3,4),(1,2))', '((1,2),(3,4))', '{1,2,3}', '<(1,2),3>', 1.5, 'NaN', 12.34, '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
'1.2.3.4/8', '10.0.0.0/8', 'x  ', '', '0044-03-15 BC', '12:00', '12:00+02', 'infinity', '2020-01-01 00:00+02', '1 mon -3 days', B'1010101', B'1', 123.4500, 
'00000000-0000-0000-0000-000000000001', 'a:1 b:2A', 'a & !b', '1/FF', '10:20:10,14', '10:20:10,14', '99', '$.a[*]', '[1,5)', 'empty', '(,3]', '[2020-01-01,)', '{a,NULL}', '{{1,2},{3,4}}', '{(1,2),(3,4)}');
insert into every default values`

// What is cut and written anew is what the server wrote, and it reads it back.
func TestBinaryEveryType(t *testing.T) {
	conn := pgtest.Connect(t, pgtest.DB(t))
	exec(t, conn, everyType+"; create table none (); insert into none default values; insert into none default values; create table again (like every); create table nothing (a int)")
	for _, table := range []string{"every", "none", "nothing"} {
		var out bytes.Buffer
		if _, err := conn.CopyTo(context.Background(), &out, "copy "+table+" to stdout (format binary)"); err != nil {
			t.Fatal(err)
		}
		again, err := remakeStream(out.Bytes())
		if err != nil || !bytes.Equal(again, out.Bytes()) {
			t.Fatalf("%s: %v\n%q became\n%q", table, err, out.Bytes(), again)
		}
		if table == "every" {
			if _, err := conn.CopyFrom(context.Background(), bytes.NewReader(again), "copy again from stdin (format binary)"); err != nil {
				t.Fatal(err)
			}
			compare(t, copyOut(t, conn, "copy every to stdout"), copyOut(t, conn, "copy again to stdout"))
		}
	}
}

// Text goes in the encoding of the client in both formats.
func TestBinaryEncodings(t *testing.T) {
	for _, encoding := range encodings {
		conn := open(t, encoding)
		exec(t, conn, `create table a (t text, e varchar, c bpchar(20), j json, l text[])`)
		word := map[string]string{"UTF8": "\\xc3a9e282ac", "LATIN1": "\\xe9ff", "EUC_JP": "\\xa4a2", "SQL_ASCII": "\\xfffe01"}[encoding]
		exec(t, conn, strings.ReplaceAll(`insert into a select w, w, w, ('["' || replace(w, E'\x01', '') || '"]')::json, array[w, w] from convert_from('WORD', getdatabaseencoding()) as x(w)`, "WORD", word))
		row := copyTuples(t, conn, "select * from a")[0]
		text := bytes.Split(copyOut(t, conn, "copy a to stdout")[0], []byte("\t"))
		_, fields, err := copyfmt.BinaryFields(row)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"text", "varchar", "bpchar", "json", "text[]"} {
			var value []byte
			if value, fields, err = copyfmt.CutBinary(fields); err != nil {
				t.Fatal(err)
			}
			got, err := codecOf(name).AppendText(new(copyfmt.CodecScratch), nil, value)
			if want := copyfmt.AppendUnescaped(nil, text[i]); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %q in text is %q in binary, %v", encoding, name, want, got, err)
			}
		}
	}
}

func TestBinaryHeader(t *testing.T) {
	head := copyfmt.AppendBinaryHeader(nil)
	for n := range head {
		if _, ok, err := copyfmt.CutBinaryHeader(head[:n]); ok || err != nil {
			t.Errorf("%d bytes: %t, %v", n, ok, err)
		}
	}
	with := append(append(bytes.Clone(head[:18]), 3), "abcrest"...)
	if rest, ok, err := copyfmt.CutBinaryHeader(with); string(rest) != "rest" || !ok || err != nil {
		t.Errorf("an extension: %q, %t, %v", rest, ok, err)
	}
	with[14] = 1 // a flag that may be ignored
	if rest, _, err := copyfmt.CutBinaryHeader(with); string(rest) != "rest" || err != nil {
		t.Errorf("a flag: %q, %v", rest, err)
	}
	with[12] = 1 // with OIDs
	if _, _, err := copyfmt.CutBinaryHeader(with); !errors.Is(err, copyfmt.ErrBinary) {
		t.Errorf("OIDs: %v", err)
	}
	if _, _, err := copyfmt.CutBinaryHeader([]byte("1\ta\n")); !errors.Is(err, copyfmt.ErrBinary) {
		t.Errorf("text: %v", err)
	}
	head[15] = 0xff // an extension of negative size
	if _, _, err := copyfmt.CutBinaryHeader(head); !errors.Is(err, copyfmt.ErrBinary) {
		t.Errorf("size: %v", err)
	}
}

// FuzzFormats reads any bytes as each thing that this package reads, and writes
// them as each that it writes: fields and values of COPY's text, arrays, rows of
// COPY's binary form, and the values of every type in it.
func FuzzFormats(f *testing.F) {
	for _, s := range append(copyfmt.TextSeeds(), copyfmt.ArraySeeds()...) {
		f.Add(byte(0), s)
	}
	for _, s := range []string{"", "\x00\x00\xff\xff", "\x00\x01\xff\xff\xff\xff\xff\xff", "\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x00\xff\xff",
		"\x00\x01\xff\xff\xff\xfe", "\x00\x01\x7f\xff\xff\xffa", "\x80\x00", "\x00\x03\x00"} {
		f.Add(byte(0), append(copyfmt.AppendBinaryHeader(nil), s...))
		f.Add(byte(0), []byte(s))
	}
	cases := typeCases()
	for k, c := range cases {
		for _, v := range c.fixed {
			f.Add(byte(k), []byte(v))
		}
	}
	f.Add(byte(4), []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, k byte, data []byte) {
		copyfmt.CheckEscape(t, data)
		copyfmt.CheckUnescape(t, data)
		copyfmt.CheckArray(t, data)
		copyfmt.CheckArrayElement(t, data)
		checkTuples(t, data)
		checkCodec(t, cases[int(k)%len(cases)].name, data)
	})
}

// checkTuples reads data as a stream of rows and as one row, and writes them again.
func checkTuples(t *testing.T, data []byte) {
	t.Helper()
	again, err := remakeStream(data)
	if err == nil && len(data) >= 19 && data[11]|data[12]|data[13]|data[14]|data[15]|data[16]|data[17]|data[18] == 0 && !bytes.Equal(again, data) {
		t.Fatalf("%q became %q", data, again)
	}
	// A tuple is not longer or shorter than its fields.
	size, end, err := copyfmt.BinaryTuple(data)
	if err != nil || size == 0 || end {
		return
	}
	if again, err := remakeTuple(nil, data[:size]); err != nil || !bytes.Equal(again, data[:size]) {
		t.Fatalf("%q became %q, %v", data[:size], again, err)
	}
	for n := range min(size, 200) {
		if size, _, err := copyfmt.BinaryTuple(data[:n]); size != 0 || err != nil {
			t.Fatalf("%q: %d, %v", data[:n], size, err)
		}
	}
}

// checkCodec: whatever a type's codec takes from the server it writes back
// unchanged; whatever text it takes it understands itself.
func checkCodec(t *testing.T, name string, data []byte) {
	t.Helper()
	codec := codecOf(name)
	var s copyfmt.CodecScratch
	if text, err := codec.AppendText(&s, nil, data); err == nil {
		again, err := codec.AppendBinary(&s, nil, text)
		if err == nil {
			if text2, err := codec.AppendText(&s, nil, again); err != nil || !bytes.Equal(text, text2) {
				t.Fatalf("%s: %x is %q is %x is %q, %v", name, data, text, again, text2, err)
			}
		} else if !errors.Is(err, copyfmt.ErrSpelling) {
			t.Fatal(err)
		}
	} else if !errors.Is(err, copyfmt.ErrValue) {
		t.Fatal(err)
	}
	value, err := codec.AppendBinary(&s, nil, data)
	if err != nil {
		if !errors.Is(err, copyfmt.ErrSpelling) {
			t.Fatal(err)
		}
		return
	}
	text, err := codec.AppendText(&s, nil, value)
	if err != nil {
		t.Fatalf("%s: %q is %x: %v", name, data, value, err)
	}
	if again, err := codec.AppendBinary(&s, nil, text); err != nil || !bytes.Equal(again, value) {
		t.Fatalf("%s: %q is %x is %q is %x, %v", name, data, value, text, again, err)
	}
}

// Strict errors: cut short, too long, out of range.
func TestCodecErrors(t *testing.T) {
	var s copyfmt.CodecScratch
	for name, texts := range map[string][]string{
		"bool": {"", "yes", "tt"}, "int2": {"", "-", "32768", "-32769", "1e3", "+1", " 1"}, "int4": {"2147483648"}, "int8": {"9223372036854775808"}, "oid": {"-1", "4294967296"},
		"float8": {"", "1e400", "1e-400", "0x1p3", "1_0", "inf", "-"}, "float4": {"1e39", "1e-50"}, "numeric": {"", "-", ".", "1e3", "--1", "1.2.3", "inf"},
		"money": {"", "$", "1.234", "92233720368547758.08", "(1)"}, "uuid": {"", "0000000000000000000000000000000g", "00000000-0000-0000-0000-00000000000"},
		"bytea": {"", "a", `\x0`, `\xgg`}, "inet": {"", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4.5", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "1:2:3:4:5:6:7:8::", "::1.2.3"},
		"cidr": {"1.2.3.4", "1.2.3.4/8"}, "macaddr": {"", "08:00:2b:01:02", "08-00-2b-01-02-03"}, "date": {"", "2020-13-01", "2020-02-30", "1900-02-29", "0000-01-01", "20-01-01", "2020-01-01 ", "today", "2020-01-01BC", "9999999-01-01 00"},
		"time": {"24:00:01", "1:00:00", "12:60:00", "12:00:00.", "12:00:00.1234567"}, "timestamp": {"2020-01-01 24:00:00", "2020-01-01 00:00:00+00", "now"},
		"timestamptz": {"2020-01-01 00:00:00+01", "2020-01-01+00"}, "interval": {"", "1", "1 hour", "1 day 1 year", "1 day  1 mon", "01:00:00 1 day", "infinity", "3000000000 days", "1 day -"},
		"jsonb": {}, "point": {"", "()", "(1)", "(1,2", "(1,2,3)"}, "int4[]": {"", "{", "{1,{2}}", "{{1},{2,3}}", "{a}", "[1:2]={1}", "{{{{{{{1}}}}}}}", "{{}}", "[1:1]{1}"},
	} {
		codec := codecOf(name)
		for _, text := range texts {
			if got, err := codec.AppendBinary(&s, nil, []byte(text)); !errors.Is(err, copyfmt.ErrSpelling) {
				t.Errorf("%s %q: %x, %v", name, text, got, err)
			}
		}
		for _, value := range []string{"\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x02\x20\x01\x02\x03"} {
			if got, err := codec.AppendText(&s, nil, []byte(value)); !errors.Is(err, copyfmt.ErrValue) && name != "bytea" {
				t.Errorf("%s %x: %s, %v", name, value, got, err)
			}
		}
	}
	for _, name := range []string{"name", "int4range", "xml", "regclass", "", "aclitem", "unknown"} {
		if copyfmt.CodecOf(name) != nil {
			t.Errorf("%s has a codec", name)
		}
	}
	if copyfmt.ArrayCodec(copyfmt.CodecOf("citext")) != nil || copyfmt.ArrayCodec(copyfmt.EnumCodec()) != nil {
		t.Error("an array of a type whose OID differs has a codec")
	}
}

func TestCodecsDoNotAllocate(t *testing.T) {
	var s copyfmt.CodecScratch
	for _, c := range typeCases() {
		if len(c.fixed) == 0 {
			continue
		}
		codec, text := codecOf(c.name), []byte(c.fixed[len(c.fixed)-1])
		if value, err := codec.AppendBinary(&s, nil, text); err == nil {
			text, _ = codec.AppendText(&s, nil, value)
		} else {
			continue // not spelled as the server would
		}
		a, b := make([]byte, 0, 1000), make([]byte, 0, 1000)
		if n := testing.AllocsPerRun(100, func() {
			a, _ = codec.AppendBinary(&s, a[:0], text)
			b, _ = codec.AppendText(&s, b[:0], a)
		}); n > 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func BenchmarkCodec(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"int8", "123456789012"}, {"numeric", "12345.67"}, {"float8", "52.520008"}, {"timestamptz", "2024-02-29 12:34:56.789+00"},
		{"date", "1980-05-17"}, {"uuid", "12345678-9abc-def0-1234-56789abcdef0"}, {"inet", "192.168.10.20"}, {"text[]", `{a,"b c",NULL}`}, {"bool", "t"}} {
		var s copyfmt.CodecScratch
		codec := codecOf(c.name)
		value, err := codec.AppendBinary(&s, nil, []byte(c.text))
		if err != nil {
			b.Fatal(err)
		}
		dst := make([]byte, 0, 100)
		b.Run(c.name+"/text", func(b *testing.B) {
			for b.Loop() {
				dst, _ = codec.AppendText(&s, dst[:0], value)
			}
		})
		b.Run(c.name+"/binary", func(b *testing.B) {
			for b.Loop() {
				dst, _ = codec.AppendBinary(&s, dst[:0], []byte(c.text))
			}
		})
	}
}
