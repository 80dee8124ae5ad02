package rules

import (
	"errors"
	"path"
	"strconv"
	"strings"
)

// Target is a pattern of databases that a run may replace.
type Target struct {
	text string
	host string // "" for any
	port uint16 // 0 for any
	name string
	line int
}

// String is the pattern as written.
func (t Target) String() string { return t.text }

// Targets are the databases that a run may replace.
type Targets []Target

// Match reports whether one of the patterns names the target. A pattern
// without a host counts only where source and target have different names, so
// that two swapped connection strings are not taken for what was meant.
func (ts Targets) Match(host string, port uint16, name, sourceName string) bool {
	for _, t := range ts {
		if t.host == "" && name == sourceName || t.port != 0 && t.port != port || !like(t.name, name) {
			continue
		}
		if t.host == "" || like(strings.ToLower(t.host), strings.ToLower(strings.Trim(host, "[]"))) {
			return true
		}
	}
	return false
}

// parseTarget reads [host[:port]/]name.
func parseTarget(text string) (Target, error) {
	t := Target{text: text, name: text}
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		host, name := text[:i], text[i+1:]
		if host == "" {
			return t, errors.New("the host before / is empty; write host/name, or the name alone")
		}
		t.name = name
		if j := strings.LastIndexByte(host, ':'); j >= 0 && !strings.HasSuffix(host, "]") && strings.Count(host[:j], "[") == strings.Count(host[:j], "]") && (strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1) {
			port, err := strconv.ParseUint(host[j+1:], 10, 16)
			if err != nil || port == 0 {
				return t, errors.New("a port that is no number from 1 to 65535; write host:5432/name")
			}
			t.port, host = uint16(port), host[:j]
		}
		if strings.Contains(host, ":") { // an address of IP version 6
			host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
		}
		t.host = host
	}
	if t.name == "" {
		return t, errors.New("the database's name is empty; write host/name, or the name alone")
	}
	if strings.Trim(t.name, "*?") == "" && t.host == "" {
		return t, errors.New("it names every database of every server; write a name, or host/*")
	}
	for _, p := range []string{t.host, t.name} {
		if _, err := path.Match(p, ""); err != nil {
			return t, errors.New("a pattern whose [ is not closed")
		}
	}
	return t, nil
}
