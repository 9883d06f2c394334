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
        # The fingerprint of the database as it is now, once known: taking one costs more than playing most cases.
        self.known_state = None
        self._connection = None

    def query(self, sql):
        """Runs SQL as superuser on a connection that is kept: a new one would read the catalogs anew."""
        return self._with_connection(lambda connection: worlds.rows_of(connection, sql))

    def state(self):
        """The fingerprint now."""
        return self._with_connection(fingerprint.take)

    def state_before(self):
        """The same, without looking again at a database in which nothing has happened."""
        known = self.known_state or self._with_connection(fingerprint.of_database)
        return {**known, **self._with_connection(fingerprint.of_server)}

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
        # (schema, world) -> the fingerprint of a fresh copy.
        self._fresh_states = {}

    def direct(self, case, mode):
        """Failures of the direct half."""
        with play.server_folder() as folder:
            run = self._direct_runs(case, [mode], folder)[0]
        return expectations.check_direct(case, run)

    def through_sidecar(self, case, modes):
        """(mode, failures) for each mode. All share a database, which is looked at once at the end; when it has changed, each
        mode is played again in a database of its own."""
        with play.server_folder() as folder:
            runs = self._checked_runs(case, modes, folder)
            if len(runs) > 1 and runs[0].changes:
                runs = [run for mode in modes for run in self._checked_runs(case, [mode], folder)]
        return [(run.mode, expectations.check_sidecar(case, run)) for run in runs]

    def _checked_runs(self, case, modes, folder):
        word = case.sidecar.split(" ")[0]
        runs = self._runs(case, modes, folder, "a", self._through_sidecar)
        if word in ("masked", "masks", "same"):
            for run, reference in zip(runs, self._direct_runs(case, modes, folder)):
                run.reference = reference
        if word == "blind":
            for run, other in zip(runs, self._runs(case, modes, folder, "b", self._through_sidecar)):
                run.other_world = other.transcript
        return runs

    def _direct_runs(self, case, modes, folder):
        runs = self._runs(case, modes, folder, "a", self._direct_endpoint(case))
        if "distinguishes" in case.direct:
            for run, other in zip(runs, self._runs(case, modes, folder, "b", self._direct_endpoint(case))):
                run.other_world = other.transcript
        return runs

    def _direct_endpoint(self, case):
        return (lambda database: database) if case.values["as"] == "superuser" else self.worlds.app

    def _through_sidecar(self, database):
        return self._sidecar.with_database(database.database)

    def _runs(self, case, modes, folder, world, endpoint_for):
        """One run for each mode, one after the other in one database; what changed is what all of them changed."""
        runs = [Run(mode) for mode in modes]
        lease = self._lease(case, world)
        player = play.Player(endpoint_for(lease.database), lease.database, play.SIMPLE, folder)
        try:
            if case.setup and not lease.is_set_up:
                lease.touched = True
                worlds.run_sql(lease.database, player.fill(case.setup))
                lease.is_set_up = True
            before = {**lease.state_before(), **self._own_state(case, lease, player)}
            lease.touched = True
            for run in runs:
                run.transcript = play.Player(endpoint_for(lease.database), lease.database, run.mode, folder).play(case)
            after = lease.state()
            changes = fingerprint.difference(before, {**after, **self._own_state(case, lease, player)})
            lease.touched = bool(changes or case.cleanup)
            if any(step.kind == "admin" for step in case.steps):
                changes = [name for name in changes if name in case.state]
            lease.known_state = {key: after[key] for key in after if key not in fingerprint.LISTED}
        finally:
            self._clean_up(case, lease.database, player)
        for run in runs:
            run.changes = changes
            run.findings = expectations.leaks(self._scanner(case, world), run.transcript)
        return runs

    def _lease(self, case, world):
        """A database in the state after the case's setup, or still to be set up; the last one is reused when it fits."""
        wanted = case.id if case.setup else None
        lease = self._leases.get((case.schema, world))
        if lease is None or lease.touched or lease.case_id != wanted:
            if lease:
                self._drop(lease)
            lease = Lease(self.worlds.copy(case.schema, world), wanted)
            self._leases[case.schema, world] = lease
            if not case.setup:
                lease.known_state = self._fresh_state(case.schema, world, lease)
        return lease

    def _fresh_state(self, schema, world, lease):
        if (schema, world) not in self._fresh_states:
            self._fresh_states[schema, world] = {
                key: value for key, value in lease.state().items() if key not in fingerprint.LISTED}
        return self._fresh_states[schema, world]

    def close(self):
        for lease in self._leases.values():
            self._drop(lease)
        self._leases.clear()
        self.worlds.close()

    def _drop(self, lease):
        lease.close()
        self.worlds.drop(lease.database)

    @staticmethod
    def _own_state(case, lease, player):
        return {query: lease.query(player.fill(query)) for query in case.state}

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
