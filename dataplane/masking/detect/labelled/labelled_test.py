"""Precision and recall of every kind on the labelled corpus, printed as a table.

  labelled_test.py PROGRAM [--verbose]     PROGRAM is find_cells; --verbose prints every miss and every false finding
  bazel test //dataplane/masking/detect/labelled:labelled_test --test_output=all

A positive is found when findings of its kind cover every byte of its secret: a part that stays is a part that leaks. Each kind's
positives are searched for that kind alone, as a policy with one rule does; negatives are searched for all kinds at once.
"""
import collections
import subprocess
import sys
import unittest

from dataplane.masking.detect.labelled import corpus

RECALL_MIN = 0.98
FALSE_RATE_MAX = 0.001
POSITIVES_MIN, POSITIVES_PER_KIND_MIN, NEGATIVES_MIN = 5_000, 150, 50_000
# The same bytes are reported once: with password_assignment on, the password of a connection string is one already.
HIDDEN_BY_OTHERS = ("connection_string",)
PROGRAM, VERBOSE = None, False


def find(questions):
    """The findings for each (kind, column, cell): lists of (kind, begin, end)."""
    lines = [f"{kind} {column.encode().hex() or '-'} {cell.encode().hex() or '-'}" for kind, column, cell in questions]
    done = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(lines), (len(answers), len(lines))
    return [[(kind, int(begin), int(end)) for kind, begin, end in (word.split(":") for word in answer.split())] for answer in answers]


def covers(findings, begin, end):
    """Whether findings, taken together, cover [begin, end)."""
    for _, first, last in sorted(findings, key=lambda finding: finding[1]):
        if first <= begin < last:
            begin = last
    return begin >= end


class Row:
    """One kind's line of the table."""

    def __init__(self):
        self.positives, self.found, self.negatives, self.false = 0, 0, 0, 0

    @property
    def recall(self):
        """The share of positives that is found whole."""
        return self.found / self.positives

    @property
    def false_rate(self):
        """The share of negatives in which something is found."""
        return self.false / self.negatives


def count_positives(kinds, rows):
    """Fills in what is found."""
    cells = [(kind, *sample) for kind in kinds for sample in corpus.positives(kind)]
    for (kind, cell, column, secret), findings in zip(cells, find([(kind, column, cell) for kind, cell, column, _ in cells])):
        begin = cell.encode().rfind(secret.encode())
        rows[kind].positives += 1
        if covers(findings, begin, begin + len(secret.encode())):
            rows[kind].found += 1
        elif VERBOSE:
            print(f"MISSED {kind} secret={secret[:80]!r} cell={cell[:200]!r} column={column!r} found={findings}")


def count_negatives(kinds, rows):
    """Fills in what is found in error; the number of negatives."""
    cells = [(name, *sample) for name in corpus.CLASSES for sample in corpus.negatives_of(name)]
    answers = [[set(kind for kind, _, _ in findings) for findings in find([(what, column, cell) for _, cell, column in cells])]
               for what in ("all", *HIDDEN_BY_OTHERS)]
    classes = collections.Counter(name for name, _, _ in cells)
    for kind in kinds:
        rows[kind].negatives = sum(count for name, count in classes.items() if corpus.is_negative(name, kind))
    for (name, cell, column), *found in zip(cells, *answers):
        for kind in set().union(*found):
            if corpus.is_negative(name, kind):
                rows[kind].false += 1
                if VERBOSE:
                    print(f"FALSE {kind} class={name} cell={cell[:160]!r} column={column!r}")
    return len(cells)


class Labelled(unittest.TestCase):
    maxDiff = None

    def test_every_kind_is_found_and_nothing_else(self):
        kinds = subprocess.run([PROGRAM], input="kinds\n", capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(sorted(kinds), sorted(corpus.MAKERS), "a kind without positives, or positives without a kind")
        rows = {kind: Row() for kind in kinds}
        count_positives(kinds, rows)
        negatives = count_negatives(kinds, rows)
        print(f"{'kind':22} {'positives':>9} {'found':>6} {'recall':>7} {'negatives':>9} {'false':>6} {'rate':>8}")
        for kind, row in rows.items():
            print(f"{kind:22} {row.positives:9} {row.found:6} {row.recall:7.4f} {row.negatives:9} {row.false:6} {row.false_rate:8.4%}")
        positives = sum(row.positives for row in rows.values())
        print(f"{'all':22} {positives:9} {sum(r.found for r in rows.values()):6} {'':7} {negatives:9} {sum(r.false for r in rows.values()):6}")
        self.assertGreaterEqual(positives, POSITIVES_MIN)
        self.assertGreaterEqual(min(row.positives for row in rows.values()), POSITIVES_PER_KIND_MIN)
        self.assertGreaterEqual(min(row.negatives for row in rows.values()), NEGATIVES_MIN)
        self.assertEqual({kind: row.recall for kind, row in rows.items() if row.recall < RECALL_MIN}, {}, "recall")
        self.assertEqual({kind: row.false_rate for kind, row in rows.items() if row.false_rate > FALSE_RATE_MAX}, {}, "false findings")


if __name__ == "__main__":
    PROGRAM, VERBOSE = sys.argv[1], "--verbose" in sys.argv
    unittest.main(argv=sys.argv[:1])
