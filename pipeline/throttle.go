package pipeline

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// throttle slows down what the workers read from the source, together, and stops
// it while it is paused: the server then waits for us to read on. The zero value
// lets everything pass.
type throttle struct {
	rate int64 // bytes a second; 0 is no limit

	mu     sync.Mutex
	free   time.Time     // when what was read is paid for
	resume chan struct{} // while paused: closed at its end
}

// burst is how much time's worth of bytes may be read at once.
const burst = 50 * time.Millisecond

// pause stops reading, or lets it go on.
func (t *throttle) pause(stop bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case stop && t.resume == nil:
		t.resume = make(chan struct{})
	case !stop && t.resume != nil:
		close(t.resume)
		t.resume = nil
	}
}

// most returns how many of n bytes may be read at once.
func (t *throttle) most(n int) int {
	if t.rate == 0 {
		return n
	}
	return min(n, max(1<<10, int(float64(t.rate)*burst.Seconds())))
}

// read notes that n bytes were read.
func (t *throttle) read(n int) {
	if t.rate == 0 || n <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); t.free.Before(now) {
		t.free = now
	}
	t.free = t.free.Add(time.Duration(float64(n) / float64(t.rate) * float64(time.Second)))
}

// wait returns when reading may go on, or when wake is signalled.
func (t *throttle) wait(wake <-chan struct{}) {
	for {
		t.mu.Lock()
		resume, due := t.resume, time.Until(t.free)
		t.mu.Unlock()
		if resume != nil {
			select {
			case <-resume:
				continue
			case <-wake:
				return
			}
		}
		if due <= 0 {
			return
		}
		timer := time.NewTimer(due)
		select {
		case <-timer.C:
		case <-wake:
			timer.Stop()
			return
		}
	}
}

// throttled is a connection whose reads a throttle slows down. A deadline, by
// which pgconn interrupts a read, and Close end the waiting. Behind a deadline that
// is over pgconn gives the connection up, and reads what was on its way before it
// closes it: nothing holds that up.
type throttled struct {
	net.Conn
	t     *throttle
	wake  chan struct{}
	given atomic.Bool // up
}

func (t *throttle) wrap(c net.Conn) net.Conn {
	return &throttled{Conn: c, t: t, wake: make(chan struct{}, 1)}
}

// interrupt ends the waiting; for good, where at is over.
func (c *throttled) interrupt(at time.Time) {
	if !at.After(time.Now()) {
		c.given.Store(true)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *throttled) Read(b []byte) (int, error) {
	if c.given.Load() {
		return c.Conn.Read(b)
	}
	c.t.wait(c.wake)
	n, err := c.Conn.Read(b[:c.t.most(len(b))])
	c.t.read(n)
	return n, err
}

func (c *throttled) Close() error {
	err := c.Conn.Close()
	c.interrupt(time.Time{})
	return err
}

func (c *throttled) SetDeadline(at time.Time) error {
	err := c.Conn.SetDeadline(at)
	if !at.IsZero() {
		c.interrupt(at)
	}
	return err
}

func (c *throttled) SetReadDeadline(at time.Time) error {
	err := c.Conn.SetReadDeadline(at)
	if !at.IsZero() {
		c.interrupt(at)
	}
	return err
}
