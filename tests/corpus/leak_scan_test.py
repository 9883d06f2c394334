"""The scanner finds a secret in every disguise that it claims to know, and nothing where there is none."""
import base64
import hashlib
import os
import random
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from runner.leak_scan import Scanner, base64_alignments  # noqa: E402

SECRET = "487-63-9151"
LETTERS = "mira.Okafor@vault.example"


def frame(data):
    return b"D\0\0\0\x20\0\1" + len(data).to_bytes(4, "big") + data + b"C\0\0\0\x0dSELECT 1\0"


class LeakScan(unittest.TestCase):
    def setUp(self):
        self.scanner = Scanner([SECRET, LETTERS])

    def finds(self, data, rows=()):
        return self.scanner.scan(frame(data), rows)

    def test_finds_plain_text_in_the_middle_of_other_bytes(self):
        self.assertTrue(self.finds(b"before " + SECRET.encode() + b" after"))

    def test_finds_byte_level_disguises(self):
        raw = SECRET.encode()
        disguises = {
            "reversed": raw[::-1],
            "hex": raw.hex().encode(),
            "upper-case hex": raw.hex().upper().encode(),
            "bytea": b"\\x" + raw.hex().encode(),
            "md5": hashlib.md5(raw).hexdigest().encode(),
            "sha1 bytes": hashlib.sha1(raw).digest(),
            "sha256": hashlib.sha256(raw).hexdigest().encode(),
            "sha512 in upper case": hashlib.sha512(raw).hexdigest().upper().encode(),
            "sha256 in base64": base64.b64encode(hashlib.sha256(raw).digest()),
            "utf-16": SECRET.encode("utf-16-le"),
            "URL encoding of every byte": "".join(f"%{b:02X}" for b in raw).encode(),
            "HTML entities": "".join(f"&#{b};" for b in raw).encode(),
            "octal": "".join(f"\\{b:03o}" for b in raw).encode(),
            "bits": "".join(f"{b:08b}" for b in raw).encode(),
            "other separators": b"487.63.9151",
            "spaces between characters": " ".join(SECRET).encode(),
            "digits": b"487639151",
            "character codes": ",".join(str(b) for b in raw).encode(),
            "character codes in braces": b"{" + b", ".join(str(b).encode() for b in raw) + b"}",
        }
        for name, data in disguises.items():
            with self.subTest(name):
                self.assertTrue(self.finds(data))

    def test_finds_the_digits_as_binary_numbers(self):
        number = 487639151
        self.assertTrue(self.finds(number.to_bytes(8, "big")))
        self.assertTrue(self.finds(b"\0\x03\0\x02\0\0\0\0\0\x04\x22\x3b\x23\xbf"))
        self.assertFalse(self.finds((number + 1).to_bytes(8, "big")))

    def test_finds_base64_at_all_three_alignments_and_url_safe(self):
        odd = "~~??>>secret>>??~~"
        scanner = Scanner([odd])
        for skip in range(3):
            for tail in range(3):
                data = b"x" * skip + odd.encode() + b"y" * tail
                with self.subTest(skip=skip, tail=tail):
                    self.assertTrue(scanner.scan(base64.b64encode(data)))
                    self.assertTrue(scanner.scan(base64.urlsafe_b64encode(data)))

    def test_base64_alignments_hold_only_bits_of_the_secret(self):
        for part, skip in zip(base64_alignments(b"abcdefghij"), range(3)):
            for around in (b"\x00", b"\xff", b"Z"):
                text = base64.b64encode(around * skip + b"abcdefghij" + around * 3).decode()
                self.assertIn(part, text)

    def test_finds_letters_in_other_case_and_encodings(self):
        for data in (LETTERS.upper(), LETTERS.lower(), LETTERS.title(), LETTERS[::-1].upper(),
                     urllib.parse.quote(LETTERS, safe=""), LETTERS.replace("@", " at ").replace(" at ", "(@)")):
            with self.subTest(data):
                self.assertTrue(self.finds(data.encode()))

    def test_finds_a_secret_split_over_rows_and_columns(self):
        characters = [c.encode() for c in SECRET]
        layouts = {
            "a character a row": [[c] for c in characters],
            "last character first": [[c] for c in reversed(characters)],
            "all in one row": [characters],
            "with a row number before each": [[str(i).encode(), c] for i, c in enumerate(characters)],
            "with nulls between": [[c, None] for c in characters],
            "in two halves": [[SECRET[:5].encode()], [SECRET[5:].encode()]],
            "digits of a sum": [[b"487"], [b"63"], [b"9151"]],
            "codes as text": [[str(ord(c)).encode()] for c in SECRET],
            "codes as binary int4": [[ord(c).to_bytes(4, "big")] for c in SECRET],
            "codes as binary int8": [[ord(c).to_bytes(8, "big")] for c in SECRET],
        }
        for name, rows in layouts.items():
            with self.subTest(name):
                self.assertTrue(self.scanner.scan(b"", rows))

    def test_finds_a_secret_in_copy_data(self):
        self.assertTrue(self.scanner.scan(b"", payloads=[b"1\t487", b"-63-91", b"51\n"]))

    def test_finds_binary_numbers_and_uuids(self):
        number, decimal, name = "7391846205518376", "81736452908173.5521", "6f1d2c84-93ab-4e57-b0c6-5a7e19d3f842"
        scanner = Scanner([number, decimal, name])
        cells = {
            "int8": int(number).to_bytes(8, "big"),
            # int2 count of groups, weight, sign and display scale, then base-10000 groups.
            "numeric": bytes.fromhex("0005 0003 0000 0004") + b"".join(
                group.to_bytes(2, "big") for group in (81, 7364, 5290, 8173, 5521)),
            "uuid": bytes.fromhex(name.replace("-", "")),
        }
        for kind, cell in cells.items():
            with self.subTest(kind):
                self.assertTrue(scanner.scan(frame(cell)))

    def test_says_which_secret_and_where(self):
        finding = self.finds(LETTERS[::-1].encode())[0]
        self.assertEqual(finding.secret, LETTERS)
        self.assertIn("reversed", str(finding))
        self.assertIn("received bytes", str(finding))

    def test_finds_nothing_in_masked_or_foreign_data(self):
        for data in (b"***-**-9151", b"487-**-****", b"****", b"2024-06-39 15:14:87", b"", b"487-63-9150"):
            with self.subTest(data):
                self.assertEqual(self.finds(data), [])

    def test_finds_nothing_in_a_megabyte_of_noise(self):
        noise = random.Random(7)
        rows = [[str(noise.randrange(10**6)).encode(), noise.randbytes(12).hex().encode()] for _ in range(20_000)]
        self.assertEqual(self.scanner.scan(noise.randbytes(1 << 20), rows), [])


if __name__ == "__main__":
    unittest.main()
