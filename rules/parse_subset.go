package rules

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/sqlexpr"
	"github.com/pgstandin/pgstandin/subset"
)

func (p *fileParser) subset(n *node) {
	p.fields(n, "subset", []field{
		{"roots", func(n *node) {
			for _, i := range p.list1(n, "roots", "roots: [{ table: users, sample: 5% }]") {
				p.root(i)
			}
		}},
		{"references", func(n *node) {
			for _, i := range p.list1(n, "references", "references: [{ from: users(referrer_id), down: off }]") {
				p.reference(i)
			}
		}},
		{"unreached", func(n *node) {
			p.file.unreached = choose(p, n, "unreached", []choice[subset.Unreached]{{"all", subset.UnreachedAll}, {"none", subset.UnreachedNone}})
		}},
		{"budget", p.budget},
	})
}

func (p *fileParser) root(n *node) {
	r, before := rootRule{at: n.at}, len(p.list)
	ok := p.fields(n, "a root", []field{
		{"table", func(n *node) { r.table = p.name(n, "table") }},
		{"where", func(n *node) { r.where = p.condition(n, "where") }},
		{"sample", func(n *node) { r.sample = p.sample(n) }},
		{"stratify", func(n *node) {
			for _, i := range p.list1(n, "stratify", "stratify: [country, plan]") {
				r.stratify = append(r.stratify, p.name(i, "a column of stratify"))
			}
		}},
	})
	if !ok {
		return
	}
	if n.get("table") == nil {
		p.add(n.at, "a root without table; write table: users")
		return
	}
	if n.get("stratify") != nil && n.get("sample") == nil {
		p.add(n.get("stratify").at, "stratify needs a sample; write sample: 5%%")
	}
	if len(p.list) == before {
		p.file.roots = append(p.file.roots, r)
	}
}

func (p *fileParser) name(n *node, what string) nameRule {
	text, _ := p.text(n, what)
	return nameRule{n.at, text}
}

var sampleRows = regexp.MustCompile(`^\s*([0-9]+)\s*rows?\s*$`)

// sample reads 5%, 0.05 or 10000 rows.
func (p *fileParser) sample(n *node) (s subset.Sample) {
	const forms = "write 5%, 0.05 or 10000 rows"
	if n.shape == isNull || n.shape > isString {
		p.add(n.at, "sample is %s; %s", n.shape, forms)
		return s
	}
	if m := sampleRows.FindStringSubmatch(n.text); m != nil {
		rows, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || rows == 0 {
			p.add(n.at, "sample: %s; write at least 1 row", quoted(n.text))
			return s
		}
		return subset.Sample{Rows: rows}
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(n.text), "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if percent {
		share /= 100
	}
	switch {
	case err != nil || math.IsNaN(share) || strings.Trim(text, "0123456789. ") != "":
		p.add(n.at, "sample: %s is not understood; %s", quoted(n.text), forms)
	case !percent && share >= 1:
		p.add(n.at, "sample: %s is neither a share nor a number of rows; write %s%% or %s rows", quoted(n.text), n.text, n.text)
	case share <= 0 || share > 1:
		p.add(n.at, "sample: %s; write more than 0%% and at most 100%%", quoted(n.text))
	default:
		return subset.Sample{Share: share}
	}
	return s
}

func (p *fileParser) reference(n *node) {
	r, before := referenceRule{at: n.at}, len(p.list)
	ok := p.fields(n, "a reference", []field{
		{"from", func(n *node) {
			if e := p.end(n, "from"); e != nil {
				r.from = *e
			}
		}},
		{"to", func(n *node) { r.to = p.end(n, "to") }},
		{"when", func(n *node) { r.when = p.condition(n, "when") }},
		{"down", func(n *node) {
			r.down = choose(p, n, "down", []choice[subset.Down]{{"any", subset.DownAny}, {"all", subset.DownAll}, {"off", subset.DownOff}, {"always", subset.DownAlways}})
		}},
		{"up", func(n *node) {
			r.upGiven = true
			r.up = choose(p, n, "up", []choice[subset.Up]{{"require", subset.UpRequire}, {"prune", subset.UpPrune}, {"nullify", subset.UpNullify}})
		}},
		{"limit", func(n *node) { r.limit = int(min(p.count(n, "limit"), math.MaxInt32)) }},
		{"order", func(n *node) { r.order = p.expr(n, "order", sqlexpr.ParseOrder) }},
	})
	switch {
	case !ok:
		return
	case n.get("from") == nil:
		p.add(n.at, "a reference without from; write from: comments(post_id)")
		return
	case n.get("order") != nil && n.get("limit") == nil:
		p.add(n.get("order").at, "order says nothing without limit; write limit: 100")
	case n.get("limit") != nil && r.down == subset.DownOff:
		p.add(n.get("limit").at, "limit says nothing with down: off; leave one of them out")
	}
	if r.to != nil && r.to.expr != nil {
		p.add(r.to.at, "to: %s: write columns of a key: posts(id)", quoted(r.to.text))
		return
	}
	if r.from.table != "" {
		if len(p.list) == before {
			p.file.references = append(p.file.references, r)
		}
	}
}

// end reads table, table(columns) or table(expression).
func (p *fileParser) end(n *node, what string) *endRule {
	text, ok := p.text(n, what)
	if !ok {
		return nil
	}
	e := &endRule{at: n.at, text: text}
	open := outsideQuotes(text, '(')
	if open < 0 {
		if what == "from" {
			p.add(n.at, "from: %s: write its columns: %s(column)", quoted(text), text)
			return nil
		}
		e.table = strings.TrimSpace(text)
		return e
	}
	e.table = strings.TrimSpace(text[:open])
	inside := strings.TrimSpace(text[open+1:])
	if e.table == "" || !strings.HasSuffix(inside, ")") {
		p.add(n.at, "%s: %s: write table(column)", what, quoted(text))
		return nil
	}
	inside = inside[:len(inside)-1]
	if columns, ok := splitList(inside); ok {
		e.columns = columns
		return e
	}
	x := &exprRule{at: n.at, text: inside, what: what, exact: n.exact}
	if n.exact {
		x.at.column += strings.Index(text, inside)
		if n.quoted {
			x.at.column++
		}
	}
	if e.expr = p.parseExpr(x, sqlexpr.Parse); e.expr == nil {
		return nil
	}
	return e
}

// outsideQuotes is strings.IndexByte outside of double quotes.
func outsideQuotes(s string, c byte) int {
	in := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			in = !in
		case s[i] == c && !in:
			return i
		}
	}
	return -1
}

var size = regexp.MustCompile(`(?i)^\s*([0-9]+(?:\.[0-9]+)?)\s*(b|kb|mb|gb|tb|kib|mib|gib|tib)\s*$`)

// budget reads 2GB, 1000000 rows, or a map with both.
func (p *fileParser) budget(n *node) {
	b := &p.file.budget
	if n.shape == isMap {
		p.fields(n, "budget", []field{
			{"bytes", func(n *node) { b.Bytes = p.bytes(n) }},
			{"rows", func(n *node) { b.Rows = p.count(n, "rows") }},
		})
		return
	}
	if m := sampleRows.FindStringSubmatch(n.text); m != nil {
		rows, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || rows == 0 {
			p.add(n.at, "budget: %s; write at least 1 row", quoted(n.text))
		}
		b.Rows = rows
		return
	}
	b.Bytes = p.bytes(n)
}

// bytes reads a size; kB, MB, ... count in steps of 1024, as in PostgreSQL.
func (p *fileParser) bytes(n *node) int64 {
	m := size.FindStringSubmatch(n.text)
	if n.shape != isString || m == nil {
		p.add(n.at, "budget: %s; write 2GB or 1000000 rows", describe(n))
		return 0
	}
	f, err := strconv.ParseFloat(m[1], 64)
	f *= math.Pow(1024, float64(strings.Index("bkmgt", strings.ToLower(m[2])[:1])))
	if err != nil || f < 1 || f > math.MaxInt64/2 {
		p.add(n.at, "budget: %s; write a size such as 2GB", quoted(n.text))
		return 0
	}
	return int64(f)
}
