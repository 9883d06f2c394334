"""psycopg 3: parameters on the server's side, text and binary, pipelines, server cursors, COPY both ways, prepared statements."""
import datetime
import decimal
import threading
import time
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb


def show(*what):
    print(*what, flush=True)


def failing(action):
    try:
        action()
        show("no error")
    except psycopg.Error as error:
        show("error", error.sqlstate, type(error).__name__, error.diag.message_primary if error.diag.sqlstate else "")


connection = psycopg.connect("")
values = (7, 2**40, "it's", decimal.Decimal("-1.50"), datetime.date(2024, 2, 29), datetime.timedelta(hours=25),
          ["a", None, "c"], None, Jsonb({"a": [1, None]}), uuid.UUID(int=5), b"\x00\xff", True, 1.5)
for binary in (False, True):
    with connection.cursor(binary=binary) as cursor:
        cursor.execute("SELECT %s, %s, %s, %s, %s, %s, %s, %s::text, %s, %s, %s, %s, %s", values)
        show(binary, cursor.fetchall())
        show([(c.name, c.type_code, c.display_size, c.precision) for c in cursor.description], cursor.statusmessage)
        cursor.execute("SELECT id, name, birth_date, credit_limit, preferences, created_at FROM customers ORDER BY id LIMIT 3")
        show(cursor.fetchall())
        cursor.execute("SELECT id, tags, discontinued, price FROM products WHERE id = ANY(%b)", [[1, 5, 9]])
        show(sorted(cursor.fetchall()))

for n in range(8):  # Prepared by the driver after the fifth time.
    cursor = connection.execute("SELECT sku, price FROM products WHERE id = %s", [n + 1])
    show(cursor.fetchall())
show(connection.execute("SELECT title FROM products WHERE id = %s", [3], prepare=True).fetchall())
failing(lambda: connection.execute("SELECT 1/%s", [0]))
failing(lambda: connection.execute("SELECT 1"))
connection.rollback()

with connection.cursor(row_factory=dict_row) as cursor:
    cursor.executemany("INSERT INTO products (sku, title, price) VALUES (%s, %s, %s) RETURNING sku",
                       [(f"P3-{n}", "many", n + 1) for n in range(6)], returning=True)
    rows = []
    while True:
        rows += cursor.fetchall()
        if not cursor.nextset():
            break
    show(rows, cursor.rowcount)
connection.commit()

with connection.pipeline() as pipeline:
    first = connection.execute("SELECT count(*) FROM orders WHERE status = %s", ["paid"])
    second = connection.execute("UPDATE products SET stock = stock + %s WHERE sku = %s RETURNING stock", [5, "P3-0"])
    pipeline.sync()
    show(first.fetchall(), second.fetchall())
try:
    with connection.pipeline():
        connection.execute("SELECT 'before'")
        connection.execute("SELECT 1/%s", [0])
        connection.execute("SELECT 'after'")
except psycopg.Error as error:
    show("pipeline error", error.sqlstate)
connection.rollback()

def inner(c):
    with c.transaction():
        c.execute("UPDATE products SET stock = 78 WHERE sku = 'P3-1'")
        c.execute("INSERT INTO products (sku, title, price) VALUES ('P3-1', 'dup', 1)")


with connection.transaction():
    connection.execute("UPDATE products SET stock = 77 WHERE sku = 'P3-1'")
    failing(lambda: inner(connection))
show(connection.execute("SELECT stock FROM products WHERE sku = 'P3-1'").fetchall())

with connection.cursor(name="walk") as walk:
    walk.itersize = 70
    walk.execute("SELECT id, customer_id FROM orders WHERE id <= %s ORDER BY id", [300])
    show(sum(row[1] for row in walk))
with connection.cursor(name="binary_walk", binary=True, scrollable=True) as walk:
    walk.execute("SELECT id, price FROM products ORDER BY id")
    show(walk.fetchmany(3), walk.scroll(20), walk.fetchone(), walk.scroll(-10), walk.fetchone())

with connection.cursor() as cursor:
    with cursor.copy("COPY (SELECT id, sku, price FROM products ORDER BY id LIMIT 4) TO STDOUT") as copy:
        show(b"".join(bytes(block) for block in copy))
    with cursor.copy("COPY (SELECT id, sku, price FROM products ORDER BY id LIMIT %s) TO STDOUT (FORMAT binary)", [4]) as copy:
        copy.set_types(["int8", "text", "numeric"])
        show(list(copy.rows()))
    cursor.execute("CREATE TEMP TABLE numbers (n int, label text, at timestamptz)")
    with cursor.copy("COPY numbers FROM STDIN") as copy:
        for n in range(1000):
            copy.write_row((n, None if n % 3 else f"row\t{n}\\", datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)))
    show(cursor.rowcount)
    with cursor.copy("COPY numbers (n, label) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "text"])
        for n in range(5):
            copy.write_row((n, "binary"))
    show(cursor.execute("SELECT count(*), sum(n), count(label), min(label) FROM numbers").fetchall())
connection.commit()


def broken_copy():
    with connection.cursor() as cursor, cursor.copy("COPY numbers FROM STDIN") as copy:
        copy.write(b"not a number\tx\t\\N\n")


def abandoned_copy():
    with connection.cursor() as cursor, cursor.copy("COPY numbers FROM STDIN") as copy:
        copy.write(b"1\tx\t\\N\n")
        raise psycopg.DataError("changed my mind")


for action in (broken_copy, abandoned_copy):
    failing(action)
    connection.rollback()

connection.autocommit = True
connection.execute("LISTEN channel")
heard = []
connection.add_notify_handler(lambda note: heard.append((note.channel, note.payload, note.pid == connection.info.backend_pid)))
connection.execute("SELECT pg_notify('channel', 'payload ' || g) FROM generate_series(1, 3) g")
connection.execute("SELECT 1")
show(heard)
notices = []
connection.add_notice_handler(lambda diagnostic: notices.append((diagnostic.severity, diagnostic.sqlstate, diagnostic.message_primary)))
connection.execute("DO $$ BEGIN RAISE NOTICE 'noticed'; RAISE WARNING 'warned' USING ERRCODE = '01123'; END $$")
show(notices)
threading.Thread(target=lambda: (time.sleep(0.4), connection.cancel())).start()
failing(lambda: connection.execute("SELECT pg_sleep(20)"))
show(connection.execute("SELECT 'alive'").fetchall())
show(len(connection.execute("SELECT lpad('x', 3000000, 'y')").fetchone()[0]), len(connection.execute("SELECT %s", ["ß" * 400000]).fetchone()[0]))
show(connection.execute("SELECT generate_series(1, 20000)").rowcount)
show(connection.info.transaction_status, connection.info.encoding)
connection.close()

for options in ("-c search_path=information_schema,public -c app.tenant=7", "-c search_path=nowhere -c TimeZone=Asia/Tokyo"):
    with psycopg.connect("", options=options) as connection:
        show(connection.execute("SHOW search_path").fetchone(), connection.execute("SELECT current_schemas(true)").fetchone())
        failing(lambda: show(connection.execute("SELECT count(*) > 0 FROM schemata").fetchone()))
        connection.rollback()
        show(connection.execute("SELECT current_setting('app.tenant', true)").fetchone(), connection.info.timezone)
        connection.execute("SET search_path = public")
        connection.execute("RESET search_path")
        failing(lambda: show(connection.execute("SELECT count(*) FROM products").fetchone()))
failing(lambda: psycopg.connect("", options="-c TimeZone=Nowhere/Land"))
failing(lambda: psycopg.connect("", options="-c statement_timeout=soon"))
