"""Every mask method x type x format against a real server: what the server writes is masked, and the server must read the
mask as a value of the very type, modifier included. Text and binary cells of one value must be masked to one value.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import psycopg
from psycopg import pq

from dataplane.masking.method_values import METHODS, NO_ARRAY, OPAQUE, SCHEMA, SHAPE_STAYS, TYPES, quote

SERVER_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
PROGRAM = None


class Server:
    """PostgreSQL in a folder of its own, on a Unix socket."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chaperone-masking-"))
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self.data = self.folder / "data"
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = f"-p {self.port} -c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self.run("pg_ctl", "-D", self.data, "-o", options, "-l", self.folder / "log", "-w", "start")

    def run(self, program, *arguments):
        subprocess.run([*self.user, SERVER_BIN / program, *map(str, arguments)], check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL)

    def connect(self):
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname="postgres", autocommit=True)

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


class Masks:
    """The program under test."""

    def __init__(self):
        self.process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, line):
        self.process.stdin.write(line + "\n")

    def ask(self, line):
        self.tell(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split(" ")
        if answer[0].strip() == "null":
            return None
        return bytes.fromhex(answer[1])

    def mask(self, method, argument, oid, typmod, binary, cell):
        return self.ask(f"mask {method} {argument} {oid} {typmod} {'binary' if binary else 'text'} {cell.hex()}")

    def path(self, steps, method, oid, binary, cell):
        return self.ask(f"path {steps} {method} 4 {oid} {'binary' if binary else 'text'} {cell.hex()}")

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def tell_types(connection, masks):
    """Describes every type that is not built in."""
    fields = {}
    for relation, attnum, type_oid, typmod, name in connection.execute(
            "SELECT t.oid, attnum, atttypid, atttypmod, attname FROM pg_type t JOIN pg_attribute ON attrelid = typrelid"
            " WHERE attnum > 0 AND NOT attisdropped AND t.oid >= 16384 ORDER BY t.oid, attnum"):
        fields.setdefault(relation, []).append(f"{attnum}:{type_oid}:{typmod}:{name}")
    for oid, name, kind, category, element, base, typmod, delimiter in connection.execute(
            "SELECT t.oid::int, typname, typtype::text, typcategory::text, typelem::int, typbasetype::int, typtypmod, typdelim::text"
            " FROM pg_type t WHERE oid >= 16384"):
        word = {"d": "domain", "e": "enum", "c": "composite"}.get(kind, "array" if category == "A" else "base")
        related = base if word == "domain" else element
        masks.tell(f"type {oid} {word} {related} {typmod} {delimiter} {name} {' '.join(fields.get(oid, []))}")


class MethodTable(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.connection = cls.server.connect()
        cls.connection.execute(SCHEMA + "SET timezone = 'Asia/Kolkata'")
        cls.masks = Masks()
        tell_types(cls.connection, cls.masks)
        cls.checks = 0

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.checks} masked cells were read by the server as values of their type", flush=True)
        cls.masks.close()
        cls.connection.close()
        cls.server.stop()

    def cells(self, sql_type, literal):
        """(oid, typmod, text cell, binary cell or None) as the server writes the value."""
        self.connection.execute("DROP TABLE IF EXISTS cell")
        self.connection.execute(f"CREATE TEMP TABLE cell (v {sql_type})")
        self.connection.execute(f"INSERT INTO cell SELECT {literal}::{sql_type}")
        raw = self.connection.pgconn
        text = raw.exec_params(b"SELECT v FROM cell", [], result_format=pq.Format.TEXT)
        binary = raw.exec_params(b"SELECT v FROM cell", [], result_format=pq.Format.BINARY)
        self.assertEqual(text.status, pq.ExecStatus.TUPLES_OK, text.error_message)
        has_binary = binary.status == pq.ExecStatus.TUPLES_OK
        return text.ftype(0), text.fmod(0), text.get_value(0, 0), binary.get_value(0, 0) if has_binary else None

    def read_back(self, sql_type, oid, cell, binary):
        """The value as text, after the server took it as a parameter of the type and brought it into the column's type."""
        result = self.connection.pgconn.exec_params(
            f"SELECT $1::text, ($1::{sql_type})::text".encode(), [cell], [oid],
            [pq.Format.BINARY if binary else pq.Format.TEXT])
        self.assertEqual(result.status, pq.ExecStatus.TUPLES_OK, f"{cell!r}: {result.error_message.decode()}")
        plain, coerced = result.get_value(0, 0), result.get_value(0, 1)
        if sql_type.startswith("char("):
            plain = plain.rstrip(b" ")
        self.assertEqual(plain, coerced, "the mask does not fit the type's modifier")
        MethodTable.checks += 1
        return coerced

    def check(self, sql_type, literal, opaque):
        oid, typmod, text, binary = self.cells(sql_type, literal)
        redacted = set()
        for method, argument in METHODS:
            with self.subTest(type=sql_type, value=literal, method=f"{method}_{argument}"):
                masked = self.masks.mask(method, argument, oid, typmod, False, text)
                if opaque or method == "null":
                    self.assertIsNone(masked)
                else:
                    self.assertIsNotNone(masked)
                value = None if masked is None else self.read_back(sql_type, oid, masked, False)
                if method == "redact":
                    redacted.add(masked)
                self.assertEqual(masked, self.masks.mask(method, argument, oid, typmod, False, text), "not deterministic")
                if binary is None:
                    continue
                masked_binary = self.masks.mask(method, argument, oid, typmod, True, binary)
                self.assertEqual(masked is None, masked_binary is None, "text and binary differ")
                if masked_binary is not None:
                    self.assertEqual(value, self.read_back(sql_type, oid, masked_binary, True), "text and binary differ")
        return redacted

    def test_types(self):
        for sql_type, values in TYPES.items():
            redacted = set()
            for value in values:
                redacted |= self.check(sql_type, quote(value), sql_type in OPAQUE)
            if sql_type not in SHAPE_STAYS:
                self.assertEqual(len(redacted), 1, f"redacted values of {sql_type} differ: {redacted}")

    def test_arrays(self):
        for sql_type, values in TYPES.items():
            if sql_type in NO_ARRAY:
                continue
            elements = ", ".join(f"{quote(value)}::{sql_type}" for value in values)
            self.check(f"{sql_type}[]", f"ARRAY[{elements}, NULL]", sql_type in OPAQUE)
            self.check(f"{sql_type}[]", "'{}'", sql_type in OPAQUE)
        self.check("int4[]", "'[0:1][3:4]={{1,2},{3,NULL}}'", False)
        self.check("text[]", quote('{{"a b",NULL},{"NULL","\\"{},\\\\"}}'), False)

    def test_json_paths(self):
        document = quote('{"a": {"n": 4111111111111111, "s": "secret 1234", "l": [{"x": 1.5}, null, false]}, "b": "kept \\u00e9"}')
        for sql_type in ("json", "jsonb"):
            oid, _, text, binary = self.cells(sql_type, document)
            for method, _ in METHODS:
                for steps in ("a", "a.n", "a.l.x", "*.s", "none"):
                    with self.subTest(type=sql_type, method=method, steps=steps):
                        value = self.read_back(sql_type, oid, self.masks.path(steps, method, oid, False, text), False)
                        self.assertIn(b"kept", value)
                        again = self.read_back(sql_type, oid, self.masks.path(steps, method, oid, True, binary), True)
                        self.assertEqual(value, again)
                        if steps == "none":
                            self.assertEqual(value, text)

    def test_other_output_settings(self):
        """What the session's settings change in text must be masked, become NULL, or read the same."""
        for setting in ("datestyle = 'SQL, DMY'", "datestyle = German", "intervalstyle = iso_8601", "bytea_output = escape",
                        "extra_float_digits = 0", "xmloption = document"):
            self.connection.execute("SET " + setting)
            try:
                for sql_type in ("date", "timestamptz", "interval", "bytea", "float8", "xml", "tstzrange", "date[]"):
                    literal = "ARRAY['2024-05-06']" if sql_type == "date[]" else quote(TYPES[sql_type][1 if sql_type == "float8" else 0])
                    oid, typmod, text, _ = self.cells(sql_type, literal)
                    for method, argument in METHODS:
                        with self.subTest(setting=setting, type=sql_type, method=method):
                            masked = self.masks.mask(method, argument, oid, typmod, False, text)
                            if masked is not None:
                                self.read_back(sql_type, oid, masked, False)
                            if method == "redact":
                                self.assertNotEqual(masked, text)
            finally:
                self.connection.execute("RESET " + setting.split(" ", maxsplit=1)[0])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=1)
