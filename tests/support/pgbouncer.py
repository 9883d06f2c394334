"""pgbouncer in front of a database, as a plain session pooler: the peer of the benchmarks, and a stand-in for the sidecar
while a suite is being written."""
import os
import shutil

import psycopg2

from tests.support.process import free_port

_PROGRAM = "/usr/sbin/pgbouncer"


class PgBouncer:
    """One pgbouncer process; clients use the names and passwords of the database."""

    def __init__(self, run, upstream, name="pgbouncer", *, settings=None, clients_max=2500, pool_size=250, wrapper=()):
        self.run, self.upstream, self.name, self.port = run, upstream, name, free_port()
        self.settings = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "plain",
            "pool_mode": "session", "max_client_conn": clients_max, "default_pool_size": pool_size, "server_reset_query": "DISCARD ALL",
            "ignore_startup_parameters": "extra_float_digits,options", "logfile": "", "log_connections": 0,
            "log_disconnections": 0, "server_tls_sslmode": "disable", "client_tls_sslmode": "disable", **(settings or {})}
        self.wrapper, self.process = wrapper, None

    @property
    def target(self):
        """Where clients connect, as the upstream target's user."""
        return self.upstream.but(port=self.port)

    def start(self):
        folder = self.run.folder / self.name
        folder.mkdir(exist_ok=True)
        users = folder / "users.txt"
        users.write_text(f'"{self.upstream.user}" "{self.upstream.password}"\n')
        lines = ["[databases]", f"* = host={self.upstream.host} port={self.upstream.port}", "[pgbouncer]",
                 f"auth_file = {users}", *(f"{key} = {value}" for key, value in self.settings.items())]
        config = folder / "pgbouncer.ini"
        config.write_text("\n".join(lines) + "\n")
        user = None
        if os.geteuid() == 0:
            user = "postgres"
            for path in (folder, users, config):
                shutil.chown(path, user, user)
        self.process = self.run.process(self.name, [*self.wrapper, _PROGRAM, config], user=user, grace=3)
        self.process.start()
        self.process.await_ready(self._ready, 60 if self.wrapper else 10, "pgbouncer takes connections")
        return self

    def _ready(self):
        try:
            psycopg2.connect(**self.target.keywords).close()
            return True
        except psycopg2.OperationalError:
            return False
