"""The sidecar's cost beside pgbouncer's, measured in one run on one machine, alternating: A B A B.

  bench.py                      everything, about 20 minutes
  bench.py --quick              every number once and short, about 4 minutes
  bench.py --only cpu,calls     of: cpu, sessions, calls, instructions, latency, large, masking, memory, many
  bench.py --json FILE          also as JSON
  bench.py --stand-in           a second pgbouncer in the sidecar's place: tries the bench itself; every ratio must be near 1

Prints ratios with the targets beside them. Start it with tests/bench/run, which builds the programs first.
"""
import argparse
import contextlib
import dataclasses
import json
import statistics
import sys

from tests.bench import load, measure, proxies
from tests.bench.report import Report
from tests.support.postgres import Postgres
from tests.support.process import Run, end_on_signals, wait_until
from tests.support.sidecar import Sidecar
from tests.support.stack import Stack

_SETTINGS = {"max_connections": "2700", "shared_buffers": "'256MB'", "max_wal_size": "'4GB'", "autovacuum": "off"}
_SIDECAR = {"limits": {"sessions": 3000}}
_PARTS = ("cpu", "sessions", "calls", "instructions", "latency", "large", "masking", "memory", "many")


class Bench:
    """Two proxies before one database."""

    def __init__(self, arguments, run, postgres, peer, subject, restart, apply=None):
        self.quick, self.run, self.postgres = arguments.quick, run, postgres
        self.peer, self.subject = peer, subject
        self.both = (peer, subject)
        # Starts another instance of a proxy under a wrapper; (Proxy, function that stops it).
        self.restart = restart
        # Puts a policy in force; absent where no sidecar runs.
        self.apply = apply
        self.report = Report(peer.name, subject.name)

    def cpu(self):
        """CPU time of the proxy for each query. Only statements that were seen before have a target: the others are parsed."""
        starts, turns = (1, 3) if self.quick else (4, 2)
        pairs = [("same-text", "simple"), ("select-only", "extended"), ("select-only", "prepared"), ("tpcb-like", "extended"),
                 ("tpcb-like", "prepared"), ("select-only", "simple"), ("tpcb-like", "simple")]
        rows = [(*pair, clients) for pair in pairs for clients in ((8,) if self.quick else (1, 8, 64))]
        each = {(row, proxy.name): [] for row in rows for proxy in self.both}
        for start in range(starts):
            with self._new_pair(start) as pair:
                for row in rows:
                    self._warm(pair, *row)
                    for turn in range(turns):
                        for proxy in pair if turn % 2 == 0 else reversed(pair):
                            each[row, proxy.name].append(self._cpu_of_query(proxy, *row))
        for script, mode, clients in rows:
            is_new = mode == "simple" and script != "same-text"
            self.report.add(f"CPU per query, {script}, {mode}, {clients} clients{', each text is new' if is_new else ''}", "us",
                            *(1e6 * statistics.median(each[(script, mode, clients), p.name]) for p in self.both),
                            target=None if is_new else 1.15)

    @contextlib.contextmanager
    def _new_pair(self, start):
        """Both proxies started anew, in turn the one or the other first: the one that starts and connects last is slower. What
        memory an instance happens to get is worth several per cent, so no single one decides."""
        order = self.both if start % 2 == 0 else self.both[::-1]
        started = [self.restart(proxy, ()) for proxy in order]
        try:
            yield [dataclasses.replace(instance, name=proxy.name) for (instance, _), proxy in zip(started, order)]
        finally:
            for _, stop in started:
                stop()

    @staticmethod
    def _warm(pair, script, mode, clients):
        """Opens what pgbouncer keeps for later clients, and closes when idle: a run that paid for it would say nothing of the
        statements. It opens one after the other, and first uses again what is free: only a load that lasts has it open one for
        each client."""
        for proxy in pair:
            load.pgbench(proxy.target, script, mode, clients, **({"transactions": 1} if clients == 1 else {"seconds": 1}))

    def _cpu_of_query(self, proxy, script, mode, clients):
        few, start = self._cpu_of(proxy, script, mode, clients, transactions=10 // load.QUERIES[script])
        many, whole = self._cpu_of(proxy, script, mode, clients, seconds=1)
        return (whole - start) / ((many - few) * load.QUERIES[script])

    def sessions(self):
        """CPU time for a session from connect to disconnect, with one statement."""
        each = {p.name: [] for p in self.both}
        clients = 64
        for _ in range(3 if self.quick else 10):
            for proxy in self.both:
                each[proxy.name].append(self._cpu_of(proxy, "select-only", "prepared", clients, transactions=1)[1] / clients)
        self.report.add("CPU per session of one statement", "us", *(1e6 * statistics.median(each[p.name]) for p in self.both))

    @staticmethod
    def _cpu_of(proxy, script, mode, clients, **length):
        """(transactions, CPU seconds of the proxy) of one run."""
        before = measure.cpu_seconds(proxy.pid)
        count, _ = load.pgbench(proxy.target, script, mode, clients, **length)
        return count, measure.cpu_seconds(proxy.pid) - before

    def calls(self):
        """System calls of the proxy for each query: the median of turns, each by the difference of a short run and a long one."""
        turns, transactions, seconds = (1, 4000, 1) if self.quick else (5, 16_000, 2)
        if not measure.can_count_in_kernel():
            transactions //= 8
        for script, mode in (("same-text", "simple"), ("select-only", "extended"), ("select-only", "prepared")):
            for clients in (1, 8, 64):
                # Several clients run for a time: with so many transactions each, some would be done long before the last.
                lengths = [{"transactions": 10}, {"transactions": 10 + transactions} if clients == 1 else {"seconds": seconds}]
                each = {proxy.name: [] for proxy in self.both}
                self._warm(self.both, script, mode, clients)
                for turn in range(turns):
                    for proxy in self.both if turn % 2 == 0 else reversed(self.both):
                        each[proxy.name].append(self._calls_of_query(proxy, script, mode, clients, lengths))
                self.report.add(f"system calls per query, {script}, {mode}, {clients} client(s)", "",
                                *(statistics.median(each[p.name]) for p in self.both), target=1.0)

    @staticmethod
    def _calls_of_query(proxy, script, mode, clients, lengths):
        calls, queries = [], []
        for length in lengths:
            with measure.counted_calls(proxy.pid) as counts:
                queries.append(load.pgbench(proxy.target, script, mode, clients, **length)[0])
            calls.append(sum(counts.values()))
        return (calls[1] - calls[0]) / (queries[1] - queries[0])

    def instructions(self):
        """User-space instructions for each query under callgrind, by the difference of two run lengths."""
        for script, mode in (("same-text", "simple"), ("select-only", "extended"), ("select-only", "prepared")):
            values = [self._instructions(proxy, script, mode) for proxy in self.both]
            self.report.add(f"user instructions per query, {script}, {mode}", "", *values, limit=10_000)

    def _instructions(self, proxy, script, mode):
        # Long enough that how the start differs from run to run does not show.
        short, long = (300, 6300) if self.quick else (500, 10_500)
        folder = self.run.folder / "callgrind"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)  # pgbouncer runs as another user.
        totals = []
        for transactions in (short, long):
            output = folder / f"{proxy.name}.{mode}.{transactions}"
            instance, stop = self.restart(proxy, measure.callgrind(output))
            load.pgbench(instance.target, script, mode, 1, transactions=transactions)
            stop()
            totals.append(measure.instructions(output))
        return (totals[1] - totals[0]) / (long - short)

    def latency(self):
        """What each proxy adds to the latency of one client."""
        starts, rounds, count = (2, 60, 40) if self.quick else (16, 150, 40)
        direct = proxies.Proxy("direct", self.postgres.role.but(database="bench"), 0)
        parties = ("direct", self.peer.name, self.subject.name)
        for mode in ("simple", "prepared"):
            all_of, turns = {name: [] for name in parties}, []
            for start in range(starts):
                with self._new_pair(start) as pair:
                    turns += self._latencies(mode, (direct, *pair), rounds, count, all_of)
            direct_p50, added, more = (statistics.median(values) for values in zip(*(
                (turn["direct"], turn[self.peer.name] - turn["direct"], turn[self.subject.name] - turn[self.peer.name])
                for turn in turns)))
            self.report.add(f"added latency, p50, {mode}, direct {direct_p50:.0f} us", "us", added, added + more, target=1.0)
            p99 = {name: load.percentile(sorted(values), 0.99) for name, values in all_of.items()}
            self.report.add(f"added latency, p99, {mode}, direct {p99['direct']:.0f} us", "us",
                            *(p99[p.name] - p99["direct"] for p in self.both), target=1.5)

    @staticmethod
    def _latencies(mode, parties, rounds, count, all_of):
        """One client of each in turn, a few milliseconds at a time: what it takes to wake a process changes by a factor from one
        moment to the next, so only what was measured side by side is compared. The medians of each turn; `all_of` gets everything."""
        clients = {each.name: load.RoundTrips(each.target, mode) for each in parties}
        for client in clients.values():
            client.take(200)
        medians = []
        for turn in range(rounds):
            values = {name: clients[name].take(count) for name in list(clients)[::1 if turn % 2 == 0 else -1]}
            for name in clients:
                all_of[name] += values[name]
            medians.append({name: statistics.median(values[name]) for name in clients})
        for client in clients.values():
            client.close()
        return medians

    def large(self):
        """Bytes of a large result for each second of CPU time."""
        turns, times = (5, 3) if self.quick else (12, 6)
        for label, table, target in (("no masked column", "wide", 1.0), ("two of ten columns masked", "wide_masked", 0.7),
                                     ("detectors on every text cell", "wide_text", 0.3)):
            each = {p.name: [] for p in self.both}
            for turn in range(turns):
                for proxy in self.both if turn % 2 == 0 else reversed(self.both):
                    each[proxy.name].append(self._bytes_per_cpu_second(proxy, table, times))
            self.report.add(f"large result, {label}", "MB/CPU s", *(statistics.median(each[p.name]) / 1e6 for p in self.both),
                            target=target, more_is_better=True)

    @staticmethod
    def _bytes_per_cpu_second(proxy, table, times):
        before = measure.cpu_seconds(proxy.pid)
        read = load.read_all(proxy.target, f"SELECT * FROM {table}", times)
        return read / max(measure.cpu_seconds(proxy.pid) - before, 0.001)

    def masking(self):
        """What masking rules cost statements that touch nothing masked: the sidecar without the rules, then with them."""
        if self.apply is None:
            return
        turns, times = (6, 3) if self.quick else (16, 6)
        pair = (proxies.POLICY_WITHOUT_MASKS, proxies.POLICY)
        each, counts = {policy: [] for policy in pair}, {}
        for policy in (*pair, *reversed(pair)) * (turns // 2):
            self.apply(policy)
            each[policy].append(self._bytes_per_cpu_second(self.subject, "wide", times))
        for policy in pair:
            self.apply(policy)
            counts[policy] = self._instructions(self.subject, "select-only", "prepared")
        self.report.add("large result, sidecar without and with masking rules on other tables", "MB/CPU s",
                        *(statistics.median(each[policy]) / 1e6 for policy in pair), target=0.97, more_is_better=True)
        self.report.add("user instructions per query, sidecar without and with masking rules", "", *counts.values(), target=1.03)

    def memory(self):
        """Memory of an idle proxy's session, by difference."""
        count = 200 if self.quick else 1000
        growth = []
        for proxy in self.both:
            warm = load.idle_sessions(proxy.target, 20)
            before = measure.memory_bytes(proxy.pid)
            connections = load.idle_sessions(proxy.target, count)
            after = measure.memory_bytes(proxy.pid)
            growth.append([(now - then) / count / 1024 for now, then in zip(after, before)])
            for connection in warm + connections:
                connection.close()
        self.report.add(f"resident memory per idle session (of {count})", "KiB", growth[0][0], growth[1][0], limit=24)
        self.report.add(f"proportional memory per idle session (of {count})", "KiB", growth[0][1], growth[1][1], limit=24)

    def many(self):
        """Many idle and many active sessions at once hold."""
        idle, active = (300, 50) if self.quick else (2000, 200)
        rates = []
        for proxy in self.both:
            connections = load.idle_sessions(proxy.target, idle)
            rates.append(load.pgbench(proxy.target, "select-only", "prepared", active, seconds=3 if self.quick else 10)[1])
            alive = sum(1 for connection in connections if connection.sqlstate("SELECT 1") is None)
            for connection in connections:
                connection.close()
            wait_until(lambda: int(self.postgres.psql("SELECT count(*) FROM pg_stat_activity")) < 100, 120,
                       f"{proxy.name}: the database's connections are closed", 1)
            if alive != idle:
                raise load.Failed(f"{proxy.name}: only {alive} of {idle} idle sessions live on")
        self.report.add(f"{idle} idle and {active} active sessions hold; transactions", "1/s", *rates, more_is_better=True)


@contextlib.contextmanager
def with_sidecar():
    with Stack(policies=[proxies.POLICY], changes=_SIDECAR, postgres_settings=_SETTINGS) as stack:
        load.prepare(stack.postgres)
        peer, _ = proxies.pgbouncer(stack.run, stack.postgres)
        agent = stack.agent("bench", database="bench", ttl="12h")
        subject = proxies.Proxy("sidecar", agent, stack.sidecar.pid)

        def restart(proxy, wrapper):
            if proxy.name == "pgbouncer":
                instance, process = proxies.pgbouncer(stack.run, stack.postgres, "pgbouncer-again", wrapper)
                return instance, process.process.stop
            identity = stack.control.identity("sidecar-again", roles=["sidecar"])
            again = Sidecar(stack.run, "sidecar-again", stack.sidecar.endpoint, stack.postgres, stack.control.address, identity,
                           changes=_SIDECAR).start(wrapper=wrapper)
            return proxies.Proxy("sidecar", again.target(agent.password, database="bench"), again.pid), again.stop
        yield stack.run, stack.postgres, peer, subject, restart, stack.apply


@contextlib.contextmanager
def with_stand_in():
    end_on_signals()
    with Run() as run:
        postgres = Postgres(run, settings=_SETTINGS).start()
        load.prepare(postgres)
        pair = [proxies.pgbouncer(run, postgres, name)[0] for name in ("pgbouncer", "stand-in")]

        def restart(proxy, wrapper):
            instance, process = proxies.pgbouncer(run, postgres, proxy.name + "-again", wrapper)
            return instance, process.process.stop
        yield run, postgres, *pair, restart


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every number once and short")
    parser.add_argument("--only", default=",".join(_PARTS), help=f"of: {', '.join(_PARTS)}")
    parser.add_argument("--json", metavar="FILE", help="the numbers as JSON")
    parser.add_argument("--stand-in", action="store_true", help="a second pgbouncer in the sidecar's place")
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    measure.raise_file_limit()
    with (with_stand_in() if arguments.stand_in else with_sidecar()) as parties:
        bench = Bench(arguments, *parties)
        for part in parts:
            print(f"bench: {part} …", file=sys.stderr, flush=True)
            try:
                getattr(bench, part)()
            except load.Failed as failure:
                bench.report.fail(part, failure)
    print(bench.report.text())
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump(bench.report.rows, out, indent=1)
    return 1 if bench.report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
