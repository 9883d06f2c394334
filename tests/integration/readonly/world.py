"""The databases of the read-only test, all copies of one template, and what of them must not change."""
import os
import pathlib

from runner import fingerprint, wire, worlds

from tests.support.postgres import ROLE

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: readonly}
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read], resources: ["*"]}
  - {id: settings, effect: allow, actions: [session], resources: ["*"]}
recording: {results: none}
"""
# A row lock is a change here, and whatever else takes a transaction id: those only ever grow.
_VERSIONS = """
  SELECT 'versions of ' || c.oid::regclass, md5(query_to_xml(format('SELECT xmin, xmax, ctid FROM ONLY %s', c.oid::regclass),
                                                             true, false, '')::text)
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('public', 'other')
  UNION ALL SELECT 'transaction ids', pg_snapshot_xmax(pg_current_snapshot())::text"""
TEMPLATE = "readonly_template"
SETTINGS = {"autovacuum": "off", "wal_level": "logical"}
# What the role may do at the server is as much as can be without being exempt from row security.
_RIGHTS = f"""
GRANT pg_read_server_files, pg_write_server_files, pg_execute_server_program, pg_signal_backend, pg_checkpoint TO {ROLE};
ALTER ROLE {ROLE} CREATEROLE CREATEDB REPLICATION;"""


class World:
    """Makes copies of the template; only the newest lives."""

    def __init__(self, postgres, folder):
        self._postgres, self._count, self.name = postgres, 0, None
        # Where statements may write files: those of the current copy, and those of any other.
        self.folder, self._elsewhere = (pathlib.Path(folder) / name for name in ("here", "elsewhere"))
        for made in (self.folder, self._elsewhere):
            made.mkdir()
            made.chmod(0o777)
        self._watch = None
        postgres.create_database(TEMPLATE)
        postgres.psql(_RIGHTS, database="postgres")
        postgres.psql(f"ALTER DATABASE {TEMPLATE} OWNER TO {ROLE}", database="postgres")
        text = pathlib.Path(__file__).with_name("world.sql").read_text(encoding="utf-8")
        # Functions, types and tables belong to the role, so that row security and definer's rights mean something.
        postgres.psql(f"ALTER ROLE {ROLE} SUPERUSER", database="postgres")
        as_role = postgres.role.but(database=TEMPLATE)
        worlds.run_sql(_endpoint(as_role), text)
        postgres.psql(f"ALTER ROLE {ROLE} NOSUPERUSER", database="postgres")
        postgres.psql(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pg_catalog TO {ROLE}", database=TEMPLATE)
        postgres.psql("VACUUM ANALYZE", database=TEMPLATE)

    def fresh(self):
        """A fresh copy under a new name: what stands between keeps catalogs by name."""
        self.close()
        if self.name:
            self._postgres.psql(f"DROP DATABASE {self.name} WITH (FORCE)", database="postgres")
        self._count += 1
        self.name = self.copy(f"readonly_{self._count}")
        for file in self.folder.iterdir():
            file.unlink()
        self._watch = wire.connect(self.endpoint(superuser=True), deadline_s=60)

    def copy(self, name):
        self._postgres.psql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {ROLE}", database="postgres")
        self._postgres.psql(f"ALTER DATABASE {name} SET statement_timeout = '3s'", database="postgres")
        remote = self.remote(name)
        self._postgres.psql(f"""
            CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{remote.port}', dbname '{name}');
            CREATE USER MAPPING FOR public SERVER loop OPTIONS (user '{remote.user}', password '{remote.password}');
            CREATE FOREIGN TABLE remote_notes (id int) SERVER loop OPTIONS (table_name 'noting_view');
            GRANT ALL ON remote_notes TO {ROLE}; GRANT USAGE ON FOREIGN SERVER loop TO {ROLE};""", database=name)
        return name

    def remote(self, name):
        return self._postgres.superuser.but(database=name)

    def fill(self, sql, name=None):
        """A statement of the generator's, for a database."""
        to = self.remote(name or self.name)
        dsn = f"host={to.host} port={to.port} dbname={to.database} user={to.user} password={to.password}"
        return sql.replace("{dsn}", dsn).replace("{folder}", str(self._elsewhere if name else self.folder))

    def endpoint(self, *, superuser, name=None):
        target = self._postgres.superuser if superuser else self._postgres.role
        return _endpoint(target.but(database=name or self.name))

    def state(self):
        """{what: digest} of all that lasts."""
        state = fingerprint.take(self._watch)
        state.update(worlds.rows_of(self._watch, _VERSIONS))
        state["files"] = " ".join(sorted(os.listdir(self.folder)))
        return state

    def glance(self):
        """What most changes change, at little cost."""
        return (worlds.rows_of(self._watch, "SELECT last_value, is_called FROM counter UNION ALL SELECT last_value, is_called FROM other.counter"),
                self.transaction_id(), os.listdir(self.folder))

    def transaction_id(self):
        """The next one; it grows when anything in the server writes."""
        return worlds.rows_of(self._watch, "SELECT pg_snapshot_xmax(pg_current_snapshot())")[0][0]

    def server_state(self):
        """The part of state() that what runs in another copy may change."""
        return {**fingerprint.of_server(self._watch), "transaction ids": self.transaction_id()}

    def close(self):
        if self._watch:
            self._watch.close()
            self._watch = None


def _endpoint(target):
    return wire.Endpoint(target.host, target.port, target.user, target.password, target.database)
