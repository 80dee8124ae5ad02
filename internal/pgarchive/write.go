package pgarchive

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Write writes a toc.dat in the format of a.Version. What that version cannot
// hold is an error, with nothing written; only the kinds of relations are left
// out before 1.16, where a restore makes no use of them. See
// [Archive.LowestVersion]. What [Read] would refuse is an error, too.
func (a *Archive) Write(w io.Writer) error {
	text, err := a.encode()
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	_, err = w.Write(text)
	return err
}

func (a *Archive) encode() ([]byte, error) {
	dst, err := a.appendHeader(nil)
	if err != nil {
		return nil, err
	}
	if dst, err = appendInt(dst, len(a.Entries)); err != nil {
		return nil, err
	}
	seen := map[int32]bool{}
	for i, e := range a.Entries {
		err := e.check()
		if err == nil {
			err = e.fits(a.Version)
		}
		if err == nil && seen[e.DumpID] {
			err = errors.New("dump ID is there twice")
		}
		if err == nil {
			dst, err = e.append(dst, a.Version)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d, dump ID %d: %w", i+1, e.DumpID, err)
		}
		seen[e.DumpID] = true
	}
	return dst, nil
}

func (a *Archive) appendHeader(dst []byte) ([]byte, error) {
	if err := a.Version.check(); err != nil {
		return nil, err
	}
	if err := checkOffSize(a.OffSize); err != nil {
		return nil, err
	}
	dst = append(dst, magic...)
	dst = append(dst, byte(a.Version>>16), byte(a.Version>>8), byte(a.Version), intSize, byte(a.OffSize), tocTar)
	var errs [7]error // append goes on after an error, which is looked at below
	if a.Version >= V1_15 {
		if a.Compression.Algorithm > Zstd {
			return nil, errors.New("unknown " + a.Compression.Algorithm.String())
		}
		dst = append(dst, byte(a.Compression.Algorithm))
	} else {
		if err := a.Compression.checkLevel(); err != nil {
			return nil, err
		}
		dst, errs[0] = appendInt(dst, a.Compression.Level)
	}
	if year := a.Created.Year(); year < 1900 || year > 9999 || a.DST < -1 || a.DST > 1 {
		return nil, errors.New("time of creation out of range")
	}
	for _, n := range structTM(a.Created) {
		dst, _ = appendInt(dst, n) // all are small
	}
	dst, errs[1] = appendInt(dst, a.DST)
	dst, errs[2] = appendText(dst, T(a.Database))
	dst, errs[3] = appendText(dst, T(a.ServerVersion))
	dst, errs[4] = appendText(dst, T(a.DumpVersion))
	return dst, errors.Join(errs[:]...)
}

// check tells what no archive may have.
func (e *Entry) check() error {
	switch {
	case e.DumpID < 1:
		return errors.New("dump ID is not above 0")
	case e.Section < SectionNone || e.Section > SectionPostData:
		return errors.New("unknown section")
	case e.RelKind < 0 || e.RelKind > math.MaxInt8:
		return errors.New("unknown kind of relation")
	case e.HadDumper != (e.Filename != ""):
		return errors.New("data without a file, or a file without data")
	case strings.ContainsAny(e.Filename, `/\`) || e.Filename == "." || e.Filename == "..":
		return errors.New("file is not in the archive's folder")
	}
	for _, dep := range e.Deps {
		if dep < 0 {
			return errors.New("dependency below 0")
		}
	}
	return nil
}

// fits tells what an archive of that version cannot hold.
func (e *Entry) fits(v Version) error {
	if err := e.needs(); err != nil && v < V1_16 {
		return fmt.Errorf("%w: needs archive version %v, read by pg_restore 17 and later", err, V1_16)
	}
	if e.TableAM.String != "" && v < V1_14 {
		return fmt.Errorf("access method of a table: needs archive version %v, read by pg_restore 12 and later", V1_14)
	}
	return nil
}

func (e *Entry) append(dst []byte, v Version) ([]byte, error) {
	var errs []error
	keep := func(d []byte, err error) {
		dst = d
		if err != nil {
			errs = append(errs, err)
		}
	}
	text := func(t Text) { keep(appendText(dst, t)) }
	number := func(n int) { keep(appendInt(dst, n)) }
	decimal := func(n int64) { text(T(strconv.FormatInt(n, 10))) }

	number(int(e.DumpID))
	had := 0
	if e.HadDumper {
		had = 1
	}
	number(had)
	decimal(int64(e.TableOID))
	decimal(int64(e.OID))
	text(T(e.Tag))
	text(T(e.Desc))
	number(int(e.Section))
	text(e.Defn)
	text(e.DropStmt)
	text(e.CopyStmt)
	text(e.Namespace)
	text(e.Tablespace)
	if v >= V1_14 {
		text(e.TableAM)
	}
	if v >= V1_16 {
		number(int(e.RelKind))
	}
	text(e.Owner)
	text(T(strconv.FormatBool(e.WithOIDs)))
	for _, dep := range e.Deps {
		decimal(int64(dep))
	}
	text(Text{})
	text(T(e.Filename))
	return dst, errors.Join(errs...)
}

func appendInt(dst []byte, n int) ([]byte, error) {
	if n < -math.MaxInt32 || n > math.MaxInt32 {
		return dst, fmt.Errorf("integer %d out of range", n)
	}
	sign := byte(0)
	if n < 0 {
		sign, n = 1, -n
	}
	return append(dst, sign, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)), nil
}

func appendText(dst []byte, t Text) ([]byte, error) {
	switch {
	case !t.Valid && t.String != "":
		return dst, errors.New("text that is not valid")
	case !t.Valid:
		return appendInt(dst, -1)
	case len(t.String) > maxText:
		return dst, fmt.Errorf("length %d of a string", len(t.String))
	case strings.IndexByte(t.String, 0) >= 0:
		return dst, errors.New("zero byte in a string")
	}
	dst, err := appendInt(dst, len(t.String))
	return append(dst, t.String...), err
}
