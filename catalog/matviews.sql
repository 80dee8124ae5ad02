-- Materialized views, each after those that it reads, however many plain views
-- lie between.
with recursive reads as (
    select distinct r.ev_class as reader, d.refobjid as read
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on r.oid = d.objid
    join pg_catalog.pg_class c on c.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      and c.relkind in ('v', 'm') and d.refobjid <> r.ev_class
), depth as (
    select c.oid, 0 as n from pg_catalog.pg_class c where c.relkind in ('v', 'm')
    union
    select reads.reader, depth.n + 1 from depth join reads on reads.read = depth.oid
)
select n.nspname, c.relname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'm' and n.nspname not in ('pg_catalog', 'information_schema')
  and not exists (select from pg_catalog.pg_depend x
                  where x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and x.objid = c.oid and x.deptype = 'e')
order by (select pg_catalog.max(depth.n) from depth where depth.oid = c.oid), n.nspname collate "C", c.relname collate "C"
