package subset

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one thing that is wrong with a Config.
type Problem struct {
	Line int    // of the rules file, 0 when no line says it
	Text string // what is wrong and what to write instead
}

// Problems is every problem found, in the order of the rules file. It is the
// error that NewPlan and Plan.Walk return for what the user can mend.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteByte('\n')
		}
		if x.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", x.Line)
		}
		b.WriteString(x.Text)
	}
	return b.String()
}

func (p *Problems) add(line int, format string, args ...any) {
	*p = append(*p, Problem{line, fmt.Sprintf(format, args...)})
}

// err returns the problems as an error, nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	sort.SliceStable(p, func(i, j int) bool { return p[i].Line < p[j].Line })
	return p
}
