// Package discover says which columns of a schema hold personal data and how to
// mask each, which references are not declared, and where a subset may start.
// It judges names in several languages, types, comments, masking labels, keys and
// sampled values. It reads nothing by itself: samples are the caller's, none is
// kept, and no value is in anything that it returns.
package discover
