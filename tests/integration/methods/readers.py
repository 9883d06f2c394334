"""The three clients: each reads whole tables and says of every cell what it got.

A reader gives {(table, row, column): Cell}. A cell's `value` is what goes back to the server as a parameter: the text that the
client shows, or the bytes of the binary format.
"""
import dataclasses
import os
import pathlib
import subprocess

import psycopg
from psycopg import adapt, pq

from tests.support.postgres import BIN

_JDBC = "/usr/share/java/postgresql.jar"
_FIELD, _RECORD, _NULL = "\x1f", "\x1e", "\x1d"


@dataclasses.dataclass
class Cell:
    """`value` is None for NULL. `decoded` is false when the client's own decoder refused it, `kind` what it made of it; `oid` is 0
    for text."""
    value: bytes | None
    decoded: bool = True
    oid: int = 0
    kind: str = ""
    why: str = ""


def psql(target, schema, tables, folder):
    """Simple protocol, text; psql shows what the server sends."""
    del folder
    script = "".join(f"SELECT '{table}', * FROM {schema}.{table} ORDER BY id;\n" for table in tables)
    done = subprocess.run([BIN / "psql", "-XqA", "-v", "ON_ERROR_STOP=1", "-F", _FIELD, "-R", _RECORD, "-P", f"null={_NULL}", "-P", "footer=off"],
                          env={**os.environ, **target.env, "PGCLIENTENCODING": "UTF8"}, input=script.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"psql: {done.stderr.decode()}")
    cells, heading = {}, None
    # Every result begins with its heading, and ends with a line feed.
    for result in done.stdout.decode().split("\n?column?" + _FIELD):
        records = result.removeprefix("?column?" + _FIELD).removesuffix("\n").split(_RECORD)
        heading = records[0].split(_FIELD)
        for record in records[1:]:
            table, row, *fields = record.split(_FIELD)
            for column, field in zip(heading[1:], fields, strict=True):
                cells[table, int(row), column] = Cell(None if field == _NULL else field.encode())
    return cells


def psycopg3(target, schema, tables, folder):
    """Extended protocol, binary; psycopg's loaders decode."""
    del folder
    cells = {}
    with psycopg.connect(**target.keywords, autocommit=True) as connection:
        for table in tables:
            cursor = connection.cursor(binary=True)
            cursor.execute(f"SELECT * FROM {schema}.{table} ORDER BY id")
            result, loaders = cursor.pgresult, adapt.Transformer.from_context(cursor)
            loaders.set_pgresult(result)
            for row in range(result.ntuples):
                number = int.from_bytes(result.get_value(row, 0), "big")
                for i in range(1, result.nfields):
                    cells[table, number, result.fname(i).decode()] = _loaded(loaders, result, row, i)
    return cells


def _loaded(loaders, result, row, column):
    value, oid = result.get_value(row, column), result.ftype(column)
    if result.fformat(column) != pq.Format.BINARY:
        raise AssertionError("the result is not in binary format")
    if value is None:
        return Cell(None, oid=oid)
    try:
        loaded = loaders.get_loader(oid, pq.Format.BINARY).load(value)
    except (psycopg.Error, ValueError, ArithmeticError, LookupError) as error:
        return Cell(value, decoded=False, oid=oid, why=repr(error))
    return Cell(value, oid=oid, kind=type(loaded).__name__)


def _jdbc(options, target, schema, tables, folder):
    folder = pathlib.Path(folder)
    if not (folder / "MethodsReader.class").exists():
        subprocess.run(["javac", "-cp", _JDBC, "-d", folder, pathlib.Path(__file__).with_name("MethodsReader.java")], check=True)
    done = subprocess.run(["java", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", "-cp", f"{folder}:{_JDBC}", "MethodsReader", schema, options],
                          env={**os.environ, **target.env}, input="\n".join(tables) + "\n", capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"java: {done.stderr}")
    cells = {}
    for line in done.stdout.splitlines():
        table, row, column, what, value = line.split("\t")
        text = bytes.fromhex(value)
        refused = what == "error"
        cells[table, int(row), column] = Cell(None if what == "null" else text, decoded=not refused, kind=what, why=text.decode() if refused else "")
    return cells


def jdbc_binary(target, schema, tables, folder):
    """Extended protocol, in binary whatever the driver can decode."""
    return _jdbc("prepareThreshold=-1", target, schema, tables, folder)


def jdbc_text(target, schema, tables, folder):
    """Extended protocol, text."""
    return _jdbc("binaryTransfer=false", target, schema, tables, folder)


READERS = {reader.__name__: reader for reader in (psql, psycopg3, jdbc_binary, jdbc_text)}
