select t.oid, n.nspname, t.typname, t.typtype, t.typbasetype, t.typtypmod,
       case when t.typelem <> 0 and t.typlen = -1 and t.typcategory = 'A' then t.typelem else 0 end,
       t.typnotnull,
       case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
       (select e.extname from pg_catalog.pg_depend d join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e'
          and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass),
       case when t.typtype = 'e' then (
           select pg_catalog.json_agg(l.enumlabel order by l.enumsortorder)
           from pg_catalog.pg_enum l where l.enumtypid = t.oid) end,
       case when t.typtype = 'd' then (
           select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(k.oid) order by k.conname)
           from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c') end,
       case when t.typtype = 'c' then (
           select pg_catalog.json_agg(pg_catalog.json_build_object('Name', a.attname, 'OID', a.atttypid::pg_catalog.int8, 'Typmod', a.atttypmod,
                                                                   'Type', pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
           from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
           where c.oid = t.typrelid and c.relkind = 'c' and not a.attisdropped) end
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
order by t.oid
