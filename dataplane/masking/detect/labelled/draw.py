"""Random pieces of text, all from one seeded source, so that the corpus is the same every time.

A `Sample` is a value as it is written, with the words that say what it is where its kind needs any.
"""
import base64
import dataclasses
import random
import string

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
LOWER_ALNUM = string.ascii_lowercase + string.digits
UPPER_ALNUM = string.ascii_uppercase + string.digits
BASE64URL = ALNUM + "-_"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclasses.dataclass
class Sample:
    """`text` is what stands in the cell, with {} for the `secret`, which is the part that must be found. With `labels` one of them stands near, or
    names the column. `whole`: the text brings its own surroundings, and nothing more is put around it."""
    text: str
    secret: str = ""
    labels: tuple = ()
    whole: bool = False

    def __post_init__(self):
        self.secret = self.secret or self.text
        self.text = self.text.replace("{}", self.secret)


class Draw(random.Random):
    """The source of everything random."""

    def digits(self, count, first=string.digits):
        """So many digits; the first of them one of `first`."""
        return self.choice(first) + self.of(string.digits, count - 1)

    def of(self, alphabet, count):
        """So many characters of an alphabet."""
        return "".join(self.choices(alphabet, k=count))

    def mixed(self, alphabet, count):
        """The same with a digit and a letter in it, as a long random key has."""
        while True:
            text = self.of(alphabet, count)
            if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
                return text

    def hex(self, count):
        """So many hexadecimal digits, lower case."""
        return self.of(HEX, count)

    def base64(self, byte_count):
        """Random bytes in Base64, padding and all."""
        return base64.b64encode(self.randbytes(byte_count)).decode()

    def base64url(self, byte_count):
        """The same in the alphabet for URLs, without padding."""
        return base64.urlsafe_b64encode(self.randbytes(byte_count)).decode().rstrip("=")

    def uuid(self):
        """RFC 4122, version 4."""
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{self.choice('89ab')}{h[17:20]}-{h[20:]}"

    def date(self, first=1940, last=2006):
        """A day: (year, month, day)."""
        return self.randint(first, last), self.randint(1, 12), self.randint(1, 28)

    def chance(self, probability):
        """True so often."""
        return self.random() < probability


def grouped(text, sizes, separator):
    """The text in groups of these sizes."""
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at:at + size])
        at += size
    return separator.join(parts)


def named(labels, *texts):
    """Samples that need one of these words near them."""
    return [Sample(text, labels=tuple(labels)) for text in texts]


def alone(*texts):
    """Samples that are known on sight."""
    return [Sample(text) for text in texts]
