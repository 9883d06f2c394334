"""One chaperone-sidecar with its configuration file. Ports are fixed in the file, so that it can be restarted with it."""
import copy

import yaml

from tests.support.process import free_port
from tests.support.programs import program
from tests.support.target import Target
from tests.support.telemetry import Telemetry


class Sidecar:
    """A sidecar of a stack. `changes` is merged into its configuration; a None removes the key."""

    def __init__(self, run, name, endpoint, postgres, control, identity, *, changes=None):
        self.run, self.name, self.endpoint = run, name, endpoint
        self.folder = run.folder / name
        self.folder.mkdir(exist_ok=True)
        self.port, self.telemetry_port = free_port(), free_port()
        self.telemetry = Telemetry(self.telemetry_port)
        self.path = self.folder / "sidecar.yaml"
        # Beside the state, not in it: the folder of the sidecar's own files can then be searched for the credential.
        password = run.folder / f"{name}.password"
        password.touch(mode=0o600)
        password.write_text(postgres.role_password)
        self.password_file = password
        certificate, key, ca = identity
        tls = {"mode": "verify-full", "ca": str(postgres.authority.path)} if postgres.tls else {"mode": "disable"}
        self.config = {
            "name": name,
            "endpoint": endpoint,
            "labels": {"env": "dev"},
            "listen": {"address": "127.0.0.1", "port": self.port},
            "telemetry": {"address": "127.0.0.1", "port": self.telemetry_port},
            "upstream": {"host": "localhost" if postgres.tls else "127.0.0.1", "port": postgres.port,
                         "user": postgres.role.user, "password_file": str(password), "connect_timeout": "20s", "tls": tls},
            "control_plane": {"address": control, "ca": str(ca), "certificate": str(certificate), "key": str(key)},
            "state": str(self.folder / "state"),
            "log": {"level": "info"},
        }
        self._merge(self.config, changes or {})
        self.process = None

    def _merge(self, into, changes):
        for key, value in copy.deepcopy(changes).items():
            if value is None:
                into.pop(key, None)
            elif isinstance(value, dict) and isinstance(into.get(key), dict):
                self._merge(into[key], value)
            else:
                into[key] = value

    def configure(self, changes=None):
        """Merges changes and writes the file; its path."""
        self._merge(self.config, changes or {})
        self.path.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return self.path

    def start(self, *, await_ready=True, wrapper=(), env=None):
        """Starts the program, under `wrapper` (strace, valgrind) if given, and waits until it is ready."""
        self.configure()
        if self.process is None:
            self.process = self.run.process(self.name, [*wrapper, program("chaperone-sidecar"), "--config", self.path],
                                            env=env, grace=40)
        self.process.start()
        if await_ready:
            self.await_ready(180 if wrapper else 30)
        return self

    def await_ready(self, seconds=30):
        self.process.await_ready(self.telemetry.ready, seconds, f"{self.name} is ready at {self.telemetry.url}/readyz")

    def kill(self):
        """SIGKILL: what it spooled stays on disk."""
        self.process.kill()

    def stop(self):
        """SIGTERM and its exit code."""
        return self.process.stop()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.process.log.read_text(errors="replace")

    def target(self, token, *, user="agent", database="shop"):
        """Where an agent with this token connects. The user name is a hint at most."""
        return Target("127.0.0.1", self.port, user, token, database)

    def resident_bytes(self):
        """Resident memory of the process (VmRSS)."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))
