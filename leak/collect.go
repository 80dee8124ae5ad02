package leak

// Collector takes the originals and outputs of one worker. It keeps fingerprints
// only, never a value, and puts them into its filter some thousand at a time.
// When all is read, Flush must be called.
type Collector struct {
	f       *Filter
	words   []word
	others  []word // of what came of a value
	docs    documents
	pending []occurrence
	sorted  []occurrence
	made    recent
	row     rowValues
	again   bool
	err     error
	values  int64
	short   int64
	shared  int64
	outputs int64
	uuids   bool
	whole   func(text []byte, as part)
}

// occurrence is a fingerprint that is not in the filter yet; in its low byte, which the
// filter does not keep, what is to be known of it.
type occurrence uint64

const (
	ofOutput occurrence = 1 << iota // of a mask
	ofAlone                         // the same, but its parts are none; else of an original
	ofWord                          // of an original of one word
	ofAgain                         // its row may have been seen before
)

// occur makes an occurrence of a fingerprint and what is to be known of it.
func occur(fp uint64, of occurrence) occurrence { return occurrence(fp&^0xff) | of }

// first is what an occurrence says of a fingerprint that is new.
func (o occurrence) first() state {
	switch {
	case o&ofOutput != 0:
		return output
	case o&ofAlone != 0:
		return alone
	}
	return 1
}

const batch = 8192

// Collector returns one for one goroutine.
func (f *Filter) Collector() *Collector {
	c := &Collector{f: f, made: newRecent()}
	c.Row()
	c.whole = values(c.Original)
	return c
}

// values is what a document is walked with that is an original as a whole: all but
// its keys and its numbers are.
func values(original func(value []byte, shared int)) func(text []byte, as part) {
	return func(text []byte, as part) {
		if as == aText {
			original(text, 0)
		}
	}
}

// Begin is called before a part of a table is read. again says that it was read
// before, in part: its rows are then not counted twice.
func (c *Collector) Begin(again bool) { c.again = again }

// Row is called before the values of a row: a value counts once a row.
func (c *Collector) Row() { c.row.next() }

// Original takes a value that a mask replaces. One of at most so many words as
// shared and without digits is of a kind that many people share (a first name, a
// city): it is not looked for.
func (c *Collector) Original(value []byte, shared int) { c.original(value, nil, shared) }

// Edited is Original for a value of which parts may stay in out, which came of it.
// Of a longer value, what counts of it and stands in out is no original.
func (c *Collector) Edited(value, out []byte, shared int) { c.original(value, out, shared) }

func (c *Collector) original(value, out []byte, shared int) {
	c.words = c.f.hash.cut(c.words[:0], value, longest, false)
	switch judge(c.words, value, shared) {
	case isEmpty:
		return
	case isShort:
		c.short++
		return
	case isShared:
		c.shared++
		return
	}
	c.values++
	c.uuids = c.uuids || isUUID(c.words)
	last, fp, first := further(value, c.words), c.f.sequence(c.words), c.words[0].hash
	if last == 0 {
		c.put(value, fp, first, len(c.words))
		return
	}
	head, tail := value[c.words[0].lo:c.words[longest-1].hi], value[last:]
	c.words = c.f.hash.cut(c.words[:0], tail, longest, false)
	fpOfTail := c.f.sequence(c.words)
	hasHead, hasTail := c.stand(out, fp, fpOfTail)
	if !hasHead {
		c.put(head, fp, first, longest)
	}
	if !hasTail {
		c.put(tail, fpOfTail, c.words[0].hash, len(c.words))
	}
}

// stand reports whether the first and the last six words of a longer value, of these
// fingerprints, stand in out, which is looked through in blocks.
func (c *Collector) stand(out []byte, head, tail uint64) (hasHead, hasTail bool) {
	for len(out) > 0 {
		c.others = c.f.hash.cut(c.others[:0], out, blockWords, false)
		for i := 0; i+longest <= len(c.others); i++ {
			fp := c.f.sequence(c.others[i : i+longest])
			hasHead, hasTail = hasHead || fp == head, hasTail || fp == tail
			if hasHead && hasTail {
				return true, true
			}
		}
		if len(c.others) < blockWords {
			break
		}
		out = out[c.others[blockWords-longest+1].lo:]
	}
	return hasHead, hasTail
}

// put takes a text by its fingerprint, the hash of its first word, and the number of
// its words.
func (c *Collector) put(text []byte, fp, first uint64, words int) {
	var of occurrence
	if c.again || identifies(text) {
		of |= ofAgain
	} else if isNew, full := c.row.add(fp); !isNew {
		return
	} else if full { // it may have been in the row
		of |= ofAgain
	}
	if words == 1 {
		of |= ofWord
	} else {
		c.f.begins(first, words)
	}
	c.add(occur(fp, of))
}

// worth says whether an original is looked for, and why not.
type worth uint8

const (
	isLookedFor worth = iota
	isEmpty
	isShort
	isShared
)

// judge says what an original of these words is worth. The first words of a value
// are enough for it.
func judge(words []word, value []byte, shared int) worth {
	chars := 0
	for i := range words {
		chars += words[i].chars
	}
	switch {
	case len(words) == 0:
		return isEmpty
	case chars < shortest || isDate(value) || isDecimal(value):
		return isShort
	case len(words) <= shared && !hasDigit(value):
		return isShared
	}
	return isLookedFor
}

// sequence is the fingerprint of words in their order.
func (f *Filter) sequence(words []word) uint64 {
	sum := words[0].hash
	for i := 1; i < len(words); i++ {
		sum = f.hash.next(sum, words[i].hash)
	}
	return sum
}

// Whole takes an original that holds several values, as its shape says.
func (c *Collector) Whole(shape Shape, value []byte) {
	if shape == Text {
		c.Original(value, 0)
		return
	}
	c.docs.walk(shape, value, c.whole)
}

// Output takes what a mask made. It is no leak, wherever it is found, and neither
// is a part of it: the words of a made address may be the name of somebody. Without
// parts only the whole is no leak.
func (c *Collector) Output(value []byte, parts bool) {
	of := ofOutput
	if !parts {
		of = ofAlone
	}
	at := c.made.find(value, uint64(of))
	if at.same {
		c.outputs++
		return
	}
	c.words = c.f.hash.cut(c.words[:0], value, longest, false)
	if len(c.words) == 0 {
		return
	}
	c.outputs++
	c.made.keep(at)
	c.add(occur(c.f.sequence(c.words), of))
	if last := further(value, c.words); last > 0 {
		c.words = c.f.hash.cut(c.words[:0], value[last:], longest, false)
		c.add(occur(c.f.sequence(c.words), of))
	}
}

func (c *Collector) add(o occurrence) {
	if c.pending = append(c.pending, o); len(c.pending) == batch {
		c.empty()
	}
}

// Every reports whether outputs of every mask are to be taken, as the filter's
// options say.
func (c *Collector) Every() bool { return c.f.every }

// Err is ErrFull once the filter had no room for a fingerprint.
func (c *Collector) Err() error { return c.err }

// Flush puts what was collected into the filter.
func (c *Collector) Flush() error {
	c.empty()
	n := &c.f.count
	n.values.Add(c.values)
	n.short.Add(c.short)
	n.shared.Add(c.shared)
	n.outputs.Add(c.outputs)
	if c.uuids {
		c.f.uuids.Store(true)
	}
	c.values, c.short, c.shared, c.outputs = 0, 0, 0, 0
	if c.err == nil {
		c.err = c.f.settle()
	}
	return c.err
}

// empty hands the pending occurrences to the filter, shard by shard.
func (c *Collector) empty() {
	var ends [shardCount + 1]int32
	for _, o := range c.pending {
		ends[o>>56+1]++
	}
	for i := range shardCount {
		ends[i+1] += ends[i]
	}
	if cap(c.sorted) < len(c.pending) {
		c.sorted = make([]occurrence, cap(c.pending))
	}
	c.sorted = c.sorted[:len(c.pending)]
	for _, o := range c.pending {
		at := &ends[o>>56]
		c.sorted[*at] = o
		*at++
	}
	for rest := c.sorted; len(rest) > 0 && c.err == nil; {
		n := 1
		for n < len(rest) && rest[n]>>56 == rest[0]>>56 {
			n++
		}
		c.err = c.f.take(&c.f.shards[rest[0]>>56], rest[:n])
		rest = rest[n:]
	}
	c.pending = c.pending[:0]
}
