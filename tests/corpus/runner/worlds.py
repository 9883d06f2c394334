"""Databases for cases: templates in two worlds that differ in the secrets alone, and copies of them.

In a schema file `{{x|y}}` stands for x in world a and for y in world b, and a line `-- secrets: QUERY` names a query
whose cells are the secrets. What a client sees through the sidecar must not depend on the world.
"""
import functools
import os
import pathlib
import re
import urllib.parse

from runner import wire

FOLDER = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = {"attack": FOLDER / "attack_schema.sql", "shop": FOLDER / "schema.sql",
           "generated": FOLDER / "generator" / "schema.sql"}
ALTERNATIVES = re.compile(r"\{\{(.*?)\|(.*?)\}\}", re.S)
SECRETS = re.compile(r"^-- secrets: (.*)$", re.M)
APP_ROLE, APP_PASSWORD = "corpus_app", "corpus-app-password"


class SqlError(Exception):
    """A statement of the corpus's own failed; `ended` when the connection did."""

    def __init__(self, message, ended=False):
        super().__init__(message)
        self.ended = ended


@functools.lru_cache(None)
def masks(policy):
    """Whether a policy of policies/ hides anything."""
    return "\nmasking:" in (FOLDER / "policies" / f"{policy}.yaml").read_text(encoding="utf-8")


def parse_url(url):
    parts = urllib.parse.urlsplit(url)
    return wire.Endpoint(parts.hostname or "127.0.0.1", parts.port or 5432, urllib.parse.unquote(parts.username or
                         "postgres"), urllib.parse.unquote(parts.password or ""), parts.path.lstrip("/") or "postgres")


def run_sql(endpoint, sql):
    """Runs SQL text on a connection of its own and returns the rows of all its statements, as text."""
    connection = wire.connect(endpoint, deadline_s=120)
    try:
        return rows_of(connection, sql)
    finally:
        connection.close()


def rows_of(connection, sql):
    """The same on a connection that is open already."""
    outcome = connection.simple(sql)
    if not outcome.succeeded():
        raise SqlError((outcome.ended or outcome.errors[0].get("M", "")) + "\n  in: " + sql[:500], bool(outcome.ended))
    return [[None if c is None else c.decode("utf-8", "replace") for c in row] for row in outcome.rows()]


class Worlds:
    """REQUIRES: `server` is a superuser's endpoint of a server that may be littered with databases corpus_*."""

    def __init__(self, server):
        self.server = server
        self.secrets = {}
        self._ready = set()
        self._counter = 0
        self._connection = None
        self._make_role()

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    def _on_server(self, sql):
        """Runs SQL on a connection that is kept. Cases may end other sessions, and ours is one of them: then it is made anew."""
        if self._connection is None:
            self._connection = wire.connect(self.server, deadline_s=120)
        try:
            return rows_of(self._connection, sql)
        except SqlError as error:
            if not error.ended:
                raise
        self.close()
        return self._on_server(sql)

    def _make_role(self):
        self._on_server(f"""
            DO $$ BEGIN
              IF to_regrole('{APP_ROLE}') IS NULL THEN
                CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_PASSWORD}' IN ROLE pg_read_all_data, pg_write_all_data;
              END IF;
            END $$""")

    def app(self, endpoint):
        """The same database as the role that a sidecar would use."""
        return wire.Endpoint(endpoint.host, endpoint.port, APP_ROLE, APP_PASSWORD, endpoint.database)

    def template(self, schema, world):
        """The name of the template database; made on first use."""
        name = f"corpus_{schema}_{world}"
        if name not in self._ready:
            text = SCHEMAS[schema].read_text(encoding="utf-8")
            side = 1 if world == "a" else 2
            self._on_server(f"DROP DATABASE IF EXISTS {name}")
            self._on_server(f"CREATE DATABASE {name} TEMPLATE template0")
            endpoint = self.server.with_database(name)
            run_sql(endpoint, ALTERNATIVES.sub(lambda found: found.group(side), text))
            run_sql(endpoint, "VACUUM ANALYZE")
            self.secrets[schema, world] = sorted({
                row[0] for query in SECRETS.findall(text) for row in run_sql(endpoint, query) if row[0]})
            self._ready.add(name)
        return name

    def copy(self, schema, world):
        """A fresh copy of a template; the caller drops it. Returns the superuser's endpoint."""
        template = self.template(schema, world)
        self._counter += 1
        # No other run's: what stands between caches by name.
        name = f"corpus_{os.getpid()}_{self._counter}"
        self._on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._on_server(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.server.with_database(name)

    def drop(self, database):
        """Also what keeps a database from being dropped: slots, prepared transactions, other sessions."""
        name = database.database
        slots = (f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '{name}' "
                 "AND NOT active")
        self._on_server(slots)
        for (gid,) in self._on_server(f"SELECT gid FROM pg_prepared_xacts WHERE database = '{name}'"):
            run_sql(database, f"ROLLBACK PREPARED '{gid}'")
        self._on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
