package main

import (
	"errors"
	"runtime"
	"strconv"
	"time"
)

// connections is the value of a flag that counts connections; zero, which
// nobody can write, means the default.
type connections int

// mostConnections is more than any server is asked for.
const mostConnections = 1000

func (c *connections) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > mostConnections {
		return errors.New("write a number from 1 to " + strconv.Itoa(mostConnections))
	}
	*c = connections(n)
	return nil
}

// count is how many they are: where none are given, one for each processor, at most 8.
func (c connections) count() int {
	if c > 0 {
		return int(c)
	}
	return min(8, runtime.NumCPU())
}

func (c *connections) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Type names the value in help.
func (c *connections) Type() string { return "connections" }

// patience is the value of a flag that says how long to wait for something.
type patience time.Duration

func (p *patience) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Millisecond {
		return errors.New("write a time such as 500ms, 30s or 5m")
	}
	*p = patience(d)
	return nil
}

func (p *patience) String() string {
	if *p == 0 {
		return "" // of a flag without a default
	}
	return time.Duration(*p).String()
}

// Type names the value in help.
func (p *patience) Type() string { return "duration" }
