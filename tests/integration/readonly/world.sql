-- The database of the read-only test: harmless tables, and writes behind every kind of object that a statement can reach.
-- Each of them writes into `journal`. What chaperone_app owns, row security applies to.
CREATE EXTENSION dblink;
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION pgcrypto;
CREATE EXTENSION postgres_fdw;

CREATE TABLE journal (id bigserial PRIMARY KEY, what text NOT NULL);
INSERT INTO journal (what) VALUES ('start');

-- Functions that write: in SQL and in plpgsql, of every volatility that gets away with it.
CREATE FUNCTION note(text) RETURNS int LANGUAGE sql AS $$ INSERT INTO public.journal (what) VALUES ($1) RETURNING 1 $$;
CREATE FUNCTION note_int(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('int'); RETURN $1; END $$;
CREATE FUNCTION note_bool(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('bool'); RETURN true; END $$;
CREATE FUNCTION note_stable(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM public.note('stable'); RETURN $1; END $$;
CREATE FUNCTION note_lying(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('lying'); RETURN $1; END $$;
CREATE FUNCTION note_rows(int) RETURNS SETOF int LANGUAGE plpgsql AS
  $$ BEGIN PERFORM public.note('rows'); RETURN QUERY SELECT generate_series(1, least($1, 3)); END $$;
CREATE FUNCTION note_definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT public.note('definer') $$;
CREATE FUNCTION note_defaults(a int DEFAULT 1, VARIADIC b int[] DEFAULT '{}') RETURNS int LANGUAGE sql AS $$ SELECT public.note('defaults') $$;
CREATE FUNCTION harmless(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 + 1 $$;
CREATE PROCEDURE note_procedure(int) LANGUAGE sql AS $$ INSERT INTO public.journal (what) VALUES ('procedure') $$;
CREATE FUNCTION note_state(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('state'); RETURN $1 + $2; END $$;
CREATE AGGREGATE note_sum(int) (SFUNC = note_state, STYPE = int, INITCOND = '0');

-- The same under the names of built-in functions, where the better match wins.
CREATE FUNCTION lower(varchar) RETURNS varchar LANGUAGE sql AS $$ SELECT public.note('lower'); SELECT $1 $$;
CREATE FUNCTION abs(smallint) RETURNS int LANGUAGE sql AS $$ SELECT public.note('abs'); SELECT $1::int $$;
CREATE FUNCTION coalesced(text) RETURNS text LANGUAGE sql AS $$ SELECT public.note('coalesced'); SELECT $1 $$;
CREATE SCHEMA other;
CREATE FUNCTION other.upper(text) RETURNS text LANGUAGE sql AS $$ SELECT public.note('upper'); SELECT $1 $$;
CREATE FUNCTION other.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT public.note('now'); SELECT pg_catalog.now() $$;

-- Operators.
CREATE FUNCTION note_op(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('op'); RETURN $1 < $2; END $$;
CREATE FUNCTION note_text_op(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('text op'); RETURN true; END $$;
CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = note_op);
CREATE OPERATOR @#@ (RIGHTARG = int, FUNCTION = note_int);
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = note_text_op);
CREATE OPERATOR ~~ (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = note_text_op);
CREATE OPERATOR other.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = note_state);

-- A type of one's own whose comparisons write: sorting, grouping, DISTINCT and arrays use its operator class.
CREATE TYPE money_bag AS (coins int);
CREATE FUNCTION bag_lt(money_bag, money_bag) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('lt'); RETURN ($1).coins < ($2).coins; END $$;
CREATE FUNCTION bag_le(money_bag, money_bag) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('le'); RETURN ($1).coins <= ($2).coins; END $$;
CREATE FUNCTION bag_eq(money_bag, money_bag) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('eq'); RETURN ($1).coins = ($2).coins; END $$;
CREATE FUNCTION bag_ge(money_bag, money_bag) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('ge'); RETURN ($1).coins >= ($2).coins; END $$;
CREATE FUNCTION bag_gt(money_bag, money_bag) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('gt'); RETURN ($1).coins > ($2).coins; END $$;
CREATE FUNCTION bag_cmp(money_bag, money_bag) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('cmp'); RETURN sign(($1).coins - ($2).coins); END $$;
CREATE FUNCTION bag_hash(money_bag) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('hash'); RETURN ($1).coins; END $$;
CREATE OPERATOR < (LEFTARG = money_bag, RIGHTARG = money_bag, FUNCTION = bag_lt, COMMUTATOR = >, NEGATOR = >=);
CREATE OPERATOR <= (LEFTARG = money_bag, RIGHTARG = money_bag, FUNCTION = bag_le, COMMUTATOR = >=, NEGATOR = >);
CREATE OPERATOR = (LEFTARG = money_bag, RIGHTARG = money_bag, FUNCTION = bag_eq, COMMUTATOR = =, HASHES, MERGES);
CREATE OPERATOR >= (LEFTARG = money_bag, RIGHTARG = money_bag, FUNCTION = bag_ge);
CREATE OPERATOR > (LEFTARG = money_bag, RIGHTARG = money_bag, FUNCTION = bag_gt);
CREATE OPERATOR CLASS bag_btree DEFAULT FOR TYPE money_bag USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bag_cmp(money_bag, money_bag);
CREATE OPERATOR CLASS bag_hash DEFAULT FOR TYPE money_bag USING hash AS OPERATOR 1 =, FUNCTION 1 bag_hash(money_bag);
CREATE TYPE bag_range AS RANGE (SUBTYPE = money_bag);

-- Casts that write: to json (which to_json and its kin look up), to text, from int; and a domain whose CHECK writes.
CREATE TYPE labelled AS (label text);
CREATE FUNCTION labelled_json(labelled) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('json cast'); RETURN '1'::json; END $$;
CREATE FUNCTION labelled_text(labelled) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('text cast'); RETURN ($1).label; END $$;
CREATE FUNCTION int_labelled(int) RETURNS labelled LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('from int'); RETURN ROW($1::text)::public.labelled; END $$;
CREATE CAST (labelled AS json) WITH FUNCTION labelled_json(labelled);
CREATE CAST (labelled AS text) WITH FUNCTION labelled_text(labelled) AS IMPLICIT;
CREATE CAST (int AS labelled) WITH FUNCTION int_labelled(int) AS ASSIGNMENT;
CREATE FUNCTION checked_ok(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('check'); RETURN true; END $$;
CREATE DOMAIN checked AS int CHECK (checked_ok(VALUE));
CREATE TYPE checked_row AS (a checked, b text);
CREATE DOMAIN checked_twice AS checked;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE tone AS ENUM ('low', 'high');
CREATE FUNCTION tone_json(tone) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('tone'); RETURN '1'::json; END $$;
CREATE CAST (tone AS json) WITH FUNCTION tone_json(tone);

-- Tables.
CREATE TABLE people (id int PRIMARY KEY, name varchar(40), city text, age smallint, mail citext, extra jsonb, tags text[]);
INSERT INTO people SELECT g, 'person ' || g, (ARRAY['Oslo', 'Quito', 'Hanoi'])[1 + g % 3], 20 + g, 'p' || g || '@x.example',
  jsonb_build_object('n', g), ARRAY['a' || g % 2, 'b'] FROM generate_series(1, 8) g;
CREATE TABLE orders (id serial PRIMARY KEY, person_id int REFERENCES people, total numeric(10,2), placed timestamptz DEFAULT now(), mood mood);
INSERT INTO orders (person_id, total, placed, mood) SELECT 1 + g % 8, g * 1.5, timestamptz '2024-01-01 00:00Z' + g * interval '7 hours', 'ok' FROM generate_series(1, 12) g;
CREATE TABLE things (id int PRIMARY KEY, bag money_bag, label labelled, row_of checked_row, bags money_bag[], score checked, tone tone);
INSERT INTO things SELECT g, ROW(g)::money_bag, ROW('l' || g)::labelled, NULL, ARRAY[ROW(g)::money_bag, ROW(g + 1)::money_bag], NULL, 'low' FROM generate_series(1, 4) g;
CREATE FUNCTION note_person(people) RETURNS text LANGUAGE sql AS $$ SELECT public.note('person'); SELECT ($1).name $$;
CREATE TABLE events (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE events_a PARTITION OF events FOR VALUES IN ('a');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT g, chr(96 + g) FROM generate_series(1, 6) g;
CREATE TABLE guarded (id int, who text);
INSERT INTO guarded SELECT g, 'w' || g FROM generate_series(1, 4) g;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY noted ON guarded USING (note_bool(id));
CREATE TABLE indexed (id int, n int);
INSERT INTO indexed SELECT g, g FROM generate_series(1, 2000) g;
CREATE FUNCTION planned(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE INDEX indexed_planned ON indexed (planned(n));
CREATE OR REPLACE FUNCTION planned(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('planned'); RETURN $1; END $$;
CREATE SEQUENCE counter;
CREATE SEQUENCE other.counter;

-- Views, rules and triggers that write.
CREATE VIEW plain_view AS SELECT id, name, city FROM people;
CREATE VIEW noting_view AS SELECT id, note_int(id) AS noted FROM people;
CREATE VIEW counting_view AS SELECT nextval('counter') AS n, id FROM people;
CREATE VIEW deeper_view AS SELECT id FROM noting_view WHERE noted > 0;
CREATE VIEW operator_view AS SELECT a.id FROM people a, people b WHERE a.id <+> b.id;
CREATE VIEW sorted_view AS SELECT DISTINCT bag FROM things;
CREATE VIEW cast_view AS SELECT to_json(tone) AS j FROM things;
CREATE VIEW joined_view AS SELECT a.id FROM people a JOIN plain_view b USING (name);
CREATE VIEW emptied_view AS SELECT id, nullif(name, 'x'::varchar) AS n FROM people;
CREATE VIEW domain_view AS SELECT id::checked AS c FROM people;
CREATE VIEW guarded_view AS SELECT * FROM guarded;
CREATE MATERIALIZED VIEW totals AS SELECT person_id, sum(total) AS total FROM orders GROUP BY person_id;
CREATE RULE noted AS ON INSERT TO plain_view DO INSTEAD INSERT INTO journal (what) VALUES ('rule');
CREATE RULE also AS ON UPDATE TO orders DO ALSO INSERT INTO journal (what) VALUES ('also');
CREATE FUNCTION note_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('trigger'); RETURN NEW; END $$;
CREATE TRIGGER noted BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_trigger();
SELECT lo_from_bytea(7001, 'large object');
