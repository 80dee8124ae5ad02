package anonymize

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// shopTables are users and two tables that hold only their keys.
func shopTables(t testing.TB) (users, addresses, messages *Program) {
	t.Helper()
	text := func(name, kind string) Column {
		c := Column{Name: name, Type: Type{Name: "text"}}
		if kind != "" {
			c.Mask = &Mask{Kind: kind}
		}
		return c
	}
	id := func(name string) Column { return Column{Name: name, Type: Type{Name: "int8"}} }
	var out []*Program
	for _, table := range []Table{
		{Name: "users", Entity: 0, Columns: []Column{{Name: "id", Type: Type{Name: "int8"}, Sole: true}, text("name", "person.name"), text("email", "email"), text("phone", "phone"), text("nick", "null")}},
		{Name: "addresses", Entity: 1, Columns: []Column{id("id"), id("user_id"), text("recipient", "person.name"), text("street", "address.street")}},
		{Name: "messages", Entity: 1, Columns: []Column{id("id"), id("user_id"), text("body", "scrub"), text("kept", "")}},
	} {
		table.EntityDomain = "public.users(id)"
		p, err := Compile(testSecret(t, 1), table)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out[0], out[1], out[2]
}

func copyRow(fields ...string) []byte {
	var row []byte
	for i, f := range fields {
		if i > 0 {
			row = append(row, '\t')
		}
		if f == `\N` {
			row = append(row, f...)
		} else {
			row = copyfmt.AppendEscaped(row, []byte(f))
		}
	}
	return row
}

// TestKnown: texts quote what other tables know of their entity, and get what
// those tables get.
func TestKnown(t *testing.T) {
	users, addresses, messages := shopTables(t)
	if !users.MayLearn() || !addresses.MayLearn() || messages.MayLearn() || users.MayLookUp() || !messages.MayLookUp() || messages.EntityDomain() != "public.users(id)" {
		t.Fatal("who teaches and who asks")
	}
	user := []string{"7", "Anna-Marie Lindberg", "anna@post.test", "+49 30 1234567", "Ännchen"}
	address := []string{"1", "7", "Lars Åkesson", "12 Mill Lane"}
	known := NewKnown(1 << 20)
	for _, x := range []struct {
		p   *Program
		row []string
	}{
		{users, user}, {addresses, address}, {addresses, []string{"2", "7", `\N`, `\N`}}, {addresses, []string{"3", `\N`, "Nobody Known", "x"}},
		{users, []string{"8", "Bob Stone", `\N`, `\N`, `\N`}}, {users, []string{"9", "", "", "", ""}},
	} {
		if err := x.p.NewRewriter().Learn(known, copyRow(x.row...)); err != nil {
			t.Fatal(err)
		}
	}
	u, a := maskRow(t, users.NewRewriter(), user...), maskRow(t, addresses.NewRewriter(), address...)
	first, last, _ := strings.Cut(u[1], " ")
	lars, _, _ := strings.Cut(a[2], " ")
	r := messages.NewRewriter()
	r.LookUpIn(known)
	for in, want := range map[string]string{
		"Hello, this is Anna-Marie Lindberg (order 12).": "Hello, this is " + u[1] + " (order 12).",
		"Dear anna, write to Anna@post.test":             "Dear " + first + ", write to " + u[2],
		"Lindberg, 030 1234567":                          last + ", 0" + strings.ReplaceAll(u[3], " ", "")[3:5] + " " + strings.ReplaceAll(u[3], " ", "")[5:],
		"c/o Lars, 12 mill lane":                         "c/o " + lars + ", " + a[3],
		"Bob Stone and Nobody Known stay":                "Bob Stone and Nobody Known stay",
	} {
		if got := maskRow(t, r, "1", "7", in, "Anna-Marie Lindberg"); got[2] != want || got[3] != "Anna-Marie Lindberg" {
			t.Errorf("%q:\n got  %q\n want %q", in, got[2], want)
		}
	}
	if got := maskRow(t, r, "1", "7", "Ännchen", ""); strings.Contains(got[2], "nnchen") {
		t.Errorf("the value of a column that becomes NULL stays: %q", got[2])
	}
	for _, id := range []string{`\N`, "8", "9", "10"} {
		if got := maskRow(t, r, "1", id, "Anna was here, Bob not", ""); (got[2] == "Anna was here, Bob not") == (id == "8") {
			t.Errorf("user %s: %q", id, got[2])
		}
	}
	var dst []byte
	row := copyRow("1", "7", "Anna-Marie Lindberg, 12 Mill Lane, 030 1234567", "x")
	if n := testing.AllocsPerRun(100, func() { dst, _ = r.AppendRow(dst[:0], row) }); n > 0 && !raceDetector {
		t.Errorf("%v allocations a row", n)
	}
}

// TestTeach: a rewriter that teaches masks as one that does not, and what it taught is
// what Learn teaches, however many teach while others ask.
func TestTeach(t *testing.T) {
	users, addresses, messages := shopTables(t)
	const n = 300
	row := func(p *Program, i int) []string {
		id := fmt.Sprint(i)
		if p == users {
			return []string{id, "Person" + letters(i) + " Lindberg", "p" + id + "@post.test", "+49 30 " + fmt.Sprint(1000000+i), "Nick" + letters(i)}
		}
		return []string{id, id, "Person" + letters(n+i) + " Berg", "12 Mill Lane"}
	}
	learned, taught := NewKnown(1<<20), NewKnown(1<<20)
	for _, p := range []*Program{addresses, users} {
		learner := p.NewRewriter()
		for i := range n {
			if err := learner.Learn(learned, copyRow(row(p, i)...)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var group sync.WaitGroup
	for _, p := range []*Program{addresses, users} {
		for worker := range 2 {
			group.Go(func() {
				teacher, alone, asker := p.NewRewriter(), p.NewRewriter(), messages.NewRewriter()
				teacher.LearnInto(taught)
				asker.LookUpIn(taught)
				for i := worker; i < n; i += 2 {
					fields := copyRow(row(p, i)...)
					got, err := teacher.AppendRow(nil, fields)
					want, wantErr := alone.AppendRow(nil, fields)
					if err != nil || wantErr != nil || string(got) != string(want) {
						t.Errorf("a teacher makes %q of %q, %v; want %q, %v", got, fields, err, want, wantErr)
					}
					_, _ = asker.AppendRow(nil, copyRow("1", fmt.Sprint((i*7+1)%n), "Person Lindberg", "")) // of whom anything may be known yet
				}
			})
		}
	}
	group.Wait()
	a, b := messages.NewRewriter(), messages.NewRewriter()
	a.LookUpIn(learned)
	b.LookUpIn(taught)
	for i := range n {
		text := []string{"1", fmt.Sprint(i), "Person" + letters(i) + " and person" + letters(n+i) + " Berg, Nick" + letters(i), ""}
		want, got := maskRow(t, a, text...), maskRow(t, b, text...)
		if got[2] != want[2] || strings.Contains(strings.ToLower(got[2]), "person"+letters(i)) {
			t.Errorf("%q after LearnInto, %q after Learn", got, want)
		}
	}
	if learned.Size() != taught.Size() {
		t.Errorf("%d bytes after LearnInto, %d after Learn", taught.Size(), learned.Size())
	}
	full := users.NewRewriter()
	full.LearnInto(NewKnown(100))
	var err error
	for i := 0; err == nil && i < 10; i++ {
		_, err = full.AppendRow(nil, copyRow(row(users, i)...))
	}
	if !errors.Is(err, ErrKnownFull) {
		t.Errorf("no room: %v", err)
	}
}

// TestTwoRows: a table with texts that has a row for each entity, by an index that is
// damaged, is refused, in whatever order its rows and those of others come.
func TestTwoRows(t *testing.T) {
	users, addresses, _ := shopTables(t)
	text := func(name, kind string) Column {
		return Column{Name: name, Type: Type{Name: "text"}, Mask: &Mask{Kind: kind}}
	}
	profiles, err := Compile(testSecret(t, 1), Table{Name: "profiles", Entity: 0, EntityDomain: "public.users(id)",
		Columns: []Column{{Name: "user_id", Type: Type{Name: "int8"}, Sole: true}, text("nick", "person.first"), text("about", "scrub")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, nicks := range [][]string{{"Anna", "Bea"}, {"Bea", "Anna"}, {"Anna", "Anna"}} {
		known := NewKnown(1 << 20)
		for _, row := range [][]string{{"7", "Carl Berg", "c@post.test", `\N`, `\N`}} {
			if err := users.NewRewriter().Learn(known, copyRow(row...)); err != nil {
				t.Fatal(err)
			}
		}
		if err := addresses.NewRewriter().Learn(known, copyRow("1", "7", "Dora Berg", "1 Mill Lane")); err != nil {
			t.Fatal(err)
		}
		r := profiles.NewRewriter()
		r.LookUpIn(known)
		r.LearnInto(known)
		_, first := r.AppendRow(nil, copyRow("7", nicks[0], "met Anna"))
		_, other := r.AppendRow(nil, copyRow("8", nicks[1], "met Anna"))
		_, second := r.AppendRow(nil, copyRow("7", nicks[1], "met Anna"))
		if first != nil || other != nil || errors.Is(second, ErrDuplicateEntity) != (nicks[0] != nicks[1]) {
			t.Errorf("%q: %v, %v, %v", nicks, first, other, second)
		}
	}
}

// TestKnownIsBounded: what does not fit is an error, and rewriters may learn at
// once.
func TestKnownIsBounded(t *testing.T) {
	users, _, messages := shopTables(t)
	known := NewKnown(3 << 20)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			r := users.NewRewriter()
			for i := range 2000 {
				id := fmt.Sprint(worker*2000 + i)
				if err := r.Learn(known, copyRow(id, "Person"+letters(worker*2000+i)+" Lindberg", "p"+id+"@post.test", `\N`, `\N`)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	r := messages.NewRewriter()
	r.LookUpIn(known)
	for _, id := range []int{0, 1999, 2000, 7999} {
		name := "Person" + letters(id)
		if got := maskRow(t, r, "1", fmt.Sprint(id), "I am "+name, ""); strings.Contains(got[2], name) {
			t.Errorf("%s stays", name)
		}
	}
	small, learner := NewKnown(10_000), users.NewRewriter()
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		err = learner.Learn(small, copyRow(fmt.Sprint(i), "Anna Lindberg", "a@post.test", `\N`, `\N`))
	}
	if !errors.Is(err, ErrKnownFull) || small.Size() > 10_000 || small.Size() < 5_000 {
		t.Errorf("error %v at %d bytes", err, small.Size())
	}
	if err := learner.Learn(small, copyRow("1", "2")); !errors.Is(err, copyfmt.ErrFields) {
		t.Errorf("a short row: %v", err)
	}
}

func letters(n int) string {
	return string([]byte{'a' + byte(n/676%26), 'a' + byte(n/26%26), 'a' + byte(n%26)})
}

// TestKnownInAnyOrder: what texts get does not depend on the order in which
// rows were learned, nor on how often, and an entity's own row counts first.
func TestKnownInAnyOrder(t *testing.T) {
	users, addresses, messages := shopTables(t)
	for i, want := range []bool{false, true, true, true} { // addresses.id is of no use
		if addresses.Learns(i) != want {
			t.Errorf("address column %d is read: %v", i, !want)
		}
	}
	type lesson struct {
		p   *Program
		row []byte
	}
	lessons := []lesson{{users, copyRow("7", "Anna Lindberg", "anna@post.test", `\N`, `\N`)}}
	for i := range 200 {
		lessons = append(lessons, lesson{addresses, copyRow(`\N`, "7", "Receiver"+letters(i)+" Lindberg", fmt.Sprint(i, " Mill Lane"))})
	}
	text := "Anna Lindberg of " + strings.Repeat("Mill Lane ", 3)
	for i := range 200 {
		text += fmt.Sprint(", Receiver"+letters(i), ", ", i, " Mill Lane")
	}
	var first string
	for round := range 20 {
		known := NewKnown(1 << 20)
		for _, i := range rand.New(rand.NewPCG(uint64(round), 1)).Perm(len(lessons)) {
			for range 1 + round%2 {
				if err := lessons[i].p.NewRewriter().Learn(known, lessons[i].row); err != nil {
					t.Fatal(err)
				}
			}
		}
		r := messages.NewRewriter()
		r.LookUpIn(known)
		got := maskRow(t, r, "1", "7", text, "")[2]
		if first == "" {
			first = got
		}
		if got != first || strings.Contains(got, "Anna") || strings.Contains(got, "Lindberg") {
			t.Fatalf("round %d: %q\n%q", round, got, first)
		}
	}
}

// TestFoldedIsDetected: where addresses are equal whatever their case, a text or
// a document that spells one with capitals gets what the columns give, and they
// need not teach it.
func TestFoldedIsDetected(t *testing.T) {
	mail := func(name string, unique bool) Column {
		return Column{Name: name, Type: Type{Name: "text"}, Unique: unique, Fold: true, Mask: &Mask{Kind: "email"}}
	}
	scrub := Column{Name: "note", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}}
	doc := Column{Name: "doc", Type: Type{Name: "jsonb"}, Mask: &Mask{Kind: "json", Params: map[string]any{"paths": map[string]any{"$.mail": "email"}, "other": "keep"}}}
	orders, err := Compile(testSecret(t, 1), Table{Name: "orders", Entity: 0, EntityDomain: "public.users(id)", Domains: map[DomainKey]Domain{{Kind: "email"}: {Fold: true}}, Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}}, mail("customer_email", false), mail("login", true), doc,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if orders.MayLearn() || orders.Learns(1) || orders.Learns(2) {
		t.Error("orders teaches")
	}
	messages, err := Compile(testSecret(t, 1), Table{Name: "messages", Entity: 0, EntityDomain: "public.users(id)", Domains: map[DomainKey]Domain{{Kind: "email"}: {Fold: true}}, Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}}, scrub,
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := maskRow(t, orders.NewRewriter(), "7", "Lars.Berg@post.test", "lars.berg@POST.test", `{"mail": "LARS.BERG@post.test"}`)
	m := messages.NewRewriter()
	m.LookUpIn(NewKnown(1 << 20))
	for _, spelled := range []string{"lars.berg@post.test", "Lars.Berg@Post.Test"} {
		if got := maskRow(t, m, "7", "to "+spelled+" please"); got[1] != "to "+o[1]+" please" {
			t.Errorf("%s: %q, and the column %q", spelled, got[1], o[1])
		}
	}
	if o[2] != o[1] || o[3] != `{"mail": "`+o[1]+`"}` {
		t.Errorf("columns and document differ: %q", o)
	}
	// Without folding of texts it must be taught.
	alone, err := Compile(testSecret(t, 1), Table{Name: "orders", Entity: 0, EntityDomain: "public.users(id)", Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}}, mail("customer_email", false),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !alone.MayLearn() || !alone.Learns(1) {
		t.Error("a folding column whose texts do not fold teaches nothing")
	}
}

// TestDetectedNeedsNoTeaching: a table that holds only what detectors find does
// not teach it, and texts of others get what its columns get all the same.
func TestDetectedNeedsNoTeaching(t *testing.T) {
	_, _, messages := shopTables(t)
	column := func(name, typ, kind string) Column {
		return Column{Name: name, Type: Type{Name: typ}, Mask: &Mask{Kind: kind}}
	}
	orders, err := Compile(testSecret(t, 1), Table{Name: "orders", Entity: 0, EntityDomain: "public.users(id)", Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}}, column("customer_email", "text", "email"), column("ip", "inet", "ip"), column("mac", "macaddr", "mac"), column("note", "text", "scrub"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if orders.MayLearn() {
		t.Error("orders teaches")
	}
	row := []string{"7", "lars.berg@post.test", "84.17.2.9", "f4:5c:89:aa:01:02", "from lars.berg@post.test at 84.17.2.9"}
	o := maskRow(t, orders.NewRewriter(), row...)
	m := messages.NewRewriter()
	m.LookUpIn(NewKnown(1 << 20))
	got := maskRow(t, m, "1", "7", "Write to lars.berg@post.test, seen at 84.17.2.9 on f4:5c:89:aa:01:02", "")
	if want := "Write to " + o[1] + ", seen at " + o[2] + " on " + o[3]; got[2] != want {
		t.Errorf("got  %q\nwant %q", got[2], want)
	}
	if want := "from " + o[1] + " at " + o[2]; o[4] != want {
		t.Errorf("own text: got %q, want %q", o[4], want)
	}
}

// TestKnownOfNeighbours: what a rewriter keeps of an entity from one row to the
// next changes nothing.
func TestKnownOfNeighbours(t *testing.T) {
	users, addresses, _ := shopTables(t)
	text := func(name, kind string) Column {
		return Column{Name: name, Type: Type{Name: "text"}, Mask: &Mask{Kind: kind}}
	}
	notes, err := Compile(testSecret(t, 1), Table{Name: "notes", Entity: 0, EntityDomain: "public.users(id)", Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}}, text("contact", "person.name"), text("phone", "phone"), text("title", "scrub"), text("body", "scrub"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	person := func() string {
		return pick("Anna", "José", "Zoë", "Will", "陳", "O’Brien", "Marie-Claire", "Łukasz") + pick(" ", " van ", " ", "-") + pick("Lindberg", "Rose", "Müller", "大文", "Stone", "Ng")
	}
	phone := func() string { return fmt.Sprintf("%s%07d", pick("+49 30 ", "030 ", "(030) "), rng.IntN(1e7)) }
	known := NewKnown(1 << 20)
	var said []string
	for id := range 12 {
		name, mail, number, nick := person(), fmt.Sprintf("p%d@post.test", id), phone(), "Nick"+letters(id)
		recipient, street := person(), fmt.Sprint(id, " Mill Lane")
		said = append(said, name, mail, number, nick, recipient, street, strings.ToLower(name), strings.ToUpper(recipient))
		if id%5 == 4 {
			continue // nothing is known of it
		}
		for _, x := range []struct {
			p   *Program
			row []byte
		}{{users, copyRow(fmt.Sprint(id), name, mail, number, nick)}, {addresses, copyRow(`\N`, fmt.Sprint(id), recipient, street)}} {
			if err := x.p.NewRewriter().Learn(known, x.row); err != nil {
				t.Fatal(err)
			}
		}
	}
	sentence := func() string {
		if rng.IntN(8) == 0 {
			return `\N`
		}
		var s strings.Builder
		for range rng.IntN(6) {
			s.WriteString(pick("Dear ", "call ", "to ", ", ", " and\n") + pick(said...))
			if rng.IntN(4) == 0 {
				first, _, _ := strings.Cut(pick(said...), " ")
				s.WriteString(" " + first)
			}
		}
		return s.String()
	}
	kept := notes.NewRewriter()
	kept.LookUpIn(known)
	id, changed := "0", 0
	for range 3000 {
		if rng.IntN(3) == 0 {
			id = pick("0", "1", "2", "3", "4", "9", "10", "11", `\N`)
		}
		row := []string{id, pick(person(), `\N`), pick(phone(), `\N`), sentence(), sentence()}
		alone := notes.NewRewriter()
		alone.LookUpIn(known)
		got, want := maskRow(t, kept, row...), maskRow(t, alone, row...)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q:\nbehind others %q\nalone         %q", row, got, want)
		}
		if got[4] != row[4] {
			changed++
		}
	}
	if changed < 1000 {
		t.Errorf("only %d bodies were changed", changed)
	}
}
