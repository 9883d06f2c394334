#!/usr/bin/python3
"""Runs the corpus: directly against PostgreSQL, through a sidecar, or both. README.md describes cases and options."""
import argparse
import collections
import itertools
import os
import shlex
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runner import case_file, coverage, play, scratch_server, wire, worlds  # noqa: E402
from runner.execution import Executor  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("paths", nargs="*", default=[FOLDER], help="case files or folders; all by default")
    parser.add_argument("--only", help="ids that contain this text")
    parser.add_argument("--direct-url", help="superuser's URL of the server; a scratch server is started without it")
    parser.add_argument("--no-direct", action="store_true", help="skip the direct half")
    parser.add_argument("--sidecar", metavar="HOST:PORT", help="also run through this sidecar")
    parser.add_argument("--user", default="agent", help="user name for the sidecar")
    parser.add_argument("--token-file", help="file with the token for the sidecar")
    parser.add_argument("--apply", metavar="COMMAND", help="applies a policy file and waits; {file} is replaced")
    parser.add_argument("--modes", choices=("simple", "few", "text", "all"), default="all",
                        help="ways in which sql steps go through the sidecar")
    parser.add_argument("--direct-modes", choices=("simple", "text", "all"), default="simple")
    parser.add_argument("--refused-max", type=float, metavar="PERCENT",
                        help="succeed when at most this share of the statements is refused, and nothing else fails")
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    parser.add_argument("--coverage", action="store_true", help="print how many cases each row of the threat catalogue has, and stop")
    return parser.parse_args(argv)


def modes_named(name):
    text_only = [mode for mode in play.ALL_MODES if mode.result_format == 0]
    return {"simple": [play.SIMPLE], "few": play.FEW_MODES, "text": text_only, "all": play.ALL_MODES}[name]


def list_cases(cases):
    for case in cases:
        print(f"{case.area}/{case.id}\t{case.threat}\t{case.sidecar}\t{case.title}")
    counts = collections.Counter(case.area for case in cases)
    statements = collections.Counter()
    for case in cases:
        statements[case.area] += case.statement_count
    for area in sorted(counts):
        print(f"{area}: {counts[area]} cases, {statements[area]} statements, "
              f"{sum(c.area == area and c.threat == 'own' for c in cases)} own")


class Report:
    """What failed, by case; `close` prints one line that says what got past and what was refused."""

    def __init__(self, cases):
        self.failed = {}
        self.cases = cases
        self.runs = 0

    def add(self, case, what, failures):
        self.runs += 1
        for failure in failures:
            self.failed.setdefault(case.id, []).append(failure)
            print(f"FAIL {case.path.parent.name}/{case.path.name}:{case.line} {case.id} [{what}]: {failure}", flush=True)

    def _cases_with(self, words):
        return sum(any(failure.startswith(words) for failure in failures) for failures in self.failed.values())

    def refused(self):
        """The refusals, each statement once however often it was played."""
        return sorted({f"{case}: {failure}" for case, failures in self.failed.items() for failure in failures
                       if failure.startswith("refused: ")})

    def statements(self):
        return sum(case.statement_count for case in self.cases)

    def passed(self, refused_max_percent):
        """Nothing failed but refusals, and of those there are few."""
        others = any(not failure.startswith("refused: ") for failures in self.failed.values() for failure in failures)
        return not others and len(self.refused()) <= self.statements() * refused_max_percent / 100

    def close(self, half, seconds):
        areas, refused = ", ".join(sorted({case.area for case in self.cases})), self.refused()
        for line in refused:
            print(f"REFUSED {line}")
        print(f"{areas}, {half}: {len(self.cases)} cases ({self.statements()} statements, {self.runs} runs) in {seconds:.0f} s: "
              f"{self._cases_with('leak: ')} leaks, {self._cases_with('changed: ')} changes, {len(refused)} statements refused "
              f"({100 * len(refused) / max(1, self.statements()):.2f} %), "
              f"{len(self.cases) - len(self.failed)} passed, {len(self.failed)} failed", flush=True)


def guarded(call):
    """A case whose own machinery fails is a failed case, not the end of the run."""
    try:
        return call()
    except (worlds.SqlError, wire.ConnectionEnded, OSError) as error:
        return [f"could not be run: {error}"]


def run_direct(executor, cases, modes, report):
    for case in cases:
        for mode in play.modes_of(case, modes):
            report.add(case, f"direct, {mode}", guarded(lambda c=case, m=mode: executor.direct(c, m)))


def run_sidecar(executor, cases, modes, apply, report):
    ordered = sorted(cases, key=lambda case: case.policy)
    for policy, group in itertools.groupby(ordered, key=lambda case: case.policy):
        if apply:
            apply(os.path.join(FOLDER, "policies", policy + ".yaml"))
        for case in group:
            def play_all(one=case):
                for mode, failures in executor.through_sidecar(one, play.modes_of(one, modes)):
                    report.add(one, f"sidecar, {mode}", failures)
                return []
            report.add(case, "sidecar", guarded(play_all))


def sidecar_endpoint(options):
    if not options.sidecar:
        return None
    host, _, port = options.sidecar.rpartition(":")
    with open(options.token_file, encoding="utf-8") as file:
        return wire.Endpoint(host, port, options.user, file.read().strip())


def applier(command):
    """What --apply says, as a function of the file's path."""
    return command and (lambda path: subprocess.run(shlex.split(command.format(file=path)), check=True))


def run(options, cases, direct_url, apply):
    report = Report(cases)
    started = time.monotonic()
    executor = Executor(worlds.parse_url(direct_url), sidecar_endpoint(options))
    try:
        if not options.no_direct:
            run_direct(executor, cases, modes_named(options.direct_modes), report)
        if options.sidecar:
            run_sidecar(executor, cases, modes_named(options.modes), apply, report)
    finally:
        executor.close()
    halves = ["direct"] * (not options.no_direct) + ["sidecar"] * bool(options.sidecar)
    report.close(" and ".join(halves), time.monotonic() - started)
    return 0 if report.passed(options.refused_max or 0) else 1


def main(argv=None, apply=None):
    """`apply` stands in for --apply, for callers in Python. The exit code: 0 passed, 1 failed, 2 usage."""
    options = arguments(argv)
    apply = apply or applier(options.apply)
    try:
        cases = case_file.load(options.paths)
    except case_file.CaseError as error:
        print(error, file=sys.stderr)
        return 2
    cases = [case for case in cases if not options.only or options.only in case.id]
    if options.coverage:
        print(coverage.text(cases))
        return 1 if coverage.missing(cases) else 0
    if options.list:
        list_cases(cases)
        return 0
    if options.direct_url:
        return run(options, cases, options.direct_url, apply)
    if options.sidecar:
        print("--sidecar needs --direct-url: cases are set up behind its back", file=sys.stderr)
        return 2
    with scratch_server.scratch_server() as server:
        return run(options, cases, server.url, apply)


if __name__ == "__main__":
    # Unwind, so that the scratch server goes too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
