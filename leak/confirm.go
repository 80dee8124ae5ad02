package leak

// Confirmer takes the originals and outputs of one worker once more, when all
// scanning is over: an original confirms the suspect that it is equal to, and an
// output clears those that it holds. It fills no filter, so it never fails.
type Confirmer struct {
	f        *Filter
	suspects *Suspects
	words    []word
	docs     documents
	folded   []byte
	whole    func(text []byte, as part)
}

// Confirmer returns one for one goroutine.
func (f *Filter) Confirmer(s *Suspects) *Confirmer {
	c := &Confirmer{f: f, suspects: s}
	c.whole = values(c.Original)
	return c
}

// Row does nothing: a value that is there is confirmed.
func (c *Confirmer) Row() {}

// Original takes a value as that of a Collector does.
func (c *Confirmer) Original(value []byte, shared int) {
	c.words = c.f.hash.cut(c.words[:0], value, longest, false)
	if judge(c.words, value, shared) == isLookedFor {
		c.ends(value, c.suspects.confirm)
	}
}

// ends tells of the suspects that the first words of a value are, which were cut, and
// the last of a longer one.
func (c *Confirmer) ends(value []byte, tell func(folded []byte)) {
	last := further(value, c.words)
	for {
		if len(c.words) > 0 && c.suspects.maybe(c.f.sequence(c.words)) {
			c.folded = appendFolded(c.folded[:0], value, c.words, false)
			tell(c.folded)
		}
		if last == 0 {
			return
		}
		value, last = value[last:], 0
		c.words = c.f.hash.cut(c.words[:0], value, longest, false)
	}
}

// Edited takes a value as that of a Collector does: what it leaves out confirms
// nothing that is not an original of elsewhere.
func (c *Confirmer) Edited(value, _ []byte, shared int) { c.Original(value, shared) }

// Whole takes an original that holds several values, as its shape says.
func (c *Confirmer) Whole(shape Shape, value []byte) {
	if shape == Text {
		c.Original(value, 0)
		return
	}
	c.docs.walk(shape, value, c.whole)
}

// Output takes what a mask made, and clears the suspects in it; without parts only
// the one that it is.
func (c *Confirmer) Output(value []byte, parts bool) {
	if !parts {
		c.words = c.f.hash.cut(c.words[:0], value, longest, false)
		c.ends(value, c.suspects.clear)
		return
	}
	c.words = c.f.hash.cut(c.words[:0], value, blockWords, false)
	for i := range c.words {
		sum := c.words[i].hash
		for n := 1; n <= min(longest, len(c.words)-i); n++ {
			if n > 1 {
				sum = c.f.hash.next(sum, c.words[i+n-1].hash)
			}
			if c.suspects.maybe(sum) {
				c.folded = appendFolded(c.folded[:0], value, c.words[i:i+n], false)
				c.suspects.clear(c.folded)
			}
		}
	}
}

// Every is false: outputs of masks that say something of what they were given are
// enough.
func (c *Confirmer) Every() bool { return false }

// Err is nil.
func (c *Confirmer) Err() error { return nil }

// Flush does nothing: the filter was told of all before.
func (c *Confirmer) Flush() error { return nil }
