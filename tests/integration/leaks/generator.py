"""Random queries over the schema of world.py: joins, subqueries, CTEs, set operations, functions, windows, up to five levels.

Every expression knows which kinds of masked columns may flow into it (its taint), so that a query is known to be clean, or
to use secrets in values only, or in what decides about rows too. Nothing that it makes depends on a clock, on chance or on
the order of anything that is not the same in two runs.
"""
import dataclasses

# Kinds of masked columns: those that must not decide about rows, and those that may (in_predicates: allow).
DENIED, OPEN = "denied", "open"
CLEAN = frozenset()
# What a query may do with secrets, and how often it is made.
MODES = {"clean": 40, "values": 38, "open": 10, "anything": 12}


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    taint: frozenset = CLEAN


def _columns(text):
    """"id int, ssn text!" with ! for denied, ? for open."""
    marks = {"!": frozenset({DENIED}), "?": frozenset({OPEN})}
    for part in text.split(", "):
        name, kind = part.split(" ")
        yield Column(name, kind.rstrip("!?"), marks.get(kind[-1], CLEAN))


TABLES = {name: list(_columns(text)) for name, text in {
    "people": "id int, name text, city text, ssn text!, phone text?, salary big!, badge uuid!, born date, boss_id int, "
              "active bool",
    "cards": "id int, person_id int, number text!, brand text, credit num, expires date",
    "notes": "id int, person_id int, body text, doc json!, tags array!, made time",
    "profiles": "id int, person_id int, data json!, theme text",
    "orders": "id int, person_id int, total num, placed time, status text, labels array",
    "lines": "order_id int, line int, sku text, qty int, price num, extra json",
    "events": "id int, kind text, payload text, token text!",
    "v_people": "id int, name text, city text, code text!, born date",
    "v_cards": "id int, name text, face text!, mirror text!, brand text",
    "v_totals": "person_id int, orders big, total num",
    "v_top": "label text!, id int",
}.items()}

# Functions within functions.
CALLS_MAX = 4
SIMPLE_TYPES = ("int", "big", "num", "text", "bool", "date", "time", "json", "array")
CASTS = {"int": "int", "big": "bigint", "num": "numeric", "text": "text", "bool": "boolean", "date": "date",
         "time": "timestamptz", "json": "jsonb", "array": "text[]", "uuid": "uuid"}


@dataclasses.dataclass
class Source:
    """What stands in FROM, or a CTE that may."""
    name: str
    columns: list
    # Also of columns that are not listed.
    taint: frozenset = CLEAN


@dataclasses.dataclass
class Expression:
    sql: str
    taint: frozenset = CLEAN


class Query:
    """One query. `sql`, the `columns` of its result, and whether secrets are `involved`."""

    def __init__(self, rng):
        self._rng = rng
        self.mode = rng.choices(list(MODES), MODES.values())[0]
        self.involved = False
        # Columns that may decide about rows are used: what is seen may depend on them.
        self.uses_open = False
        self._names = 0
        self._budget = rng.choice((25, 60, 110))
        # Levels of queries within queries; of functions within functions at the place where the generator is.
        self.levels, self._level, self._calls = 0, 0, 0
        self.sql, self.columns = self._query(rng.choice((1, 2, 3, 4, 5, 5)), [], [])

    # --- chance

    def _one_of(self, *choices):
        return self._rng.choice(choices)

    def _chance(self, share):
        return self._rng.random() < share

    def _name(self, prefix):
        self._names += 1
        return f"{prefix}{self._names}"

    def _spend(self):
        self._budget -= 1
        return self._budget > 0

    # --- what may be used where

    def _may(self, taint, decides):
        if not taint:
            return True
        if self.mode == "clean":
            return False
        if taint == {OPEN}:
            return True
        return self.mode == "anything" or (self.mode == "values" and not decides)

    def _use(self, taint):
        self.involved = self.involved or bool(taint)
        self.uses_open = self.uses_open or OPEN in taint

    def _column(self, kind, scope, decides):
        """A column of that type in scope, or None."""
        found = [(source, column) for source in scope for column in source.columns
                 if column.type == kind and self._may(column.taint, decides)]
        secret = [pair for pair in found if pair[1].taint]
        if secret and self._chance(0.6):
            found = secret
        if not found:
            return None
        source, column = self._rng.choice(found)
        self._use(column.taint)
        return Expression(f"{source.name}.{column.name}", column.taint)

    # --- expressions

    def _expression(self, kind, scope, decides, depth):
        """`depth` bounds subqueries, as everywhere."""
        if self._calls >= CALLS_MAX or self._chance(0.3) or not self._spend():
            return self._column(kind, scope, decides) or Expression(self._literal(kind))
        general = self._rng.random()
        if general < 0.08:
            return self._call("CASE WHEN {} THEN {} ELSE {} END", ("bool", kind, kind), scope, decides, depth)
        if general < 0.16 and depth > 0:
            return self._scalar(kind, scope, decides, depth)
        if general < 0.21:
            return self._call("coalesce({}, {})", (kind, kind), scope, decides, depth)
        template, kinds = self._rng.choice(FUNCTIONS[kind])
        return self._call(template, kinds, scope, decides, depth)

    def _call(self, template, kinds, scope, decides, depth):
        self._calls += 1
        arguments = [self._expression(kind, scope, decides, depth) for kind in kinds]
        self._calls -= 1
        return Expression(template.format(*(a.sql for a in arguments)), frozenset().union(*(a.taint for a in arguments)))

    def _literal(self, kind):
        rng = self._rng
        return {
            "int": lambda: str(rng.randint(0, 20)), "big": lambda: f"{rng.randint(0, 2000)}::bigint",
            "num": lambda: f"{rng.randint(0, 999)}.{rng.randint(10, 99)}", "bool": lambda: rng.choice(("true", "false", "NULL::bool")),
            "text": lambda: f"'{rng.choice(('a', 'Oslo', 'visa', 'x-1', '%a%', 'paid'))}'::text",
            "date": lambda: f"date '2001-0{rng.randint(1, 9)}-11'", "time": lambda: f"timestamptz '2024-01-0{rng.randint(1, 9)} 05:00Z'",
            "json": lambda: """'{"key": "k", "n": 1}'::jsonb""", "array": lambda: "ARRAY['a','b']::text[]",
            "uuid": lambda: "'00000000-0000-4000-8000-000000000001'::uuid",
        }[kind]()

    def _scalar(self, kind, scope, decides, depth):
        """A scalar subquery, correlated or not."""
        aggregate = self._rng.choice(AGGREGATES.get(kind, [("min({})", (kind,))])) if kind not in ("json", "bool", "uuid") else None
        outer = scope if self._chance(0.5) else []
        sources, scope_inside, text = self._from(depth - 1, outer, [])
        if aggregate:
            # Over outer columns alone it would be an aggregate of the outer query.
            value, limit = self._call(aggregate[0], aggregate[1], sources, decides, 0), ""
        else:
            value, limit = self._expression(kind, scope_inside, decides, 0), " LIMIT 1"
        self._note(1)
        return Expression(f"(SELECT {value.sql} FROM {text}{self._where(scope_inside, depth - 1)}{limit})", value.taint)

    def _note(self, more):
        self.levels = max(self.levels, self._level + more)

    def _condition(self, scope, depth):
        """Decides about rows."""
        if depth > 0 and self._chance(0.2) and self._spend():
            outer = scope if self._chance(0.7) else []
            _, inside, text = self._from(depth - 1, outer, [])
            self._note(1)
            if self._chance(0.5):
                return f"{self._one_of('EXISTS', 'NOT EXISTS')} (SELECT 1 FROM {text}{self._where(inside, depth - 1)})"
            kind = self._one_of("int", "text")
            left = self._expression(kind, scope, True, 0)
            right = self._expression(kind, inside, True, 0)
            test = self._one_of("IN", "NOT IN", "= ANY", "<= ALL")
            return f"{left.sql} {test} (SELECT {right.sql} FROM {text}{self._where(inside, depth - 1)})"
        return self._expression("bool", scope, True, depth).sql

    def _where(self, scope, depth):
        if not self._chance(0.5):
            return ""
        parts = [self._condition(scope, depth) for _ in range(self._rng.randint(1, 2))]
        return " WHERE " + f" {self._one_of('AND', 'OR')} ".join(f"({part})" for part in parts)

    # --- FROM

    def _from(self, depth, outer, tables):
        """(sources, scope with the outer ones behind, text)."""
        sources, text = [], ""
        for i in range(self._rng.choices((1, 2, 3), (60, 32, 8))[0]):
            source, item = self._source(depth, [*sources, *outer] if i else [], tables)
            if i == 0:
                text = item
            else:
                text += self._join(sources, source, item)
            sources.append(source)
        return sources, [*sources, *outer], text

    def _join(self, left, right, item):
        both = [name for name in ("id", "person_id") if sum(c.name == name for s in left for c in s.columns) == 1
                and any(c.name == name for c in right.columns)]
        if both and not item.startswith("LATERAL") and self._chance(0.2):
            return f" {self._one_of('JOIN', 'LEFT JOIN', 'FULL JOIN')} {item} USING ({both[0]})"
        if item.startswith("LATERAL") or self._chance(0.1):
            return f" CROSS JOIN {item}"
        kind = self._one_of("int", "int", "int", "text")
        one, other = self._column(kind, left, True), self._column(kind, [right], True)
        if one is None or other is None:
            return f" CROSS JOIN {item}"
        return f" {self._one_of('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN')} {item} ON {one.sql} = {other.sql}"

    def _source(self, depth, lateral, tables):
        alias = self._name("s")
        what = self._rng.random()
        if tables and what < 0.35:
            table = self._rng.choice(tables)
            return Source(alias, table.columns, table.taint), f"{table.name} AS {alias}"
        if depth > 0 and what < 0.7 and self._spend():
            inside = lateral if lateral and self._chance(0.4) else []
            sql, columns = self._query(depth, inside, tables)
            if self._chance(0.3):
                columns = [dataclasses.replace(column, name=self._name("r")) for column in columns]
                names = f" ({', '.join(column.name for column in columns)})"
            else:
                names = ""
            word = "LATERAL " if inside else ""
            return Source(alias, columns, _sum(columns)), f"{word}({sql}) AS {alias}{names}"
        if what < 0.76 and lateral:
            return self._function_source(alias, lateral)
        known = [name for name in TABLES if self.mode != "open" or name in ("people", "orders", "lines", "v_totals")]
        secret = [name for name in known if _sum(TABLES[name])]
        name = self._rng.choice(secret if self.mode != "clean" and self._chance(0.6) else known)
        columns = TABLES[name]
        return Source(alias, columns, _sum(columns)), f"{name} AS {alias}"

    def _function_source(self, alias, lateral):
        if self._chance(0.4) or not lateral:
            return Source(alias, [Column("n", "int")]), f"generate_series(1, {self._rng.randint(1, 4)}) AS {alias}(n)"
        kind, template = self._rng.choice((
            ("array", "unnest({}) AS {}(v)"), ("text", "regexp_split_to_table({}, '-') AS {}(v)"),
            ("text", "string_to_table({}, ' ') AS {}(v)"), ("json", "jsonb_object_keys({}) AS {}(v)")))
        value = self._expression(kind, lateral, True, 0)
        return Source(alias, [Column("v", "text", value.taint)], value.taint), "LATERAL " + template.format(value.sql, alias)

    # --- queries

    def _query(self, depth, outer, tables, kinds=None):
        """(text, columns)."""
        self._level += 1
        self._note(0)
        calls, self._calls = self._calls, 0
        query = self._some_query(depth - 1, outer, tables, kinds)
        self._calls = calls
        self._level -= 1
        return query

    def _some_query(self, depth, outer, tables, kinds):
        if depth > 0 and not kinds and self._chance(0.25) and self._spend():
            return self._with(depth, outer, tables)
        if depth > 0 and self._chance(0.15) and self._spend():
            return self._set_operation(depth, outer, tables, kinds)
        if not outer and not kinds and self._chance(0.02):
            return f"VALUES ({self._literal('int')}, {self._literal('text')})", [Column("column1", "int"), Column("column2", "text")]
        return self._select(depth, outer, tables, kinds)

    def _with(self, depth, outer, tables):
        parts, known = [], list(tables)
        recursive = self._chance(0.2)
        for i in range(self._rng.randint(1, 2)):
            name = self._name("w")
            if recursive and i == 0:
                parts.append(f"{name}(n, t) AS (SELECT 1, {self._literal('text')} UNION ALL "
                             f"SELECT n + 1, t || n::text FROM {name} WHERE n < {self._rng.randint(2, 5)})")
                known.append(Source(name, [Column("n", "int"), Column("t", "text")]))
                continue
            sql, columns = self._query(depth, [], known)
            hint = self._one_of("", "", "MATERIALIZED ", "NOT MATERIALIZED ")
            parts.append(f"{name} AS {hint}({sql})")
            known.append(Source(name, columns, _sum(columns)))
        sql, columns = self._select(depth, outer, known, None)
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} {sql}", columns

    def _set_operation(self, depth, outer, tables, kinds):
        kinds = kinds or [self._rng.choice(SIMPLE_TYPES) for _ in range(self._rng.randint(1, 3))]
        left, first = self._query(depth, outer, tables, kinds)
        right, second = self._query(depth, outer, tables, kinds)
        columns = [dataclasses.replace(a, taint=a.taint | b.taint) for a, b in zip(first, second)]
        drops = [word for word in ("UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL") if "json" not in kinds]
        word = self._rng.choice(drops) if drops and self._chance(0.5) and self._may(_sum(columns), True) else "UNION ALL"
        return f"({left}) {word} ({right})", columns

    def _select(self, depth, outer, tables, kinds):
        sources, scope, text = self._from(depth, outer, tables)
        where = self._where(scope, depth)
        if not kinds and self._chance(0.1):
            starred = self._star(sources, text, where)
            if starred:
                return starred
        if self._chance(0.25):
            return self._grouped(sources, scope, text, where, kinds)
        kinds = kinds or self._kinds(sources, 4)
        outputs, columns = [], []
        for kind in kinds:
            value = self._window(kind, scope) if kind in ("big", "text") and self._chance(0.12) else None
            value = value or self._expression(kind, scope, False, depth)
            columns.append(Column(self._name("c"), kind, value.taint))
            outputs.append(f"({value.sql})::{CASTS[kind]} AS {columns[-1].name}" if self._chance(0.2)
                           else f"{value.sql} AS {columns[-1].name}")
        distinct = "json" not in kinds and self._chance(0.1) and self._may(_sum(columns), True)
        sql = f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(outputs)} FROM {text}{where}"
        return sql + self._tail(scope, columns, distinct), columns

    def _kinds(self, sources, most):
        """Types for outputs, mostly of columns that there are."""
        there = [column.type for source in sources for column in source.columns if self._may(column.taint, False)] or ["text"]
        return [self._rng.choice(there) if self._chance(0.75) else self._rng.choice(SIMPLE_TYPES)
                for _ in range(self._rng.randint(1, most))]

    def _star(self, sources, text, where):
        """All columns of one source, or its row in other forms."""
        source = self._rng.choice(sources)
        if not self._may(source.taint, False) or "USING" in text:
            return None
        self._use(source.taint)
        if self._chance(0.6):
            return f"SELECT {source.name}.* FROM {text}{where}", source.columns
        kind, form = self._rng.choice((("json", "to_jsonb({})"), ("text", "row_to_json({})::text"), ("text", "{}::text"),
                                       ("text", "format('%s', {})")))
        name = self._name("c")
        return f"SELECT {form.format(source.name)} AS {name} FROM {text}{where}", [Column(name, kind, source.taint)]

    def _window(self, kind, scope):
        partition = self._expression("int", scope, True, 0)
        order = self._expression(self._one_of("int", "text", "date"), scope, True, 0)
        taint = partition.taint | order.taint
        # The row itself makes the order a total one.
        if self._may(scope[0].taint, True):
            self._use(scope[0].taint)
            taint |= scope[0].taint
            frame = f"OVER (PARTITION BY {partition.sql} ORDER BY {order.sql}, {scope[0].name}::text)"
            call = self._one_of("row_number()", "rank()", "count(*)") if kind == "big" else None
        else:
            frame = f"OVER (PARTITION BY {partition.sql})"
            call = "count(*)" if kind == "big" else None
        if call:
            return Expression(f"{call} {frame}", taint)
        value = self._expression(kind, scope, False, 0)
        call = self._one_of("max({})", "min({})", "string_agg({}, ',')") if kind == "text" else "max({})"
        return Expression(f"{call.format(value.sql)} {frame}", value.taint | taint)

    def _grouped(self, sources, scope, text, where, kinds):
        keys = [self._expression(self._one_of("int", "text", "bool", "date"), scope, True, 0)
                for _ in range(self._rng.randint(0, 2))]
        wanted = kinds or self._kinds(sources, 3)
        columns, outputs = [], []
        for kind in wanted:
            template, arguments = self._rng.choice(AGGREGATES.get(kind, [(f"(array_agg({{}}))[1]::{CASTS[kind]}", (kind,))]))
            value = self._call(template, arguments, sources, False, 0)
            columns.append(Column(self._name("c"), kind, value.taint))
            outputs.append(f"{value.sql} AS {columns[-1].name}")
        # Keys may be constants, which GROUP BY would take for positions.
        grouped = [f"coalesce({key.sql})" for key in keys]
        by_row, kind = self._keys_of_row(sources) if self._chance(0.35) else ([], None)
        grouped += [key.sql for key in by_row]
        if by_row and not kinds:
            columns.append(Column(self._name("c"), kind, by_row[-1].taint))
            outputs.append(f"{by_row[-1].sql} AS {columns[-1].name}")
        keys += by_row
        grouping = f" GROUP BY {', '.join(grouped)}" if grouped else ""
        having = f" HAVING count(*) > {self._rng.randint(0, 2)}" if keys and self._chance(0.3) else ""
        return f"SELECT {', '.join(outputs)} FROM {text}{where}{grouping}{having}", columns

    def _keys_of_row(self, sources):
        """A table's id, and a column of that row, which it determines; or of another row, which it does not."""
        with_id = [source for source in sources if any(column.name == "id" for column in source.columns)]
        if not with_id:
            return [], None
        source = self._rng.choice(with_id)
        other = source if self._chance(0.75) else self._rng.choice(sources)
        column = self._rng.choice([column for column in other.columns if column.type != "json"] or source.columns[:1])
        own = other is source and self.mode != "clean"
        identity = next(column for column in source.columns if column.name == "id")
        if column.type == "json" or not self._may(identity.taint, True) or not (own or self._may(column.taint, True)):
            return [], None
        self._use(identity.taint | column.taint)
        return ([Expression(f"{source.name}.id", identity.taint), Expression(f"{other.name}.{column.name}", column.taint)],
                column.type)

    def _tail(self, scope, columns, distinct):
        text = ""
        orderable = [i for i, column in enumerate(columns, 1) if column.type != "json" and self._may(column.taint, True)]
        if orderable and self._chance(0.35):
            text += f" ORDER BY {self._rng.choice(orderable)}{self._one_of('', ' DESC', ' NULLS FIRST')}"
        elif not distinct and self._chance(0.15):
            text += f" ORDER BY {self._expression(self._one_of('int', 'text', 'date'), scope, True, 0).sql} || ''"
        if self._chance(0.3):
            text += f" LIMIT {self._rng.randint(1, 9)}"
            text += f" OFFSET {self._rng.randint(0, 2)}" if self._chance(0.3) else ""
        return text


def _sum(columns):
    return frozenset().union(*(column.taint for column in columns)) if columns else CLEAN


# type -> [(template, types of its arguments)]
FUNCTIONS = {
    "int": [("length({})", ("text",)), ("ascii({})", ("text",)), ("({} + {})", ("int", "int")), ("({} - 3)", ("int",)),
            ("position('a' in {})", ("text",)), ("extract(year from {})::int", ("date",)), ("abs({})", ("int",)),
            ("cardinality({})", ("array",)), ("({} % 7)", ("int",)), ("greatest({}, {})", ("int", "int")),
            ("nullif({}, {})", ("int", "int")), ("octet_length({})", ("text",)), ("sign({})::int", ("num",)),
            ("({})::int", ("bool",)), ("array_position({}, {})", ("array", "text")), ("strpos({}, {})", ("text", "text")),
            ("({}->>'n')::int", ("json",))],
    "big": [("({})::bigint", ("int",)), ("({} + {})", ("big", "int")), ("({} - {})", ("big", "big")), ("({} % 1000)", ("big",)),
            ("abs({})", ("big",)), ("least({}, {})", ("big", "big")), ("hashtext({})::bigint", ("text",))],
    "num": [("({} + {})", ("num", "num")), ("round({}, 1)", ("num",)), ("({})::numeric", ("int",)), ("({})::numeric", ("big",)),
            ("({} / 4)", ("num",)), ("trunc({})", ("num",)), ("extract(epoch from {})", ("time",)), ("sqrt(abs({}))", ("num",))],
    "text": [("upper({})", ("text",)), ("lower({})", ("text",)), ("reverse({})", ("text",)), ("left({}, 4)", ("text",)),
             ("substr({}, 2, 5)", ("text",)), ("({} || {})", ("text", "text")), ("md5({})", ("text",)),
             ("encode(convert_to({}, 'UTF8'), 'hex')", ("text",)), ("encode(convert_to({}, 'UTF8'), 'base64')", ("text",)),
             ("encode(sha256(convert_to({}, 'UTF8')), 'hex')", ("text",)), ("replace({}, '-', '')", ("text",)),
             ("translate({}, '0123456789', 'abcdefghij')", ("text",)), ("lpad({}, 20, '*')", ("text",)), ("({})::text", ("int",)),
             ("({})::text", ("big",)), ("({})::text", ("num",)), ("({})::text", ("date",)), ("({})::text", ("json",)),
             ("({})::text", ("uuid",)), ("({})::text", ("array",)), ("concat({}, '/', {})", ("text", "int")),
             ("format('%s:%s', {}, {})", ("text", "text")), ("({}->>'key')", ("json",)), ("split_part({}, '-', 2)", ("text",)),
             ("regexp_replace({}, '[0-9]', '#', 'g')", ("text",)), ("initcap({})", ("text",)), ("quote_literal({})", ("text",)),
             ("array_to_string({}, '+')", ("array",)), ("({})[1]", ("array",)), ("overlay({} placing 'zz' from 2)", ("text",)),
             ("to_char({}, 'YYYY-MM')", ("time",)), ("to_char({}, '999G999D9')", ("num",)), ("to_hex({})", ("big",)),
             ("({}#>>'{{bank,name}}')", ("json",)), ("({})::varchar(6)", ("text",)), ("({} COLLATE \"C\")", ("text",)),
             ("concat_ws('-', {}, {}, {})", ("text", "text", "date")), ("coalesce({}->>'theme', {})", ("json", "text"))],
    "bool": [("({} = {})", ("int", "int")), ("({} < {})", ("int", "int")), ("({} = {})", ("text", "text")),
             ("({} LIKE {})", ("text", "text")), ("({} IS NULL)", ("text",)), ("({} IS NOT NULL)", ("date",)),
             ("({} BETWEEN {} AND {})", ("int", "int", "int")), ("(NOT {})", ("bool",)), ("({} AND {})", ("bool", "bool")),
             ("({} OR {})", ("bool", "bool")), ("({} > {})", ("num", "num")), ("({} < {})", ("date", "date")),
             ("({} IN ({}, {}))", ("text", "text", "text")), ("({} ~ '^[a-f]')", ("text",)), ("({} = ANY({}))", ("text", "array")),
             ("({} ? 'key')", ("json",)), ("({} @> {})", ("json", "json")), ("({} && {})", ("array", "array")),
             ("({} IS DISTINCT FROM {})", ("text", "text")), ("starts_with({}, {})", ("text", "text"))],
    "date": [("({} + {} % 50)", ("date", "int")), ("({})::date", ("time",)), ("greatest({}, {})", ("date", "date")),
             ("date_trunc('month', {})::date", ("time",))],
    "time": [("date_trunc('day', {})", ("time",)), ("({} + interval '1 hour')", ("time",)), ("({})::timestamptz", ("date",)),
             ("least({}, {})", ("time", "time"))],
    "json": [("jsonb_build_object('k', {}, 'n', {})", ("text", "int")), ("to_jsonb({})", ("text",)), ("({}->'bank')", ("json",)),
             ("jsonb_build_array({}, {})", ("text", "int")), ("({} || {})", ("json", "json")), ("to_jsonb({})", ("array",)),
             ("jsonb_set({}, '{{x}}', to_jsonb({}))", ("json", "text")), ("jsonb_strip_nulls({})", ("json",)),
             ("({} - 'key')", ("json",))],
    "array": [("ARRAY[{}, {}]", ("text", "text")), ("string_to_array({}, '-')", ("text",)), ("array_append({}, {})", ("array", "text")),
              ("({} || {})", ("array", "array")), ("array_remove({}, {})", ("array", "text")), ("({})[1:1]", ("array",)),
              ("regexp_matches_first({})", ("text",))],
    "uuid": [("coalesce({}, {})", ("uuid", "uuid"))],
}
FUNCTIONS["array"].pop()

AGGREGATES = {
    "int": [("max({})", ("int",)), ("min({})", ("int",)), ("count({})::int", ("text",))],
    "big": [("count(*)", ()), ("sum({})", ("int",)), ("count(DISTINCT {})", ("int",)), ("max({})", ("big",))],
    "num": [("sum({})", ("num",)), ("round(avg({}), 2)", ("int",)), ("max({})", ("num",)), ("sum({})", ("big",))],
    "text": [("max({})", ("text",)), ("string_agg({}, ',')", ("text",)), ("min({})", ("text",)),
             ("json_agg({})::text", ("text",)), ("max({}) FILTER (WHERE {})", ("text", "bool"))],
    "array": [("array_agg({})", ("text",))],
    "json": [("jsonb_agg({})", ("text",)), ("jsonb_object_agg(coalesce({}, 'none'), {})", ("text", "int"))],
    "date": [("max({})", ("date",))],
    "time": [("min({})", ("time",))],
    "bool": [("bool_or({})", ("bool",)), ("every({})", ("bool",))],
}
