"""psycopg 3: server-side binding, pipelines, cursors, COPY both ways."""
import datetime
import os

import psycopg
from psycopg.types.json import Jsonb


def main():
    with psycopg.connect(os.environ["DATABASE_URL"], application_name="report", autocommit=True) as connection:
        connection.execute("SELECT %s::int + 1", (41,))
        connection.execute("SELECT id, name FROM customers WHERE country = %s AND created_at < %s", ("DE", datetime.datetime(2023, 6, 1)))
        connection.execute("SELECT id FROM products WHERE specs @> %s AND tags && %s", (Jsonb({"color": "red"}), ["tag1"]))
        connection.execute("SELECT id FROM orders WHERE id = ANY(%s)", ([1, 2, 3],))
        for number in range(7):
            connection.execute("SELECT name FROM products WHERE id = %s", (number,))
        with connection.transaction():
            with connection.transaction():
                connection.execute("INSERT INTO settings (key, value) VALUES (%s, %s)", ("psycopg", Jsonb([1])))
            with connection.cursor(name="walk") as cursor:
                cursor.execute("SELECT id, placed_at FROM orders ORDER BY id")
                cursor.fetchmany(5)
        with connection.cursor() as cursor:
            with cursor.copy("COPY (SELECT id, name FROM products ORDER BY id LIMIT 5) TO STDOUT") as copy:
                list(copy.rows())
            with cursor.copy("COPY settings (key, value) FROM STDIN") as copy:
                copy.write_row(("copied", "1"))
        with connection.pipeline():
            connection.execute("DELETE FROM settings WHERE key = %s", ("copied",))
            connection.execute("DELETE FROM settings WHERE key = %s", ("psycopg",))


main()
