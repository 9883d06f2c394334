"""A psql process that stays: SQL goes in through a pipe, its answer comes back, as if somebody were typing."""
import os
import queue
import subprocess
import threading
import time

from tests.support.postgres import BIN

_MARK = "--chaperone-end-of-answer--"


class LivePsql:
    """One psql connected to a target. Standard error is part of the answer, with SQLSTATEs (VERBOSITY verbose)."""

    def __init__(self, target, *, options=()):
        argv = ["stdbuf", "-oL", BIN / "psql", "-X", "-v", "VERBOSITY=verbose", "-P", "pager=off", *options]
        self.process = subprocess.Popen(argv, env=dict(os.environ, **target.env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.output = ""  # All that it ever said.
        self._lines = queue.Queue()
        threading.Thread(target=self._pump, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _pump(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def tell(self, sql):
        """Types SQL (or a backslash command) and does not wait."""
        self.process.stdin.write(sql + "\n")
        self.process.stdin.flush()

    def ask(self, sql, seconds=40):
        """Types SQL and returns what psql answers."""
        self.start(sql)
        return self.finish(seconds)

    def start(self, sql):
        """Types SQL; `finish` waits for the answer."""
        self.tell(f"{sql}\n\\echo {_MARK}")

    def finish(self, seconds=40):
        """The answer to what `start` typed; also ends when psql ends. TimeoutError when it does not come."""
        answer, end = "", time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"psql gave no answer within {seconds:g} s; so far: {answer!r}") from None
            if line is None or line.strip() == _MARK:
                return answer
            answer += line
            self.output += line

    def wait(self, seconds):
        """Waits until psql ends by itself; (exit code, what it said meanwhile)."""
        code = self.process.wait(seconds)
        return code, self.finish(5)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
