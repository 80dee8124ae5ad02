package subset

import (
	"encoding/binary"
	"encoding/hex"
)

// Keys are held in less than their canonical text where that is simple: a uuid
// as its 16 bytes, and the parts of a composite key with short lengths.

// appendPacked appends a value's text as keys hold it.
func (f family) appendPacked(dst, v []byte) []byte {
	if f != "uuid" || len(v) != 36 {
		return f.appendCanonical(dst, v)
	}
	at := len(dst)
	for i := 0; i < 36; {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if v[i] != '-' {
				return append(dst[:at], v...)
			}
			i++
			continue
		}
		hi, lo := nibble(v[i]), nibble(v[i+1])
		if hi|lo > 0xf {
			return append(dst[:at], v...)
		}
		dst = append(dst, hi<<4|lo)
		i += 2
	}
	return dst
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}

// appendUnpacked appends the text of what appendPacked made.
func (f family) appendUnpacked(dst, k []byte) []byte {
	if f != "uuid" || len(k) != 16 {
		return append(dst, k...)
	}
	for i, n := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			dst = append(dst, '-')
		}
		from := [...]int{0, 4, 6, 8, 10}[i]
		dst = hex.AppendEncode(dst, k[from:n])
	}
	return dst
}

// appendPackedPart appends one part of a composite key. No key of the same
// space is the beginning of another.
func (f family) appendPackedPart(dst, v []byte) []byte {
	at := len(dst)
	dst = f.appendPacked(append(dst, 0), v)
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	var head [binary.MaxVarintLen64]byte
	w := binary.PutUvarint(head[:], uint64(n))
	dst = append(dst, head[1:w]...) // room for the rest of the length
	copy(dst[at+w:], dst[at+1:at+1+n])
	copy(dst[at:], head[:w])
	return dst
}

// cutPackedPart splits what appendPackedPart made.
func cutPackedPart(b []byte) (part, rest []byte) {
	n, w := binary.Uvarint(b)
	return b[w : w+int(n)], b[w+int(n):]
}
