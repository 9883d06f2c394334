"""The table of methods, types and values that the tests of masking go through."""

METHODS = [("redact", 0), ("null", 0), ("hash", 0), ("keep_first", 1), ("keep_first", 4), ("keep_last", 1), ("keep_last", 4),
           ("email", 0), ("date_truncate", 0), ("date_truncate", 1), ("date_truncate", 2), ("round", 1), ("round", 7),
           ("round", 1000), ("fake", 0)]

# Type as SQL writes it: values as literals.
TYPES = {
    "bool": ["true", "false"],
    "int2": ["0", "7", "-123", "32767", "-32768"],
    "int4": ["0", "42", "-1999", "2147483647", "-2147483648"],
    "int8": ["0", "4111111111111111", "9223372036854775807", "-9223372036854775808"],
    "numeric": ["0", "1234.5678", "-0.00012", "NaN", "Infinity", "-Infinity", "99999999999999999999999999999.5", "100.00"],
    "numeric(5,2)": ["0", "999.99", "-12.3", "0.01", "NaN"],
    "numeric(3,0)": ["999", "-5", "0"],
    "numeric(2,2)": ["0.99", "-0.05", "0"],
    "numeric(3,5)": ["0.00999", "-0.00001"],
    "numeric(3,-3)": ["999000", "-1000", "0"],
    "float4": ["0", "1.5", "-3.4028235e38", "1e-45", "NaN", "Infinity", "16777216", "123456.7"],
    "float8": ["0", "2.5", "-0", "3.141592653589793", "1.7976931348623157e308", "5e-324", "NaN", "-Infinity", "1e21"],
    "money": ["0", "1234.56", "-9.99", "92233720368547758.07", "-92233720368547758.08"],
    "text": ["", "a", "jane.doe@example.com", "4111-1111-1111-1111", "Žluťoučký kůň", "日本語 テスト", "O'Reilly \"q\" \\ x",
             "2024-05-06", "{a,b}", " spaced "],
    "varchar": ["", "anything at all"],
    "varchar(5)": ["", "ab", "abcde", "héllo"],
    "varchar(1)": ["", "x"],
    "varchar(6)": ["a@b.co"],
    "char(5)": ["", "ab", "abcde", "hé"],
    "char(1)": ["x", ""],
    "char(40)": ["jane@example.com"],
    "bpchar": ["abc  "],
    "name": ["", "pg_class", "a" * 63],
    '"char"': ["x", "", "7", "\\303"],
    "bytea": ["", "\\x00ff10", "plain\\\\text"],
    "date": ["2024-05-06", "1999-12-31", "infinity", "-infinity", "0044-03-15 BC", "4714-11-24 BC", "5874897-12-31"],
    "time": ["00:00:00", "07:08:09.123456", "24:00:00"],
    "time(2)": ["07:08:09.12"],
    "timetz": ["07:08:09.5+02", "23:59:59-05:30", "00:00:00+15:59:59"],
    "timestamp": ["2024-05-06 07:08:09.25", "infinity", "-infinity", "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999"],
    "timestamp(3)": ["2024-05-06 07:08:09.123", "1969-12-31 23:59:59.999"],
    "timestamptz": ["2024-05-06 07:08:09.25+02", "infinity", "0001-01-01 00:00:00+00 BC", "1890-01-01 00:00:00+00"],
    "interval": ["1 year 2 mons 3 days 04:05:06.7", "-1 day", "0"],
    "uuid": ["550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000000"],
    "inet": ["192.0.2.33", "192.0.2.33/24", "2001:db8::1/64", "::ffff:192.0.2.1", "::"],
    "cidr": ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "10.0.0.1/32"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "json": ['{"a": [1, "secret", null, true], "b": {"c": -1.5e3}}', "null", '"x"', "7", "[]"],
    "jsonb": ['{"a": [1, "secret", null, true], "b": {"c": -1.5e3}}', "null", '"x"', "7", "{}"],
    "xml": ["<a>secret</a>", "plain"],
    "bit(5)": ["10101", "00000"],
    "bit(16)": ["1010101010101010"],
    "varbit": ["", "1", "101010101"],
    "varbit(7)": ["1010101"],
    "int4range": ["[11,29)", "(,5)", "empty", "[2147483640,2147483647)"],
    "numrange": ["[1.5,99.25]", "(,)"],
    "daterange": ["[2024-05-06,2025-07-08)", "[,2020-01-01)", "empty"],
    "tstzrange": ["[2024-05-06 07:08:09+02,)"],
    "datemultirange": ["{}", "{[2024-05-06,2024-07-08),[2026-01-02,)}"],
    "int8multirange": ["{[1,5),[100,200)}"],
    "citext": ["Jane Doe"],
    "short_text": ["abc"],
    "mood": ["happy"],
    "person": ['(7,"Jane ""J"" Doe",1987-06-05,"{a,""b c"",NULL}",happy,42)', "(,,,,,)", '(1,"",,{},,)'],
    "oid": ["42"], "regclass": ["pg_class"], "xid": ["7"], "tid": ["(0,1)"], "pg_lsn": ["16/B374D848"],
    "tsvector": ["a:1 secret:2"], "tsquery": ["secret & key"], "point": ["(1,2)"], "box": ["(2,2),(1,1)"],
    "polygon": ["((0,0),(1,1),(1,0))"], "circle": ["<(0,0),1>"], "hstore": ['"k"=>"secret"'], "jsonpath": ["$.a"],
    "int2vector": ["1 2"],
}

# Masked to NULL whatever the method.
OPAQUE = {"mood", "oid", "regclass", "xid", "tid", "pg_lsn", "tsvector", "tsquery", "point", "box", "polygon", "circle", "hstore",
          "jsonpath", "int2vector"}
# A redacted value says how many bits there are, how many elements and which attributes are NULL, and nothing else.
SHAPE_STAYS = {"bit(5)", "bit(16)", "varbit", "varbit(7)", "person"}
NO_ARRAY = {"int2vector"}

# Types that no server has before they are made, and what it takes to make them.
SCHEMA = """\
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN short_text AS varchar(3);
CREATE TYPE person AS (id int4, name varchar(12), born date, tags text[], mood mood, pay numeric(6,2));
"""


def quote(value):
    """The value as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"
