select i.indrelid, ic.relname, i.indisunique, am.amname,
       (select pg_catalog.json_agg(u order by o) from pg_catalog.unnest(i.indkey::int2[]) with ordinality x(u, o) where o <= i.indnkeyatts),
       (select pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, o::int4, true) order by o)
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality x(u, o) where u = 0 and o <= i.indnkeyatts),
       (select pg_catalog.json_agg(distinct m[1]::int4) from pg_catalog.regexp_matches(i.indexprs::text, ':varattno (\d+)', 'g') m),
       pg_catalog.pg_get_expr(i.indpred, i.indrelid),
       (select pg_catalog.json_agg(distinct m[1]::int4) from pg_catalog.regexp_matches(i.indpred::text, ':varattno (\d+)', 'g') m),
       coalesce((pg_catalog.to_jsonb(i)->>'indnullsnotdistinct')::bool, false),
       i.indisvalid,
       exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')),
       pg_catalog.pg_get_indexdef(i.indexrelid),
       case when ic.relkind = 'i' then pg_catalog.pg_relation_size(i.indexrelid) else 0 end
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class ic on ic.oid = i.indexrelid
join pg_catalog.pg_am am on am.oid = ic.relam
where c.relkind in ('r', 'p')
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
order by i.indrelid, ic.relname collate "C"
