"""Tokens that the development issuer would not make: other claims, other headers, other signatures."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token):
    """(header, claims) of a token, unverified."""
    header, claims, _ = token.split(".")
    return json.loads(_decode(header)), json.loads(_decode(claims))


def _signature(algorithm, key, data):
    if algorithm.startswith("HS"):
        return hmac.digest(key, data, hashlib.sha256)
    if algorithm.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if algorithm.startswith("PS"):
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(header, claims, key):
    """A token in compact form; the algorithm is the header's. A None key leaves the signature empty."""
    data = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{data}.{_encode(_signature(header['alg'], key, data.encode())) if key is not None else ''}"


def stranger_key(like):
    """A fresh key of the same kind as `like`."""
    return (rsa.generate_private_key(65537, 2048) if isinstance(like, rsa.RSAPrivateKey)
            else ec.generate_private_key(ec.SECP256R1()))


class Forge:
    """Makes variations of a real token of an issuer whose private key (PEM file) we hold."""

    def __init__(self, token, key_path):
        self.header, self.claims = parts(token)
        self.key = serialization.load_pem_private_key(key_path.read_bytes(), None)

    def make(self, *, key=None, header=None, drop=(), **claims):
        """The token again with other claims (None in `drop`), header fields or key, properly signed."""
        changed = {k: v for k, v in {**self.claims, **claims}.items() if k not in drop}
        return sign({**self.header, **(header or {})}, changed, key or self.key)

    def bad(self):
        """{what is wrong: token} for every kind of token that must be refused."""
        now = int(time.time())
        public = self.key.public_key()
        encodings = [public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
                     public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)]
        good = self.make()
        body, _, signature = good.rpartition(".")
        return {
            "empty": "",
            "garbage": "correct horse battery staple",
            "garbage with dots": "a.b.c",
            "not JSON inside": ".".join([_encode(b"{"), _encode(b"}"), _encode(b"x" * 64)]),
            "expired": self.make(exp=now - 3600, iat=now - 7200),
            "not valid yet": self.make(nbf=now + 3600),
            "without exp": self.make(drop=["exp"]),
            "exp as text": self.make(exp=str(now + 600)),
            "another audience": self.make(aud="somebody-else"),
            "without audience": self.make(drop=["aud"]),
            "another issuer": self.make(iss="https://stranger.example.com"),
            "signed by a stranger": self.make(key=stranger_key(self.key)),
            "unknown key id": self.make(header={"kid": "unknown"}, key=stranger_key(self.key)),
            "alg none": sign({**self.header, "alg": "none"}, self.claims, None),
            "alg None": sign({**self.header, "alg": "None"}, self.claims, None),
            "HS256 with the public key as PEM": sign({**self.header, "alg": "HS256"}, self.claims, encodings[0]),
            "HS256 with the public key as DER": sign({**self.header, "alg": "HS256"}, self.claims, encodings[1]),
            "without signature": body + ".",
            "damaged signature": f"{body}.{'A' * 8}{signature[8:]}",
            "damaged claims": good.replace(".", ".A", 1),
            "unknown critical header": self.make(header={"crit": ["surprise"], "surprise": 1}),
            "without subject": self.make(drop=["sub"]),
            "huge": self.make(padding="x" * 200000),
            "deeply nested": self.make(deep=json.loads("[" * 400 + "]" * 400)),
        }
