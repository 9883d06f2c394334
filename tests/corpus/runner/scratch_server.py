"""A PostgreSQL server of one's own: Debian's binaries, a new data folder, a free port on loopback."""
import contextlib
import os
import pathlib
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
START_TIMEOUT_S = 60
MEMORY, MEMORY_BYTES_MIN = "/dev/shm", 3 << 30
SETTINGS = {
    "listen_addresses": "127.0.0.1", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "autovacuum": "off", "wal_level": "logical", "max_wal_senders": "4", "max_prepared_transactions": "8",
    "max_connections": "60", "shared_preload_libraries": "pg_stat_statements", "log_min_messages": "warning",
    "lc_messages": "C", "timezone": "UTC", "shared_buffers": "32MB",
    "max_wal_size": "128MB", "min_wal_size": "32MB",
}


def free_port():
    """Below those that the kernel gives to outgoing connections, where there are any."""
    first, first_ephemeral = 10_000, int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(first, first_ephemeral) if first_ephemeral > first else 0))
            return probe.getsockname()[1]


def roomy_memory():
    """A folder in memory when there is one with room: databases are copied by the hundred, five times as fast there."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN and os.access(MEMORY, os.W_OK) else None
    except OSError:
        return None


def _as_postgres(command):
    """PostgreSQL refuses to run as root."""
    return command if os.geteuid() else ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


class ScratchServer:
    def __init__(self, settings=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="corpus-pg-", dir=roomy_memory()))
        self.port = free_port()
        self._settings = {**SETTINGS, **(settings or {}), "port": str(self.port),
                          "unix_socket_directories": str(self.folder)}
        self._process = None

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self):
        if not os.geteuid():
            postgres = pwd.getpwnam("postgres")
            os.chown(self.folder, postgres.pw_uid, postgres.pw_gid)
        self.folder.chmod(0o755)
        data = self.folder / "data"
        subprocess.run(_as_postgres([BINARIES / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8",
                                     "--locale=C.UTF-8", "--no-sync"]), check=True, stdout=subprocess.DEVNULL, cwd="/")
        arguments = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(_as_postgres([BINARIES / "postgres", "-D", data, *arguments]),
                                             stdout=log, stderr=log, cwd="/")
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        command = [BINARIES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(command, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start: " + (self.folder / "log").read_text())
            time.sleep(0.1)

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.send_signal(3)  # SIGQUIT: an immediate shutdown; the data is thrown away anyway
            self._process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def scratch_server(settings=None):
    server = ScratchServer(settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
