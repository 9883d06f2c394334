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

SERVER_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
PROGRAM = None

METHODS = [("redact", 0), ("null", 0), ("hash", 0), ("keep_first", 1), ("keep_first", 4), ("keep_last", 1), ("keep_last", 4),
           ("email", 0), ("date_truncate", 0), ("date_truncate", 1), ("date_truncate", 2), ("round", 1), ("round", 7),
           ("round", 1000), ("fake", 0)]

# Type as SQL writes it: values as literals.
TYPES = {
    "bool": ["true", "false"],
    "int2": ["0", "7", "-123", "32767", "-32768"],
    "int4": ["0", "42", "-1999", "2147483647", "-2147483648"],
    "int8": ["0", "4111111111111111", "9223372036854775807", "-9223372036854775808"],
    "numeric": ["0", "1234.5678", "-0.00012", "NaN", "Infinity", "-Infinity", "99999999999999999999999999999.5", "100.00"],
    "numeric(5,2)": ["0", "999.99", "-12.3", "0.01", "NaN"],
    "numeric(3,0)": ["999", "-5", "0"],
    "numeric(2,2)": ["0.99", "-0.05", "0"],
    "numeric(3,5)": ["0.00999", "-0.00001"],
    "numeric(3,-3)": ["999000", "-1000", "0"],
    "float4": ["0", "1.5", "-3.4028235e38", "1e-45", "NaN", "Infinity", "16777216", "123456.7"],
    "float8": ["0", "2.5", "-0", "3.141592653589793", "1.7976931348623157e308", "5e-324", "NaN", "-Infinity", "1e21"],
    "money": ["0", "1234.56", "-9.99", "92233720368547758.07", "-92233720368547758.08"],
    "text": ["", "a", "jane.doe@example.com", "4111-1111-1111-1111", "Žluťoučký kůň", "日本語 テスト", "O'Reilly \"q\" \\ x",
             "2024-05-06", "{a,b}", " spaced "],
    "varchar": ["", "anything at all"],
    "varchar(5)": ["", "ab", "abcde", "héllo"],
    "varchar(1)": ["", "x"],
    "varchar(6)": ["a@b.co"],
    "char(5)": ["", "ab", "abcde", "hé"],
    "char(1)": ["x", ""],
    "char(40)": ["jane@example.com"],
    "bpchar": ["abc  "],
    "name": ["", "pg_class", "a" * 63],
    '"char"': ["x", "", "7", "\\303"],
    "bytea": ["", "\\x00ff10", "plain\\\\text"],
    "date": ["2024-05-06", "1999-12-31", "infinity", "-infinity", "0044-03-15 BC", "4714-11-24 BC", "5874897-12-31"],
    "time": ["00:00:00", "07:08:09.123456", "24:00:00"],
    "time(2)": ["07:08:09.12"],
    "timetz": ["07:08:09.5+02", "23:59:59-05:30", "00:00:00+15:59:59"],
    "timestamp": ["2024-05-06 07:08:09.25", "infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999"],
    "timestamp(3)": ["2024-05-06 07:08:09.123", "1969-12-31 23:59:59.999"],
    "timestamptz": ["2024-05-06 07:08:09.25+02", "infinity", "0001-01-01 00:00:00+00 BC", "1890-01-01 00:00:00+00"],
    "interval": ["1 year 2 mons 3 days 04:05:06.7", "-1 day", "0"],
    "uuid": ["550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000000"],
    "inet": ["192.0.2.33", "192.0.2.33/24", "2001:db8::1/64", "::ffff:192.0.2.1", "::"],
    "cidr": ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "10.0.0.1/32"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "json": ['{"a": [1, "secret", null, true], "b": {"c": -1.5e3}}', "null", '"x"', "7", "[]"],
    "jsonb": ['{"a": [1, "secret", null, true], "b": {"c": -1.5e3}}', "null", '"x"', "7", "{}"],
    "xml": ["<a>secret</a>", "plain"],
    "bit(5)": ["10101", "00000"],
    "bit(16)": ["1010101010101010"],
    "varbit": ["", "1", "101010101"],
    "varbit(7)": ["1010101"],
    "int4range": ["[11,29)", "(,5)", "empty", "[2147483640,2147483647)"],
    "numrange": ["[1.5,99.25]", "(,)"],
    "daterange": ["[2024-05-06,2025-07-08)", "[,2020-01-01)", "empty"],
    "tstzrange": ["[2024-05-06 07:08:09+02,)"],
    "datemultirange": ["{}", "{[2024-05-06,2024-07-08),[2026-01-02,)}"],
    "int8multirange": ["{[1,5),[100,200)}"],
    "citext": ["Jane Doe"],
    "short_text": ["abc"],
    "mood": ["happy"],
    "person": ['(7,"Jane ""J"" Doe",1987-06-05,"{a,""b c"",NULL}",happy,42)', "(,,,,,)", '(1,"",,{},,)'],
    "oid": ["42"], "regclass": ["pg_class"], "xid": ["7"], "tid": ["(0,1)"], "pg_lsn": ["16/B374D848"],
    "tsvector": ["a:1 secret:2"], "tsquery": ["secret & key"], "point": ["(1,2)"], "box": ["(2,2),(1,1)"],
    "polygon": ["((0,0),(1,1),(1,0))"], "circle": ["<(0,0),1>"], "hstore": ['"k"=>"secret"'], "jsonpath": ["$.a"],
    "int2vector": ["1 2"],
}

# Masked to NULL whatever the method.
OPAQUE = {"mood", "oid", "regclass", "xid", "tid", "pg_lsn", "tsvector", "tsquery", "point", "box", "polygon", "circle", "hstore",
          "jsonpath", "int2vector"}
# A redacted value says how many bits there are, how many elements and which attributes are NULL, and nothing else.
SHAPE_STAYS = {"bit(5)", "bit(16)", "varbit", "varbit(7)", "person"}
NO_ARRAY = {"int2vector"}


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
        cls.connection.execute("CREATE EXTENSION citext; CREATE EXTENSION hstore; SET timezone = 'Asia/Kolkata'")
        cls.connection.execute(
            "CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN short_text AS varchar(3);"
            "CREATE TYPE person AS (id int4, name varchar(12), born date, tags text[], mood mood, pay numeric(6,2))")
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


def quote(value):
    return "'" + value.replace("'", "''") + "'"


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1], verbosity=1)
