-- The schema of the design's example, with what is awkward beside it.
create extension if not exists citext schema public;
create schema app;
create schema sales;
create type app.plan as enum ('free', 'paid');
create domain app.short_email as text check (length(value) < 200);
create table countries (code char(2) primary key, name text not null);
create table users (
  id bigint generated always as identity primary key,
  referrer_id bigint references users,
  country char(2) references countries,
  email text not null,
  name text,
  phone varchar(24),
  address text,
  password_hash text,
  settings jsonb,
  bio text,
  nick citext,
  plan app.plan not null default 'free',
  active boolean not null default true,
  upper_name text generated always as (upper(name)) stored,
  created_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));
create table payment_methods (id bigint primary key, user_id bigint not null references users, iban text);
create table labels (id bigint primary key);
create table posts (id bigint primary key, user_id bigint not null references users, editor_id bigint references users, title text, tag_ids bigint[]);
create table comments (id bigint primary key, commentable_type text not null, commentable_id bigint not null, body text);
create table messages (id bigint primary key, user_id bigint not null references users, body text, payload jsonb, created_at timestamptz not null);
create table audit_logs (id bigint primary key, user_id bigint references users, ip inet, created_at timestamptz not null) partition by range (id);
create table audit_logs_1 partition of audit_logs for values from (0) to (1000);
create table clients (code varchar(12) primary key, label text, "Home Town" text);
create table app.deals (id int primary key, client varchar(20) references clients, amount numeric(10,2), contact app.short_email);
create table app.items (id int primary key, x int);
create table sales.items (id int primary key, x int);
create table sales."Odd.Name" (id int primary key, "a ""b""" text);
create table wide (n int8 primary key);
create table narrow (n int4 primary key references wide (n));
create function app.tidy(text) returns text immutable language sql as 'select $1';
