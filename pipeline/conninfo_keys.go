package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// keywords are the settings of libpq that others may be meant for.
var keywords = strings.Fields(`host hostaddr port dbname user password passfile service servicefile options application_name
fallback_application_name client_encoding connect_timeout target_session_attrs load_balance_hosts require_auth channel_binding
sslmode sslcert sslkey sslrootcert sslpassword sslcrl sslcrldir sslsni sslcertmode sslnegotiation
ssl_min_protocol_version ssl_max_protocol_version keepalives keepalives_idle keepalives_interval keepalives_count
tcp_user_timeout gssencmode krbsrvname krbspn requirepeer replication`)

// otherWords are what others than libpq call its settings.
var otherWords = map[string]string{
	"db": "dbname", "username": "user", "hostname": "host", "server": "host", "pass": "password", "passwd": "password", "pwd": "password",
}

// misspelt returns an error for what is meant for a setting of libpq and is none. The
// server that would refuse it may not be the one that is meant, or not be there.
func (c conninfo) misspelt() error {
	var list []error
	for _, name := range slices.Sorted(maps.Keys(c.RuntimeParams)) {
		if slices.Contains(keywords, name) {
			continue
		}
		meant := otherWords[strings.ToLower(name)]
		for _, k := range keywords {
			if meant == "" && slip(strings.ToLower(name), k) {
				meant = k
			}
		}
		if meant != "" {
			list = append(list, fmt.Errorf("%s: there is no such setting; write %s", name, meant))
		}
	}
	return errors.Join(list...)
}

// slip reports whether the words are the same but for a letter that is missing, one
// too many, another one, or two that changed places.
func slip(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}
