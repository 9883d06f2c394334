"""The frontend messages of PostgreSQL's protocol as bytes: one function for each (PostgreSQL 15, section 55.7)."""
import struct


def message(kind, body=b"", *, length=None):
    """A message of any type; `length` overrides the length field, to lie in it."""
    return kind.encode() + struct.pack("!I", len(body) + 4 if length is None else length) + body


def _text(value):
    return (value.encode() if isinstance(value, str) else value) + b"\0"


def startup(parameters, protocol=196608):
    """StartupMessage."""
    body = struct.pack("!I", protocol) + b"".join(_text(k) + _text(v) for k, v in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def ssl_request():
    return struct.pack("!II", 8, 80877103)


def gss_request():
    return struct.pack("!II", 8, 80877104)


def cancel(key):
    """CancelRequest with the body of the BackendKeyData that the server sent."""
    return struct.pack("!II", 8 + len(key), 80877102) + key


def password(value):
    return message("p", _text(value))


def sasl_initial(mechanism, data):
    return message("p", _text(mechanism) + struct.pack("!i", len(data)) + data)


def sasl_response(data):
    return message("p", data)


def query(sql):
    return message("Q", _text(sql))


def parse(sql, name="", types=()):
    return message("P", _text(name) + _text(sql) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(values=(), *, portal="", statement="", formats=(), results=()):
    """Bind; values are bytes, text or None; formats 0 text, 1 binary."""
    body = _text(portal) + _text(statement) + struct.pack(f"!H{len(formats)}h", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            data = value.encode() if isinstance(value, str) else value
            body += struct.pack("!i", len(data)) + data
    return message("B", body + struct.pack(f"!H{len(results)}h", len(results), *results))


def describe_statement(name=""):
    return message("D", b"S" + _text(name))


def describe_portal(name=""):
    return message("D", b"P" + _text(name))


def execute(portal="", rows=0):
    return message("E", _text(portal) + struct.pack("!i", rows))


def close_statement(name=""):
    return message("C", b"S" + _text(name))


def close_portal(name=""):
    return message("C", b"P" + _text(name))


def sync():
    return message("S")


def flush():
    return message("H")


def terminate():
    return message("X")


def copy_data(data):
    return message("d", data)


def copy_done():
    return message("c")


def copy_fail(reason):
    return message("f", _text(reason))


def function_call(oid, values=()):
    body = struct.pack("!IHH", oid, 0, len(values))
    for value in values:
        body += struct.pack("!i", len(value)) + value
    return message("F", body + struct.pack("!h", 0))
