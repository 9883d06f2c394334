"""A light-weight reader of C++: blanks out comments and literals, finds functions. No parser; good enough for a linter."""

import re

_TOKEN = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | (?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'
    """,
    re.VERBOSE | re.DOTALL,
)


def _blank(match):
    text = match.group(0)
    if text.startswith("/"):
        return re.sub(r"[^\n]", " ", text)
    # A literal stays a literal of the same length, with its quotes, so that positions hold.
    quote = '"' if '"' in text[:4] else "'"
    return quote + re.sub(r"[^\n]", " ", text[1:-1]) + quote


def strip(text):
    """The text with comments and the insides of literals blanked; every other character keeps its place."""
    return _TOKEN.sub(_blank, text)


def line_of(text, position):
    """1-based line of a position."""
    return text.count("\n", 0, position) + 1


def matching(text, position):
    """Position of the bracket that closes the one at `position`, or len(text)."""
    depth = 0
    for i in range(position, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(text)


_SCOPE = re.compile(r"\b(namespace|class|struct|union|extern)\b")
_TEMPLATE = re.compile(r"\btemplate\s*<")
_LABEL = re.compile(r"^[ \t]*(?:case\b[^;{}\n]*|default):[ \t]*\{?[ \t]*$", re.MULTILINE)
_CONTROL = re.compile(r"^\s*(if|for|while|switch|catch|do|else|try|return)\b")


def _without_template(header):
    while (found := _TEMPLATE.search(header)) is not None:
        depth = 0
        end = len(header)
        for i in range(found.end() - 1, len(header)):
            if header[i] == "<":
                depth += 1
            elif header[i] == ">" and header[i - 1] != "-":
                depth -= 1
                if depth == 0:
                    end = i + 1
                    break
        header = header[: found.start()] + header[end:]
    return header


def _is_function(header):
    """Whether `header`, the text before a brace at namespace or class level, opens a function's body."""
    header = _without_template(header).strip()
    if ")" not in header or header.endswith("=") or _CONTROL.match(header):
        return False
    # A member's brace in a constructor's initializer list: `: a_(1), b_` before `{`.
    if re.search(r"\)\s*(noexcept\s*)?:(?!:)", header) and re.search(r"[,:]\s*[\w:]+(<[^;]*>)?$", header):
        return False
    return True


def functions(text):
    """(line of the opening brace, name, lines of the body) of every function in stripped text.

    Labels of a switch do not count: a table in the form of a switch is no long function.
    """
    found = []
    # Blank preprocessor lines: their braces need not balance.
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.MULTILINE)
    start = 0
    i = 0
    while i < len(text):
        char = text[i]
        if char in ";}":
            start = i + 1
        elif char == ":" and re.search(r"\b(public|private|protected)\s*$", text[start:i]):
            start = i + 1
        elif char == "{":
            header = text[start:i]
            if _is_function(header):
                end = matching(text, i)
                name = re.search(r"([\w:~]+)\s*\(", _without_template(header))
                lines = text.count("\n", i, end) + 1 - len(_LABEL.findall(text, i, end))
                found.append((line_of(text, i), name.group(1) if name else "?", lines))
                i = end
                start = i + 1
            elif _SCOPE.search(_without_template(header)) and "=" not in header and "enum" not in header:
                start = i + 1
            else:
                # A brace of data: an initializer, an enum, a member's brace. What follows belongs to the same header.
                i = matching(text, i)
        i += 1
    return found


_CO_AWAIT = re.compile(r"\bco_await\b")
# `std::chrono::seconds{5}` is a scalar in a coat.
_TRIVIAL_BRACE = re.compile(r"(std::)?chrono::\w+$")


def _operand_end(text, position):
    depth = 0
    for i in range(position, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth < 0:
                return i
        elif depth == 0 and text[i] in ";,":
            return i
    return len(text)


def _lambda_body(text, position):
    """Position of the brace that opens the body of the lambda whose captures close before `position`."""
    i = position
    while i < len(text):
        if text[i] == "{":
            return i
        i = matching(text, i) + 1 if text[i] in "([" else i + 1
    return i


def coroutine_hazards(text):
    """(position, what) for operands of co_await that gcc 12.2 miscompiles: see "Toolchain" in CONTRIBUTING.md."""
    found = []
    for match in _CO_AWAIT.finditer(text):
        start = match.end()
        end = _operand_end(text, start)
        i = start
        while i < end:
            before = text[start:i].rstrip()
            if text[i] == "[" and (not before or before[-1] in "(,{=&?:!|"):
                close = matching(text, i)
                captures = [c.strip() for c in text[i + 1 : close].split(",") if c.strip()]
                if any(not c.startswith("&") and c != "this" for c in captures):
                    found.append((match.start(), "a lambda that captures by value"))
                i = matching(text, _lambda_body(text, close + 1))
            elif text[i] == "{" and before and (before[-1] in "(,>" or re.search(r"\w$", before)):
                if not _TRIVIAL_BRACE.search(before):
                    found.append((match.start(), "a temporary made with braces"))
                i = matching(text, i)
            i += 1
    return found
