package main

// canaryPlants fills the shop, its odd tables and its columns of every kind with
// canaries: values that say of themselves that they are one (see canaryMarks).
// Each is unique; those that a shop copies from table to table, such as the e-mail
// address of a customer in his orders, are here copied too.
const canaryPlants = `
create sequence canaries;
create function c() returns text language sql volatile as $$select 'qzk' || lpad(nextval('canaries')::text, 6, '0')$$;
create function c_mail() returns text language sql volatile as $$select c() || '@nowhere.test'$$;
create function c_name() returns text language sql volatile as $$select (array['Anna', 'Ben', 'Carla', 'David', 'Elena', 'Felix', 'Greta', 'Hugo'])[1 + ascii(right(x, 1)) % 8] || ' ' || initcap(x) from (select c() as x) y$$;
create function c_phone() returns text language sql volatile as $$select '+49 17180' || lpad(nextval('canaries')::text, 8, '0')$$;
create function c_ip() returns inet language sql volatile as $$select inet '2001:db8:c0de:c0de::' + nextval('canaries')$$;
create function c_uuid() returns uuid language sql volatile as $$select ('c0dec0de-c0de-4000-8000-' || lpad(to_hex(nextval('canaries')), 12, '0'))::uuid$$;

create type person_card as (full_name text, email text, phone text);
create domain mail_domain as text check (value like '%@%');
alter table users add other_emails text[], add phone_numbers varchar(30)[], add known_ips inet[], add contacts jsonb, add card person_card,
	add avatar bytea, add api_token uuid, add login_history json, add second_email mail_domain;
create table "Odd ""Names"" & é" (id int primary key, "E-Mail" text, "select" text, "Full Name" text, "Телефон" text, "Notes" text);
create table "2019 export (old)" (id int primary key, customer_email varchar(80), customer_name char(40), contact_card person_card, "from" text);
create schema "Weird Schema";
create table "Weird Schema"."user" (id int primary key, email text, family jsonb, phones text[]);
create table leads_p (id int, region text, email text, name text, primary key (id, region)) partition by list (region);
create table leads_p_de partition of leads_p for values in ('de');
create table leads_p_xx partition of leads_p default;
create table base_contacts (id int, email text, name text);
create table base_contacts_more (mobile text) inherits (base_contacts);

alter table users disable trigger all;
update users set email = c_mail(), name = c_name(), phone = c_phone(), user_name = c(), last_ip = c_ip(), api_token = c_uuid(),
	password_hash = '$2b$12$' || c() || substr(md5(id::text) || md5(name), 1, 44),
	other_emails = array[c_mail(), null, c_mail()], phone_numbers = array[c_phone()], known_ips = array[c_ip(), c_ip()],
	avatar = '\xffd8ffe000104a464946'::bytea || convert_to(c(), 'utf8') || '\x00ff'::bytea, second_email = c_mail();
update users set
	settings = settings || jsonb_build_object('contact', jsonb_build_object('email', c_mail(), 'phone', c_phone())),
	contacts = jsonb_build_array(jsonb_build_object('full_name', c_name(), 'email', c_mail(), 'phones', jsonb_build_array(c_phone())), jsonb_build_object('full_name', name)),
	login_history = json_build_array(json_build_object('ip', host(c_ip()), 'user_agent', 'Browser', 'email', email)),
	card = (name, c_mail(), phone)::person_card,
	bio = case id % 4 when 0 then 'I am ' || name || ', write to ' || email when 1 then 'call ' || phone || ' or ' || c_phone() when 2 then 'see <a href="mailto:' || c_mail() || '">me</a>' else 'nothing' end;
update organizations set name = c_name(), billing_email = c_mail(),
	settings = settings || jsonb_build_object('contact', jsonb_build_object('name', c_name(), 'email', c_mail()), 'members', jsonb_build_array(jsonb_build_object('email', c_mail())));
update addresses a set recipient = u.name, street = '17 ' || initcap(c()) || ' Street', phone = u.phone from users u where u.id = user_id;
update payment_methods p set holder = u.name, token = 'pm_' || c() from users u where u.id = user_id;
alter table orders disable trigger all;
update orders o set customer_email = u.email, ip = c_ip(), note = case when number % 3 = 0 then 'ask ' || u.name || ' at ' || c_mail() || ' or ' || u.phone end from users u where u.id = user_id;
update shipments set signed_by = c_name();
update audit_logs l set ip = c_ip(), details = jsonb_build_object('email', u.email, 'old', jsonb_build_object('email', c_mail())) from users u where u.id = l.user_id;
update messages m set body = 'This is ' || u.name || ', my new address is ' || c_mail() || ', thanks' from users u where u.id = m.user_id;
insert into "Odd ""Names"" & é" select i, c_mail(), c_mail(), c_name(), c_phone(), 'reach me at ' || c_mail() from generate_series(1, 200) i;
insert into "2019 export (old)" select id, email, left(name, 40), (name, c_mail(), c_phone())::person_card, c_mail() from users;
insert into "Weird Schema"."user" select i, c_mail(), jsonb_build_object('members', jsonb_build_array(jsonb_build_object('name', c_name(), 'email', c_mail()))), array[c_phone(), c_phone()] from generate_series(1, 200) i;
insert into leads_p select i, case when i % 2 = 0 then 'de' else 'us' end, c_mail(), c_name() from generate_series(1, 200) i;
insert into base_contacts select i, c_mail(), c_name() from generate_series(1, 100) i;
insert into base_contacts_more select i, c_mail(), c_name(), c_phone() from generate_series(101, 200) i;
alter table users enable trigger all;
alter table orders enable trigger all;
do $$begin
	drop function c_mail, c_name, c_phone, c_ip, c_uuid, c;
end$$;
refresh materialized view monthly_sales;
analyze;
`
