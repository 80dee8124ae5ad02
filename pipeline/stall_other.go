//go:build !linux

package pipeline

import (
	"net"
	"time"
)

// userTimeout does nothing: other systems have no such option, or call it
// otherwise.
func userTimeout(net.Conn, time.Duration) {}
