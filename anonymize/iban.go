package anonymize

// makeIBAN keeps the country, permutes the account within its shape, and carries
// the two check digits (ISO 13616, ISO 7064 mod 97-10) as their distance.
func makeIBAN(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	return func(dst, value []byte, r *Rewriter) []byte {
		if !looksLikeIBAN(value) {
			return opaque(dst, value, r)
		}
		distance := (ibanCheck(value) + 97 - ibanRight(value)) % 97
		start := len(dst)
		dst = append(dst, value...)
		out := dst[start:]
		permuteShape(prf, out[4:], uint64(out[0])<<8|uint64(out[1]))
		check := (ibanRight(out) + distance) % 97
		if check < 2 {
			check += 97 // check digits are 02 to 98
		}
		out[2], out[3] = '0'+byte(check/10), '0'+byte(check%10)
		return dst
	}
}

func looksLikeIBAN(v []byte) bool {
	if len(v) < 15 || len(v) > 42 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' ||
		radix(v[2]) != 10 || radix(v[3]) != 10 || ibanCheck(v) < 2 || ibanCheck(v) > 98 {
		return false
	}
	for _, ch := range v[4:] {
		if ch != ' ' && radix(ch) != 10 && (ch < 'A' || ch > 'Z') {
			return false
		}
	}
	return true
}

func ibanCheck(v []byte) int { return int(v[2]-'0')*10 + int(v[3]-'0') }

// ibanRight computes the check digits that the rest of v asks for, below 97.
func ibanRight(v []byte) int {
	mod := 0
	add := func(ch byte) {
		switch {
		case ch >= '0' && ch <= '9':
			mod = (mod*10 + int(ch-'0')) % 97
		case ch >= 'A' && ch <= 'Z':
			mod = (mod*100 + int(ch-'A') + 10) % 97
		}
	}
	for _, ch := range v[4:] {
		add(ch)
	}
	add(v[0])
	add(v[1])
	add('0')
	add('0')
	return (98 - mod) % 97
}
