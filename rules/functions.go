package rules

import (
	_ "embed"
	"path"
	"strings"

	"github.com/pgstandin/pgstandin/schema"
)

// Function is what has to be known of a function of pg_catalog; all functions
// of one name are taken together.
type Function struct {
	Stable    bool // every one of the name is IMMUTABLE or STABLE
	Aggregate bool // one of the name is an aggregate or a window function
}

// FunctionQuery is the query that answers Env.Functions on a source: name,
// stable and aggregate, as t or f.
func FunctionQuery(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = schema.QuoteLiteral(n)
	}
	return `select proname, bool_and(provolatile operator(pg_catalog.<>) 'v'), bool_or(prokind operator(pg_catalog.=) any ('{a,w}'))
from pg_catalog.pg_proc
where pronamespace operator(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
and proname operator(pg_catalog.=) any (array[` + strings.Join(quoted, ", ") + `]::pg_catalog.name[])
group by proname`
}

// builtin lists the functions of pg_catalog that are IMMUTABLE or STABLE under
// every signature in PostgreSQL 15; * marks aggregates and window functions.
//
//go:embed functions.txt
var builtin string

// builtinFunctions answers Env.Functions without a server.
func builtinFunctions(names []string) (map[string]Function, error) {
	known := map[string]Function{}
	for f := range strings.FieldsSeq(builtin) {
		name, aggregate := strings.CutSuffix(f, "*")
		known[name] = Function{Stable: true, Aggregate: aggregate}
	}
	out := map[string]Function{}
	for _, n := range names {
		if f, ok := known[n]; ok {
			out[n] = f
		}
	}
	return out, nil
}

// never says why no expression may call a function of that name, whatever its
// schema and volatility: "" if it may.
func never(name string) string {
	for _, f := range []struct{ pattern, why string }{
		{"pg_read_*", "reads files"}, {"pg_ls_*", "reads files"}, {"pg_stat_file", "reads files"}, {"pg_file_*", "writes files"},
		{"pg_logdir_ls", "reads files"}, {"pg_current_logfile", "reads files"}, {"pg_import_*", "reads files"}, {"bfile*", "reads files"},
		{"lo_*", "reaches large objects and files"}, {"loread", "reaches large objects"}, {"lowrite", "writes large objects"},
		{"dblink*", "reaches the network"}, {"http*", "reaches the network"}, {"postgres_fdw_*", "reaches the network"}, {"*curl*", "reaches the network"},
		{"*_to_xml", "runs queries of its own"}, {"*_to_xmlschema", "runs queries of its own"}, {"*_to_xml_and_xmlschema", "runs queries of its own"},
		{"xpath_table", "runs queries of its own"}, {"crosstab*", "runs queries of its own"}, {"connectby", "runs queries of its own"},
		{"ts_stat", "runs queries of its own"}, {"ts_rewrite", "runs queries of its own"}, {"query_to_*", "runs queries of its own"}, {"cursor_to_*", "runs queries of its own"},
		{"set_config", "changes settings"}, {"pg_reload_conf", "changes the server"}, {"pg_rotate_logfile*", "changes the server"},
		{"pg_sleep*", "waits"}, {"pg_advisory_*", "takes locks"}, {"pg_try_advisory_*", "takes locks"},
		{"pg_terminate_backend", "ends sessions"}, {"pg_cancel_backend", "ends queries"}, {"pg_stat_*", "shows what others do"},
		{"nextval", "writes"}, {"setval", "writes"}, {"txid_current", "takes a transaction number"}, {"pg_current_xact_id", "takes a transaction number"},
		{"pg_notify", "sends messages"}, {"pg_logical_*", "reaches replication"}, {"pg_create_*", "writes"}, {"pg_drop_*", "writes"},
		{"pg_copy_*", "writes"}, {"pg_replication_*", "reaches replication"}, {"pg_export_snapshot", "changes the session"}, {"pg_backup_*", "changes the server"},
		{"pg_start_backup", "changes the server"}, {"pg_stop_backup", "changes the server"}, {"pg_switch_wal", "changes the server"}, {"pg_wal_*", "changes the server"},
		{"pg_promote", "changes the server"}, {"pg_execute_*", "runs programs"}, {"pg_extension_*", "changes the server"}, {"binary_upgrade_*", "changes the server"},
	} {
		if ok, _ := path.Match(f.pattern, strings.ToLower(name)); ok {
			return f.why
		}
	}
	return ""
}
