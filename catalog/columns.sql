select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.attidentity, a.attgenerated,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       case when a.attcollation <> t.typcollation then pg_catalog.format('%I.%I', con.nspname, co.collname) end,
       coalesce(not co.collisdeterministic, false),
       pg_catalog.col_description(a.attrelid, a.attnum),
       s.null_frac, s.avg_width, s.n_distinct, s.correlation,
       case when a.attgenerated <> '' then (
           select pg_catalog.json_agg(distinct m[1]::int4)
           from pg_catalog.regexp_matches(d.adbin::text, ':varattno (\d+)', 'g') m) end,
       (select l.label from pg_catalog.pg_seclabel l
        where l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and l.objoid = a.attrelid and l.objsubid = a.attnum and l.provider = 'anon'),
       case when not co.collisdeterministic then pg_catalog.concat_ws(' ',
           coalesce(pg_catalog.to_jsonb(co)->>'colllocale', pg_catalog.to_jsonb(co)->>'colliculocale', co.collcollate), pg_catalog.to_jsonb(co)->>'collicurules') end,
       nn.oid is not null
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_constraint nn on nn.conrelid = a.attrelid and nn.contype = 'n' and not nn.convalidated and nn.conkey[1] = a.attnum
left join pg_catalog.pg_collation co on co.oid = a.attcollation
left join pg_catalog.pg_namespace con on con.oid = co.collnamespace
left join pg_catalog.pg_stats s
       on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname and not s.inherited
where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
order by a.attrelid, a.attnum
