package copyfmt

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrBinary is data that is not in COPY's binary format.
var ErrBinary = errors.New("data is not in the binary format of COPY")

// The binary format is a header, tuples, and a trailer. A tuple is the number of
// its fields in two bytes and then each field: its length in four, -1 for NULL,
// and so many bytes. The trailer is the number -1 in place of a tuple. Numbers
// are big-endian. The body of a DataRow message in binary is a tuple, too.
const (
	binarySignature = "PGCOPY\n\xff\r\n\x00"
	binaryFlags     = len(binarySignature)
	binaryArea      = binaryFlags + 4 // the size of the header's extension
	binaryHeader    = binaryArea + 4
	binaryTrailer   = 0xffff

	// BinaryTrailer is the size of the trailer.
	BinaryTrailer = 2
)

// AppendBinaryHeader appends the header of a stream: no flags, no extension.
func AppendBinaryHeader(dst []byte) []byte {
	return append(append(dst, binarySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// AppendBinaryTrailer appends the end of a stream.
func AppendBinaryTrailer(dst []byte) []byte { return append(dst, 0xff, 0xff) }

// CutBinaryHeader returns what follows the header that data begins with. ok is
// false if data ends within it. A header whose flags say that the rows are of
// another form, or whose signature is another, is ErrBinary.
func CutBinaryHeader(data []byte) (rest []byte, ok bool, err error) {
	if n := min(len(data), binaryFlags); !bytes.Equal(data[:n], []byte(binarySignature)[:n]) {
		return nil, false, ErrBinary
	}
	if len(data) < binaryHeader {
		return nil, false, nil
	}
	// The high half of the flags must be understood; its lowest bit said that
	// rows begin with an OID. The low half may be ignored.
	if binary.BigEndian.Uint32(data[binaryFlags:])>>16 != 0 {
		return nil, false, ErrBinary
	}
	area := int32(binary.BigEndian.Uint32(data[binaryArea:]))
	if area < 0 {
		return nil, false, ErrBinary
	}
	if len(data)-binaryHeader < int(area) {
		return nil, false, nil
	}
	return data[binaryHeader+int(area):], true, nil
}

// BinaryTuple returns the size of the tuple that data begins with; 0 if data ends
// within it, or holds nothing. At the trailer end is true, and the size that of
// the trailer.
func BinaryTuple(data []byte) (size int, end bool, err error) {
	if len(data) < 2 {
		return 0, false, nil
	}
	n := binary.BigEndian.Uint16(data)
	if n == binaryTrailer {
		return BinaryTrailer, true, nil
	}
	if n > 1<<15-1 {
		return 0, false, ErrBinary
	}
	at := 2
	for range n {
		if len(data)-at < 4 {
			return 0, false, nil
		}
		size := int32(binary.BigEndian.Uint32(data[at:]))
		at += 4
		if size > 0 {
			if len(data)-at < int(size) {
				return 0, false, nil
			}
			at += int(size)
		} else if size < -1 {
			return 0, false, ErrBinary
		}
	}
	return at, false, nil
}

// BinaryFields returns the fields of a tuple and how many there are.
func BinaryFields(row []byte) (n int, fields []byte, err error) {
	if len(row) < 2 {
		return 0, nil, ErrBinary
	}
	if n = int(int16(binary.BigEndian.Uint16(row))); n < 0 {
		return 0, nil, ErrBinary
	}
	return n, row[2:], nil
}

// CutBinary returns the value of the first of fields, nil for NULL, and the
// fields behind it. Both are parts of fields.
func CutBinary(fields []byte) (value, rest []byte, err error) {
	if len(fields) < 4 {
		return nil, nil, ErrBinary
	}
	size := int32(binary.BigEndian.Uint32(fields))
	rest = fields[4:]
	switch {
	case size == -1:
		return nil, rest, nil
	case size < 0 || int(size) > len(rest):
		return nil, nil, ErrBinary
	}
	return rest[:size:size], rest[size:], nil
}

// AppendBinaryCount appends the head of a tuple of n fields.
func AppendBinaryCount(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(n))
}

// AppendBinaryNull appends the field for NULL.
func AppendBinaryNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }

// AppendBinaryField appends a field whose value is at hand.
func AppendBinaryField(dst, value []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(value))), value...)
}

// BeginBinaryField appends the head of a field whose value is appended next.
// EndBinaryField must follow, with the length that dst has now.
func BeginBinaryField(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

// EndBinaryField completes the field whose value begins at start.
func EndBinaryField(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start-4:], uint32(len(dst)-start))
	return dst
}
