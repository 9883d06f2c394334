"""Random queries through the sidecar: no secret in any byte, and nothing changed where there is none to hide.

  leak_test.py                            a short run, the same every time
  leak_test.py --queries 50000 --seed 7   a long one

Each query is sent straight to the server and through the sidecar, in one of the protocol's ways. Where no masked column is
involved, both must answer with the same bytes. Where one is, everything that the client got is searched for every secret in
every form that leak_scan.py knows; columns into which no secret flows must be as they were; and the same query against a
database with other secrets must look the same to the client.
"""
import argparse
import collections
import itertools
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "corpus"))
from runner import expectations, play, wire  # noqa: E402
from runner.leak_scan import Scanner  # noqa: E402
from runner.outcome import Outcome  # noqa: E402

from tests.integration.leaks import generator, world  # noqa: E402
from tests.support.stack import Stack  # noqa: E402

TIMEOUT = "57014"
# A connection keeps every byte that it received: it is replaced after so many queries.
QUERIES_PER_CONNECTION = 500
# Ways to run a query besides sending it: text around it, and whether that text is for the simple protocol alone.
WRAPPERS = (
    ("plain", 80, "{}"), ("copy", 4, "COPY ({}) TO STDOUT"), ("copy csv", 3, "COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER)"),
    ("copy binary", 3, "COPY ({}) TO STDOUT WITH (FORMAT binary)"),
    ("cursor", 4, "BEGIN; DECLARE c CURSOR FOR {}; FETCH 3 FROM c; FETCH ALL FROM c; COMMIT"),
    ("prepared", 3, "PREPARE p AS {}; EXECUTE p; DEALLOCATE p"), ("explain", 3, "EXPLAIN (COSTS off) {}"))


class Client:
    """A connection that is made anew when it has ended."""

    def __init__(self, endpoint):
        self._endpoint = endpoint
        self._connection = None
        self._used = 0

    def run(self, statement, mode):
        """(outcome, every byte received)."""
        if self._connection is None or self._used >= QUERIES_PER_CONNECTION:
            self.close()
            self._connection = wire.connect(self._endpoint)
            self._used = 0
        self._used += 1
        begin = len(self._connection.received)
        outcome = self._send(statement, mode)
        received = bytes(self._connection.received[begin:])
        # A script that failed leaves a transaction or a name behind.
        if outcome.ended or (outcome.errors and "; " in statement):
            self.close()
        return outcome, received

    def _send(self, statement, mode):
        if mode.protocol == "simple":
            return self._connection.simple(statement)
        if "; " not in statement:
            return self._connection.extended(statement, (), mode.result_format, mode.describe)
        # One round for each statement of a script; a pipeline of them would be another test.
        whole = Outcome()
        for part in statement.split("; "):
            one = self._connection.extended(part, (), mode.result_format, mode.describe)
            whole.results += one.results
            for kind, payload in one.messages:
                whole.take(kind, payload)
            whole.ended = one.ended
            if one.ended:
                break
        return whole

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None


class Case:
    """One query with the way in which it is sent."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.seed = seed
        self.query = generator.Query(rng)
        self.wrapper, _, template = rng.choices(WRAPPERS, [weight for _, weight, _ in WRAPPERS])[0]
        self.statement = template.format(self.query.sql.replace("; ", ";"))
        self.mode = rng.choice(play.ALL_MODES)

    @property
    def has_rows(self):
        return self.wrapper == "plain"


class LeakTest:
    def __init__(self, stack, worlds):
        def through_sidecar(database):
            target = stack.agent("leaks", database=database, ttl="8h")
            return wire.Endpoint(target.host, target.port, target.user, target.password, database)
        role = stack.postgres.role
        self._direct = Client(wire.Endpoint(role.host, role.port, role.user, role.password, "leak_a"))
        self._proxied = Client(through_sidecar("leak_a"))
        self._other_world = Client(through_sidecar("leak_b"))
        self._scanner = Scanner(worlds["leak_a"].secrets)
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.failures = []

    def check(self, seed):
        case = Case(seed)
        outcome, received = self._proxied.run(case.statement, case.mode)
        reference, expected = self._direct.run(case.statement, case.mode)
        self.counts["queries"] += 1
        self.counts[f"levels {case.query.levels}"] += 1
        if TIMEOUT in {error.get("C") for error in (*outcome.errors, *reference.errors)}:
            self.counts["timed out"] += 1
            return
        if outcome.ended:
            self._fail(case, f"the session ended: {outcome.ended}: {outcome.errors}")
        elif case.query.involved:
            self._check_involved(case, outcome, received, reference)
        else:
            self._check_clean(case, outcome, received, reference, expected)

    def _check_clean(self, case, outcome, received, reference, expected):
        denials = outcome.denials()
        if denials and [e.get("C") for e in reference.errors[:1]] == [denials[0].get("C")]:
            # Bound to fail: refused in other words, with the server's SQLSTATE.
            self.counts["clean, failed at the server"] += 1
            return
        self.counts["clean, failed at the server" if reference.errors else "clean, passed"] += received == expected
        if received == expected:
            return
        if denials:
            self.reasons[denials[0].get("M", "")] += 1
        self._fail(case, f"other bytes than direct: {_difference(outcome, reference)}")

    def _check_involved(self, case, outcome, received, reference):
        rows = outcome.rows()
        findings = self._scanner.scan(received, rows, outcome.copy_out)
        if findings:
            self._fail(case, "leak: " + "; ".join(sorted({str(finding) for finding in findings})[:3]))
        if outcome.denials():
            self.counts["with secrets, refused"] += 1
            self.reasons[outcome.denials()[0].get("M", "")] += 1
        elif outcome.errors:
            self.counts["with secrets, failed at the server"] += 1
        else:
            self.counts["with secrets, masked and passed"] += 1
            self._check_precision(case, outcome, reference)
        if not case.query.uses_open:
            self._check_other_world(case, outcome)

    def _check_precision(self, case, outcome, reference):
        """Cells into which no secret flows are what they were."""
        if not case.has_rows or reference.errors:
            return
        ours, theirs = outcome.rows(), reference.rows()
        if len(ours) != len(theirs):
            self._fail(case, f"{len(ours)} rows, direct {len(theirs)}")
            return
        for i, column in enumerate(case.query.columns):
            if column.taint:
                self.counts["columns masked"] += 1
            elif [row[i] for row in ours] == [row[i] for row in theirs]:
                self.counts["columns passed beside masked ones"] += 1
            else:
                self._fail(case, f"column {i + 1} ({column.name}) was changed, and no secret flows into it")

    def _check_other_world(self, case, outcome):
        other, _ = self._other_world.run(case.statement, case.mode)
        if TIMEOUT in {error.get("C") for error in other.errors}:
            return
        self.counts["compared with other secrets"] += 1
        if _observable(outcome) != _observable(other):
            self._fail(case, f"depends on the secrets: {_difference(outcome, other)}")

    def _fail(self, case, what):
        self.failures.append((case, what))
        print(f"FAIL seed {case.seed} [{case.mode}, {case.wrapper}]: {what}\n  {case.statement}", flush=True)

    def close(self):
        for client in (self._direct, self._proxied, self._other_world):
            client.close()


def _observable(outcome):
    run = play.Transcript()
    run.steps.append(outcome)
    return expectations.observable(run)


def _difference(ours, theirs):
    """The first message that differs."""
    pairs = itertools.zip_longest(_observable(ours)[0], _observable(theirs)[0])
    return next((f"{a!r:.300} instead of {b!r:.300}" for a, b in pairs if a != b), "in messages that say nothing of data")


def report(test, seconds):
    print(f"{test.counts['queries']} queries in {seconds:.0f} s")
    for name, count in sorted(test.counts.items()):
        print(f"  {count:7} {name}")
    for reason, count in test.reasons.most_common(8):
        print(f"  {count:7} x {reason[:160]}")
    print(f"{len(test.failures)} failures")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, help="the first query's own seed, as a failure names it")
    parser.add_argument("--failures-max", type=int, default=20, help="stop after so many")
    options = parser.parse_args()
    with Stack(policies=[world.POLICY]) as stack:
        test = LeakTest(stack, world.make(stack.postgres))
        begin = time.monotonic()
        first = options.seed * 1_000_000 if options.first is None else options.first
        for seed in range(first, first + options.queries):
            test.check(seed)
            if len(test.failures) >= options.failures_max:
                break
        test.close()
        report(test, time.monotonic() - begin)
    # A test whose queries were nearly all refused, or nearly all clean, would prove nothing.
    counts = test.counts
    proves = (counts["with secrets, masked and passed"] > 0.15 * counts["queries"] and
              counts["clean, passed"] > 0.2 * counts["queries"])
    if not proves:
        print("too few queries were let through")
    return 1 if test.failures or not proves else 0


if __name__ == "__main__":
    sys.exit(main())
