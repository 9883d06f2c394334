"""A certificate authority of one test run, and the server certificates that it signs. Keys are P-256: quick to make."""
import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _write(path, data):
    path = pathlib.Path(path)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path


class Authority:
    """Writes ca.pem and, on demand, NAME.pem and NAME.key into its folder."""

    @classmethod
    def open(cls, folder):
        """An authority that somebody else made: ca.pem with its key in ca.key."""
        self = cls.__new__(cls)
        self.folder, self.path = pathlib.Path(folder), pathlib.Path(folder) / "ca.pem"
        self._key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        self._name = x509.load_pem_x509_certificate(self.path.read_bytes()).subject
        return self

    def __init__(self, folder, name="Test authority"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._builder(self._name, self._key, days=30).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(self._key, hashes.SHA256())
        self.path = _write(self.folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key, days):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=days)))

    def server(self, name, hosts=("localhost", "127.0.0.1"), days=7):
        """(certificate path, key path) of a server known under `hosts`; an expired one with a negative `days`."""
        names = []
        for host in hosts:
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(host)))
            except ValueError:
                names.append(x509.DNSName(host))
        return self._issue(name, names, days)

    def client(self, name, uris, days=7):
        """(certificate path, key path) of a client that carries these URIs as its alternative names."""
        return self._issue(name, [x509.UniformResourceIdentifier(uri) for uri in uris], days)

    def _issue(self, name, names, days):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (self._builder(subject, key, days).add_extension(x509.SubjectAlternativeName(names), critical=False)
                       .sign(self._key, hashes.SHA256()))
        encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption())
        return (_write(self.folder / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM)),
                _write(self.folder / f"{name}.key", encoded))
