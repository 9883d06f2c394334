"""Texts that hold nothing of what detectors look for: ids, codes, times, measures, prose, code, logs.

Each class makes one text after the other. EXCEPT names the kinds for which a class is no negative, because its texts are such values.
"""
import hashlib
import string

from dataplane.masking.detect.labelled import checks
from dataplane.masking.detect.labelled.draw import ALNUM, BASE64URL, LOWER_ALNUM, UPPER_ALNUM, Draw, grouped

_UPPER = string.ascii_uppercase
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# The kinds that a class's texts are of.
EXCEPT = {"ip_addresses": ("ip_address",), "mac_addresses": ("mac_address",)}


def order_numbers(r: Draw):
    return r.choice((f"order {r.digits(r.randint(5, 12))}", f"ORD-{r.randint(2019, 2026)}-{r.digits(6)}",
                     f"{r.digits(3, '12')}-{r.digits(7)}-{r.digits(7)}",
                     f"Order #{r.digits(10)} shipped", f"SO{r.digits(8)}", f"PO-{r.digits(9)}", f"Bestellung {r.digits(9)}",
                     f"commande n° {r.digits(8)}"))


def invoice_ids(r: Draw):
    return r.choice((f"INV-{r.randint(2019, 2026)}-{r.digits(5)}", f"invoice {r.digits(9)} overdue", f"RE{r.digits(10)}",
                     f"Rechnung Nr. {r.digits(8)}/{r.randint(19, 26)}",
                     f"{r.digits(4)}/{r.digits(6)}", f'{{"invoice_id": {r.digits(9, "123456789")}}}',
                     f"CN-{r.digits(6)}-{r.choice(_UPPER)}"))


def sequence_ids(r: Draw):
    """Keys that count up, of every length that a bigint has."""
    return r.digits(r.randint(1, 18), "123456789")


def json_ids(r: Draw):
    return f'{{"id": {r.digits(r.randint(5, 12), "123456789")}, "parent_id": {r.digits(9, "123456789")}, "qty": {r.randint(1, 99)}}}'


def ids_that_fail_luhn(r: Draw):
    """16 digits, as cards have them; a random one passes Luhn one time in ten, and is then a card number as far as anyone can tell."""
    body = r.choice(("4", "51", "55", "6011", "2221", "62", "35")) + r.digits(15)
    body = body[:15]
    number = body + r.choice([d for d in "0123456789" if d != checks.luhn(body)])
    return r.choice((number, grouped(number, (4,) * 4, " "), f"transaction {number}", f"order id: {number}", f'{{"txn":"{number}"}}'))


def ids_that_pass_luhn(r: Draw):
    """Luhn is used for other ids as well; these begin as no card does."""
    body = r.choice("01789") + r.digits(r.choice((14, 15, 13)))
    return r.choice(("order id: {}", "ref {}", "{}", '{{"order_id":"{}"}}', "shipment {} delayed")).format(body + checks.luhn(body))


def imei_and_serials(r: Draw):
    """IMEI: 15 digits with Luhn, a type code in front."""
    body = r.choice(("35", "86", "01", "99")) + r.digits(12)
    return r.choice((f"IMEI {body + checks.luhn(body)}", f"SN{r.digits(11)}", f"S/N {r.of(UPPER_ALNUM, 10)}X",
                     f"serial {r.of(UPPER_ALNUM, 12)}"))


def uuids(r: Draw):
    return r.choice(("{}", "id={}", '{{"request_id":"{}"}}', "[{}] done", "urn:uuid:{}", "({}, 7)",
                     "{}.json")).format(r.choice((str, str.upper))(r.uuid()))


def ulids_and_friends(r: Draw):
    return r.choice((r.of("01234567", 1) + r.of(_CROCKFORD, 25), r.of(ALNUM, 27), r.of(LOWER_ALNUM, 20), r.hex(24),
                     r.of(BASE64URL, 21) + "a",
                     "cl" + r.of(LOWER_ALNUM, 23), f"usr_{r.of(_CROCKFORD, 26)}", f"evt_{r.of(ALNUM, 24)}", f"req_{r.of(ALNUM, 14)}",
                     f"pi_{r.of(ALNUM, 24)}",
                     f"cus_{r.of(ALNUM, 14)}", f"price_{r.of(ALNUM, 24)}"))


def git_commits(r: Draw):
    return r.choice((r.hex(40), r.hex(7), f"commit {r.hex(40)}", f"Merge {r.hex(9)} into {r.hex(9)}",
                     f"reverts {r.hex(12)} (fix #{r.digits(4)})"))


def hashes(r: Draw):
    data = r.randbytes(8)
    return r.choice((hashlib.md5(data).hexdigest(), hashlib.sha1(data).hexdigest(), hashlib.sha256(data).hexdigest(),
                     "sha256:" + hashlib.sha256(data).hexdigest(),
                     "sha512-" + r.base64(64), "etag: \"" + hashlib.md5(data).hexdigest() + "\"", f"crc32 {r.hex(8)}",
                     f"integrity sha384-{r.base64(48)}"))


def iso_timestamps(r: Draw):
    year, month, day = r.date(1990, 2035)
    date, time = f"{year}-{month:02}-{day:02}", f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}"
    return r.choice((date, f"{date}T{time}Z", f"{date} {time}.{r.digits(6)}+02", f"{date}T{time}.{r.digits(3)}+05:30",
                     f"{day:02}.{month:02}.{year} {time}",
                     f"{month}/{day}/{year}", f"{year}{month:02}{day:02}", f"{year}{month:02}{day:02}{time.replace(':', '')}",
                     f"{date}/{date}",
                     f"{year}{month:02}{day:02}T{time.replace(':', '')}Z", f"{day:02}/{month:02}/{year} {time[:5]}",
                     f"{day:02}-{month:02}-{year}", time,
                     f"{date} {time} - {date} {time}", f"{year}{month:02}{day:02}{time.replace(':', '')}{r.digits(3)}",
                     f"{year}-W{r.randint(1, 52):02}-{r.randint(1, 7)}"))


def epochs(r: Draw):
    seconds = r.randint(1_000_000_000, 1_999_999_999)
    number = r.choice((f"{seconds}", f"{seconds}{r.digits(3)}", f"{seconds}{r.digits(6)}", f"{seconds}{r.digits(9)}",
                       f"{seconds}.{r.digits(6)}"))
    return r.choice(("{}", "ts={}", '{{"created": {}}}', "at {}", "{} 200", "exp: {}")).format(number)


def phone_like_ids(r: Draw):
    """Ten digits and groups, as phone numbers have them, that say they are something else."""
    return r.choice((f"ticket {r.digits(10, '23456789')}", f"REF {r.digits(3)}-{r.digits(2)}-{r.digits(5)}",
                     f"case {r.digits(2)}-{r.digits(4)}-{r.digits(6)}", r.digits(10, "23456789"),
                     f"part {r.digits(3)}-{r.digits(5)}", f"{r.digits(4)}-{r.digits(4)}-{r.digits(2)}",
                     f"batch {r.digits(5)}-{r.digits(4)}", f"account {r.digits(8)}",
                     f"model {r.digits(3)}-{r.digits(2)}{r.choice(_UPPER)}", f"{r.digits(3)}/{r.digits(3)}",
                     f"lot {r.digits(6)} {r.digits(4)}", f"bus {r.digits(3)}, stop {r.digits(5)}"))


def skus(r: Draw):
    return r.choice((f"SKU-{r.digits(6)}", f"{r.of(_UPPER, 3)}-{r.digits(4)}-{r.of(UPPER_ALNUM, 2)}", f"{r.of(_UPPER, 2)}{r.digits(5)}",
                     f"B0{r.of(UPPER_ALNUM, 8)}",
                     f"{r.of(_UPPER, 4)}-{r.choice(('RED', 'BLU', 'XL', 'M'))}-{r.digits(3)}",
                     f"art. {r.digits(3)}.{r.digits(3)}.{r.digits(2)}", f"{r.digits(2)}{r.of(_UPPER, 3)}{r.digits(3)}"))


def isbns_and_gtins(r: Draw):
    body = r.choice(("978", "979", "400", "500", "760", "871", "012", "590", "456")) + r.digits(9)
    ean = body + checks.ean(body)
    ten = r.digits(9)
    check = sum(int(c) * (10 - i) for i, c in enumerate(ten)) * -1 % 11
    return r.choice((ean, f"{ean[:3]}-{ean[3]}-{ean[4:6]}-{ean[6:12]}-{ean[12]}", f"ISBN {ean}", f"EAN: {ean}", f"GTIN 0{ean}",
                     f"ISBN {ten}{'X' if check == 10 else check}", f"{ean[0]} {ean[1:7]} {ean[7:]}",
                     f"(01)0{ean}(10){r.of(UPPER_ALNUM, 6)}"))


def tracking_numbers(r: Draw):
    return r.choice((f"1Z{r.of(UPPER_ALNUM, 6)}{r.digits(10)}", f"94001{r.digits(17)}", f"tracking {r.digits(12)}",
                     f"{r.choice('RCEL')}{r.choice(_UPPER)}{r.digits(9)}{r.choice(('DE', 'CN', 'US'))}",
                     f"JJD{r.digits(18)}", f"DHL {r.digits(10)}", f"00{r.digits(18)}", f"TBA{r.digits(12)}", f"Sendung {r.digits(20)}"))


def versions(r: Draw):
    a, b, c = r.randint(0, 30), r.randint(0, 99), r.randint(0, 99)
    return r.choice((f"{a}.{b}.{c}", f"v{a}.{b}.{c}-rc.{r.randint(1, 9)}", f"{r.randint(0, 9)}.{b}.{c}.{r.randint(0, 9)}",
                     f"v{a}.{b}.{c}.{r.randint(0, 9)}", f"{a}.{b}.{c}+build.{r.digits(4)}", f"lib-{a}.{b}.{c}.tar.gz",
                     f"PostgreSQL {a}.{b}", f"Version {a}.{b}.{c}.{r.digits(4)}", f">={a}.{b},<{a + 1}", f"node@{a}.{b}.{c}",
                     f"^{a}.{b}.{c} || ~{a + 1}.0.0", f"{r.randint(19, 26)}.{b:02}.{c}",
                     f"Chrome/{100 + a}.0.{r.digits(4)}.{c}", f"section {a}.{b}.{c}.{r.randint(1, 9)}"))


def ip_addresses(r: Draw):
    quad = f"{r.randint(11, 223)}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}"
    return r.choice((quad, f"{quad}:{r.randint(1024, 65535)}", f"10.0.0.0/{r.randint(8, 30)}", f"2001:db8:{r.hex(4)}::{r.hex(2)}",
                     f"fe80::{r.hex(4)}:{r.hex(4)}", f"host {quad} is up"))


def mac_addresses(r: Draw):
    return r.choice(("{}", "eth0 {}", "hw {} up")).format(grouped(r.hex(12), (2,) * 6, r.choice(":-")))


def colours_and_hex(r: Draw):
    return r.choice((f"#{r.hex(6)}", f"#{r.hex(3)}", f"#{r.hex(8).upper()}", f"0x{r.hex(8)}", f"0x{r.hex(16)}",
                     f"rgb({r.randint(0, 255)}, {r.randint(0, 255)}, {r.randint(0, 255)})",
                     f"U+{r.hex(4).upper()}", f"\\x{r.hex(12)}", f"{r.hex(2)} {r.hex(2)} {r.hex(2)} {r.hex(2)}"))


def prices(r: Draw):
    return r.choice((f"EUR {r.randint(1, 9999)}.{r.digits(2)}", f"${r.randint(1, 999)},{r.digits(3)}.{r.digits(2)}",
                     f"{r.randint(1, 999)}.{r.digits(3)},{r.digits(2)} €", f"¥{r.digits(6, '123456789')}",
                     f"{r.randint(1, 99)} 000 kr", f"{r.digits(9, '123456789')}.{r.digits(2)}",
                     f"total {r.randint(1, 999)} {r.digits(3)} {r.digits(3)},{r.digits(2)}", f"-{r.digits(4)}.{r.digits(4)}",
                     f"{r.randint(1, 9)}.{r.digits(15)}", f"{r.randint(1, 9)}.{r.digits(3)}e-{r.randint(1, 12)}",
                     f"{r.randint(1, 999)},{r.digits(3)},{r.digits(3)}", f"0.{r.digits(16)}"))


def coordinates(r: Draw):
    lat, lon = r.uniform(-90, 90), r.uniform(-180, 180)
    return r.choice((f"{lat:.6f}, {lon:.6f}", f"{lat:.4f},{lon:.4f}", f"POINT({lon:.7f} {lat:.7f})",
                     f"{abs(lat):.0f}°{r.randint(0, 59)}'{r.randint(0, 59)}\"N", f'{{"lat":{lat:.8f},"lng":{lon:.8f}}}',
                     f"{lat:.15f}", f"geo:{lat:.5f},{lon:.5f}", f"[{lon:.6f}, {lat:.6f}, {r.uniform(0, 900):.2f}]"))


def measurements(r: Draw):
    return r.choice((f"{r.randint(1, 999)} x {r.randint(1, 999)} x {r.randint(1, 999)} mm", f"{r.uniform(0, 100):.2f}%",
                     f"{r.randint(1, 4096)}x{r.randint(1, 4096)}", f"{r.digits(4)} kWh",
                     " ".join(r.digits(r.randint(1, 4)) for _ in range(r.randint(3, 9))),
                     ", ".join(str(r.randint(0, 1000)) for _ in range(r.randint(3, 9))),
                     f"rows={r.digits(6)} width={r.digits(2)}", f"{r.digits(3)}/{r.digits(3)} mmHg", f"{r.digits(5)}..{r.digits(6)}",
                     f"p99 {r.uniform(0, 9):.3f} ms",
                     "\t".join(f"{r.uniform(0, 100):.3f}" for _ in range(5)), f"[{r.randint(1, 9)}, {r.digits(7)}]"))


def times_and_codes(r: Draw):
    return r.choice((f"{r.randint(0, 23)}:{r.randint(0, 59):02}", f"{r.randint(1, 12)}:{r.randint(0, 59):02} pm",
                     f"P{r.randint(1, 9)}DT{r.randint(1, 9)}H", r.choice(("DE", "USA", "FRA", "JPN", "en-GB", "de_AT.UTF-8")),
                     f"HTTP {r.choice((200, 301, 404, 503))}", f"SQLSTATE {r.choice(('42P01', '23505', '57014'))}",
                     f"ICD-10 {r.choice(_UPPER)}{r.digits(2)}.{r.digits(1)}", f"LH{r.digits(3)} {r.of(_UPPER, 3)}-{r.of(_UPPER, 3)}",
                     f"ISO {r.digits(4)}-{r.randint(1, 9)}:{r.randint(1990, 2024)}", f"RFC {r.digits(4)}", f"DIN EN {r.digits(5)}",
                     f"CVE-{r.randint(2010, 2025)}-{r.digits(5)}", f"§ {r.digits(3)} Abs. {r.randint(1, 9)}"))


def vehicle_and_seat_codes(r: Draw):
    return r.choice((f"WVW{r.of('ABCDEFGHJKLMNPRSTUVWXYZ0123456789', 14)}", f"{r.of(_UPPER, 1)}-{r.of(_UPPER, 2)} {r.digits(4)}",
                     r.of("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 6), f"Platz {r.randint(1, 60)}{r.choice('ABCDEF')}",
                     f"gate {r.choice('ABC')}{r.randint(1, 60)}", f"container {r.of(_UPPER, 3)}U{r.digits(7)}",
                     f"{r.of(UPPER_ALNUM, 4)}-{r.of(UPPER_ALNUM, 4)}-{r.of(UPPER_ALNUM, 4)}",
                     f"coupon {r.of(UPPER_ALNUM, 8)}", f"US{r.digits(7)}B2", f"EP{r.digits(7)}A1",
                     f"{r.of(_UPPER, 2)}{r.of(UPPER_ALNUM, 9)}{r.digits(1)}"))


CLASSES = (order_numbers, invoice_ids, sequence_ids, json_ids, ids_that_fail_luhn, ids_that_pass_luhn, imei_and_serials, uuids,
           ulids_and_friends, git_commits, hashes,
           iso_timestamps, epochs, phone_like_ids, skus, isbns_and_gtins, tracking_numbers, versions, ip_addresses, mac_addresses,
           colours_and_hex, prices, coordinates,
           measurements, times_and_codes, vehicle_and_seat_codes)
