package pipeline

import "time"

// Building returns the name of the database that the run builds.
func (t *Target) Building() string { return t.build }

// WithSwapTimeout sets how long a swap tries to find the live database without
// sessions.
func (c TargetConfig) WithSwapTimeout(d time.Duration) TargetConfig {
	c.swapTimeout = d
	return c
}

// WithCheckTimeout sets what one check may take.
func (c VerifyConfig) WithCheckTimeout(d time.Duration) VerifyConfig {
	c.checkTimeout = d
	return c
}

// LockPolitely is lockPolitely.
var LockPolitely = lockPolitely
