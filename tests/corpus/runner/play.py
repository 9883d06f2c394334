"""Plays the steps of a case on connections of one endpoint and keeps everything that came back."""
import json
import os
import re
import tempfile
import time

from runner import wire, worlds
from runner.outcome import Outcome

PLACEHOLDER = re.compile(r"\$\{(\w+)(?::(.*?))?\}", re.S)


class Mode:
    """How `sql` steps are sent."""

    def __init__(self, protocol, result_format=0, describe="portal"):
        self.protocol = protocol
        self.result_format = result_format
        self.describe = describe

    def __str__(self):
        if self.protocol == "simple":
            return "simple"
        return f"extended/{('text', 'binary')[self.result_format]}/describe-{self.describe}"


SIMPLE = Mode("simple")
ALL_MODES = [SIMPLE] + [Mode("extended", result_format, describe) for result_format in (0, 1)
                        for describe in ("none", "portal", "statement")]
# One for each way into the sidecar's code: simple, without any Describe, and with one before Bind in binary.
FEW_MODES = [SIMPLE, Mode("extended", 0, "none"), Mode("extended", 1, "statement")]


def modes_of(case, wanted):
    """The modes that apply to a case; steps of a fixed kind make the others pointless."""
    fixed = all(step.kind in ("simple", "raw", "connection", "wait", "admin") for step in case.steps)
    if fixed or case.modes == "simple":
        return [SIMPLE]
    if case.modes == "extended":
        return [mode for mode in wanted if mode.protocol == "extended"] or [ALL_MODES[2]]
    return list(wanted)


class Transcript:
    """Everything that the connections of one run received."""

    def __init__(self):
        # One entry for each step, in order.
        self.steps = []
        # name -> bytes
        self.received = {}
        # What the server answered to a refused startup; None when all connections were accepted.
        self.refusal = None

    @property
    def last(self):
        return self.steps[-1] if self.steps else Outcome()

    def errors(self):
        found = [error for step in self.steps for error in step.errors]
        return found + (self.refusal.errors if self.refusal else [])

    def all_bytes(self):
        return b"".join(bytes(data) for data in self.received.values())


class Player:
    """`endpoint` is where steps go; `direct` is the superuser's endpoint of the same database, for placeholders."""

    def __init__(self, endpoint, direct, mode, folder=None):
        self._endpoint = endpoint
        self._direct = direct
        self._mode = mode
        self._folder = folder
        self._connections = {}
        self._current = "main"
        self._transcript = Transcript()

    def play(self, case):
        steps = list(case.steps)
        startup = {}
        try:
            for step in steps:
                if step.kind == "connection":
                    self._current, startup = step.text, step.startup
                    if not self._open(startup):
                        break
                    continue
                if not self._open(startup):
                    break
                self._transcript.steps.append(self._step(step))
                if self._transcript.last.ended:
                    break
        finally:
            self._close()
        return self._transcript

    def _open(self, startup):
        if self._current in self._connections:
            return True
        connection = wire.Connection(self._endpoint, startup)
        self._connections[self._current] = connection
        outcome = connection.startup_outcome
        if outcome.errors or outcome.ended:
            self._transcript.refusal = outcome
        return self._transcript.refusal is None

    def _close(self):
        for name, connection in self._connections.items():
            connection.close()
            self._transcript.received[name] = connection.received

    def _step(self, step):
        connection = self._connections[self._current]
        text = self.fill(step.text)
        if step.kind == "admin":
            worlds.run_sql(self._direct, text)
            return Outcome()
        if step.kind == "wait":
            time.sleep(float(text))
            return connection.wait_for_messages(0.1)
        if step.kind == "raw":
            return self._raw(connection, text, step.data)
        if step.kind == "pipeline":
            return self._pipeline(connection, text.splitlines())
        if step.kind == "simple" or (step.kind == "sql" and self._mode.protocol == "simple" and step.params is None):
            return connection.simple(text, step.data)
        mode = self._mode if self._mode.protocol == "extended" else ALL_MODES[2]
        params = [p if p is None else self.fill(p) for p in step.params or ()]
        return connection.extended(text, params, mode.result_format, mode.describe, step.data)

    def _pipeline(self, connection, statements):
        """All in one flight with one Sync: nothing is answered before everything was sent."""
        mode = self._mode if self._mode.protocol == "extended" else ALL_MODES[2]
        data = b""
        for statement in statements:
            data += wire.parse(statement) + wire.bind(result_format=mode.result_format)
            data += b"" if mode.describe == "none" else wire.describe_portal()
            data += wire.execute()
        return connection.exchange(data + wire.SYNC)

    def _raw(self, connection, script, copy_data):
        """See README.md, "Raw frames"."""
        data, ready_count = b"", 0
        for line in script.splitlines():
            frames, ready = self._frame(line)
            data += frames
            ready_count += ready
        return connection.exchange(data, copy_data, ready_count)

    def _frame(self, line):
        verb, _, rest = line.strip().partition(" ")
        if verb == "Q":
            return wire.query(rest), 1
        if verb == "Qx":  # with escapes such as \x83 and \0
            return wire.query(rest.encode("utf-8").decode("unicode_escape").encode("latin-1")), 1
        if verb == "P":
            name, _, sql = rest.partition(" ")
            return wire.parse(sql, _name(name)), 0
        if verb == "Pt":  # with declared types of parameters, as a JSON list of oids
            name, types, sql = rest.split(" ", 2)
            return wire.parse(sql, _name(name), json.loads(types)), 0
        if verb == "B":
            portal, statement, *more = rest.split(" ", 2)
            return wire.bind(json.loads(more[0]) if more else (), _name(portal), _name(statement),
                             result_format=self._mode.result_format), 0
        if verb == "D":
            kind, _, name = rest.partition(" ")
            return (wire.describe_portal if kind == "P" else wire.describe_statement)(_name(name)), 0
        if verb == "E":
            portal, _, rows_max = rest.partition(" ")
            return wire.execute(_name(portal), int(rows_max or 0)), 0
        if verb == "F":
            signature, _, arguments = rest.partition(") ")
            oid = worlds.run_sql(self._direct, f"SELECT '{signature})'::regprocedure::oid")[0][0]
            return wire.function_call(int(oid), json.loads(arguments)), 1
        if verb == "hex":
            return bytes.fromhex(rest), 0
        return {"S": (wire.SYNC, 1), "H": (wire.FLUSH, 0)}[verb]

    def fill(self, text):
        """Replaces ${dsn}, ${tmp}, ${port}, ${database}, ${query:SELECT …}, ${padding:COUNT} and ${repeat:COUNT:TEXT}."""
        def value(found):
            name, argument = found.groups()
            if name == "query":
                return worlds.run_sql(self._direct, argument)[0][0]
            if name == "tmp":
                return str(self._folder)
            if name == "padding":
                return "x" * int(argument)
            if name == "repeat":
                count, _, unit = argument.partition(":")
                return unit * int(count)
            return {"dsn": f"host={self._direct.host} port={self._direct.port} dbname={self._direct.database} "
                           f"user={self._direct.user} password={self._direct.password or 'none'}",
                    "port": str(self._direct.port), "database": self._direct.database}[name]
        return PLACEHOLDER.sub(value, text)


def _name(word):
    """"-" is the unnamed statement or portal."""
    return "" if word in ("-", "") else word


def server_folder():
    """A folder in which the server may write, as a context manager that yields its path."""
    folder = tempfile.TemporaryDirectory(prefix="corpus-files-")
    os.chmod(folder.name, 0o777)
    return folder
