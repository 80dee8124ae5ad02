package main

import (
	"fmt"
	"strings"
)

// grown is a masked copy of a whole shop of some size.
type grown struct {
	users int
	lap
}

// growth copies shops of a quarter and a half of the size, and takes the whole
// one's figures from what was measured.
func (r *race) growth(users int, whole contestant) []grown {
	var out []grown
	for _, part := range []int{4, 2} {
		name := fmt.Sprintf("shop_%d", part)
		r.shop(name, users/part)
		run := r.refresher(name, name, everything(r.b))
		var laps []lap
		for range len(whole.laps) {
			r.prepare()
			l, err := run(r)
			if err != nil {
				r.b.Fatal(err)
			}
			laps = append(laps, l)
		}
		out = append(out, grown{users / part, middle(laps)})
	}
	return append(out, grown{users, middle(whole.laps)})
}

// middle is a lap of medians.
func middle(laps []lap) lap {
	return lap{
		wall: median(laps, func(l lap) float64 { return l.wall }),
		peak: int64(median(laps, func(l lap) float64 { return float64(l.peak) })),
	}
}

// growthTable is a section of the results.
func growthTable(sizes []grown) string {
	var b strings.Builder
	b.WriteString("\n## Growth\n\nA masked copy of everything, by size.\n\n| users | seconds | seconds per 100,000 users | client peak |\n|---:|---:|---:|---:|\n")
	for _, g := range sizes {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %d MiB |\n", count(int64(g.users)), g.wall, g.wall*1e5/float64(g.users), g.peak)
	}
	return b.String()
}

// plot draws seconds over users, and the straight line from nothing to the last
// point.
func plot(sizes []grown) string {
	const width, height, left, bottom = 560, 320, 60, 50
	last := sizes[len(sizes)-1]
	x := func(users int) float64 {
		return left + float64(users)/float64(last.users)*(width-left-30)
	}
	y := func(seconds float64) float64 {
		return height - bottom - seconds/last.wall*(height-bottom-40)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="seconds of a masked copy by number of users">
<rect width="%d" height="%d" fill="#fff"/>
<path d="M%d 20V%dH%d" fill="none" stroke="#888"/>
<path d="M%.1f %.1fL%.1f %.1f" stroke="#bbb" stroke-dasharray="4 4"/>
`, width, height, width, height, left, height-bottom, width-20, x(0), y(0), x(last.users), y(last.wall))
	for _, g := range sizes {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="#1f5fbf"/>
<text x="%.1f" y="%.1f" text-anchor="middle" fill="#333">%.1f s</text>
<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%s</text>
`, x(g.users), y(g.wall), x(g.users)-4, y(g.wall)-12, g.wall, x(g.users), height-bottom+18, count(int64(g.users)))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#333">users of the shop, about thirty rows each</text>
<text x="%d" y="14" fill="#333">seconds of a masked copy of everything; dashed: in proportion to the size</text>
</svg>
`, (width+left)/2, height-12, left-40)
	return b.String()
}
