package anonymize

// makeMAC permutes the addresses of network cards (EUI-48 and EUI-64) but for
// the two bits that say whether it is one of a group and whether it was assigned
// locally. Separators and the case of the letters stay.
func makeMAC(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	if c.typ.Name == "macaddr" || c.typ.Name == "macaddr8" {
		opaque = func(dst, _ []byte, r *Rewriter) []byte { // the types hold nothing else
			r.opaque = true
			return append(dst, "02:00:00:00:00:00"...)
		}
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		x, digits, ok := parseMAC(value)
		lower, upper := letterCases(value)
		if !ok || lower && upper {
			return opaque(dst, value, r)
		}
		width := uint(digits) * 4
		kind := x >> (width - 8) & 3
		rest := x>>(width-6)<<(width-8) | x&(1<<(width-8)-1)
		start := len(dst)
		for {
			// What is upper case stays among the addresses with a letter, so that it
			// never meets the image of the same number in lower case.
			rest = prf.Bijection(1<<(width-2), rest, kind<<8|uint64(digits))
			y := rest>>(width-8)<<(width-6) | kind<<(width-8) | rest&(1<<(width-8)-1)
			dst = appendHexLike(dst[:start], value, y, width, upper)
			if _, letter := letterCases(dst[start:]); letter == upper {
				return dst
			}
		}
	}
}

// parseMAC reads 12 or 16 hex digits with single separators between them.
func parseMAC(v []byte) (x uint64, digits int, ok bool) {
	gap := true
	for _, ch := range v {
		switch d, hex := hexValue(ch); {
		case hex && digits < 16:
			x, digits, gap = x<<4|uint64(d), digits+1, false
		case (ch == ':' || ch == '-' || ch == '.') && !gap:
			gap = true
		default:
			return 0, 0, false
		}
	}
	return x, digits, !gap && (digits == 12 || digits == 16)
}

// appendHexLike appends the digits of x, of so many bits, spelled as like is.
func appendHexLike(dst, like []byte, x uint64, width uint, upper bool) []byte {
	const lowers, uppers = "0123456789abcdef", "0123456789ABCDEF"
	alphabet := lowers
	if upper {
		alphabet = uppers
	}
	for _, ch := range like {
		if _, hex := hexValue(ch); hex {
			width -= 4
			ch = alphabet[x>>width&15]
		}
		dst = append(dst, ch)
	}
	return dst
}
