"""Every client does the same through the sidecar as straight at the server: its output must be the same to the byte.

  clients_test.py                 all clients
  clients_test.py -k jdbc         one of them
"""
import difflib
import os
import re
import subprocess
import threading
import time
import unittest

from tests.integration.clients.drivers import DRIVERS
from tests.support import frontend
from tests.support.postgres import BIN, ROLE, TEMPLATE
from tests.support.suite import StackTest, main

_RESIDENT_GROWTH_MAX = 64 << 20


def fresh_pair(postgres, name):
    """Two equal databases, whose owner is the sidecar's role: their names."""
    names = [f"{name}_a", f"{name}_b"]
    for database in names:
        postgres.psql(f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} OWNER {ROLE}", database="postgres")
    return names


def normal(text):
    """The output without what differs by nature: process ids, addresses, the number of a temporary schema (which slot the server had
    free), and what psycopg logs when it leaves a pipeline before all answers have come, which is a matter of packets (and names
    ports and objects)."""
    text = re.sub(r"^error ignored terminating <psycopg\.Pipeline .*\n", "", text, flags=re.M)
    return re.sub(r"with PID \d+|HASH\(0x[0-9a-f]+\)|(?<=pg_temp_)\d+", "…", text)


def difference(direct, proxied):
    return "\n".join(difflib.unified_diff(normal(direct).splitlines(), normal(proxied).splitlines(), "direct", "sidecar", lineterm="", n=3))


class Clients(StackTest):
    maxDiff = None

    def compare(self, driver):
        driver.prepare(self.stack.folder)
        through, straight = fresh_pair(self.stack.postgres, driver.name)
        expected = driver.run(self.stack.postgres.role.but(database=straight))
        self.assertTrue(expected.endswith("exit 0\n"), f"the session itself fails, straight at the server:\n{expected[-3000:]}")
        actual = driver.run(self.stack.agent(driver.name, database=through))
        self.assertFalse(found := difference(expected, actual), found)


for _driver in DRIVERS:
    def _test(self, driver=_driver):
        self.compare(driver)
    setattr(Clients, f"test_{_driver.name}_sees_no_difference", _test)


class BigResults(StackTest):
    def psql(self, sql, target):
        return subprocess.run([BIN / "psql", "-XqAt", "-c", sql], env=dict(os.environ, **target.env), capture_output=True, text=True,
                              timeout=300)

    def test_a_million_rows_pass_in_bounded_memory(self):
        target = self.stack.agent("reader")
        self.psql("SELECT 1", target)
        before, highest = self.stack.sidecar.resident_bytes(), 0
        reader = subprocess.Popen([BIN / "psql", "-XqAt", "-c", "SELECT g, repeat('x', 50) FROM generate_series(1, 1000000) g"],
                                  env=dict(os.environ, **target.env), stdout=subprocess.PIPE)
        watchdog = threading.Timer(120, reader.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        lines = 0
        for lines, _ in enumerate(reader.stdout, 1):
            if lines % 50000 == 0:
                highest = max(highest, self.stack.sidecar.resident_bytes())
        reader.stdout.close()
        self.assertEqual(reader.wait(60), 0)
        self.assertEqual(lines, 1_000_000)
        self.assertLess(highest - before, _RESIDENT_GROWTH_MAX)

    def test_a_client_that_does_not_read_costs_no_memory(self):
        connection = self.connect("sleeper")
        before = self.stack.sidecar.resident_bytes()
        connection.send(frontend.query("SELECT repeat('x', 10000) FROM generate_series(1, 100000)"))
        time.sleep(3)
        self.assertLess(self.stack.sidecar.resident_bytes() - before, _RESIDENT_GROWTH_MAX)


class Pgbench(StackTest):
    """pgbench's built-in scripts in every query mode; a short run each. The long one is `tests/bench`."""

    def test_pgbench_runs_in_every_mode(self):
        self.stack.postgres.create_database("bench")
        subprocess.run([BIN / "pgbench", "-i", "-q", "-s", "1", "bench"], env=dict(os.environ, **self.stack.postgres.superuser.env),
                       check=True, capture_output=True)
        target = self.stack.agent("bench", database="bench")
        for script in ("select-only", "tpcb-like"):
            for mode in ("simple", "extended", "prepared"):
                with self.subTest(script=script, mode=mode):
                    done = subprocess.run([BIN / "pgbench", "-n", "-b", script, "-M", mode, "-c", "8", "-j", "2", "-T", "3", "bench"],
                                          env=dict(os.environ, **target.env), capture_output=True, text=True)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertIn("number of failed transactions: 0", done.stdout)


if __name__ == "__main__":
    main()
