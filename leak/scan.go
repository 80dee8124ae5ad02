package leak

import (
	"hash/maphash"
	"math/bits"
	"sync"
)

// Scanner looks for values in texts, for one goroutine. It allocates nothing but
// where it finds something.
type Scanner struct {
	f        *Filter
	suspects *Suspects
	words    []word
	docs     documents
	field    func(text []byte, as part)
	inBytes  bool

	clean recent // fields that hold nothing
	place string
	found map[string]bool // in the field at hand
	hit   bool            // in the field at hand
	known bool            // a common value is in the field at hand

	Bytes int64 // that were looked at
}

// Scanner returns one that notes what it finds in suspects. The filter must not
// be filled any more.
func (f *Filter) Scanner(suspects *Suspects) *Scanner {
	s := &Scanner{f: f, suspects: suspects, found: map[string]bool{}, clean: newRecent()}
	s.field = func(text []byte, as part) {
		s.inBytes = as == someBytes
		s.text(text)
	}
	return s
}

// Field looks at one value of a place: a column, or another thing that holds
// text. Places are compared by their names. Keys of JSON objects are looked at
// too.
func (s *Scanner) Field(place string, shape Shape, value []byte) {
	s.Bytes += int64(len(value))
	if len(value) < shortest {
		return
	}
	at := s.clean.find(value, s.clean.kind(shape))
	if at.same {
		return
	}
	s.place, s.inBytes, s.hit, s.known = place, shape == Bytes, false, false
	if shape == Text || shape == Bytes {
		s.text(value)
	} else {
		s.docs.walk(shape, value, s.field)
	}
	if s.hit || s.known {
		s.suspects.field(place, s.hit)
		clear(s.found)
		return
	}
	s.clean.keep(at)
}

// recent knows which values were seen lately, by hashes of 64 bits that depend on
// a seed of its own: it keeps no value. Many columns have few values.
type recent struct {
	seed   maphash.Seed
	hashes *[recentValues]uint64 // nil: none yet
}

const recentValues = 1024

// sighting is where a value is, or would be.
type sighting struct {
	hash uint64
	same bool // it was seen lately
}

func newRecent() recent { return recent{seed: maphash.MakeSeed()} }

// kind tells values of different shapes apart.
func (r *recent) kind(s Shape) uint64 {
	if len(s) == 1 {
		return uint64(s[0])
	}
	return maphash.String(r.seed, string(s))
}

// find looks for a value; kind tells equal values of different use apart.
func (r *recent) find(value []byte, kind uint64) sighting {
	h := maphash.Bytes(r.seed, value) + kind*0x9e3779b97f4a7c15
	return sighting{h, r.hashes != nil && r.hashes[h%recentValues] == h && h != 0}
}

func (r *recent) keep(s sighting) {
	if r.hashes == nil {
		r.hashes = new([recentValues]uint64)
	}
	r.hashes[s.hash%recentValues] = s.hash
}

// blockWords is how many words of a text are cut at once.
const blockWords = 4096

// text looks at every sequence of one to six words.
func (s *Scanner) text(text []byte) {
	for len(text) >= shortest {
		words := s.f.hash.cut(s.words[:0], text, blockWords, s.inBytes)
		s.words = words
		last := len(words) < blockWords
		starts := len(words)
		if !last {
			starts -= longest - 1 // those begin the next block
		}
		for i := range starts {
			if lengths := s.f.lengths(words[i].hash); lengths != 0 {
				s.from(text, words, i, lengths)
			}
		}
		if last {
			return
		}
		text = text[words[starts].lo:]
	}
}

// from looks at the sequences of some lengths that begin with a word.
func (s *Scanner) from(text []byte, words []word, first int, lengths uint32) {
	most := min(longest, len(words)-first, bits.Len32(lengths)-1)
	sum, chars := words[first].hash, 0
	for n := 1; n <= most; n++ {
		if n > 1 {
			sum = s.f.hash.next(sum, words[first+n-1].hash)
		}
		if chars += words[first+n-1].chars; chars < shortest || lengths&(1<<n) == 0 {
			continue
		}
		switch s.f.look(sum) {
		case absent, alone, output:
		case common:
			s.known = true
		default:
			if s.f.every || !s.made(words, first, n) {
				s.note(sum, text, words[first:first+n])
			}
		}
	}
}

// made reports whether n words are a part of what a mask made: the words around
// them, with them, are.
func (s *Scanner) made(words []word, first, n int) bool {
	for from := max(0, first+n-longest); from <= first; from++ {
		sum := words[from].hash
		for to := from + 1; to < min(from+longest, len(words)); to++ {
			sum = s.f.hash.next(sum, words[to].hash)
			if to >= first+n-1 && s.f.look(sum) == output {
				return true
			}
		}
	}
	return false
}

// note takes note of a suspect, once a field.
func (s *Scanner) note(fp uint64, text []byte, words []word) {
	folded := string(appendFolded(nil, text, words, s.inBytes))
	if s.hit = true; !s.found[folded] {
		s.found[folded] = true
		s.suspects.add(s.place, fp, folded)
	}
}

// Suspects are sequences of words that look like originals, by place. Their
// texts are kept in memory until they are confirmed; it may be used by several
// goroutines.
type Suspects struct {
	mu     sync.Mutex
	texts  map[string]*suspect
	prints map[uint64]bool // set before the first Confirmer
	places map[string]*place
	order  []string
	open   int // suspects that no mask made so far
	most   int // see mostOfAll
}

type suspect struct {
	confirmed bool             // it is an original
	made      bool             // it is in what a mask made
	fields    map[string]int64 // by place
}

type place struct {
	fields int64 // with any suspect
	noted  int   // different suspects
	beyond int64 // sightings of further ones
	common int64 // fields with a common value
}

// mostSuspects is how many different ones of a place are noted in any case; further
// ones as long as there are fewer than mostOfAll (some 40 MB).
const mostSuspects, mostOfAll = 1000, 200_000

// NewSuspects returns an empty set.
func NewSuspects() *Suspects {
	return &Suspects{most: mostOfAll, texts: map[string]*suspect{}, prints: map[uint64]bool{}, places: map[string]*place{}}
}

func (s *Suspects) at(name string) *place {
	p := s.places[name]
	if p == nil {
		p = &place{}
		s.places[name] = p
		s.order = append(s.order, name)
	}
	return p
}

func (s *Suspects) add(name string, fp uint64, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, x := s.at(name), s.texts[text]
	if x == nil || x.fields[name] == 0 {
		if p.noted >= mostSuspects && len(s.texts) >= s.most {
			p.beyond++
			return
		}
		p.noted++
	}
	if x == nil {
		x = &suspect{fields: map[string]int64{}}
		s.texts[text], s.prints[fp] = x, true
		s.open++
	}
	x.fields[name]++
}

// field counts a field of a place: with suspects, or with common values only.
func (s *Suspects) field(name string, hit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.at(name); hit {
		p.fields++
	} else {
		p.common++
	}
}

// Len returns how many different suspects there are.
func (s *Suspects) Len() int { return len(s.texts) }

// Cleared reports whether masks made all suspects, as far as confirmers know, so
// that nothing is found whatever else they are given.
func (s *Suspects) Cleared() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open == 0
}

// In reports whether a suspect was found in a place.
func (s *Suspects) In(place string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.places[place]
	return p != nil && p.fields > 0
}

func (s *Suspects) maybe(fp uint64) bool { return s.prints[fp] }

func (s *Suspects) confirm(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.texts[string(text)]; x != nil {
		x.confirmed = true
	}
}

func (s *Suspects) clear(text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.texts[string(text)]; x != nil && !x.made {
		x.made = true
		s.open--
	}
}

// Finding is what was found in one place.
type Finding struct {
	Place  string
	Fields int64 // that hold a confirmed original, or what could not be noted
	Common int64 // fields that hold only values found in more than three rows
}

// Findings returns what was found, in the order in which it was: places with a
// confirmed original, or with more suspects than could be noted, and those with common
// values only.
func (s *Suspects) Findings() []Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	confirmed := map[string]int64{}
	for _, x := range s.texts {
		if x.confirmed && !x.made {
			for name, n := range x.fields {
				confirmed[name] += n
			}
		}
	}
	var out []Finding
	for _, name := range s.order {
		p := s.places[name]
		f := Finding{Place: name, Common: p.common}
		// What was not noted may be an original, even if masks made all that was.
		f.Fields = min(p.fields, confirmed[name]+p.beyond)
		if f.Fields > 0 || f.Common > 0 {
			out = append(out, f)
		}
	}
	return out
}
