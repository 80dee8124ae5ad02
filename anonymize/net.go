package anonymize

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"sync"

	"github.com/pgstandin/pgstandin/keyed"
)

// makeUUID permutes uuids within their version and variant: AES over the whole
// 128 bits, walked until both are as they were.
func makeUUID(c *compiler) maskFunc {
	prf, opaque := c.prf(), c.opaque()
	if isText(c.typ) && c.room(36) < 36 {
		c.problem("", "mask uuid needs 36 characters, and the column holds %d", c.room(36))
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		var b [16]byte
		lower, upper := letterCases(value)
		if !parseUUID(&b, value) || lower && upper {
			return opaque(dst, value, r) // of mixed case: another spelling would meet it
		}
		version, variant := b[6]&0xf0, b[8]&0xc0
		for {
			prf.Permute16(&b)
			if b[6]&0xf0 == version && b[8]&0xc0 == variant {
				break
			}
		}
		start := len(dst)
		dst = append(dst, "00000000-0000-0000-0000-000000000000"...)
		out := dst[start:]
		hex.Encode(out[0:8], b[0:4])
		hex.Encode(out[9:13], b[4:6])
		hex.Encode(out[14:18], b[6:8])
		hex.Encode(out[19:23], b[8:10])
		hex.Encode(out[24:36], b[10:16])
		if upper {
			changeCase(out, true)
		}
		return dst
	}
}

// letterCases reports whether v has ASCII letters of either case.
func letterCases(v []byte) (lower, upper bool) {
	for _, ch := range v {
		lower = lower || ch >= 'a' && ch <= 'z'
		upper = upper || ch >= 'A' && ch <= 'Z'
	}
	return lower, upper
}

// parseUUID reads the canonical form, of either case.
func parseUUID(b *[16]byte, v []byte) bool {
	if len(v) != 36 || v[8] != '-' || v[13] != '-' || v[18] != '-' || v[23] != '-' {
		return false
	}
	at := 0
	for _, s := range [...][2]int{{0, 8}, {9, 13}, {14, 18}, {19, 23}, {24, 36}} {
		n, err := hex.Decode(b[at:], v[s[0]:s[1]])
		if err != nil {
			return false
		}
		at += n
	}
	return true
}

// makeIP permutes addresses so that two which share their first n bits share
// them after, and no more: each bit is flipped by a function of those before it
// (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address Anonymization", 2002).
func makeIP(c *compiler) maskFunc {
	six, opaque := c.prfOf("ip6"), c.opaque()
	four := &prefixes{prf: c.prf()}
	cidr, text := c.typ.Name == "cidr", isText(c.typ)
	chars := c.room(unbounded)
	if text && chars < 15 {
		c.problem("", "mask ip needs 15 characters, and the column holds %d", chars)
	}
	if c.typ.Name == "inet" {
		c.raw = func(dst, value []byte, r *Rewriter) ([]byte, bool) { return rawAddress(dst, value, four, six, r) }
	}
	return func(dst, value []byte, r *Rewriter) []byte {
		addr, mask := value, []byte(nil)
		if i := bytes.IndexByte(value, '/'); i >= 0 {
			addr, mask = value[:i], value[i:]
		}
		a, ok := parseAddr(addr)
		if !ok || text && !spelledAs(a, addr) {
			return opaque(dst, value, r) // in another spelling it would meet the first
		}
		size := a.BitLen()
		if len(mask) > 0 {
			n, ok := prefixLength(mask[1:], size)
			if !ok {
				return opaque(dst, value, r) // it would stay
			}
			if cidr {
				size = n
			}
		}
		if a.Is4() {
			b := a.As4()
			four.flip(&b, size)
			a = netip.AddrFrom4(b)
		} else {
			b := a.As16()
			r.lastBlocks.flip(six, &b, size)
			a = netip.AddrFrom16(b)
		}
		start := len(dst)
		dst = a.AppendTo(dst)
		if v6 := bytes.IndexByte(dst[start:], '.') >= 0 && !a.Is4(); v6 {
			dst = append(dst[:start], a.StringExpanded()...)
		}
		if text && len(dst)-start+len(mask) > chars {
			return opaque(dst[:start], value, r) // a long address of a short one
		}
		return append(dst, mask...)
	}
}

// prefixLength reads how many bits of an address of so many are the network's.
func prefixLength(v []byte, size int) (n int, ok bool) {
	if len(v) == 0 || len(v) > 3 || len(v) > 1 && v[0] == '0' {
		return 0, false
	}
	for _, ch := range v {
		if radix(ch) != 10 {
			return 0, false
		}
		n = n*10 + int(ch-'0')
	}
	return n, n <= size
}

// rawAddress masks an inet as PostgreSQL sends it: the family (2 or 3), the bits of
// the network, whether it is a cidr, the number of bytes, and these.
func rawAddress(dst, value []byte, four *prefixes, six *keyed.PRF, r *Rewriter) ([]byte, bool) {
	const head = 4
	start := len(dst) + head
	switch {
	case len(value) == head+4 && value[0] == 2 && value[2] == 0 && value[3] == 4:
		dst = append(dst, value...)
		four.flip((*[4]byte)(dst[start:]), 32)
	case len(value) == head+16 && value[0] == 3 && value[2] == 0 && value[3] == 16:
		dst = append(dst, value...)
		r.lastBlocks.flip(six, (*[16]byte)(dst[start:]), 128)
	default:
		return dst, false
	}
	return dst, true
}

// spelledAs reports whether v is how a is written.
func spelledAs(a netip.Addr, v []byte) bool {
	var buf [64]byte
	return bytes.Equal(a.AppendTo(buf[:0]), v)
}

// parseAddr reads an address without a zone.
func parseAddr(v []byte) (netip.Addr, bool) {
	if len(v) > 45 || bytes.IndexByte(v, '%') >= 0 {
		return netip.Addr{}, false
	}
	if bytes.IndexByte(v, ':') < 0 { // v4 by hand: netip wants a string
		var b [4]byte
		part, n, digits := 0, 0, 0
		for _, ch := range v {
			switch {
			case ch >= '0' && ch <= '9' && digits < 3:
				n, digits = n*10+int(ch-'0'), digits+1
			case ch == '.' && digits > 0 && part < 3 && n < 256:
				b[part] = byte(n)
				part, n, digits = part+1, 0, 0
			default:
				return netip.Addr{}, false
			}
		}
		if part != 3 || digits == 0 || n > 255 {
			return netip.Addr{}, false
		}
		b[3] = byte(n)
		return netip.AddrFrom4(b), true
	}
	return parseAddr6(v)
}

// parseAddr6 reads an address with colons: groups of hex digits, at most one
// "::", perhaps four decimal bytes at the end (RFC 4291, section 2.2). netip
// wants a string for it.
func parseAddr6(v []byte) (netip.Addr, bool) {
	var b [16]byte
	n, gap := 0, -1 // bytes read, and where the "::" was
	if bytes.HasPrefix(v, []byte("::")) {
		gap, v = 0, v[2:]
	}
	for len(v) > 0 {
		end := bytes.IndexByte(v, ':')
		if end < 0 {
			end = len(v)
			if bytes.IndexByte(v, '.') >= 0 {
				a, ok := parseAddr(v)
				if !ok || n > 12 {
					return netip.Addr{}, false
				}
				four := a.As4()
				n += copy(b[n:], four[:])
				break
			}
		}
		if end < 1 || end > 4 || n > 14 {
			return netip.Addr{}, false
		}
		group := 0
		for _, ch := range v[:end] {
			d, ok := hexValue(ch)
			if !ok {
				return netip.Addr{}, false
			}
			group = group<<4 | d
		}
		b[n], b[n+1] = byte(group>>8), byte(group)
		n += 2
		if v = v[end:]; len(v) == 0 {
			break
		}
		if v = v[1:]; len(v) == 0 {
			return netip.Addr{}, false // a colon at the end
		}
		if v[0] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap, v = n, v[1:]
		}
	}
	if gap >= 0 && n < 16 {
		copy(b[16-(n-gap):], b[gap:n])
		clear(b[gap : 16-(n-gap)])
		n = 16
	} else if gap >= 0 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(b), n == 16
}

func hexValue(ch byte) (int, bool) {
	switch {
	case ch >= '0' && ch <= '9':
		return int(ch - '0'), true
	case ch|0x20 >= 'a' && ch|0x20 <= 'f':
		return int(ch|0x20-'a') + 10, true
	}
	return 0, false
}

// lastBlocks masks addresses of sixteen bytes, and keeps what decided the bits of
// the last one: addresses of one network share most of it.
type lastBlocks struct {
	prf    *keyed.PRF
	addr   [16]byte
	done   int                     // bits of addr that blocks decide
	blocks [(128 + 6) / 7][16]byte // each decides seven bits
}

// flip masks the first n bits of b. Seven bits at a time are decided by one block:
// the function of the bits before them, a one, and zeros. The block has a bit for
// each of the 127 beginnings that seven bits can have.
func (l *lastBlocks) flip(prf *keyed.PRF, b *[16]byte, n int) {
	if l.prf != prf {
		l.prf, l.done = prf, 0
	}
	// Bits that b and the last address begin with.
	same := bits.LeadingZeros64(binary.BigEndian.Uint64(l.addr[:8]) ^ binary.BigEndian.Uint64(b[:8]))
	if same == 64 {
		same += bits.LeadingZeros64(binary.BigEndian.Uint64(l.addr[8:]) ^ binary.BigEndian.Uint64(b[8:]))
	}
	l.done = min(l.done, same/7*7+7) // the block behind what is the same is a function of that
	l.addr = *b
	var in [16]byte
	node := 0
	for i := range n {
		at, bit := i/8, byte(0x80)>>(i%8)
		if i%7 == 0 {
			if i >= l.done {
				in[at] |= bit
				l.blocks[i/7] = prf.Sum(in[:])
				in[at] &^= bit
				l.done = i + 7
			}
			node = 1
		}
		in[at] |= b[at] & bit // the original prefix goes on
		flip := l.blocks[i/7][node/8] >> (node % 8) & 1
		node *= 2
		if b[at]&bit != 0 {
			node++
		}
		b[at] ^= flip * bit
	}
}

// prefixes is lastBlocks for addresses of four bytes, with the blocks of the first
// 21 bits made in advance, at the first address: 264 KB for two blocks an address
// instead of five.
type prefixes struct {
	prf    *keyed.PRF
	once   sync.Once
	blocks [][16]byte // by how many bits are before, then by these; made for the first address
}

// tabled is how many bits prefixes.blocks decide.
const tabled = 21

// block decides the seven bits of an address behind the first level ones.
func (p *prefixes) block(v uint32, level int) [16]byte {
	var in [16]byte
	binary.BigEndian.PutUint32(in[:], v&^(1<<(32-level)-1)|1<<(31-level))
	return p.prf.Sum(in[:])
}

func (p *prefixes) fill() {
	p.blocks = make([][16]byte, 1+1<<7+1<<14)
	for level, first := 0, 0; level < tabled; level += 7 {
		for prefix := range 1 << level {
			p.blocks[first+prefix] = p.block(uint32(uint64(prefix)<<(32-level)), level)
		}
		first += 1 << level
	}
}

func (p *prefixes) flip(b *[4]byte, n int) {
	p.once.Do(p.fill)
	v := binary.BigEndian.Uint32(b[:])
	var flips uint32
	for level, first := 0, 0; level < n; level += 7 {
		var block [16]byte
		if level < tabled {
			block = p.blocks[first+int(uint64(v)>>(32-level))]
			first += 1 << level
		} else {
			block = p.block(v, level)
		}
		node := 1
		for i := level; i < min(level+7, n); i++ {
			flips |= uint32(block[node/8]>>(node%8)&1) << (31 - i)
			node = 2*node + int(v>>(31-i)&1)
		}
	}
	binary.BigEndian.PutUint32(b[:], v^flips)
}

func makeURL(c *compiler) maskFunc {
	const head = "https://example.com/"
	tail := c.tail(len(head), tailLength, 5)
	if tail < 1 {
		c.problem("", "mask url needs %d characters, and the column holds %d", len(head)+1, c.room(unbounded))
		return nil
	}
	prf := c.prf()
	return func(dst, value []byte, _ *Rewriter) []byte {
		return appendTail(append(dst, head...), prf.Sum(value), tail)
	}
}
