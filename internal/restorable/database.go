package restorable

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/pgstandin/pgstandin/internal/pgarchive"
	"github.com/pgstandin/pgstandin/pipeline"
)

var (
	databaseSetting = regexp.MustCompile(`\b(ENCODING|LOCALE_PROVIDER|LOCALE|LC_COLLATE|LC_CTYPE|ICU_LOCALE|BUILTIN_LOCALE|ICU_RULES) = ('(?:[^']|'')*'|\w+)`)
	encodingSetting = regexp.MustCompile(`client_encoding = '([^']*)'`)
	leadingNumber   = regexp.MustCompile(`^(\d+)(?:\.(\d+))?`)
)

// databaseOf reads from an archive what the database was that it is of, and in which
// encoding it is written.
func databaseOf(a *pgarchive.Archive) (info pipeline.Info, encoding string, err error) {
	info.Database = a.Database
	if m := leadingNumber.FindStringSubmatch(a.ServerVersion); m != nil {
		major, _ := strconv.Atoi(m[1])
		info.Version = major * 10000
	}
	for _, e := range a.Entries {
		switch e.Desc {
		case "ENCODING":
			if m := encodingSetting.FindStringSubmatch(e.Defn.String); m != nil {
				encoding = m[1]
			}
		case "STDSTRINGS":
			if !strings.Contains(e.Defn.String, "'on'") {
				return info, "", errors.New("the archive was made with standard_conforming_strings off; restore it with pg_restore")
			}
		case "DATABASE":
			_, settings, _ := strings.Cut(e.Defn.String, " TEMPLATE = template0")
			databaseSettings(&info, settings)
		}
	}
	if info.Encoding == "" {
		info.Encoding = encoding
	}
	return info, encoding, nil
}

// databaseSettings reads the options of a CREATE DATABASE.
func databaseSettings(info *pipeline.Info, text string) {
	set := map[string]string{}
	for _, m := range databaseSetting.FindAllStringSubmatch(text, -1) {
		v := m[2]
		if strings.HasPrefix(v, "'") {
			v = strings.ReplaceAll(v[1:len(v)-1], "''", "'")
		}
		set[m[1]] = v
	}
	info.Encoding = set["ENCODING"]
	or := func(names ...string) string {
		for _, n := range names {
			if set[n] != "" {
				return set[n]
			}
		}
		return ""
	}
	info.Provider = strings.ToLower(or("LOCALE_PROVIDER"))
	if info.Provider == "" {
		info.Provider = "libc"
	}
	info.Collate, info.Ctype = or("LC_COLLATE", "LOCALE"), or("LC_CTYPE", "LOCALE")
	info.Locale = or(strings.ToUpper(info.Provider)+"_LOCALE", "LOCALE")
	info.ICURules = or("ICU_RULES")
}
