select pg_catalog.current_database(),
       pg_catalog.current_setting('server_version_num'),
       pg_catalog.pg_encoding_to_char(d.encoding),
       (select pg_catalog.count(*) from pg_catalog.pg_largeobject_metadata)
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database()
