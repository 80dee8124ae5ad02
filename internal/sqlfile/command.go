package sqlfile

import (
	"bytes"
	"io"
	"strings"
)

// fromArchive says what to do with an archive.
const fromArchive = "turn it into SQL: pg_restore --file=dump.sql ARCHIVE, with --schema-only where no row is needed"

// begin looks at the first bytes: many files that are no SQL say what they are.
func (r *Reader) begin() error {
	r.began = true
	head, err := r.in.Peek(5)
	if err != nil && err != io.EOF {
		return r.fail(err)
	}
	if len(head) == 0 {
		return r.errorf(1, "empty; what was to write it may have failed")
	}
	for _, f := range []struct{ magic, text string }{
		{"PGDMP", "an archive of pg_dump --format=custom, no SQL; " + fromArchive},
		{"toc.d", "an archive of pg_dump --format=tar, no SQL; " + fromArchive},
		{"\x1f\x8b", "compressed with gzip; unpack it first (gunzip)"},
		{"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first (zstd -d)"},
		{"\x04\x22\x4d\x18", "compressed with lz4; unpack it first (lz4 -d)"},
		{"\xff\xfe", "UTF-16, not UTF-8: a shell wrote it so; write the dump with pg_dump --file=FILE instead of >"},
		{"\xfe\xff", "UTF-16, not UTF-8: a shell wrote it so; write the dump with pg_dump --file=FILE instead of >"},
	} {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return r.errorf(1, "%s", f.text)
		}
	}
	if err := r.more(); err != nil && err != io.EOF {
		return err
	}
	if bytes.HasPrefix(r.line, []byte("\xef\xbb\xbf")) {
		r.pos = 3
	}
	return nil
}

func (r *Reader) fail(err error) error {
	r.err = err
	return err
}

// command takes a backslash command, from the backslash to the end of the line.
// Others than those of a dump are refused, and so is everything that psql refuses
// after \restrict.
func (r *Reader) command(it *Item, first bool) (*Item, error) {
	rest := string(bytes.TrimRight(r.line[r.pos+1:], "\r\n"))
	name := rest
	if end := strings.IndexAny(rest, " \t\\"); end >= 0 {
		name = rest[:end]
	}
	it.Kind, it.name, it.args = Command, name, strings.TrimSpace(rest[len(name):])
	if !first {
		return nil, r.errorf(r.number, "backslash command \\%s behind a statement that has no semicolon", printable(name))
	}
	switch name {
	case "restrict":
		if r.key != "" {
			return nil, r.errorf(r.number, "\\restrict within the \\restrict of line %d", r.restrictAt)
		}
		if !isKey(it.args) {
			return nil, r.errorf(r.number, "\\restrict without a key of letters and digits")
		}
		r.key, r.restrictAt = it.args, r.number
	case "unrestrict":
		switch {
		case r.key == "":
			return nil, r.errorf(r.number, "\\unrestrict without a \\restrict before it")
		case it.args != r.key:
			return nil, r.errorf(r.number, "\\unrestrict with another key than the \\restrict of line %d", r.restrictAt)
		}
		r.key = ""
	default:
		if err := r.refuse(name); err != nil {
			return nil, err
		}
		it.name = "connect"
	}
	r.text = append(r.text, r.line[r.from:]...)
	r.pos, r.from = len(r.line), len(r.line)
	it.Text = r.text
	return it, nil
}

// refuse says what to do about a command that is not taken; nil for \connect.
func (r *Reader) refuse(name string) error {
	restricted := ""
	if r.key != "" {
		restricted = "; after \\restrict psql would refuse it too"
	}
	switch name {
	case "connect", "c":
		if r.key == "" {
			return nil
		}
		return r.errorf(r.number, "\\%s after the \\restrict of line %d, where psql refuses it: pg_dump does not write that", name, r.restrictAt)
	case "i", "ir", "include", "include_relative":
		return r.errorf(r.number, "backslash command \\%s: other files are not read%s; put the file's text in its place", name, restricted)
	case ".":
		return r.errorf(r.number, "\\. ends the rows of a COPY … FROM stdin, and there is none before it")
	}
	return r.errorf(r.number, "backslash command \\%s: only \\restrict, \\unrestrict and \\connect of a dump are taken%s; remove the line, or write the file with pg_dump", printable(name), restricted)
}

// isKey reports whether psql takes s as the key of \restrict.
func isKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; !digit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// printable is a command's name as a message has it.
func printable(name string) string {
	name = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, name)
	if runes := []rune(name); len(runes) > 20 {
		name = string(runes[:20]) + "…"
	}
	return name
}
