"""psycopg2: the client side formats statements; cursors, COPY, notifications, two-phase commit, errors."""
import datetime
import decimal
import io
import os
import select
import threading
import time

import psycopg2
import psycopg2.extensions
import psycopg2.extras


def show(*what):
    print(*what, flush=True)


def fails(cursor, sql, *args):
    try:
        cursor.execute(sql, *args)
        show("no error:", sql)
    except psycopg2.Error as error:
        show("error", error.pgcode, type(error).__name__, error.diag.message_primary, error.diag.message_detail,
             error.diag.constraint_name, error.diag.table_name)


connection = psycopg2.connect("")
show(connection.encoding, connection.server_version, connection.status)
cursor = connection.cursor()
cursor.execute("SELECT %s::int, %s, %s::numeric, %s::date, %s::text[], %s, %s::jsonb",
               (7, "it's", decimal.Decimal("1.50"), datetime.date(2024, 2, 29), ["a", None, "c"], None, '{"a": [1]}'))
show(cursor.fetchall(), [(d.name, d.type_code, d.internal_size) for d in cursor.description], cursor.statusmessage)
cursor.execute("SELECT id, name, birth_date, preferences FROM customers WHERE id <= %(top)s ORDER BY id", {"top": 4})
show(cursor.fetchone(), cursor.fetchmany(2), cursor.fetchall(), cursor.rowcount)

fails(cursor, "SELECT 1/0")
fails(cursor, "SELECT 1")
show(connection.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_INERROR)
connection.rollback()
fails(cursor, "INSERT INTO products (sku, title, price) VALUES ('SKU-00001', 'dup', 1)")
connection.rollback()

cursor.execute("INSERT INTO products (sku, title, price) VALUES (%s, %s, %s) RETURNING sku, stock", ("P2", "thing", 5))
show(cursor.fetchall(), cursor.statusmessage)
psycopg2.extras.execute_values(cursor, "INSERT INTO products (sku, title, price) VALUES %s RETURNING sku",
                               [(f"P2-{n}", "bulk", n + 1) for n in range(5)])
show(cursor.fetchall())
psycopg2.extras.execute_batch(cursor, "UPDATE products SET stock = %s WHERE sku = %s", [(n, f"P2-{n}") for n in range(5)])
cursor.execute("SAVEPOINT one")
fails(cursor, "UPDATE products SET price = -1 WHERE sku = 'P2'")
cursor.execute("ROLLBACK TO one")
cursor.execute("SELECT sku, stock FROM products WHERE sku LIKE 'P2%' ORDER BY sku")
show(cursor.fetchall())
connection.commit()

with connection.cursor(name="server_side") as walk:
    walk.itersize = 60
    walk.execute("SELECT id, placed_at FROM orders ORDER BY id LIMIT 200")
    show(sum(row[0] for row in walk), walk.rowcount)
with connection.cursor(name="scroll", scrollable=True) as walk:
    walk.execute("SELECT id FROM orders ORDER BY id")
    show(walk.fetchmany(3))
    walk.scroll(10)
    show(walk.fetchone())
    walk.scroll(-5)
    show(walk.fetchone())
connection.rollback()

out = io.StringIO()
cursor.copy_expert("COPY (SELECT id, sku, price FROM products ORDER BY id LIMIT 6) TO STDOUT", out)
show(out.getvalue())
cursor.execute("CREATE TEMP TABLE numbers (n int, label text)")
cursor.copy_from(io.StringIO("1\tone\n2\t\\N\n3\tthree\n"), "numbers")
show(cursor.rowcount)
try:
    cursor.copy_expert("COPY numbers FROM STDIN CSV", io.StringIO("4,four\nfive,5\n"))
except psycopg2.Error as error:
    show("error", error.pgcode, error.diag.message_primary, error.diag.context)
connection.rollback()
binary = io.BytesIO()
cursor.copy_expert("COPY (SELECT id, price FROM products ORDER BY id LIMIT 3) TO STDOUT (FORMAT binary)", binary)
show(binary.getvalue().hex())

connection.commit()
connection.autocommit = True
cursor.execute("LISTEN channel")
cursor.execute("SELECT pg_notify('channel', 'payload ' || g) FROM generate_series(1, 3) g")
select.select([connection], [], [], 1)
connection.poll()
show([(n.channel, n.payload, n.pid == connection.get_backend_pid()) for n in connection.notifies])
cursor.execute("DO $$ BEGIN RAISE NOTICE 'noticed'; RAISE WARNING 'warned'; END $$")
show(connection.notices)

canceller = threading.Thread(target=lambda: (time.sleep(0.4), connection.cancel()))
canceller.start()
fails(cursor, "SELECT pg_sleep(20)")
canceller.join()  # PostgreSQL signals twice, and a late one would meet the next statement
cursor.execute("SET statement_timeout = 200")
fails(cursor, "SELECT pg_sleep(20)")
cursor.execute("RESET statement_timeout")
cursor.execute("SELECT 'alive'")
show(cursor.fetchall())

connection.autocommit = False
connection.tpc_begin(connection.xid(1, "tx-" + os.environ["PGDATABASE"][-1], "b"))
cursor.execute("UPDATE products SET stock = stock + 1 WHERE sku = 'P2'")
connection.tpc_prepare()
connection.tpc_rollback()

cursor.execute("SELECT lpad('x', 3000000, 'y')")
show(len(cursor.fetchone()[0]))
cursor.execute("SELECT %s", ("ß" * 500000,))
show(len(cursor.fetchone()[0]))
connection.close()
