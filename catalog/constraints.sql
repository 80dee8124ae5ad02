select k.conrelid, k.conname, k.contype, pg_catalog.array_to_json(k.conkey), k.confrelid, pg_catalog.array_to_json(k.confkey),
       k.confmatchtype = 'f', k.condeferrable, k.condeferred, k.convalidated, k.connoinherit,
       k.confdeltype, k.confupdtype, pg_catalog.pg_get_constraintdef(k.oid),
       coalesce((pg_catalog.to_jsonb(i)->>'indnullsnotdistinct')::bool, false),
       case when k.contype = 'x' then (
           select pg_catalog.json_agg(distinct x) from (
               select u::int4 as x from pg_catalog.unnest(i.indkey::int2[]) u where u <> 0
               union select m[1]::int4 from pg_catalog.regexp_matches(i.indexprs::text, ':varattno (\d+)', 'g') m
               union select m[1]::int4 from pg_catalog.regexp_matches(i.indpred::text, ':varattno (\d+)', 'g') m) y) end,
       k.contype = 'f' and coalesce((pg_catalog.to_jsonb(k)->>'conperiod')::bool, false)
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = k.conindid
where k.contype in ('p', 'u', 'f', 'c', 'x') and c.relkind in ('r', 'p')
  and not (k.contype = 'f' and k.conparentid <> 0)
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
order by k.conrelid, k.contype = 'p' desc, k.conname collate "C"
