"""A PostgreSQL 3.0 client that keeps every byte it received.

No driver is used on purpose: the corpus sends what drivers never would (frames in odd orders, Bind without Describe,
function calls) and must see each byte of the answer. One object is one connection; not thread-safe.
"""
import socket
import struct

from runner import authentication
from runner.outcome import Outcome

PROTOCOL = 196608
READ_BYTES = 1 << 16


class ConnectionEnded(Exception):
    """The server closed the connection, or stayed silent past the deadline."""


class Endpoint:
    """Where to connect, and as whom."""

    def __init__(self, host, port, user, password="", database="postgres"):
        self.host = host
        self.port = int(port)
        self.user = user
        self.password = password
        self.database = database

    def with_database(self, database):
        return Endpoint(self.host, self.port, self.user, self.password, database)


def frame(kind, payload=b""):
    return kind + struct.pack("!i", len(payload) + 4) + payload


def cstring(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def query(sql):
    return frame(b"Q", cstring(sql))


def parse(sql, name="", types=()):
    return frame(b"P", cstring(name) + cstring(sql) + struct.pack("!h", len(types)) + b"".join(
        struct.pack("!I", oid) for oid in types))


def bind(params=(), portal="", statement="", param_format=0, result_format=0):
    """`params` are str, bytes or None; formats hold for all."""
    cells = b"".join(struct.pack("!i", -1) if p is None else struct.pack("!i", len(p)) + p
                     for p in (v.encode() if isinstance(v, str) else v for v in params))
    return frame(b"B", cstring(portal) + cstring(statement) + struct.pack("!hh", 1, param_format) +
                 struct.pack("!h", len(params)) + cells + struct.pack("!hh", 1, result_format))


def describe_portal(name=""):
    return frame(b"D", b"P" + cstring(name))


def describe_statement(name=""):
    return frame(b"D", b"S" + cstring(name))


def execute(portal="", rows_max=0):
    return frame(b"E", cstring(portal) + struct.pack("!i", rows_max))


SYNC = frame(b"S")
FLUSH = frame(b"H")


def function_call(oid, arguments):
    """A FunctionCall with text arguments and a text result."""
    cells = b"".join(struct.pack("!i", len(a)) + a for a in (v.encode() for v in arguments))
    return frame(b"F", struct.pack("!Ihh", oid, 1, 0) + struct.pack("!h", len(arguments)) + cells + struct.pack("!h", 0))


class Connection:
    """`received` holds every byte from the first one on."""

    def __init__(self, endpoint, startup=None, deadline_s=20.0):
        self.received = bytearray()
        self._parsed = 0
        self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=deadline_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.startup_outcome = self._start(endpoint, startup or {})

    def close(self):
        try:
            self._socket.sendall(frame(b"X"))
        except OSError:
            pass
        self._socket.close()

    def send(self, data):
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ConnectionEnded(str(error)) from error

    def _fill(self):
        try:
            data = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise ConnectionEnded(str(error)) from error
        if not data:
            raise ConnectionEnded("closed by the server")
        self.received += data

    def message(self):
        """The next message as (kind, payload)."""
        while len(self.received) - self._parsed < 5:
            self._fill()
        kind = bytes(self.received[self._parsed:self._parsed + 1])
        (length,) = struct.unpack_from("!i", self.received, self._parsed + 1)
        if length < 4:
            raise ConnectionEnded("a frame shorter than its own length field")
        while len(self.received) - self._parsed < length + 1:
            self._fill()
        payload = bytes(self.received[self._parsed + 5:self._parsed + 1 + length])
        self._parsed += length + 1
        return kind, payload

    def exchange(self, data, copy_data=b"", ready_count=1):
        """Sends, then reads until ReadyForQuery came `ready_count` times or the connection ended."""
        outcome = Outcome()
        try:
            self.send(data)
            while ready_count > 0:
                kind, payload = self.message()
                outcome.take(kind, payload)
                if kind == b"G":
                    self.send(frame(b"d", copy_data) + frame(b"c"))
                ready_count -= kind == b"Z"
        except ConnectionEnded as ended:
            outcome.ended = str(ended)
        return outcome

    def simple(self, sql, copy_data=b""):
        return self.exchange(query(sql), copy_data)

    def extended(self, sql, params=(), result_format=0, describe="portal", copy_data=b""):
        """`describe` is portal, statement, both or none."""
        data = parse(sql)
        data += describe_statement() if describe in ("statement", "both") else b""
        data += bind(params, result_format=result_format)
        data += describe_portal() if describe in ("portal", "both") else b""
        return self.exchange(data + execute() + SYNC, copy_data)

    def wait_for_messages(self, seconds):
        """What the server sends on its own within `seconds`."""
        outcome = Outcome()
        before = self._socket.gettimeout()
        self._socket.settimeout(seconds)
        try:
            while True:
                outcome.take(*self.message())
        except ConnectionEnded as ended:
            if "timed out" not in str(ended):
                outcome.ended = str(ended)
        self._socket.settimeout(before)
        return outcome

    def _start(self, endpoint, startup):
        parameters = {"user": endpoint.user, "database": endpoint.database, **startup}
        body = struct.pack("!i", PROTOCOL) + b"".join(cstring(k) + cstring(v) for k, v in parameters.items()) + b"\0"
        outcome = Outcome()
        try:
            self.send(struct.pack("!i", len(body) + 4) + body)
            self._authenticate(endpoint, outcome)
        except ConnectionEnded as ended:
            outcome.ended = str(ended)
        return outcome

    def _authenticate(self, endpoint, outcome):
        scram = None
        while True:
            kind, payload = self.message()
            outcome.take(kind, payload)
            if kind in (b"E", b"Z"):
                return
            if kind != b"R":
                continue
            (code,) = struct.unpack_from("!i", payload)
            if code == 3:
                self.send(frame(b"p", cstring(endpoint.password)))
            elif code == 5:
                self.send(frame(b"p", authentication.md5_response(endpoint.user, endpoint.password, payload[4:8])))
            elif code == 10:
                scram = authentication.Scram(endpoint.password)
                first = scram.first()
                self.send(frame(b"p", cstring("SCRAM-SHA-256") + struct.pack("!i", len(first)) + first))
            elif code == 11:
                self.send(frame(b"p", scram.final(payload[4:])))
            elif code == 12:
                scram.verify(payload[4:])


def connect(endpoint, startup=None, deadline_s=20.0):
    """A connection that is ready for queries. Raises ConnectionEnded with the server's words when it is refused."""
    connection = Connection(endpoint, startup, deadline_s)
    outcome = connection.startup_outcome
    if outcome.errors or outcome.ended:
        connection.close()
        raise ConnectionEnded(outcome.ended or f"{outcome.errors[0].get('C')}: {outcome.errors[0].get('M')}")
    return connection
