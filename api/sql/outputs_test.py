"""Compares the predicted result columns of testdata/outputs.sql with what a real server describes: how many there are, their
names, and the table and column that each is said to come from.

usage: outputs_test.py PROBE    (run by Bazel)
"""

import ctypes
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "testdata"))
import fixture  # noqa: E402

BIN = "/usr/lib/postgresql/15/bin"
# Statements whose outputs the analysis may leave open; each needs a reason.
OPEN_MAX = 0.02


class Server:
    """A throwaway PostgreSQL in a folder of its own."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="chaperone-sql-")
        user = pwd.getpwnam("postgres")
        self.drop = []
        if os.geteuid() == 0:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self.run("pg_ctl", "-D", data, "-w", "-l", os.path.join(self.folder, "log"), "-o",
                 "-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off" % self.port, "start")
        return self

    def run(self, program, *arguments):
        subprocess.run(self.drop + [os.path.join(BIN, program)] + list(arguments), check=True,
                       stdout=subprocess.DEVNULL, cwd="/")

    def connection(self, database):
        return "host=127.0.0.1 port=%d user=postgres dbname=%s" % (self.port, database)

    def __exit__(self, *_):
        self.run("pg_ctl", "-D", os.path.join(self.folder, "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


class Describer:
    """libpq, for the table and column in RowDescription that psycopg2 does not show."""

    def __init__(self, connection):
        pq = ctypes.CDLL("libpq.so.5")
        for name in ("PQconnectdb", "PQprepare", "PQdescribePrepared", "PQexec"):
            getattr(pq, name).restype = ctypes.c_void_p
        for name in ("PQfname", "PQresultErrorMessage"):
            getattr(pq, name).restype = ctypes.c_char_p
        pq.PQftable.restype = ctypes.c_uint
        self.pq = pq
        self.link = ctypes.c_void_p(pq.PQconnectdb(connection.encode()))
        assert pq.PQstatus(self.link) == 0, "cannot connect"

    def describe(self, sql):
        """-> [(table oid, column number, name)], or the error's text"""
        pq = self.pq
        result = ctypes.c_void_p(pq.PQprepare(self.link, b"", sql.encode(), 0, None))
        message = pq.PQresultErrorMessage(result).decode()
        pq.PQclear(result)
        if message:
            return message
        result = ctypes.c_void_p(pq.PQdescribePrepared(self.link, b""))
        columns = []
        for i in range(pq.PQnfields(result)):
            number = ctypes.c_int16(pq.PQftablecol(result, i)).value
            columns.append((pq.PQftable(result, i), number, pq.PQfname(result, i).decode()))
        pq.PQclear(result)
        return columns


def predict(probe, rows, statements):
    out = subprocess.run([probe, "outputs", rows], input="\0".join(statements).encode(), check=True,
                         capture_output=True).stdout.decode()
    predictions = []
    for text in out.split("\0")[:-1]:
        known, *columns = text.split("\x1e")
        predictions.append((known == "1", [c.split("\x1f") for c in columns]))
    return predictions


def differences(known, predicted, described):
    if not known:
        return ["open"]
    if len(predicted) != len(described):
        return ["%d columns, the server has %d" % (len(predicted), len(described))]
    found = []
    for (oid, number, origin_known, name), (table, column, label) in zip(predicted, described):
        if name != label:
            found.append("name %r, the server says %r" % (name, label))
        if origin_known == "1" and (int(oid), int(number)) != (table, column):
            found.append("%s: origin (%s, %s), the server says (%d, %d)" % (label, oid, number, table, column))
    return found


def read_statements():
    with open(os.path.join(HERE, "testdata", "outputs.sql"), encoding="utf-8") as f:
        return [line.rstrip("\n") for line in f if line.strip() and not line.startswith("--")]


def main():
    probe = sys.argv[1]
    statements = read_statements()
    with Server() as server:
        for arguments in (["-d", "postgres", "-c", "CREATE DATABASE shop"],
                          ["-d", "shop", "-f", os.path.join(HERE, "testdata", "shop.sql")]):
            subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(server.port), "-U",
                            "postgres"] + arguments, check=True, stdout=subprocess.DEVNULL)
        rows = os.path.join(server.folder, "rows")
        with open(rows, "w", encoding="utf-8") as f:
            f.write("\n".join(fixture.read_rows(probe, server.connection("shop"))) + "\n")
        predictions = predict(probe, rows, statements)
        describer = Describer(server.connection("shop"))
        failed = left_open = refused = 0
        for statement, (known, predicted) in zip(statements, predictions):
            described = describer.describe(statement)
            if isinstance(described, str):
                print("the server refuses: %s\n    %s" % (statement, described.strip()))
                refused += 1
                continue
            found = differences(known, predicted, described)
            if found == ["open"]:
                print("left open: %s" % statement)
                left_open += 1
            elif found:
                print("%s\n    %s" % (statement, "\n    ".join(found)))
                failed += 1
    print("%d statements: %d differ, %d left open, %d refused by the server" %
          (len(statements), failed, left_open, refused))
    if failed or refused or left_open > OPEN_MAX * len(statements):
        sys.exit(1)


if __name__ == "__main__":
    main()
