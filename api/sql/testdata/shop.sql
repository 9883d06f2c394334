-- The database of api/sql's tests: fixture.py reads its catalog into testdata/shop.rows, and the integration test makes it anew.
CREATE SCHEMA crm;
CREATE SCHEMA evil;
CREATE TABLE users (
  id int PRIMARY KEY, name text, email text, ssn text UNIQUE, bal numeric(10,2) DEFAULT 0, code varchar(5), code_n int,
  born date, created timestamptz NOT NULL DEFAULT now(), active bool NOT NULL DEFAULT true);
CREATE TABLE orders (
  id bigserial PRIMARY KEY, user_id int REFERENCES users, total numeric, note text, items jsonb, tags text[],
  created timestamptz NOT NULL DEFAULT now());
CREATE TABLE order_lines (order_id bigint REFERENCES orders, line int, sku text, qty int, PRIMARY KEY (order_id, line));
CREATE TYPE address AS (street text, zip text);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN email_d AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE people (id int, home address, homes address[], m mood, mail email_d, doc xml, span int4range, u users);
CREATE TABLE open_t (id int, name text, x text);
CREATE TABLE gen (id int, ssn text, masked text GENERATED ALWAYS AS (left(ssn, 3)) STORED);
CREATE TABLE parent (id int, ssn text);
CREATE TABLE child (extra text) INHERITS (parent);
CREATE TABLE parts (id int, region text, secret text) PARTITION BY LIST (region);
CREATE TABLE parts_eu PARTITION OF parts FOR VALUES IN ('eu');
CREATE TABLE parts_us PARTITION OF parts FOR VALUES IN ('us');
CREATE TABLE crm.contacts (id int, phone text, users text);
CREATE TABLE evil.orders (id int, user_id int, total numeric);
CREATE SEQUENCE seq;
CREATE VIEW v AS SELECT id, ssn AS code FROM users;
CREATE VIEW vv AS SELECT code, upper(code) AS up FROM v WHERE id > 10;
CREATE VIEW v_union AS SELECT ssn FROM users UNION ALL SELECT note FROM orders;
CREATE VIEW v_join AS SELECT * FROM users JOIN (SELECT user_id AS id, count(*) AS n FROM orders GROUP BY 1) o USING (id);
CREATE MATERIALIZED VIEW mv AS SELECT id, ssn FROM users;
CREATE FUNCTION leak(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN t; END $$;
CREATE FUNCTION get_users() RETURNS SETOF users LANGUAGE sql AS $$ SELECT * FROM users $$;
CREATE FUNCTION pair(a int, OUT x int, OUT y text) LANGUAGE sql AS $$ SELECT a, a::text $$;
CREATE FUNCTION evil.lower(v varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'gotcha'::text $$;
CREATE FUNCTION public.upper(v varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'gotcha'::text $$;
CREATE FUNCTION total(u users) RETURNS numeric LANGUAGE sql AS $$ SELECT u.bal $$;
CREATE FUNCTION def(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT a + b $$;
CREATE PROCEDURE cleanup(n int) LANGUAGE sql AS $$ DELETE FROM orders WHERE id < n $$;
CREATE VIEW v_fn AS SELECT leak(name) AS l, id FROM users;
CREATE FUNCTION eq_hook(a varchar, b int) RETURNS bool LANGUAGE sql AS $$ SELECT true $$;
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = int, FUNCTION = eq_hook);
CREATE OPERATOR public.@#@ (LEFTARG = text, RIGHTARG = text, FUNCTION = textcat);
CREATE FUNCTION mood_to_int(m mood) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE CAST (mood AS int) WITH FUNCTION mood_to_int(mood);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', NEW; RETURN NEW; END $$;
CREATE TRIGGER t_audit BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TABLE ruled (id int, x text);
CREATE RULE ruled_del AS ON DELETE TO ruled DO INSTEAD DELETE FROM users;
CREATE TABLE locked (id int, owner text);
ALTER TABLE locked ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON locked USING (owner = current_user);
CREATE EXTENSION citext SCHEMA crm;
CREATE TABLE crm.mails (id int, mail crm.citext);
CREATE VIEW crm.cards AS SELECT u.id, u.ssn, c.phone FROM users u LEFT JOIN crm.contacts c ON c.id = u.id;
