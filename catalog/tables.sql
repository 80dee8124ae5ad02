select c.oid, n.nspname, c.relname, c.relkind,
       case when c.relkind = 'p' then 0 else pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8 end,
       c.relpages, c.reltuples::float8,
       case when c.relkind = 'p' then 0 else pg_catalog.pg_table_size(c.oid) end,
       case when c.relkind = 'p' then 0 else pg_catalog.pg_indexes_size(c.oid) end,
       c.relpersistence = 'u', c.relrowsecurity, c.relforcerowsecurity,
       pg_catalog.pg_get_userbyid(c.relowner),
       pg_catalog.obj_description(c.oid, 'pg_class'),
       p.partstrat,
       (select pg_catalog.json_agg(distinct k) from (
           select a::int4 as k from pg_catalog.unnest(p.partattrs::int2[]) a where a <> 0
           union
           select m[1]::int4 from pg_catalog.regexp_matches(p.partexprs::text, ':varattno (\d+)', 'g') m) x),
       (select l.label from pg_catalog.pg_seclabel l
        where l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and l.objoid = c.oid and l.objsubid = 0 and l.provider = 'anon'),
       case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
       case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_partitioned_table p on p.partrelid = c.oid
where c.relkind in ('r', 'p')
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C"
