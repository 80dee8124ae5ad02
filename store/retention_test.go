package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func listOf(times ...time.Time) []Listed {
	var out []Listed
	for i, t := range times {
		out = append(out, Listed{Name: fmt.Sprintf("s%03d", i), State: Complete, Manifest: &Manifest{Metadata: Metadata{Created: t}}})
	}
	return out
}

func TestRetention(t *testing.T) {
	// A Sunday, and one a day back from it.
	day := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	var times []time.Time
	for i := range 40 {
		times = append(times, day.AddDate(0, 0, -i))
	}
	var got []string
	for _, d := range (Retention{Last: 3, Weekly: 2, Monthly: 3}).Decide(listOf(times...)) {
		if len(d.Keep) > 0 {
			got = append(got, d.Manifest.Created.Format("01-02")+" "+strings.Join(d.Keep, "+"))
		}
	}
	want := []string{"03-01 last 1+weekly 1+monthly 1", "02-28 last 2+monthly 2", "02-27 last 3", "02-22 weekly 2", "01-31 monthly 3"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What any retention says holds for any set of snapshots: the newest is kept, each
// rule keeps as many as it may and the newest of each period, more keeping never
// removes more, and pruning twice is pruning once.
func TestRetentionProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var times []time.Time
		start := time.Date(2019+random.IntN(5), 1, 1, 0, 0, 0, 0, time.UTC)
		for range random.IntN(60) {
			times = append(times, start.Add(time.Duration(random.Int64N(int64(900*24*time.Hour)))).In(time.FixedZone("x", random.IntN(86400)-43200)))
		}
		list := listOf(times...)
		list = append(list, Listed{Name: "partial", State: Incomplete}, Listed{Name: "damaged", State: Damaged})
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		r := Retention{Last: random.IntN(5), Daily: random.IntN(5), Weekly: random.IntN(5), Monthly: random.IntN(5), Yearly: random.IntN(3)}
		all := r.Decide(list)
		if len(all) != len(times) {
			t.Fatalf("%d decisions on %d snapshots", len(all), len(times))
		}
		var kept []Listed
		counts, newest := map[string]int{}, map[string]string{}
		for i, d := range all {
			if i > 0 && d.Manifest.Created.After(all[i-1].Manifest.Created) {
				t.Fatal("not the newest first")
			}
			if len(d.Keep) > 0 {
				kept = append(kept, d.Listed)
			}
			for _, k := range d.Keep {
				rule, _, _ := strings.Cut(k, " ")
				counts[rule]++
				if k != fmt.Sprintf("%s %d", rule, counts[rule]) {
					t.Fatalf("kept by %s", k)
				}
			}
			u := d.Manifest.Created.UTC()
			y, w := u.ISOWeek()
			for rule, period := range map[string]string{"daily": u.Format(time.DateOnly), "weekly": fmt.Sprint(y, w), "monthly": u.Format("2006-01"), "yearly": u.Format("2006")} {
				first := newest[rule+period] == ""
				newest[rule+period] = d.Name
				if by := slices.ContainsFunc(d.Keep, func(k string) bool { return strings.HasPrefix(k, rule) }); by && !first {
					t.Fatalf("%s is kept as the newest of its period, which it is not: %s", d.Name, rule)
				}
			}
		}
		periods := map[string]int{"last": len(times)}
		for k := range newest {
			periods[strings.TrimRight(k, "0123456789- ")]++
		}
		for rule, n := range map[string]int{"last": r.Last, "daily": r.Daily, "weekly": r.Weekly, "monthly": r.Monthly, "yearly": r.Yearly} {
			if counts[rule] != min(n, periods[rule]) {
				t.Fatalf("%s keeps %d, of %d in %d periods", rule, counts[rule], n, periods[rule])
			}
		}
		if !r.Empty() && len(all) > 0 && len(all[0].Keep) == 0 {
			t.Fatal("the newest is not kept")
		}
		for _, d := range r.Decide(kept) {
			if len(d.Keep) == 0 {
				t.Fatalf("a second time %s goes too", d.Name)
			}
		}
		more := r
		more.Weekly++
		keptByMore := map[string]bool{}
		for _, d := range more.Decide(list) {
			keptByMore[d.Name] = len(d.Keep) > 0
		}
		for _, l := range kept {
			if !keptByMore[l.Name] {
				t.Fatal("a rule that keeps more keeps less")
			}
		}
	}
}
