"""Looks for secrets in everything a client received, also where they were transformed on the way.

A secret counts as leaked when the received bytes hold it verbatim, reversed, in another letter case, in hex, base64 or
base32, URL- or HTML-encoded, as UTF-16, hashed, compressed to its letters and digits, as a list of character codes, or
split over cells, rows or columns. The scanner never decodes a stranger's format: it computes each form of each secret
once and looks for those forms in a handful of views of the bytes.
"""
import base64
import hashlib
import html
import re
import struct
import urllib.parse
import uuid

# Forms shorter than this would be found by chance.
FORM_BYTES_MIN = 8
GRAM_BYTES = FORM_BYTES_MIN
NOT_ALPHANUMERIC = re.compile(rb"[^0-9a-zA-Z\x80-\xff]+")
NOT_DIGIT = re.compile(rb"[^0-9]+")
DECIMAL = re.compile(r"\d{6,}(\.\d+)?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


class Finding:
    def __init__(self, secret, form, view):
        self.secret = secret
        self.form = form
        self.view = view

    def __str__(self):
        return f"{self.secret!r} as {self.form} in {self.view}"


def base64_alignments(data):
    """The parts of base64 text that do not depend on what stands before or after `data`."""
    found = []
    for skip in range(3):
        encoded = base64.b64encode(b"\0" * skip + data).decode()
        start = (0, 2, 3)[skip]
        whole = (skip + len(data)) * 8 // 6
        found.append(encoded[start:whole])
    return found


def forms_of(secret):
    """{bytes: name} of every form of one secret that is searched for verbatim."""
    raw = secret.encode()
    forms = {}

    def add(form, name):
        data = form.encode() if isinstance(form, str) else form
        if len(data) >= FORM_BYTES_MIN:
            forms.setdefault(data, name)

    add(raw, "plain text")
    for text, direction in ((secret, ""), (secret[::-1], "reversed ")):
        data = text.encode()
        for variant in {text, text.upper(), text.lower(), text.title()}:
            add(variant, direction + "letters")
        add(data.hex(), direction + "hex")
        add(data.hex().upper(), direction + "hex")
        for part in base64_alignments(data):
            add(part, direction + "base64")
            add(part.replace("+", "-").replace("/", "_"), direction + "url-safe base64")
        add(base64.b32encode(data).decode().rstrip("=")[:-1], direction + "base32")
    for size in HASHES:
        digest = hashlib.new(size, raw)
        add(digest.hexdigest(), size)
        add(digest.hexdigest().upper(), size)
        add(digest.digest(), size + " bytes")
        for part in base64_alignments(digest.digest())[:1]:
            add(part, size + " in base64")
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        add(secret.encode(encoding), encoding)
    add(urllib.parse.quote(secret, safe=""), "URL encoding")
    add("".join(f"%{b:02x}" for b in raw), "URL encoding")
    add("".join(f"%{b:02X}" for b in raw), "URL encoding")
    add(html.escape(secret), "HTML encoding")
    add("".join(f"&#{ord(c)};" for c in secret), "HTML encoding")
    add("".join(f"&#x{ord(c):x};" for c in secret), "HTML encoding")
    add("".join(f"\\{b:03o}" for b in raw), "octal escapes")
    add("".join(f"\\u{ord(c):04x}" for c in secret), "unicode escapes")
    add("".join(f"{b:08b}" for b in raw), "bits")
    add(raw.translate(ROT13), "rot13")
    for form, name in binary_forms(secret):
        add(form, name)
    return forms


def binary_forms(secret):
    """What PostgreSQL's binary format makes of a secret that is a number or a UUID, or that is made one by its digits."""
    if UUID.fullmatch(secret):
        yield uuid.UUID(secret).bytes, "binary uuid"
        yield secret.replace("-", ""), "uuid without hyphens"
        return
    number = secret if DECIMAL.fullmatch(secret) else re.sub(r"\D", "", secret)
    if DECIMAL.fullmatch(number) and len(number) >= FORM_BYTES_MIN:
        whole, _, fraction = number.partition(".")
        yield _binary_numeric(whole, fraction), "binary numeric"
        yield struct.pack("!d", float(number)), "binary float8"
        if not fraction and int(whole) < 1 << 63:
            yield struct.pack("!q", int(whole)), "binary int8"


def _binary_numeric(whole, fraction):
    """numeric_send (src/backend/utils/adt/numeric.c): count, weight, sign, display scale, then digits to base 10,000."""
    digits = "0" * (-len(whole) % 4) + whole + fraction + "0" * (-len(fraction) % 4)
    groups = [int(digits[i:i + 4]) for i in range(0, len(digits), 4)]
    weight = (len(whole) + 3) // 4 - 1
    while groups and not groups[0]:
        groups, weight = groups[1:], weight - 1
    while groups and not groups[-1]:
        groups = groups[:-1]
    return struct.pack(f"!hhHH{len(groups)}h", len(groups), weight, 0, len(fraction), *groups)


def _rot13():
    table = bytearray(range(256))
    for first in (ord("a"), ord("A")):
        for i in range(26):
            table[first + i] = first + (i + 13) % 26
    return bytes(table)


ROT13 = _rot13()


def compact_forms_of(secret):
    """Forms to look for after everything but letters and digits is gone: separators do not hide a value."""
    bare = NOT_ALPHANUMERIC.sub(b"", secret.encode()).lower()
    codes = "".join(str(ord(c)) for c in secret).encode()
    reversed_codes = "".join(str(ord(c)) for c in reversed(secret)).encode()
    hexadecimal = secret.encode().hex().encode()
    named = ((bare, "letters and digits"), (hexadecimal, "spaced hex"), (bare[::-1], "letters and digits reversed"), (codes, "character codes"),
             (reversed_codes, "character codes reversed"))
    return {form: name for form, name in named if len(form) >= FORM_BYTES_MIN}


def digit_forms_of(secret):
    digits = NOT_DIGIT.sub(b"", secret.encode())
    return {form: "digits only" for form in (digits, digits[::-1]) if len(form) >= FORM_BYTES_MIN}


def _rows_reversed(rows):
    return [cell for row in reversed(rows) for cell in row]


def _transposed(rows):
    width = max((len(row) for row in rows), default=0)
    return [row[i] for i in range(width) for row in rows if i < len(row)]


def cell_views(rows):
    """Concatenations in which a value that was split over cells becomes whole again."""
    orders = {
        "cells in order": [cell for row in rows for cell in row],
        "cells in reverse row order": _rows_reversed(rows),
        "cells column by column": _transposed(rows),
        "cells column by column, last row first": _transposed(rows[::-1]),
    }
    for name, cells in orders.items():
        yield name, b"".join(cell for cell in cells if cell is not None)


def characters_from_codes(rows):
    """Binary integers and text integers between 32 and 255 read as characters, column by column."""
    codes = []
    for cell in _transposed(rows):
        if cell is None:
            continue
        if cell.isdigit() and len(cell) <= 3:
            codes.append(int(cell))
        elif len(cell) in (2, 4, 8) and cell[:-1] == b"\0" * (len(cell) - 1):
            codes.append(cell[-1])
    return bytes(code for code in codes if 32 <= code < 256)


class Scanner:
    """Built once for a list of secrets; `scan` may be called for any number of transcripts."""

    def __init__(self, secrets):
        self.secrets = list(secrets)
        self._verbatim = self._index(forms_of)
        self._compact = self._index(compact_forms_of)
        self._digits = self._index(digit_forms_of)

    def _index(self, forms):
        """{first bytes of a form: [(form, its name, secret)]}: one pass over a view finds candidates for all secrets."""
        index = {}
        for secret in self.secrets:
            for form, name in forms(secret).items():
                index.setdefault(form[:GRAM_BYTES], []).append((form, name, secret))
        return index

    def scan(self, received, rows=(), payloads=()):
        """`received`: every byte of the socket; `rows`: cells of all rows; `payloads`: other data such as COPY lines."""
        views = [("the received bytes", bytes(received))]
        rows = list(rows) + [[payload] for payload in payloads]
        views += cell_views(rows)
        views.append(("numbers read as characters", characters_from_codes(rows)))
        found = []
        for view, data in views:
            found += self._search(self._verbatim, view, data)
            bare = NOT_ALPHANUMERIC.sub(b"", data).lower()
            found += self._search(self._compact, view + ", letters and digits only", bare)
            if view != "the received bytes":
                found += self._search(self._digits, view + ", digits only", NOT_DIGIT.sub(b"", data))
        return found

    @staticmethod
    def _search(index, view, data):
        if len(data) < GRAM_BYTES or not index:
            return []
        grams = {data[i:i + GRAM_BYTES] for i in range(len(data) - GRAM_BYTES + 1)}
        return [Finding(secret, name, view) for gram in grams.intersection(index)
                for form, name, secret in index[gram] if form in data]
