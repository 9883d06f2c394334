"""One chaperone-controlplane in development mode: it issues its own certificates and runs the token issuer.

Further identities (other approvers, further sidecars) are signed here with the development authority's key.
"""
import yaml

from tests.support.certificates import Authority
from tests.support.cli import Cli
from tests.support.process import free_port
from tests.support.programs import program
from tests.support.telemetry import Telemetry

AUDIENCE = "chaperone"


class ControlPlane:
    """The control plane of a stack. Ports are fixed in its file, so that it can be restarted with it."""

    def __init__(self, run, name="controlplane"):
        self.run, self.name = run, name
        self.folder = run.folder / name
        self.folder.mkdir(exist_ok=True)
        self.port, self.telemetry_port, self.issuer_port = free_port(), free_port(), free_port()
        self.address = f"localhost:{self.port}"
        self.issuer = f"http://127.0.0.1:{self.issuer_port}"
        self.telemetry = Telemetry(self.telemetry_port)
        self.state = self.folder / "state"
        self.certificates = self.folder / "certificates"
        self.path = self.folder / "controlplane.yaml"
        self.config = {
            "listen": {"address": "127.0.0.1", "port": self.port},
            "telemetry": {"address": "127.0.0.1", "port": self.telemetry_port},
            "state": str(self.state),
            "dev": {"certificates": str(self.certificates), "issuer": {"port": self.issuer_port}},
            "log": {"level": "info"},
        }
        self.process = None
        self._authority = None

    def start(self, *, await_ready=True):
        self.path.write_text(yaml.safe_dump(self.config, sort_keys=False))
        if self.process is None:
            self.process = self.run.process(self.name, [program("chaperone-controlplane"), "--config", self.path, "--dev"],
                                            grace=15)
        self.process.start()
        if await_ready:
            self.await_ready()
        return self

    def await_ready(self, seconds=30):
        self.process.await_ready(self.telemetry.ready, seconds, f"{self.name} is ready at {self.telemetry.url}/readyz")

    def kill(self):
        """SIGKILL: what a crash looks like to its store, its sidecars and its clients."""
        self.process.kill()

    def stop(self):
        """SIGTERM and its exit code."""
        return self.process.stop()

    @property
    def log(self):
        return self.process.log.read_text(errors="replace")

    @property
    def dev_key(self):
        """The private key of the development issuer, as a PEM file."""
        return self.state / "dev_issuer.key"

    @property
    def authority(self):
        """The development authority, with its key."""
        if self._authority is None:
            self._authority = Authority.open(self.certificates)
        return self._authority

    def identity(self, name, *, roles, groups=()):
        """(certificate, key, ca) of an identity with these roles and approver groups; made on first use."""
        if not (self.certificates / f"{name}.pem").exists():
            uris = [f"chaperone:user:{name}", *(f"chaperone:role:{r}" for r in roles), *(f"chaperone:group:{g}" for g in groups)]
            self.authority.client(name, uris)
        return self.certificates / f"{name}.pem", self.certificates / f"{name}.key", self.authority.path

    def cli(self, name, *, roles, groups=(), transcript=None):
        """The command line program as an identity."""
        certificate, key, ca = self.identity(name, roles=roles, groups=groups)
        return Cli(self.address, ca, certificate, key, transcript)
