select i.inhrelid, i.inhparent, c.relispartition
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
order by n.nspname collate "C", c.relname collate "C", i.inhseqno
