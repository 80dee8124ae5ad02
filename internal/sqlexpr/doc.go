// Package sqlexpr reads the SQL of a rules file: one scalar expression, one
// ORDER BY list or one SELECT. It says which columns, tables, functions, types
// and operators the text names and where, refuses whatever is more than an
// expression that reads, and writes the text back with the clock fixed and
// names qualified. What the names mean is the caller's business: the package
// knows no catalog.
package sqlexpr
