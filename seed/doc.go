// Package seed makes synthetic rows for a schema: rows that satisfy its
// constraints, the same for the same seed, with nothing read from anywhere.
//
// Every value is a function of the row's number. What a column may hold is a
// numbered set; a unique column takes the number that belongs to the row, any
// other takes one that a hash of the row chooses. A child takes a parent's row
// number and computes the parent's key again, so that nothing is remembered
// and rows can be made in any order, by any number of workers.
package seed
