package anonymize

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
)

// Known is what is known of the entities of a run: the values of their masked
// columns and what these get. Tables that hold only an entity's key (the user_id
// of a message) look there for what their texts may quote of it.
//
// It is filled by Rewriter.Learn, or by rewriters that LearnInto it, and read by those
// that LookUpIn it, from several goroutines if need be. In which order rows were
// learned makes no difference, if those about an entity are before it is asked about.
// It holds original values: it must stay in memory.
type Known struct {
	limit  int64
	mu     sync.RWMutex
	first  map[[16]byte]recordAt // of each entity its first record
	chunks [][]byte
	size   int64
	tables map[uint64]*Program // by tableKey
}

// recordAt is where a record is: its chunk, and its offset there.
type recordAt struct{ chunk, at uint32 }

// ErrKnownFull is returned by Learn when there is no room for what a row says.
var ErrKnownFull = errors.New("what is known of entities outgrows the memory given to it")

const knownChunk, knownEntry = 1 << 20, 64 // bytes; the latter is what a map entry takes, about

// mostRecords is how many records of an entity are kept: those of its own row
// before others, then by their bytes.
const mostRecords = 64

// A record is the place of the next one, 8 bytes, then what is compared: the
// rank, 0 for the entity's own row, the tableKey of the program that made it, and
// of each value its kind, its index in Program.columns, the starts of what stands
// for it, the value, and, with knownMade, what it gets.
const recordLink, recordHead = 8, 8 + 1 + 8

// knownMade is added to the kind of a value whose fake depends on its row. All
// others are made when they are needed, which few are.
const knownMade = 1 << 7

// tableKey tells the programs of a run's tables apart.
func tableKey(p *Program) uint64 {
	h := fnv.New64a()
	h.Write([]byte(p.name))
	return h.Sum64()
}

// NewKnown returns an empty table that takes at most about limit bytes.
func NewKnown(limit int64) *Known {
	return &Known{limit: limit, first: map[[16]byte]recordAt{}, tables: map[uint64]*Program{}}
}

// Size returns about how many bytes the table takes.
func (k *Known) Size() int64 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.size
}

// MayLearn reports whether rows of the table say something of an entity that
// texts may quote, so that Learn is of use.
func (p *Program) MayLearn() bool { return p.owner >= 0 && len(p.lookedUp) > 0 }

// MayLookUp reports whether texts of the table may quote an entity, so that LookUpIn is.
func (p *Program) MayLookUp() bool { return p.owner >= 0 && p.scrubs }

// Learns reports whether Learn reads column i, an index into Table.Columns. The
// rows given to it may have NULL in the other columns.
func (p *Program) Learns(i int) bool { return p.learn[i] }

// EntityColumn returns the column that says whose a row is, as an index into
// Table.Columns; -1 if there is none.
func (p *Program) EntityColumn() int { return p.owner }

// EntityDomain returns what the entity of the table's rows is, as Table has it; ""
// if there is none. Only tables of the same domain know of each other.
func (p *Program) EntityDomain() string { return p.domain }

// Sole reports whether each row is an entity of its own, so that no other row of the
// table says something of it.
func (p *Program) Sole() bool { return p.own && !p.equal.loose }

// lookUp is where a rewriter looks up entities.
type lookUp struct {
	in        *Known      // nil: only the row's own values are known
	others    []*Rewriter // for masking values of other tables
	strangers Strangers
}

// learning is what a rewriter learns rows into.
type learning struct {
	into  *Known // of AppendRow; nil: it does not
	knows *Known // it has noted the program under table
	table uint64
}

// LookUpIn makes the rewriter look up the entity of each row, of which by then all must
// have been learned.
func (r *Rewriter) LookUpIn(k *Known) {
	r.scrub.known.forget()
	r.lookUp.in = k
}

// LearnInto makes AppendRow add to k what each row says of its entity, before it looks it
// up; its errors are then those of Learn, too.
func (r *Rewriter) LearnInto(k *Known) { r.learning.into = k }

// Strangers counts rows with texts to scrub that may quote an entity of which only the
// row itself says anything.
type Strangers struct {
	Nobody  int64 // the row names no entity
	Unknown int64 // no row about it was learned
}

// Strangers returns the counts so far; not while AppendRow runs.
func (r *Rewriter) Strangers() Strangers { return r.lookUp.strangers }

// Learn adds to k what a row says of its entity; nothing is masked
// or counted. The errors are those of AppendRow and ErrKnownFull.
func (r *Rewriter) Learn(k *Known, row []byte) error {
	if !r.p.MayLearn() {
		return nil
	}
	if err := r.prepare(row); err != nil {
		return err
	}
	return r.learn(k)
}

// learn is Learn for the row at hand.
func (r *Rewriter) learn(k *Known) error {
	owner := r.vals[r.p.owner]
	if owner == nil {
		return nil
	}
	values := &r.scrub.known
	values.forget()
	values.fakes, values.ready = values.fakes[:0], false
	if r.learning.knows != k {
		var err error
		if r.learning.table, err = k.table(r.p); err != nil {
			return err
		}
		r.learning.knows = k
	}
	r.out = append(r.out[:0], 0, 0, 0, 0, 0, 0, 0, 0, 1)
	if r.p.own {
		r.out[recordLink] = 0
	}
	r.out = binary.BigEndian.AppendUint64(r.out, r.learning.table)
	for _, c := range r.p.lookedUp {
		col := &r.p.columns[c.column]
		value := r.vals[col.index]
		if len(value) < 2 || len(value) > longestKnown {
			continue
		}
		made := byte(0)
		if col.readsRow {
			made = knownMade
		}
		r.out = binary.AppendUvarint(append(r.out, byte(c.kind)|made), uint64(c.column))
		s := source{kind: c.kind, value: value, column: c.column}
		starts := len(r.out)
		r.out = s.appendStarts(append(r.out, 0))
		r.out[starts] = byte(len(r.out) - starts - 1)
		r.out = append(binary.AppendUvarint(r.out, uint64(len(value))), value...)
		if col.readsRow {
			values.sources = append(values.sources, s)
			fake := values.fake(len(values.sources)-1, r)
			r.out = append(binary.AppendUvarint(r.out, uint64(len(fake))), fake...)
		}
	}
	if len(r.out) == recordHead && !r.p.own { // of an own row it is known that there is nothing
		return nil
	}
	return k.add(r.ofEntity(), r.out, r.learning.into != nil && r.p.Sole() && r.p.MayLookUp())
}

// table notes the program that records are of.
func (k *Known) table(p *Program) (uint64, error) {
	key := tableKey(p)
	k.mu.Lock()
	defer k.mu.Unlock()
	if other := k.tables[key]; other == nil {
		k.tables[key] = p
	} else if other != p && other.name != p.name {
		return 0, fmt.Errorf("tables %s and %s cannot be told apart by their hashes: rename one", other.name, p.name)
	}
	return key, nil
}

// ErrDuplicateEntity is returned by AppendRow of a rewriter that learns and looks up for a row whose
// entity has another row in the table, which is Sole: that one's text may have quoted it.
var ErrDuplicateEntity = errors.New("two rows have the same value in the column of the entity, which has a unique index: it is damaged; REINDEX shows where")

// add keeps a record, unless it is there or there are mostRecords before it. Of a sole
// one there is no other of its program.
func (k *Known) add(entity [16]byte, record []byte, sole bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	need := int64(len(record) + binary.MaxVarintLen32)
	first, again := k.first[entity]
	if !again {
		need += knownEntry
		first = recordAt{chunk: noChunk}
	}
	before, next := recordAt{chunk: noChunk}, first
	for n := 0; next.chunk != noChunk; n++ {
		other := k.record(next)
		order := bytes.Compare(record[recordLink:], other[recordLink:])
		if sole && order != 0 && bytes.Equal(record[recordLink+1:recordHead], other[recordLink+1:recordHead]) {
			return ErrDuplicateEntity
		}
		if order == 0 || n == mostRecords-1 && order > 0 {
			return nil
		}
		if order < 0 {
			break
		}
		before, next = next, linkOf(other)
	}
	if k.size+need > k.limit {
		return ErrKnownFull
	}
	at := k.store(record)
	setLink(k.record(at), next)
	if before.chunk == noChunk {
		k.first[entity] = at
	} else {
		setLink(k.record(before), at)
	}
	k.trim(k.first[entity])
	k.size += need
	return nil
}

// store copies a record into a chunk that has room.
func (k *Known) store(record []byte) recordAt {
	n := len(k.chunks) - 1
	if need := len(record) + binary.MaxVarintLen32; n < 0 || cap(k.chunks[n])-len(k.chunks[n]) < need {
		k.chunks = append(k.chunks, make([]byte, 0, max(knownChunk, need)))
		n++
	}
	at := len(k.chunks[n])
	k.chunks[n] = append(binary.AppendUvarint(k.chunks[n], uint64(len(record))), record...)
	return recordAt{uint32(n), uint32(at)}
}

// trim ends a list behind mostRecords.
func (k *Known) trim(at recordAt) {
	for range mostRecords - 1 {
		if at = linkOf(k.record(at)); at.chunk == noChunk {
			return
		}
	}
	setLink(k.record(at), recordAt{chunk: noChunk})
}

const noChunk = 1<<32 - 1

// record returns a stored record; changing it changes what is stored.
func (k *Known) record(at recordAt) []byte {
	b := k.chunks[at.chunk][at.at:]
	size, n := binary.Uvarint(b)
	return b[n : n+int(size)]
}

func linkOf(record []byte) recordAt {
	return recordAt{binary.LittleEndian.Uint32(record), binary.LittleEndian.Uint32(record[4:])}
}

func setLink(record []byte, to recordAt) {
	binary.LittleEndian.PutUint32(record, to.chunk)
	binary.LittleEndian.PutUint32(record[4:], to.at)
}

// ownPatterns is how many patterns of a text are left to the row's own values.
const ownPatterns = 64

// of adds what is known of an entity to the values of a row. It reports whether any row
// about it was learned.
func (k *Known) of(entity [16]byte, values *knownValues) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	at, learned := k.first[entity]
	for learned && at.chunk != noChunk {
		record := k.record(at)
		at = linkOf(record)
		program := k.tables[binary.BigEndian.Uint64(record[recordLink+1:])]
		for record = record[recordHead:]; len(record) > 0; {
			s := source{kind: knownKind(record[0] &^ knownMade), program: program}
			made := record[0]&knownMade != 0
			column, n := binary.Uvarint(record[1:])
			s.column = int(column)
			s.starts, record = cutSized(record[1+n:])
			s.value, record = cutSized(record)
			if made {
				s.recorded, record = cutSized(record)
			}
			values.add(s)
		}
	}
	return learned
}

func cutSized(b []byte) (value, rest []byte) {
	size, n := binary.Uvarint(b)
	return b[n : n+int(size) : n+int(size)], b[n+int(size):]
}
