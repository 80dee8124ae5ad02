package copyfmt

import (
	"encoding/binary"
	"strconv"
)

// An address is its family, the bits of its network, whether it is a cidr, and
// the number of its bytes, each in a byte; then the bytes.
const (
	familyV4 = 2
	familyV6 = 3
)

func inetText(_ *CodecScratch, dst, src []byte) ([]byte, error) { return appendAddress(dst, src, 0) }
func cidrText(_ *CodecScratch, dst, src []byte) ([]byte, error) { return appendAddress(dst, src, 1) }

func appendAddress(dst, src []byte, cidr byte) ([]byte, error) {
	if len(src) < 4 || len(src) != 4+int(src[3]) || src[2] != cidr {
		return dst, ErrValue
	}
	size, addr := int(src[1]), src[4:]
	switch {
	case src[0] == familyV4 && len(addr) == 4:
		dst = appendV4(dst, addr)
	case src[0] == familyV6 && len(addr) == 16:
		dst = appendV6(dst, addr)
	default:
		return dst, ErrValue
	}
	if size > 8*len(addr) {
		return dst, ErrValue
	}
	if cidr == 1 || size < 8*len(addr) {
		dst = strconv.AppendUint(append(dst, '/'), uint64(size), 10)
	}
	return dst, nil
}

func appendV4(dst, addr []byte) []byte {
	for i, b := range addr {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(b), 10)
	}
	return dst
}

// appendV6 writes the first longest run of zero words, of two at least, as ::,
// and an address of which only the last two words count, or these behind ffff,
// with an IPv4 address at its end.
func appendV6(dst, addr []byte) []byte {
	word := func(i int) uint16 { return binary.BigEndian.Uint16(addr[2*i:]) }
	best, size := -1, 1
	for i := 0; i < 8; i++ {
		n := 0
		for i+n < 8 && word(i+n) == 0 {
			n++
		}
		if n > size {
			best, size = i, n
		}
		i += n
	}
	for i := 0; i < 8; i++ {
		if i == best {
			dst = append(dst, ':')
			if i += size; i == 8 {
				return append(dst, ':')
			}
		}
		if i > 0 {
			dst = append(dst, ':')
		}
		if i == 6 && best == 0 && (size == 6 || size == 5 && word(5) == 0xffff) {
			return appendV4(dst, addr[12:])
		}
		dst = strconv.AppendUint(dst, uint64(word(i)), 16)
	}
	return dst
}

func inetBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) { return parseAddress(dst, text, 0) }
func cidrBinary(_ *CodecScratch, dst, text []byte) ([]byte, error) { return parseAddress(dst, text, 1) }

func parseAddress(dst, text []byte, cidr byte) ([]byte, error) {
	var addr [16]byte
	length, family := 4, byte(familyV4)
	end, v6 := len(text), false
	for i, c := range text {
		if c == '/' {
			end = i
			break
		}
		v6 = v6 || c == ':'
	}
	var ok bool
	if v6 {
		length, family = 16, familyV6
		ok = parseV6(&addr, text[:end])
	} else {
		ok = parseV4(addr[:4], text[:end])
	}
	if !ok {
		return dst, ErrSpelling
	}
	size := uint64(8 * length)
	if end < len(text) {
		if size, ok = parseUint(text[end+1:], size); !ok {
			return dst, ErrSpelling
		}
	} else if cidr == 1 {
		return dst, ErrSpelling
	}
	if cidr == 1 { // no bit of the host may be set
		for i := int(size); i < 8*length; i++ {
			if addr[i/8]&(0x80>>(i%8)) != 0 {
				return dst, ErrSpelling
			}
		}
	}
	return append(append(dst, family, byte(size), cidr, byte(length)), addr[:length]...), nil
}

func parseV4(addr, text []byte) bool {
	for i := range 4 {
		n := 0
		for n < len(text) && text[n] != '.' {
			n++
		}
		b, ok := parseUint(text[:n], 255)
		if !ok || n > 3 || (n == len(text)) != (i == 3) {
			return false
		}
		addr[i] = byte(b)
		if i < 3 {
			text = text[n+1:]
		}
	}
	return true
}

func parseV6(addr *[16]byte, text []byte) bool {
	at, gap := 0, -1
	if len(text) >= 2 && text[0] == ':' && text[1] == ':' {
		gap, text = 0, text[2:]
	}
	for len(text) > 0 {
		n, w := 0, uint16(0)
		for ; n < len(text) && text[n] != ':' && text[n] != '.'; n++ {
			d, ok := hexDigit(text[n])
			if !ok || n == 4 {
				return false
			}
			w = w<<4 | uint16(d)
		}
		switch {
		case n < len(text) && text[n] == '.':
			if at > 12 || !parseV4(addr[at:at+4], text) {
				return false
			}
			at, text = at+4, nil
			continue
		case n == 0 || at == 16:
			return false
		}
		binary.BigEndian.PutUint16(addr[at:], w)
		at += 2
		if text = text[n:]; len(text) == 0 {
			break
		}
		if text = text[1:]; len(text) == 0 {
			return false // a colon at the end
		}
		if text[0] == ':' {
			if gap >= 0 {
				return false
			}
			gap, text = at, text[1:]
		}
	}
	if gap < 0 {
		return at == 16
	}
	if at == 16 {
		return false
	}
	copy(addr[16-(at-gap):], addr[gap:at])
	for i := gap; i < 16-(at-gap); i++ {
		addr[i] = 0
	}
	return true
}
