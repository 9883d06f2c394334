"""The whole product on one machine: a database with the sample data, the control plane, one sidecar or several.

    with Stack(policies=[SHOP_POLICY]) as stack:
        writer = stack.agent("ada", groups=["coding-agents"])
        with wire.connect(writer) as connection:
            assert connection.sqlstate("DROP TABLE orders") == "42501"

One launcher for the demo, the end-to-end and integration tests and the benchmarks. Everything is real; everything is stopped
and removed at the end.
"""
import pathlib

from tests.support.controlplane import ControlPlane
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Postgres
from tests.support.process import Run, end_on_signals
from tests.support.sidecar import Sidecar

ENDPOINT = "shop-prod"
POLICIES = pathlib.Path(__file__).resolve().parents[2] / "tools" / "demo.d"

# Lets everybody do everything: for suites that compare the wire and not the verdicts.
ALLOW_ALL = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: allow-all}
principals:
  - subject: "*"
databases: ["*/*"]
statements:
  - {id: all, effect: allow, actions: ["*", unknown], resources: ["*"]}
recording: {results: masked, rows_per_statement: 1000}
degraded: {read: 1h, write: 1h}
"""


class Stack:
    """Starts in its `with`; ends there too. `sidecars` is how many; `changes` goes into each sidecar's configuration."""

    def __init__(self, folder=None, *, tls=False, sidecars=1, policies=(ALLOW_ALL,), changes=None, detached=False,
                 postgres_settings=None, postgres_rules=()):
        end_on_signals()
        self.run = Run(folder, detached=detached)
        self.folder = self.run.folder
        self.postgres = Postgres(self.run, tls=tls, settings=postgres_settings, rules=postgres_rules)
        self.control = ControlPlane(self.run)
        self.transcript = self.folder / "cli.txt"
        self.sidecars = []
        self._count, self._policies, self._changes = sidecars, policies, changes

    def __enter__(self):
        self.run.__enter__()
        try:
            self.start()
        except BaseException as error:
            self.run.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(self, *why):
        return self.run.__exit__(*why)

    def start(self):
        self.postgres.start()
        self.control.start()
        self.admin = self.cli("admin", roles=["admin", "auditor"])
        # The demo's people: one owns the database and answers for it, another one too; neither is the admin.
        self.approver = self.cli("olga", roles=["approver"], groups=["db-owners"])
        for policy in self._policies:
            self.apply(policy, wait=False)
        for number in range(self._count):
            self.add_sidecar("sidecar" if number == 0 else f"sidecar-{number + 1}")
        return self

    @property
    def sidecar(self):
        """The first sidecar."""
        return self.sidecars[0]

    def cli(self, name, *, roles, groups=()):
        """The command line program as an identity of this stack."""
        return self.control.cli(name, roles=roles, groups=groups, transcript=self.transcript)

    def add_sidecar(self, name, *, endpoint=ENDPOINT, changes=None, start=True):
        """One more sidecar in front of the same database."""
        identity = self.control.identity(name, roles=["sidecar"])
        merged = {**(self._changes or {}), **(changes or {})}
        sidecar = Sidecar(self.run, name, endpoint, self.postgres, self.control.address, identity, changes=merged)
        self.sidecars.append(sidecar)
        return sidecar.start() if start else sidecar

    def apply(self, policy, *, wait=True):
        """Applies a policy: YAML text, or the path of a file. With `wait` it is in force everywhere when this returns."""
        path = policy
        if isinstance(policy, str) and "\n" in policy:
            path = self.folder / "policy.yaml"
            path.write_text(policy)
        return self.admin("policy", "apply", "-f", path, *(["--wait"] if wait else []))

    def token(self, subject, **options):
        """A token of the development issuer."""
        return self.admin.token(subject, **options)

    def agent(self, subject="agent", *, database="shop", sidecar=None, **options):
        """Where an agent connects: through a sidecar, with a fresh token as its password."""
        return (sidecar or self.sidecar).target(self.token(subject, **options), database=database)

    def pgbouncer(self, **options):
        """A pgbouncer before the same database, as the same role."""
        return PgBouncer(self.run, self.postgres.role, **options).start()
