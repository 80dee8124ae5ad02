// Package anonymize masks rows in flight, in either format of COPY, text or binary. A
// Table says what the columns of a stream are and how each is masked; Compile turns
// it into a Program, which is immutable and shared; each worker has a Rewriter of
// its own that allocates nothing per row.
//
// What a mask returns depends on (secret, domain, value) alone, so that a value has
// the same mask in every table and on every run. These depend on more: in a table
// with an entity the kinds that follow one (persons, addresses, dates, jobs) depend on
// (secret, entity); names with the parameter gender on the column that it names;
// template on the row; scrub on what is known of the row and its entity; shuffle on
// how often each value stands in the column. NULL stays NULL and the empty string
// stays empty.
//
// KindOf says the other way round which kind a value looks as if it were for.
package anonymize
