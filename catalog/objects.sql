with members as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
), aside as (
  -- what a refresh in place is building, or has put aside
  select n.oid from pg_catalog.pg_namespace n
  where pg_catalog.obj_description(n.oid, 'pg_namespace') ~ '(^|\n)pgstandin: (building|previous) '
), spaces as (
  select n.oid, n.nspname from pg_catalog.pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and n.oid not in (select oid from aside)
    and not exists (select from members m where m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and m.objid = n.oid)
), casts as (
  -- they are in no schema: what they cast is
  select k.* from pg_catalog.pg_cast k
  where k.oid >= 16384
    and not exists (select from pg_catalog.pg_type t where t.oid in (k.castsource, k.casttarget) and t.typnamespace in (select oid from aside))
    and not exists (select from pg_catalog.pg_proc p where p.oid = k.castfunc and p.pronamespace in (select oid from aside))
), relations as (
  select c.*, c.oid::pg_catalog.regclass::text as name from pg_catalog.pg_class c
  where c.relnamespace in (select oid from spaces) and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    and not exists (select from members m where m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and m.objid = c.oid)
), constraints as (
  select k.*, coalesce(r.name, k.contypid::pg_catalog.regtype::text) as owner, r.name as relation
  from pg_catalog.pg_constraint k left join relations r on r.oid = k.conrelid
  where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
    and (r.oid is not null or k.contypid <> 0 and k.connamespace in (select oid from spaces)
         and not exists (select from members m where m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and m.objid = k.contypid))
), others(kind, classid, oid, definition) as (
  select 'operator', 'pg_catalog.pg_operator'::pg_catalog.regclass, oid, oprcode::text from pg_catalog.pg_operator where oprnamespace in (select oid from spaces)
  union all
  select 'operator class', 'pg_catalog.pg_opclass'::pg_catalog.regclass, oid, '' from pg_catalog.pg_opclass where opcnamespace in (select oid from spaces)
  union all
  select 'operator family', 'pg_catalog.pg_opfamily'::pg_catalog.regclass, oid, '' from pg_catalog.pg_opfamily where opfnamespace in (select oid from spaces)
  union all
  select 'cast', 'pg_catalog.pg_cast'::pg_catalog.regclass, oid, castcontext::text || castmethod::text from casts
  union all
  select 'conversion', 'pg_catalog.pg_conversion'::pg_catalog.regclass, oid, '' from pg_catalog.pg_conversion where connamespace in (select oid from spaces)
  union all
  select 'text search', 'pg_catalog.pg_ts_config'::pg_catalog.regclass, oid, '' from pg_catalog.pg_ts_config where cfgnamespace in (select oid from spaces)
  union all
  select 'text search', 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, oid, coalesce(dictinitoption, '') from pg_catalog.pg_ts_dict where dictnamespace in (select oid from spaces)
  union all
  select 'statistics', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid, pg_catalog.pg_get_statisticsobjdef(oid) from pg_catalog.pg_statistic_ext where stxnamespace in (select oid from spaces)
), comments as (
  select d.classoid, d.objoid, d.objsubid, i.type, i.identity,
    -- without the mark of a refresh in place
    case when d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
         then pg_catalog.regexp_replace(d.description, '(^|\n)pgstandin: (run|rollback) [0-9a-z]+$', '') else d.description end as description
  from pg_catalog.pg_description d
  cross join lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
  where d.objoid >= 16384
    and d.classoid <> all (array['pg_catalog.pg_extension', 'pg_catalog.pg_event_trigger', 'pg_catalog.pg_publication', 'pg_catalog.pg_foreign_server',
        'pg_catalog.pg_foreign_data_wrapper', 'pg_catalog.pg_largeobject', 'pg_catalog.pg_language']::pg_catalog.regclass[]::oid[])
    and not exists (select from members m where m.classid = d.classoid and m.objid = d.objoid)
    and case d.classoid::pg_catalog.regclass
      when 'pg_catalog.pg_namespace'::pg_catalog.regclass then d.objoid in (select oid from spaces)
      when 'pg_catalog.pg_cast'::pg_catalog.regclass then d.objoid in (select oid from casts)
      when 'pg_catalog.pg_trigger'::pg_catalog.regclass then exists (select from pg_catalog.pg_trigger x join relations r on r.oid = x.tgrelid where x.oid = d.objoid)
      when 'pg_catalog.pg_rewrite'::pg_catalog.regclass then exists (select from pg_catalog.pg_rewrite x join relations r on r.oid = x.ev_class where x.oid = d.objoid)
      when 'pg_catalog.pg_policy'::pg_catalog.regclass then exists (select from pg_catalog.pg_policy x join relations r on r.oid = x.polrelid where x.oid = d.objoid)
      else i.schema is null or i.schema in (select pg_catalog.quote_ident(nspname) from spaces) end
)
select 'schema' as kind, pg_catalog.quote_ident(nspname) as name, '' as of, '' as definition, true as shown, false as printed, true as valid from spaces
union all
select case relkind when 'f' then 'foreign table' else 'table' end, name, '',
       pg_catalog.concat_ws(' ', case relpersistence when 'u' then 'unlogged' end,
         (select case when r.relispartition then 'partition of ' else 'inherits ' end || pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ', ' order by i.inhseqno)
          from pg_catalog.pg_inherits i where i.inhrelid = r.oid),
         pg_catalog.pg_get_expr(r.relpartbound, r.oid),
         case when relkind = 'p' then 'partition by ' || pg_catalog.pg_get_partkeydef(r.oid) end,
         case when relrowsecurity then 'row security' end, case when relforcerowsecurity then 'forced' end),
       relkind <> 'p' and not relispartition, false, true
from relations r where relkind in ('r', 'p', 'f')
union all
select 'column', r.name || '.' || pg_catalog.quote_ident(a.attname), r.name,
       pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
         case when a.attcollation <> 0 and a.attcollation <> t.typcollation
              then 'collate ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname) end,
         case when a.attnotnull then 'not null' end,
         case a.attidentity when 'a' then 'generated always as identity' when 'd' then 'generated by default as identity' end,
         case a.attgenerated when 's' then 'generated stored' when 'v' then 'generated virtual' end), true, false, true
from relations r
join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_collation c on c.oid = a.attcollation
left join pg_catalog.pg_namespace cn on cn.oid = c.collnamespace
where r.relkind in ('r', 'p', 'f')
union all
select 'default', r.name || '.' || pg_catalog.quote_ident(a.attname), r.name, pg_catalog.pg_get_expr(d.adbin, d.adrelid), false, true, true
from relations r
join pg_catalog.pg_attribute a on a.attrelid = r.oid and not a.attisdropped
join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where r.relkind in ('r', 'p', 'f', 'v')
union all
select case contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key' when 'c' then 'check' else 'exclusion' end,
       owner || '.' || pg_catalog.quote_ident(conname), coalesce(relation, ''),
       pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(oid), ' NOT VALID$', ''), contype in ('p', 'u', 'f'), contype not in ('p', 'u', 'f'), convalidated
from constraints
union all
select 'index', i.indexrelid::pg_catalog.regclass::text, r.name, pg_catalog.pg_get_indexdef(i.indexrelid), false, true, i.indisvalid and i.indisready
from pg_catalog.pg_index i join relations r on r.oid = i.indrelid
where not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
union all
select 'sequence', r.name, coalesce((select t.name from relations t where t.oid = d.refobjid), ''),
       pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, null), 'start', s.seqstart, 'increment', s.seqincrement, 'from', s.seqmin, 'to', s.seqmax,
         'cache', s.seqcache, case when s.seqcycle then 'cycle' end, 'of ' || d.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname)), true, false, true
from relations r
join pg_catalog.pg_sequence s on s.seqrelid = r.oid
left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = r.oid and d.objsubid = 0
      and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
union all
select case relkind when 'm' then 'materialized view' else 'view' end, name, '',
       pg_catalog.pg_get_viewdef(oid) || coalesce(' with ' || pg_catalog.array_to_string(reloptions, ', '), ''), false, true, relkind = 'v' or relispopulated
from relations where relkind in ('v', 'm')
union all
select 'rule', r.name || '.' || pg_catalog.quote_ident(w.rulename), r.name, pg_catalog.pg_get_ruledef(w.oid), false, true, w.ev_enabled <> 'D'
from pg_catalog.pg_rewrite w join relations r on r.oid = w.ev_class where w.rulename <> '_RETURN'
union all
select case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, p.oid::pg_catalog.regprocedure::text, '',
       case when p.prokind = 'a'
            then (select pg_catalog.concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggtranstype::pg_catalog.regtype, g.agginitval)
                  from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid)
            else pg_catalog.pg_get_functiondef(p.oid) end, false, p.prokind <> 'a', true
from pg_catalog.pg_proc p
where p.pronamespace in (select oid from spaces)
  and not exists (select from members m where m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and m.objid = p.oid)
union all
select 'trigger', r.name || '.' || pg_catalog.quote_ident(t.tgname), r.name, pg_catalog.pg_get_triggerdef(t.oid), false, true, t.tgenabled <> 'D'
from pg_catalog.pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal and t.tgparentid = 0
union all
select 'policy', r.name || '.' || pg_catalog.quote_ident(p.polname), r.name,
       pg_catalog.concat_ws(' ', p.polcmd, case when p.polpermissive then 'permissive' else 'restrictive' end,
         pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)), false, true, true
from pg_catalog.pg_policy p join relations r on r.oid = p.polrelid
union all
select 'type', t.oid::pg_catalog.regtype::text, '',
       case t.typtype
         when 'e' then 'enum ' || coalesce((select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid), '')
         when 'd' then pg_catalog.concat_ws(' ', 'domain over', pg_catalog.format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then 'not null' end, 'default ' || t.typdefault)
         when 'c' then (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
                        from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
         when 'r' then (select 'range of ' || pg_catalog.format_type(g.rngsubtype, null) from pg_catalog.pg_range g where g.rngtypid = t.oid)
         else t.typtype::text end, false, false, true
from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
where t.typnamespace in (select oid from spaces) and t.typtype in ('e', 'd', 'c', 'r', 'b') and (t.typrelid = 0 or c.relkind = 'c')
  and not exists (select from pg_catalog.pg_type e where e.typarray = t.oid)
  and not exists (select from members m where m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and m.objid = t.oid)
union all
select 'collation', pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(c.collname), '',
       pg_catalog.concat_ws(' ', c.collprovider, c.collcollate, c.collctype, pg_catalog.to_jsonb(c)->>'colllocale', pg_catalog.to_jsonb(c)->>'colliculocale',
         case when not c.collisdeterministic then 'nondeterministic' end), true, true, true
from pg_catalog.pg_collation c join spaces s on s.oid = c.collnamespace
where not exists (select from members m where m.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass and m.objid = c.oid)
union all
select o.kind, i.identity, '', o.definition, false, true, true
from others o cross join lateral pg_catalog.pg_identify_object(o.classid, o.oid, 0) i
where not exists (select from members m where m.classid = o.classid and m.objid = o.oid)
union all
select 'comment', c.type || ' ' || c.identity, coalesce(r.name, ''), c.description, false, false, true
from comments c left join relations r on c.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and r.oid = c.objoid
where c.description <> '' and (c.identity <> 'public' or c.description <> 'standard public schema')
