package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectError keeps what a connection attempt said: it speaks of hosts, roles
// and databases, never of rows or passwords.
func connectError(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return &netError{err}
	}
	hint := ""
	switch pg.Code {
	case "28P01":
		hint = "; check the password (PGPASSWORD, a pass file, or the connection string)"
	case "28000":
		hint = "; check pg_hba.conf, the role and its right to log in"
	case "42704":
		hint = "; is it a setting of the connection string or the service file that is misspelt?"
	case tooManyConnections:
		hint = "; " + remedy(pg.Code)
	}
	return &messageError{pg: pg, hint: hint}
}

// netError is a connection attempt that no server answered.
type netError struct{ err error }

func (e *netError) Error() string {
	text := strings.TrimPrefix(e.err.Error(), "failed to ")
	// An address is tried with TLS and without: what fails before that fails twice.
	head, tries, several := strings.Cut(text, "\n\t")
	if !several {
		return withNetRemedy(text)
	}
	var lines []string
	for line := range strings.SplitSeq(tries, "\n\t") {
		line = withNetRemedy(strings.TrimPrefix(line, "hostname resolving error: "))
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	between := "\n\t"
	if len(lines) == 1 {
		between = " "
	}
	return head + between + strings.Join(lines, "\n\t")
}

func withNetRemedy(line string) string {
	for _, r := range netRemedies {
		if strings.Contains(line, r.says) {
			return line + "; " + r.remedy
		}
	}
	return line
}

// netRemedies is what to do about what a connection attempt says.
var netRemedies = []struct{ says, remedy string }{
	{"server refused TLS connection", "the server has no TLS: turn it on there, or write sslmode=disable (or prefer) if the way to it is safe without"},
	{"no such host", "check the name of the host"},
	{"connection refused", "no server listens there: check host and port, and whether it is started"},
	{"connect: no such file or directory", "no server listens at this socket: name its host, or start it"},
}

func (e *netError) Unwrap() error { return e.err }

// messageError passes on the message of a server error that cannot quote a row:
// of connections, and of statements on databases, roles and settings.
type messageError struct {
	pg   *pgconn.PgError
	hint string
}

func (e *messageError) Error() string {
	return fmt.Sprintf("%s (SQLSTATE %s)%s", e.pg.Message, e.pg.Code, e.hint)
}

// withMessage keeps what the server said, of statements that touch no rows.
func withMessage(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	hint := ""
	switch {
	case pg.Code == recoveryConflict || pg.Code == lockNotAvailable:
		hint = "; " + remedy(pg.Code)
	case noRoomForLocks(pg):
		hint = "; " + moreLocks
	}
	return &messageError{pg: pg, hint: hint}
}

// codeOf returns err's SQLSTATE, or "".
func codeOf(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	var m *messageError
	if errors.As(err, &m) {
		return m.pg.Code
	}
	return ""
}
