-- The database that attacks run against. {{x|y}} is x in world a and y in world b (runner/worlds.py).
-- secrets: SELECT ssn FROM users UNION SELECT number FROM cards UNION SELECT pin_code FROM accounts
-- secrets: SELECT n8::text FROM vault UNION SELECT num::text FROM vault UNION SELECT uid::text FROM vault
-- secrets: SELECT encode(raw, 'escape') FROM vault UNION SELECT doc->>'key' FROM vault UNION SELECT js->>'key' FROM vault
-- secrets: SELECT unnest(tags) FROM vault UNION SELECT unnest(nums)::text FROM vault UNION SELECT dom::text FROM vault
-- secrets: SELECT (home).street FROM vault UNION SELECT hs->'key' FROM vault UNION SELECT lower(rng)::text FROM vault
-- secrets: SELECT mac::text FROM vault UNION SELECT (xpath('//key/text()', x))[1]::text FROM vault

CREATE EXTENSION hstore;
CREATE EXTENSION pgcrypto;
CREATE EXTENSION tablefunc;
CREATE EXTENSION pg_stat_statements;
GRANT ALL ON SCHEMA public TO PUBLIC;

CREATE TABLE users (
  id int PRIMARY KEY,
  name text NOT NULL,
  email text,
  ssn text UNIQUE,  -- masked
  bal numeric(12,2) NOT NULL DEFAULT 0
);
INSERT INTO users VALUES
  (1, 'Ada',    'ada@mail.example',    '{{487-63-9151|219-84-0376}}', 120.50),
  (2, 'Bjarne', 'bjarne@mail.example', '{{132-58-7746|905-11-6283}}', 99.00),
  (3, 'Chen',   'chen@mail.example',   '{{861-20-3395|377-46-5018}}', 0.00),
  (4, 'Dalia',  'dalia@mail.example',  '{{275-94-6108|641-07-2994}}', 1500.75),
  (5, 'Emeka',  'emeka@mail.example',  '{{593-37-8420|158-62-7303}}', 20.00),
  (6, 'Freya',  'freya@mail.example',  '{{914-06-5273|482-39-1157}}', 310.10),
  (7, 'Goran',  'goran@mail.example',  NULL, 5.00);

CREATE TABLE cards (
  id int PRIMARY KEY,
  user_id int REFERENCES users,
  number text,  -- masked
  expires date,
  label text
);
INSERT INTO cards VALUES
  (1, 1, '{{4929381705528846|4485092716634159}}', '2027-03-01', 'main'),
  (2, 2, '{{5412756390184427|5268410973359042}}', '2026-11-01', 'main'),
  (3, 4, '{{4716203859947108|4024007136512380}}', '2028-01-01', 'travel');

CREATE TABLE orders (
  id int PRIMARY KEY,
  user_id int REFERENCES users,
  item text NOT NULL,
  total numeric(10,2) NOT NULL,
  placed timestamptz NOT NULL
);
INSERT INTO orders
  SELECT g, 1 + g % 6, 'item ' || g, g * 7.25, timestamptz '2024-01-01 00:00+00' + g * interval '1 day'
  FROM generate_series(1, 40) g;

-- Nothing here is masked: where attackers put things.
CREATE TABLE open_t (id serial PRIMARY KEY, val text, payload jsonb);
INSERT INTO open_t (val) VALUES ('one'), ('two');
CREATE SEQUENCE open_seq;

-- Every column but id and owner is masked: one for each type that has a text and a binary form.
CREATE DOMAIN secret_text AS text CHECK (VALUE <> '');
CREATE TYPE address AS (street text, zip text);
CREATE TYPE tier AS ENUM ('basic', 'gold', 'platinum');
CREATE TABLE vault (
  id int PRIMARY KEY, owner text, n8 bigint, num numeric(30,4), uid uuid, raw bytea, doc jsonb, js json, tags text[],
  nums bigint[], dom secret_text, home address, hs hstore, rng int8range, mac macaddr, x xml, lvl tier, day date,
  at timestamptz, f8 float8, flag boolean, bits varbit
);
INSERT INTO vault VALUES (
  1, 'Ada', {{7391846205518376|8206634917750283}}, {{81736452908173.5521|90227716340589.1183}},
  '{{6f1d2c84-93ab-4e57-b0c6-5a7e19d3f842|0b9e7d35-1fa4-4c28-8d61-e2c7034a96bf}}',
  '{{raw-kestrel-5518-onyx|raw-marlin-0947-jade}}', '{"key": "{{doc-falcon-8841-ruby|doc-walrus-2267-opal}}", "n": 1}',
  '{"key": "{{js-heron-7702-topaz|js-badger-3158-beryl}}"}', '{ {{tag-osprey-6619|tag-ferret-1482}},plain}',
  '{ {{5540917382260144|6613842907715520}},1}', '{{dom-lynx-4437-pearl|dom-otter-9023-coral}}',
  ROW('{{12 Quartz Lane Apt 7731|98 Basalt Court Nr 2206}}', '{{90417|55832}}'),
  'key=>"{{hs-condor-2295-agate|hs-weasel-7714-amber}}"', '[{{3318827745509|4429916600718}},9000000000000)',
  '{{a4:5e:60:d1:93:7f|c8:2b:96:0f:e4:15}}', '<v><key>{{xml-plover-1187-garnet|xml-shrike-6650-zircon}}</key></v>',
  '{{gold|platinum}}', '{{1983-07-19|1976-02-28}}', '{{2021-05-17 03:41:52+00|2019-09-30 22:08:07+00}}',
  {{271828.1828|141421.3562}}, {{true|false}}, B'{{1011001110001111|0100110001110001}}');

CREATE TABLE accounts (id int, region text, pin_code text, note text) PARTITION BY LIST (region);  -- pin_code is masked
CREATE TABLE accounts_eu PARTITION OF accounts FOR VALUES IN ('eu');
CREATE TABLE accounts_us PARTITION OF accounts FOR VALUES IN ('us');
INSERT INTO accounts VALUES
  (1, 'eu', '{{PIN-77120-EU-4|PIN-30465-EU-8}}', 'first'), (2, 'us', '{{PIN-51893-US-2|PIN-99276-US-6}}', 'second');

CREATE VIEW v AS SELECT id, ssn AS code FROM users;
CREATE VIEW v_of_v AS SELECT id AS k, code AS label FROM v;
CREATE VIEW v_clean AS SELECT id, name, bal FROM users;
CREATE MATERIALIZED VIEW mv AS SELECT id, ssn AS badge FROM users;
CREATE TABLE tail_cards (id int, number text, tail text GENERATED ALWAYS AS (reverse(number)) STORED);
INSERT INTO tail_cards SELECT id, number FROM cards;

CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT ssn FROM users WHERE id = $1';
CREATE FUNCTION all_users() RETURNS SETOF users LANGUAGE sql STABLE AS 'SELECT * FROM users';
CREATE FUNCTION wipe_orders() RETURNS bigint LANGUAGE sql AS
  'WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM gone';
CREATE FUNCTION touch_open(text) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO open_t (val) VALUES ($1); RETURN $1; END $$;
