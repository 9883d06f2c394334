"""Random statements of every kind, from a seed. About half of them carry a write somewhere; which, the generator knows.

A statement is a template of grammar.py with templates in it. Where a statement is to write, some of its values or sources are
taken from those that do.
"""
import dataclasses
import re

from tests.integration.readonly import grammar

HOLE = re.compile(r"\{(int|text|bool|any|aggregate|window|column|scalar|query|query1int|query1text|int0|text0|bool0)\}")
# Of a hundred statements of a kind that can be either, how many carry a write.
WRITING_PERCENT = 45
SELECT_LIKE = {"select", "cte", "set", "values", "table", "explain", "copy", "cursor", "prepare"}
DEPTH_MAX = 3
STATEMENT_BYTES_MAX = 6000


@dataclasses.dataclass(frozen=True)
class Statement:
    """One text. `writes` says that the generator put a write in, not that it is reached."""
    kind: str
    sql: str
    writes: bool

    @property
    def select_like(self):
        return self.kind in SELECT_LIKE


class Generator:
    """REQUIRES: `rng` is a random.Random. Texts keep `{dsn}` and `{folder}`, for whoever knows where they run."""

    def __init__(self, rng):
        self._rng = rng
        self._writing, self._placed = False, 0
        self._kinds = {"select": 40, "cte": 7, "writing_cte": 5, "set": 6, "values": 3, "table": 2, "explain": 5, "copy": 4, "cursor": 4,
                       "prepare": 4, "dml": 7, "ddl": 6, "call": 2, "lock": 3, "session": 5, "script": 5, "execute": 2}

    def statement(self):
        while True:
            kind = self._rng.choices(list(self._kinds), list(self._kinds.values()))[0]
            self._writing, self._placed = self._rng.randrange(100) < WRITING_PERCENT, 0
            sql = getattr(self, "_" + kind)()
            if len(sql) > STATEMENT_BYTES_MAX or (self._writing and kind in SELECT_LIKE and not self._placed):
                continue
            return Statement(kind, self._disguised(sql), self._placed > 0)

    # --- values

    def _value(self, kind, columns, depth):
        if self._writing and kind in grammar.WRITING_VALUES and self._rng.randrange(100) < 22:
            self._placed += 1
            return self._fill(self._rng.choice(grammar.WRITING_VALUES[kind]), columns, depth - 1)
        choices = grammar.VALUES[kind]
        if depth <= 0:
            choices = [choice for choice in choices if not HOLE.search(choice) or choice == "{column}"] or ["count(*)"]
        return self._fill(self._rng.choice(choices), columns, depth - 1, kind)

    def _fill(self, template, columns, depth, kind="any"):
        def value(found):
            name = found.group(1)
            if name == "column":
                return self._rng.choice(columns[kind])
            if name == "scalar":
                return self._query(depth, width=1, limit=True, kind="int")
            if name == "query":
                return self._query(depth)
            if name.startswith("query1"):
                return self._query(depth, width=1, kind=name.removeprefix("query1"))
            if name.endswith("0"):
                return self._value(name[:-1], {"int": ["2"], "text": ["'x'"], "any": ["NULL"]}, 0)
            return self._value(name, columns, depth)
        # Columns of a boolean are those of any type; `{column}` stands in no template of theirs.
        return HOLE.sub(value, template)

    # --- queries

    def _source(self, depth):
        """(text of FROM, columns)."""
        if self._writing and self._rng.randrange(100) < 20:
            self._placed += 1
            name, columns = self._rng.choice(list(grammar.WRITING_SOURCES.items()))
            return grammar.WRITING_SPELLINGS.get(name, name + " t"), columns
        if depth > 0 and self._rng.randrange(5) == 0:
            inner, columns = self._source(0)
            outputs = f"{self._value('int', columns, 1)} AS a, {self._value('text', columns, 1)} AS b"
            return f"(SELECT {outputs} FROM {inner}) t", {"int": ["t.a"], "text": ["t.b"], "any": ["t", "t.a"]}
        name, columns = self._rng.choice(list(grammar.SOURCES.items()))
        return grammar.SPELLINGS.get(name, name + " t"), columns

    def _query(self, depth=DEPTH_MAX, width=None, limit=False, kind=None):
        if depth < 0:
            return "SELECT 1" if kind != "text" else "SELECT 'x'"
        source, columns = self._source(depth)
        source += self._join(depth)
        roll = self._rng.randrange(100)
        where = f" WHERE {self._value('bool', columns, depth - 1)}" if self._rng.randrange(2) else ""
        if kind:
            text = f"SELECT {self._value(kind, columns, depth - 1)} FROM {source}{where}"
        elif roll < 20:
            text = self._grouped(columns, source, where, depth)
        elif roll < 35:
            text = f"SELECT {self._value('int', columns, 1)} AS a, {self._value('window', columns, depth - 1)} AS b FROM {source}{where}"
        else:
            count = width or self._rng.randint(1, 3)
            star = self._rng.randrange(8) == 0
            outputs = ["*"] if star and not width else [self._value("any", columns, depth - 1) for _ in range(count)]
            text = f"SELECT {self._rng.choice(['', '', '', 'DISTINCT '])}{', '.join(outputs)} FROM {source}{where}"
        if not limit and self._rng.randrange(4) == 0 and "DISTINCT" not in text and "GROUP BY" not in text:
            text += f" ORDER BY {self._value('int', columns, 1)}"
        return text + (" LIMIT 1" if limit else self._rng.choice(["", "", " LIMIT 5", " OFFSET 1", " FETCH FIRST 2 ROWS ONLY"]))

    def _join(self, depth):
        if depth < 1 or self._rng.randrange(4):
            return ""
        return self._rng.choice([" CROSS JOIN (SELECT 1 AS z) j", " LEFT JOIN orders j ON j.id = 3", " JOIN people j ON j.id < 3",
                                 ", LATERAL (SELECT count(*) AS z FROM orders o) j", " JOIN LATERAL generate_series(1, 2) j ON true"])

    def _grouped(self, columns, source, where, depth):
        key = self._value("text", columns, 1)
        grouping = self._rng.choice(["1", "1", f"ROLLUP ({key})", f"GROUPING SETS (({key}), ())"])
        having = f" HAVING {self._value('aggregate', columns, 1)} IS NOT NULL" if self._rng.randrange(3) == 0 else ""
        return (f"SELECT {key} AS a, {self._value('aggregate', columns, depth - 1)} AS b FROM {source}{where} "
                f"GROUP BY {grouping}{having}")

    # --- statements

    def _select(self):
        return self._query()

    def _cte(self):
        recursive = ("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4), ", ", r")
        head, tail = self._rng.choice([("WITH ", ""), ("WITH ", ""), recursive])
        return f"{head}q AS {self._rng.choice(['', 'MATERIALIZED ', 'NOT MATERIALIZED '])}({self._query(2)}) SELECT * FROM q{tail}"

    def _writing_cte(self):
        self._placed += 1
        write = self._fill(self._rng.choice(grammar.WRITING["returning"] + grammar.WRITING["dml"]), {}, 1)
        return self._rng.choice([f"WITH w AS ({write}) SELECT 1", f"WITH w AS ({write}) {self._query(1)}",
                                 f"WITH a AS (SELECT 1), w AS ({write}) SELECT * FROM a", f"WITH w AS ({write}) SELECT count(*) FROM people"])

    def _set(self):
        word = self._rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"])
        arms = [f"({self._query(1, width=1, kind='int')})" for _ in range(self._rng.randint(2, 3))]
        return f" {word} ".join(arms) + self._rng.choice(["", " ORDER BY 1", " LIMIT 3"])

    def _values(self):
        none = {"int": ["1"], "text": ["'x'"], "any": ["NULL"]}
        return f"VALUES ({self._value('int', none, 2)}, {self._value('text', none, 2)}), ({self._value('int', none, 1)}, 'z')"

    def _table(self):
        if self._writing:
            self._placed += 1
            return "TABLE " + self._rng.choice([name for name in grammar.WRITING_SOURCES if name.isidentifier()])
        return "TABLE " + self._rng.choice(["people", "orders", "events", "plain_view", "totals", "things"])

    def _explain(self):
        inner = self._dml() if self._writing and self._rng.randrange(2) else self._query(2)
        options = self._rng.choice(["", "ANALYZE ", "(ANALYZE, COSTS off) ", "VERBOSE ", "(FORMAT json) ", "(ANALYZE, BUFFERS, FORMAT yaml) ",
                                    "(ANALYZE false) ", "(ANALYZE 0, ANALYZE 1) "])
        return f"EXPLAIN {options}{inner}"

    def _copy(self):
        if self._writing:
            self._placed += 1
            return self._rng.choice(grammar.WRITING["copy"])
        return f"COPY ({self._query(2)}) TO STDOUT{self._rng.choice(['', ' WITH (FORMAT csv, HEADER)', ' (FORMAT binary)'])}"

    def _cursor(self):
        options = self._rng.choice(["", " SCROLL", " BINARY", " INSENSITIVE"])
        hold = self._rng.choice(["", " WITH HOLD"])
        return f"BEGIN; DECLARE c{options} CURSOR{hold} FOR {self._query(2)}; FETCH ALL FROM c; COMMIT"

    def _prepare(self):
        inner = self._dml() if self._writing and self._rng.randrange(2) else self._query(2)
        return self._rng.choice([f"PREPARE p AS {inner}", f"PREPARE p AS {inner}; EXECUTE p", f"PREPARE p(int) AS {inner}; EXECUTE p(3)",
                                 f"PREPARE p AS {inner}; EXPLAIN ANALYZE EXECUTE p"])

    def _execute(self):
        """Of what another statement of the session may have prepared."""
        return self._rng.choice(["EXECUTE p", "EXECUTE p(1)", "EXPLAIN ANALYZE EXECUTE p", "FETCH ALL FROM c", "MOVE 1 FROM c", "CLOSE c", "DEALLOCATE p"])

    def _dml(self):
        self._placed += 1
        return self._fill(self._rng.choice(grammar.WRITING["dml"] + grammar.WRITING["returning"]), {}, 1)

    def _family(self, name):
        self._placed += 1
        return self._fill(self._rng.choice(grammar.WRITING[name]), {"int": ["t.id"], "text": ["'x'"], "any": ["NULL"]}, 1)

    def _ddl(self):
        return self._family("ddl")

    def _call(self):
        return self._family("call")

    def _lock(self):
        return self._family("lock")

    def _session(self):
        return self._rng.choice(grammar.SESSION)

    def _script(self):
        """Several statements in one text."""
        kinds = ["select", "session", "values", "prepare", "execute", "session", "cte"] + ["dml", "ddl", "call", "writing_cte"] * self._writing
        parts = [getattr(self, "_" + self._rng.choice(kinds))() for _ in range(self._rng.randint(2, 4))]
        return self._rng.choice(["; ", ";", ";\n", "; ; "]).join(parts) + self._rng.choice(["", ";"])

    # --- spelling

    def _disguised(self, sql):
        """The same text in another spelling: comments, line ends and case, outside of quotes."""
        if self._rng.randrange(4) or "$" in sql:
            return sql
        parts = re.split(r"('(?:[^']|'')*'|\"[^\"]*\")", sql)
        spaces = [" /* x */ ", "\n", "\t", " /* a /* nested */ ; DROP */ ", "  ", " -- ; DELETE FROM orders\n"]
        for i in range(0, len(parts), 2):
            words = parts[i].split(" ")
            parts[i] = "".join(word + (self._rng.choice(spaces) if self._rng.randrange(6) == 0 else " ") for word in words[:-1]) + words[-1]
            if self._rng.randrange(3) == 0:
                parts[i] = parts[i].upper()
        return "".join(parts)
