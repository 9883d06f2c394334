"""Every mask method x every type, read through the sidecar by psql, psycopg 3 in binary, and JDBC in binary and in text.

What a client got must be taken by its own decoder and, sent back, by the server as a value of the column's type. And it must be
what the same client gets straight from the server out of a table that really holds the masked values: the same value, of the same
class, in every format. NULL stands only where the method or the type says so, and no mask is the original.
"""
import collections

import psycopg
from psycopg import pq

from dataplane.masking.method_values import METHODS, NO_ARRAY, OPAQUE, SCHEMA, SHAPE_STAYS, TYPES, quote
from tests.integration.methods.readers import READERS
from tests.support.suite import StackTest, main

_DATABASE = "methods"
_UNITS = ("year", "month", "day")
# Nothing in them to hide.
_EMPTY = {"", "\\x", "{}", "[]", "null", "empty", "0.0.0.0/0", "(,)", "(,,,,,)"}
# keep_first and keep_last write 0 over the digits that they hide; here these are zeros, or there are none.
_KEPT_WHOLE = {"100.00", "0.01", "0.00999", "999000"}
# Fewer letters and digits than this, fewer bits than that.
_CHANCE_MAX, _CHANCE_BITS_MAX = 8, 24
_ROUNDED = ("int2", "int4", "int8", "numeric", "float4", "float8", "money", "numrange", "int4range", "int8multirange")
_TRUNCATED = ("date", "timestamp", "tstzrange")


def method_name(method, argument):
    """The method as policies write it."""
    if method == "date_truncate":
        return f"{method}_{_UNITS[argument]}"
    return f"{method}_{argument}" if argument else method


NAMES = [method_name(*method) for method in METHODS]
POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: methods}
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: data, effect: allow, actions: [read, session], resources: ["*"]}
masking:
""" + "".join(f'  - {{id: m_{name}, columns: ["methods.*.m_{name}"], method: "{name}"}}\n' for name in NAMES)


class Table:
    """One type's table: a row for each value, a column for each method, and the value itself in `plain`, which is not masked."""

    def __init__(self, name, sql_type, literals, opaque):
        self.name, self.sql_type, self.literals, self.opaque = name, sql_type, literals, opaque

    def create(self, schema):
        """The statement that makes it."""
        columns = ", ".join(f"m_{name} {self.sql_type}" for name in NAMES)
        return f"CREATE TABLE {schema}.{self.name} (id int PRIMARY KEY, plain {self.sql_type}, {columns});"

    def fill(self):
        """The statement that fills the one which is masked."""
        rows = (f"({i}, {', '.join([f'{literal}::{self.sql_type}'] * (len(NAMES) + 1))})" for i, literal in enumerate(self.literals))
        return f"INSERT INTO methods.{self.name} VALUES {', '.join(rows)};"


def make_tables():
    """Every type, and arrays of it."""
    tables = []
    for number, (sql_type, values) in enumerate(TYPES.items()):
        opaque = sql_type in OPAQUE
        tables.append(Table(f"t{number}", sql_type, [quote(value) for value in values], opaque))
        if sql_type not in NO_ARRAY:
            elements = ", ".join(f"{quote(value)}::{sql_type}" for value in values)
            tables.append(Table(f"a{number}", f"{sql_type}[]", [f"ARRAY[{elements}, NULL]", "'{}'"], opaque))
    return tables


def may_stay(table, method, original, constant):
    """Whether a mask may be the value itself: what is no secret, what the method makes of many values, or mere chance."""
    if original == constant or original in _EMPTY:
        return True
    if method in ("hash", "fake"):
        # The key is the deployment's, a new one for each run: one of so few values is the same now and then.
        signs = sum(c.isalnum() for c in original.replace("NULL", ""))
        return signs < (_CHANCE_BITS_MAX if "bit" in table.sql_type else _CHANCE_MAX)
    if method.startswith("keep_"):
        return original in _KEPT_WHOLE
    if method.startswith("round_"):
        return table.sql_type.startswith(_ROUNDED)
    return method.startswith("date_truncate") and table.sql_type.startswith(_TRUNCATED)


class Methods(StackTest):
    maxDiff = None
    stack_options = {"policies": (POLICY,)}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tables = make_tables()
        cls.known = {}
        direct = cls.stack.postgres.create_database(_DATABASE)
        cls.server = psycopg.connect(**direct.keywords, autocommit=True)
        cls.addClassCleanup(cls.server.close)
        cls.server.execute(SCHEMA + "CREATE SCHEMA methods; CREATE SCHEMA expected;"
                           + "".join(table.create("methods") + table.create("expected") + table.fill() for table in cls.tables))
        cls.originals = {table.name: dict(cls.server.execute(f"SELECT id, plain::text FROM methods.{table.name}").fetchall())
                         for table in cls.tables}
        names = [table.name for table in cls.tables]
        agent = cls.stack.agent("methods", database=_DATABASE)
        cls.seen = {name: read(agent, "methods", names, cls.stack.folder) for name, read in READERS.items()}
        cls.expect()
        cls.expected = {name: read(direct, "expected", names, cls.stack.folder) for name, read in READERS.items()}

    @classmethod
    def expect(cls):
        """Fills the tables that really hold what psql saw; what the server does not take stays NULL there, and fails a test."""
        for table in cls.tables:
            for row in cls.originals[table.name]:
                values = [cls.read_back(table, cls.seen["psql"][table.name, row, column])[0] for column in cls.columns()]
                places = ", ".join([f"%s::text::{table.sql_type}"] * len(values))
                cls.server.execute(f"INSERT INTO expected.{table.name} VALUES (%s, {places})", [row, *values])

    @staticmethod
    def columns():
        """Every column but the key."""
        return ["plain", *(f"m_{name}" for name in NAMES)]

    @classmethod
    def read_back(cls, table, cell):
        """(the cell as a value of the column's type, as the server writes it; the server's error)."""
        if cell.value is None:
            return None, ""
        key = (table.sql_type, cell.oid, cell.value)
        if key not in cls.known:
            wire_format = pq.Format.BINARY if cell.oid else pq.Format.TEXT
            result = cls.server.pgconn.exec_params(f"SELECT ($1::{table.sql_type})::text".encode(), [cell.value], [cell.oid], [wire_format])
            taken = result.status == pq.ExecStatus.TUPLES_OK
            cls.known[key] = (result.get_value(0, 0).decode(), "") if taken else (None, result.error_message.decode())
        return cls.known[key]

    def cells(self, reader):
        """(table, row, method, original) of everything that a reader read, and the subtest to check it in."""
        for table in self.tables:
            for row, original in self.originals[table.name].items():
                for method in NAMES:
                    yield table, row, method, original, self.subTest(reader=reader, type=table.sql_type, method=method, value=original)

    def check_same(self, reader, table, row, column):
        """The cell is what the reader gets from a table that holds that value."""
        cell, expected = self.seen[reader][table.name, row, column], self.expected[reader][table.name, row, column]
        self.assertEqual(cell.value is None, expected.value is None)
        # JDBC has no form for money as the server writes it from a thousand on; masks are written plainly.
        self.assertTrue(cell.decoded or not expected.decoded, f"the client does not take {cell.value!r}: {cell.why}")
        if cell.decoded and expected.decoded:
            self.assertEqual(cell.kind, expected.kind)
            self.assertEqual(self.read_back(table, cell), self.read_back(table, expected))

    def test_what_is_not_masked_arrives_as_it_is(self):
        for reader in READERS:
            for table in self.tables:
                for row, original in self.originals[table.name].items():
                    with self.subTest(reader=reader, type=table.sql_type, value=original):
                        self.check_same(reader, table, row, "plain")

    def test_every_mask_is_a_value_of_its_type_to_client_and_server(self):
        counts = collections.Counter()
        for reader, seen in self.seen.items():
            for table, row, method, _, subtest in self.cells(reader):
                cell, plain = seen[table.name, row, f"m_{method}"], seen[table.name, row, "plain"]
                with subtest:
                    null = table.opaque or method == "null"
                    self.assertEqual(cell.value is None, null, "NULL where it should not be, or none where it should")
                    # A client that has no form for the original (psycopg knows no year 5874897) need not have one for the mask.
                    self.assertTrue(cell.decoded or not plain.decoded, f"the client takes the original, but not {cell.value!r}: {cell.why}")
                    self.assertEqual(self.read_back(table, cell)[1] if cell.decoded else "", "")
                    self.check_same(reader, table, row, f"m_{method}")
                counts[reader, "not decoded" if not cell.decoded else "NULL" if cell.value is None else "values"] += 1
        for (reader, what), count in sorted(counts.items()):
            print(f"{reader:12} {what:12} {count}", flush=True)
        self.assertGreater(min(counts[reader, "values"] for reader in READERS), 3900)

    def test_no_mask_is_the_original(self):
        for table, row, method, original, subtest in self.cells("psql"):
            masked = self.read_back(table, self.seen["psql"][table.name, row, f"m_{method}"])[0]
            constant = self.read_back(table, self.seen["psql"][table.name, row, "m_redact"])[0]
            with subtest:
                if masked is not None and not may_stay(table, method, original, constant):
                    self.assertNotEqual(masked, original)

    def test_redacted_values_of_a_type_are_all_the_same(self):
        for table in self.tables:
            if table.sql_type not in SHAPE_STAYS and not table.sql_type.endswith("[]"):
                values = {self.seen["psql"][table.name, row, "m_redact"].value for row in self.originals[table.name]}
                self.assertEqual(len(values), 1, f"{table.sql_type}: {values}")


if __name__ == "__main__":
    main()
