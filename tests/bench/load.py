"""What the benchmarks send: pgbench's scripts, large results read as fast as they come, many idle sessions."""
import os
import random
import re
import socket
import subprocess
import time

from tests.support import frontend, wire
from tests.support.postgres import BIN

# Statements of one transaction of each script: pgbench's own, and one that always sends the same text.
QUERIES = {"select-only": 1, "same-text": 1, "tpcb-like": 7}
_OWN_SCRIPTS = {"same-text": "SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"}


class Failed(Exception):
    """pgbench did not go through."""


def prepare(postgres, scale=5, wide_rows=100_000):
    """Makes the database `bench`: pgbench's tables, and wide ones for large results."""
    target = postgres.create_database("bench")
    subprocess.run([BIN / "pgbench", "-i", "-q", "-s", str(scale), "bench"], env=dict(os.environ, **target.env), check=True,
                   capture_output=True)
    columns = ", ".join(f"md5((g * {n})::text) AS c{n}" for n in range(1, 10))
    for table in ("wide", "wide_masked", "wide_text"):
        postgres.psql(f"CREATE TABLE {table} AS SELECT g AS id, {columns} FROM generate_series(1, {wide_rows}) g", database="bench")
    postgres.psql("VACUUM ANALYZE", database="bench")


def pgbench(target, script, mode, clients, *, seconds=None, transactions=None):
    """One run; (transactions, transactions per second)."""
    length = ["-T", str(seconds)] if seconds else ["-t", str(transactions)]
    what, text = (["-f", "-"], _OWN_SCRIPTS[script]) if script in _OWN_SCRIPTS else (["-b", script], None)
    done = subprocess.run([BIN / "pgbench", "-n", *what, "-M", mode, "-c", str(clients), "-j", str(min(2, clients)), *length,
                           target.database], env=dict(os.environ, **target.env), capture_output=True, text=True, input=text)
    count = re.search(r"transactions actually processed: (\d+)", done.stdout)
    if done.returncode or not count or "failed transactions: 0" not in done.stdout:
        raise Failed(f"pgbench {script} {mode} {clients}: {done.stdout[-600:]}{done.stderr[-1500:]}")
    return int(count[1]), float(re.search(r"tps = ([\d.]+)", done.stdout)[1])


class RoundTrips:
    """One client that runs a statement again and again and times each answer. Mode: "simple" sends the same text, "prepared" binds
    and executes a prepared statement with a value that changes."""

    _TEXT = "SELECT abalance FROM pgbench_accounts WHERE aid = {}"

    def __init__(self, target, mode):
        self.mode, self.connection = mode, wire.connect(target)
        self.connection.socket.settimeout(30)
        if mode == "prepared":
            self.connection.send(frontend.parse(self._TEXT.format("$1"), "accounts"), frontend.sync())
            self.connection.read_until()

    def _request(self):
        if self.mode == "simple":
            return frontend.query(self._TEXT.format(4711))
        return b"".join([frontend.bind([str(random.randint(1, 100_000))], statement="accounts"), frontend.describe_portal(),
                         frontend.execute(), frontend.sync()])

    def take(self, count):
        """Latencies in microseconds."""
        link, values = self.connection.socket, []
        for _ in range(count):
            request = self._request()
            start = time.perf_counter_ns()
            link.sendall(request)
            answer = link.recv(65536)
            while not answer.endswith(b"Z\0\0\0\x05I"):
                more = link.recv(65536)
                if not more:
                    raise Failed("the connection was closed before the answer's end")
                answer += more
            values.append((time.perf_counter_ns() - start) / 1000)
            if b"C\0\0\0\rSELECT 1\0" not in answer:
                raise Failed(f"an answer without its row: {answer[:300]!r}")
        return values

    def close(self):
        self.connection.close()


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def read_all(target, sql, times=1):
    """Runs a query and reads its result without looking at it; bytes received."""
    total = 0
    with wire.connect(target) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        connection.socket.settimeout(120)
        room = bytearray(1 << 20)
        for _ in range(times):
            connection.send(frontend.query(sql))
            end = b""
            while not end.endswith(b"Z\0\0\0\x05I"):
                got = connection.socket.recv_into(room)
                if not got:
                    raise Failed("the connection was closed in the middle of a result")
                total += got
                end = (end + bytes(room[max(0, got - 6):got]))[-6:]
            if total < 1_000_000:
                raise Failed(f"an answer of {total} bytes: {bytes(room[:300])!r}")
    return total


def idle_sessions(target, count):
    """Logs in `count` times; the open connections, each after one statement."""
    connections = []
    for _ in range(count):
        connection = wire.connect(target)
        connection.query("SELECT 1")
        connection.received.clear()
        connection._at = 0
        connections.append(connection)
    return connections
