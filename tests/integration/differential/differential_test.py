"""Random message sequences through the sidecar and straight to the server: no difference in results, errors or state.

  differential_test.py                    2,000 sequences, the same every time
  differential_test.py --long [SEED]      100,000 sequences from a seed (default: from the clock)
"""
import sys
import time
import unittest

from tests.integration.differential import databases
from tests.support.stack import Stack
from tests.support.process import Run
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Postgres


class ThroughTheSidecar(unittest.TestCase):
    sequences, seed = 2000, 1

    def test_no_sequence_tells_the_sidecar_from_the_server(self):
        with Stack(policies=[databases.POLICY], postgres_rules=databases.RULES) as stack:
            direct = databases.prepare(stack.postgres)
            proxy = stack.agent("differential", database=databases.PROXIED, ttl="4h")
            code, text = databases.compare(proxy, direct, sequences=self.sequences, seed=self.seed)
            print(text)
            self.assertEqual(code, 0, text)


class TheTestItself(unittest.TestCase):
    """That the comparison is fair, and that it can fail."""

    @classmethod
    def setUpClass(cls):
        cls.run_of_all = Run()
        cls.addClassCleanup(cls.run_of_all.close)
        cls.postgres = Postgres(cls.run_of_all, shop=False, rules=databases.RULES).start()
        cls.direct = databases.prepare(cls.postgres)

    def compare(self, proxy, *options):
        return databases.compare(proxy.but(database=databases.PROXIED), self.direct, sequences=400, options=options)

    def test_the_server_agrees_with_itself(self):
        code, text = self.compare(self.direct, "--without-denials")
        self.assertEqual(code, 0, text)

    def test_a_relay_agrees_with_the_server(self):
        relay = PgBouncer(self.run_of_all, self.direct).start()
        code, text = self.compare(relay.target, "--without-denials")
        self.assertEqual(code, 0, text)

    def test_a_statement_that_is_not_denied_is_found_and_shrunk_to_itself(self):
        code, text = self.compare(self.direct, "--findings=1")
        self.assertEqual(code, 1, text)
        statements = [line for line in text.splitlines() if line.startswith(("    Q ", "    P "))]
        self.assertEqual(len(statements), 1, text)
        self.assertIn("forbidden", statements[0])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--long"]:
        ThroughTheSidecar.sequences = 100_000
        ThroughTheSidecar.seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() // 1000 % (1 << 40)
        del sys.argv[1:]
    unittest.main(verbosity=2)
