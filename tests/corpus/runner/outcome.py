"""What came back for one step: messages decoded as far as expectations need them, and all payloads for the scanner."""
import json
import struct

# Fields of ErrorResponse and NoticeResponse: https://www.postgresql.org/docs/15/protocol-error-fields.html
SQLSTATE, MESSAGE, DETAIL, HINT = "C", "M", "D", "H"
DENIED = "42501"


class ResultSet:
    """The rows of one statement; cells are bytes or None."""

    def __init__(self, columns):
        self.columns = columns
        self.rows = []


class Outcome:
    def __init__(self):
        self.messages = []
        self.results = []
        self.tags = []
        self.errors = []
        self.notices = []
        self.notifications = []
        self.copy_out = []
        self.function_results = []
        self.parameters = {}
        self.transaction_status = None
        # Why the connection ended while this step ran; None when it lives.
        self.ended = None
        # The result set that rows go to; rows that no RowDescription announced open one without columns.
        self._open = None

    def take(self, kind, payload):
        self.messages.append((kind, payload))
        if kind == b"T":
            self._open = ResultSet(_columns(payload))
            self.results.append(self._open)
        elif kind == b"D":
            self._take_row(payload)
        elif kind == b"C":
            self.tags.append(payload[:-1].decode("utf-8", "replace"))
            self._open = None
        elif kind == b"E":
            self.errors.append(_fields(payload))
        elif kind == b"N":
            self.notices.append(_fields(payload))
        elif kind == b"A":
            self.notifications.append(payload[4:])
        elif kind == b"d":
            self.copy_out.append(payload)
        elif kind == b"V":
            self.function_results.append(payload[4:])
        elif kind == b"S":
            name, value = payload.split(b"\0")[:2]
            self.parameters[name.decode()] = value.decode("utf-8", "replace")
        elif kind == b"Z":
            self.transaction_status = payload.decode()

    def _take_row(self, payload):
        if self._open is None:
            self._open = ResultSet(None)
            self.results.append(self._open)
        self._open.rows.append(_cells(payload))

    def rows(self):
        return [row for result in self.results for row in result.rows]

    def cells(self):
        return [cell for row in self.rows() for cell in row]

    def denials(self):
        """Errors that Chaperone made: the decision in DETAIL says so; the server's own 42501 has none. What is not understood
        may carry the server's SQLSTATE for it."""
        return [e for e in self.errors if decision_of(e) == "deny"]

    def succeeded(self):
        return not self.errors and self.ended is None


def decision_of(error):
    try:
        detail = json.loads(error.get(DETAIL, ""))
    except ValueError:
        return None
    return detail.get("decision") if isinstance(detail, dict) else None


def _columns(payload):
    """[(name, table oid, attribute number, type oid)]"""
    (count,) = struct.unpack_from("!h", payload)
    columns, at = [], 2
    for _ in range(count):
        end = payload.index(b"\0", at)
        table, attribute, type_oid = struct.unpack_from("!IhI", payload, end + 1)
        columns.append((payload[at:end].decode("utf-8", "replace"), table, attribute, type_oid))
        at = end + 1 + 18
    return columns


def _cells(payload):
    (count,) = struct.unpack_from("!h", payload)
    cells, at = [], 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", payload, at)
        at += 4
        if length < 0:
            cells.append(None)
        else:
            cells.append(payload[at:at + length])
            at += length
    return cells


def _fields(payload):
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in payload.split(b"\0") if part}
