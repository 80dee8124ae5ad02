package anonymize

import "testing"

// TestKindsSayAll: a kind that leaves out a fact would silently be taken for one
// that most others are like.
func TestKindsSayAll(t *testing.T) {
	for _, k := range kindTable() {
		if k.speaks == 0 || k.listed == 0 || k.shared == 0 || k.known == 0 || k.joined == 0 || k.stays == 0 {
			t.Errorf("%s does not say all of its facts", k.name)
		}
		if k.entity != (k.draws != "") {
			t.Errorf("%s follows an entity, or draws from it; not both", k.name)
		}
		if k.unique != "" != (k.injectiveIf != nil) {
			t.Errorf("%s is injective in some uses, or says how to write it so; not both", k.name)
		}
	}
}
