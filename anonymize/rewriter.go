package anonymize

import (
	"bytes"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
	"github.com/pgstandin/pgstandin/keyed"
)

// ColumnStats counts what happened to one masked column.
type ColumnStats struct {
	Column int   // index into Table.Columns
	Masked int64 // values
	Nulls  int64
	Opaque int64 // of Masked: values outside the mask's format
	Fixed  int64 // of Masked: the mask returned its input, though it found something to change
}

// Rewriter masks the rows of one table, in one of COPY's formats, for one worker.
type Rewriter struct {
	p          *Program
	binary     bool
	codec      copyfmt.CodecScratch
	stats      []ColumnStats // as p.columns
	opaque     bool          // set by a mask for the value at hand
	meant      bool          // the mask found something to change in it
	fields     []span        // of the row at hand, up to the last masked one and those that masks read
	values     []byte        // decoded values of the row; earlier ones may lie in a buffer before it
	vals       [][]byte      // of each needed field; nil is NULL
	out        []byte        // scratch for one masked value
	folded     []byte        // scratch of canonical
	entitySeed entitySeed
	stream     keyed.Stream // scratch of invented
	domain     []byte       // scratch of email
	national   nationalScratch
	nested     nestedScratch
	json       jsonState
	scrub      scrubState

	lastPerson  lastDraw[whom, identity]
	lastAddress lastDraw[*country, address]
	lastPhone   lastPhone
	lastBlocks  lastBlocks

	lookUp   lookUp
	learning learning

	witness  Witness      // nil: nobody is told of what is masked
	outputs  bool         // the witness is told of every output
	need     []bool       // as the program's, but for a witness also of what becomes NULL
	observer KeptObserver // nil: nobody is told of what stays
	reach    int          // as the program's, but for an observer up to the last kept text
	keptText []byte       // scratch
}

// span is where a field is in its row, in binary with its length.
type span struct{ start, end int }

// NewRewriter returns a rewriter of COPY text for one worker. It panics if a
// column of Draws has nothing to draw from.
func (p *Program) NewRewriter() *Rewriter {
	for _, d := range p.draws {
		if p.pools[d.Column] == nil {
			panic("anonymize: NewRewriter of a program with a shuffled column, before Fill")
		}
	}
	r := &Rewriter{p: p, stats: make([]ColumnStats, len(p.columns)), fields: make([]span, p.fields), vals: make([][]byte, p.fields), need: p.need, reach: p.reach}
	for i := range p.columns {
		r.stats[i].Column = p.columns[i].index
	}
	return r
}

// Stats returns the counts so far; not while AppendRow runs.
func (r *Rewriter) Stats() []ColumnStats { return r.stats }

// outsized is the size beyond which a scratch buffer is not kept.
const outsized = 4 << 20

// AppendRow appends the masked form of row, COPY text without its newline or a
// tuple in binary, to dst. It allocates nothing once its buffers have grown. Its
// errors say that the row is none of the table's, or in binary that a mask made
// what is no value of the column's type.
func (r *Rewriter) AppendRow(dst, row []byte) ([]byte, error) {
	p := r.p
	if err := r.prepare(row); err != nil {
		return dst, err
	}
	if r.learning.into != nil && p.MayLearn() {
		if err := r.learn(r.learning.into); err != nil {
			return dst, err
		}
	}
	if r.observer != nil {
		if err := r.observeKept(row); err != nil {
			return dst, err
		}
	}
	if r.witness != nil {
		r.witness.Row()
	}
	from := 0
	for i := range p.columns {
		c := &p.columns[i]
		f := r.fields[c.index]
		dst = append(dst, row[from:f.start]...)
		from = f.end
		if !r.binary {
			dst = r.field(dst, row[f.start:f.end], c, &r.stats[i])
			continue
		}
		var err error
		if dst, err = r.binaryField(dst, row[f.start:f.end], c, &r.stats[i]); err != nil {
			return dst, err
		}
	}
	return append(dst, row[from:]...), nil
}

// prepare takes a row in hand.
func (r *Rewriter) prepare(row []byte) error {
	cut, decode := (*Rewriter).cut, (*Rewriter).decode
	if r.binary {
		cut, decode = (*Rewriter).cutBinary, (*Rewriter).decodeBinary
	}
	if err := cut(r, row); err != nil {
		return err
	}
	if err := decode(r, row); err != nil {
		return err
	}
	r.entitySeed.known, r.scrub.known.ready = false, false
	return nil
}

// cut finds the fields that are needed, and checks the number of all.
func (r *Rewriter) cut(row []byte) error {
	n := len(r.fields)
	if n == 0 {
		if len(row) > 0 {
			return copyfmt.ErrFields
		}
		return nil
	}
	at := 0
	for i := range r.reach {
		end := bytes.IndexByte(row[at:], '\t')
		if (end < 0) != (i == n-1) {
			return copyfmt.ErrFields
		}
		if end < 0 {
			r.fields[i] = span{at, len(row)}
			return nil
		}
		r.fields[i] = span{at, at + end}
		at += end + 1
	}
	if bytes.Count(row[at:], tab) != n-1-r.reach {
		return copyfmt.ErrFields
	}
	return nil
}

var tab = []byte{'\t'}

// decode fills r.vals for the fields that masks read. A field without escapes is
// its own value.
func (r *Rewriter) decode(row []byte) error {
	if cap(r.values) > outsized {
		r.values = nil
	}
	r.values = r.values[:0]
	for i, need := range r.need[:r.p.reach] {
		if !need {
			continue
		}
		f := row[r.fields[i].start:r.fields[i].end:r.fields[i].end]
		switch {
		case copyfmt.IsNull(f):
			r.vals[i] = nil
		case bytes.IndexByte(f, '\\') < 0:
			r.vals[i] = f
			if f == nil {
				r.vals[i] = []byte{}
			}
		default:
			if cap(r.values)-len(r.values) < len(f) { // a value never outgrows its field
				r.values = make([]byte, 0, 2*(cap(r.values)+len(f)))
			}
			start := len(r.values)
			r.values = copyfmt.AppendUnescaped(r.values, f)
			r.vals[i] = r.values[start:len(r.values):len(r.values)]
		}
	}
	return nil
}

// entitySeed is what the masks of a row draw from that follow its entity.
type entitySeed struct {
	known    bool // seed is that of the row at hand, or of another table's
	seed     [16]byte
	spelling []byte // scratch
}

// noEntity reports whether a row of a table with entities has none.
func (r *Rewriter) noEntity() bool { return !r.entitySeed.known && r.vals[r.p.owner] == nil }

// entity returns what masks draw from for the row's entity, which is not NULL.
func (r *Rewriter) entity(label uint64) keyed.Stream {
	return r.p.prf.Resume(r.ofEntity()).Fork(label)
}

// ofEntity returns what stands for the row's entity, which is not NULL.
func (r *Rewriter) ofEntity() [16]byte {
	if !r.entitySeed.known {
		value := r.vals[r.p.owner]
		if r.p.equal != (equality{}) {
			r.entitySeed.spelling = r.p.equal.appendSpelling(r.entitySeed.spelling[:0], value)
			value = r.entitySeed.spelling
		}
		r.entitySeed.seed, r.entitySeed.known = r.p.prf.Sum(value), true
	}
	return r.entitySeed.seed
}

// field appends the masked form of one field.
func (r *Rewriter) field(dst, field []byte, c *column, s *ColumnStats) []byte {
	value := r.vals[c.index]
	if copyfmt.IsNull(field) {
		s.Nulls++
		return append(dst, field...)
	}
	if c.null {
		s.Masked++
		c.nulled(value, r)
		return copyfmt.AppendNull(dst)
	}
	if len(value) == 0 {
		return append(dst, field...)
	}
	r.mask(value, c, s)
	return copyfmt.AppendEscaped(dst, r.out)
}

// mask makes r.out the mask of a value that is neither NULL nor empty.
func (r *Rewriter) mask(value []byte, c *column, s *ColumnStats) {
	s.Masked++
	r.opaque, r.meant = false, !c.parts
	if cap(r.out) > outsized {
		r.out = nil
	}
	r.out = c.apply(r.out[:0], value, r)
	if r.opaque {
		s.Opaque++
	}
	if r.meant && bytes.Equal(r.out, value) {
		s.Fixed++
	}
}
