#!/usr/bin/env python3
"""Checks the house rules that no compiler knows: who includes whom, sizes, names, coroutine hazards, text hygiene.

Usage: tidy.py [--root DIR] [PATH...]     without PATH: every file that git tracks or would track
Prints `file:line: rule: message`; exits 1 when there is any. What is allowed to whom stands in tables.py.
"""

import argparse
import ast
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp  # noqa: E402
import tables  # noqa: E402

_CPP = (".h", ".cc")
_SOURCES = (".h", ".cc", ".py", ".proto")
_CODE = _SOURCES + (".sh", ".bzl", ".json", ".yaml", ".yml", ".js", ".ts", ".tsx", ".sql", "BUILD.bazel")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# Written in two halves, so that this file passes its own rule.
_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


def under(path, folder):
    return path == folder or path.startswith(folder + "/")


def names(header, prefix):
    """Whether the include path `header` is what `prefix` of a table means: "boost/asio" names boost/asio.hpp and below."""
    return header == prefix or (header.startswith(prefix) and (prefix[-1] == "/" or header[len(prefix)] in "/."))


def is_test(path):
    name = os.path.basename(path)
    return "_test." in name or "_testing." in name or under(path, "tests") or name.startswith("fake_") or "/testing/" in path


class Tidy:
    """Runs every rule over the files of one tree."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.findings = []
        self.used_exceptions = set()

    def report(self, path, line, rule, message):
        if (rule, path) in tables.EXCEPTIONS:
            self.used_exceptions.add((rule, path))
        else:
            self.findings.append((path, line, rule, message))

    def check(self, paths):
        for path in paths:
            self.check_name(path)
            full = self.root / path
            if full.is_symlink() or not full.is_file():
                continue
            data = full.read_bytes()
            if b"\0" in data:
                continue
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                self.report(path, data.count(b"\n", 0, error.start) + 1, "utf-8", "not valid UTF-8")
                continue
            self.check_text(path, text)
            if path.endswith(_CPP):
                self.check_cpp(path, text)
            elif path.endswith(".py"):
                self.check_python(path, text)
        self.check_readmes(paths)

    # Every file.

    def check_name(self, path):
        for part in path.split("/"):
            words = re.split(r"[._-]", part.lower())
            for word in words:
                if word in tables.BAD_NAMES:
                    self.report(path, 1, "name", f"'{word}' says nothing; name the file after what it does")

    def check_text(self, path, text):
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                self.report(path, number, "trailing-whitespace", "whitespace at the end of the line")
            if _UNFINISHED.search(line):
                self.report(path, number, "unfinished", "finish it, or file it; the tree holds no notes to self")
        if text and not text.endswith("\n"):
            self.report(path, len(lines), "final-newline", "the last line has no newline")
        count = len(lines) - 1
        if path.endswith(_CODE) or text.startswith("#!"):
            limit = tables.TEST_FILE_LINES_MAX if is_test(path) else tables.FILE_LINES_MAX
            if count > limit:
                self.report(path, limit, "file-size", f"{count} lines; split files at {limit}")
        if path.endswith("/README.md") and count > tables.README_LINES_MAX:
            self.report(path, tables.README_LINES_MAX, "readme-size", f"{count} lines; {tables.README_LINES_MAX} at most")

    def check_readmes(self, paths):
        present = set(paths)
        seen = set()
        for path in paths:
            folder = os.path.dirname(path)
            if not path.endswith(_SOURCES) or folder in seen or "testdata" in folder.split("/"):
                continue
            if any(under(folder, above) for above in tables.README_ABOVE):
                continue
            seen.add(folder)
            if f"{folder}/README.md" not in present:
                self.report(folder, 1, "readme", "a folder with sources needs a README.md: purpose, API, what it must not know")

    # C++.

    def check_cpp(self, path, text):
        code = cpp.strip(text)
        for match in _INCLUDE.finditer(text):
            # The directive itself must not stand in a comment or a literal.
            if code[match.start(1) - 1] == " " and "include" not in code[match.start() : match.start(1)]:
                continue
            self.check_include(path, cpp.line_of(text, match.start()), match.group(1) == '"', match.group(2))
        self.check_patterns(path, code)
        if path.endswith(".h"):
            self.check_guard(path, code)
        limit = tables.TEST_FUNCTION_LINES_MAX if is_test(path) else tables.FUNCTION_LINES_MAX
        for line, name, count in cpp.functions(code):
            if count > limit:
                self.report(path, line, "function-size", f"{name} has {count} lines; {limit} at most")
        for position, what in cpp.coroutine_hazards(code):
            self.report(path, cpp.line_of(code, position), "co-await",
                        f"{what} inside a co_await expression is miscompiled by gcc 12.2; give it a name first")

    def check_patterns(self, path, code):
        rules = [(r"\bstd::endl\b", "endl", "flushes; write '\\n'")]
        if path.endswith(".h"):
            rules.append((r"\busing\s+namespace\b", "using-namespace", "leaks into every file that includes this header"))
        for folder in tables.PURE:
            if under(path, folder) and not is_test(path):
                rules.append((r"_clock::now\s*\(", "pure", f"{folder} is pure: take the time as an argument"))
        rules.append((r"\b(?:class|struct)\s+\w*(?:Util|Helper|Manager|Misc)s?\b(?!\s*\()", "name",
                      "name the type after what it does"))
        for pattern, rule, message in rules:
            for match in re.finditer(pattern, code):
                self.report(path, cpp.line_of(code, match.start()), rule, message)

    def check_guard(self, path, code):
        guard = "CHAPERONE_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        first = re.search(r"^\s*#\s*(\w+)\s*(\w*)", code, re.MULTILINE)
        if not first or (first.group(1), first.group(2)) != ("ifndef", guard) or f"#define {guard}" not in code:
            line = cpp.line_of(code, first.start(1)) if first else 1
            self.report(path, line, "include-guard", f"a header starts with #ifndef {guard} and #define {guard}")

    def check_include(self, path, line, quoted, header):
        if not is_test(path):
            for prefix, folders in tables.THIRD_PARTY.items():
                if names(header, prefix) and not any(under(path, folder) for folder in folders):
                    allowed = ", ".join(folders)
                    self.report(path, line, "third-party", f"<{header}> may be included by {allowed} only (tools/lint/tables.py)")
        self.check_pure(path, line, header)
        if quoted:
            self.check_layers(path, line, header)

    def check_pure(self, path, line, header):
        for folder in tables.PURE:
            if not under(path, folder):
                continue
            for prefix, what in tables.IMPURE_HEADERS.items():
                if what in ("threads", "the clock") and is_test(path):
                    continue
                if names(header, prefix):
                    self.report(path, line, "pure", f"{folder} is pure: <{header}> brings in {what}")

    def check_layers(self, path, line, header):
        for folder, prefix, why in tables.FORBIDDEN_INCLUDES:
            if under(path, folder) and header.startswith(prefix):
                self.report(path, line, "layering", f"{folder} must not include {header}: {why}")
        if header.startswith("tests/") and not is_test(path):
            self.report(path, line, "layering", f"only tests include {header}")
        if os.path.basename(header).startswith("fake_") and not is_test(path):
            self.report(path, line, "layering", f"only tests include the fake {header}")
        parts, target = path.split("/"), header.split("/")
        if len(parts) < 3 or len(target) < 3 or parts[0] != "dataplane" or target[0] != "dataplane":
            return
        if parts[1] == target[1] or parts[1] in tables.DATAPLANE_KNOWS_STAGES:
            return
        if parts[1] in tables.DATAPLANE_SHARED or target[1] not in tables.DATAPLANE_SHARED:
            self.report(path, line, "layering",
                        f"dataplane/{parts[1]} must not include {header}: stages are siblings that only "
                        "dataplane/session and dataplane/app know together")

    # Python.

    def check_python(self, path, text):
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            self.report(path, error.lineno or 1, "syntax", error.msg)
            return
        limit = tables.TEST_FUNCTION_LINES_MAX if is_test(path) else tables.FUNCTION_LINES_MAX
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                count = node.end_lineno - node.lineno + 1
                if count > limit:
                    self.report(path, node.lineno, "function-size", f"{node.name} has {count} lines; {limit} at most")

    def check_exceptions(self):
        for rule, path in sorted(set(tables.EXCEPTIONS) - self.used_exceptions):
            self.findings.append(("tools/lint/tables.py", 1, "exceptions", f"nothing needs the exception {rule} for {path}"))


def listed_files(root):
    """What git tracks or would track, without what was deleted."""
    out = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         check=True, stdout=subprocess.PIPE).stdout
    return sorted({p for p in out.decode().split("\0") if p and os.path.lexists(os.path.join(root, p))})


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--root", default=str(pathlib.Path(__file__).resolve().parents[2]))
    parser.add_argument("paths", nargs="*", help="files relative to the root; default: all of the tree")
    arguments = parser.parse_args(argv)
    tidy = Tidy(arguments.root)
    tidy.check(arguments.paths or listed_files(arguments.root))
    if not arguments.paths:
        tidy.check_exceptions()
    for path, line, rule, message in sorted(tidy.findings):
        print(f"{path}:{line}: {rule}: {message}")
    return 1 if tidy.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
