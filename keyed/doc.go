// Package keyed turns a secret, a domain and a value into stable bits: a
// pseudo-random function, streams of numbers, and permutations. Nothing that it
// returns can be recomputed or reversed without the secret.
package keyed
