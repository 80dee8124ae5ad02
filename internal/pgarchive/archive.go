package pgarchive

import "time"

// Archive is what a toc.dat holds.
type Archive struct {
	Version Version
	// OffSize is the size of a file offset on the machine of the dump, 4 or 8.
	// Nothing in a toc.dat depends on it.
	OffSize     int
	Compression Compression
	// Created is when the dump began, to the second, by the clock on the wall:
	// archives say nothing of a time zone. Read returns it as if it were UTC.
	Created time.Time
	// DST is what C's tm_isdst was: 1 in summer time, 0 else, -1 if not known.
	DST int

	Database      string // the name of the database
	ServerVersion string // as the server says it: 15.14 (Debian 15.14-0+deb12u1)
	DumpVersion   string // of pg_dump, likewise

	// Entries are in the order in which pg_restore without -j takes them.
	Entries []*Entry
}

// Section is the part of a restore that an entry belongs to.
type Section int32

// The sections, with the numbers that archives have for them.
const (
	SectionNone     Section = 1 // comments and privileges, which go with what they are of
	SectionPreData  Section = 2
	SectionData     Section = 3
	SectionPostData Section = 4 // indexes, triggers, constraints
)

// Text is a string that an archive may lack. The zero value lacks it; a valid
// one may be empty. pg_restore treats both alike nearly everywhere.
type Text struct {
	String string // "" if not Valid
	Valid  bool
}

// T returns a valid text.
func T(s string) Text { return Text{s, true} }

// Entry is one object of an archive, or the rows of one.
type Entry struct {
	DumpID    int32 // above 0, unique in its archive; what Deps name
	HadDumper bool  // there is data in a file, see Filename
	TableOID  uint32
	OID       uint32 // of the object, in the catalog that TableOID names
	Tag       string // name of the object, without its schema
	Desc      string // kind of the object: TABLE, TABLE DATA, FK CONSTRAINT
	Section   Section
	Defn      Text // SQL that makes the object
	DropStmt  Text // SQL that drops it
	CopyStmt  Text // COPY … FROM stdin; that loads the rows
	Namespace Text // name of the schema
	// Tablespace is the object's, "" for the default one.
	Tablespace Text
	// TableAM is the access method of a table. Since 1.14.
	TableAM Text
	// RelKind is pg_class.relkind of a relation, else 0. Since 1.16.
	RelKind int32
	Owner   Text
	// WithOIDs marks a table with OIDs, which no server since 12 makes.
	WithOIDs bool
	// Deps are DumpIDs of entries that are restored before this one; they need
	// not all be in the archive. The first one of TABLE DATA is its table: by
	// that pg_restore -j lets indexes and keys of the table wait for its rows.
	Deps []int32
	// Filename is that of the data, without the ending of a compressed file;
	// "" for none.
	Filename string
}

// Entry returns the entry of that DumpID, or nil.
func (a *Archive) Entry(dumpID int32) *Entry {
	for _, e := range a.Entries {
		if e.DumpID == dumpID {
			return e
		}
	}
	return nil
}

// Table returns the entry of Desc TABLE or FOREIGN TABLE with that name, or nil.
// Partitions are tables too.
func (a *Archive) Table(namespace, name string) *Entry {
	for _, e := range a.Entries {
		if (e.Desc == "TABLE" || e.Desc == "FOREIGN TABLE") && e.Namespace.String == namespace && e.Tag == name {
			return e
		}
	}
	return nil
}

// Sequence returns the entry of Desc SEQUENCE with that name, which is there for
// the sequences of identity columns too, or nil.
func (a *Archive) Sequence(namespace, name string) *Entry {
	return a.named(namespace, name, "SEQUENCE")
}

// MatView returns the entry of Desc MATERIALIZED VIEW with that name, or nil.
func (a *Archive) MatView(namespace, name string) *Entry {
	return a.named(namespace, name, "MATERIALIZED VIEW")
}

func (a *Archive) named(namespace, name, desc string) *Entry {
	for _, e := range a.Entries {
		if e.Desc == desc && e.Tag == name && e.Namespace.String == namespace {
			return e
		}
	}
	return nil
}
