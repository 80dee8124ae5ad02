with database as (
  select d.*, pg_catalog.to_jsonb(d) as j from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()
), relations as (
  select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    -- what a refresh in place is building, or has put aside
    and coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '') !~ '(^|\n)pgstandin: (building|previous) '
), used as (
  select a.attcollation as oid from pg_catalog.pg_attribute a
  where a.attcollation <> 0 and not a.attisdropped and a.attrelid in (select oid from relations)
  union
  select unnest(i.indcollation::oid[]) from pg_catalog.pg_index i where i.indexrelid in (select oid from relations)
)
select 'server' as kind, 'version' as name, '' as of, pg_catalog.current_setting('server_version') as definition, true as shown, false as printed, true as valid
union all
select 'database', x.name, '', x.value, true, false, true
from database d, lateral (values
  ('encoding', pg_catalog.pg_encoding_to_char(d.encoding)), ('collate', d.datcollate), ('ctype', d.datctype),
  ('provider', case coalesce(d.j->>'datlocprovider', 'c') when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' else d.j->>'datlocprovider' end),
  ('locale', coalesce(d.j->>'datlocale', d.j->>'daticulocale', '')), ('icu_rules', coalesce(d.j->>'daticurules', '')),
  ('collation_version', coalesce(d.j->>'datcollversion', ''))) as x(name, value)
union all
select 'setting', s.name, '', s.reset_val, true, false, true from pg_catalog.pg_settings s
where s.name = any ('{array_nulls,backslash_quote,bytea_output,check_function_bodies,client_encoding,DateStyle,default_text_search_config,
  default_transaction_deferrable,default_transaction_isolation,default_transaction_read_only,extra_float_digits,gin_fuzzy_search_limit,IntervalStyle,lc_messages,
  lc_monetary,lc_numeric,lc_time,lock_timeout,quote_all_identifiers,row_security,search_path,session_replication_role,
  standard_conforming_strings,statement_timeout,timezone_abbreviations,TimeZone,transform_null_equals,xmlbinary,xmloption}'::text[])
union all
select 'extension', e.extname, '', e.extversion || ' in ' || pg_catalog.quote_ident(n.nspname), true, false, true
from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
union all
select 'collation version', x.name, '', pg_catalog.string_agg(distinct coalesce(x.actual, 'none') || case when x.actual <> x.recorded then ' (recorded: ' || x.recorded || ')' else '' end, ', '), true, false, true
from (
  select c.oid::pg_catalog.regcollation::text as name, pg_catalog.pg_collation_actual_version(c.oid) as actual, c.collversion as recorded
  from pg_catalog.pg_collation c where c.oid in (select oid from used) and c.collprovider <> 'd'
  union
  select 'database', pg_catalog.pg_collation_actual_version(c.oid), d.j->>'datcollversion'
  from pg_catalog.pg_collation c, database d
  where c.collprovider = 'c' and c.collcollate = d.datcollate and c.collctype = d.datctype and coalesce(d.j->>'datlocprovider', 'c') = 'c'
) x
group by x.name
