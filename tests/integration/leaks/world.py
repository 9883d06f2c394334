"""The database of the random leak test, in two worlds: the same rows but for the secrets, which are of the same length and form.

So what a client sees of one world through the sidecar must be what it sees of the other. Where a mask shows a part of a value
(the last digits of a card), the worlds share that part.
"""
import random

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: leaks}
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: data, effect: allow, actions: [read, session], resources: ["*"]}
masking:
  - {id: person, columns: ["public.people.ssn", "public.people.salary"], method: redact}
  - {id: badge, columns: ["public.people.badge"], method: "null"}
  - {id: phone, columns: ["public.people.phone"], method: redact, in_predicates: allow}
  - {id: card, columns: ["public.cards.number"], method: keep_last_4}
  - {id: notes, columns: ["public.notes.doc", "public.notes.tags"], method: redact}
  - {id: profile, columns: ["public.profiles.data.bank.account"], method: redact}
  - {id: token, columns: ["public.events.token"], method: redact}
"""

SCHEMA = """
CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, city text, ssn text, phone text, salary bigint, badge uuid,
                     born date, boss_id int, active bool NOT NULL);
CREATE TABLE cards (id int PRIMARY KEY, person_id int, number text, brand text, credit numeric(12,2), expires date);
CREATE TABLE notes (id int PRIMARY KEY, person_id int, body text, doc jsonb, tags text[], made timestamptz);
CREATE TABLE profiles (id int PRIMARY KEY, person_id int, data jsonb, theme text);
CREATE TABLE orders (id int PRIMARY KEY, person_id int, total numeric(10,2), placed timestamptz, status text, labels text[]);
CREATE TABLE lines (order_id int, line int, sku text, qty int, price numeric(8,2), extra jsonb, PRIMARY KEY (order_id, line));
CREATE TABLE events (id int, kind text, payload text, token text) PARTITION BY LIST (kind);
CREATE TABLE events_login PARTITION OF events FOR VALUES IN ('login');
CREATE TABLE events_other PARTITION OF events DEFAULT;
CREATE VIEW v_people AS SELECT id, name, city, ssn AS code, born FROM people;
CREATE VIEW v_cards AS SELECT c.id, p.name, c.number AS face, reverse(c.number) AS mirror, c.brand
  FROM cards c JOIN people p ON p.id = c.person_id;
CREATE VIEW v_totals AS SELECT person_id, count(*) AS orders, sum(total) AS total FROM orders GROUP BY person_id;
CREATE VIEW v_top AS SELECT code AS label, id FROM v_people WHERE id < 5;
"""

# Nothing that decides a plan may differ between two runs of a query.
SETTINGS = ("jit = off", "max_parallel_workers_per_gather = 0", "statement_timeout = '4s'", "timezone = 'UTC'")

CITIES = ("Lisbon", "Oslo", "Quito", "Hanoi", None)
WORDS = ("amber", "basalt", "cobalt", "dahlia", "ember", "fjord", "garnet", "harbor")


class World:
    """The rows of one world. `secrets` is every value that must not be seen."""

    def __init__(self, name):
        self._open = random.Random("rows")
        self._hidden = random.Random("secrets of " + name)
        self.secrets = []

    def _secret(self, form):
        """A value like `form`: each 9 a digit, each x a hexadecimal one."""
        value = "".join(self._hidden.choice("123456789") if c == "9" else self._hidden.choice("0123456789abcdef") if c == "x"
                        else c for c in form)
        self.secrets.append(value)
        return value

    def sql(self):
        """Fills the schema."""
        tables = {"people": self._people, "cards": self._cards, "notes": self._notes, "profiles": self._profiles,
                  "orders": self._orders, "lines": self._lines, "events": self._events}
        return "\n".join(f"INSERT INTO {table} VALUES {', '.join(rows())};" for table, rows in tables.items())

    def _people(self):
        for i in range(1, 8):
            ssn = "NULL" if i == 7 else f"'{self._secret('999-99-9999')}'"
            yield (f"({i}, '{WORDS[i]}', {_text(CITIES[i % 5])}, {ssn}, '{self._secret('+1 999 999 9999')}', "
                   f"{self._secret('9999999999')}, '{self._secret('xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx')}', "
                   f"date '1970-01-01' + {self._open.randrange(12000)}, {max(1, i // 2)}, {i % 3 > 0})")

    def _cards(self):
        for i in range(1, 9):
            shared = self._open.randrange(1000, 9999)
            yield (f"({i}, {1 + i % 7}, '{self._secret('499999999999')}{shared}', '{('visa', 'amex')[i % 2]}', "
                   f"{self._open.randrange(100000) / 100}, date '2027-01-01' + {i * 40})")

    def _notes(self):
        for i in range(1, 6):
            doc = f'{{"key": "{self._secret("doc-xxxxxxxx-9999")}", "n": {i}}}'
            yield (f"({i}, {1 + i % 7}, 'note {WORDS[i]}', '{doc}', ARRAY['{self._secret('tag-xxxxxxxxxx')}', 'plain'], "
                   f"timestamptz '2024-05-01 10:00Z' + {i} * interval '1 day')")

    def _profiles(self):
        for i in range(1, 6):
            bank = f'"bank": {{"name": "bank {i}", "account": "{self._secret("DE99 9999 9999 9999")}"}}'
            yield f"""({i}, {i}, '{{"theme": "{WORDS[i]}", {bank}}}', '{WORDS[i]}')"""

    def _orders(self):
        for i in range(1, 13):
            yield (f"({i}, {1 + i % 7}, {self._open.randrange(1, 90000) / 100}, timestamptz '2024-01-01 00:00Z' + "
                   f"{self._open.randrange(300)} * interval '1 hour', '{('open', 'paid', 'sent')[i % 3]}', "
                   f"ARRAY['{WORDS[i % 8]}', '{WORDS[i % 5]}'])")

    def _lines(self):
        for i in range(1, 19):
            extra = f'{{"gift": {"true" if i % 2 else "false"}, "size": {i % 4}}}'
            yield f"({1 + i % 12}, {i}, 'SKU-{100 + i % 6}', {1 + i % 5}, {self._open.randrange(100, 9000) / 100}, '{extra}')"

    def _events(self):
        for i in range(1, 9):
            yield f"({i}, '{('login', 'logout', 'seen')[i % 3]}', 'from {WORDS[i % 8]}', '{self._secret('tok_xxxxxxxxxxxxxxxx')}')"


def _text(value):
    return "NULL" if value is None else f"'{value}'"


def make(postgres):
    """Makes databases leak_a and leak_b, with the same object ids; {name: World}."""
    postgres.create_database("leak_schema")
    postgres.psql(SCHEMA, database="leak_schema")
    worlds = {}
    for name in ("leak_a", "leak_b"):
        postgres.psql(f"CREATE DATABASE {name} TEMPLATE leak_schema", database="postgres")
        for setting in SETTINGS:
            postgres.psql(f"ALTER DATABASE {name} SET {setting}", database="postgres")
        worlds[name] = World(name)
        postgres.psql(worlds[name].sql() + "\nANALYZE;", database=name)
    return worlds
