// Package anonymize masks rows of COPY text in flight. A Table says what the
// columns of a stream are and how each is masked; Compile turns it into a
// Program, which is immutable and shared; each worker has a Rewriter of its own
// that allocates nothing per row.
//
// What a mask returns depends on (secret, domain, value) and nothing else, but
// for the kinds that speak of a person, in a table with an entity: they depend
// on (secret, entity). NULL stays NULL and the empty string stays empty.
package anonymize
