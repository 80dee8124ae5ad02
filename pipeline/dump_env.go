package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// variables are the settings of a connection string that pgconn.Config does not
// show, and the environment variables that libpq takes them from.
var variables = map[string]string{
	"sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT",
	"sslcrl": "PGSSLCRL", "sslcrldir": "PGSSLCRLDIR", "sslsni": "PGSSLSNI", "sslcertmode": "PGSSLCERTMODE",
	"sslnegotiation": "PGSSLNEGOTIATION", "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
	"ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION", "channel_binding": "PGCHANNELBINDING",
	"gssencmode": "PGGSSENCMODE", "krbsrvname": "PGKRBSRVNAME", "requirepeer": "PGREQUIREPEER",
	"require_auth": "PGREQUIREAUTH", "connect_timeout": "PGCONNECT_TIMEOUT", "options": "PGOPTIONS", "passfile": "PGPASSFILE",
}

// ownVariables decide which server and database a child reaches; a child never
// takes them from our environment.
var ownVariables = map[string]bool{
	"PGHOST": true, "PGHOSTADDR": true, "PGPORT": true, "PGUSER": true, "PGDATABASE": true, "PGPASSWORD": true,
	"PGSERVICE": true, "PGSERVICEFILE": true, "PGTARGETSESSIONATTRS": true, "PGLOADBALANCEHOSTS": true,
	"PGCLIENTENCODING": true, "PGAPPNAME": true, "LC_ALL": true, "LC_MESSAGES": true, "LANGUAGE": true,
}

// textOptions pin, in PGOPTIONS, what the text of a definition depends on where it is
// written and where it is read, and pg_dump and pg_restore leave to the role's settings.
const textOptions = "-c standard_conforming_strings=on -c quote_all_identifiers=off -c array_nulls=on -c transform_null_equals=off -c lc_monetary=C"

// bareEnv is our environment without what decides about connections, and with
// messages in English.
func bareEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !ownVariables[name] && name != "PGSTANDIN_KEY" &&
			name != "PGSTANDIN_SOURCE" && name != "PGSTANDIN_TARGET" {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C")
}

// childEnv is the environment that leads a child to the one server that at
// reached, and there to database. options are appended to PGOPTIONS, but for a pooler,
// which would refuse or drop them.
func childEnv(at *endpoint, dsn, database, options string) ([]string, error) {
	settings, err := dsnSettings(dsn)
	if err != nil {
		return nil, err
	}
	env := bareEnv()
	if settings["sslpassword"] != "" {
		return nil, errors.New("sslpassword cannot be handed to pg_dump; use a key file without a pass phrase")
	}
	for key, name := range variables {
		if v, ok := settings[key]; ok && key != "options" {
			env = append(env, name+"="+v)
		}
	}
	host, address, port := at.server()
	env = append(env, "PGHOST="+host, "PGPORT="+strconv.Itoa(int(port)), "PGUSER="+at.cfg.User,
		"PGDATABASE="+database, "PGAPPNAME="+applicationName)
	if address != "" {
		env = append(env, "PGHOSTADDR="+address)
	}
	if at.cfg.Password != "" {
		env = append(env, "PGPASSWORD="+at.cfg.Password)
	}
	base, ok := settings["options"]
	if !ok {
		base = os.Getenv("PGOPTIONS")
	}
	if at.behindPooler() {
		options = ""
	}
	return append(env, "PGOPTIONS="+strings.TrimSpace(base+" "+options)), nil
}

// dsnSettings returns the settings of a connection string, those of the service
// that it or PGSERVICE names included.
func dsnSettings(dsn string) (map[string]string, error) {
	settings, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	service := settings["service"]
	if service == "" {
		service = os.Getenv("PGSERVICE")
	}
	if service == "" {
		return settings, nil
	}
	file := settings["servicefile"]
	if file == "" {
		file = os.Getenv("PGSERVICEFILE")
	}
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("service file: %w", err)
		}
		file = filepath.Join(home, ".pg_service.conf")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("service file: %w", err)
	}
	defer f.Close()
	section, in := "", bufio.NewScanner(f)
	for in.Scan() {
		line := strings.TrimSpace(in.Text())
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if section != service || !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if _, given := settings[strings.TrimSpace(key)]; !given {
			settings[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return settings, in.Err()
}

var errPairs = errors.New("no key=value pairs")

// parseDSN reads a URL or key=value pairs, as libpq does.
func parseDSN(dsn string) (map[string]string, error) {
	settings := map[string]string{}
	if isURL(dsn) {
		_, query, _ := strings.Cut(dsn, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			return nil, &ConnStringError{err} // the cause quotes it
		}
		for k, v := range values {
			settings[k] = v[len(v)-1]
		}
		return settings, nil
	}
	for s := strings.TrimLeft(dsn, " \t\n\r"); s != ""; s = strings.TrimLeft(s, " \t\n\r") {
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			return nil, &ConnStringError{errPairs}
		}
		value, rest, ok := dsnValue(strings.TrimLeft(rest, " \t\n\r"))
		if !ok {
			return nil, &ConnStringError{errPairs}
		}
		settings[strings.TrimSpace(key)] = value
		s = rest
	}
	return settings, nil
}

// dsnValue reads one value, quoted or not, and returns what is behind it.
func dsnValue(s string) (value, rest string, ok bool) {
	quoted := strings.HasPrefix(s, "'")
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quoted && c == '\'':
			return b.String(), s[i+1:], true
		case !quoted && strings.IndexByte(" \t\n\r", c) >= 0:
			return b.String(), s[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", !quoted
}
