package seed

import (
	"fmt"
	"slices"
	"strings"
)

// template is a text with values in it.
type template []piece

// piece is one part of a template.
type piece struct {
	text   string // as it is
	column int    // or a column's value, -1 for none
	filter string // of a column: "", "lower", "upper", "slug"
	row    bool   // or the row's number, from 1
	digits int    // or so many digits, for a row so many at least
	random bool
	chars  string // of random
	leaf   *leafOf
}

// template reads what a template says.
func (x *table) template(c int, text string) error {
	var t template
	for rest := text; rest != ""; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			open = len(rest)
		}
		if open > 0 {
			t = append(t, piece{text: rest[:open], column: -1})
		}
		if rest = rest[open:]; rest == "" {
			break
		}
		name, after, ok := strings.Cut(rest[1:], "}")
		if !ok {
			return fmt.Errorf("a brace of its template is not closed")
		}
		p, err := x.piece(name)
		if err != nil {
			return err
		}
		t, rest = append(t, p), after
	}
	x.cols[c].made = t
	return nil
}

func (x *table) piece(name string) (piece, error) {
	p := piece{column: -1}
	name, filter, _ := strings.Cut(name, "|")
	word, number, counts := strings.Cut(name, ":")
	if counts {
		if _, err := fmt.Sscanf(number, "%d", &p.digits); err != nil || p.digits < 1 || p.digits > 18 {
			return p, fmt.Errorf("{%s} of its template: write a number from 1 to 18 behind the colon", name)
		}
	}
	switch {
	case word == "row" && filter == "":
		p.row = true
	case word == "digits" && counts && filter == "":
		p.random, p.chars = true, "0123456789"
	case word == "letters" && counts && filter == "":
		p.random, p.chars = true, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	default:
		if p.column = x.t.Column(name); p.column < 0 {
			return p, fmt.Errorf("{%s} of its template: no column is called so; others are {row}, {row:6}, {digits:4} and {letters:3}", name)
		}
		if x.t.Columns[p.column].Generated != "" {
			return p, fmt.Errorf("{%s} of its template: that column is generated", name)
		}
		if p.filter = filter; filter != "" && filter != "lower" && filter != "upper" && filter != "slug" {
			return p, fmt.Errorf("{%s|%s} of its template: write lower, upper or slug", name, filter)
		}
	}
	return p, nil
}

// templateRing refuses templates that name each other.
func (x *table) templateRing() error {
	state := make([]int, len(x.cols)) // 1 being looked at, 2 fine
	var visit func(c int) bool
	visit = func(c int) bool {
		if state[c] > 0 {
			return state[c] == 2
		}
		state[c] = 1
		for _, p := range x.cols[c].made {
			if p.column >= 0 && !visit(p.column) {
				return false
			}
		}
		state[c] = 2
		return true
	}
	for c := range x.cols {
		if !visit(c) {
			return &Error{Table: x.t, Column: x.t.Columns[c].Name, Reason: "its template names a column whose template names it"}
		}
	}
	return nil
}

// single reports whether a template gives each row another text.
func (x *table) single(t template) bool {
	return slices.ContainsFunc(t, func(p piece) bool {
		return p.row || p.column >= 0 && p.filter != "slug" && slices.ContainsFunc(x.unique, func(u unique) bool {
			return u.predicate == nil && len(u.cols) == 1 && u.cols[0] == p.column && x.cols[p.column].spec.notNull
		})
	})
}

// appendMade writes a template's text.
func (x *table) appendMade(dst []byte, c int, row, attempt uint64) []byte {
	col := &x.cols[c]
	for i := range col.made {
		p := &col.made[i]
		at := len(dst)
		switch {
		case p.leaf != nil:
			dst = p.leaf.append(dst, row, attempt)
		case p.row:
			n := 1
			for v := row + 1; v >= 10; v /= 10 {
				n++
			}
			dst = appendDigits(dst, row+1, max(n, p.digits))
		case p.random:
			h := mix(col.spec.seed ^ mix(row^attempt<<40) ^ uint64(i))
			for range p.digits {
				dst = append(dst, p.chars[below(h, uint64(len(p.chars)))])
				h = mix(h)
			}
		case p.column >= 0:
			dst, _ = x.append(dst, p.column, row, attempt)
			dst = dst[:at+filtered(dst[at:], p.filter)]
		default:
			dst = append(dst, p.text...)
		}
	}
	return dst
}

// filtered changes a text in place and returns its new length.
func filtered(text []byte, filter string) int {
	n := 0
	for _, c := range text {
		switch {
		case filter == "upper" && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case filter != "" && filter != "upper" && c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if filter == "slug" && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			if c = '-'; n == 0 || text[n-1] == '-' {
				continue
			}
		}
		text[n] = c
		n++
	}
	if filter == "slug" && n > 0 && text[n-1] == '-' {
		n--
	}
	return n
}
