package copyfmt

import "errors"

// ErrValue is bytes that are no binary value of the type.
var ErrValue = errors.New("value is not in the binary form of its type")

// ErrSpelling is a text that is no value of the type, or not spelled as the server
// spells one: its input functions take more.
var ErrSpelling = errors.New("text is not spelled as the server writes values of the type")

// Codec turns the values of one type from their binary form to the text that
// COPY writes, and back. The text is that of sessions whose TimeZone is UTC,
// DateStyle ISO, IntervalStyle postgres, bytea_output hex, lc_monetary C, and
// extra_float_digits above 0. A Codec is a constant; its zero value is none.
type Codec struct {
	toText, toBinary convert
	oid              uint32
	elem             *Codec
}

// convert appends the other form of src, which is not NULL, to dst.
type convert func(s *CodecScratch, dst, src []byte) ([]byte, error)

// CodecScratch holds the buffers of one goroutine. Its zero value is ready.
type CodecScratch struct{ array ArrayReader }

// Same reports whether both forms of a value have the same bytes.
func (c *Codec) Same() bool { return c.toText == nil && c.elem == nil }

// AppendText appends the text of a binary value. The only error is ErrValue.
func (c *Codec) AppendText(s *CodecScratch, dst, value []byte) ([]byte, error) {
	switch {
	case c.elem != nil:
		return appendArrayText(s, dst, value, c.elem)
	case c.toText == nil:
		return append(dst, value...), nil
	}
	return c.toText(s, dst, value)
}

// AppendBinary appends the binary form of a text. The only error is ErrSpelling.
// On an error, dst may hold part of the value.
func (c *Codec) AppendBinary(s *CodecScratch, dst, text []byte) ([]byte, error) {
	switch {
	case c.elem != nil:
		return appendArrayBinary(s, dst, text, c.elem)
	case c.toBinary == nil:
		return append(dst, text...), nil
	}
	return c.toBinary(s, dst, text)
}

// EnumCodec is that of every enumerated type: values go by their labels.
func EnumCodec() *Codec { return &Codec{} }

// ArrayCodec is that of arrays of a built-in type, whose OID is part of the
// binary form. It is nil if elem is the codec of no built-in type.
func ArrayCodec(elem *Codec) *Codec {
	if elem == nil || elem.oid == 0 {
		return nil
	}
	return &Codec{elem: elem}
}

// CodecOf returns the codec of a type by its pg_type.typname; nil if there is
// none. For the names of built-in types the caller makes sure that the type is
// the built-in one. A name longer than the server's type name takes is cut by
// its input function but refused in binary, so name has no codec.
func CodecOf(typname string) *Codec {
	c := codecOf(typname)
	if c.oid == 0 && typname != "citext" {
		return nil
	}
	return &c
}

func codecOf(typname string) Codec {
	switch typname {
	case "text":
		return Codec{oid: 25}
	case "varchar":
		return Codec{oid: 1043}
	case "bpchar":
		return Codec{oid: 1042}
	case "json":
		return Codec{oid: 114}
	case "jsonb":
		return Codec{oid: 3802, toText: jsonbText, toBinary: jsonbBinary}
	case "bool":
		return Codec{oid: 16, toText: boolText, toBinary: boolBinary}
	case "int2":
		return Codec{oid: 21, toText: int2Text, toBinary: int2Binary}
	case "int4":
		return Codec{oid: 23, toText: int4Text, toBinary: int4Binary}
	case "int8":
		return Codec{oid: 20, toText: int8Text, toBinary: int8Binary}
	case "oid":
		return Codec{oid: 26, toText: oidText, toBinary: oidBinary}
	case "float4":
		return Codec{oid: 700, toText: float4Text, toBinary: float4Binary}
	case "float8":
		return Codec{oid: 701, toText: float8Text, toBinary: float8Binary}
	case "numeric":
		return Codec{oid: 1700, toText: numericText, toBinary: numericBinary}
	case "money":
		return Codec{oid: 790, toText: moneyText, toBinary: moneyBinary}
	case "point":
		return Codec{oid: 600, toText: pointText, toBinary: pointBinary}
	case "uuid":
		return Codec{oid: 2950, toText: uuidText, toBinary: uuidBinary}
	case "bytea":
		return Codec{oid: 17, toText: byteaText, toBinary: byteaBinary}
	case "inet":
		return Codec{oid: 869, toText: inetText, toBinary: inetBinary}
	case "cidr":
		return Codec{oid: 650, toText: cidrText, toBinary: cidrBinary}
	case "macaddr":
		return Codec{oid: 829, toText: macText, toBinary: macBinary}
	case "macaddr8":
		return Codec{oid: 774, toText: mac8Text, toBinary: mac8Binary}
	case "date":
		return Codec{oid: 1082, toText: dateText, toBinary: dateBinary}
	case "time":
		return Codec{oid: 1083, toText: timeText, toBinary: timeBinary}
	case "timestamp":
		return Codec{oid: 1114, toText: timestampText, toBinary: timestampBinary}
	case "timestamptz":
		return Codec{oid: 1184, toText: timestamptzText, toBinary: timestamptzBinary}
	case "interval":
		return Codec{oid: 1186, toText: intervalText, toBinary: intervalBinary}
	}
	return Codec{}
}
