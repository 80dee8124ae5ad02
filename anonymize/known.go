package anonymize

import (
	"encoding/binary"
	"errors"
	"sync"
)

// Known is what is known of the entities of a run: the values of their masked
// columns and what these get. Tables that hold only an entity's key (the user_id
// of a message) look there for what their texts may quote of it.
//
// It is filled by Rewriter.Learn, from several goroutines if need be; after that
// it may be read by all rewriters at once. It holds original values: it must
// stay in memory.
type Known struct {
	limit  int64
	mu     sync.Mutex
	last   map[[16]byte]recordAt // of each entity its last record
	chunks [][]byte
	size   int64
}

// recordAt is where a record is: its chunk, and its offset there.
type recordAt struct{ chunk, at uint32 }

// ErrKnownFull is returned by Learn when there is no room for what a row says.
var ErrKnownFull = errors.New("what is known of entities outgrows the memory given to it")

const knownChunk, knownEntry = 1 << 20, 64 // bytes; the latter is what a map entry takes, about

// NewKnown returns an empty table that takes at most about limit bytes.
func NewKnown(limit int64) *Known {
	return &Known{limit: limit, last: map[[16]byte]recordAt{}}
}

// Size returns about how many bytes the table takes.
func (k *Known) Size() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.size
}

// Teaches reports whether rows of the table say something of an entity that
// texts may quote, so that Learn is of use.
func (p *Program) Teaches() bool { return p.owner >= 0 && len(p.known) > 0 }

// Asks reports whether texts of the table may quote an entity, so that Use is.
func (p *Program) Asks() bool { return p.owner >= 0 && p.scrubs }

// EntityDomain returns what the entity of the table's rows is, as Table has it; ""
// if there is none. Only tables of the same domain know of each other.
func (p *Program) EntityDomain() string { return p.domain }

// Use makes the rewriter look up the entity of each row. Nothing may be learned
// from then on.
func (r *Rewriter) Use(k *Known) { r.everyone = k }

// Learn adds to k what a row of COPY text says of its entity; nothing is masked
// or counted. The errors are copyfmt.ErrFields and ErrKnownFull.
func (r *Rewriter) Learn(k *Known, row []byte) error {
	if !r.p.Teaches() {
		return nil
	}
	if err := r.prepare(row); err != nil {
		return err
	}
	owner := r.vals[r.p.owner]
	if owner == nil {
		return nil
	}
	values := &r.scrub.known
	values.clear()
	r.out = append(r.out[:0], make([]byte, 8)...) // room for the place of the record before
	for _, c := range r.p.known {
		col := &r.p.columns[c.column]
		value := r.vals[col.index]
		if len(value) < 2 || len(value) > longestKnown {
			continue
		}
		values.sources = append(values.sources, source{kind: c.kind, value: value, column: c.column})
		fake := values.fake(len(values.sources)-1, r.p.hide, r)
		r.out = append(r.out, byte(c.kind))
		r.out = append(binary.AppendUvarint(r.out, uint64(len(value))), value...)
		r.out = append(binary.AppendUvarint(r.out, uint64(len(fake))), fake...)
	}
	if len(r.out) == 8 {
		return nil
	}
	return k.add(r.p.prf.Sum(owner), r.out)
}

// add keeps a record, whose first 8 bytes are for the place of the one before.
func (k *Known) add(entity [16]byte, record []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	need := int64(len(record) + binary.MaxVarintLen32)
	before, again := k.last[entity]
	if !again {
		need += knownEntry
		before = recordAt{chunk: noChunk}
	}
	if k.size+need > k.limit {
		return ErrKnownFull
	}
	n := len(k.chunks) - 1
	if n < 0 || cap(k.chunks[n])-len(k.chunks[n]) < len(record)+binary.MaxVarintLen32 {
		k.chunks = append(k.chunks, make([]byte, 0, max(knownChunk, len(record)+binary.MaxVarintLen32)))
		n++
	}
	binary.LittleEndian.PutUint32(record, before.chunk)
	binary.LittleEndian.PutUint32(record[4:], before.at)
	at := len(k.chunks[n])
	k.chunks[n] = append(binary.AppendUvarint(k.chunks[n], uint64(len(record))), record...)
	k.last[entity] = recordAt{uint32(n), uint32(at)}
	k.size += need
	return nil
}

const noChunk = 1<<32 - 1

// of adds what is known of an entity to the values of a row.
func (k *Known) of(entity [16]byte, values *knownValues) {
	at, ok := k.last[entity]
	for ok && at.chunk != noChunk {
		record := k.chunks[at.chunk][at.at:]
		size, n := binary.Uvarint(record)
		record = record[n : n+int(size)]
		at = recordAt{binary.LittleEndian.Uint32(record), binary.LittleEndian.Uint32(record[4:])}
		for record = record[8:]; len(record) > 0; {
			s := source{kind: knownKind(record[0])}
			s.value, record = cutSized(record[1:])
			s.lent, record = cutSized(record)
			values.add(s)
		}
	}
}

func cutSized(b []byte) (value, rest []byte) {
	size, n := binary.Uvarint(b)
	return b[n : n+int(size) : n+int(size)], b[n+int(size):]
}
