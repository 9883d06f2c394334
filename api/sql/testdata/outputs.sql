-- One statement on each line; outputs_test.py compares what the analysis predicts with the server's RowDescription.
SELECT id, ssn FROM users
SELECT * FROM users
SELECT u.* FROM users u
SELECT u.*, o.* FROM users u, orders o
SELECT users.* FROM users
SELECT public.users.* FROM users
SELECT public.users.ssn FROM users
SELECT public.users.ssn FROM public.users
SELECT (users).* FROM users
SELECT (users).ssn FROM users
SELECT (u).ssn, (u).name AS n FROM users u
SELECT ssn(u), u.ssn, u FROM users u
SELECT u, u.* FROM users u
SELECT users FROM users
SELECT ssn AS name FROM users
SELECT ssn name FROM users
SELECT U&"\0073sn", "ssn", SSN FROM users
SELECT u&"!0073sn" UESCAPE '!' FROM users
TABLE users
TABLE v
TABLE mv
SELECT * FROM v
SELECT * FROM vv
SELECT code FROM v
SELECT * FROM v_union
SELECT * FROM v_join
SELECT * FROM mv
SELECT x.code, y.ssn FROM v x JOIN mv y ON x.id = y.id
SELECT s FROM (SELECT ssn s FROM users) q
SELECT name, x FROM (SELECT ssn, name FROM users) q(name, x)
SELECT q.* FROM (SELECT ssn, name FROM users) q(a)
SELECT q FROM (SELECT ssn, name FROM users) q
SELECT (q).ssn FROM (SELECT ssn, name FROM users) q
SELECT (q).* FROM (SELECT ssn, name FROM users) q
SELECT a, b FROM users AS t(a, b)
SELECT t.* FROM users AS t(a, b)
SELECT t FROM users AS t(a, b)
WITH q AS (SELECT ssn s FROM users) SELECT s FROM q
WITH q AS MATERIALIZED (SELECT ssn s FROM users) SELECT * FROM q
WITH q AS NOT MATERIALIZED (SELECT ssn s FROM users) SELECT q.s FROM q
WITH q(a, b) AS (SELECT ssn, id FROM users) SELECT a, b FROM q
WITH q AS (SELECT ssn FROM users), r AS (SELECT ssn x FROM q) SELECT r.x, q.ssn FROM q, r
WITH q AS (SELECT ssn FROM users) SELECT q FROM q
WITH users AS (SELECT 1 AS one) SELECT * FROM users
WITH users AS (SELECT 1 AS one) SELECT * FROM public.users
WITH a AS (WITH b AS (SELECT ssn FROM users) SELECT * FROM b) SELECT * FROM a
WITH x AS (UPDATE users SET name = name WHERE id = 1 RETURNING ssn) SELECT * FROM x
WITH x AS (DELETE FROM users RETURNING *) SELECT x.ssn, count(*) FROM x GROUP BY 1
WITH x AS (INSERT INTO open_t VALUES (1) RETURNING name, id) SELECT * FROM x
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t
WITH RECURSIVE t AS (SELECT id, name FROM users UNION SELECT o.id::int, o.note FROM orders o JOIN t ON t.id = o.user_id) SELECT * FROM t
WITH RECURSIVE t(a, b) AS (SELECT id, name FROM users UNION ALL SELECT a + 1, b || 'x' FROM t) SELECT a, b, t FROM t
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT ssn FROM users) SELECT * FROM a
WITH RECURSIVE t(id, up) AS (SELECT id, code_n FROM users UNION ALL SELECT u.id, u.code_n FROM users u JOIN t ON u.code_n = t.id) SEARCH DEPTH FIRST BY id SET ord SELECT * FROM t
WITH RECURSIVE t(id, up) AS (SELECT id, code_n FROM users UNION ALL SELECT u.id, u.code_n FROM users u JOIN t ON u.code_n = t.id) CYCLE id SET is_cycle USING path SELECT * FROM t
WITH RECURSIVE t(id, up) AS (SELECT id, code_n FROM users UNION ALL SELECT u.id, u.code_n FROM users u JOIN t ON u.code_n = t.id) SEARCH BREADTH FIRST BY id SET ord CYCLE id SET is_cycle USING path SELECT * FROM t ORDER BY ord
SELECT ssn FROM users a JOIN users b USING (ssn)
SELECT ssn FROM users a LEFT JOIN users b USING (ssn)
SELECT ssn FROM users a RIGHT JOIN users b USING (ssn)
SELECT ssn FROM users a FULL JOIN users b USING (ssn)
SELECT * FROM users a JOIN users b USING (ssn, id)
SELECT * FROM users a FULL JOIN users b USING (ssn)
SELECT * FROM users NATURAL JOIN open_t
SELECT * FROM users NATURAL LEFT JOIN gen
SELECT id FROM users JOIN orders USING (id)
SELECT id FROM orders LEFT JOIN users USING (id)
SELECT id FROM orders RIGHT JOIN users USING (id)
SELECT * FROM orders JOIN users USING (id)
SELECT a.ssn, b.ssn, ssn FROM users a JOIN users b USING (ssn)
SELECT j.* FROM (users a JOIN users b USING (id)) AS j
SELECT j.id, j FROM (users a JOIN open_t b USING (id)) AS j
SELECT j.id FROM users a JOIN open_t b USING (id) AS j
SELECT j.* FROM users a JOIN open_t b USING (id) AS j
SELECT * FROM users a JOIN open_t b USING (id) AS j
SELECT * FROM (users a CROSS JOIN open_t b) AS j(one, two)
SELECT one, two FROM (users a CROSS JOIN open_t b) AS j(one, two)
SELECT a.*, b.x FROM users a CROSS JOIN open_t b
SELECT * FROM users a LEFT JOIN open_t b ON a.id = b.id LEFT JOIN crm.contacts c ON c.id = b.id
SELECT * FROM users a LEFT JOIN (open_t b JOIN crm.contacts c ON c.id = b.id) ON a.id = b.id
SELECT * FROM users a JOIN open_t b USING (id) JOIN crm.contacts c USING (id)
SELECT id, name FROM users a JOIN open_t b USING (id, name) JOIN crm.contacts c USING (id)
SELECT q.s FROM users u, LATERAL (SELECT u.ssn AS s) q
SELECT * FROM users u, LATERAL (SELECT u.ssn AS s, o.id FROM orders o WHERE o.user_id = u.id) q
SELECT * FROM users u LEFT JOIN LATERAL (SELECT max(o.total) AS m FROM orders o WHERE o.user_id = u.id) q ON true
SELECT u.id, x FROM users u CROSS JOIN LATERAL unnest(ARRAY[u.id, 2]) AS x
SELECT DISTINCT ssn FROM users
SELECT DISTINCT ON (name) name, ssn FROM users ORDER BY name
SELECT ssn FROM users GROUP BY ssn
SELECT ssn, count(*) FROM users GROUP BY 1 HAVING count(*) > 1
SELECT ssn FROM users ORDER BY ssn LIMIT 1 OFFSET 2
SELECT ssn FROM users TABLESAMPLE bernoulli (10)
SELECT ssn FROM users TABLESAMPLE system (10) REPEATABLE (1)
SELECT ssn FROM ONLY parent
SELECT * FROM parent
SELECT * FROM child
SELECT * FROM parts
SELECT secret FROM parts_eu
SELECT ssn FROM users FOR UPDATE
SELECT ssn FROM users ORDER BY id FETCH FIRST 2 ROWS WITH TIES
SELECT ctid, xmin, xmax, cmin, cmax, tableoid, id FROM users
SELECT u.ctid FROM users u
SELECT reverse(ssn), md5(ssn), upper(name), length(ssn) FROM users
SELECT encode(ssn::bytea, 'base64'), translate(ssn, '-', '.') FROM users
SELECT ssn::text FROM users
SELECT ssn::varchar FROM users
SELECT ssn::varchar(5) FROM users
SELECT code::varchar FROM users
SELECT code::varchar(5) FROM users
SELECT code::text FROM users
SELECT bal::numeric FROM users
SELECT bal::numeric(10,2) FROM users
SELECT bal::int FROM users
SELECT id::int, id::int4, id::integer FROM users
SELECT id::bigint FROM users
SELECT CAST(ssn AS text) AS s FROM users
SELECT ssn COLLATE "C" FROM users
SELECT (ssn) FROM users
SELECT ((ssn)) AS "x y" FROM users
SELECT coalesce(ssn), coalesce(ssn, name) FROM users
SELECT CASE WHEN true THEN ssn END FROM users
SELECT CASE WHEN true THEN 1 ELSE length(ssn) END FROM users
SELECT CASE id WHEN 1 THEN 'a' ELSE ssn END FROM users
SELECT (SELECT ssn FROM users LIMIT 1)
SELECT (SELECT ssn AS x FROM users LIMIT 1), (SELECT 1), (SELECT max(id) FROM users)
SELECT EXISTS (SELECT 1 FROM users), ARRAY(SELECT ssn FROM users)
SELECT id IN (SELECT user_id FROM orders), id = ANY (SELECT user_id FROM orders) FROM users
SELECT ssn FROM users UNION SELECT name FROM users
SELECT ssn FROM users UNION ALL SELECT ssn FROM users
SELECT id FROM users UNION ALL SELECT length(ssn) FROM users
SELECT ssn AS a FROM users EXCEPT SELECT name AS b FROM users
SELECT ssn FROM users INTERSECT ALL SELECT name FROM users ORDER BY ssn
(SELECT ssn FROM users ORDER BY id LIMIT 1) UNION ALL (SELECT name FROM users LIMIT 1)
SELECT 1 AS a, 'x' AS b UNION SELECT 2, 'y' UNION ALL SELECT 3, NULL
SELECT s FROM (SELECT ssn s FROM users UNION SELECT name FROM users) q
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(x, y)
VALUES (1, 'a', now()), (2, 'b', NULL)
VALUES (1), (2) ORDER BY 1
SELECT column2 FROM (VALUES (1, 2, 3)) v
SELECT min(ssn), max(ssn), string_agg(ssn, ','), array_agg(ssn) FROM users
SELECT json_agg(u), row_to_json(u) FROM users u GROUP BY u.*
SELECT mode() WITHIN GROUP (ORDER BY ssn), percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM users
SELECT count(*), count(ssn), count(DISTINCT ssn), sum(id), avg(bal) FROM users
SELECT first_value(ssn) OVER (), lag(ssn) OVER w, row_number() OVER (ORDER BY ssn) FROM users WINDOW w AS (ORDER BY id)
SELECT rank() OVER (PARTITION BY name ORDER BY bal DESC) AS r FROM users
SELECT u::text, format('%s', u) FROM users u
SELECT to_json(u) ->> 'ssn', to_jsonb(u) -> 'ssn', to_jsonb(u) #>> '{ssn}' FROM users u
SELECT * FROM json_to_record('{"a":1}') AS x(a int, b text)
SELECT * FROM jsonb_to_recordset('[{"a":1}]') AS x(a int, b text)
SELECT * FROM json_populate_record(NULL::users, '{"id":1}')
SELECT x.* FROM users u, json_populate_record(u, '{"id":1}') x
SELECT * FROM json_each('{"a":1}')
SELECT key, value FROM jsonb_each_text('{"a":1}')
SELECT * FROM jsonb_each('{"a":1}') AS t(k, v)
SELECT json_array_elements('[1]')
SELECT * FROM json_array_elements('[1]')
SELECT * FROM json_array_elements('[1]') WITH ORDINALITY
SELECT * FROM json_array_elements('[1]') WITH ORDINALITY AS t(a, b)
SELECT * FROM generate_series(1, 3)
SELECT * FROM generate_series(1, 3) g
SELECT g, g.* FROM generate_series(1, 3) g
SELECT g.g FROM generate_series(1, 3) g
SELECT x FROM generate_series(1, 3) AS g(x)
SELECT * FROM generate_series(1, 3) AS g(x), unnest(ARRAY['a']) AS u(y)
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b'])
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS t(a, b)
SELECT * FROM unnest(ARRAY[1, 2]) WITH ORDINALITY AS t(a, n)
SELECT * FROM unnest(ARRAY['a'] || ARRAY['b']) AS t(a)
SELECT ARRAY[1] || ARRAY[2], ARRAY[1] || 2, 1 || ARRAY[2], ARRAY[[1]] || ARRAY[2], ARRAY['a'::varchar] || ARRAY['b'::text], '{1}' || ARRAY[2]
SELECT ARRAY['a'::varchar, 'b'::text], ARRAY['a'::text, 'b'::varchar], ARRAY['a'::name, 'b'::varchar], ARRAY[1, 2.5, 3::float8], ARRAY[1::int8, 2], ARRAY[NULL, 'x']
SELECT coalesce('a'::varchar, 'b'::text), CASE WHEN true THEN 'a'::text ELSE 'b'::varchar END, CASE WHEN true THEN 1 ELSE 2.5 END, greatest(1::int2, 2::int8), least(current_date, now())
SELECT array_append(ARRAY['a'::text], 'b'::varchar), array_append(ARRAY['a'::varchar], 'b'::text), array_prepend(1, ARRAY[2.5]), array_remove(ARRAY['a'], NULL), ARRAY[1] || NULL, array_fill(7, ARRAY[2]), array_replace(ARRAY[1], 2, 3::int8)
SELECT * FROM unnest(ARRAY['a'::varchar(6), 'b'::text]) AS t(a)
SELECT array_cat(ARRAY[1], ARRAY[2]), array_append(ARRAY[1], 2), array_position(ARRAY['a'], 'b')
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS t(a, b)
SELECT * FROM ROWS FROM (generate_series(1, 2), json_each('{}'))
SELECT * FROM regexp_matches('ab', '(a)(b)')
SELECT regexp_split_to_table('a,b', ',')
SELECT * FROM string_to_table('a,b', ',') s
SELECT chr(ascii(substr(ssn, g, 1))) FROM users, generate_series(1, 11) g
SELECT unnest(tags) FROM orders
SELECT o.id, t FROM orders o, unnest(o.tags) t
SELECT o.id, t.tag FROM orders o, unnest(o.tags) AS t(tag)
SELECT jsonb_array_elements(items) FROM orders
SELECT e ->> 'sku' FROM orders, jsonb_array_elements(items) e
SELECT e.value ->> 'sku' FROM orders, jsonb_array_elements(items) e
SELECT items -> 'a' -> 0 ->> 'b', items #> '{a}', items['a'] FROM orders
SELECT tags[1], tags[1:2], (tags)[1] FROM orders
SELECT (home).street, (home).zip FROM people
SELECT (home).* FROM people
SELECT (p.home).street FROM people p
SELECT homes[1], (homes[1]).street FROM people
SELECT (u).ssn, u FROM people
SELECT (p.u).* FROM people p
SELECT m, mail, span, lower(span) FROM people
SELECT (pair(1)).*
SELECT (pair(1)).x
SELECT pair(1)
SELECT * FROM pair(1)
SELECT p.x, p.y FROM pair(1) p
SELECT * FROM pair(1) AS p(a, b)
SELECT p FROM pair(1) p
SELECT * FROM get_users()
SELECT g.ssn FROM get_users() g
SELECT get_users()
SELECT (get_users()).ssn
SELECT (get_users()).*
SELECT total(u), u.total FROM users u
SELECT def(1), def(1, 2), def(b => 2, a => 1)
SELECT leak(ssn), leak(t => ssn) FROM users
SELECT now(), current_date, current_timestamp, localtime, localtimestamp, current_user, session_user, user
SELECT current_catalog, current_schema, current_role, current_time, current_timestamp(2)
SELECT 1, 'a', NULL, true, 1.5, B'01', 'x'::text, date '2020-01-01', interval '1 day', -1
SELECT 1 + 1, 'a' || 'b', NOT true, id > 1, name LIKE 'a%', -id FROM users
SELECT 1 AS "A", 2 AS "?column?"
SELECT array[1, 2], ARRAY[ssn, name], ARRAY[[1, 2], [3, 4]] FROM users
SELECT row(1, 2), ROW(ssn, name), (ssn, name) FROM users
SELECT (ROW(1, 2)).*
SELECT greatest(1, 2), least(ssn, name), nullif(ssn, '') FROM users
SELECT extract(year FROM born), date_part('year', born), date_trunc('month', created) FROM users
SELECT substring(ssn FROM 1 FOR 3), substring(ssn, 1), position('a' IN ssn), overlay(ssn PLACING 'x' FROM 1) FROM users
SELECT trim(ssn), trim(both 'x' FROM ssn), ltrim(ssn), trim(leading ssn) FROM users
SELECT created AT TIME ZONE 'UTC', born + 1, now() - created FROM users
SELECT ssn IS NULL, ssn IS NOT NULL, ssn IS DISTINCT FROM 'x', active IS TRUE FROM users
SELECT ssn = 'x', ssn IN ('a', 'b'), ssn BETWEEN 'a' AND 'b', ssn ~ 'x', ssn SIMILAR TO 'x' FROM users
SELECT pg_column_size(ssn), octet_length(ssn), pg_typeof(ssn) FROM users
SELECT xmlelement(name a, ssn), xmlforest(ssn, name AS n), xmlagg(xmlelement(name b)) FROM users GROUP BY ssn, name
SELECT xmlparse(document '<a/>'), xmlpi(name p), xmlroot(xmlparse(document '<a/>'), version '1.0'), xmlconcat('<a/>', '<b/>')
SELECT xmlserialize(content doc AS text), doc IS DOCUMENT FROM people
SELECT * FROM people, XMLTABLE('/a' PASSING doc COLUMNS x int PATH 'x', o FOR ORDINALITY, t text) AS xt
SELECT xt.* FROM people, XMLTABLE('/a' PASSING doc COLUMNS x int PATH 'x') AS xt(y)
SELECT grouping(name, ssn), name FROM users GROUP BY ROLLUP (name, ssn)
SELECT name, ssn FROM users GROUP BY GROUPING SETS ((name), (ssn), ())
SELECT name, count(*) FILTER (WHERE ssn IS NOT NULL) FROM users GROUP BY CUBE (name)
SELECT array_agg(ssn ORDER BY id DESC) FROM users
SELECT ssn AS id FROM users ORDER BY id
SELECT u.id AS uid FROM users u GROUP BY uid, u.ssn
SELECT o.id, (SELECT u.ssn FROM users u WHERE u.id = o.user_id) FROM orders o
SELECT o.id, (SELECT u.ssn FROM users u WHERE u.id = o.user_id)::text FROM orders o
SELECT id FROM users WHERE (id, name) IN (SELECT id, name FROM open_t)
SELECT id FROM users WHERE (id, name) = (1, 'a') AND ROW(id, name) < ROW(5, 'b')
INSERT INTO open_t (id, name) VALUES (1, 'a') RETURNING *
INSERT INTO open_t (id, name) VALUES (1, 'a') RETURNING id, name AS n, upper(name)
INSERT INTO open_t SELECT id, name FROM users RETURNING open_t.name, ctid
INSERT INTO users AS u (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING u.ssn, u
INSERT INTO open_t DEFAULT VALUES RETURNING x
UPDATE users SET name = name WHERE id = 1 RETURNING ssn
UPDATE users u SET name = o.note FROM orders o WHERE o.user_id = u.id RETURNING u.*, o.total
UPDATE users u SET name = o.note FROM orders o WHERE o.user_id = u.id RETURNING *
UPDATE v SET code = 'x' WHERE id = 1 RETURNING code
DELETE FROM users WHERE id = 1 RETURNING id, ssn, length(ssn)
DELETE FROM users u USING orders o WHERE o.user_id = u.id RETURNING u.ssn, o.id
DELETE FROM orders RETURNING orders
SELECT relname, relkind FROM pg_class
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(users)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, '', c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = '16385'
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16385' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SELECT * FROM information_schema.columns
SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.table_constraints NATURAL JOIN information_schema.key_column_usage
SELECT * FROM pg_stats
SELECT * FROM pg_stat_activity
SELECT * FROM pg_settings
SELECT name, setting FROM pg_settings WHERE name = 'work_mem'
SELECT * FROM pg_indexes
SELECT * FROM pg_locks
SELECT * FROM pg_roles
SELECT * FROM pg_timezone_names()
SELECT * FROM pg_get_keywords()
SELECT word FROM pg_get_keywords() WHERE catcode = 'R'
SELECT * FROM pg_stat_user_tables
SELECT * FROM pg_catalog.pg_stat_all_indexes
SELECT (information_schema._pg_expandarray(i.indkey)).n, i.indexrelid FROM pg_catalog.pg_index i
SELECT result.A_ATTNUM FROM (SELECT (information_schema._pg_expandarray(i.indkey)).n AS A_ATTNUM, i.* FROM pg_index i) result
SELECT (i.keys).n, (i.keys).x FROM (SELECT information_schema._pg_expandarray(indkey) AS keys FROM pg_index) i
SELECT aclexplode(relacl) FROM pg_class
SELECT (aclexplode(relacl)).* FROM pg_class
SELECT a.grantee FROM pg_class c, aclexplode(c.relacl) a
SELECT sum(o.total) OVER (PARTITION BY u.id ORDER BY o.created ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM users u JOIN orders o ON o.user_id = u.id
SELECT date_trunc('day', created) AS d, count(*), sum(total)::numeric(10,2) FROM orders GROUP BY d ORDER BY d
SELECT u.name, coalesce(sum(o.total), 0) AS total FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id ORDER BY total DESC LIMIT 10
WITH m AS (SELECT date_trunc('month', created) AS m, sum(total) AS t FROM orders GROUP BY 1) SELECT m, t, t - lag(t) OVER (ORDER BY m) AS diff FROM m
SELECT to_tsvector('english', note) @@ to_tsquery('a & b'), ts_rank(to_tsvector(note), plainto_tsquery('x')), ts_headline(note, to_tsquery('x')) FROM orders
SELECT mail, mail = 'x', replace(mail, 'a', 'b') FROM crm.mails
SELECT id, ssn, phone FROM crm.cards
SELECT c.* FROM crm.cards c WHERE c.id = 5
SELECT $1::int AS a, id FROM users WHERE id = $2
SELECT count(*) AS n, $1::text || 'x' FROM users
SELECT
SELECT FROM users
SELECT ALL id FROM users
SELECT "id" FROM "users" "U" WHERE "U"."id" = 1
SELECT x.id FROM users x, (users y CROSS JOIN open_t)
SELECT id FROM users u WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)
SELECT x FROM (SELECT ssn AS x FROM users OFFSET 0) q
SELECT (q.a).ssn FROM (SELECT u AS a FROM users u) q
SELECT (q.a).* FROM (SELECT u AS a FROM users u) q
SELECT (SELECT u FROM users u LIMIT 1).ssn
SELECT ((SELECT u FROM users u LIMIT 1)).ssn
SELECT (ARRAY(SELECT u FROM users u))[1].ssn
SELECT (array_agg(u))[1].ssn FROM users u
SELECT u.id, p.* FROM users u, pair(u.id) p
SELECT count(*) FROM users u JOIN LATERAL get_users() g ON g.id = u.id
SELECT text(id), int4(bal), name(ssn), date(created) FROM users
SELECT int8 '5', varchar 'x', "char" 'a'
SELECT ssn::name, ssn::"char", name::bpchar, name::char(3) FROM users
SELECT id::oid::regclass, 'users'::regclass FROM users
SELECT created::date, created::timestamp, created::timestamptz(0) FROM users
SELECT note::jsonb, items::text, items::json FROM orders
SELECT home::text, u::text, (home)::record FROM people
SELECT ARRAY[users.id]::text[], tags::varchar[] FROM users, orders
SELECT id, CASE WHEN ssn IS NULL THEN 'none' ELSE 'some' END AS has FROM users
SELECT bool_and(active), every(active), bit_or(id), stddev(bal), corr(id, code_n) FROM users
SELECT jsonb_build_object('a', ssn), json_build_array(ssn), jsonb_object_agg(id, ssn), jsonb_set(to_jsonb(u), '{a}', '1') FROM users u GROUP BY u.*, ssn
SELECT id FROM users EXCEPT ALL SELECT user_id FROM orders ORDER BY 1 LIMIT 5
SELECT a.x FROM (SELECT ssn AS x, id FROM users UNION ALL SELECT name, id FROM users) a JOIN users USING (id)
SELECT * FROM (SELECT id, name FROM users) a NATURAL JOIN (SELECT id, note FROM orders) b
SELECT * FROM (SELECT id::bigint, name FROM users) a JOIN (SELECT id, note FROM orders) b USING (id)
SELECT id FROM users JOIN open_t USING (id) JOIN gen USING (id) WHERE id > 3
SELECT evil.orders.total FROM evil.orders
SELECT orders.total FROM evil.orders
SELECT shop.public.users.ssn FROM shop.public.users
