package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgstandin/pgstandin/internal/pgserver"
	"github.com/pgstandin/pgstandin/internal/pgtest"
)

// race is a source and a target server, and who copies between them.
type race struct {
	b              *testing.B
	source, target *pgserver.Server
	bin, dir       string
	want           map[string]string // rows by table of the source
}

// contestant copies the shop. run returns what it printed; into is the database
// that must hold all rows afterwards, "" if it is a part.
type contestant struct {
	name string
	into string
	run  func(r *race) (lap, error)
	laps []lap
}

// lap is one measured run.
type lap struct {
	wall    float64 // seconds
	client  float64 // seconds of the processor, of the program and its children
	servers float64 // of both servers
	peak    int64   // MiB, of the largest client process
	data    float64 // seconds of copying rows; 0 if it is not told apart
}

// serverSettings are those of both servers of a race; those of pgserver come on
// top: fsync, synchronous_commit, full_page_writes and jit are off.
var serverSettings = map[string]string{
	"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "maintenance_work_mem": "256MB", "autovacuum": "off",
}

// BenchmarkSideBySide copies a shop with this program and with every other that
// is found on the machine, in turns, checks that all rows arrived, and writes
// medians to the file that PGSTANDIN_BENCH_RESULTS names.
func BenchmarkSideBySide(b *testing.B) {
	users, rounds := benchUsers(b), 3
	if n, err := strconv.Atoi(os.Getenv("PGSTANDIN_BENCH_ROUNDS")); err == nil {
		rounds = n
	}
	r := newRace(b)
	size := r.shop("shop", users)
	pgtest.Exec(b, r.source.DSN("postgres"), "create database rows template shop")
	r.dropKeys("rows")
	r.want = r.rows(r.source, "shop")
	field := r.field()
	for b.Loop() {
		// The first runs take longer: memory and files that were never used before.
		for _, c := range field[:min(2, len(field))] {
			r.prepare()
			if _, err := c.run(r); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
		}
		for round := range rounds {
			for i := range field {
				c := &field[(round+i)%len(field)]
				r.prepare()
				l, err := c.run(r)
				if err != nil {
					b.Fatalf("%s: %v", c.name, err)
				}
				if c.into != "" && round == 0 {
					r.complete(c.name, c.into)
				}
				c.laps = append(c.laps, l)
				b.Logf("round %d: %-42s %6.1f s, rows %5.1f s, client %5.1f s CPU and %d MiB, servers %5.1f s CPU", round+1, c.name, l.wall, l.data, l.client, l.peak, l.servers)
			}
		}
	}
	text := r.results(field, users, size, rounds)
	sizes := r.growth(users, field[0])
	text += growthTable(sizes)
	if file := os.Getenv("PGSTANDIN_BENCH_PLOT"); file != "" {
		if err := os.WriteFile(file, []byte(plot(sizes)), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if file := os.Getenv("PGSTANDIN_BENCH_RESULTS"); file != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.Log("\n" + text)
}

func newRace(b *testing.B) *race {
	r := &race{b: b, dir: b.TempDir()}
	for _, s := range []**pgserver.Server{&r.source, &r.target} {
		server, err := pgserver.Start(b.Context(), pgserver.Config{Settings: serverSettings})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := server.Stop(); err != nil {
				b.Error(err)
			}
		})
		*s = server
	}
	r.bin = released(b)
	return r
}

// shop makes a shop in the source and returns its size.
func (r *race) shop(name string, users int) string {
	x := &bench{server: r.source}
	x.shop(r.b, name, users)
	return pgtest.Query(r.b, r.source.DSN(name), "select pg_size_pretty(pg_database_size(current_database()))")[0][0]
}

// rows counts the rows of all tables.
func (r *race) rows(s *pgserver.Server, database string) map[string]string {
	out := map[string]string{}
	for _, t := range pgtest.Query(r.b, s.DSN(database), "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace") {
		out[t[0]] = pgtest.Query(r.b, s.DSN(database), "select count(*) from "+t[0])[0][0]
	}
	return out
}

// complete checks that a copy has all rows and constraints.
func (r *race) complete(who, database string) {
	if got := r.rows(r.target, database); fmt.Sprint(got) != fmt.Sprint(r.want) {
		r.b.Fatalf("%s copied %v, the source has %v", who, got, r.want)
	}
	const keys = "select count(*) filter (where convalidated), (select count(*) from pg_index where indrelid >= 16384 and indisvalid) from pg_constraint where conrelid >= 16384"
	if got, want := pgtest.Query(r.b, r.target.DSN(database), keys)[0], pgtest.Query(r.b, r.source.DSN("shop"), keys)[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		r.b.Fatalf("%s made %v constraints and indexes, the source has %v", who, got, want)
	}
}

// prepare makes an empty target, and both servers write what they have not yet.
func (r *race) prepare() {
	for _, name := range []string{"staging", "copied"} {
		pgtest.Exec(r.b, r.target.DSN("postgres"), "drop database if exists "+name+" with (force)")
	}
	pgtest.Exec(r.b, r.target.DSN("postgres"), "drop database if exists staging_previous with (force)")
	pgtest.Exec(r.b, r.target.DSN("postgres"), "create database copied template template0")
	for _, s := range []*pgserver.Server{r.source, r.target} {
		pgtest.Exec(r.b, s.DSN("postgres"), "checkpoint")
	}
}

// processor returns the seconds that both servers' ended processes have used.
func (r *race) processor() float64 {
	var total float64
	for _, s := range []*pgserver.Server{r.source, r.target} {
		pid, err := os.ReadFile(filepath.Join(s.DataDir(), "postmaster.pid"))
		if err != nil {
			r.b.Fatal(err)
		}
		first, _, _ := strings.Cut(string(pid), "\n")
		stat, err := os.ReadFile("/proc/" + first + "/stat")
		if err != nil {
			return 0 // not Linux
		}
		f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, i := range []int{13, 14} { // cutime, cstime; the first field here is the third
			n, _ := strconv.ParseFloat(f[i], 64)
			total += n / 100
		}
	}
	return total
}

// measure runs programs one after the other and adds up what they took.
func (r *race) measure(cmds ...*exec.Cmd) (l lap, out string, err error) {
	before := r.processor()
	for _, c := range cmds {
		start := time.Now()
		text, peak, err := runWatched(c)
		l.wall += time.Since(start).Seconds()
		if err != nil {
			return l, "", fmt.Errorf("%s: %w\n%s", c.Args[0], err, text)
		}
		out += string(text)
		l.peak = max(l.peak, peak)
		l.client += (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	time.Sleep(100 * time.Millisecond) // until backends have ended
	l.servers = r.processor() - before
	return l, out, nil
}

// ours is a contestant with rules, on database shop.
func (r *race) ours(name, rules, into string) contestant {
	run := r.refresher("shop", name, rules)
	return contestant{name: "pgstandin, " + name, into: into, run: func(r *race) (lap, error) { return run(r) }}
}

// refresher runs a refresh of staging from a database.
func (r *race) refresher(database, name, rules string) func(*race, ...string) (lap, error) {
	file := filepath.Join(r.dir, strings.ReplaceAll(name, " ", "-")+".yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		r.b.Fatal(err)
	}
	return func(r *race, more ...string) (lap, error) {
		cmd := exec.Command(r.bin, append([]string{"refresh", "--source", r.source.DSN(database), "--target", r.target.DSN("staging"), "--rules", file}, more...)...)
		cmd.Env = append(os.Environ(), "PGSTANDIN_KEY="+keyA, "PGSTANDIN_PG_BIN="+r.source.Bin())
		l, out, err := r.measure(cmd)
		l.data = copySeconds(out)
		return l, err
	}
}

// unmasked decides that every column is kept.
func unmasked() string {
	return "version: 1\ntargets: [\"staging\"]\ncolumns:\n  - { match: \"*.*\", mask: keep }\n"
}

// field is everybody who takes part. Database rows is the shop without keys.
func (r *race) field() []contestant {
	rows := r.refresher("rows", "rows only", unmasked())
	field := []contestant{
		r.ours("everything, masked", everything(r.b), "staging"),
		r.ours("everything, unmasked", unmasked(), "staging"),
		r.ours("5 % of the users, masked", subsetRules(r.b, "{ table: users, sample: 5% }"), ""),
		{name: "pg_dump -Fd -j2 and pg_restore -j2, unmasked", into: "copied", run: (*race).dumpAndRestore},
		{name: "pgstandin, rows only, unmasked", run: func(r *race) (lap, error) { return rows(r) }},
		{name: "relay of COPY text, rows only", run: func(r *race) (lap, error) { return r.relay("text") }},
		{name: "relay of COPY binary, rows only", run: func(r *race) (lap, error) { return r.relay("binary") }},
	}
	if copydb, err := exec.LookPath("pgcopydb"); err == nil {
		field = slices.Insert(field, 1, contestant{name: "pgcopydb clone, unmasked", into: "copied", run: func(r *race) (lap, error) {
			work := filepath.Join(r.dir, "pgcopydb")
			defer os.RemoveAll(work)
			l, _, err := r.measure(exec.Command(copydb, "clone", "--source", r.source.DSN("shop"), "--target", r.target.DSN("copied"),
				"--dir", work, "--table-jobs", "2", "--index-jobs", "2", "--no-owner", "--no-acl", "--not-consistent"))
			return l, err
		}})
	} else {
		r.b.Log("pgcopydb is not on this machine and takes no part (Debian, Ubuntu: apt-get install pgcopydb)")
	}
	return field
}

func (r *race) tool(name string, args ...string) *exec.Cmd {
	tool, err := r.source.Tool(name)
	if err != nil {
		r.b.Fatal(err)
	}
	return exec.Command(tool, args...)
}

func (r *race) dumpAndRestore() (lap, error) {
	dir := filepath.Join(r.dir, "dump")
	defer os.RemoveAll(dir)
	l, _, err := r.measure(
		r.tool("pg_dump", "-Fd", "-Z0", "-j2", "-f", dir, "-d", r.source.DSN("shop")),
		r.tool("pg_restore", "-j2", "-d", r.target.DSN("copied"), dir))
	return l, err
}

// relay makes the tables, which is not measured, and pipes the rows of each from
// psql to psql, two tables at a time, the largest first; keys are not made.
func (r *race) relay(format string) (lap, error) {
	dump := filepath.Join(r.dir, "schema.dump")
	defer os.Remove(dump)
	if _, _, err := r.measure(
		r.tool("pg_dump", "-Fc", "--section=pre-data", "-f", dump, "-d", r.source.DSN("shop")),
		r.tool("pg_restore", "-d", r.target.DSN("copied"), dump)); err != nil {
		return lap{}, err
	}
	psql := r.tool("psql").Path
	var script strings.Builder
	script.WriteString("set -eo pipefail\nrelay() { '" + psql + "' -qXd \"$FROM\" -c \"copy $1 to stdout (format " + format + ")\" | '" + psql +
		"' -qXd \"$INTO\" -c \"copy $1 from stdin (format " + format + ")\"; }\nexport -f relay\nxargs -P2 -I{} bash -ec 'relay \"{}\"' <<'END'\n")
	for _, t := range pgtest.Query(r.b, r.source.DSN("shop"), `
select c.relname || ' (' || string_agg(quote_ident(attname), ', ' order by attnum) || ')'
from pg_class c join pg_attribute a on attrelid = c.oid and attnum > 0 and attgenerated = '' and not attisdropped
where relkind = 'r' and relnamespace = 'public'::regnamespace group by c.oid, relname order by pg_table_size(c.oid) desc`) {
		script.WriteString(t[0] + "\n")
	}
	script.WriteString("END\n")
	cmd := exec.Command("bash", "-c", script.String())
	cmd.Env = append(os.Environ(), "FROM="+r.source.DSN("shop"), "INTO="+r.target.DSN("copied"))
	l, _, err := r.measure(cmd)
	l.data = l.wall
	return l, err
}

// median of one figure of the laps.
func median(laps []lap, of func(lap) float64) float64 {
	all := make([]float64, len(laps))
	for i, l := range laps {
		all[i] = of(l)
	}
	slices.SortFunc(all, cmp.Compare)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// results is the page that is kept.
func (r *race) results(field []contestant, users int, size string, rounds int) string {
	wall := func(l lap) float64 { return l.wall }
	base := field[0]
	for _, c := range field {
		if strings.HasPrefix(c.name, "pgcopydb") {
			base = c
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Side by side\n\nMade by `make bench`. A shop of %s users (%s) is copied between two servers on one machine\n"+
		"with %d cores: medians of %s in turns, each begun by another, after two runs that do not count.\n"+
		"Times of a machine say little about another; ratios of one run do.\n"+
		"Ratio is the time by that of `%s`. Servers is the processor time of both servers.\n\n",
		count(int64(users)), size, runtime.NumCPU(), plural(rounds, "round"), base.name)
	b.WriteString("| who | seconds | ratio | rows | client CPU | servers CPU | client share | client peak |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, c := range field {
		client, servers := median(c.laps, func(l lap) float64 { return l.client }), median(c.laps, func(l lap) float64 { return l.servers })
		rows := "" // seconds of the rows alone
		if d := median(c.laps, func(l lap) float64 { return l.data }); d > 0 {
			rows = fmt.Sprintf("%.1f s", d)
		}
		share := ""
		if client+servers > 0 {
			share = fmt.Sprintf("%.0f %%", 100*client/(client+servers))
		}
		fmt.Fprintf(&b, "| %s | %.1f | %.2f | %s | %.1f s | %.1f s | %s | %.0f MiB |\n", c.name, median(c.laps, wall), median(c.laps, wall)/median(base.laps, wall),
			rows, client, servers, share, median(c.laps, func(l lap) float64 { return float64(l.peak) }))
	}
	b.WriteString("\nAll rows, constraints and indexes of the complete copies are counted after the first round. `rows` is the time until the\n" +
		"last row was in; this program builds keys beside that, except where its source has neither keys nor indexes (rows only).\n" +
		"A relay pipes `psql` to `psql`, two tables at a time, and makes no key.\n\n## Settings\n\n")
	fmt.Fprintf(&b, "- PostgreSQL %s on both ends, %s, %s\n", pgtest.Query(r.b, r.source.DSN("postgres"), "show server_version")[0][0], runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	names := make([]string, 0, len(serverSettings))
	for k, v := range serverSettings {
		names = append(names, k+" = "+v)
	}
	slices.Sort(names)
	fmt.Fprintf(&b, "- servers: %s; fsync, full_page_writes, synchronous_commit and jit off\n", strings.Join(names, ", "))
	if out, err := exec.Command("pgcopydb", "--version").Output(); err == nil {
		first, _, _ := strings.Cut(string(out), "\n")
		fmt.Fprintf(&b, "- %s, `--table-jobs 2 --index-jobs 2`\n", first)
	}
	if v, err := r.tool("pg_dump", "--version").Output(); err == nil {
		fmt.Fprintf(&b, "- %s, `-Fd -Z0 -j2` to a folder, then `pg_restore -j2`\n", strings.TrimSpace(string(v)))
	}
	fmt.Fprintf(&b, "- pgstandin with %d workers, the rules of the demo; its time includes keys, statistics, verification and the swap\n", connections(0).count())
	return b.String()
}
