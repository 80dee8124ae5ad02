// Package pgarchive reads and writes the table of contents of PostgreSQL's
// archives, the file toc.dat of pg_dump's directory format, and writes the data
// files beside it.
//
// An archive in directory format is a folder: toc.dat lists what the database
// holds (its entries: one for each CREATE, each constraint, each table's rows),
// and each entry with rows names a file, which lies beside it as N.dat, or as
// N.dat.gz, N.dat.lz4 or N.dat.zst if compressed. pg_restore finds out by the
// file names alone how each file is compressed.
//
// The format has no specification: its source is PostgreSQL's
// src/bin/pg_dump/pg_backup_archiver.c (WriteHead, ReadHead, WriteToc, ReadToc
// and what they call), and pg_backup_directory.c beside it. This package was
// written from knowledge of the format and is tested against pg_dump and
// pg_restore. In short:
//
//   - An integer is a byte that is 1 for a negative number and 0 for others,
//     followed by the magnitude in 4 bytes, the lowest first.
//   - A string is an integer, its length in bytes, and the bytes; or the
//     integer -1 for no string at all (a NULL of C), which is not the same as
//     an empty one.
//   - The header is "PGDMP"; three bytes of the archive's version; three of the
//     size of an integer, the size of an offset and the format, which is 3 for a
//     toc.dat; how the data is compressed, until 1.14 as an integer with gzip's
//     level, since 1.15 as a byte with the algorithm; the local time of the dump
//     as the seven integers of C's struct tm; and as strings the name of the
//     database, the version of its server and that of pg_dump.
//   - The number of entries follows as an integer, and the entries with their
//     fields in the order of [Entry]. A table access method is there since 1.14,
//     a relation kind since 1.16. Object identifiers and dependencies are
//     decimal numbers in strings; a NULL ends the dependencies.
//
// Snapshots start from what pg_dump --schema-only says. It has no entries of
// rows, of the values of sequences and of the filling of materialized views: the
// Add methods of [Archive] make them as pg_dump does.
//
// Reading is strict: what has another meaning than this, or could be written in
// another way, is an error. So each archive that [Read] accepts is written byte
// for byte the same by [Archive.Write].
//
// Values of this package are not safe for concurrent use, but data files may be
// written at the same time, each by one goroutine.
package pgarchive
