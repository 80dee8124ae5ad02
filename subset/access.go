package subset

// access is how a query finds the rows it reads.
type access uint8

const (
	byPass      access = iota // it passes over the table, or over the first of several ranges of it
	byCondition               // the server finds what passes a condition of the rules
	byKeys                    // it looks up a batch of keys or of places
	byRest                    // it passes over a further range of a table
	accesses
)

// reads counts the queries of a walk on a table, by access.
type reads [accesses]int

// onePass says of scans of all ranges of one leaf that they are one pass.
func onePass(scans []*scan) []*scan {
	for i, s := range scans {
		if s.by = byRest; i == 0 {
			s.by = byPass
		}
	}
	return scans
}
