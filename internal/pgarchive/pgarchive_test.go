package pgarchive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// sample returns an archive that has all fields of its version.
func sample(v Version) *Archive {
	a := &Archive{
		Version: v, OffSize: 8, Compression: Compression{Gzip, DefaultLevel},
		Created: time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC), DST: 1,
		Database: "shop", ServerVersion: "15.14", DumpVersion: "15.14",
		Entries: []*Entry{
			{DumpID: 7, Tag: "ENCODING", Desc: "ENCODING", Section: SectionPreData, Defn: T("SET client_encoding = 'UTF8';\n"), DropStmt: T("")},
			{
				DumpID: 200, TableOID: 1259, OID: 4294967295, Tag: "Größe \"x\"\n", Desc: "TABLE", Section: SectionPreData,
				Defn: T("CREATE TABLE t ();\n" + strings.Repeat("-- long\n", 20000)), DropStmt: T("DROP TABLE t;\n"),
				Namespace: T("public"), Tablespace: T(""), Owner: T("o"), Deps: []int32{7, 3},
			},
			{
				DumpID: 201, HadDumper: true, OID: 5, Tag: "t", Desc: "TABLE DATA", Section: SectionData, CopyStmt: T("COPY t FROM stdin;\n"),
				WithOIDs: true, Deps: []int32{200}, Filename: "201.dat",
			},
		},
	}
	if v >= V1_14 {
		a.Entries[1].TableAM = T("heap")
	}
	if v >= V1_16 {
		a.Entries[1].RelKind = 'r'
	}
	return a
}

var versions = []Version{V1_12, V1_13, V1_14, V1_15, V1_16}

func encode(t testing.TB, a *Archive) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for _, v := range versions {
		want := sample(v)
		text := encode(t, want)
		got, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %+v, want %+v", v, got, want)
		}
		if !bytes.Equal(encode(t, got), text) {
			t.Errorf("%v: written in another way", v)
		}
	}
}

func TestCutOff(t *testing.T) {
	a := sample(V1_16)
	a.Entries[1].Defn = T("x")
	text := encode(t, a)
	for n := range text {
		if _, err := Read(bytes.NewReader(text[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %v", n, len(text), err)
		}
	}
	if _, err := Read(bytes.NewReader(append(text, 0))); err == nil || !strings.Contains(err.Error(), "more follows") {
		t.Errorf("a byte more: %v", err)
	}
	// A reader's own error comes through.
	broken := errors.New("broken disk")
	if _, err := Read(io.MultiReader(bytes.NewReader(text[:50]), errReader{broken})); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// A length that is a lie costs no memory.
func TestForgedLength(t *testing.T) {
	a := &Archive{Version: V1_14, OffSize: 8, Created: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	text := encode(t, a)
	at := len(text) - 20 // the database's name
	text = append(text[:at:at], 0, 0, 0, 0, 0x40)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Read(bytes.NewReader(text)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

// Each change of a sound archive is refused, with these words.
func TestReadRefuses(t *testing.T) {
	sound := string(encode(t, sample(V1_14)))
	for _, c := range []struct{ name, old, new, want string }{
		{"magic", "PGDMP", "PGDMQ", "not a PostgreSQL archive"},
		{"newer", "PGDMP\x01\x0e", "PGDMP\x01\x11", "archive version 1.17-0"},
		{"older", "PGDMP\x01\x0e", "PGDMP\x01\x0b", "archive version 1.11-0"},
		{"revision", "PGDMP\x01\x0e\x00", "PGDMP\x01\x0e\x01", "archive version 1.14-1"},
		{"integers", "\x04\x08\x03", "\x08\x08\x03", "integers of 8 bytes"},
		{"offsets", "\x04\x08\x03", "\x04\x03\x03", "offsets of 3 bytes"},
		{"custom format", "\x04\x08\x03", "\x04\x08\x01", "format 1: not the toc.dat"},
		{"level", "\x03\x01\x01\x00\x00\x00", "\x03\x00\x0a\x00\x00\x00", "level 10"},
		{"second", "\x00\x3a\x00\x00\x00", "\x00\x3c\x00\x00\x00", "no such time"},
		{"sign", "\x00\x3a\x00\x00\x00", "\x02\x3a\x00\x00\x00", "sign of an integer"},
		{"minus zero", "\x00\x3a\x00\x00\x00", "\x01\x00\x00\x00\x00", "sign of an integer"},
		{"range", "\x00\x3a\x00\x00\x00", "\x00\x00\x00\x00\x80", "out of range"},
		{"length", "\x00\x04\x00\x00\x00shop", "\x01\x02\x00\x00\x00shop", "length -2"},
		{"no name", "\x00\x04\x00\x00\x00shop", "\x01\x01\x00\x00\x00", "no string"},
		{"zero byte", "shop", "s\x00op", "zero byte"},
		{"dump ID", "\x00\x07\x00\x00\x00", "\x00\x00\x00\x00\x00", "dump ID"},
		{"twice", "\x00\xc8\x00\x00\x00", "\x00\x07\x00\x00\x00", "7 is there twice"},
		{"oid", "1259", "0259", "not a number"},
		{"big oid", "4294967295", "4294967296", "not a number"},
		{"oids", "\x00\x05\x00\x00\x00false", "\x00\x05\x00\x00\x00False", "neither true nor false"},
		{"path", "201.dat", "../.dat", "not in the archive's folder"},
		{"large objects", "\x0a\x00\x00\x00TABLE DATA", "\x0d\x00\x00\x00BLOB METADATA", "needs archive version 1.16-0"},
		{"file", "\x00\x07\x00\x00\x00201.dat", "\x00\x00\x00\x00\x00", "data without a file"},
	} {
		if !strings.Contains(sound, c.old) {
			t.Fatalf("%s: not there", c.name)
		}
		_, err := Read(strings.NewReader(strings.Replace(sound, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Archive)
		want   string
	}{
		{"version", func(a *Archive) { a.Version = 0 }, "archive version"},
		{"offsets", func(a *Archive) { a.OffSize = 0 }, "offsets of 0"},
		{"time", func(a *Archive) { a.Created = time.Time{} }, "time of creation"},
		{"zstd", func(a *Archive) { a.Compression = Compression{Zstd, 3} }, "zstd: needs archive version 1.15-0, read by pg_restore 16"},
		{"level", func(a *Archive) { a.Compression.Level = 0 }, "gzip: level 0"},
		{"algorithm", func(a *Archive) { a.Version = V1_15; a.Compression.Algorithm = 4 }, "unknown compression 4"},
		{"many large objects", func(a *Archive) { a.Entries[1].Desc = "BLOB METADATA" }, "BLOB METADATA: needs archive version 1.16-0, read by pg_restore 17"},
		{"partitioned", func(a *Archive) { a.Entries[1].RelKind = 'p' }, "access method of a partitioned table: needs"},
		{"table access method", func(a *Archive) { a.Version = V1_13 }, "access method of a table: needs"},
		{"twice", func(a *Archive) { a.Entries[1].DumpID = 7 }, "twice"},
		{"dump ID", func(a *Archive) { a.Entries[1].DumpID = 0 }, "not above 0"},
		{"section", func(a *Archive) { a.Entries[1].Section = 0 }, "section"},
		{"zero byte", func(a *Archive) { a.Entries[1].Owner = T("a\x00") }, "zero byte"},
		{"invalid text", func(a *Archive) { a.Entries[1].Owner.Valid = false }, "not valid"},
		{"file", func(a *Archive) { a.Entries[2].Filename = "a/b" }, "folder"},
		{"dependency", func(a *Archive) { a.Entries[2].Deps[0] = -1 }, "dependency"},
	} {
		a := sample(V1_14)
		c.change(a)
		var b bytes.Buffer
		err := a.Write(&b)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes written", c.name, b.Len())
		}
	}
}

func TestLowestVersion(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Archive)
		want   Version
	}{
		{"gzip", func(*Archive) {}, V1_14},
		{"none", func(a *Archive) { a.Compression = Compression{} }, V1_14},
		{"lz4", func(a *Archive) { a.Compression = Compression{LZ4, 1} }, V1_15},
		{"zstd", func(a *Archive) { a.Compression = Compression{Zstd, 1} }, V1_15},
		{"partitioned", func(a *Archive) { a.Entries[1].RelKind, a.Entries[1].TableAM = 'p', T("") }, V1_14},
		{"partitioned, access method", func(a *Archive) { a.Entries[1].RelKind = 'p' }, V1_16},
		{"large objects", func(a *Archive) { a.Entries[2].Desc, a.Entries[2].Filename = "BLOBS", "blobs.toc" }, V1_14},
		{"many large objects", func(a *Archive) { a.Entries[2].Desc, a.Entries[2].Filename = "BLOBS", "blobs_9.toc" }, V1_16},
	} {
		a := sample(V1_16)
		c.change(a)
		a.Version = a.LowestVersion()
		if a.Version != c.want {
			t.Errorf("%s: %v, want %v", c.name, a.Version, c.want)
		}
		if _, err := Read(bytes.NewReader(encode(t, a))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if a.Version -= 1 << 8; a.Version >= V1_14 {
			if err := a.Write(io.Discard); err == nil {
				t.Errorf("%s: a lower version would do", c.name)
			}
		}
	}
}

// What can be read is written the same again.
func FuzzRead(f *testing.F) {
	for _, v := range versions {
		a := sample(v)
		a.Entries[1].Defn = T("x")
		f.Add(encode(f, a))
		a.Entries[1].Desc, a.Entries[2].Desc = "BLOB METADATA", "BLOBS"
		if v == V1_16 {
			f.Add(encode(f, a))
		}
	}
	for _, name := range []string{"odd", "shop"} {
		toc, err := os.ReadFile("testdata/" + name + "-18.toc.dat")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(toc)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		if got := encode(t, a); !bytes.Equal(got, text) {
			t.Errorf("%q is written as %q", text, got)
		}
		if a.Version = max(a.Version, a.LowestVersion()); a.Write(io.Discard) != nil {
			t.Errorf("%q: not written as version %v", text, a.Version)
		}
	})
}
