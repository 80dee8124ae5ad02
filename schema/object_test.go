package schema

import (
	"fmt"
	"testing"
)

func TestCompareObjects(t *testing.T) {
	first := []Object{
		{Kind: "index", Name: "a_i", Of: "a", Valid: true},
		{Kind: "table", Name: "a", Valid: true}, {Kind: "column", Name: "a.x", Of: "a", Definition: "int", Shown: true, Valid: true},
		{Kind: "table", Name: "b", Valid: true}, {Kind: "column", Name: "b.x", Of: "b", Valid: true},
		{Kind: "view", Name: "v", Definition: "select 1", Printed: true, Valid: true},
		{Kind: "check", Name: "a.later", Of: "a", Valid: false},
	}
	second := []Object{
		{Kind: "table", Name: "a", Valid: true}, {Kind: "column", Name: "a.x", Of: "a", Definition: "bigint", Shown: true, Valid: true},
		{Kind: "index", Name: "a_i", Of: "a", Valid: false},
		{Kind: "table", Name: "c", Valid: true}, {Kind: "column", Name: "c.x", Of: "c", Valid: true},
		{Kind: "view", Name: "v", Definition: "SELECT 1;", Printed: true, Valid: true},
		{Kind: "check", Name: "a.later", Of: "a", Valid: true},
	}
	const always = "[table b is missing table c is not in the source column a.x differs: int in the source, bigint in the target index a_i is not valid"
	if got := fmt.Sprint(CompareObjects(first, second, false)); got != always+"]" {
		t.Errorf("between versions: %s", got)
	}
	if got := fmt.Sprint(CompareObjects(first, second, true)); got != always+" view v has another definition]" {
		t.Errorf("of one version: %s", got)
	}
	if got := CompareObjects(first, first, true); len(got) != 0 {
		t.Errorf("with itself: %s", got)
	}
}
