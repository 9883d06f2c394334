"""Simulate and sidecar agree on every statement of the corpus. README.md says how."""
import collections
import concurrent.futures
import contextlib
import itertools
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "corpus"
sys.path[:0] = [str(HERE.parents[2]), str(HERE), str(CORPUS)]

import sessions  # noqa: E402
from runner import case_file, play, wire, worlds  # noqa: E402
from tests.support import suite  # noqa: E402

AREAS = ("decide", "masking", "precision", "reports")
SUBJECT, GROUPS = "agent", "coding-agents"
WORKERS = 4
# What the sidecar refuses before it is a statement: NULs, invalid UTF-8, more than one message takes.
UNRECORDED_MAX = 0.02


class Texts:
    """The statements of the corpus: {(policy, schema): texts, without repeats}."""

    def __init__(self, cases, fill):
        self.groups = collections.defaultdict(dict)
        self.cases = 0
        for case in cases:
            self.cases += 1
            for text in itertools.chain.from_iterable(self._of_step(step) for step in case.steps):
                with contextlib.suppress(worlds.SqlError):
                    self.groups[case.policy, case.schema].setdefault(fill(case, text), case.id)

    @staticmethod
    def _of_step(step):
        if step.kind == "pipeline":
            return step.text.splitlines()
        return [step.text] if step.kind in ("sql", "simple", "extended") else []


class AgreementTest(suite.StackTest):
    stack_options = {"policies": ()}

    def setUp(self):
        superuser = self.stack.postgres.superuser
        self.worlds = worlds.Worlds(wire.Endpoint(superuser.host, superuser.port, superuser.user, superuser.password, "postgres"))
        self.databases = {}
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="agreement-")))

    def database(self, schema):
        if schema not in self.databases:
            self.databases[schema] = self.worlds.copy(schema, "a")
        return self.databases[schema]

    def fill(self, case, text):
        return play.Player(None, self.database(case.schema), play.SIMPLE, self.folder).fill(text)

    def set_up(self, cases):
        """What cases prepare, all in the same databases; what clashes with another case's is left out."""
        for case in cases:
            if case.setup:
                with contextlib.suppress(worlds.SqlError):
                    worlds.run_sql(self.database(case.schema), self.fill(case, case.setup))

    def simulate(self, database, text):
        """The facets of a simulation."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            answer = self.stack.admin.json("policy", "simulate", "--sql-file", file.name, "--database", database, "--subject",
                                           SUBJECT, "--groups", GROUPS, "--issuer", self.stack.control.issuer)
        return {facet: answer.get(facet, "") for facet in sessions.FACETS}

    def compare(self, target, database, texts):
        """(how many were compared, [(text, recorded, simulated)] that differ)."""
        judged = [(text, recorded) for text, recorded in sessions.judge(self.stack, target, texts) if recorded]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            simulated = list(pool.map(lambda pair: self.simulate(database, pair[0]), judged))
        return len(judged), [(text, recorded, answer) for (text, recorded), answer in zip(judged, simulated) if recorded != answer]

    def test_simulate_and_sidecar_agree_on_every_statement_of_the_corpus(self):
        cases = case_file.load([CORPUS / area for area in AREAS])
        self.set_up(cases)
        texts = Texts(cases, self.fill)
        compared, total, differing = 0, 0, []
        started = time.monotonic()
        for (policy, schema), group in sorted(texts.groups.items()):
            self.stack.apply(CORPUS / "policies" / f"{policy}.yaml")
            name = self.database(schema).database
            target = self.stack.agent(SUBJECT, database=name)
            count, odd = self.compare(target, f"{self.stack.sidecar.endpoint}/{name}", list(group))
            compared, total = compared + count, total + len(group)
            # The few texts that end the transaction do run, and may change the catalog between the two looks.
            for text, *_ in odd:
                _, still = self.compare(target, f"{self.stack.sidecar.endpoint}/{name}", [text])
                differing += [(policy, group[text], *entry) for entry in still]
        print(f"{compared} of {total} statements of {texts.cases} cases compared in {time.monotonic() - started:.0f} s, "
              f"{len(differing)} differ", flush=True)
        for policy, case, text, recorded, simulated in differing:
            print(f"DIFFERS {policy} {case}: {text[:200]!r}\n  sidecar   {recorded}\n  simulated {simulated}", flush=True)
        self.assertEqual(differing, [])
        self.assertGreater(compared, (1 - UNRECORDED_MAX) * total)
        self.assertGreater(compared, 1000)


if __name__ == "__main__":
    suite.main()
