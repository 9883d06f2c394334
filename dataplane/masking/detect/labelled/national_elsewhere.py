"""Identity numbers of the Americas, Asia, Africa and the Pacific, by the rules that each office publishes."""
from dataplane.masking.detect.labelled import checks
from dataplane.masking.detect.labelled.draw import UPPER_ALNUM, Draw, Sample, alone, grouped, named


def _mod11(body, weights):
    rest = 11 - checks.weighted(body, weights) % 11
    return str(0 if rest >= 10 else rest)


def ar_cuit(r: Draw):
    """Type, document, check; weights 5 4 3 2 7 6 5 4 3 2 (AFIP)."""
    while True:
        body = r.choice(("20", "23", "24", "27", "30", "33")) + r.digits(8, "1234567")
        check = 11 - checks.weighted(body, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        if check != 10:
            number = f"{body}{check % 11}"
            return alone(grouped(number, (2, 8, 1), "-")) + named(("CUIT", "CUIL"), number)


def au_medicare(r: Draw):
    """Eight digits weighted 1 3 7 9, the check, the issue (Services Australia)."""
    body = r.digits(8, "23456")
    number = f"{body}{checks.weighted(body, (1, 3, 7, 9) * 2) % 10}{r.choice('123')}"
    return alone(grouped(number, (4, 5, 1), " ")) + named(("Medicare", "medicare card", "medicare_no"), number)


def au_tfn(r: Draw):
    """Weights 1 4 3 7 5 8 6 9 10, divisible by 11."""
    while True:
        number = r.digits(9, "123456789")
        if checks.weighted(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return named(("TFN", "tax file number", "tfn"), number, grouped(number, (3, 3, 3), " "))


def br_cpf(r: Draw):
    """Two digits modulo 11 (Receita Federal)."""
    body = r.digits(9)
    body += _mod11(body, range(10, 1, -1))
    number = body + _mod11(body, range(11, 1, -1))
    return alone(f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}") + named(("CPF", "cpf"), number)


def br_cnpj(r: Draw):
    """Root, branch, two digits modulo 11."""
    body = r.digits(8) + r.choice(("0001", "0001", "0002", "0014"))
    body += _mod11(body, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    number = body + _mod11(body, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    return (alone(f"{number[:2]}.{number[2:5]}.{number[5:8]}/{number[8:12]}-{number[12:]}") + named(("CNPJ", "cnpj"), number))


def ca_sin(r: Draw):
    """Luhn; the first digit is the province's."""
    body = r.digits(8, "1234567")
    number = body + checks.luhn(body)
    return (alone(grouped(number, (3, 3, 3), "-"))
            + named(("SIN", "social insurance number", "numéro d'assurance sociale"), number, grouped(number, (3, 3, 3), " ")))


def cl_rut(r: Draw):
    """Weights 2 to 7 from the right, K for 10."""
    body = str(r.randint(4_000_000, 25_999_999))
    rest = (11 - sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(body)))) % 11
    check = "K" if rest == 10 else str(rest)
    dotted = f"{body[:-6]}.{body[-6:-3]}.{body[-3:]}-{check}"
    return alone(dotted) + named(("RUT", "RUN", "rut"), f"{body}-{check}", dotted)


def cn_resident_id(r: Draw):
    """GB 11643-1999: division, birth date, order, ISO 7064 MOD 11-2."""
    year, month, day = r.date()
    division = r.choice(("110101", "310115", "440305", "510107", "330106", "420111", "610113", "320583"))
    body = f"{division}{year}{month:02}{day:02}{r.digits(3)}"
    return alone(body + checks.mod11_2(body))


def hk_id(r: Draw):
    """One or two letters, six digits, modulo 11 in parentheses."""
    letters, digits = r.choice(("A", "C", "K", "R", "Z", "WX", "XA")), r.digits(6)
    values = [36] * (2 - len(letters)) + [ord(c) - 55 for c in letters] + [int(c) for c in digits]
    rest = -sum(v * w for v, w in zip(values, range(9, 1, -1))) % 11
    check = "A" if rest == 10 else str(rest)
    return alone(f"{letters}{digits}({check})") + named(("HKID", "Hong Kong identity card", "身份證"), letters + digits + check)


def il_id(r: Draw):
    """Nine digits, Luhn."""
    body = r.digits(8, "023")
    return named(("Teudat Zehut", "תעודת זהות", "ת.ז.", "israeli id"), body + checks.luhn(body))


def in_aadhaar(r: Draw):
    """Twelve digits, Verhoeff (UIDAI)."""
    body = r.digits(11, "23456789")
    number = body + checks.verhoeff(body)
    return alone(grouped(number, (4, 4, 4), " ")) + named(("Aadhaar", "aadhaar_no", "UIDAI", "आधार"), number,
                                                          grouped(number, (4, 4, 4), "-"))


def in_pan(r: Draw):
    """Five letters, of which the fourth is the holder's class, four digits, a letter."""
    upper = UPPER_ALNUM[:26]
    return alone(f"{r.of(upper, 3)}{r.choice('PPPPCHFATBLJG')}{r.choice(upper)}{r.digits(4)}{r.choice(upper)}")


def jp_my_number(r: Draw):
    """Weights 6 5 4 3 2 7 6 5 4 3 2 (総務省令第八十五号)."""
    body = r.digits(11)
    rest = checks.weighted(body, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    number = body + str(0 if rest <= 1 else 11 - rest)
    return named(("My Number", "マイナンバー", "個人番号", "my_number"), number, grouped(number, (4, 4, 4), "-"),
                 grouped(number, (4, 4, 4), " "))


def kr_rrn(r: Draw):
    """Birth date, sex and century, weights 2 to 9, 2 to 5."""
    year, month, day = r.date(1940, 2015)
    body = f"{year % 100:02}{month:02}{day:02}{r.choice('34' if year >= 2000 else '12')}{r.digits(5)}"
    number = body + str((11 - checks.weighted(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10)
    return alone(f"{number[:6]}-{number[6:]}") + named(("주민등록번호", "RRN", "resident registration number"), number)


def mx_curp(r: Draw):
    """Name, birth date, sex, state, name, homoclave, check over an alphabet with Ñ (RENAPO)."""
    year, month, day = r.date(1940, 2015)
    body = (f"{r.choice('BCDGHLMPRSV')}{r.choice('AEIOU')}{r.of('BCDGHLMPRSV', 2)}{year % 100:02}{month:02}{day:02}{r.choice('HM')}"
            f"{r.choice(('DF', 'JC', 'NL', 'MC', 'VZ', 'OC', 'QT'))}{r.of('BCDFGLMNPRSTZ', 3)}{r.choice('ABCDE') if year >= 2000 else r.choice('0123')}")
    alphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
    return alone(body + str(-sum(alphabet.index(c) * (18 - i) for i, c in enumerate(body)) % 10))


def my_nric(r: Draw):
    """Birth date, place, serial (Jabatan Pendaftaran Negara)."""
    year, month, day = r.date(1940, 2015)
    number = f"{year % 100:02}{month:02}{day:02}{r.choice(('01', '08', '10', '14', '12', '13', '07'))}{r.digits(4)}"
    return alone(grouped(number, (6, 2, 4), "-")) + named(("MyKad", "NRIC", "kad pengenalan", "IC no"), number)


def passport_mrz(r: Draw):
    """ICAO 9303, parts 4 to 6: two lines of 44 or 36, or three of 30; weights 7 3 1."""
    def check(text):
        values = (0 if c == "<" else int(c, 36) for c in text)
        return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)
    country = r.choice(("UTO", "D<<", "FRA", "GBR", "USA", "ESP", "JPN"))
    name = r.choice(("ERIKSSON<<ANNA<MARIA", "MUSTERMANN<<ERIKA", "DOE<<JANE", "NGUYEN<<THI<HOA", "VAN<DER<BERG<<KLAAS"))
    number = r.of(UPPER_ALNUM, 9)
    born, until = (f"{d[0] % 100:02}{d[1]:02}{d[2]:02}" for d in (r.date(), r.date(2026, 2034)))
    number, born, until = (part + check(part) for part in (number, born, until))
    form = r.choice(("TD3", "TD3", "TD2", "TD1"))
    if form == "TD1":
        first = f"I<{country}{number}".ljust(30, "<")
        middle = f"{born}{r.choice('MF<')}{until}{country}<<<<<<<<<<<"
        second = middle + check(first[5:30] + middle[0:7] + middle[8:15] + middle[18:29])
        lines = [first, second, name.ljust(30, "<")[:30]]
    else:
        width = 44 if form == "TD3" else 36
        first = (("P<" if form == "TD3" else "I<") + country + name).ljust(width, "<")
        second = f"{number}{country}{born}{r.choice('MF<')}{until}"
        if form == "TD3":
            second += "<" * 14 + "0"
            second += check(second[0:10] + second[13:20] + second[21:43])
        else:
            second += "<" * 7
            second += check(second[0:10] + second[13:20] + second[21:35])
        lines = [first, second]
    return [Sample("\n".join(lines))]


def sg_nric(r: Draw):
    """Weights 2 7 6 5 4 3 2; T and G add 4, M adds 3."""
    first, digits = r.choice("STFGM"), r.digits(7)
    rest = (checks.weighted(digits, (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(first, 0)) % 11
    letter = ("JZIHGFEDCBA" if first in "ST" else "XWUTRQPNMLK")[rest] if first != "M" else "KLJNPQRTUWX"[10 - rest]
    return alone(first + digits + letter)


def th_id(r: Draw):
    """Twelve digits weighted 13 to 2, 11 less the rest."""
    body = r.digits(12, "12345678")
    number = body + str((11 - checks.weighted(body, range(13, 1, -1)) % 11) % 10)
    return alone(grouped(number, (1, 4, 5, 2, 1), "-")) + named(("Thai ID", "เลขประจำตัวประชาชน", "บัตรประชาชน"), number)


def tw_id(r: Draw):
    """A letter as two digits, sex, serial; weights 1 9 8 to 1."""
    letter = r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter)
    body = r.choice("12") + r.digits(7)
    rest = -(code // 10 + code % 10 * 9 + checks.weighted(body, range(8, 0, -1))) % 10
    return named(("身分證字號", "身分證", "Taiwan ID", "國民身分證"), f"{letter}{body}{rest}")


def us_ssn(r: Draw):
    """No area 000, 666 or above 899, no group 00, no serial 0000."""
    while True:
        area, group, serial = r.randint(1, 899), r.randint(1, 99), r.randint(1, 9999)
        if area != 666:
            number = f"{area:03}{group:02}{serial:04}"
            spaced = grouped(number, (3, 2, 4), " ")
            return (alone(grouped(number, (3, 2, 4), "-"))
                    + named(("SSN", "social security number", "ssn", "Social Security No."), number, spaced))


def us_itin(r: Draw):
    """Begins with 9; groups 50 to 65, 70 to 88, 90 to 92, 94 to 99."""
    group = r.choice([*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)])
    number = f"9{r.digits(2)}{group}{r.digits(4)}"
    return alone(grouped(number, (3, 2, 4), "-")) + named(("ITIN", "taxpayer identification number", "itin"), number)


def za_id(r: Draw):
    """Birth date, sex, citizenship, Luhn (Department of Home Affairs)."""
    year, month, day = r.date(1940, 2006)
    body = f"{year % 100:02}{month:02}{day:02}{r.digits(4)}{r.choice('01')}8"
    number = body + checks.luhn(body)
    return named(("ID number", "RSA ID", "South African ID", "identity number"), number, grouped(number, (6, 4, 3), " "))


MAKERS = {f.__name__: f for f in (ar_cuit, au_medicare, au_tfn, br_cnpj, br_cpf, ca_sin, cl_rut, cn_resident_id, hk_id, il_id, in_aadhaar,
                                  in_pan, jp_my_number, kr_rrn, mx_curp, my_nric, passport_mrz, sg_nric, th_id, tw_id, us_itin, us_ssn,
                                  za_id)}
