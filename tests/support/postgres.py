"""A throwaway PostgreSQL 15: a data folder of its own, a free port on loopback, the sample database, the sidecar's role.

PostgreSQL refuses to run as root; started by root it runs as Debian's user `postgres`, who must be able to reach the folder.
Every password is random. Over TCP and the Unix socket alike it asks for SCRAM-SHA-256; with `tls` the sidecar's role may
only come with TLS.
"""
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import psycopg2

from tests.support.certificates import Authority
from tests.support.process import free_port
from tests.support.target import Target

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
ROLE = "chaperone_app"
DATABASE = "shop"
# An equal database to which nobody connects, so that more can be made from it at any time.
TEMPLATE = "shop_template"
_SHOP = pathlib.Path(__file__).with_name("shop.sql")

_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "max_connections": "300",
    "password_encryption": "'scram-sha-256'",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "'%m [%p] %u@%d '",
    "max_prepared_transactions": "10",
    "timezone": "'UTC'",
    "lc_messages": "'C'",
}


def _passable(folder, uid):
    """Whether user `uid` can get into `folder`."""
    for part in [folder, *folder.parents]:
        info = part.stat()
        if not (info.st_mode & stat.S_IXOTH or (info.st_uid == uid and info.st_mode & stat.S_IXUSR)):
            return False
    return True


class Postgres:
    """The server. `start()` makes the data folder and loads the sample database unless `shop` is off; `rules` are lines for
    pg_hba.conf that come before ours."""

    def __init__(self, run, *, tls=False, shop=True, settings=None, rules=()):
        self.run, self.tls, self.shop, self.rules = run, tls, shop, rules
        self.settings = dict(_SETTINGS, **(settings or {}))
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else None
        self.superuser_password, self.role_password = secrets.token_hex(16), secrets.token_hex(24)
        self.data = None
        self.process = None
        self.authority = None

    @property
    def superuser(self):
        """Straight to the sample database, as superuser."""
        return Target("127.0.0.1", self.port, "postgres", self.superuser_password, DATABASE if self.shop else "postgres")

    @property
    def role(self):
        """Straight to the sample database, as the role that the sidecar uses."""
        return self.superuser.but(user=ROLE, password=self.role_password)

    def start(self):
        self._make_folder()
        self._initdb()
        self._configure()
        self.process = self.run.process("postgres", [BIN / "postgres", "-D", self.data], user=self.user,
                                        stop_signal=signal.SIGINT, grace=20)
        self.process.start()
        self.await_ready()
        self._load()
        return self

    def await_ready(self):
        """Waits until the server takes connections."""
        def ready():
            try:
                psycopg2.connect(**self.superuser.but(database="postgres").keywords).close()
                return True
            except psycopg2.OperationalError:
                return False
        self.process.await_ready(ready, 30, "PostgreSQL takes connections")

    def restart(self):
        """Stops the server and starts it again on the same port with the same data."""
        self.process.stop()
        self.process.start()
        self.await_ready()

    def psql(self, sql, *, database=None):
        """Runs SQL as superuser with psql; its output, unaligned and without headings. Raises on errors."""
        target = self.superuser.but(database=database) if database else self.superuser
        done = subprocess.run([BIN / "psql", "-XqAtv", "ON_ERROR_STOP=1", "-c", sql], env=dict(os.environ, **target.env),
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"psql: {done.stderr.strip()} in: {sql}")
        return done.stdout.strip()

    def backends(self, user=ROLE):
        """How many server processes serve a role right now."""
        return int(self.psql(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'"))

    def create_database(self, name):
        """An empty database beside `shop`; its superuser Target."""
        self.psql(f'CREATE DATABASE "{name}"', database="postgres")
        return self.superuser.but(database=name)

    def _make_folder(self):
        folder = self.run.folder / "postgres"
        if self.user:
            uid = pwd.getpwnam(self.user).pw_uid
            if not _passable(self.run.folder, uid) and self.run.folder.stat().st_uid == os.geteuid():
                self.run.folder.chmod(self.run.folder.stat().st_mode | 0o011)
            if not _passable(self.run.folder, uid):
                # A folder above is closed to the database's user: its data lies in the temporary folder, linked from here.
                hidden = pathlib.Path(tempfile.mkdtemp(prefix="chaperone-postgres-"))
                hidden.chmod(0o755)
                if not self.run.detached:
                    self.run.on_exit(shutil.rmtree, hidden, True)
                folder.symlink_to(hidden)
        folder.mkdir(exist_ok=True)
        self.data = folder.resolve() / "data"
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(folder.resolve(), self.user, self.user)
            shutil.chown(self.data, self.user, self.user)

    def _initdb(self):
        password = self.data.parent / "superuser_password"
        password.touch(mode=0o600)
        password.write_text(self.superuser_password)
        identity = {}
        if self.user:
            shutil.chown(password, self.user, self.user)
            identity = {"user": self.user, "group": self.user, "extra_groups": []}
        done = subprocess.run([BIN / "initdb", "-D", self.data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}",
                               "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"], cwd="/",
                              capture_output=True, text=True, **identity)
        password.unlink()
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _configure(self):
        settings = dict(self.settings, port=self.port, unix_socket_directories=f"'{self.data.parent}'")
        rules = [*self.rules, "local all all scram-sha-256"]
        if self.tls:
            self.authority = Authority(self.run.folder / "postgres-tls", "Database authority")
            certificate, key = self.authority.server("postgres")
            for source, name in ((certificate, "server.crt"), (key, "server.key")):
                shutil.copy(source, self.data / name)
                (self.data / name).chmod(0o600)
                if self.user:
                    shutil.chown(self.data / name, self.user, self.user)
            settings["ssl"] = "on"
            rules.append(f"hostnossl all {ROLE} 127.0.0.1/32 reject")
        rules.append("host all all 127.0.0.1/32 scram-sha-256")
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        (self.data / "pg_hba.conf").write_text("\n".join(rules) + "\n")

    def _load(self):
        self.psql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.role_password}' IN ROLE pg_read_all_data, pg_write_all_data",
                  database="postgres")
        if self.shop:
            self.psql(f"CREATE DATABASE {DATABASE}", database="postgres")
            subprocess.run([BIN / "psql", "-Xq", "-f", _SHOP], env=dict(os.environ, **self.superuser.env), check=True,
                           stdout=subprocess.DEVNULL)
            self.psql(f"CREATE DATABASE {TEMPLATE} TEMPLATE {DATABASE}", database="postgres")


def started(run, **options):
    """A running server, and how long that took in seconds."""
    begin = time.monotonic()
    return Postgres(run, **options).start(), time.monotonic() - begin
