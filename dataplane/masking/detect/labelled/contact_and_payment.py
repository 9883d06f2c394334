"""E-mail addresses, phone numbers, network addresses, cards, bank codes, wallets."""
import ipaddress

from dataplane.masking.detect.labelled import checks
from dataplane.masking.detect.labelled.draw import UPPER_ALNUM, Draw, Sample, alone, grouped, named

_FIRST = ("jane", "omar", "wei", "lucia", "björn", "anna-lena", "o'brien", "k", "priya", "JOHN", "Maria", "ops", "info")
_LAST = ("doe", "müller", "garcia", "van.dijk", "nguyen", "smith", "ito", "kowalski", "SILVA", "x")
_DOMAIN = ("example.com", "mail.example.org", "corp.example.co.uk", "firma-example.de", "uni.example.edu", "example.photography",
           "EXAMPLE.NET", "b2b.example.io", "sub.sub2.example.com.br", "xn--mller-kva.example", "bücher.example")


def email(r: Draw):
    """RFC 5322, addr-spec with a dot-atom; RFC 6531 for the rest of the world."""
    first, last = r.choice(_FIRST), r.choice(_LAST)
    local = r.choice((f"{first}.{last}", f"{first}_{last}{r.randint(1, 99)}", f"{first}+{last}", first, f"{first}-{last}",
                      f"{r.randint(100, 99999)}.{last}"))
    return [Sample(text, secret=f"{local}@{r.choice(_DOMAIN)}") for text in ("{}", "mailto:{}", "<{}>", "Jane Doe <{}>", "{}")]


def phone(r: Draw):
    """E.164, and national forms by their punctuation or by a word."""
    code, sizes = r.choice((("49", (3, 8)), ("44", (4, 6)), ("33", (1, 8)), ("81", (2, 8)), ("91", (5, 5)), ("55", (2, 9)),
                            ("61", (1, 8)), ("86", (3, 8)), ("46", (2, 7)), ("48", (3, 6)), ("351", (3, 6)), ("353", (2, 7))))
    area, rest = r.digits(sizes[0], "123456789"), r.digits(sizes[1], "123456789")
    # The North American Numbering Plan: no area code with a 9 in the middle, and none that ends in 11.
    us = (r.choice("23456789") + r.choice("02345678") + r.choice("0123456789"),
          r.choice("23456789") + r.choice("02345678") + r.choice("0123456789"), r.digits(4))
    half = len(rest) // 2
    known = (f"+{code}{area}{rest}", f"+{code} {area} {rest}", f"+{code} {area} {rest[:half]} {rest[half:]}", f"+{code}-{area}-{rest}",
             f"+{code} (0){area} {rest}", f"+1{''.join(us)}", f"+1 ({us[0]}) {us[1]}-{us[2]}", f"({us[0]}) {us[1]}-{us[2]}",
             f"+1-{'-'.join(us)}", f"1-{'-'.join(us)}", "-".join(us), ".".join(us))
    national = (f"0{area} {rest}", f"0{area}{rest}", f"0{area}/{rest}", f"(0{area}) {rest}", "".join(us), f"00{code} {area} {rest}")
    return (alone(r.choice(known), r.choice(known))
            + named(("Tel", "phone", "Telefon", "mobile", "tel.", "Handy", "call me at", "电话", "電話", "fax", "téléphone", "telefono"),
                    r.choice(national)))


def ip_address(r: Draw):
    """RFC 791 in dotted quads; RFC 4291 and RFC 5952 in colons."""
    v4 = str(ipaddress.IPv4Address(r.randint(0x0b000000, 0xdfffffff)))
    private = r.choice((f"10.{r.randint(0, 255)}.{r.randint(100, 255)}.{r.randint(1, 254)}",
                        f"192.168.{r.randint(0, 255)}.{r.randint(1, 254)}",
                        f"172.{r.randint(16, 31)}.{r.randint(0, 255)}.{r.randint(1, 254)}"))
    v6 = ipaddress.IPv6Address(0x2001 << 112 | r.getrandbits(112))
    short = ipaddress.IPv6Address(0x20010db8 << 96 | r.getrandbits(16) << 64 | r.getrandbits(20))
    local = ipaddress.IPv6Address(0xfe80 << 112 | r.getrandbits(64))
    forms = ("{}", "[{}]:443", "{}/64", "{}%eth0", "http://[{}]/")
    return ([Sample(form, secret=text) for text in (v4, private) for form in ("{}", "{}:5432", "{}/24", "http://{}/x")]
            + [Sample(r.choice(forms), secret=text) for text in (str(v6), v6.exploded, str(short), str(short).upper(), str(local))]
            + [Sample("{}", secret=f"::ffff:{v4}")])


def mac_address(r: Draw):
    """IEEE 802: six bytes."""
    h = r.choice((str.lower, str.upper))(r.mixed("0123456789abcdef", 12))
    return alone(grouped(h, (2,) * 6, ":"), grouped(h, (2,) * 6, "-"), grouped(h, (4, 4, 4), "."))


def credit_card(r: Draw):
    """ISO/IEC 7812: issuer, account, Luhn."""
    issuer, length, sizes = r.choice((
        ("4", 16, (4, 4, 4, 4)), ("4", 16, (4, 4, 4, 4)), (str(r.randint(51, 55)), 16, (4, 4, 4, 4)),
        (str(r.randint(2221, 2720)), 16, (4, 4, 4, 4)),
        (r.choice(("34", "37")), 15, (4, 6, 5)), (r.choice(("6011", "65", str(r.randint(644, 649)))), 16, (4, 4, 4, 4)),
        (r.choice(("36", "38", str(r.randint(300, 305)))), 14, (4, 6, 4)), (str(r.randint(3528, 3589)), 16, (4, 4, 4, 4)),
        ("62", 16, (4, 4, 4, 4))))
    body = issuer + r.digits(length - 1 - len(issuer))
    number = body + checks.luhn(body)
    maestro = r.choice(("50", "56", "57", "58", "6304", "6759", "6762"))
    maestro += r.digits(15 - len(maestro))
    wide = "".join(chr(ord(c) + 0xfee0) for c in number)
    return (alone(number, grouped(number, sizes, " "), grouped(number, sizes, "-"), grouped(number, sizes, "."),
                  grouped(number, sizes, "\u00a0"), wide)
            + named(("card number", "credit card", "Kreditkarte", "carte bancaire", "PAN", "card_no", "カード番号"),
                    number, maestro + checks.luhn(maestro)))


_IBAN = {"DE": "n18", "FR": "n10c11n2", "GB": "a4n14", "NL": "a4n10", "ES": "n20", "IT": "a1n10c12", "BE": "n12", "AT": "n16",
         "CH": "n5c12",
         "PL": "n24", "PT": "n21", "SE": "n20", "NO": "n11", "DK": "n14", "FI": "n14", "IE": "a4n14", "CZ": "n20", "SK": "n20", "HU": "n24",
         "RO": "a4c16", "BG": "a4n6c8", "HR": "n17", "SI": "n15", "LT": "n16", "LV": "a4c13", "EE": "n16", "GR": "n7c16", "CY": "n8c16",
         "MT": "a4n5c18", "LU": "n3c13", "TR": "n6c16", "AE": "n19", "SA": "n2c18", "IL": "n19", "BR": "n23a1c1", "MC": "n10c11n2",
         "LI": "n5c12", "IS": "n22", "PK": "a4c16", "QA": "a4c21", "UA": "n6c19", "KZ": "n3c13", "GE": "a2n16", "RS": "n18", "CR": "n18",
         "AD": "n8c12", "SM": "a1n10c12", "JO": "a4n4c18", "KW": "a4c22", "TN": "n20", "MU": "a4n19a3", "VG": "a4n16"}


def iban(r: Draw):
    """ISO 13616: country, check digits modulo 97, the bank's own part by the registry's structure."""
    country = r.choice(sorted(_IBAN))
    own, form = "", _IBAN[country]
    while form:
        letter, count = form[0], ""
        form = form[1:]
        while form and form[0].isdigit():
            count, form = count + form[0], form[1:]
        own += r.of({"n": "0123456789", "a": UPPER_ALNUM[:26], "c": UPPER_ALNUM}[letter], int(count))
    number = f"{country}{98 - checks.mod97(own + country + '00'):02}{own}"
    fours = (4,) * -(-len(number) // 4)
    return alone(number, grouped(number, fours, " "), grouped(number, fours, "-"), number.lower(), grouped(number, fours, "\u00a0"))


def bic(r: Draw):
    """ISO 9362: party, country, location, branch."""
    code = r.of(UPPER_ALNUM[:26], 4) + r.choice(("DE", "FR", "GB", "US", "NL", "JP", "BR")) + r.choice(("FF", "2L", "33", "HH", "MM"))
    return named(("BIC", "SWIFT", "SWIFT code", "BIC/SWIFT", "swift_bic"), code, code + r.choice(("XXX", "500", "4AB")))


def us_routing_number(r: Draw):
    """ABA: district, weights 3 7 1."""
    body = f"{r.choice([*range(1, 13), *range(21, 33)]):02}{r.digits(6)}"
    return named(("routing number", "ABA", "RTN", "routing no", "routing_number"),
                 body + str(-checks.weighted(body, (3, 7, 1, 3, 7, 1, 3, 7)) % 10))


def bitcoin_address(r: Draw):
    """Base58Check of version 0 or 5; BIP 173 and BIP 350."""
    return alone(checks.base58check(b"\0" + r.randbytes(20)), checks.base58check(b"\5" + r.randbytes(20)),
                 checks.bech32("bc", [0] + checks.five_bits(r.randbytes(20))), checks.bech32("bc", [0] + checks.five_bits(r.randbytes(32))),
                 checks.bech32("bc", [1] + checks.five_bits(r.randbytes(32)), 0x2bc830a3))


def ethereum_address(r: Draw):
    """20 bytes in hexadecimal; EIP-55 mixes the cases."""
    address = r.mixed("0123456789abcdef", 40)
    mixed = "".join(r.choice((c, c.upper())) for c in address)
    return alone("0x" + address, "0x" + mixed)


def bitcoin_key(r: Draw):
    """Wallet Import Format (0x80, 32 bytes, 1 when compressed); BIP 32 extended private keys."""
    key = r.randbytes(32)
    extended = bytes.fromhex("0488ade4") + bytes([r.randint(0, 5)]) + r.randbytes(40) + b"\0" + key
    return alone(checks.base58check(b"\x80" + key), checks.base58check(b"\x80" + key + b"\1"), checks.base58check(extended))


def ethereum_key(r: Draw):
    """32 bytes in hexadecimal, told by a word."""
    key = r.hex(64)
    return named(("private key", "eth_private_key", "wallet key", "PRIVATE_KEY", "ethereum key"), "0x" + key, key)


def age_secret_key(r: Draw):
    """Bech32 of 32 bytes, upper case (age's specification)."""
    return alone(checks.bech32("age-secret-key-", checks.five_bits(r.randbytes(32))).upper())


MAKERS = {f.__name__: f for f in (email, phone, ip_address, mac_address, credit_card, iban, bic, us_routing_number, bitcoin_address,
                                  ethereum_address, bitcoin_key, ethereum_key, age_secret_key)}
