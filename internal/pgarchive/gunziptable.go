package pgarchive

import (
	"io"
	"math/bits"
)

const (
	litlenCodes, distCodes = 288, 32
	litlenBits, distBits   = 11, 8      // of a code that are looked up at once
	litlenRoom, distRoom   = 4096, 1024 // more than any codes need: 2342 and 402
)

// An entry of a table has in its lowest five bits how many bits it stands for,
// those of its number included; in bits 8 to 11 how many of them are the code's;
// from 16 on a literal, or what is added to the number: the length or distance. An
// entry that leads to a table has there where it begins, and in bits 8 to 11 how
// many bits it is looked up by.
const (
	isLiteral = 1 << 31
	isOther   = 1 << 15 // none of them: a table, the end of a block, or no code
	isTable   = 1 << 14
	isEnd     = 1 << 13
)

// litlenEntry returns the entry of a symbol but for the length of its code.
func litlenEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return isLiteral | uint32(symbol)<<16
	case symbol == 256:
		return isOther | isEnd
	case symbol < 265:
		return uint32(symbol-254) << 16
	case symbol < 285:
		extra := uint32(symbol-261) / 4
		return (uint32(symbol-261)%4+4)<<extra<<16 + 3<<16 | extra
	case symbol == 285:
		return 258 << 16
	}
	return isOther
}

// distEntry is litlenEntry for distances.
func distEntry(symbol int) uint32 {
	switch {
	case symbol < 4:
		return uint32(symbol+1) << 16
	case symbol < 30:
		extra := uint32(symbol-2) / 2
		return (uint32(symbol)%2+2)<<extra<<16 + 1<<16 | extra
	}
	return isOther
}

// build fills a table by the lengths of codes. Its first part is looked up by so
// many bits.
func build(table []uint32, first uint, lens []uint8, entry func(int) uint32) error {
	var count [16]int
	for _, l := range lens {
		count[l]++
	}
	count[0] = 0
	var code [16]uint32 // the next one of each length
	space, codes := 1, 0
	for l := 1; l < 16; l++ {
		code[l] = (code[l-1] + uint32(count[l-1])) << 1
		if space = space*2 - count[l]; space < 0 {
			return errCorrupt
		}
		codes += count[l]
	}
	if space > 0 {
		// Codes that are not complete are allowed if there is one, of one bit, or none.
		if codes > 1 || codes != count[1] {
			return errCorrupt
		}
		for i := range table[:1<<first] {
			table[i] = isOther
		}
	}
	// Which tables are needed, and the longest code of each.
	var longest [1 << litlenBits]uint8
	next := code
	for _, l := range lens {
		if uint(l) > first {
			at := reverse(next[l], l) & (1<<first - 1)
			longest[at] = max(longest[at], l)
		}
		next[l]++
	}
	free := uint32(1) << first
	for at, l := range longest[:1<<first] {
		if l > 0 {
			sub := uint32(l) - uint32(first)
			table[at] = isOther | isTable | free<<16 | sub<<8
			if free += 1 << sub; int(free) > len(table) {
				return errCorrupt
			}
		}
	}
	for symbol, l := range lens {
		if l == 0 {
			continue
		}
		e, c := entry(symbol), reverse(code[l], l)
		code[l]++
		part, step := table[:1<<first], uint32(1)<<l
		if size := uint32(l); uint(l) <= first {
			e += size<<8 + size
		} else {
			lead := table[c&(1<<first-1)]
			size -= uint32(first)
			part, step = table[lead>>16:][:1<<(lead>>8&15)], 1<<size
			c >>= first
			e += size<<8 + size
		}
		for ; int(c) < len(part); c += step {
			part[c] = e
		}
	}
	return nil
}

func reverse(code uint32, length uint8) uint32 { return bits.Reverse32(code) >> (32 - length) }

func (g *gunzip) fixedCodes() error {
	if g.fixed {
		return nil
	}
	lens := g.lens[:]
	for i := range lens {
		switch {
		case i >= litlenCodes:
			lens[i] = 5
		case i >= 144 && i < 256:
			lens[i] = 9
		case i >= 256 && i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	g.fixed = true
	return g.tables(litlenCodes, distCodes)
}

// tables builds both tables from lens: so many of litlen, and behind them those of
// dist.
func (g *gunzip) tables(litlen, dist int) error {
	if err := build(g.litlen[:], litlenBits, g.lens[:litlen], litlenEntry); err != nil {
		return err
	}
	return build(g.dist[:], distBits, g.lens[litlen:][:dist], distEntry)
}

// lengthOrder is the order in which a block has the lengths of the codes that its
// lengths are in.
const lengthOrder = "\x10\x11\x12\x00\x08\x07\x09\x06\x0a\x05\x0b\x04\x0c\x03\x0d\x02\x0e\x01\x0f"

// dynamicCodes reads the codes of a block.
func (g *gunzip) dynamicCodes() error {
	g.fixed = false
	v, err := g.next(14)
	if err != nil {
		return err
	}
	litlen, dist, n := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if litlen > 286 || dist > 30 {
		return errCorrupt
	}
	var lens [19]uint8
	for i := range n {
		v, err := g.next(3)
		if err != nil {
			return err
		}
		lens[lengthOrder[i]] = uint8(v)
	}
	var table [1 << 7]uint32
	if err := build(table[:], 7, lens[:], func(symbol int) uint32 { return uint32(symbol) << 16 }); err != nil {
		return err
	}
	clear(g.lens[:])
	for i := 0; i < litlen+dist; {
		if err := g.need(); err != nil {
			return err
		}
		e := table[g.bits&(1<<7-1)]
		if e&isOther != 0 {
			return errCorrupt
		}
		g.take(uint(e & 31))
		symbol, times, last := e>>16, 1, uint8(0)
		switch {
		case symbol < 16:
			last = uint8(symbol)
		case symbol == 16 && i == 0:
			return errCorrupt
		case symbol == 16:
			last, times = g.lens[i-1], int(g.take(2))+3
		case symbol == 17:
			times = int(g.take(3)) + 3
		default:
			times = int(g.take(7)) + 11
		}
		if i+times > litlen+dist {
			return errCorrupt
		}
		for range times {
			g.lens[i] = last
			i++
		}
	}
	if g.beyond() {
		return io.ErrUnexpectedEOF
	}
	if g.lens[256] == 0 {
		return errCorrupt
	}
	return g.tables(litlen, dist)
}
