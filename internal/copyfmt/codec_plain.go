package copyfmt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

func jsonbText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) == 0 || src[0] != 1 {
		return dst, ErrValue // of another version of the format
	}
	return append(dst, src[1:]...), nil
}

func jsonbBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	return append(append(dst, 1), text...), nil
}

func boolText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	switch {
	case len(src) != 1:
		return dst, ErrValue
	case src[0] == 0:
		return append(dst, 'f'), nil
	}
	return append(dst, 't'), nil
}

func boolBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	switch string(text) {
	case "t", "true":
		return append(dst, 1), nil
	case "f", "false":
		return append(dst, 0), nil
	}
	return dst, ErrSpelling
}

func int2Text(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 2 {
		return dst, ErrValue
	}
	return strconv.AppendInt(dst, int64(int16(binary.BigEndian.Uint16(src))), 10), nil
}

func int4Text(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, ErrValue
	}
	return strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(src))), 10), nil
}

func int8Text(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 8 {
		return dst, ErrValue
	}
	return strconv.AppendInt(dst, int64(binary.BigEndian.Uint64(src)), 10), nil
}

func oidText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 4 {
		return dst, ErrValue
	}
	return strconv.AppendUint(dst, uint64(binary.BigEndian.Uint32(src)), 10), nil
}

func int2Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	n, ok := parseInt(text, 1<<15-1)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint16(dst, uint16(n)), nil
}

func int4Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	n, ok := parseInt(text, 1<<31-1)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

func int8Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	n, ok := parseInt(text, 1<<63-1)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint64(dst, uint64(n)), nil
}

func oidBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	n, ok := parseUint(text, 1<<32-1)
	if !ok {
		return dst, ErrSpelling
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

// parseInt reads a number from -most-1 to most.
func parseInt(text []byte, most uint64) (int64, bool) {
	if len(text) > 0 && text[0] == '-' {
		n, ok := parseUint(text[1:], most+1)
		return -int64(n), ok
	}
	n, ok := parseUint(text, most)
	return int64(n), ok
}

func parseUint(text []byte, most uint64) (n uint64, ok bool) {
	if len(text) == 0 {
		return 0, false
	}
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 || n > most/10 || n*10 > most-d {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

func uuidText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	if len(src) != 16 {
		return dst, ErrValue
	}
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		start := 0
		if i > 0 {
			dst, start = append(dst, '-'), 2+2*i
		}
		dst = hex.AppendEncode(dst, src[start:end])
	}
	return dst, nil
}

func uuidBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return dst, ErrSpelling
	}
	for i := 0; i < len(text); i += 2 {
		if text[i] == '-' {
			i++
		}
		c, ok := hexByte(text[i:])
		if !ok {
			return dst, ErrSpelling
		}
		dst = append(dst, c)
	}
	return dst, nil
}

// hexByte reads the two digits that s begins with.
func hexByte(s []byte) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	high, ok1 := hexDigit(s[0])
	low, ok2 := hexDigit(s[1])
	return high<<4 | low, ok1 && ok2
}

func byteaText(_ *CodecScratch, dst, src []byte) ([]byte, error) {
	return hex.AppendEncode(append(dst, '\\', 'x'), src), nil
}

func byteaBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte(`\x`)) || len(text)%2 != 0 {
		return dst, ErrSpelling
	}
	for i := 2; i < len(text); i += 2 {
		c, ok := hexByte(text[i:])
		if !ok {
			return dst, ErrSpelling
		}
		dst = append(dst, c)
	}
	return dst, nil
}

func macText(_ *CodecScratch, dst, src []byte) ([]byte, error)  { return appendMAC(dst, src, 6) }
func mac8Text(_ *CodecScratch, dst, src []byte) ([]byte, error) { return appendMAC(dst, src, 8) }

func appendMAC(dst, src []byte, n int) ([]byte, error) {
	if len(src) != n {
		return dst, ErrValue
	}
	for i := range src {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = hex.AppendEncode(dst, src[i:i+1])
	}
	return dst, nil
}

func macBinary(_ *CodecScratch, dst, text []byte) ([]byte, error)  { return parseMAC(dst, text, 6) }
func mac8Binary(_ *CodecScratch, dst, text []byte) ([]byte, error) { return parseMAC(dst, text, 8) }

func parseMAC(dst, text []byte, n int) ([]byte, error) {
	if len(text) != 3*n-1 {
		return dst, ErrSpelling
	}
	for i := 0; i < len(text); i += 3 {
		c, ok := hexByte(text[i:])
		if !ok || i > 0 && text[i-1] != ':' {
			return dst, ErrSpelling
		}
		dst = append(dst, c)
	}
	return dst, nil
}
