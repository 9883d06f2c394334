"""Which rows of the threat catalogue have cases: those of statement smuggling, stored state, hidden SQL, lexing and sessions."""
import collections

# Rows that concern deciding. C: stored state, D: code execution and hidden SQL, G: parser and lexer, H: session and
# protocol state, K: defects that other products had under statement smuggling. Rows of C that are about masking alone
# (42: writing a masked value), and of D (69: COPY of a masked column), have their cases under masking/.
ROWS = {
    "C": (41, 42, 44, 45, 47, 50, 51, 53, 54, 55, 56, 57),
    "D": (58, 61, 62, 63, 65, 67, 68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79),
    "G": (105, 106, 107, 108, 109, 111, 112, 113, 114, 115, 116, 117, 118, 120, 121),
    "H": (122, 123, 125, 126, 127, 129, 130, 131, 135, 136),
    "K-smuggling/": ("commit", "lexer", "cte", "cte-in-merge", "merge", "comments", "function-in-from", "parse-failure",
                     "oversize", "identifiers"),
}
OWN = "own"
OWN_MIN = 30


def rows():
    return [f"{section}{row}" for section, numbers in ROWS.items() for row in numbers]


def count(cases):
    """{row or "own": how many cases}; a case may name several rows."""
    return collections.Counter(word for case in cases for word in case.threat.split())


def missing(cases):
    """Rows without a case, and "own" when there are too few of those."""
    counted = count(cases)
    return [row for row in rows() if not counted[row]] + [OWN] * (counted[OWN] < OWN_MIN)


def text(cases):
    """A table of rows and counts, and a line that sums it up."""
    counted = count(cases)
    lines = [f"{row:28} {counted[row]:4}" for row in rows()]
    absent = missing(cases)
    lines.append(f"{len(rows())} rows of the threat catalogue, {len(rows()) - len([r for r in absent if r != OWN])} with cases; "
                 f"{counted[OWN]} cases of our own")
    lines += [f"MISSING {row}" for row in absent]
    return "\n".join(lines)
