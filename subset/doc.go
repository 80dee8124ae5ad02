// Package subset chooses the rows of a referentially consistent part of a
// database: a graph of tables and references, a plan, and key sets found by
// walking it. It is pure but for one small Source interface, starts no
// goroutine, and never writes to the source.
package subset
