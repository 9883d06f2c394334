"""A relay between a client program and PostgreSQL that writes down what the client sends, as cases.

Used by capture_all.py to make precision/captured/*.case: what tools really say, with parameters, in order.
"""
import datetime
import decimal
import json
import socket
import struct
import threading
import uuid

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102


class Recording:
    """The statements of one connection."""

    def __init__(self):
        # (kind, sql, params, copy data)
        self.steps = []
        self.startup = {}
        self._statements = {}
        self._portals = {}

    def query(self, payload):
        self.steps.append(["simple", payload[:-1].decode(), None, b""])

    def parse(self, payload):
        name, sql, rest = payload.split(b"\0", 1)[0], *_cut(payload.split(b"\0", 1)[1])
        (count,) = struct.unpack_from("!h", rest)
        self._statements[name] = (sql.decode(), struct.unpack_from(f"!{count}I", rest, 2))

    def bind(self, payload):
        portal, rest = _cut(payload)
        statement, rest = _cut(rest)
        (count,) = struct.unpack_from("!h", rest)
        formats = struct.unpack_from(f"!{count}h", rest, 2)
        at = 2 + 2 * count
        (count,) = struct.unpack_from("!h", rest, at)
        at += 2
        sql, types = self._statements[statement]
        values = []
        for i in range(count):
            (length,) = struct.unpack_from("!i", rest, at)
            at += 4
            cell = None if length < 0 else rest[at:at + length]
            at += max(0, length)
            binary = formats and formats[i if len(formats) > 1 else 0]
            values.append(_text(cell, types[i] if i < len(types) else 0, binary))
        self._portals[portal] = (sql, values)

    def execute(self, payload):
        sql, values = self._portals[_cut(payload)[0]]
        self.steps.append(["extended", sql, values, b""])

    def copy_data(self, payload):
        self.steps[-1][3] += payload


def _cut(data):
    head, _, tail = data.partition(b"\0")
    return head, tail


def _text(cell, type_oid, binary):
    """The text form of a parameter."""
    if cell is None:
        return None
    if not binary:
        return cell.decode()
    if type_oid in (20, 21, 23, 26):
        return str(int.from_bytes(cell, "big", signed=True))
    if type_oid == 16:
        return "t" if cell[0] else "f"
    if type_oid in (700, 701):
        return repr(struct.unpack("!f" if len(cell) == 4 else "!d", cell)[0])
    if type_oid == 2950:
        return str(uuid.UUID(bytes=cell))
    if type_oid == 17:
        return "\\x" + cell.hex()
    if type_oid in (25, 1043, 1042, 19, 114):
        return cell.decode()
    if type_oid == 3802:
        return cell[1:].decode()
    if type_oid in (1114, 1184):
        moment = datetime.datetime(2000, 1, 1) + datetime.timedelta(microseconds=int.from_bytes(cell, "big", signed=True))
        return moment.isoformat(" ") + ("+00" if type_oid == 1184 else "")
    if type_oid == 1082:
        return (datetime.date(2000, 1, 1) + datetime.timedelta(days=int.from_bytes(cell, "big", signed=True))).isoformat()
    if type_oid == 1700:
        return _numeric_text(cell)
    if type_oid in (1000, 1005, 1007, 1009, 1015, 1016):
        return _array_text(cell)
    raise ValueError(f"a binary parameter of type {type_oid} is not understood")


def _numeric_text(cell):
    """numeric in binary: a sign and digits to the base of 10,000."""
    count, weight, sign, scale = struct.unpack_from("!hhHh", cell)
    value = sum(digit * decimal.Decimal(10000) ** (weight - at) for at, digit in enumerate(struct.unpack_from(f"!{count}H", cell, 8)))
    return format((-value if sign == 0x4000 else decimal.Decimal(value)).quantize(decimal.Decimal(1).scaleb(-scale)), "f")


def _array_text(cell):
    """A binary array of one dimension as array_out writes it."""
    dimensions, _, element = struct.unpack_from("!iiI", cell)
    (count,) = struct.unpack_from("!i", cell, 12) if dimensions else (0,)
    at, items = 20, []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", cell, at)
        at += 4
        items.append("NULL" if length < 0 else json.dumps(_text(cell[at:at + length], element, True), ensure_ascii=False))
        at += max(0, length)
    return "{" + ",".join(items) + "}"


class Relay:
    """Listens on a free port and relays every connection to `upstream` (host, port)."""

    def __init__(self, upstream):
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.recordings = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        stream = client.makefile("rb")
        startup = self._startup(client, stream)
        if startup is None:
            client.close()
            return
        server = socket.create_connection(self._upstream)
        recording = Recording()
        words = startup[8:].split(b"\0")
        recording.startup = {words[i].decode(): words[i + 1].decode() for i in range(0, len(words) - 2, 2) if words[i]}
        self.recordings.append(recording)
        server.sendall(startup)
        threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
        self._forward(stream, server, recording)

    @staticmethod
    def _startup(client, stream):
        while True:
            head = stream.read(8)
            if len(head) < 8:
                return None
            length, code = struct.unpack("!II", head)
            body = head + stream.read(length - 8)
            if code in (SSL_REQUEST, GSS_REQUEST):
                client.sendall(b"N")
            elif code == CANCEL_REQUEST:
                return None
            else:
                return body

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass  # one side is gone, and with it the conversation
        finally:
            sink.close()

    def _forward(self, stream, server, recording):
        try:
            self._forward_all(stream, server, recording)
        finally:
            # A message that is not understood ends the conversation, so that the client does not wait for ever.
            server.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _forward_all(stream, server, recording):
        takers = {b"Q": recording.query, b"P": recording.parse, b"B": recording.bind, b"E": recording.execute,
                  b"d": recording.copy_data}
        while len(head := stream.read(5)) == 5:
            payload = stream.read(struct.unpack("!I", head[1:])[0] - 4)
            if head[:1] in takers:
                takers[head[:1]](payload)
            server.sendall(head + payload)


def case_text(name, title, recording, skip=()):
    """One case for one connection; empty when it said nothing."""
    steps = [step for step in recording.steps if step[1].strip() and step[1] not in skip]
    if not steps:
        return ""
    lines = [f"=== {name}", f"title: {title}"]
    if options := {k: v for k, v in recording.startup.items() if k not in ("user", "database")}:
        lines += ["connection: main", "startup: " + json.dumps(options)]
    for kind, sql, values, data in steps:
        lines += [f"{kind}:"] + ["  " + line.rstrip() for line in sql.strip().splitlines()]
        if values:
            lines.append("params: " + json.dumps(values, ensure_ascii=False))
        if data:
            lines += ["data:"] + ["  " + line for line in data.decode().splitlines()]
    return "\n".join(lines) + "\n"
