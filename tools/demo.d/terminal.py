"""What the demo says: chapters, explanations, commands with their output, and the outcome of each check."""
import sys
import textwrap


class DemoFailed(Exception):
    """A step of the walk-through did not go as it must."""


class Terminal:
    """Narrates; `check` ends the walk-through when something is not as promised."""

    def __init__(self, stream=sys.stdout):
        self._stream = stream
        self._bold, self._dim, self._off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if stream.isatty() else ("", "", "")
        self.chapters = self.checks = 0

    def _line(self, text=""):
        print(text, file=self._stream, flush=True)

    def chapter(self, title):
        self.chapters += 1
        self._line(f"\n{self._bold}{self.chapters}. {title}{self._off}")

    def say(self, text):
        for line in textwrap.wrap(" ".join(text.split()), 100):
            self._line(f"   {line}")

    def command(self, prompt, text):
        """A command as the reader would type it."""
        for number, line in enumerate(text.splitlines()):
            self._line(f"   {self._bold}{prompt if number == 0 else ' ' * len(prompt)} {line}{self._off}")

    def output(self, text, lines=24):
        shown = text.rstrip("\n").splitlines()
        for line in shown[:lines]:
            self._line(f"   {self._dim}|{self._off} {line}")
        if len(shown) > lines:
            self._line(f"   {self._dim}| … {len(shown) - lines} more lines{self._off}")

    def check(self, truth, promise, evidence=""):
        """Prints the promise as kept, or raises DemoFailed with the evidence."""
        if not truth:
            raise DemoFailed(f"{promise}\n{textwrap.indent(str(evidence).rstrip(), '     ')}" if evidence else promise)
        self.checks += 1
        self._line(f"   {self._bold}✓{self._off} {promise}")
