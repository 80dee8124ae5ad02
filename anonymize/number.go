package anonymize

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/keyed"
)

func makeNumber(c *compiler) maskFunc {
	n := 0
	for _, name := range []string{"noise", "bucket", "permute"} {
		if c.given(name) {
			n++
		}
	}
	if n != 1 {
		c.problem("", "number needs one of noise, bucket and permute: { mask: number, noise: 10%%}")
		return nil
	}
	switch {
	case c.given("permute"):
		return c.permuteNumber()
	case c.given("bucket"):
		return c.bucketNumber()
	}
	return c.noisyNumber()
}

// bounds returns the whole numbers that an integer type holds, as float64 just
// inside them.
func (c *compiler) bounds() (lo, hi float64) {
	switch c.typ.Name {
	case "int2":
		return math.MinInt16, math.MaxInt16
	case "int4":
		return math.MinInt32, math.MaxInt32
	case "int8":
		return -1 << 63, 1<<63 - 1024
	case "numeric":
		if c.typ.Precision > 0 {
			top := math.Pow10(c.typ.Precision - c.typ.Scale)
			top = min(top-math.Pow10(-c.typ.Scale), top*(1-1e-15)) // rounded to the scale it must not reach top
			return -top, top
		}
	case "float4":
		return -math.MaxFloat32, math.MaxFloat32
	}
	return -math.MaxFloat64, math.MaxFloat64
}

// appendLike appends x with as many decimals as like has, inside the type; with
// an exponent where like has a negative one.
func appendLike(dst []byte, x, lo, hi float64, like []byte) []byte {
	if x != 0 && bytes.Contains(like, []byte("e-")) {
		return strconv.AppendFloat(dst, min(max(x, lo), hi), 'e', -1, 64)
	}
	return appendFloat(dst, min(max(x, lo), hi), decimals(like))
}

// decimals returns how many digits follow the point.
func decimals(v []byte) int {
	if i := bytes.IndexByte(v, '.'); i >= 0 && bytes.IndexByte(v, 'e') < 0 {
		return len(v) - i - 1
	}
	return 0
}

// appendFloat appends x with so many decimals; zero has no sign.
func appendFloat(dst []byte, x float64, decimals int) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'f', decimals, 64)
	if bytes.HasPrefix(dst[start:], []byte("-")) && len(bytes.Trim(dst[start:], "-0.")) == 0 {
		copy(dst[start:], dst[start+1:])
		dst = dst[:len(dst)-1] // -0
	}
	return dst
}

// plainNumber parses a number without allocating; NaN and infinities are not
// among them.
func plainNumber(v []byte) (float64, bool) {
	if len(v) > 64 { // no digit may be cut off, and few numbers are so long
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil && !math.IsInf(f, 0)
	}
	x, neg, seen, scale := 0.0, false, false, 0.0
	for i, ch := range v {
		switch {
		case ch == '-' && i == 0:
			neg = true
		case ch >= '0' && ch <= '9':
			seen = true
			if scale == 0 {
				x = x*10 + float64(ch-'0')
			} else {
				x += float64(ch-'0') * scale
				scale /= 10
			}
		case ch == '.' && scale == 0:
			scale = 0.1
		case ch == 'e' && seen:
			f, err := strconv.ParseFloat(string(v), 64)
			return f, err == nil && !math.IsInf(f, 0)
		default:
			return 0, false
		}
	}
	if neg {
		x = -x
	}
	return x, seen
}

// share reads a percentage above 0 and up to 100 as a part of 1.
func (c *compiler) share(name string) float64 {
	text := c.string(name, "")
	share, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(share > 0 && share <= 100) {
		c.problem(name, "%s must be a percentage above 0 and up to 100: 10%%", name)
		return 0
	}
	return share / 100
}

// noisyNumber adds noise of up to a share of the number. Only zero, which has no
// share, and a number that is all its type holds stay as they are.
func (c *compiler) noisyNumber() maskFunc {
	share := c.share("noise")
	prf := c.prf()
	lo, hi := c.bounds()
	whole := isInt(c.typ)
	return func(dst, value []byte, r *Rewriter) []byte {
		x, ok := plainNumber(value)
		if !ok {
			return append(dst, "NaN"...) // what is no number stays none
		}
		s := prf.Stream(value)
		noise := symmetric(s.Uint64()) * share
		y := x + x*noise
		if whole {
			y = math.Round(y)
		}
		start := len(dst)
		dst = appendLike(dst, y, lo, hi, value)
		if x != 0 && bytes.Equal(dst[start:], value) { // too little noise to show
			unit := math.Copysign(math.Pow10(-decimals(value)), noise)
			if x+unit > hi || x+unit < lo {
				unit = -unit
			}
			dst = appendLike(dst[:start], x+unit, lo, hi, value)
		}
		return dst
	}
}

func (c *compiler) bucketSize() float64 {
	size, err := strconv.ParseFloat(c.string("bucket", ""), 64)
	if err != nil || !(size > 0) {
		c.problem("bucket", "bucket must be a number above 0")
	}
	return size
}

func (c *compiler) bucketNumber() maskFunc {
	size := c.bucketSize()
	lo, hi := c.bounds()
	return func(dst, value []byte, _ *Rewriter) []byte {
		x, ok := plainNumber(value)
		if !ok {
			return append(dst, "NaN"...)
		}
		return appendLike(dst, math.Floor(x/size)*size, lo, hi, value)
	}
}

// permuteNumber is a bijection of an integer type onto itself that keeps the
// sign, or of a range [least, most] onto itself (other numbers are permuted among
// themselves, and counted as opaque).
func (c *compiler) permuteNumber() maskFunc {
	if !isInt(c.typ) {
		c.problem("permute", "permute takes integer columns")
		return nil
	}
	bitsOf := map[string]uint{"int2": 15, "int4": 31, "int8": 63}[c.typ.Name]
	size := uint64(1) << bitsOf
	if v, ok := c.m.Params["permute"].([]any); ok {
		return c.permuteRange(v)
	}
	if !c.bool("permute") {
		c.problem("permute", "permute must be true, or a range: [1, 1000000]")
		return nil
	}
	q := c.prf().Permutation(size)
	return func(dst, value []byte, r *Rewriter) []byte {
		x, ok := parseInt(value)
		if !ok {
			r.opaque = true
			return append(dst, '0')
		}
		if x < 0 {
			return strconv.AppendInt(dst, -int64(q.Apply(uint64(-(x+1)), 1))-1, 10)
		}
		return strconv.AppendInt(dst, int64(q.Apply(uint64(x), 0)), 10)
	}
}

func (c *compiler) permuteRange(v []any) maskFunc {
	var ends [2]int64
	good := len(v) == 2
	for i := 0; good && i < 2; i++ {
		ends[i], good = toInt(v[i])
	}
	lo, hi := c.bounds()
	if !good || ends[0] >= ends[1] || float64(ends[0]) < lo || float64(ends[1]) > hi {
		c.problem("permute", "permute must be true, or a range that fits the type: [1, 1000000]")
		return nil
	}
	least, most := ends[0], ends[1]
	size := uint64(most-least) + 1
	c.capacity("permute", size)
	prf := c.prf()
	q := prf.Permutation(size)
	return func(dst, value []byte, r *Rewriter) []byte {
		x, ok := parseInt(value)
		if !ok {
			r.opaque = true
			return append(dst, '0')
		}
		if x < least || x > most {
			r.opaque = true
			return strconv.AppendInt(dst, permuteOutside(prf, x, least, most), 10)
		}
		return strconv.AppendInt(dst, least+int64(q.Apply(uint64(x-least), 0)), 10)
	}
}

// capacity reports a column that alone tells the table's rows apart, but whose
// mask has fewer values than there are rows.
func (c *compiler) capacity(param string, values uint64) {
	if c.col.Sole && c.table.Rows > 0 && uint64(c.table.Rows) > values {
		c.problem(param, "the column is unique in about %d rows, and %d values are not enough", c.table.Rows, values)
	}
}

// permuteOutside permutes the numbers outside of a range: those of one sign and
// one number of bits among themselves, so that they fit every type that they fit
// before, and never meet the image of one within the range.
func permuteOutside(prf *keyed.PRF, x, least, most int64) int64 {
	u := x
	if x < 0 {
		u = -(x + 1)
	}
	width := bits.Len64(uint64(u))
	lo, hi := int64(1)<<max(0, width-1), int64(1)<<width-1 // width 63: hi overflows to the largest
	if width == 0 {
		lo = 0
	}
	tweak := uint64(width) << 8
	if x < 0 {
		lo, hi, tweak = -hi-1, -lo-1, tweak+1
	}
	below, above := hi-lo+1, int64(0) // how many are outside, on either side
	from, to := max(lo, least), min(hi, most)
	if from <= to {
		below, above = from-lo, hi-to
	}
	rank := x - lo
	if from <= to && x > to {
		rank = below + x - to - 1
	}
	rank = int64(prf.Bijection(uint64(below+above), uint64(rank), tweak))
	if rank < below {
		return lo + rank
	}
	return to + 1 + rank - below
}

func parseInt(v []byte) (int64, bool) {
	neg := len(v) > 0 && v[0] == '-'
	if neg {
		v = v[1:]
	}
	if len(v) == 0 || len(v) > 19 {
		return 0, false
	}
	x := uint64(0)
	for _, ch := range v {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		x = x*10 + uint64(ch-'0')
	}
	if neg {
		return -int64(x), x <= 1<<63
	}
	return int64(x), x < 1<<63
}
