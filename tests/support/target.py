"""Where a client connects: the same five facts for the database itself, the pooler and the sidecar."""
import dataclasses
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Target:
    """A PostgreSQL endpoint with the name and password to use there."""
    host: str
    port: int
    user: str
    password: str
    database: str

    def but(self, **changes):
        """The same target with some facts changed."""
        return dataclasses.replace(self, **changes)

    @property
    def url(self):
        quote = urllib.parse.quote
        return f"postgresql://{quote(self.user)}:{quote(self.password)}@{self.host}:{self.port}/{quote(self.database)}"

    @property
    def env(self):
        """What libpq's clients read from the environment. TLS is off: the suites that test TLS say so themselves."""
        return {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password,
                "PGDATABASE": self.database, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable", "PGCONNECT_TIMEOUT": "30",
                "PSQLRC": "/dev/null", "PGPASSFILE": "/dev/null"}

    @property
    def keywords(self):
        """Keyword arguments of psycopg2.connect and psycopg.connect."""
        return {"host": self.host, "port": self.port, "user": self.user, "password": self.password, "dbname": self.database,
                "sslmode": "disable", "gssencmode": "disable", "connect_timeout": 10}
