package pgarchive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

const (
	magic   = "PGDMP"
	intSize = 4
	tocTar  = 3 // the format of a toc.dat, which is the tar format's

	// maxText bounds one string. pg_dump's are SQL statements and names; 1 GB is
	// more than a server takes as one statement.
	maxText = 1 << 30
	// piece is how much is allocated at once for a string whose end was not seen.
	piece = 64 << 10
)

// Read reads a toc.dat, to its end. It allocates in proportion to what r
// delivers, not to the lengths that it claims. An error tells the entry, the
// field and the offset; io.ErrUnexpectedEOF is in it when the file is cut off.
// It quotes no definitions, which may hold values.
func Read(r io.Reader) (*Archive, error) {
	d := &decoder{r: bufio.NewReader(r), entry: -1}
	a := d.archive()
	if d.err == nil {
		if _, err := d.r.ReadByte(); err == nil {
			d.fail("", errors.New("more follows the last entry"))
		} else if err != io.EOF {
			d.fail("", err)
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return a, nil
}

// decoder reads on until its first error; after that all it reads is zero.
type decoder struct {
	r     *bufio.Reader
	off   int64
	entry int // number of the entry that is being read, -1 in the header
	err   error
}

func (d *decoder) fail(field string, err error) {
	if d.err != nil {
		return
	}
	where := "header"
	if d.entry >= 0 {
		where = "entry " + strconv.Itoa(d.entry+1)
	}
	if field != "" {
		where += ", " + field
	}
	d.err = fmt.Errorf("archive: %s: before offset %d: %w", where, d.off, err)
}

func (d *decoder) bytes(field string, p []byte) {
	if d.err != nil {
		return
	}
	n, err := io.ReadFull(d.r, p)
	d.off += int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		clear(p)
		d.fail(field, err)
	}
}

func (d *decoder) byte(field string) byte {
	var b [1]byte
	d.bytes(field, b[:])
	return b[0]
}

func (d *decoder) int(field string) int32 {
	var b [1 + intSize]byte
	d.bytes(field, b[:])
	n := int64(b[1]) | int64(b[2])<<8 | int64(b[3])<<16 | int64(b[4])<<24
	switch {
	case b[0] > 1, b[0] == 1 && n == 0:
		d.fail(field, errors.New("sign of an integer"))
	case n > math.MaxInt32:
		d.fail(field, fmt.Errorf("integer %d out of range", n))
	case b[0] == 1:
		n = -n
	}
	if d.err != nil {
		return 0
	}
	return int32(n)
}

// between reads an integer that is in a range.
func (d *decoder) between(field string, low, high int32) int32 {
	n := d.int(field)
	if d.err == nil && (n < low || n > high) {
		d.fail(field, fmt.Errorf("%d is not in %d to %d", n, low, high))
	}
	return n
}

func (d *decoder) text(field string) Text {
	n := int(d.int(field))
	switch {
	case d.err != nil || n == -1:
		return Text{}
	case n < 0 || n > maxText:
		d.fail(field, fmt.Errorf("length %d of a string", n))
		return Text{}
	case n <= piece:
		p := make([]byte, n)
		d.bytes(field, p)
		return d.checked(field, p)
	}
	var buf bytes.Buffer
	got, err := io.CopyN(&buf, d.r, int64(n))
	d.off += got
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		d.fail(field, err)
		return Text{}
	}
	return d.checked(field, buf.Bytes())
}

// checked refuses what a program in C would take for the end of the string.
func (d *decoder) checked(field string, p []byte) Text {
	if bytes.IndexByte(p, 0) >= 0 {
		d.fail(field, errors.New("zero byte in a string"))
	}
	if d.err != nil {
		return Text{}
	}
	return T(string(p))
}

// string reads a string that must be there.
func (d *decoder) string(field string) string {
	t := d.text(field)
	if d.err == nil && !t.Valid {
		d.fail(field, errors.New("no string"))
	}
	return t.String
}

func (d *decoder) oid(field string) uint32 {
	return uint32(d.decimal(field, d.string(field), math.MaxUint32))
}

// decimal parses a number as C's %u writes it.
func (d *decoder) decimal(field, s string, highest uint64) uint64 {
	n, err := strconv.ParseUint(s, 10, 32)
	if d.err == nil && (err != nil || n > highest || strconv.FormatUint(n, 10) != s) {
		d.fail(field, errors.New("string is not a number in range"))
	}
	return n
}

func (d *decoder) archive() *Archive {
	a := &Archive{}
	var start [len(magic)]byte
	d.bytes("magic", start[:])
	if d.err == nil && string(start[:]) != magic {
		d.fail("magic", errors.New("not a PostgreSQL archive"))
	}
	var b [6]byte
	d.bytes("version and sizes", b[:])
	if d.err != nil {
		return nil
	}
	a.Version = Version(b[0])<<16 | Version(b[1])<<8 | Version(b[2])
	a.OffSize = int(b[4])
	if err := a.Version.check(); err != nil {
		d.fail("", err)
	}
	if b[3] != intSize {
		d.fail("", fmt.Errorf("integers of %d bytes: only %d are supported", b[3], intSize))
	}
	if err := checkOffSize(a.OffSize); err != nil {
		d.fail("", err)
	}
	if b[5] != tocTar {
		d.fail("", fmt.Errorf("format %d: not the toc.dat of an archive in directory format", b[5]))
	}
	a.Compression = d.compression(a.Version)
	a.Created, a.DST = d.time()
	a.Database = d.string("database")
	a.ServerVersion = d.string("version of the server")
	a.DumpVersion = d.string("version of pg_dump")
	n := d.between("number of entries", 0, math.MaxInt32)
	seen := map[int32]bool{}
	for d.entry = 0; d.entry < int(n) && d.err == nil; d.entry++ {
		e := d.read(a.Version)
		if d.err == nil && seen[e.DumpID] {
			d.fail("dump ID", fmt.Errorf("%d is there twice", e.DumpID))
		}
		seen[e.DumpID] = true
		a.Entries = append(a.Entries, e)
	}
	return a
}

func checkOffSize(n int) error {
	if n != 4 && n != 8 {
		return fmt.Errorf("offsets of %d bytes: only 4 and 8 are supported", n)
	}
	return nil
}

func (d *decoder) compression(v Version) Compression {
	const field = "compression"
	if v < V1_15 {
		c := Compression{Level: int(d.int(field))}
		if c.Level != 0 {
			c.Algorithm = Gzip
		}
		if err := c.checkLevel(); err != nil {
			d.fail(field, err)
		}
		return c
	}
	c := Compression{Algorithm: Algorithm(d.byte(field))}
	if c.Algorithm > Zstd {
		d.fail(field, errors.New("unknown "+c.Algorithm.String()))
	}
	if c.Algorithm != None {
		c.Level = DefaultLevel
	}
	return c
}

// time reads C's struct tm.
func (d *decoder) time() (time.Time, int) {
	const field = "time of creation"
	var tm [6]int
	for i := range tm {
		tm[i] = int(d.int(field))
	}
	dst := d.between(field, -1, 1)
	t := time.Date(tm[5]+1900, time.Month(tm[4]+1), tm[3], tm[2], tm[1], tm[0], 0, time.UTC)
	if d.err == nil && (tm != structTM(t) || t.Year() < 1900 || t.Year() > 9999) {
		d.fail(field, errors.New("no such time"))
	}
	return t, int(dst)
}

// structTM returns a time as the first members of C's struct tm.
func structTM(t time.Time) [6]int {
	return [6]int{t.Second(), t.Minute(), t.Hour(), t.Day(), int(t.Month()) - 1, t.Year() - 1900}
}

func (d *decoder) read(v Version) *Entry {
	e := &Entry{}
	e.DumpID = d.between("dump ID", 1, math.MaxInt32)
	e.HadDumper = d.between("whether it has data", 0, 1) == 1
	e.TableOID = d.oid("catalog")
	e.OID = d.oid("object")
	e.Tag = d.string("tag")
	e.Desc = d.string("kind")
	e.Section = Section(d.between("section", int32(SectionNone), int32(SectionPostData)))
	e.Defn = d.text("definition")
	e.DropStmt = d.text("drop statement")
	e.CopyStmt = d.text("copy statement")
	e.Namespace = d.text("schema")
	e.Tablespace = d.text("tablespace")
	if v >= V1_14 {
		e.TableAM = d.text("access method")
	}
	if v >= V1_16 {
		e.RelKind = d.between("kind of relation", 0, math.MaxInt8)
	}
	e.Owner = d.text("owner")
	switch s := d.string("oids"); {
	case s == "true":
		e.WithOIDs = true
	case s != "false" && d.err == nil:
		d.fail("oids", errors.New("neither true nor false"))
	}
	for d.err == nil {
		s := d.text("dependencies")
		if !s.Valid {
			break
		}
		e.Deps = append(e.Deps, int32(d.decimal("dependencies", s.String, math.MaxInt32)))
	}
	e.Filename = d.string("file")
	if err := e.check(); err != nil {
		d.fail("file", err)
	}
	if err := e.fits(v); err != nil {
		d.fail("", err)
	}
	return e
}
