package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pgstandin/pgstandin/internal/pgserver"
)

const faultShop = `
create table users (id int primary key, email text unique not null, name text, phone text, referrer_id int references users);
create table payment_methods (id int primary key, user_id int not null references users, iban text);
create table orders (id int generated always as identity primary key, user_id int not null references users, payment_method_id int references payment_methods, total numeric(10,2));
create table audit_logs (id int primary key, user_id int references users, action text, created_at timestamptz not null);
insert into users select i, 'anna' || i || '@mail.example', 'Anna Berg' || i, '+49 30 ' || 100000 + i, nullif(i / 2, 0) from generate_series(1, 1000) i;
insert into payment_methods select i, i, 'DE89370400440532' || 100000 + i from generate_series(1, 1000) i;
insert into orders (user_id, payment_method_id, total) select 1 + i % 1000, 1 + i % 1000, i from generate_series(1, 5000) i;
insert into audit_logs select i, 1 + i % 1000, repeat('x', 500), '2020-01-01' from generate_series(1, 6000) i;
create view big_orders as select * from orders where total > 100;
create function slow(int) returns int immutable language plpgsql as 'begin if $1 % 100 = 0 then perform pg_sleep(0.002); end if; return $1; end';
create index audit_logs_slow on audit_logs (slow(id));
create role runner superuser login password 'runner';
`

const faultRules = `version: 1
targets: ["shop_staging"]
tables:
  audit_logs:
    where: "id % 3 > 0"
    columns: { action: keep, created_at: keep }
  payment_methods: { columns: { iban: hash } }
  users: { columns: { email: email, name: hash, phone: phone } }
  orders: { columns: { total: keep } }
`

// matrix is a shop under faults: two servers, and what staging holds when a run
// with either key has succeeded. Runs take turns with the keys, so that the old
// data and the new differ in every masked value.
type matrix struct {
	t              *testing.T
	inPlace        bool // the runs are
	source, target *pgserver.Server
	wires          [2]*wire // before source and target
	bin, rules     string
	tmp            string            // TMPDIR of the runs
	small          string            // where the target's disk can be filled, or ""
	sums           map[string]string // by key
	has            string            // the key of what staging holds
	steps          []stepTime        // of a run without a fault
	rng            *rand.Rand
}

// point is one run under one fault.
type point struct {
	*matrix
	fault    *fault
	key      string
	args     []string // added to the command's
	env      []string
	via      [2]bool // connect through the wire
	cmd      *exec.Cmd
	out      *steps
	done     chan struct{}
	step     string // at which the fault hit
	undo     []func()
	outcome  string
	status   int
	duration time.Duration
}

func newMatrix(t *testing.T, rng *rand.Rand, inPlace bool) *matrix {
	t.Helper()
	m := &matrix{t: t, inPlace: inPlace, rng: rng, tmp: t.TempDir(), sums: map[string]string{}}
	m.source = m.server("", nil)
	m.small = m.smallDisk()
	// A restart must not lose what was committed, and the disk is small.
	m.target = m.server(m.small, map[string]string{"synchronous_commit": "on", "max_wal_size": "64MB", "min_wal_size": "32MB", "autovacuum": "off"})
	if m.small != "" && !strings.HasPrefix(m.target.DataDir(), m.small) {
		m.small = "" // its user cannot get there
	}
	for i, s := range []*pgserver.Server{m.source, m.target} {
		m.wires[i] = newWire(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port())))
	}
	m.must(m.source, "postgres", "create database shop")
	m.must(m.source, "shop", faultShop)
	m.must(m.target, "postgres", "create role runner superuser login password 'runner'")
	if inPlace {
		m.must(m.target, "postgres", "create database shop_staging owner runner")
	}
	m.rules = filepath.Join(t.TempDir(), "pgstandin.yaml")
	if err := os.WriteFile(m.rules, []byte(faultRules), 0o600); err != nil {
		t.Fatal(err)
	}
	m.bin = program(t)
	for _, key := range []string{keyA, keyB, keyA} {
		p := &point{matrix: m, fault: &fault{name: "no fault"}, key: key}
		p.start()
		p.wait()
		if p.status != exitDone {
			t.Fatalf("a run without a fault: status %d\n%s", p.status, p.out)
		}
		sum, err := m.sum()
		if err != nil {
			t.Fatal(err)
		}
		if old, ok := m.sums[key]; ok && old != sum {
			t.Fatal("two runs with the same key differ")
		}
		m.sums[key], m.has, m.steps = sum, key, p.out.times
	}
	if m.sums[keyA] == m.sums[keyB] {
		t.Fatal("runs with two keys give the same data")
	}
	return m
}

func (m *matrix) server(parent string, settings map[string]string) *pgserver.Server {
	m.t.Helper()
	s, err := pgserver.Start(m.t.Context(), pgserver.Config{Parent: parent, Settings: settings, Log: os.Stderr})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = m.control(s, "stop", "-m", "immediate") // a restarted one is not Stop's child
		if err := s.Stop(); err != nil {
			m.t.Error(err)
		}
	})
	return s
}

// must runs statements as a superuser that is not the run's.
func (m *matrix) must(s *pgserver.Server, database, sql string) [][]string {
	m.t.Helper()
	rows, err := query(s.DSN(database), sql)
	if err != nil {
		m.t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// query returns the last statement's rows.
func query(dsn, sql string) (rows [][]string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
	for _, r := range results {
		rows = nil
		for _, values := range r.Rows {
			row := make([]string, len(values))
			for i, v := range values {
				row[i] = string(v)
			}
			rows = append(rows, row)
		}
	}
	return rows, err
}

// sum is a checksum over every row of staging. It waits for a server that is
// about to restart, and for nothing else.
func (m *matrix) sum() (string, error) {
	var all []string
	for _, table := range []string{"users", "payment_methods", "orders", "audit_logs", "big_orders"} {
		all = append(all, "select '"+table+"', count(*)::text, md5(string_agg(t::text, '|' order by t::text)) from "+table+" t")
	}
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		rows, err := query(m.target.DSN("shop_staging"), strings.Join(all, " union all ")+" order by 1")
		var refused *pgconn.ConnectError
		var pg *pgconn.PgError
		if err != nil && time.Since(begin) < 30*time.Second && (!asError(err, &pg) && asError(err, &refused) || pg != nil && pg.Code == "57P03") {
			continue
		}
		return fmt.Sprint(rows), err
	}
}

func (m *matrix) dsn(end int, through bool) string {
	s, database := m.source, "shop"
	if end == 1 {
		s, database = m.target, "shop_staging"
	}
	port := s.Port()
	if through {
		port = m.wires[end].port
	}
	return fmt.Sprintf("host=127.0.0.1 port=%d user=runner password=runner dbname=%s sslmode=disable", port, database)
}

func (p *point) start() {
	p.t.Helper()
	args := append([]string{"refresh", "--json", "--source", p.dsn(0, p.via[0]), "--target", p.dsn(1, p.via[1]), "--rules", p.rules, "--workers", "2"}, p.args...)
	if p.inPlace {
		args = append(args, "--in-place")
	}
	p.cmd = exec.Command(p.bin, args...)
	p.cmd.Env = append(append(os.Environ(), "PGSTANDIN_KEY="+p.key, "TMPDIR="+p.tmp), p.env...)
	p.out = &steps{began: make(chan string, 100)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = 10 * time.Second
	p.done = make(chan struct{})
	p.duration = -time.Duration(time.Now().UnixNano())
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
}

func (p *point) wait() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.done
		p.t.Errorf("the run hangs:\n%s", p.out)
	}
	p.duration += time.Duration(time.Now().UnixNano())
	p.status = p.cmd.ProcessState.ExitCode()
}

// moment waits for a random moment of the run: of a random step, or of all of it.
func (p *point) moment() {
	var whole time.Duration
	for _, s := range p.steps {
		whole += s.Took
	}
	if p.rng.IntN(3) == 0 {
		p.sleep(time.Duration(p.rng.Float64() * float64(whole) * 1.05))
		return
	}
	step := p.steps[p.rng.IntN(len(p.steps))]
	for {
		select {
		case began := <-p.out.began:
			if began == step.Name {
				p.sleep(time.Duration(p.rng.Float64() * float64(step.Took)))
				return
			}
		case <-p.done:
			return
		}
	}
}

// sleep ends early when the run does.
func (p *point) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.done:
	}
}

// ended says whether the run is over.
func (p *point) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// run runs the point, and looks at what it left.
func (p *point) run() {
	m, t := p.matrix, p.t
	p.key = keyA
	if m.has == keyA {
		p.key = keyB
	}
	if p.fault.before != nil {
		p.fault.before(p)
	}
	p.start()
	if p.fault.strike != nil {
		p.moment()
		p.step = p.out.at()
		if p.ended() {
			p.step = "after the end"
		} else {
			p.fault.strike(p)
		}
	} else {
		p.step = "the whole run"
	}
	p.wait()
	for _, undo := range slices.Backward(p.undo) {
		undo()
	}
	// A process that does not listen to signals yet ends by them, and has said nothing.
	early := p.status == -1 && slices.Contains(p.fault.ends, exitInterrupted) && p.out.String() == ""
	if p.status != exitDone && !early && !slices.Contains(p.fault.ends, p.status) || strings.Contains(p.out.String(), "panic") {
		t.Errorf("status %d:\n%s", p.status, p.out)
	}
	p.look()
	p.sourceIsFree()
	next := &point{matrix: m, fault: p.fault, key: p.key}
	next.start()
	next.wait()
	if next.status != exitDone {
		t.Errorf("the next run: status %d:\n%s\nafter:\n%s", next.status, next.out, p.out)
	}
	m.has = p.key
	if got, err := m.sum(); err != nil || got != m.sums[m.has] {
		t.Errorf("staging after the next run: error %v", err)
	}
	m.isClean()
}
