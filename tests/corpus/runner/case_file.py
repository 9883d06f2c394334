"""Reads *.case files. The format is described in README.md; every unknown key or misplaced line is an error."""
import json
import pathlib
import re

# Keys of a case that may stand once.
SINGLE = ("title", "threat", "schema", "policy", "as", "modes", "setup", "cleanup", "sidecar", "source")
# Keys that may be repeated.
REPEATED = ("secret", "state", "direct")
# Keys that make a step, and keys that complete the step before them.
# `admin` runs SQL as superuser, straight at the server: what somebody else does meanwhile.
STEPS = ("sql", "simple", "extended", "pipeline", "raw", "connection", "wait", "admin")
STEP_PARTS = ("params", "data", "startup")
DEFAULTS = {"schema": "attack", "as": "superuser", "modes": "all", "threat": "own"}
SIDECAR = ("denied", "masked", "closed", "blind", "refused", "same", "masks", "ok", "only", "sealed")
DIRECT = ("leak", "succeeds", "cell", "contains", "tag", "error", "notice", "changed", "distinguishes", "refused")
MODES = ("all", "simple", "extended")
ID = re.compile(r"[a-z0-9][a-z0-9_-]*$")


class CaseError(Exception):
    """A file is not in the format; the message starts with file and line."""


class Step:
    def __init__(self, kind, text, line):
        self.kind = kind
        self.text = text
        self.line = line
        # Bind values: None, str; None for the list means that the step has no parameters.
        self.params = None
        # What is sent when the server asks for COPY data.
        self.data = b""
        # Startup parameters, for connection steps.
        self.startup = {}


class Case:
    def __init__(self, path, line, name, defaults):
        self.path = path
        self.line = line
        self.id = name
        self.area = path.parent.name
        self.values = dict(defaults)
        self.lists = {key: [] for key in REPEATED}
        self.steps = []

    def __getattr__(self, key):
        if key in SINGLE:
            return self.values.get(key, "")
        if key in REPEATED:
            return self.lists[key]
        raise AttributeError(key)

    @property
    def statement_count(self):
        return sum(step.kind in ("sql", "simple", "extended") for step in self.steps) + sum(
            len(step.text.splitlines()) for step in self.steps if step.kind == "pipeline")


def load(paths):
    """All cases of files and folders, in the order of their paths. Raises CaseError; ids must be unique."""
    cases, seen = [], {}
    for path in _files(paths):
        for case in read(path):
            if case.id in seen:
                raise CaseError(f"{path}:{case.line}: the id {case.id} stands in {seen[case.id]} already")
            seen[case.id] = path
            cases.append(case)
    return cases


def _files(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from sorted(path.rglob("*.case"))
        elif path.exists():
            yield path
        else:
            raise CaseError(f"{path}: there is no such file or folder")


def read(path):
    path = pathlib.Path(path)
    reader = _Reader(path)
    for number, key, value in _entries(path):
        try:
            reader.entry(number, key, value)
        except ValueError as error:
            raise CaseError(f"{path}:{number}: {error}") from error
    return reader.finish()


def _entries(path):
    """(line number, key, value); values run on over indented lines, whose first two blanks go."""
    current = None
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("  ") and current:
            current[2].append(line[2:])
        elif not line.strip():
            if current:
                current[2].append("")
        elif line.startswith("#"):
            continue
        else:
            if current:
                yield current[0], current[1], _joined(current[2])
            key, separator, value = ("===", ":", line[3:]) if line.startswith("===") else line.partition(":")
            if not separator:
                raise CaseError(f"{path}:{number}: expected \"key: value\", got {line!r}")
            current = (number, key.strip(), [value.strip()])
    if current:
        yield current[0], current[1], _joined(current[2])


def _joined(lines):
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines)


class _Reader:
    def __init__(self, path):
        self._path = path
        self._defaults = dict(DEFAULTS)
        self._default_direct = []
        self._cases = []

    def entry(self, number, key, value):
        if key == "===":
            self._check_last()
            if not ID.match(value):
                raise ValueError(f"{value!r} is no id: lower-case letters, digits, - and _")
            self._cases.append(Case(self._path, number, value, self._defaults))
        elif not self._cases:
            self._default(key, value)
        else:
            self._take(self._cases[-1], number, key, value)

    def _default(self, key, value):
        words = key.split()
        if len(words) != 2 or words[0] != "default" or words[1] not in (*SINGLE, "direct"):
            raise ValueError(f"before the first case only \"default KEY: VALUE\" may stand, not {key!r}")
        if words[1] == "direct":
            self._default_direct.append(value)
        else:
            self._defaults[words[1]] = value

    @staticmethod
    def _take(case, number, key, value):
        if key in SINGLE:
            case.values[key] = value
        elif key in REPEATED:
            case.lists[key].append(value)
        elif key in STEPS:
            case.steps.append(Step(key, value, number))
        elif key in STEP_PARTS:
            if not case.steps:
                raise ValueError(f"{key!r} belongs to a step, and there is none yet")
            _complete(case.steps[-1], key, value)
        else:
            raise ValueError(f"unknown key {key!r}")

    def _check_last(self):
        if not self._cases:
            return
        case = self._cases[-1]
        if not case.direct:
            case.lists["direct"] = list(self._default_direct)
        problem = _problem_of(case)
        if problem:
            raise CaseError(f"{self._path}:{case.line}: {case.id}: {problem}")

    def finish(self):
        self._check_last()
        return self._cases


def _complete(step, key, value):
    if key == "params":
        values = json.loads(value)
        step.params = [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
    elif key == "data":
        step.data = (value + "\n").encode()
    else:
        step.startup = json.loads(value)


def _problem_of(case):
    if not case.title:
        return "there is no title"
    if not case.policy:
        return "there is no policy"
    if not case.steps:
        return "there is no step"
    if any(step.kind == "admin" for step in case.steps) and not case.state:
        return "with an admin step only what `state` queries say counts as a change, and there is none"
    if case.modes not in MODES:
        return f"modes is {case.modes!r}; known are {', '.join(MODES)}"
    if case.sidecar.split(" ")[0] not in SIDECAR:
        return f"sidecar is {case.sidecar!r}; known are {', '.join(SIDECAR)}"
    if not case.direct:
        return "nothing is expected of the direct run"
    for expectation in case.direct:
        if expectation.split(" ")[0] not in DIRECT:
            return f"direct is {expectation!r}; known are {', '.join(DIRECT)}"
    return None
