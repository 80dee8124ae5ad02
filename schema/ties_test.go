package schema

import (
	"cmp"
	"fmt"
	"testing"
)

func TestTies(t *testing.T) {
	var ties Ties[int]
	if got := ties.Sets(cmp.Compare[int]); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	for _, pair := range [][2]int{{9, 3}, {5, 5}, {1, 2}, {4, 2}, {3, 7}, {7, 9}, {4, 1}} {
		ties.Join(pair[0], pair[1])
	}
	if got := fmt.Sprint(ties.Sets(cmp.Compare[int])); got != "[[1 2 4] [3 7 9] [5]]" {
		t.Error(got)
	}
}
