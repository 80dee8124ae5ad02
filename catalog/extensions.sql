select e.extname, e.extversion, n.nspname,
       (select pg_catalog.json_agg(pg_catalog.json_build_array(cn.nspname, c.relname) order by cn.nspname, c.relname)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace cn on cn.oid = c.relnamespace
        where c.oid = any (e.extconfig) and c.relkind in ('r', 'p'))
from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace
order by e.extname
