package pgarchive

import (
	"errors"
	"fmt"
)

// Version is the version of an archive's format: the major number in the third
// byte, the minor in the second and the revision in the first, so that versions
// compare as numbers. The revision has always been 0.
//
// pg_restore reads the versions up to the one that its own pg_dump writes:
//
//	PostgreSQL 10.3 and later, 11   1.13
//	PostgreSQL 12 to 15             1.14
//	PostgreSQL 16                   1.15
//	PostgreSQL 17, 18               1.16
type Version uint32

// The versions that this package reads and writes.
const (
	V1_12 Version = 1<<16 | 12<<8 // large objects have entries
	V1_13 Version = 1<<16 | 13<<8 // definitions do not rely on search_path
	V1_14 Version = 1<<16 | 14<<8 // Entry.TableAM
	V1_15 Version = 1<<16 | 15<<8 // the algorithm of the compression
	V1_16 Version = 1<<16 | 16<<8 // Entry.RelKind, entries of many large objects
)

// String returns the version as pg_restore -l shows it: 1.14-0.
func (v Version) String() string { return fmt.Sprintf("%d.%d-%d", v>>16, v>>8&255, v&255) }

func (v Version) check() error {
	if v < V1_12 || v > V1_16 || v&255 != 0 {
		return fmt.Errorf("archive version %v: only 1.12-0 to 1.16-0 are supported", v)
	}
	return nil
}

// Algorithm is how data files are compressed.
type Algorithm byte

// The algorithms, with the numbers that archives have for them. None and Gzip
// are read by every pg_restore that was built with zlib; the others by that of
// PostgreSQL 16 and later, if built with them, in archives of version 1.15.
const (
	None Algorithm = iota
	Gzip
	LZ4
	Zstd
)

// String returns the name that pg_dump --compress has for it.
func (a Algorithm) String() string {
	switch a {
	case None:
		return "none"
	case Gzip:
		return "gzip"
	case LZ4:
		return "lz4"
	case Zstd:
		return "zstd"
	}
	return fmt.Sprintf("compression %d", byte(a))
}

// Suffix returns what the names of data files end in: ".gz", and "" for None.
func (a Algorithm) Suffix() string {
	return map[Algorithm]string{Gzip: ".gz", LZ4: ".lz4", Zstd: ".zst"}[a]
}

// DefaultLevel leaves the level to the algorithm.
const DefaultLevel = -1

// Compression is how the data files of an archive are compressed. It is a
// remark: pg_restore goes by the names of the files.
type Compression struct {
	Algorithm Algorithm
	// Level is 1 to 9 for Gzip, to 12 for LZ4, to 22 for Zstd, or DefaultLevel; 0
	// for None. Levels of LZ4 and Zstd stand for the nearest of a few. Archives
	// since 1.15 do not record it: there Read returns 0 for None and DefaultLevel for
	// all others, and Write takes no notice of it.
	Level int
}

// checkLevel tells whether the compression can be recorded before 1.15.
func (c Compression) checkLevel() error {
	switch {
	case c.Algorithm == None && c.Level == 0:
	case c.Algorithm == Gzip && (c.Level == DefaultLevel || c.Level >= 1 && c.Level <= 9):
	case c.Algorithm > Gzip:
		return fmt.Errorf("%v: needs archive version %v, read by pg_restore 16 and later", c.Algorithm, V1_15)
	default:
		return fmt.Errorf("%v: level %d", c.Algorithm, c.Level)
	}
	return nil
}

var errKind = errors.New("access method of a partitioned table")

// LowestVersion returns the lowest version, 1.14 at least, that holds all that
// the archive says: 1.14, which pg_restore of PostgreSQL 12 and later reads, but
//
//   - 1.15 if the compression is LZ4 or Zstd (pg_restore 16 and later),
//   - 1.16 if entries stand for several large objects each, as pg_dump 17 and
//     later writes them, or a partitioned table has an access method
//     (pg_restore 17 and later).
//
// To let older programs read an archive, set its Version to this one. The SQL in
// it remains what pg_dump wrote, which an older server may not know.
func (a *Archive) LowestVersion() Version {
	lowest := V1_14
	if a.Compression.Algorithm > Gzip {
		lowest = V1_15
	}
	for _, e := range a.Entries {
		if e.needs() != nil {
			return V1_16
		}
	}
	return lowest
}

// needs returns why the entry needs version 1.16, or nil.
func (e *Entry) needs() error {
	switch {
	case e.RelKind == 'p' && e.TableAM.String != "":
		return errKind
	case e.Desc == "BLOB METADATA", e.Desc == "BLOBS" && e.Filename != "" && e.Filename != blobsFile:
		return fmt.Errorf("%s", e.Desc)
	}
	return nil
}

// blobsFile lists the large objects of an archive before version 1.16.
const blobsFile = "blobs.toc"
