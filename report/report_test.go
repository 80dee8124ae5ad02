package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// demo is a report like that of the demo's shop.
func demo() *Report {
	began := time.Date(2026, 3, 14, 2, 30, 0, 0, time.UTC)
	r := &Report{
		Outcome: Swapped,
		Run: Run{
			Program: "pgstandin 0.1.0 (0123456789ab) go1.26 linux/amd64", Command: []string{"pgstandin", "refresh", "--key-file", "…", "--workers", "4"},
			Started: began, Finished: began.Add(83400 * time.Millisecond), Seconds: 83.4, Workers: 4,
		},
		Source:   End{Host: "db1.internal.example", Port: 5432, Database: "production", Version: "15.8", Standby: true},
		Target:   End{Host: "/var/run/postgresql", Port: 5433, Database: "staging", Version: "16.3"},
		Snapshot: Snapshot{LSN: "1A/3C5F8E20", Time: began.Add(1200 * time.Millisecond), Standby: true},
		Rules:    Rules{File: "pgstandin.yaml", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		KeyID:    "k7f3a91c2", Previous: "staging_previous",
		Reidentification: Reidentification{Ran: true, Tables: []ReidentificationTable{
			{Table: "public.audit_logs", Rows: 5000, Columns: []string{"action", "created_at"}, Ignored: []string{"details"}, Smallest: 1, Unique: 0.9982,
				Combinations: []Combination{{[]string{"created_at"}, 0.9971}}},
			{Table: "public.orders", Reason: "took longer than 5 s"},
			{Table: "public.users", Rows: 2216, Whole: true, Columns: []string{"birth_year", "country", "created_at"}, Smallest: 3, Unique: 0.0},
		}},
		Leak: Leak{Ran: true, Scope: "copied", Values: 61034, Fingerprints: 48211, Short: 310, Single: 1204, Columns: 41, Rows: 238255, Bytes: 3_912_004, FixedPoints: 28,
			Hits: []LeakHit{{"public.products.title", 2, 5, 0, true, "a brand named like a person"}, {"public.orders.note", 0, 3, 0, false, ""}}},
		Proof: Proof{Tables: 11, Rows: 240112, Objects: 214, Sequences: 9, Constraints: []Constraint{{"primary key", 11, 11}, {"foreign key", 13, 12}, {"unique", 4, 4}, {"check", 6, 6}},
			NotValid: []string{`public.shipments "shipments_order_id_fkey"`}, Checks: []Check{{"select count(*) > … from users", 41, true}}},
		Steps: []Step{{"check rules, source and target", 0.21}, {"lock tables and take the snapshot", 0.04}, {"create the schema, choose rows", 6.2},
			{"copy rows", 48.3}, {"build indexes and constraints, set sequences, fill views", 21.7}, {"verify", 2.4}, {"swap", 0.12}},
		Notes: []string{"dropped staging_pgstandin_k3, which an earlier run left behind"},
	}
	for _, t := range []struct {
		name, why string
		rows, of  int64
		masked    int
	}{
		{"addresses", "down", 1432, 28711, 6}, {"audit_logs", "where", 4087, 81240, 2}, {"countries", "all", 10, 10, 0}, {"messages", "down", 1824, 36800, 1},
		{"order_items", "down", 9500, 190233, 0}, {"orders", "down", 213782, 4275640, 3}, {"organizations", "up", 787, 1000, 5}, {"payment_methods", "rows: none", 0, 14000, 2},
		{"products", "up", 420, 420, 0}, {"shipments", "down", 4197, -1, 2}, {"users", "root", 2216, 20000, 9},
	} {
		x := Table{Name: "public." + t.name, Why: t.why, Rows: t.rows, SourceRows: t.of, Bytes: t.rows * 131}
		if t.name == "users" {
			x.Roots, x.Opaque, x.FixedPoints = []string{"sample: 5 %", "where email like '…'"}, 4, 28
		}
		if t.name == "audit_logs" {
			x.Where = "created_at <= now() - interval '…'"
		}
		x.Columns = append(x.Columns, Column{Name: "id", Type: "bigint", Mask: "keep", DecidedBy: "type", Before: Distinct{Count: t.of, Estimate: true}, After: Distinct{Count: t.rows, Estimate: true}})
		for i := range t.masked {
			c := Column{Name: []string{"name", "email", "phone", "bio", "settings", "city", "zip", "street", "note"}[i], Type: "character varying(120)", DecidedBy: "table", Line: 20 + i, Personal: true,
				Mask:   []string{"person.name", "email", "phone", "scrub", "json {other: keep, paths: {$.contact.email: email}}", "address.city", "address.zip", "address.street", "template {value: …}"}[i],
				Before: Distinct{Count: t.of * 9 / 10, Estimate: true}, After: Distinct{Count: -1, Reason: "the server has no statistics of it"}}
			if t.of < 0 {
				c.Before = Distinct{Count: -1, Reason: "the server has no statistics of it"}
			}
			if t.name == "users" && i == 0 {
				c.Opaque, c.FixedPoints = 4, 28
			}
			if t.rows == 0 {
				c.Mask, c.DecidedBy, c.Line, c.Personal = "", "not copied", 0, false
			}
			x.Columns = append(x.Columns, c)
		}
		r.Tables = append(r.Tables, x)
		r.Totals.Tables++
		r.Totals.Rows += x.Rows
		r.Totals.Bytes += x.Bytes
		r.Totals.Columns += len(x.Columns)
		r.Totals.Masked += x.Masked()
	}
	for _, x := range []struct {
		child, parent string
		cut           int64
	}{
		{"addresses", "users", 0}, {"addresses", "countries", 0}, {"audit_logs", "users", 0}, {"messages", "users", 0}, {"order_items", "orders", 0}, {"order_items", "products", 0},
		{"orders", "users", 0}, {"orders", "addresses", 0}, {"orders", "payment_methods", 2527}, {"organizations", "countries", 0}, {"payment_methods", "users", 0},
		{"shipments", "orders", 0}, {"shipments", "addresses", 0}, {"users", "organizations", 0}, {"users", "users", 0},
	} {
		ref := Reference{Name: "public." + x.child + " " + x.child + "_" + x.parent + "_fkey", Child: "public." + x.child, Parent: "public." + x.parent,
			Columns: []string{strings.TrimSuffix(x.parent, "s") + "_id"}, Declared: true, Down: "any", Up: "require", Cut: x.cut}
		r.References = append(r.References, ref)
	}
	r.Tables[5].KeysCut = 2527
	return r
}

// large has so many tables, linked at random but the same on every run.
func large(tables int) *Report {
	r := demo()
	r.Tables, r.References = nil, nil
	next := uint32(7)
	random := func(n int) int {
		next = next*1664525 + 1013904223
		return int(next>>8) % n
	}
	for i := range tables {
		r.Tables = append(r.Tables, Table{Name: fmt.Sprintf("public.table_of_things_%03d", i), Why: []string{"root", "down", "up", "all", "rows: none"}[random(5)], Rows: int64(random(100000)), SourceRows: -1})
		for range random(3) + min(1, i%5) {
			r.References = append(r.References, Reference{Name: "r", Child: r.Tables[i].Name, Parent: fmt.Sprintf("public.table_of_things_%03d", random(max(1, min(i+2, tables)))), Columns: []string{"x_id"}})
		}
	}
	return r
}

func mustJSON(t *testing.T, r *Report) []byte {
	t.Helper()
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustHTML(t *testing.T, r *Report) string {
	t.Helper()
	b, err := r.HTML(mustJSON(t, r))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGolden(t *testing.T) {
	got := mustJSON(t, demo())
	name := filepath.Join("testdata", "demo.json")
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("report.json differs from %s; -update writes it", name)
	}
	var back Report
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(mustJSON(t, &back), got) {
		t.Error("what is read back is written in another way")
	}
}

// The page is well-formed, every link leads to a place on it, and no two places
// have one name.
func TestPageIsWellFormed(t *testing.T) {
	empty := &Report{Outcome: Refused, Problems: []string{`a <b> & "c"`}}
	for name, r := range map[string]*Report{"demo": demo(), "large": large(155), "empty": empty} {
		text := mustHTML(t, r)
		d := xml.NewDecoder(strings.NewReader(text))
		ids, links, depth := map[string]bool{}, map[string]bool{}, 0
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch e := tok.(type) {
			case xml.StartElement:
				depth++
				for _, a := range e.Attr {
					switch {
					case a.Name.Local == "id" && ids[a.Value]:
						t.Errorf("%s: two places called %s", name, a.Value)
					case a.Name.Local == "id":
						ids[a.Value] = true
					case a.Name.Local == "href":
						links[a.Value] = true
					case a.Name.Local == "src" || strings.HasPrefix(a.Name.Local, "on"):
						t.Errorf("%s: %s has %s", name, e.Name.Local, a.Name.Local)
					}
				}
				if e.Name.Local == "script" || e.Name.Local == "link" || e.Name.Local == "img" || e.Name.Local == "iframe" {
					t.Errorf("%s: has a %s", name, e.Name.Local)
				}
			case xml.EndElement:
				depth--
			}
		}
		if depth != 0 {
			t.Errorf("%s: %d elements are open at the end", name, depth)
		}
		for l := range links {
			if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
				t.Errorf("%s: link to %s leads nowhere", name, l)
			}
		}
		if m := regexp.MustCompile(`(?i)https?:|//[a-z]|url\(|@import|@font-face|ZgotmplZ`).FindString(text); m != "" {
			t.Errorf("%s: holds %q", name, m)
		}
	}
}

func TestPageSays(t *testing.T) {
	text := mustHTML(t, demo())
	for _, want := range []string{
		"Clean.", "11 tables, 238,255 rows, 28 of 41 columns masked, 1 key not valid, as in the source.",
		"1A/3C5F8E20", "on a standby", "k7f3a91c2", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"14 March 2026, 02:30:01 UTC", "sample: 5 %", "created_at &lt;= now() - interval &#39;…&#39;", "2,527", "staging_previous",
		"a brand named like a person", "took longer than 5 s", "99 % unique", "build indexes and constraints", "~4,280,000", "pgstandin 0.1.0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestVerdict(t *testing.T) {
	r := demo()
	r.Proof.NotValid = nil
	if v := r.judge(); v.State != "clean" || !strings.HasSuffix(v.Text, "every key valid.") {
		t.Errorf("%+v", v)
	}
	r.Totals.Masked, r.Leak.Values = 0, 0
	if v := r.judge(); v.State != "done" || v.Title != "Done." || !strings.HasSuffix(v.Text, " No column is masked: there were no originals to look for.") {
		t.Errorf("nothing masked: %+v", v)
	}
	r.Totals.Masked = 28
	r.Leak = Leak{Reason: "not asked for"}
	if v := r.judge(); v.State != "done" || strings.Contains(v.Title, "Clean") {
		t.Errorf("without a leak scan: %+v", v)
	}
	r.Outcome = Refused
	if v := r.judge(); v.State != "refused" {
		t.Errorf("refused: %+v", v)
	}
}

// Tables do not overlap, and references lead up where there is no circle.
func TestLayout(t *testing.T) {
	circle := demo()
	circle.References = append(circle.References, Reference{Child: "public.countries", Parent: "public.order_items"})
	for name, r := range map[string]*Report{"demo": demo(), "circle": circle, "large": large(155), "huge": large(600)} {
		g := r.layout()
		if len(g.Nodes) != len(r.Tables) {
			t.Errorf("%s: %d tables of %d", name, len(g.Nodes), len(r.Tables))
		}
		for i, a := range g.Nodes {
			if a.X < 0 || a.Y < 0 || a.X+nodeWidth > g.Width || a.Y+nodeHeight > g.Height {
				t.Errorf("%s: %s is outside", name, a.Label)
			}
			for _, b := range g.Nodes[:i] {
				if a.Y == b.Y && a.X < b.X+nodeWidth && b.X < a.X+nodeWidth {
					t.Errorf("%s: %s and %s overlap", name, a.Label, b.Label)
				}
			}
		}
		if name == "demo" {
			at := map[string]int{}
			for _, n := range g.Nodes {
				at[n.Table.Name] = n.Y
			}
			for _, ref := range r.References {
				if ref.Child != ref.Parent && at[ref.Child] <= at[ref.Parent] {
					t.Errorf("%s is not below %s", ref.Child, ref.Parent)
				}
			}
		}
	}
}

func TestSignature(t *testing.T) {
	private, public, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParsePrivate(private)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	text := mustJSON(t, demo())
	sig := Sign(text, key)
	if !Verify(text, sig, pub) {
		t.Error("a signature does not match what was signed")
	}
	changed := bytes.Replace(text, []byte(`"rows": 2216`), []byte(`"rows": 2217`), 1)
	if bytes.Equal(changed, text) || Verify(changed, sig, pub) {
		t.Error("a changed report passes")
	}
	if Verify(text, sig[:63], pub) || Verify(text, nil, pub) {
		t.Error("half a signature passes")
	}
	if _, err := ParsePrivate(public); err == nil {
		t.Error("a public key passes for a private one")
	}
	if _, err := ParsePublic(private); err == nil {
		t.Error("a private key passes for a public one")
	}
}
