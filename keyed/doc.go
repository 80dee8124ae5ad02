// Package keyed turns a secret, a domain and a value into stable bits: a
// pseudo-random function, streams of numbers, and permutations. Nothing that it
// returns can be recomputed or reversed without the secret.
//
// Permutations are Feistel networks of ten rounds of AES, as FF1 of NIST SP
// 800-38G is, but over the numbers below any bound rather than over strings of
// one radix: shapes that mix letters and digits, ranges, dates and national ids
// are numbers of mixed radix, and FF1 allows no domain below a million (revision
// 1, section 5.1), which postcodes and branch numbers are. One construction for
// all was chosen over a standard one for some.
package keyed
