package discover

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/anonymize"
	"github.com/pgstandin/pgstandin/schema"
)

// labelled is a column of testdata.
type labelled struct {
	file, table, column, label string
}

// readLabelled reads a file of testdata as a schema with samples.
func readLabelled(t *testing.T, name string) (*schema.Schema, map[string]labelled, Samples) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &schema.Schema{Encoding: "UTF8"}
	labels, values := map[string]labelled{}, map[string][][]byte{}
	tables := map[string]*schema.Table{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		p := strings.Split(line, "\t")
		if len(p) < 4 {
			t.Fatalf("%s: %q", name, line)
		}
		tab := tables[p[0]]
		if tab == nil {
			tab = &schema.Table{Name: schema.Name{Schema: "public", Name: p[0]}, Rows: -1}
			tables[p[0]] = tab
			s.Tables = append(s.Tables, tab)
		}
		tab.Columns = append(tab.Columns, schema.Column{Name: p[1], Num: len(tab.Columns) + 1, Type: typeNamed(p[2])})
		key := p[0] + "." + p[1]
		labels[key] = labelled{filepath.Base(name), p[0], p[1], p[3]}
		if len(p) > 4 {
			for v := range strings.SplitSeq(p[4], " | ") {
				values[key] = append(values[key], []byte(strings.TrimPrefix(v, "| ")))
			}
		}
	}
	s.Index()
	return s, labels, func(tab *schema.Table) ([]Sample, error) {
		out := make([]Sample, len(tab.Columns))
		for i := range tab.Columns {
			out[i].Values = values[tab.Name.Name+"."+tab.Columns[i].Name]
		}
		return out, nil
	}
}

var typePattern = regexp.MustCompile(`^([a-z ]+?)(?:\((\d+)(?:,(\d+))?\))?(\[\])?$`)

// typeNamed is a type as the catalog would have it.
func typeNamed(name string) schema.Type {
	m := typePattern.FindStringSubmatch(name)
	if m == nil {
		panic(name)
	}
	base := map[string]string{"integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "char": "bpchar", "double precision": "float8"}[m[1]]
	if base == "" {
		base = m[1]
	}
	typ := schema.Type{Name: name, Base: base, Builtin: true}
	n, _ := strconv.Atoi(m[2])
	if base == "numeric" {
		typ.Precision = n
		typ.Scale, _ = strconv.Atoi(m[3])
	} else {
		typ.Length = n
	}
	if base == "enum" {
		typ.Class, typ.Enum = schema.EnumType, &schema.Enum{Labels: []string{"a", "b"}}
	}
	if m[4] != "" {
		elem := typ
		elem.Name = strings.TrimSuffix(name, "[]")
		return schema.Type{Name: name, Base: "_" + base, Class: schema.Array, Elem: &elem, Builtin: true}
	}
	return typ
}

// What is personal in columns of well-known schemas is found, and little else.
func TestLabelled(t *testing.T) {
	files, err := filepath.Glob("testdata/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	var all score
	for _, name := range files {
		s, labels, samples := readLabelled(t, name)
		report, err := Look(s, samples, nil)
		if err != nil {
			t.Fatal(err)
		}
		var one score
		for _, f := range report.Findings {
			col := &f.Table.Columns[f.Column]
			x := labels[f.Table.Name.Name+"."+col.Name]
			if f.Mask.Kind == "" || !anonymize.Fits(f.Mask.Kind, maskType(&col.Type)) {
				t.Errorf("%s.%s: mask %q does not fit type %s", x.table, x.column, f.Mask.Kind, col.Type.Name)
			}
			one.count(x.label, f.Mask.Kind, f.Confident)
			if testing.Verbose() && x.label != f.Mask.Kind {
				t.Logf("%s: %s.%s: %s, not %s (%.2f %s)", x.file, x.table, x.column, f.Mask.Kind, x.label, f.Confident, f.Evidence)
			}
		}
		t.Logf("%-16s %s", filepath.Base(name), one)
		all.add(one)
	}
	t.Logf("%-16s %s", "all", all)
	if r := all.recall(); r < 0.95 {
		t.Errorf("recall %.3f: below 0.95", r)
	}
	if p := all.precision(); p < 0.85 {
		t.Errorf("precision %.3f: below 0.85", p)
	}
}

// score counts decisions.
type score struct{ columns, hit, missed, silent, wrong, kind int } // silent: missed, and not marked as doubtful

func (s *score) count(label, kind string, confident float64) {
	s.columns++
	switch {
	case label != "keep" && kind != "keep":
		s.hit++
	case label != "keep":
		s.missed++
		if confident >= 0.5 {
			s.silent++
		}
	case kind != "keep":
		s.wrong++
	}
	if label == kind {
		s.kind++
	}
}

func (s *score) add(o score) {
	s.columns += o.columns
	s.hit += o.hit
	s.missed += o.missed
	s.silent += o.silent
	s.wrong += o.wrong
	s.kind += o.kind
}

func (s score) recall() float64    { return float64(s.hit) / float64(max(1, s.hit+s.missed)) }
func (s score) precision() float64 { return float64(s.hit) / float64(max(1, s.hit+s.wrong)) }

func (s score) String() string {
	return fmt.Sprintf("%4d columns, %3d personal: recall %.3f, precision %.3f, right kind %.3f; missed %d, unmarked %d", s.columns, s.hit+s.missed, s.recall(), s.precision(), float64(s.kind)/float64(s.columns), s.missed, s.silent)
}
