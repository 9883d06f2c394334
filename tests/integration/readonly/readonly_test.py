"""What the sidecar calls read-only changes nothing: random statements, judged by it and run straight at the server.

  readonly_test.py                                a short run, the same every time
  readonly_test.py --statements 50000 --seed 7    a long one

README.md says how.
"""
import argparse
import collections
import pathlib
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "corpus")]
from runner import fingerprint, wire  # noqa: E402

from tests.integration.readonly import generator, world  # noqa: E402
from tests.support.stack import Stack  # noqa: E402

BATCH = 250
# A connection keeps every byte that it received: it is replaced after so many statements.
STATEMENTS_PER_CONNECTION = 100
# Of the refused statements that carry a write, every so many-th is run on another copy, to see that it would have written.
PROVED_EVERY = 20
READ_ONLY_SELECTS_MIN, WRITING_MIN, PROVED_MIN = 0.3, 0.3, 0.5
FAIL = ("BEGIN", "SELECT 1/0")


class Client:
    """A connection that is made anew when it has ended or is to forget."""

    def __init__(self, endpoint):
        self._endpoint, self._connection, self._used = endpoint, None, 0

    def connection(self):
        if self._connection is None:
            self._connection = wire.connect(self._endpoint, deadline_s=30)
            self._used = 0
        return self._connection

    def run(self, text):
        outcome = self.connection().simple(text)
        self._used += 1
        if outcome.ended or self._used >= STATEMENTS_PER_CONNECTION:
            self.close()
        return outcome

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None


class Judge(Client):
    """Asks the sidecar without running anything: in a transaction that has failed already."""

    def connection(self):
        if self._connection is None:
            for text in FAIL:
                super().connection().simple(text)
        return self._connection

    def is_read_only(self, text):
        outcome = self.run(text)
        if outcome.tags:
            # It has ended the transaction, and what stood behind ran.
            self.close()
        return not outcome.denials() and outcome.ended is None


class Direct(Client):
    """Straight at the server; every statement meets a session that is as good as new."""

    def run(self, text):
        outcome = super().run(text)
        if self._connection:
            for clean in ("ROLLBACK", "SET SESSION AUTHORIZATION DEFAULT", "DISCARD ALL"):
                if self._connection and self._connection.simple(clean).ended:
                    self.close()
        return outcome


class ReadOnlyTest:
    def __init__(self, stack, places, options):
        self._world, self._options = places, options
        self._stack, self._token = stack, stack.agent("readonly", ttl="8h")
        self._generator = generator.Generator(random.Random(options.seed))
        self.counts, self.errors, self.failures = collections.Counter(), collections.Counter(), []
        self._proofs = Direct(places.endpoint(superuser=True, name=places.copy("readonly_proof")))
        self._restore()

    def _sidecar(self, kind):
        return kind(wire.Endpoint(self._token.host, self._token.port, self._token.user, self._token.password, self._world.name))

    def _restore(self):
        self._world.fresh()
        self._expected = self._world.state()

    def _changes(self):
        return fingerprint.difference(self._expected, self._world.state())

    # --- one batch

    def batch(self, size, superuser):
        statements = [self._generator.statement() for _ in range(size)]
        judge = self._sidecar(Judge)
        passed = []
        for statement in statements:
            read_only = judge.is_read_only(self._world.fill(statement.sql))
            self._count(statement, read_only)
            if read_only:
                passed.append(statement)
        judge.close()
        # What ends the judge's transaction runs for real there.
        changes = self._changes()
        if changes:
            self._fail("judging", statements, changes)
            self._restore()
        self._check("direct", passed, lambda: Direct(self._world.endpoint(superuser=superuser)))
        self._check("through the sidecar", statements, lambda: self._sidecar(Client))

    def _count(self, statement, read_only):
        self.counts["statements"] += 1
        self.counts[f"{statement.kind}: {'read-only' if read_only else 'refused'}"] += 1
        self.counts["carry a write"] += statement.writes
        self.counts["judged read-only"] += read_only
        self.counts["judged read-only though a write was put in"] += read_only and statement.writes
        if statement.select_like:
            self.counts["select-like"] += 1
            self.counts["select-like, judged read-only"] += read_only
            if not statement.writes:
                self.counts["select-like without a write"] += 1
                self.counts["select-like without a write, refused"] += not read_only
        if statement.writes and not read_only:
            self.counts["refused writes"] += 1
            if self.counts["refused writes"] % PROVED_EVERY == 0:
                self._prove(statement)

    def _prove(self, statement):
        """Runs a refused write elsewhere, in a transaction that is taken back."""
        before = self._world.transaction_id()
        self._proofs.connection().simple("BEGIN")
        self._proofs.run(self._world.fill(statement.sql, "readonly_proof"))
        self.counts["refused writes run elsewhere"] += 1
        self.counts["refused writes run elsewhere, did write"] += self._world.transaction_id() != before
        # Slots and the like stay.
        self._expected.update(self._world.server_state())

    def _check(self, how, statements, connect):
        """Runs them all and looks; when something has changed, one at a time on a fresh copy."""
        client = connect()
        for statement in statements:
            outcome = client.run(self._world.fill(statement.sql))
            if how == "direct":
                self.counts["run directly"] += 1
                self.counts["run directly, without an error"] += outcome.succeeded()
                for error in outcome.errors[:1]:
                    self.errors[f"{error.get('C')} {error.get('M')}"] += 1
        client.close()
        changes = self._changes()
        if changes:
            self._find(how, statements, connect, changes)

    def _find(self, how, statements, connect, changes):
        self._restore()
        client, found, before = connect(), 0, self._world.glance()
        for i, statement in enumerate(statements):
            client.run(self._world.fill(statement.sql))
            if self._world.glance() != before:
                found, culprit = found + 1, self._changes()
                self._fail(how, [statement] if how == "direct" else statements[max(0, i - 3):i + 1], culprit)
                client.close()
                self._restore()
                client, before = connect(), self._world.glance()
        client.close()
        if not found:
            self._fail(how + ", not when run again", statements, changes)
            self._restore()

    def _fail(self, how, statements, changes):
        self.failures.append(statements)
        texts = "\n  ".join(f"[{s.kind}] {s.sql}" for s in statements[-4:])
        print(f"FAIL {how}: changed: {', '.join(changes)}\n  {texts}", flush=True)

    def close(self):
        self._proofs.close()
        self._world.close()


def report(test, seconds):
    print(f"{test.counts['statements']} statements in {seconds:.0f} s")
    for name, count in sorted(test.counts.items()):
        print(f"  {count:7} {name}")
    for error, count in test.errors.most_common(12):
        print(f"  {count:7} x {error[:140]}")
    print(f"{len(test.failures)} failures")


def proves(counts):
    """Whether enough was let through and enough would have written."""
    return (counts["select-like, judged read-only"] >= READ_ONLY_SELECTS_MIN * counts["select-like"] and
            counts["carry a write"] >= WRITING_MIN * counts["statements"] and
            counts["refused writes run elsewhere, did write"] >= PROVED_MIN * counts["refused writes run elsewhere"] and
            counts["run directly, without an error"] >= READ_ONLY_SELECTS_MIN * counts["run directly"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures-max", type=int, default=20, help="stop after so many")
    options = parser.parse_args()
    with Stack(policies=[world.POLICY], postgres_settings=world.SETTINGS) as stack, tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder).chmod(0o777)
        test = ReadOnlyTest(stack, world.World(stack.postgres, folder), options)
        begin = time.monotonic()
        for number, done in enumerate(range(0, options.statements, BATCH)):
            test.batch(min(BATCH, options.statements - done), superuser=number % 2 == 0)
            if len(test.failures) >= options.failures_max:
                break
        test.close()
        report(test, time.monotonic() - begin)
    if not proves(test.counts):
        print("too little was let through, or too little would have written, to prove anything")
    return 1 if test.failures or not proves(test.counts) else 0


if __name__ == "__main__":
    sys.exit(main())
