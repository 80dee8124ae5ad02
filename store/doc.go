// Package store keeps snapshots: in a folder of the file system, or in a bucket
// of object storage.
//
// A snapshot is a handful of files with a name, and a manifest that says how long
// each file is and what its SHA-256 is. It exists when its manifest does, which
// is written last. What a run had written when it died is a partial snapshot:
// List shows it as such, Snapshot refuses it, and the next Begin sweeps it, by
// the mark of its owner and never by a guess.
//
// In a folder, the files of snapshot NAME are written into the folder
// NAME.partial beside, and that is renamed to NAME when all is in it and on disk.
// The mark is the file owner in it, on which the run holds a lock that the kernel
// takes away with the process. NAME is then a plain folder: what pg_dump wrote
// there in directory format, stock pg_restore reads.
//
// In a bucket, the files of NAME are the objects PREFIX/NAME/FILE, and
// PREFIX/NAME/manifest.json makes them a snapshot. The mark is PREFIX/NAME/owner:
// it names the run, which writes it anew every minute. A mark that is older than a
// quarter of an hour, both times by the storage's own clock, is that of a dead run. A
// run that was stopped for longer finds its mark gone and gives up.
//
// With recipients, every file but the manifest is encrypted by age as it is
// written; sizes and hashes are those of the encrypted bytes, so that a snapshot
// can be checked without a key. The manifest itself is not signed: who can write
// to the store can replace a snapshot as a whole.
package store
