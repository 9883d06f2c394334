"""Check digits, from the public descriptions of each scheme. Nothing here is shared with the detectors."""
import hashlib

from dataplane.masking.detect.labelled.draw import BASE58


def luhn(body):
    """ISO/IEC 7812-1, annex B: the digit that follows `body`."""
    total = 0
    for i, c in enumerate(reversed(body)):
        digit = int(c)
        if i % 2 == 0:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return str(-total % 10)


def weighted(body, weights):
    """The sum of digit times weight."""
    assert len(body) == len(weights), (body, weights)
    return sum(int(c) * w for c, w in zip(body, weights))


def mod11_10(body):
    """ISO 7064, MOD 11,10."""
    product = 10
    for c in body:
        product = ((int(c) + product) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def mod11_2(body):
    """ISO 7064, MOD 11-2: the last may be an X."""
    total = 0
    for c in body:
        total = (total + int(c)) * 2 % 11
    value = (12 - total) % 11
    return "X" if value == 10 else str(value)


def mod97(text):
    """ISO 7064, MOD 97-10, with letters as 10 to 35."""
    return int("".join(str(int(c, 36)) for c in text)) % 97


def ean(body):
    """GS1 General Specifications, 7.9: weights 3 and 1 from the right."""
    return str(-sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(body))) % 10)


def _dihedral(a, b):
    """The product of the dihedral group D5: rotations 0 to 4, reflections 5 to 9."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5
    return (a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5


def verhoeff(body):
    """J. Verhoeff, Error Detecting Decimal Codes (1969)."""
    base = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)

    def permuted(digit, times):
        for _ in range(times):
            digit = base[digit]
        return digit
    check = 0
    for i, c in enumerate(reversed(body)):
        check = _dihedral(check, permuted(int(c), (i + 1) % 8))
    return str((5 - check) % 5 if check < 5 else check)


def base58check(payload):
    """Base58Check, as Bitcoin writes addresses and keys."""
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def bech32(prefix, values, constant=1):
    """BIP 173 (constant 1) and BIP 350 (0x2bc830a3): `values` are numbers of five bits."""
    charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

    def polymod(numbers):
        check = 1
        for number in numbers:
            top = check >> 25
            check = (check & 0x1ffffff) << 5 ^ number
            for i, part in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                check ^= part if top >> i & 1 else 0
        return check
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    rest = polymod(spread + values + [0] * 6) ^ constant
    tail = [rest >> 5 * (5 - i) & 31 for i in range(6)]
    return prefix + "1" + "".join(charset[v] for v in values + tail)


def five_bits(data):
    """Bytes as numbers of five bits."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
