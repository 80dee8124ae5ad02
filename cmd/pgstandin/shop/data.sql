-- Rows of the shop for {{users}} users. Everything follows from row numbers by a
-- hash, so that the same number of users gives the same rows. Keys hold by
-- construction and are not checked while this loads.

set session_replication_role = replica;
set synchronous_commit = off;
set client_min_messages = warning;
set jit = off;
set timezone = 'UTC';

-- Helpers that go with the session. The planner inlines them where what they
-- call is no more volatile than they say, hence n::text: text || bigint is stable.

create function pg_temp.h(n bigint, salt bigint) returns bigint
    language sql immutable parallel safe
    as 'select hashint8extended(n, salt) & 9223372036854775807';

create function pg_temp.pick(from_list text[], n bigint, salt bigint) returns text
    language sql immutable parallel safe
    as 'select from_list[1 + pg_temp.h(n, salt) % cardinality(from_list)]';

create function pg_temp.first_name(n bigint) returns text
    language sql immutable parallel safe
    as $$select pg_temp.pick('{Anna,Ben,Carla,David,Elena,Felix,Greta,Hugo,Ines,Jonas,Karin,Liam,Maya,Noah,Olga,Paul,
        Rosa,Samuel,Tara,Umar,Vera,Walter,Yara,Zoë,Jürgen,José,Søren,Łukasz,Marie-Claire,Aoife,Priya,Kenji,Fatima,Ahmed,
        Grace,Victor,Helen,Oscar,Nadia,Simon,Alice,Robert,Linda,Thomas,Julia,Martin,Sofia,Daniel,Laura,Peter,Emma,Lucas,
        Chloé,Mateo,Ivana,Stefan,Amara,Björn,Leila,Tom}', n, 1)$$;

create function pg_temp.last_name(n bigint) returns text
    language sql immutable parallel safe
    as $$select pg_temp.pick('{Abbott,Baker,Castillo,Dvořák,Edwards,Fischer,García,Hansen,Ivanova,Jensen,Kowalski,Larsson,
        Müller,Nakamura,O''Brien,Petrov,Quinn,Rossi,Schmidt,Tanaka,Ueda,Vargas,Weber,Xu,Yılmaz,Zimmermann,Álvarez,Brandt,
        Costa,Dubois,Eriksen,Fontaine,Gupta,Hoffmann,Ito,Jones,Khan,Lindberg,Moreau,Novak,Okafor,Pereira,Ramírez,Sato,
        Thompson,Usman,Virtanen,Walsh,Young,van der Berg,MacDonald,Singh,Cohen,Haddad,Morgan,Fernandes,Bauer,Silva,
        Popescu,Lindqvist}', n, 2)$$;

create function pg_temp.plain(name text) returns text
    language sql immutable parallel safe
    as $$select translate(lower(name), 'ëüéøłöáıříÁŁ'' -', 'eueoloairial')$$;

create function pg_temp.user_name(n bigint) returns text
    language sql immutable parallel safe
    as $$select pg_temp.plain(pg_temp.first_name(n)) || '.' || pg_temp.plain(pg_temp.last_name(n)) || n::text$$;

create function pg_temp.phone(n bigint) returns text
    language sql immutable parallel safe
    as $$select case pg_temp.h(n, 3) % 4
        when 0 then '+1 ' || (201 + pg_temp.h(n, 4) % 780)::text || '-555-' || lpad((pg_temp.h(n, 5) % 10000)::text, 4, '0')
        when 1 then '(' || (201 + pg_temp.h(n, 4) % 780)::text || ') 555-' || lpad((pg_temp.h(n, 5) % 10000)::text, 4, '0')
        when 2 then '+49 30 ' || (10000000 + pg_temp.h(n, 4) % 90000000)::text
        else '+44 20 7946 ' || lpad((pg_temp.h(n, 4) % 10000)::text, 4, '0') end$$;

create function pg_temp.ip(n bigint, salt bigint) returns inet
    language sql immutable parallel safe
    as $$select case when pg_temp.h(n, salt) % 10 = 0
        then inet '2001:db8::' + pg_temp.h(n, salt)
        else inet '77.0.0.1' + pg_temp.h(n, salt) / 16 % 60000000 end$$;

-- What the number n of an order decides about it.
create function pg_temp.order_id(n bigint) returns uuid
    language sql immutable parallel safe
    as $$select md5('order ' || n::text)::uuid$$;

create function pg_temp.order_user(n bigint) returns bigint
    language sql immutable parallel safe
    as $$select 1 + case when pg_temp.h(n, 20) % 5 = 0
        then pg_temp.h(n, 21) % ({{users}} / 10 + 1) else pg_temp.h(n, 22) % {{users}} end$$;

create function pg_temp.order_lines(n bigint) returns integer
    language sql immutable parallel safe
    as $$select (1 + pg_temp.h(n, 23) % 4)::integer$$;

create function pg_temp.order_status(n bigint) returns order_status
    language sql immutable parallel safe
    as $$select ('{cart,pending,paid,paid,shipped,shipped,cancelled,refunded,delivered,delivered,delivered,delivered,
        delivered,delivered,delivered,delivered,delivered,delivered,delivered,delivered}'::order_status[])
        [1 + pg_temp.h(n, 24) % 20]$$;

create function pg_temp.order_time(n bigint) returns timestamptz
    language sql stable parallel safe
    as $$select {{now}} - interval '1 second' * ((1 - n / ({{users}} * 4.0 + 1)) * 63072000 + pg_temp.h(n, 25) % 3600)$$;

create function pg_temp.price(product bigint) returns integer
    language sql immutable parallel safe
    as $$select (199 + (pg_temp.h(product, 30) % 300) * (pg_temp.h(product, 31) % 70))::integer$$;

-- Rows.

insert into countries values
    ('US', 'United States', 'USD', 0), ('DE', 'Germany', 'EUR', 19), ('GB', 'United Kingdom', 'GBP', 20),
    ('FR', 'France', 'EUR', 20), ('ES', 'Spain', 'EUR', 21), ('IT', 'Italy', 'EUR', 22), ('PL', 'Poland', 'PLN', 23),
    ('SE', 'Sweden', 'SEK', 25), ('CH', 'Switzerland', 'CHF', 8.1), ('JP', 'Japan', 'JPY', 10);

insert into organizations (id, parent_id, owner_id, name, slug, vat_number, country_code, plan, billing_email, settings, created_at)
    overriding system value
select n,
    case when n > 3 and pg_temp.h(n, 40) % 4 = 0 then 1 + pg_temp.h(n, 41) % (n - 1) end,
    case when pg_temp.h(n, 42) % 10 > 0 then 1 + pg_temp.h(n, 43) % {{users}} end,
    pg_temp.last_name(n * 7) || ' ' || pg_temp.pick('{& Sons,Group,Logistics,Media,Foods,Partners,Software,Trading}', n, 44),
    pg_temp.plain(pg_temp.last_name(n * 7)) || '-' || n,
    case when pg_temp.h(n, 45) % 3 > 0 then 'DE' || 100000000 + pg_temp.h(n, 46) % 900000000 end,
    pg_temp.pick('{US,DE,GB,FR,ES,IT,PL,SE,CH,JP}', n, 47),
    pg_temp.pick('{free,free,free,team,team,business}', n, 48),
    'billing@' || pg_temp.plain(pg_temp.last_name(n * 7)) || n || '.test',
    jsonb_build_object('seats', 1 + pg_temp.h(n, 49) % 50, 'contact',
        jsonb_build_object('name', pg_temp.first_name(n * 7) || ' ' || pg_temp.last_name(n * 7),
            'email', pg_temp.plain(pg_temp.first_name(n * 7)) || '@' || pg_temp.plain(pg_temp.last_name(n * 7)) || n || '.test')),
    {{now}} - interval '1 hour' * (17520 + pg_temp.h(n, 50) % 10000)
from generate_series(1, {{users}} / 20 + 1) n;

insert into users (id, organization_id, referrer_id, user_name, email, name, phone, birth_date, password_hash,
    settings, tags, last_ip, bio, active, created_at, updated_at)
select n,
    case when pg_temp.h(n, 60) % 5 < 3 then 1 + pg_temp.h(n, 61) % ({{users}} / 20 + 1) end,
    case when n > 1 and pg_temp.h(n, 62) % 10 < 3 then 1 + pg_temp.h(n, 63) % (n - 1) end,
    user_name, email,
    pg_temp.first_name(n) || ' ' || pg_temp.last_name(n),
    case when pg_temp.h(n, 64) % 8 > 0 then pg_temp.phone(n) end,
    case when pg_temp.h(n, 65) % 6 > 0 then date '1940-01-01' + (pg_temp.h(n, 66) % 24800)::integer end,
    '$2b$12$' || substr(md5('salt ' || n) || md5('hash ' || n), 1, 53),
    jsonb_build_object('theme', pg_temp.pick('{light,dark,auto}', n, 67), 'newsletter', pg_temp.h(n, 68) % 2 = 0,
        'contact', jsonb_build_object('email', email, 'phone', pg_temp.phone(n))),
    case pg_temp.h(n, 69) % 5 when 0 then '{vip}' when 1 then '{newsletter,beta}' when 2 then '{wholesale}' else '{}' end::text[],
    case when pg_temp.h(n, 70) % 9 > 0 then pg_temp.ip(n, 71) end,
    case when pg_temp.h(n, 72) % 6 = 0 then 'I am ' || pg_temp.first_name(n) || ', I like '
        || pg_temp.pick('{cycling,cooking,chess,sailing,gardening,old maps}', n, 73) || '. Reach me at ' || email || '.' end,
    pg_temp.h(n, 74) % 20 > 0,
    {{now}} - interval '1 second' * ((1 - n / ({{users}} + 1.0)) * 31536000 + 63072000 + pg_temp.h(n, 75) % 600),
    {{now}} - interval '1 second' * (pg_temp.h(n, 76) % 63072000)
from generate_series(1, {{users}}) n
    cross join lateral (select pg_temp.user_name(n) as user_name offset 0) a
    cross join lateral (select case when pg_temp.h(n, 77) % 12 = 0 then initcap(user_name) else user_name end || '@'
        || pg_temp.pick('{post.test,inbox.test,quickmail.test,kurier.test,letterbox.test}', n, 78) as email offset 0) b;

insert into addresses (id, user_id, recipient, street, city, state, zip, country_code, phone, latitude, longitude, is_default, created_at)
select u.id * 2 - 2 + k, u.id,
    case when k = 1 then u.name else pg_temp.first_name(u.id + 5) || ' ' || split_part(u.name, ' ', 2) end,
    1 + pg_temp.h(a, 80) % 299 || ' ' || pg_temp.pick('{Oak,Maple,Harbour,Station,Church,Mill,Garden,Linden,Castle,River}', a, 81)
        || ' ' || pg_temp.pick('{Street,Road,Lane,Avenue}', a, 82),
    pg_temp.pick('{Springfield,Rivertown,Neustadt,Ashford,Villanova,Kirkby,Lakeside,Brookfield,Altstadt,Montclair}', a, 83),
    case when pg_temp.h(a, 84) % 2 = 0 then pg_temp.pick('{CA,NY,TX,WA,OR,IL,MA}', a, 85) end,
    lpad((pg_temp.h(a, 86) % 100000)::text, 5, '0'),
    pg_temp.pick('{US,US,US,DE,DE,GB,FR,ES,IT,PL,SE,CH,JP}', a, 87),
    case when pg_temp.h(a, 88) % 3 = 0 then u.phone end,
    (pg_temp.h(a, 89) % 12000000)::numeric / 100000 - 60, (pg_temp.h(a, 90) % 36000000)::numeric / 100000 - 180,
    k = 1, u.created_at + interval '1 day' * (pg_temp.h(a, 91) % 30)
from users u
    cross join generate_series(1, (1 + pg_temp.h(u.id, 79) % 2)::integer) k
    cross join lateral (select u.id * 2 + k as a offset 0) x;

insert into payment_methods (id, user_id, kind, holder, card_brand, card_last4, iban, token, expires_on, created_at)
select u.id, u.id, case when card then 'card' else 'iban' end, u.name,
    case when card then pg_temp.pick('{visa,mastercard,amex}', u.id, 101) end,
    case when card then lpad((pg_temp.h(u.id, 102) % 10000)::text, 4, '0') end,
    case when not card then 'DE' || lpad((98 - (digits || '131400')::numeric % 97)::text, 2, '0') || digits end,
    'pm_' || md5('token ' || u.id),
    case when card then date_trunc('month', {{now}})::date + (pg_temp.h(u.id, 103) % 1500)::integer end,
    u.created_at + interval '2 days'
from users u
    cross join lateral (select pg_temp.h(u.id, 104) % 4 > 0 as card,
    '50010517' || lpad((pg_temp.h(u.id, 105) % 10000000000)::text, 10, '0') as digits offset 0) x
where pg_temp.h(u.id, 100) % 5 > 0;

insert into products (id, sku, name, description, price_cents, attributes, tags, active, created_at)
select n, 'SKU-' || lpad(n::text, 7, '0'),
    pg_temp.pick('{Small,Large,Classic,Modern,Light,Heavy,Foldable,Wooden,Steel,Travel}', n, 110) || ' '
        || pg_temp.pick('{lamp,chair,kettle,backpack,notebook,umbrella,clock,blanket,bottle,mirror,radio,basket}', n, 111),
    'A ' || pg_temp.pick('{sturdy,handy,quiet,bright,soft,reliable}', n, 112) || ' companion for '
        || pg_temp.pick('{kitchen,office,garden,journey,workshop}', n, 113) || ' and home.',
    pg_temp.price(n),
    jsonb_build_object('colour', pg_temp.pick('{red,green,blue,black,white}', n, 114), 'grams', 50 + pg_temp.h(n, 115) % 5000),
    array[pg_temp.pick('{home,office,outdoor,travel}', n, 116), pg_temp.pick('{new,sale,classic}', n, 117)],
    pg_temp.h(n, 118) % 15 > 0, {{now}} - interval '1 hour' * (17520 + pg_temp.h(n, 119) % 20000)
from generate_series(1, {{users}} / 50 + 20) n;

insert into orders (id, number, user_id, billing_address_id, shipping_address_id, payment_method_id, status, currency,
    total_cents, customer_email, ip, note, placed_at, paid_at, shipped_at)
select pg_temp.order_id(n), n, u.id,
    u.id * 2 - 1,
    case when status <> 'cart' then u.id * 2 - 1 + case when pg_temp.h(n, 120) % 3 = 0 then pg_temp.h(u.id, 79) % 2 else 0 end end,
    case when paid and pg_temp.h(u.id, 100) % 5 > 0 then u.id end,
    status, pg_temp.pick('{USD,USD,EUR,EUR,EUR,GBP}', u.id, 121),
    (select sum((1 + pg_temp.h(n * 8 + line, 131) % 3) * pg_temp.price(1 + pg_temp.h(n * 8 + line, 130) % ({{users}} / 50 + 20)))
        from generate_series(1, pg_temp.order_lines(n)) line),
    u.email, pg_temp.ip(n, 122),
    case when pg_temp.h(n, 123) % 12 = 0 then 'Please ring twice, or call ' || coalesce(u.phone, pg_temp.phone(n))
        || '. ' || split_part(u.name, ' ', 1) end,
    placed, case when paid then placed + interval '5 minutes' end,
    case when status in ('shipped', 'delivered', 'refunded') then placed + interval '26 hours' end
from generate_series(1, {{users}}::bigint * 4) n
    cross join lateral (select pg_temp.order_status(n) as status, pg_temp.order_time(n) as placed offset 0) x
    cross join lateral (select status in ('paid', 'shipped', 'delivered', 'refunded') as paid) y
    join users u on u.id = pg_temp.order_user(n);

insert into order_items (order_id, line, product_id, quantity, price_cents, discount_cents)
select pg_temp.order_id(n), line, product, 1 + pg_temp.h(n * 8 + line, 131) % 3, pg_temp.price(product),
    case when pg_temp.h(n * 8 + line, 132) % 10 = 0 then 100 else 0 end
from generate_series(1, {{users}}::bigint * 4) n
    cross join generate_series(1, pg_temp.order_lines(n)) line
    cross join lateral (select 1 + pg_temp.h(n * 8 + line, 130) % ({{users}} / 50 + 20) as product offset 0) x;

insert into shipments (id, order_id, line, carrier, tracking_code, signed_by, shipped_at, delivered_at)
    overriding system value
select row_number() over (), pg_temp.order_id(n), line,
    pg_temp.pick('{ParcelOne,Swift,Postway}', n, 140), '1Z' || upper(substr(md5(n || ' ' || line), 1, 16)),
    case when status <> 'shipped' and pg_temp.h(n, 141) % 2 = 0 then pg_temp.last_name(pg_temp.order_user(n)) end,
    placed + interval '26 hours',
    case when status <> 'shipped' then placed + interval '26 hours' + interval '1 minute' * (pg_temp.h(n, 142) % 6000) end
from generate_series(1, {{users}}::bigint * 4) n
    cross join lateral (select pg_temp.order_status(n) as status, pg_temp.order_time(n) as placed offset 0) x
    cross join generate_series(1, pg_temp.order_lines(n), 2) line
where status in ('shipped', 'delivered', 'refunded');

insert into audit_logs (id, user_id, action, ip, user_agent, details, created_at)
select n, u.id, action, pg_temp.ip(n, 150),
    pg_temp.pick('{Firefox/140.0,Safari/605.1.15,Chrome/141.0,"ShopApp/7.3 (Android 15)","ShopApp/7.2 (iOS 18)"}', n, 151),
    case when action = 'profile.update'
        then jsonb_build_object('changed', array['email', 'phone'], 'email', u.email)
        else '{}' end,
    {{now}} - interval '1 second' * ((1 - n / ({{users}} * 5.0 + 1)) * 5184000)
from generate_series(1, {{users}}::bigint * 5) n
    cross join lateral (select pg_temp.pick('{login,login,login,logout,profile.update,password.change,order.paid}', n, 153) as action offset 0) x
    join users u on u.id = 1 + pg_temp.h(n, 154) % {{users}};

insert into messages (id, thread_id, user_id, order_id, from_staff, subject, body, created_at)
select n, case when step > 0 then n - step end, u.id, pg_temp.order_id(o), step = 1,
    case when step = 0 then pg_temp.pick('{Where is my parcel?,Wrong item,Invoice needed,Change of address,Thank you}', n, 160) end,
    case step
        when 0 then 'Hello, this is ' || u.name || '. ' || pg_temp.pick('{My parcel has not arrived,An item is missing,The invoice is wrong}', n, 161)
            || ' (order ' || o || '). You can call me at ' || coalesce(u.phone, pg_temp.phone(n)) || ' or write to ' || u.email || '.'
        when 1 then 'Dear ' || split_part(u.name, ' ', 1) || ', thank you for your message about order ' || o
            || '. We have sent the answer to ' || u.email || '.'
        else 'Thanks, that helped! ' || split_part(u.name, ' ', 1) end,
    least(pg_temp.order_time(o) + interval '1 day' * (1 + step), {{now}})
from generate_series(1, {{users}}::bigint * 2) n
    cross join lateral (select (n - 1) % 3 as step, 1 + pg_temp.h((n - 1) / 3, 162) % ({{users}} * 4) as o offset 0) x
    join users u on u.id = pg_temp.order_user(o);

select setval(pg_get_serial_sequence(t, c), n) from (values
    ('organizations', 'id', (select max(id) from organizations)), ('users', 'id', (select max(id) from users)),
    ('addresses', 'id', (select max(id) from addresses)), ('payment_methods', 'id', (select max(id) from payment_methods)),
    ('products', 'id', (select max(id) from products)), ('orders', 'number', (select max(number) from orders)),
    ('shipments', 'id', (select max(id) from shipments)), ('audit_logs', 'id', (select max(id) from audit_logs)),
    ('messages', 'id', (select max(id) from messages))) as s (t, c, n)
where n is not null;
refresh materialized view monthly_sales;
reset session_replication_role;
analyze;
