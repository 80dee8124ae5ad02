package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteCount is the value of a flag that takes an amount of memory.
type byteCount int64

// leastMemory is less than what the smallest run needs.
const leastMemory = 1 << 20

var byteUnits = []struct {
	name string
	size float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
}

func (b *byteCount) Set(s string) error {
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
		case n < leastMemory:
			return fmt.Errorf("less than 1MiB")
		case n > 1<<50:
			return fmt.Errorf("more than 1024TiB")
		}
		*b = byteCount(n)
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
