package anonymize

import (
	"math"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
)

// degree is a degree of a great circle of the earth in kilometres.
const degree = 111.32

// makeGeo moves coordinates: a point, a pair in a text, or one of the two in a
// column of its own. Each coordinate moves by at least a quarter of what it may
// move by, so that no place stays.
func makeGeo(c *compiler) maskFunc {
	reach := c.distance("jitter") / degree / math.Sqrt2
	prf, opaque := c.prf(), c.opaque()
	lo, hi := c.bounds()
	most := 9
	if c.typ.Precision > 0 {
		most = max(0, c.typ.Scale)
	}
	if math.Pow10(-most) > reach/4 {
		c.problem("jitter", "the column has %d decimals of a degree, which is too coarse for so short a distance", most)
	}
	switch c.typ.Name {
	case "point":
		opaque = pointZero
	case "numeric", "float4", "float8":
		opaque = func(dst, _ []byte, r *Rewriter) []byte {
			r.opaque = true
			return append(dst, "NaN"...)
		}
	}
	pair := c.typ.Name == "point" || isText(c.typ)
	chars := c.room(unbounded)
	return func(dst, value []byte, r *Rewriter) []byte {
		start, from, numbers := len(dst), 0, 0
		r.stream = prf.Stream(value)
		for i := 0; i < len(value); {
			end := numberEnd(value, i)
			if end == i {
				if !betweenCoordinates(value[i]) {
					return opaque(dst[:start], value, r)
				}
				i++
				continue
			}
			x, ok := plainNumber(value[i:end])
			if numbers++; !ok || math.Abs(x) > 180 || numbers > 2 || !pair && (i > 0 || end < len(value)) {
				return opaque(dst[:start], value, r)
			}
			dst = append(dst, value[from:i]...)
			places := min(max(decimals(value[i:end]), 5), most)
			dst = appendFloat(dst, min(max(jitter(x, reach, &r.stream), lo), hi), places)
			i, from = end, end
		}
		dst = append(dst, value[from:]...)
		if numbers == 0 || isText(c.typ) && len(dst)-start > chars {
			return opaque(dst[:start], value, r)
		}
		return dst
	}
}

func pointZero(dst, _ []byte, r *Rewriter) []byte {
	r.opaque = true
	return append(dst, "(0,0)"...)
}

// jitter moves a coordinate by a quarter to all of reach degrees. What is no
// farther from zero than a latitude can be stays so.
func jitter(x, reach float64, s *keyed.Stream) float64 {
	by := symmetric(s.Uint64())
	by = reach * (math.Copysign(0.25, by) + 0.75*by)
	end := 180.0
	if math.Abs(x) <= 90 {
		end = 90
	}
	if math.Abs(x+by) > end {
		by = -by
	}
	return x + by
}

// numberEnd returns the end of the number that begins at i, or i. A float next to
// zero has an exponent.
func numberEnd(v []byte, i int) int {
	k := i
	for k < len(v) && (v[k] >= '0' && v[k] <= '9' || v[k] == '.' || v[k] == '-' && k == i ||
		k > i && (v[k] == 'e' || v[k] == '-' && v[k-1] == 'e')) {
		k++
	}
	return k
}

func betweenCoordinates(ch byte) bool {
	switch ch {
	case ' ', ',', ';', '(', ')', '/', '+':
		return true
	}
	return false
}

// distance reads kilometres or metres, as kilometres.
func (c *compiler) distance(name string) float64 {
	text := c.string(name, "")
	unit := 1.0
	number, ok := strings.CutSuffix(text, "km")
	if !ok {
		number, ok = strings.CutSuffix(text, "m")
		unit = 0.001
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if x *= unit; !ok || err != nil || !(x >= 0.01 && x <= 1000) {
		c.problem(name, "%s must be a distance of 10m to 1000km: { mask: %s, %s: 5km }", name, c.m.Kind, name)
		return 1
	}
	return x
}
