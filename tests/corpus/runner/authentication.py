"""Client side of PostgreSQL's password exchanges: cleartext, MD5 and SCRAM-SHA-256 (RFC 5802, RFC 7677)."""
import base64
import hashlib
import hmac
import os


def md5_response(user, password, salt):
    """The body of a PasswordMessage that answers AuthenticationMD5Password."""
    inner = hashlib.md5(password.encode() + user.encode()).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode() + b"\0"


class Scram:
    """One SCRAM-SHA-256 exchange without channel binding."""

    def __init__(self, password):
        self._password = password.encode()
        self._nonce = base64.b64encode(os.urandom(18)).decode()
        self._first_bare = "n=,r=" + self._nonce
        self._server_signature = None

    def first(self):
        return ("n,," + self._first_bare).encode()

    def final(self, server_first):
        """Answers server-first-message. Raises ValueError when the server did not extend our nonce."""
        text = server_first.decode()
        fields = dict(part.split("=", 1) for part in text.split(","))
        if not fields["r"].startswith(self._nonce):
            raise ValueError("the server's nonce does not start with ours")
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(fields["s"]), int(fields["i"]))
        without_proof = "c=biws,r=" + fields["r"]
        auth_message = ",".join([self._first_bare, text, without_proof]).encode()
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth_message, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self._server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth_message, "sha256")
        return (without_proof + ",p=" + base64.b64encode(proof).decode()).encode()

    def verify(self, server_final):
        """Raises ValueError when the server does not know the password either."""
        expected = b"v=" + base64.b64encode(self._server_signature)
        if not hmac.compare_digest(server_final, expected):
            raise ValueError("the server's signature is wrong")
