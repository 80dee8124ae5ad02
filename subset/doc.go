// Package subset chooses the rows of a referentially consistent part of a
// database: a graph of tables and references, a plan, and key sets found by
// walking it. It starts no goroutine and never writes to the source. Beside one
// small Source interface it touches nothing but a temporary file, for key sets
// that are larger than they may be.
package subset
