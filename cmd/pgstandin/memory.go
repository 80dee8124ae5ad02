package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteCount is the value of a flag that takes an amount of memory.
type byteCount int64

// byteRate is that of one that takes bytes a second.
type byteRate int64

var byteUnits = []struct {
	name string
	size float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

// Set refuses less than what the smallest run needs.
func (b *byteCount) Set(s string) error { return setBytes(b, s, 1<<20, "1MiB") }

// Set refuses a rate at which one block would take seconds.
func (b *byteRate) Set(s string) error { return setBytes(b, s, 64<<10, "64KiB") }

func (b *byteRate) String() string { return (*byteCount)(b).String() }

// Type names the value in help.
func (b *byteRate) Type() string { return "amount" }

// setBytes reads an amount with its unit into b, which stays as it is with an error.
func setBytes[T byteCount | byteRate](b *T, s string, least float64, spelt string) error {
	text := strings.ToLower(strings.TrimSpace(s))
	for _, u := range byteUnits {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || math.IsNaN(n) || n < 0 || strings.ContainsAny(number, "xp_in") {
			break
		}
		n *= u.size
		switch {
		case n < least:
			return fmt.Errorf("less than %s", spelt)
		case n > 1<<50:
			return fmt.Errorf("more than 1024TiB")
		}
		*b = T(n)
		return nil
	}
	return fmt.Errorf("write an amount such as 512MiB, 800MB or 1.5GiB")
}

func (b *byteCount) String() string {
	n := int64(*b)
	if n == 0 {
		return "" // of a flag without a default
	}
	for _, u := range []struct {
		name string
		size int64
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

func (b *byteCount) Type() string { return "amount" }
