package anonymize

import (
	"strings"
	"testing"
)

// FuzzTextStarts compares what is found in a text when only the patterns are made
// that may be there with what is found with all of them.
func FuzzTextStarts(f *testing.F) {
	for _, text := range []string{
		"", "a", "Hello, this is Peter Ueda.", "peter", "Dear PETER\nUEDA", "José Müller and jose muller", "Jose\u0301 Mu\u0308ller",
		"O’Brien, O'Brien", "Li\u00a0Wei 李伟", "\u212aarl", "12 Oak Road", "ab-cd", "x\xffyz", "\xe9l\xe9ne",
	} {
		for _, value := range []string{"Peter Ueda", "José Müller", "O'Brien", "Li Wei", "李伟", "Karl", "12 Oak Road, Villanova", "él", "x\xffyz", "ÉLÉNE", "(a) bcd", "+49 30 1216", "(415) 555-0132 x44", "A. b.)"} {
			f.Add(text, value)
		}
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		for kind := knownWhole; kind <= knownSpelling; kind++ {
			var all, some knownValues
			for _, k := range []*knownValues{&all, &some} {
				k.add(source{kind: kind, value: []byte(value)})
				if len(k.sources) == 0 {
					return
				}
				k.in.note([]byte(text))
			}
			some.sources[0].starts = some.sources[0].appendStarts(nil)
			for i := range all.in.triples {
				all.in.triples[i] = 1<<64 - 1
			}
			all.patterns(0)
			some.patterns(0)
			for i := range text {
				end, hit := all.match([]byte(text), i)
				other, by := some.match([]byte(text), i)
				if end != other {
					t.Fatalf("kind %d, %q in %q: the text from %d to %d is found with all patterns, to %d with those that may be there", kind, value, text, i, end, other)
				}
				if end > 0 && (all.list[hit].part != some.list[by].part || all.list[hit].piece != some.list[by].piece) {
					t.Fatalf("kind %d, %q in %q: other parts stand for the text from %d", kind, value, text, i)
				}
			}
		}
	})
}

// TestTextStarts checks that the patterns which are not in a text are put aside.
func TestTextStarts(t *testing.T) {
	var s textStarts
	s.note([]byte("Dear Peter, thank you for your message about order 121256. We have sent the answer."))
	for _, v := range []string{"Peter Ueda", "peter", "121256"} {
		if !s.mayHold([]byte(v)) {
			t.Errorf("%q is put aside", v)
		}
	}
	aside := 0
	names := strings.Fields("Ueda Smith Johnson Williams Jones Garcia Miller Davis Lopez Wilson Taylor Moore Jackson Martin Thompson Clark Lewis Robinson Hall Adams")
	for _, v := range names {
		if !s.mayHold([]byte(v)) {
			aside++
		}
	}
	if aside < len(names)*8/10 {
		t.Errorf("only %d of %d names that are not in the text are put aside", aside, len(names))
	}
}
