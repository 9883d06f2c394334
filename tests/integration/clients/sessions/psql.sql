-- What people do in psql: backslash commands, variables, \copy, cursors, errors, notices, notifications.
\set ON_ERROR_STOP off
\set VERBOSITY verbose
\set SHOW_CONTEXT always
\pset null '(null)'
\echo --- describe
\d
\dt
\dv
\dm
\di
\ds
\df
\dn
\dT
\d customers
\d+ customers
\d orders
\d+ order_totals
\d order_items
\d+ payments
\dp customers
\dx
\dc pg_catalog.*utf8*
\dC int4
\do pg_catalog.+
\sf order_total
\sv order_totals
\dconfig work_mem
\echo --- plain
SELECT 1 AS one, NULL AS nothing, 'text' AS text, 1.50::numeric AS number, true AS yes, '{1,2}'::int[] AS list;
SELECT id, name, city, birth_date, credit_limit, preferences FROM customers ORDER BY id LIMIT 5;
SELECT count(*), sum(total) FROM order_totals;
\x on
SELECT * FROM products WHERE id = 3;
\x off
\echo --- gdesc, gset, gexec, crosstab
SELECT id, price, tags, discontinued FROM products \gdesc
SELECT max(id) AS biggest, min(sku) AS first_sku FROM products \gset
\echo :biggest :'first_sku'
SELECT * FROM products WHERE sku = :'first_sku' ORDER BY id;
SELECT 'SELECT ' || g FROM generate_series(1, 3) g \gexec
SELECT status, date_part('year', placed_at) AS year, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2 \crosstabview
SELECT 5 AS n \gset
\if :n
\echo taken
\endif
\echo --- several statements in one message
SELECT 1\; SELECT 2\; SELECT 3;
\echo --- writing
BEGIN;
INSERT INTO products (sku, title, price) VALUES ('NEW-1', 'Thing', 3.20), ('NEW-2', 'Thing two', 4) RETURNING sku, price;
UPDATE products SET stock = stock + 1 WHERE sku LIKE 'NEW-%' RETURNING sku, stock;
SAVEPOINT here;
INSERT INTO products (sku, title, price) VALUES ('NEW-1', 'Again', 1);
SELECT 'still failed';
ROLLBACK TO here;
DELETE FROM products WHERE sku = 'NEW-2';
COMMIT;
SELECT sku, title, price, stock FROM products WHERE sku LIKE 'NEW-%';
\echo --- autosavepoints of psql itself
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT 1/0;
SELECT 'goes on';
COMMIT;
\set ON_ERROR_ROLLBACK off
\echo --- errors
SELECT * FROM no_such_table;
SELECT nonsense FROM products;
SELEC 1;
SELECT 'abc'::int;
INSERT INTO products (sku, title, price) VALUES ('X', 'Y', -1);
INSERT INTO order_items VALUES (1, 99, 123456, 1, 1);
SELECT 1 / (id - 3) FROM products ORDER BY id;
\echo --- copy
CREATE TEMP TABLE numbers (n int, label text, at timestamptz);
\copy (SELECT id, sku, price FROM products ORDER BY id LIMIT 5) TO STDOUT WITH CSV HEADER
\copy numbers FROM PROGRAM 'printf "1\tone\t2024-01-01 00:00:00+00\n2\t\\\\N\t\\\\N\n"'
COPY numbers (n, label) FROM STDIN;
3	three
4	with\ttab and \\ backslash
\.
COPY numbers FROM STDIN WITH CSV;
5,"five, quoted ""well""",2024-05-05 05:05:05+00
\.
COPY numbers FROM STDIN;
not a number	x	\N
\.
TABLE numbers ORDER BY n;
COPY numbers TO STDOUT;
COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT (FORMAT csv, FORCE_QUOTE *);
\echo --- cursors and prepared statements
BEGIN;
DECLARE walk SCROLL CURSOR FOR SELECT id, sku FROM products ORDER BY id;
FETCH 2 FROM walk;
FETCH BACKWARD 1 FROM walk;
MOVE 5 IN walk;
FETCH NEXT FROM walk;
CLOSE walk;
COMMIT;
\set FETCH_COUNT 50
SELECT id, title FROM products ORDER BY id LIMIT 120;
\unset FETCH_COUNT
PREPARE cheap (numeric) AS SELECT sku, price FROM products WHERE price < $1 ORDER BY price, sku;
EXECUTE cheap(12);
EXECUTE cheap('x');
DEALLOCATE cheap;
EXECUTE cheap(1);
\echo --- notices and notifications
DO $$ BEGIN RAISE NOTICE 'a notice %', 42; RAISE WARNING 'a warning' USING DETAIL = 'detail', HINT = 'hint', ERRCODE = '01001'; END $$;
LISTEN shop;
NOTIFY shop, 'hello';
UNLISTEN shop;
\echo --- settings
SET statement_timeout = '20s';
SHOW statement_timeout;
SET DateStyle = 'German';
SELECT date '2024-02-29';
RESET ALL;
SELECT date '2024-02-29';
SET LOCAL work_mem = '8MB';
\echo --- explain
EXPLAIN (COSTS OFF) SELECT * FROM customers WHERE id = 5;
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT count(*) FROM orders;
\echo --- large objects
BEGIN;
SELECT lo_create(424242);
SELECT lo_put(424242, 0, '\x68656c6c6f');
SELECT convert_from(lo_get(424242), 'UTF8');
SELECT lo_unlink(424242);
COMMIT;
\echo --- unicode
SELECT 'Grüße, 世界 🌍' AS greeting, length('世界');
