"""The differential test itself: the comparison is fair, and it can fail. Needs a server and pgbouncer, but not the sidecar."""
import unittest

from tests.integration.differential import databases
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Postgres
from tests.support.process import Run


class Comparison(unittest.TestCase):
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
    unittest.main(verbosity=2)
