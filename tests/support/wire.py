"""A raw PostgreSQL client for tests: says exactly what it is told and shows exactly what it hears.

Messages are built by the functions of `frontend`, sent in any order with `Connection.send`, and read one by one with a
deadline. Every byte received is kept in `Connection.received`, so that a test can look for a secret in all of it. Protocol
documentation: PostgreSQL 15, chapter 55.
"""
import base64
import dataclasses
import hashlib
import hmac
import os
import socket
import ssl
import struct
import time

from tests.support import frontend

PROTOCOL_3_0 = 196608


class Closed(Exception):
    """The server closed the connection; `messages` holds what it had said since the last read that succeeded."""

    def __init__(self, messages=()):
        super().__init__("connection closed by the server")
        self.messages = list(messages)


class Timeout(Exception):
    """The server said nothing more within the deadline."""


@dataclasses.dataclass(frozen=True)
class Message:
    """One backend message: its type as a character, and its body without the length."""
    type: str
    body: bytes

    @property
    def fields(self):
        """The fields of an ErrorResponse or NoticeResponse, by their letter."""
        parts = self.body.rstrip(b"\0").split(b"\0")
        return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in parts if part}

    @property
    def sqlstate(self):
        return self.fields.get("C")

    @property
    def columns(self):
        """Of a RowDescription: (name, table oid, column number, type oid, length, modifier, format) for each column."""
        count, at, columns = struct.unpack_from("!H", self.body)[0], 2, []
        for _ in range(count):
            end = self.body.index(b"\0", at)
            columns.append((self.body[at:end].decode(), *struct.unpack_from("!IhIhih", self.body, end + 1)))
            at = end + 19
        return columns

    @property
    def cells(self):
        """Of a DataRow: the values as bytes, or None."""
        count, at, cells = struct.unpack_from("!H", self.body)[0], 2, []
        for _ in range(count):
            length, at = struct.unpack_from("!i", self.body, at)[0], at + 4
            cells.append(None if length < 0 else self.body[at:at + length])
            at += max(length, 0)
        return cells

    @property
    def tag(self):
        """Of a CommandComplete: its tag."""
        return self.body.rstrip(b"\0").decode()

    @property
    def status(self):
        """Of a ReadyForQuery: I, T or E."""
        return self.body.decode()

    def __str__(self):
        if self.type in "EN":
            return f"{self.type} {self.fields.get('S')} {self.sqlstate} {self.fields.get('M')}"
        return f"{self.type} {self.body!r}"


class Connection:
    """A TCP connection to a server. Nothing is sent until a method says so; `login` does the usual start."""

    def __init__(self, target, deadline=10.0):
        self.target, self.deadline = target, deadline
        self.socket = socket.create_connection((target.host, target.port), timeout=deadline)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()  # Every byte, also after the messages in it have been read.
        self._at = 0
        self.parameters, self.key = {}, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # --- sending

    def send(self, *messages):
        """Sends bytes as they are, in one go."""
        self.socket.settimeout(self.deadline)
        self.socket.sendall(b"".join(messages))
        return self

    def start_tls(self, context=None, early=b""):
        """SSLRequest; when the server says S, the handshake. `early` goes out right behind the request. The answer."""
        self.send(frontend.ssl_request() + early)
        answer = self.socket.recv(1)
        if answer == b"S":
            if context is None:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket, server_hostname=self.target.host)
        return answer

    def login(self, *, options=None, protocol=PROTOCOL_3_0):
        """Startup and authentication by whatever the server asks for, up to ReadyForQuery. Raises ServerError."""
        parameters = {"user": self.target.user, "database": self.target.database, **(options or {})}
        self.send(frontend.startup(parameters, protocol))
        self.authenticate()
        return self

    def authenticate(self):
        """Answers authentication requests until ReadyForQuery; notes parameters and the cancel key."""
        scram = None
        while True:
            message = self.read()
            if message.type == "E":
                raise ServerError(message)
            if message.type == "R":
                scram = self._answer(struct.unpack_from("!I", message.body)[0], message.body[4:], scram)
            elif message.type == "S":
                name, value = message.body[:-1].split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif message.type == "K":
                self.key = message.body
            elif message.type == "Z":
                return

    def _answer(self, kind, data, scram):
        if kind == 3:
            self.send(frontend.password(self.target.password))
        elif kind == 10:
            scram = Scram(self.target.password)
            self.send(frontend.sasl_initial("SCRAM-SHA-256", scram.first()))
        elif kind == 11:
            self.send(frontend.sasl_response(scram.final(data)))
        elif kind == 12:
            scram.check(data)
        elif kind != 0:
            raise NotImplementedError(f"authentication request {kind}")
        return scram

    # --- reading

    def _fill(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise Timeout()
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(262144)
        except (TimeoutError, socket.timeout):
            raise Timeout() from None
        except OSError:
            raise Closed() from None
        if not data:
            raise Closed()
        self.received += data

    def read(self, seconds=None):
        """The next message. Raises Timeout or Closed."""
        end = time.monotonic() + (self.deadline if seconds is None else seconds)
        while True:
            have = len(self.received) - self._at
            if have >= 5:
                length = struct.unpack_from("!I", self.received, self._at + 1)[0]
                if have >= length + 1:
                    start, self._at = self._at, self._at + length + 1
                    return Message(chr(self.received[start]), bytes(self.received[start + 5:self._at]))
            self._fill(end)

    def read_until(self, types="Z", seconds=None):
        """All messages up to and including the first whose type is one of `types`."""
        messages, end = [], time.monotonic() + (self.deadline if seconds is None else seconds)
        while True:
            try:
                messages.append(self.read(max(0.001, end - time.monotonic())))
            except Closed:
                raise Closed(messages) from None
            if messages[-1].type in types:
                return messages

    def read_to_end(self, seconds=None):
        """All messages until the server closes the connection. Raises Timeout when it does not."""
        messages = []
        end = time.monotonic() + (self.deadline if seconds is None else seconds)
        while True:
            try:
                messages.append(self.read(max(0.001, end - time.monotonic())))
            except Closed:
                return messages

    # --- conversations

    def query(self, sql, seconds=None):
        """A simple query; its messages up to ReadyForQuery."""
        self.send(frontend.query(sql))
        return self.read_until("Z", seconds)

    def rows(self, sql):
        """The rows of a simple query as lists of text. Raises ServerError."""
        messages = self.query(sql)
        for message in messages:
            if message.type == "E":
                raise ServerError(message)
        return [[None if c is None else c.decode() for c in m.cells] for m in messages if m.type == "D"]

    def sqlstate(self, sql):
        """The SQLSTATE that a simple query ends with, or None when it succeeds."""
        return next((m.sqlstate for m in self.query(sql) if m.type == "E"), None)

    def cancel(self):
        """Sends a CancelRequest with this connection's key over a connection of its own."""
        with socket.create_connection((self.target.host, self.target.port), timeout=self.deadline) as other:
            other.sendall(frontend.cancel(self.key))
            other.recv(1)


class ServerError(Exception):
    """An ErrorResponse, as an exception."""

    def __init__(self, message):
        super().__init__(str(message))
        self.message, self.fields, self.sqlstate = message, message.fields, message.sqlstate


class Scram:
    """The client's side of SCRAM-SHA-256 (RFC 5802, 7677), without channel binding."""

    def __init__(self, password):
        self._password = password.encode()
        self._nonce = base64.b64encode(os.urandom(18)).decode()

    def first(self):
        self._bare = f"n=,r={self._nonce}"
        return ("n,," + self._bare).encode()

    def final(self, challenge):
        server = challenge.decode()
        facts = dict(part.split("=", 1) for part in server.split(","))
        assert facts["r"].startswith(self._nonce), "the server changed our nonce"
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(facts["s"]), int(facts["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = f"c=biws,r={facts['r']}"
        signed = ",".join((self._bare, server, without_proof)).encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self._expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def check(self, final):
        assert base64.b64decode(final.decode().removeprefix("v=")) == self._expected, "the server does not know the password"


def connect(target, **options):
    """A Connection that has logged in."""
    connection = Connection(target)
    try:
        return connection.login(options=options)
    except BaseException:
        connection.close()
        raise
