"""Runs cases: each run in fresh databases, with the state looked at before and after."""
import contextlib

from runner import expectations, fingerprint, play, wire, worlds
from runner.leak_scan import Scanner


class Run:
    """One playing of one case."""

    def __init__(self, mode):
        self.mode = mode
        self.transcript = None
        self.other_world = None
        self.reference = None
        self.findings = []
        # Names of what lasts in the server and is not as it was before.
        self.changes = []


class Lease:
    """A copy of a template, and what happened to it."""

    def __init__(self, database, case_id):
        self.database = database
        # The case whose setup it has; None without setup.
        self.case_id = case_id
        self.is_set_up = False
        # Not as it was after the setup.
        self.touched = False
        self._connection = None

    def query(self, sql):
        """Runs SQL as superuser on a connection that is kept: a new one would read the catalogs anew."""
        return self._with_connection(lambda connection: worlds.rows_of(connection, sql))

    def fingerprint(self):
        return self._with_connection(fingerprint.take)

    def _with_connection(self, call):
        try:
            if self._connection is None:
                self._connection = wire.connect(self.database, deadline_s=120)
            return call(self._connection)
        except (worlds.SqlError, wire.ConnectionEnded):
            # Cases may end other sessions; ours is one of them.
            self.close()
            self._connection = wire.connect(self.database, deadline_s=120)
            return call(self._connection)

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None


class Executor:
    """`sidecar` is an Endpoint whose database is replaced by the case's, or None when only direct runs are made."""

    def __init__(self, server, sidecar=None):
        self._server = server
        self._sidecar = sidecar
        self.worlds = worlds.Worlds(server)
        self._scanners = {}
        # (schema, world) -> the database that the last run used.
        self._leases = {}

    def direct(self, case, mode):
        """Failures of the direct half."""
        with play.server_folder() as folder:
            run = self._direct_run(case, mode, folder)
        return expectations.check_direct(case, run)

    def through_sidecar(self, case, modes):
        """(mode, failures) for each mode."""
        word = case.sidecar.split(" ")[0]
        for mode in modes:
            with play.server_folder() as folder:
                run = self._sidecar_run(case, mode, folder, "a")
                if word in ("masked", "same"):
                    run.reference = self._direct_run(case, mode, folder)
                if word == "blind":
                    run.other_world = self._sidecar_run(case, mode, folder, "b").transcript
            yield mode, expectations.check_sidecar(case, run)

    def _direct_run(self, case, mode, folder):
        run = self._run(case, mode, folder, "a", self._direct_endpoint(case))
        if "distinguishes" in case.direct:
            run.other_world = self._run(case, mode, folder, "b", self._direct_endpoint(case)).transcript
        return run

    def _direct_endpoint(self, case):
        return (lambda database: database) if case.values["as"] == "superuser" else self.worlds.app

    def _sidecar_run(self, case, mode, folder, world):
        return self._run(case, mode, folder, world, lambda database: self._sidecar.with_database(database.database))

    def _run(self, case, mode, folder, world, endpoint_for):
        run = Run(mode)
        lease = self._lease(case, world)
        player = play.Player(endpoint_for(lease.database), lease.database, mode, folder)
        try:
            if case.setup and not lease.is_set_up:
                lease.touched = True
                worlds.run_sql(lease.database, player.fill(case.setup))
                lease.is_set_up = True
            before = self._state(case, lease, player)
            lease.touched = True
            run.transcript = player.play(case)
            run.changes = fingerprint.difference(before, self._state(case, lease, player))
            lease.touched = bool(run.changes or case.cleanup)
        finally:
            self._clean_up(case, lease.database, player)
        run.findings = expectations.leaks(self._scanner(case, world), run.transcript)
        return run

    def _lease(self, case, world):
        """A database in the state after the case's setup, or still to be set up; the last one is reused when it fits."""
        wanted = case.id if case.setup else None
        lease = self._leases.get((case.schema, world))
        if lease is None or lease.touched or lease.case_id != wanted:
            if lease:
                self._drop(lease)
            lease = Lease(self.worlds.copy(case.schema, world), wanted)
            self._leases[case.schema, world] = lease
        return lease

    def close(self):
        for lease in self._leases.values():
            self._drop(lease)
        self._leases.clear()

    def _drop(self, lease):
        lease.close()
        self.worlds.drop(lease.database)

    @staticmethod
    def _state(case, lease, player):
        own = {query: lease.query(player.fill(query)) for query in case.state}
        return {**lease.fingerprint(), **own}

    @staticmethod
    def _clean_up(case, database, player):
        if case.cleanup:
            with contextlib.suppress(worlds.SqlError):
                worlds.run_sql(database, player.fill(case.cleanup))

    def _scanner(self, case, world):
        """Scanners are kept: building one costs far more than a scan."""
        key = (case.schema, world, tuple(case.secret))
        if key not in self._scanners:
            self.worlds.template(case.schema, world)
            self._scanners[key] = Scanner([*self.worlds.secrets[case.schema, world], *case.secret])
        return self._scanners[key]
