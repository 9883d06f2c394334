"""Base of the suites that drive a whole stack: one stack for a class, with its logs shown when something fails."""
import unittest

from tests.support import wire
from tests.support.stack import Stack


class StackTest(unittest.TestCase):
    """Test cases that share one stack. `stack_options` are Stack's arguments."""

    stack_options = {}
    stack = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(**cls.stack_options)
        cls.stack.__enter__()
        cls.addClassCleanup(cls.stack.run.close)

    def run(self, result=None):
        known = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > known:
            self.stack.run.show_logs()
        return result

    def connect(self, subject="agent", *, database="shop", sidecar=None, options=None, **token):
        """A raw connection of an agent through the sidecar, closed with the test."""
        connection = wire.connect(self.stack.agent(subject, database=database, sidecar=sidecar, **token), **(options or {}))
        self.addCleanup(connection.close)
        return connection

    def refusal(self, target, **options):
        """The error fields with which a login ends; fails when it succeeds."""
        with self.assertRaises(wire.ServerError) as caught:
            wire.connect(target, **options).close()
        return caught.exception.fields


def main():
    """Runs the suite's file: every test is named as it goes."""
    unittest.main(verbosity=2)
