package rules

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Problem is one thing that is wrong with a rules file.
type Problem struct {
	File         string
	Line, Column int    // from 1; 0 where the file has no place for it
	Message      string // what is wrong, and what to write instead

	missing string // the column, as schema.table.column, that the table does not have; "" where something else is wrong
	near    string // the column that may be meant; "" for none
}

// String is the problem in the form file:line:column: message.
func (p Problem) String() string {
	text := p.Message
	if p.near != "" {
		text += suggestion(p.near)
	}
	switch {
	case p.Line == 0:
		return p.File + ": " + text
	case p.Column == 0:
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, text)
}

// Errors is everything that is wrong with a rules file, in the order of its
// lines.
type Errors []Problem

// Error lists the problems, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Renamed returns the problems with suggestions for columns that their tables no
// longer have: to says of a schema.table.column what it may be called now, or "".
func (e Errors) Renamed(to func(column string) string) Errors {
	out := slices.Clone(e)
	for i := range out {
		if name := to(out[i].missing); out[i].missing != "" && name != "" {
			out[i].near = name
		}
	}
	return out
}

// pos is a place in the file.
type pos struct{ line, column int }

// problems collects what is wrong.
type problems struct {
	file string
	list Errors
}

func (p *problems) add(at pos, format string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...)})
}

// addMissing adds that a table has no column of that name.
func (p *problems) addMissing(at pos, what string, t *schema.Table, name string) {
	p.list = append(p.list, Problem{
		File: p.file, Line: at.line, Column: at.column, Message: fmt.Sprintf("%stable %s has no column %s", what, t.Name, quoted(name)),
		missing: t.Name.String() + "." + name, near: nearest(name, columnNames(t)),
	})
}

// err returns what was collected, once each, nil if nothing was.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	sort.SliceStable(p.list, func(i, j int) bool {
		a, b := p.list[i], p.list[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	out := p.list[:1]
	for _, x := range p.list[1:] {
		if x != out[len(out)-1] {
			out = append(out, x)
		}
	}
	p.list = out
	return out
}

// Join is errors.Join, except that Errors become one list, before the others.
func Join(errs ...error) error {
	all := problems{}
	var rest []error
	for _, err := range errs {
		if found, ok := err.(Errors); ok {
			all.list = append(all.list, found...)
		} else {
			rest = append(rest, err)
		}
	}
	return errors.Join(append([]error{all.err()}, rest...)...)
}

// didYouMean suggests the name that is nearest to the misspelt one, as the end
// of a message; "" if none is near.
func didYouMean(name string, names []string) string {
	if best := nearest(name, names); best != "" {
		return suggestion(best)
	}
	return ""
}

func suggestion(name string) string { return "; did you mean " + name + "?" }

// nearest is the name that is nearest to the misspelt one; "" if none is near.
func nearest(name string, names []string) string {
	best, at := "", 1+min(len(name)/3+1, 3)
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n), at); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance is the number of edits between two words, a swap of neighbours
// counted as one; anything from limit on is limit.
func distance(a, b string, limit int) int {
	s, t := []rune(a), []rune(b)
	if len(s)-len(t) >= limit || len(t)-len(s) >= limit {
		return limit
	}
	var before []int
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range s {
		next := make([]int, len(t)+1)
		next[0] = i + 1
		for j, q := range t {
			cost := 1
			if r == q {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && r == t[j-1] && s[i-1] == q {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return min(row[len(t)], limit)
}

// oneOf lists words for a message: a, b or c.
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func plural(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
