select pg_catalog.current_setting('lock_timeout'),
       (select pg_catalog.json_agg(distinct pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname))
        from pg_catalog.pg_locks l
        join pg_catalog.pg_class c on c.oid = l.relation
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where l.mode = 'AccessExclusiveLock' and l.pid is distinct from pg_catalog.pg_backend_pid() and n.nspname <> 'pg_toast'
          and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
