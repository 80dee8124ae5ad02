select n.nspname, c.relname, coalesce(d.refobjid, 0), coalesce(d.refobjsubid, 0), coalesce(d.deptype = 'i', false),
       s.seqincrement, s.seqmin, s.seqmax, s.seqcycle
from pg_catalog.pg_sequence s
join pg_catalog.pg_class c on c.oid = s.seqrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_depend d
       on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.objsubid = 0
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and not exists (select from pg_catalog.pg_depend x
                  where x.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and x.objid = c.oid and x.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C"
