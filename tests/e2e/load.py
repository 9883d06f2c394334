"""Agents at work: threads that run numbered statements and remember exactly what they were told.

Each statement carries a marker of its own, so that what was done can be compared with what the database holds and with what
the recordings say.
"""
import dataclasses
import threading
import time

from tests.support import wire


@dataclasses.dataclass
class Attempt:
    """One statement: its marker, and whether it was answered with success, with an error, or not at all."""
    marker: str
    outcome: str  # "done", an SQLSTATE, or "unanswered"


class Agent(threading.Thread):
    """Inserts one marked row after the other until told to stop."""

    def __init__(self, target, name, *, reconnect=False):
        super().__init__(daemon=True)
        self.target, self.label, self.reconnect = target, name, reconnect
        self.attempts = []
        self.over = threading.Event()
        self.connections = 0

    def run(self):
        number = 0
        while not self.over.is_set():
            try:
                with wire.connect(self.target) as connection:
                    self.connections += 1
                    while not self.over.is_set():
                        # A marker that was not answered may have been stored: it is never said again.
                        number += 1
                        self._once(connection, f"{self.label}-{number}")
            except (wire.Closed, wire.Timeout, wire.ServerError, OSError):
                if not self.reconnect:
                    return
                time.sleep(0.05)

    def _once(self, connection, marker):
        attempt = Attempt(marker, "unanswered")
        self.attempts.append(attempt)
        attempt.outcome = connection.sqlstate(f"INSERT INTO marks (mark) VALUES ('{marker}')") or "done"

    def stop(self):
        """Lets it finish what it is at; its attempts."""
        self.over.set()
        self.join(30)
        return self.attempts


class Load:
    """Several agents at once; a context manager."""

    def __init__(self, targets, **options):
        self.agents = [Agent(target, f"agent{n}", **options) for n, target in enumerate(targets)]

    def __enter__(self):
        for agent in self.agents:
            agent.start()
        return self

    def __exit__(self, *_):
        for agent in self.agents:
            agent.stop()

    @property
    def attempts(self):
        return [attempt for agent in self.agents for attempt in agent.attempts]

    @property
    def done(self):
        return {attempt.marker for attempt in self.attempts if attempt.outcome == "done"}


def prepare(postgres):
    """The table that agents mark."""
    postgres.psql("CREATE TABLE IF NOT EXISTS marks (mark text); TRUNCATE marks; ALTER TABLE marks OWNER TO shop_owner")


def stored(postgres):
    """The marks in the database, sorted; one that was made twice is there twice."""
    return sorted(postgres.psql("SELECT mark FROM marks").splitlines())
