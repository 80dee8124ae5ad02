package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// ManifestFile is the name of the manifest among the files of a snapshot.
const ManifestFile = "manifest.json"

// manifestFormat is the format that this package writes, and reads.
const manifestFormat = "pgstandin snapshot 1"

// maxManifest is how long a manifest may be: a file takes some 150 bytes in it.
const maxManifest = 256 << 20

// Metadata is what a run says of its snapshot. All of it may be empty; none of it
// is secret.
type Metadata struct {
	Created       time.Time `json:"created"`                  // when the snapshot of the source was taken
	Run           string    `json:"run,omitempty"`            // identifier of the run
	Database      string    `json:"database,omitempty"`       // name of the source's database
	ServerVersion string    `json:"server_version,omitempty"` // of the source, as it says it
	LSN           string    `json:"lsn,omitempty"`            // where the source was
	RulesHash     string    `json:"rules_hash,omitempty"`     // of the rules file
	KeyID         string    `json:"key_id,omitempty"`         // which secret masked the rows
	Program       string    `json:"program,omitempty"`        // what wrote it, with its version
	Format        string    `json:"archive,omitempty"`        // "directory", "plain" or "tar"
	Compression   string    `json:"compression,omitempty"`    // as pg_dump --compress has it: "gzip"
	Tables        int       `json:"tables,omitempty"`
	Rows          int64     `json:"rows,omitempty"`
	// Report is the run's report, as JSON; nil for none.
	Report json.RawMessage `json:"report,omitempty"`
}

// Manifest describes a whole snapshot.
type Manifest struct {
	Metadata
	// Encrypted says that every file is encrypted by age.
	Encrypted bool
	// Recipients are the public keys it is encrypted to, without the one that the
	// run had for itself.
	Recipients []string
	Files      []File // by name
}

// File is a file of a snapshot, as it is stored.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // in bytes; encrypted, if the snapshot is
	SHA256 string `json:"sha256"` // of the same, in hexadecimal
}

// Size returns how many bytes all files take.
func (m *Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// File returns the file of that name.
func (m *Manifest) File(name string) (File, bool) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, true
		}
	}
	return File{}, false
}

// manifestText is a manifest as it is written.
type manifestText struct {
	Snapshot string `json:"snapshot"` // manifestFormat
	Metadata
	Encrypted  bool     `json:"encrypted"`
	Recipients []string `json:"recipients,omitempty"`
	Files      []File   `json:"files"`
}

func (m *Manifest) text() ([]byte, error) {
	return json.MarshalIndent(manifestText{manifestFormat, m.Metadata, m.Encrypted, m.Recipients, m.Files}, "", " ")
}

// readManifest reads a manifest and checks that it makes sense.
func readManifest(r io.Reader) (*Manifest, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxManifest {
		return nil, errors.New("not a manifest: it is too long")
	}
	var t manifestText
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&t); err != nil {
		return nil, errors.New("not a manifest: it is not the JSON that a manifest is")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a manifest: there is more after its end")
	}
	if t.Snapshot != manifestFormat {
		if strings.HasPrefix(t.Snapshot, strings.TrimRight(manifestFormat, "0123456789")) {
			return nil, errors.New("manifest of another version of pgstandin; use that one or a later one")
		}
		return nil, errors.New("not a manifest of a snapshot")
	}
	seen := map[string]bool{}
	for _, f := range t.Files {
		if err := checkFile(f.Name); err != nil {
			return nil, fmt.Errorf("not a manifest: %w", err)
		}
		if seen[f.Name] || f.Size < 0 || !hexHash.MatchString(f.SHA256) {
			return nil, fmt.Errorf("not a manifest: file %s", f.Name)
		}
		seen[f.Name] = true
	}
	return &Manifest{t.Metadata, t.Encrypted, t.Recipients, t.Files}, nil
}

var (
	hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)
	word    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$`)
)

// Name returns the name that a snapshot of that time has if nobody gives another:
// 20060102T150405Z. Such names sort by time.
func Name(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// CheckName reports whether a snapshot may have that name: letters, digits, and
// inside of it dots, dashes, plus signs and underscores, 128 at most.
func CheckName(name string) error {
	if !word.MatchString(name) || strings.HasSuffix(name, partialSuffix) {
		return fmt.Errorf("snapshot name %q: use letters, digits, dots, dashes and underscores, and no ending %s", name, partialSuffix)
	}
	return nil
}

// checkFile is CheckName for a file of a snapshot.
func checkFile(name string) error {
	if !word.MatchString(name) || name == ManifestFile || name == ownerFile || strings.HasPrefix(name, ownerFile+".") {
		return fmt.Errorf("file name %q: not one that a snapshot's file may have", name)
	}
	return nil
}
