"""Identity numbers of Europe, by the rules that each office publishes."""
from dataplane.masking.detect.labelled import checks
from dataplane.masking.detect.labelled.draw import Draw, alone, grouped, named

_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"


def _ymd(day):
    return f"{day[0] % 100:02}{day[1]:02}{day[2]:02}"


def _dmy(day):
    return f"{day[2]:02}{day[1]:02}{day[0] % 100:02}"


def at_svnr(r: Draw):
    """Three digits, a check digit, the birth date; weights 3 7 9, 5 8 4 2 1 6 (Dachverband der Sozialversicherungsträger)."""
    while True:
        serial, born = r.digits(3, "123456789"), _dmy(r.date())
        check = checks.weighted(serial + born, (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
        if check < 10:
            number = f"{serial}{check}{born}"
            return named(("SVNR", "Sozialversicherungsnummer", "SV-Nummer", "svnr"), number, f"{number[:4]} {number[4:]}")


def be_nrn(r: Draw):
    """Rijksregisternummer: birth date, serial, 97 less the rest; a 2 stands in front for those born since 2000."""
    day = r.date(1930, 2015)
    body = _ymd(day) + f"{r.randint(1, 997):03}"
    check = 97 - int(("2" if day[0] >= 2000 else "") + body) % 97
    number = f"{body}{check:02}"
    dotted = f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"
    return alone(dotted) + named(("rijksregisternummer", "national register number", "NISS", "INSZ", "numéro national"), number)


def bg_egn(r: Draw):
    """Birth date with 40 on the month since 2000, region, check; weights 2 4 8 5 10 9 7 3 6."""
    year, month, day = r.date(1930, 2015)
    body = f"{year % 100:02}{month + (40 if year >= 2000 else 0):02}{day:02}{r.digits(3)}"
    number = body + str(checks.weighted(body, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10)
    return named(("EGN", "ЕГН", "egn"), number)


def ch_ahv(r: Draw):
    """756 and an EAN-13 check digit (Zentrale Ausgleichsstelle)."""
    body = "756" + r.digits(9)
    number = body + checks.ean(body)
    return alone(grouped(number, (3, 4, 4, 2), "."), number)


def cz_rodne_cislo(r: Draw):
    """Birth date with 50 on a woman's month, serial, divisible by 11 (zákon č. 133/2000 Sb.)."""
    while True:
        year, month, day = r.date(1954, 2015)
        body = f"{year % 100:02}{month + r.choice((0, 50)):02}{day:02}{r.digits(3)}"
        check = int(body) % 11
        if check < 10:
            number = f"{body}{check}"
            return alone(f"{number[:6]}/{number[6:]}") + named(("rodné číslo", "rodne cislo", "RČ", "birth number"), number)


def de_tax_id(r: Draw):
    """Ten digits of which one stands twice and one is missing, or one stands three times; ISO 7064 MOD 11,10."""
    while True:
        chosen = r.sample("0123456789", 9)
        digits = chosen + [r.choice(chosen)]
        r.shuffle(digits)
        body = "".join(digits)
        if body[0] != "0":
            number = body + checks.mod11_10(body)
            labels = ("Steuer-ID", "Steueridentifikationsnummer", "IdNr", "steuer_id", "Steuer-IdNr.", "tax id")
            return named(labels, number, grouped(number, (2, 3, 3, 3), " "))


def dk_cpr(r: Draw):
    """Birth date and four digits; those given before 2007 pass weights 4 3 2 7 6 5 4 3 2 1 modulo 11."""
    labels = ("CPR", "CPR-nummer", "personnummer", "cpr_nr")
    while True:
        # The seventh digit 0 to 3 stands for those born 1900 to 1999.
        body = _dmy(r.date(1940, 1999)) + r.digits(3, "0123")
        check = -checks.weighted(body, (4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        if check < 10:
            number = f"{body}{check}"
            newer = _dmy(r.date(2007, 2018)) + r.digits(4, "456789")
            return (alone(f"{number[:6]}-{number[6:]}")
                    + named(labels, number, f"{number[:6]}-{number[6:]}", f"{newer[:6]}-{newer[6:]}"))


def es_dni(r: Draw):
    """DNI and NIE: the letter is the number modulo 23."""
    digits = r.digits(8)
    letter = _DNI[int(digits) % 23]
    first, seven = r.choice("XYZ"), r.digits(7)
    nie = _DNI[int(str("XYZ".index(first)) + seven) % 23]
    return (alone(digits + letter, first + seven + nie, f"{digits}-{letter}", f"{first}-{seven}-{nie}", f"{first}{seven}-{nie}")
            + named(("DNI", "NIF", "documento nacional"), f"{digits} {letter}", digits + letter.lower(),
                    f"{digits[:2]}.{digits[2:5]}.{digits[5:]}-{letter}"))


def fi_hetu(r: Draw):
    """Birth date, sign of the century, serial, one of 31 signs (Digi- ja väestötietovirasto)."""
    day = r.date(1930, 2015)
    sign = r.choice("ABCDEF") if day[0] >= 2000 else r.choice("--YXWVU")
    serial = f"{r.randint(2, 899):03}"
    check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(_dmy(day) + serial) % 31]
    return alone(f"{_dmy(day)}{sign}{serial}{check}")


def fr_nir(r: Draw):
    """Sex, year, month, department, commune, order, key 97 less the rest; Corsica's 2A and 2B count as 19 and 18."""
    department = r.choice(["2A", "2B"] + [f"{n:02}" for n in range(1, 96) if n != 20] * 2)
    body = f"{r.choice('12')}{r.randint(0, 99):02}{r.randint(1, 12):02}{department}{r.randint(1, 599):03}{r.randint(1, 999):03}"
    number = body.replace("2A", "19").replace("2B", "18")
    key = f"{97 - int(number) % 97:02}"
    whole = body + key
    return (alone(grouped(whole, (1, 2, 2, 2, 3, 3, 2), " ")) +
            named(("NIR", "numéro de sécurité sociale", "n° de sécurité sociale", "sécu"), whole, f"{body} {key}"))


def gr_amka(r: Draw):
    """Birth date, serial, Luhn."""
    body = _dmy(r.date()) + r.digits(4)
    return named(("AMKA", "ΑΜΚΑ", "amka"), body + checks.luhn(body))


def hr_oib(r: Draw):
    """Ten random digits, ISO 7064 MOD 11,10."""
    body = r.digits(10)
    return named(("OIB", "osobni identifikacijski broj", "oib"), body + checks.mod11_10(body))


def ie_pps(r: Draw):
    """Seven digits weighted 8 to 2, a letter modulo 23; a second letter weighs 9."""
    digits, second = r.digits(7), r.choice(("", "", "A", "B", "H", "W"))
    extra = 0 if second in ("", "W") else 9 * (ord(second) - 64)
    letter = "WABCDEFGHIJKLMNOPQRSTUV"[(checks.weighted(digits, range(8, 1, -1)) + extra) % 23]
    return named(("PPS", "PPSN", "PPS number", "pps_no"), digits + letter + second)


def it_codice_fiscale(r: Draw):
    """Decreto ministeriale 23 dicembre 1976."""
    odd = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)))
    odd.update(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                   (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)))
    year, month, day = r.date()
    letters = r.of("BCDFGLMNPRSTVZ", 6)
    body = f"{letters}{year % 100:02}{'ABCDEHLMPRST'[month - 1]}{day + r.choice((0, 40)):02}{r.choice('ABCDEFGHIL')}{r.digits(3)}"
    if r.chance(0.1):
        # Omocodia: where two people would share a code, digits become letters.
        place = r.choice((14, 13, 12))
        body = body[:place] + "LMNPQRSTUV"[int(body[place])] + body[place + 1:]
    total = sum(odd[c] if i % 2 == 0 else int(c) if c.isdigit() else ord(c) - 65 for i, c in enumerate(body))
    code = body + chr(65 + total % 26)
    return alone(code, code, code.lower())


def nl_bsn(r: Draw):
    """The 11-test: weights 9 to 2, and -1 for the last."""
    while True:
        body = r.digits(8, "1234")
        check = checks.weighted(body, range(9, 1, -1)) % 11
        if check < 10:
            number = f"{body}{check}"
            return named(("BSN", "burgerservicenummer", "sofinummer", "bsn"), number, grouped(number, (4, 2, 3), "."))


def no_fodselsnummer(r: Draw):
    """Birth date, individual number, two check digits (Skatteetaten)."""
    while True:
        body = _dmy(r.date(1940, 1999)) + r.digits(3, "01234")
        first = -checks.weighted(body, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
        second = -checks.weighted(f"{body}{first % 10}", (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        if first < 10 and second < 10:
            number = f"{body}{first}{second}"
            return alone(f"{number[:6]} {number[6:]}") + named(("fødselsnummer", "fnr", "personnummer", "fodselsnummer"), number)


def pl_pesel(r: Draw):
    """Birth date with 20 on the month since 2000, serial, weights 1 3 7 9."""
    year, month, day = r.date(1930, 2015)
    body = f"{year % 100:02}{month + (20 if year >= 2000 else 0):02}{day:02}{r.digits(4)}"
    return named(("PESEL", "pesel", "nr PESEL"), body + str(-checks.weighted(body, (1, 3, 7, 9) * 2 + (1, 3)) % 10))


def pt_nif(r: Draw):
    """Weights 9 to 2, 11 less the rest, 10 and 11 become 0."""
    body = r.digits(8, "123")
    check = 11 - checks.weighted(body, range(9, 1, -1)) % 11
    number = body + str(check if check < 10 else 0)
    return named(("NIF", "contribuinte", "número de contribuinte"), number, grouped(number, (3, 3, 3), " "))


def ro_cnp(r: Draw):
    """Sex and century, birth date, county, serial, weights 279146358279."""
    day = r.date(1930, 2015)
    county = r.choice([*range(1, 47), 51, 52])
    body = f"{r.choice('56' if day[0] >= 2000 else '12')}{_ymd(day)}{county:02}{r.randint(1, 999):03}"
    check = checks.weighted(body, [int(weight) for weight in "279146358279"]) % 11
    number = body + str(1 if check == 10 else check)
    return alone(number) + named(("CNP", "cod numeric personal"), number)


def se_personnummer(r: Draw):
    """Birth date, serial, Luhn over ten digits (Skatteverket)."""
    day = r.date(1930, 2015)
    body = _ymd(day) + r.digits(3)
    number = body + checks.luhn(body)
    dashed = f"{number[:6]}-{number[6:]}"
    return (alone(dashed, f"{day[0] // 100}{dashed}")
            + named(("personnummer", "pnr", "personnr"), number, f"{day[0] // 100}{number}"))


def tr_tckn(r: Draw):
    """Eleven digits with two check digits (Nüfus ve Vatandaşlık İşleri)."""
    body = r.digits(9, "123456789")
    odd, even = sum(map(int, body[0::2])), sum(map(int, body[1::2]))
    tenth = (odd * 7 - even) % 10
    number = f"{body}{tenth}{(odd + even + tenth) % 10}"
    return named(("TCKN", "T.C. Kimlik No", "TC kimlik", "kimlik no"), number)


def uk_nhs_number(r: Draw):
    """Weights 10 to 2, 11 less the rest, 11 becomes 0, 10 is not given."""
    while True:
        body = r.digits(9, "4679")
        check = -checks.weighted(body, range(10, 1, -1)) % 11
        if check < 10:
            number = f"{body}{check}"
            return named(("NHS", "NHS number", "NHS no", "nhs_number"), number, grouped(number, (3, 3, 4), " "),
                         grouped(number, (3, 3, 4), "-"))


def uk_nino(r: Draw):
    """HM Revenue & Customs, NIM39110."""
    while True:
        prefix = r.choice("ABCEGHJKLMNOPRSTWXYZ") + r.choice("ABCEGHJKLMNPRSTWXYZ")
        if prefix not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ"):
            number = prefix + r.digits(6) + r.choice("ABCD")
            return alone(number, grouped(number, (2, 2, 2, 2, 1), " "), grouped(number, (2, 6, 1), "-"), grouped(number, (2, 6, 1), " "))


MAKERS = {f.__name__: f for f in (at_svnr, be_nrn, bg_egn, ch_ahv, cz_rodne_cislo, de_tax_id, dk_cpr, es_dni, fi_hetu, fr_nir, gr_amka,
                                  hr_oib, ie_pps, it_codice_fiscale, nl_bsn, no_fodselsnummer, pl_pesel, pt_nif, ro_cnp,
                                  se_personnummer, tr_tckn, uk_nhs_number, uk_nino)}
