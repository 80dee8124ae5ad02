package anonymize

import (
	"math"
)

// makeMoney is number for amounts: columns of type money come as the server's
// locale writes them, and leave as a plain amount that it reads.
func makeMoney(c *compiler) maskFunc {
	if c.given("noise") == c.given("bucket") {
		c.problem("", "money needs one of noise and bucket: { mask: money, noise: 10%%}")
		return nil
	}
	if c.typ.Name != "money" {
		return makeNumber(c)
	}
	change := c.moneyChange()
	if change == nil {
		return nil
	}
	prf := c.prf()
	return func(dst, value []byte, r *Rewriter) []byte {
		a, ok := parseAmount(value)
		if !ok {
			r.opaque = true
			return append(dst, '0')
		}
		s := prf.Stream(value)
		a.units = change(a.units, a.decimals, s.Uint64())
		return a.append(dst)
	}
}

// moneyChange returns what happens to a number of smallest units, of which
// 10^decimals are one of the currency.
func (c *compiler) moneyChange() func(units int64, decimals int, noise uint64) int64 {
	if c.given("bucket") {
		size := c.bucketSize()
		return func(units int64, decimals int, _ uint64) int64 {
			step := int64(math.Round(size * math.Pow10(decimals)))
			if step < 1 {
				return units
			}
			return floorDiv(units, step) * step
		}
	}
	share := c.share("noise")
	return func(units int64, _ int, noise uint64) int64 {
		if units == 0 {
			return 0
		}
		by := symmetric(noise) * share
		step := int64(math.Round(float64(units) * by))
		if step == 0 {
			step = 1
			if by < 0 {
				step = -1
			}
		}
		return units + step
	}
}

// symmetric turns 64 bits into a number from -1 to below 1.
func symmetric(bits uint64) float64 { return float64(bits>>11)/(1<<53)*2 - 1 }

// amount is a number of smallest units.
type amount struct {
	units     int64
	decimals  int
	separator byte
}

// parseAmount reads what a column of type money comes as: digits with a sign or
// parentheses, perhaps in groups and with a currency. The last point or comma
// parts the decimals, unless three digits follow it and no other kind of
// separator precedes it: then it groups.
func parseAmount(v []byte) (a amount, ok bool) {
	neg, digits := false, 0
	last, other := -1, false // where the last separator is, and whether another kind was before it
	after := 0
	for i, ch := range v {
		switch {
		case ch >= '0' && ch <= '9':
			if digits++; digits > 18 {
				return a, false
			}
			a.units = a.units*10 + int64(ch-'0')
			after++
		case ch == '.' || ch == ',':
			other = other || last >= 0 && v[last] != ch
			last, after = i, 0
		case ch == '-' || ch == '(':
			neg = true
		}
	}
	if last >= 0 && after > 0 && (after != 3 || other) {
		a.decimals, a.separator = after, v[last]
	}
	if neg {
		a.units = -a.units
	}
	return a, digits > 0
}

func (a amount) append(dst []byte) []byte {
	u := uint64(a.units)
	if a.units < 0 {
		dst, u = append(dst, '-'), uint64(-a.units)
	}
	unit := uint64(math.Pow10(a.decimals))
	dst = appendDigits(dst, u/unit, 1)
	if a.decimals > 0 {
		dst = appendDigits(append(dst, a.separator), u%unit, a.decimals)
	}
	return dst
}
