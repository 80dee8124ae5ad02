package pgarchive

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gunzip decompresses gzip streams, one behind the other. Every byte that a
// snapshot writes is read back through it, so that it is made for speed: it reads
// the input by words, and decodes into one large buffer: twice as fast as the
// library.
type gunzip struct {
	r        io.Reader
	in       []byte // the input, of which end bytes are there; behind them are inPad others
	pos, end int    // of in
	eof      bool   // there is no more input than in holds, and its padding is zero
	bits     uint64 // the input before pos that was not decoded, the next bit lowest
	n        uint   // how many bits that are; bits beyond it are those that follow

	out    []byte // what was decoded, behind what matches may refer to
	rd, wr int    // what Read has not returned yet
	base   int    // where in out the stream begins, as far as it is still there
	summed int    // what of out is in sum
	sum    uint32
	size   uint32 // of the stream, but for what is not summed

	step  func(*gunzip) error // what comes next in the input
	final bool                // the block is the stream's last one
	left  int                 // bytes of a stored block that are still to come
	some  bool                // a stream was begun
	err   error

	fixed  bool // the tables are those of fixed codes
	litlen [litlenRoom]uint32
	dist   [distRoom]uint32
	lens   [litlenCodes + distCodes]uint8
}

const (
	inBytes, inPad = 64 << 10, 32
	window         = 32 << 10
	outBytes       = window + 256<<10
	outPad         = 258 + 3 + 8 // one match, literals before it, and what copying words is beyond
)

var errCorrupt = errors.New("gzip: corrupt data")

func newGunzip(r io.Reader) *gunzip {
	return &gunzip{r: r, in: make([]byte, inBytes+inPad), out: make([]byte, outBytes+outPad), step: (*gunzip).head}
}

// Read implements io.Reader. Errors of the input are passed on.
func (g *gunzip) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if g.fill(); g.rd == g.wr {
		return 0, g.err
	}
	n := copy(p, g.out[g.rd:g.wr])
	g.rd += n
	return n, nil
}

// WriteTo implements io.WriterTo.
func (g *gunzip) WriteTo(w io.Writer) (int64, error) {
	total := int64(0)
	for {
		if g.fill(); g.rd == g.wr {
			if g.err == io.EOF {
				return total, nil
			}
			return total, g.err
		}
		n, err := w.Write(g.out[g.rd:g.wr])
		g.rd, total = g.rd+n, total+int64(n)
		if err != nil {
			return total, err
		}
	}
}

// Close implements io.Closer.
func (g *gunzip) Close() error { return nil }

// fill decodes until the buffer is full or there is an error, if all that is in
// the buffer was read.
func (g *gunzip) fill() {
	if g.rd < g.wr || g.err != nil {
		return
	}
	if drop := g.wr - window; drop > 0 {
		copy(g.out, g.out[drop:g.wr])
		g.wr, g.base = window, max(0, g.base-drop)
		g.rd, g.summed = g.wr, g.wr
	}
	for g.err == nil && g.wr <= outBytes {
		g.err = g.step(g)
	}
	g.account()
}

// account adds what was decoded to the checksum.
func (g *gunzip) account() {
	g.sum = crc32.Update(g.sum, crc32.IEEETable, g.out[g.summed:g.wr])
	g.size += uint32(g.wr - g.summed)
	g.summed = g.wr
}

// more reads input, behind what there is still to decode.
func (g *gunzip) more() error {
	g.unread()
	g.end = copy(g.in, g.in[g.pos:g.end])
	g.pos = 0
	for g.end < inBytes/2 && !g.eof {
		n, err := g.r.Read(g.in[g.end:inBytes])
		g.end += n
		if err == io.EOF {
			g.eof = true
			clear(g.in[g.end : g.end+inPad])
		} else if err != nil {
			return err
		}
	}
	return nil
}

// unread gives whole bytes of bits back to the input.
func (g *gunzip) unread() {
	g.pos -= int(g.n >> 3)
	g.n &= 7
	g.bits &= 1<<g.n - 1
}

// need makes sure that there are 32 bits at least, or as many as the input has,
// with zeros behind them.
func (g *gunzip) need() error {
	if g.pos > g.end-8 && !g.eof {
		if err := g.more(); err != nil {
			return err
		}
	}
	if g.beyond() {
		return io.ErrUnexpectedEOF
	}
	g.bits |= binary.LittleEndian.Uint64(g.in[g.pos:]) << (g.n & 63)
	g.pos += int(63-g.n) >> 3
	g.n |= 56
	return nil
}

// beyond reports whether more was decoded than the input has.
func (g *gunzip) beyond() bool { return g.pos-int(g.n>>3) > g.end }

// take returns the next bits, up to 32.
func (g *gunzip) take(n uint) uint32 {
	v := uint32(g.bits & (1<<n - 1))
	g.bits >>= n
	g.n -= n
	return v
}

// align skips to the next byte.
func (g *gunzip) align() { g.take(g.n & 7) }

// next returns the next bits, up to 32, after it has read them.
func (g *gunzip) next(n uint) (uint32, error) {
	if err := g.need(); err != nil {
		return 0, err
	}
	v := g.take(n)
	if g.beyond() {
		return 0, io.ErrUnexpectedEOF
	}
	return v, nil
}

// head reads what a stream begins with, if there is one.
func (g *gunzip) head() error {
	g.unread()
	if g.pos >= g.end {
		if err := g.more(); err != nil {
			return err
		}
		if g.end == 0 && g.some {
			return io.EOF
		}
	}
	g.some = true
	v, err := g.next(32)
	if err != nil {
		return err
	}
	flags := v >> 24
	if v&0xffffff != 0x088b1f || flags&0xe0 != 0 {
		return gzip.ErrHeader
	}
	for range 2 { // time, system
		if _, err := g.next(24); err != nil {
			return err
		}
	}
	if flags&4 != 0 {
		n, err := g.next(16)
		for ; n > 0 && err == nil; n-- {
			_, err = g.next(8)
		}
		if err != nil {
			return err
		}
	}
	for _, flag := range []uint32{8, 16} { // a name, a comment
		for c := flags & flag; c != 0; {
			if c, err = g.next(8); err != nil {
				return err
			}
		}
	}
	if flags&2 != 0 {
		if _, err := g.next(16); err != nil {
			return err
		}
	}
	g.base, g.summed, g.sum, g.size, g.step = g.wr, g.wr, 0, 0, (*gunzip).block
	return nil
}

// tail reads what ends a stream.
func (g *gunzip) tail() error {
	g.account()
	g.align()
	sum, err := g.next(32)
	if err != nil {
		return err
	}
	size, err := g.next(32)
	if err != nil {
		return err
	}
	if sum != g.sum || size != g.size {
		return gzip.ErrChecksum
	}
	g.step = (*gunzip).head
	return nil
}

// block reads what a block begins with.
func (g *gunzip) block() error {
	if g.final {
		g.final, g.step = false, (*gunzip).tail
		return nil
	}
	v, err := g.next(3)
	if err != nil {
		return err
	}
	g.final = v&1 != 0
	switch v >> 1 {
	case 0:
		g.align()
		v, err := g.next(32)
		if err != nil {
			return err
		}
		if g.left = int(v & 0xffff); uint32(g.left) != ^v>>16 {
			return errCorrupt
		}
		g.unread()
		g.bits, g.step = 0, (*gunzip).stored
	case 1:
		g.step = (*gunzip).coded
		return g.fixedCodes()
	case 2:
		g.step = (*gunzip).coded
		return g.dynamicCodes()
	default:
		return errCorrupt
	}
	return nil
}

// stored copies a block that is not compressed.
func (g *gunzip) stored() error {
	if g.left == 0 {
		g.step = (*gunzip).block
		return nil
	}
	if g.pos == g.end {
		if err := g.more(); err != nil {
			return err
		}
		if g.end == 0 {
			return io.ErrUnexpectedEOF
		}
	}
	n := copy(g.out[g.wr:min(len(g.out), g.wr+g.left)], g.in[g.pos:g.end])
	g.wr, g.pos, g.left = g.wr+n, g.pos+n, g.left-n
	return nil
}

// coded decodes a block, as far as there is room. It keeps what changes with each
// code in variables of its own.
func (g *gunzip) coded() error {
	in, out := g.in, g.out
	pos, wr, bits, n := g.pos, g.wr, g.bits, g.n
	limit := g.end - 16
	if g.eof {
		limit = g.end + 8
	}
	for wr <= outBytes {
		if pos > limit {
			g.pos, g.wr, g.bits, g.n = pos, wr, bits, n
			if g.eof {
				return io.ErrUnexpectedEOF
			}
			if err := g.more(); err != nil {
				return err
			}
			pos, bits, n = g.pos, g.bits, g.n
			if limit = g.end - 16; g.eof {
				limit = g.end + 8
			}
		}
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		e := g.litlen[bits&(1<<litlenBits-1)]
		if e&isLiteral != 0 {
			// Three literals take 33 of the 56 bits at most.
			bits >>= e & 31
			n -= uint(e & 31)
			out[wr] = byte(e >> 16)
			wr++
			if e = g.litlen[bits&(1<<litlenBits-1)]; e&isLiteral != 0 {
				bits >>= e & 31
				n -= uint(e & 31)
				out[wr] = byte(e >> 16)
				wr++
				if e = g.litlen[bits&(1<<litlenBits-1)]; e&isLiteral != 0 {
					bits >>= e & 31
					n -= uint(e & 31)
					out[wr] = byte(e >> 16)
					wr++
					continue
				}
			}
			bits |= binary.LittleEndian.Uint64(in[pos:]) << (n & 63)
			pos += int(63-n) >> 3
			n |= 56
		}
		if e&isOther != 0 {
			if e&isTable != 0 {
				bits >>= litlenBits
				n -= litlenBits
				e = g.litlen[(e>>16+uint32(bits)&(1<<(e>>8&15)-1))%litlenRoom]
				if e&isLiteral != 0 {
					bits >>= e & 31
					n -= uint(e & 31)
					out[wr] = byte(e >> 16)
					wr++
					continue
				}
			}
			if e&isOther != 0 {
				if g.pos, g.wr, g.bits, g.n = pos, wr, bits>>(e&31), n-uint(e&31); e&isEnd == 0 {
					return errCorrupt
				}
				if g.step = (*gunzip).block; g.beyond() {
					return io.ErrUnexpectedEOF
				}
				return nil
			}
		}
		length := int(e>>16 + uint32(bits)&(1<<(e&31)-1)>>(e>>8&15))
		bits >>= e & 31
		n -= uint(e & 31)
		e = g.dist[bits&(1<<distBits-1)]
		if e&isTable != 0 {
			bits >>= distBits
			n -= distBits
			e = g.dist[(e>>16+uint32(bits)&(1<<(e>>8&15)-1))%distRoom]
		}
		dist := int(e>>16 + uint32(bits)&(1<<(e&31)-1)>>(e>>8&15))
		bits >>= e & 31
		n -= uint(e & 31)
		src, end := wr-dist, wr+length
		if e&isOther != 0 || src < g.base {
			return errCorrupt
		}
		switch {
		case dist >= 8 && length <= 64:
			for ; wr < end; wr, src = wr+8, src+8 {
				binary.LittleEndian.PutUint64(out[wr:], binary.LittleEndian.Uint64(out[src:]))
			}
		case dist >= length:
			copy(out[wr:end], out[src:])
		default:
			for ; wr < end; wr, src = wr+1, src+1 {
				out[wr] = out[src]
			}
		}
		wr = end
	}
	g.pos, g.wr, g.bits, g.n = pos, wr, bits, n
	return nil
}
