"""Reads a database's catalog the way a sidecar does and writes the rows to a file.

usage: fixture.py PROBE CONNECTION > shop.rows     (PROBE: the built api/sql:probe; CONNECTION as libpq takes it)
"""

import subprocess
import sys

import psycopg2


def escape(cell):
    if cell is None:
        return "\\N"
    return str(cell).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def read_rows(probe, connection):
    """-> the lines of a rows file"""
    setup, *queries, teardown = subprocess.run([probe, "queries"], check=True,
                                               capture_output=True).stdout.decode().split("\0")
    link = psycopg2.connect(connection)
    link.autocommit = True
    cursor = link.cursor()
    cursor.execute(setup)
    lines = []
    for number, query in enumerate(queries):
        cursor.execute(query.replace("%", "%%"))
        for row in cursor.fetchall():
            cells = [("t" if c else "f") if isinstance(c, bool) else c for c in row]
            lines.append("\t".join([str(number)] + [escape(c) for c in cells]))
    cursor.execute(teardown)
    link.close()
    return lines


def main():
    for line in read_rows(sys.argv[1], sys.argv[2]):
        print(line)


if __name__ == "__main__":
    main()
