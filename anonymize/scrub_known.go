package anonymize

import (
	"bytes"
	"unicode/utf8"

	"github.com/pgstandin/pgstandin/keyed"
)

// knownKind says what of a value is looked for besides the whole.
type knownKind uint8

const (
	_             knownKind = iota
	knownNot                // nothing is looked for
	knownWhole              // nothing else
	knownName               // each of its names
	knownFirst              // each of its names, all of them first ones
	knownLast               // each of its names, all of them last ones
	knownAddress            // what is between commas
	knownPhone              // the same digits in another spelling
	knownSpelling           // the same letters and digits in another spelling
)

// knownColumn is a masked column whose values are looked for in texts of its row.
type knownColumn struct {
	column int // index into Program.columns
	kind   knownKind
}

// knowledge prepares for looking for known values, and for learning them.
func (p *Program) knowledge(secret *keyed.Secret, t *Table) {
	p.known, p.hide = p.knownColumns(t), secret.PRF("mask", "scrub")
	for _, k := range p.known {
		if p.own || !p.detected(t, k.column) {
			p.lookedUp = append(p.lookedUp, k)
		}
	}
	for _, k := range p.known {
		p.need[p.columns[k.column].index] = true // also of a column that becomes NULL
	}
	for _, k := range p.lookedUp {
		p.learn[p.columns[k.column].index] = true
	}
	if p.MayLookUp() || p.MayLearn() {
		p.need[p.owner], p.learn[p.owner] = true, true
	}
}

// detected reports whether texts of other tables need not be told of a column's
// values: detectors find them by their form, and give them what the column gives.
// A value that has not the form is looked for in texts of its own row only.
func (p *Program) detected(t *Table, column int) bool {
	c := &t.Columns[p.columns[column].index]
	if c.Reference || len(c.Mask.Params) > 0 || c.Mask.Domain != "" || c.Type.Length > 0 && c.Type.Length < 100 {
		return false
	}
	folds := c.Fold || c.Type.Name == "citext"
	switch c.Mask.Kind {
	case "email": // wide enough for the tail of a unique column
		return folds == t.Domains[DomainKey{Kind: "email"}].Fold
	case "ip", "mac":
		return !folds && !c.Unique
	}
	return false
}

// knownColumns returns the columns whose values are looked for.
func (p *Program) knownColumns(t *Table) []knownColumn {
	var out []knownColumn
	for i := range p.columns {
		c := &p.columns[i]
		typ := t.Columns[c.index].Type
		if c.array || !isText(typ) && !named("uuid", "inet", "cidr", "macaddr", "macaddr8", "date")(typ) {
			continue
		}
		if c.known != knownNot {
			out = append(out, knownColumn{i, c.known})
		}
	}
	return out
}

// knownValues are the values that are known of a row, and the patterns of them
// that the text at hand may hold.
type knownValues struct {
	ready   bool     // sources are those of the row
	sources []source // those of the entity, then the row's own
	fakes   []byte   // of the row's own

	// What is known of the entity at hand, for as long as rows are about it.
	entity     [16]byte
	about      bool   // there is one
	stranger   bool   // nothing is known of it
	fromEntity int    // of sources
	made       []byte // its patterns and fakes, one behind another
	all        []pattern

	in    textStarts
	text  []byte // folded patterns of the row's own, one behind another
	list  []pattern
	heads [256]uint8 // by a pattern's first byte: the first such pattern, from 1

	// What texts may hold in another spelling: see note.
	numbers []knownDigits
	symbols []byte    // of numbers
	tails   [2]uint64 // the last two digits of numbers
	longest int       // of numbers, in symbols
}

// source is one known value.
type source struct {
	kind     knownKind
	value    []byte
	column   int      // index into columns of its program
	fake     [2]int   // in knownValues.fakes, or made
	done     bool     // the fake is there
	recorded []byte   // it, where it is known from another row
	program  *Program // of a value from another row; nil: it is the row's
	starts   []byte   // where it is known from another row: see appendStarts
	all      [2]int   // of one from another row: its patterns in knownValues.all
	folded   bool     // they are there
}

// longestKnown is the longest value that is looked for, mostPatterns how many
// patterns of a text.
const longestKnown, mostPatterns = 256, 250

// ofText returns the known values of the row at hand that a text of it may hold,
// nil if there are none. It ends what it returned before.
func (k *knownValues) ofText(text []byte, r *Rewriter) *knownValues {
	for i := range k.list {
		k.heads[k.list[i].text[0]] = 0
	}
	k.text, k.list = k.text[:0], k.list[:0]
	if !k.ready {
		k.collect(r)
	}
	if len(k.sources) == 0 {
		return nil
	}
	k.in.note(text)
	for i := range k.sources {
		k.patterns(i)
	}
	if len(k.list) == 0 && len(k.numbers) == 0 {
		return nil
	}
	return k
}

// collect takes what is known of the row.
func (k *knownValues) collect(r *Rewriter) {
	k.fakes, k.ready = k.fakes[:0], true
	switch {
	case !r.p.MayLookUp():
		k.forget()
	case r.vals[r.p.owner] == nil:
		k.forget()
		r.lookUp.strangers.Nobody++
	case r.lookUp.in == nil:
		k.forget()
		r.lookUp.strangers.Unknown++
	case !k.about || k.entity != r.ofEntity():
		k.forget()
		k.entity, k.about = r.ofEntity(), true
		k.stranger = !r.lookUp.in.of(k.entity, k)
		k.fromEntity = len(k.sources)
	}
	if k.about && k.stranger {
		r.lookUp.strangers.Unknown++
	}
	k.sources = k.sources[:k.fromEntity]
	for _, c := range r.p.known {
		index := r.p.columns[c.column].index
		k.add(source{kind: c.kind, value: r.vals[index], column: c.column})
	}
	k.note()
}

// forget ends what is known of an entity.
func (k *knownValues) forget() {
	k.about, k.fromEntity, k.sources = false, 0, k.sources[:0]
	k.made, k.all = k.made[:0], k.all[:0]
}

// add takes a value unless it is too short or too long to be looked for.
func (k *knownValues) add(s source) {
	if len(s.value) >= 2 && len(s.value) <= longestKnown {
		k.sources = append(k.sources, s)
	}
}

// patterns makes the patterns of a value that the text may hold. Those of an
// entity's value are made once for all texts about it.
func (k *knownValues) patterns(at int) {
	s := &k.sources[at]
	if s.program == nil {
		if len(k.list) <= mostPatterns-32 {
			s.candidates(func(v []byte, part knownPart, piece uint8) {
				if !k.in.mayHold(v) {
					return
				}
				var p pattern
				if k.text, p = s.appendPattern(k.text, v); len(p.text) > 0 {
					p.part, p.piece = part, piece
					k.look(p, at)
				}
			})
		}
		return
	}
	if len(k.list) > mostPatterns-32-ownPatterns || !k.in.mayHoldAny(s.starts) {
		return
	}
	if !s.folded {
		from := len(k.all)
		s.candidates(func(v []byte, part knownPart, piece uint8) {
			var p pattern
			if k.made, p = s.appendPattern(k.made, v); len(p.text) > 0 {
				p.part, p.piece = part, piece
				k.all = append(k.all, p)
			}
		})
		s.all, s.folded = [2]int{from, len(k.all)}, true
	}
	for i := s.all[0]; i < s.all[1]; i++ {
		if k.in.mayHold(k.all[i].text) {
			k.look(k.all[i], at)
		}
	}
}

// look adds a text to look for, of a source.
func (k *knownValues) look(p pattern, source int) {
	if len(k.list) >= mostPatterns {
		return
	}
	p.source, p.next = source, k.heads[p.text[0]]
	k.list = append(k.list, p)
	k.heads[p.text[0]] = uint8(len(k.list))
}

// match returns the end of the longest known value at i, which is the start of a
// word, and the number of its pattern; end 0 if there is none.
func (k *knownValues) match(v []byte, i int) (end, hit int) {
	first := lower(v[i])
	if first >= utf8.RuneSelf {
		r, _ := utf8.DecodeRune(v[i:])
		var buf [4]byte
		utf8.EncodeRune(buf[:], foldRune(r))
		first = buf[0]
	}
	for at := k.heads[first]; at > 0; at = k.list[at-1].next {
		p := &k.list[at-1]
		if p.capital && (v[i] >= 'a' && v[i] <= 'z' || v[i] >= utf8.RuneSelf && lowerAt(v[i:])) {
			continue
		}
		e := matchFolded(v, i, p.text)
		if e == 0 || !p.open && wordAfter(v, e) && !(len(p.text) > 3 && v[e] == 's' && !wordAfter(v, e+1)) {
			continue // an s makes it a genitive
		}
		if e > end {
			end, hit = e, int(at-1)
		}
	}
	return end, hit
}

// replace appends what stands for the pattern that was hit.
func (k *knownValues) replace(dst []byte, hit int, r *Rewriter) []byte {
	p := &k.list[hit]
	fake := k.fake(p.source, r)
	switch p.part {
	case partFirst:
		if i := bytes.IndexByte(fake, ' '); i > 0 {
			fake = fake[:i]
		}
	case partLast:
		fake = fake[bytes.LastIndexByte(fake, ' ')+1:]
	case partPiece:
		for range p.piece {
			if _, after, ok := bytes.Cut(fake, listMark); ok {
				fake = after
			}
		}
		fake, _, _ = bytes.Cut(fake, listMark)
		fake = bytes.TrimSpace(fake)
	}
	return append(dst, fake...)
}

// stays says what of the value that was hit its column lets stay.
func (k *knownValues) stays(hit int, r *Rewriter) stays {
	s, p := &k.sources[k.list[hit].source], r.p
	if s.program != nil {
		p = s.program
	}
	return p.columns[s.column].stays
}

// fake returns what the value's column gets in this row, or got in the row that it
// is known from.
func (k *knownValues) fake(at int, r *Rewriter) []byte {
	s := &k.sources[at]
	if s.recorded != nil {
		return s.recorded
	}
	fakes, by := &k.fakes, r
	if s.program != nil {
		fakes = &k.made
	}
	if !s.done {
		if s.program != nil {
			by = r.rewriterOf(s.program)
		}
		lo := len(*fakes)
		opaque, meant, witness := by.opaque, by.meant, by.witness
		by.witness = nil // the column itself tells of it
		if c := &by.p.columns[s.column]; c.null {
			*fakes = scramble(*fakes, s.value, by.p.hide)
		} else {
			*fakes = c.apply(*fakes, s.value, by)
		}
		s.fake, s.done = [2]int{lo, len(*fakes)}, true
		by.opaque, by.meant, by.witness = opaque, meant, witness
	}
	return (*fakes)[s.fake[0]:s.fake[1]]
}

// rewriterOf returns a rewriter of another table's program that masks values of the
// entity of r's row.
func (r *Rewriter) rewriterOf(p *Program) *Rewriter {
	var t *Rewriter
	for _, x := range r.lookUp.others {
		if x.p == p {
			t = x
		}
	}
	if t == nil {
		t = p.NewRewriter()
		r.lookUp.others = append(r.lookUp.others, t)
	}
	t.entitySeed.seed, t.entitySeed.known = r.ofEntity(), true
	return t
}
