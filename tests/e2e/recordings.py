"""What the control plane holds of each session, read with the CLI as an operator would."""
import json
import re

from tests.support.process import wait_until

_MARK = re.compile(r"VALUES \('(agent\d+-\d+)'\)")


def session_ids(stack):
    """All sessions, newest first."""
    return list(dict.fromkeys(re.findall(r"\bses_\w+", stack.admin("sessions", "list", "--limit", "1000"))))


def records(stack, session):
    """The records of one session, decoded."""
    text = stack.admin("sessions", "export", session, "-f", "-")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def recorded_marks(stack):
    """{mark: how often it stands in the recordings} over all sessions, with one count for each attempt."""
    counts = {}
    for session in session_ids(stack):
        for record in records(stack, session):
            if record["type"] == "attempt":
                for mark in _MARK.findall(record["text"]):
                    counts[mark] = counts.get(mark, 0) + 1
    return counts


def await_marks(stack, wanted, seconds=30):
    """Waits until all marks are recorded; the counts."""
    found = {}

    def complete():
        found.clear()
        found.update(recorded_marks(stack))
        return wanted <= set(found)
    try:
        wait_until(complete, seconds, "all statements are in the recordings", interval=0.3)
    except TimeoutError:
        missing = sorted(wanted - set(found))
        raise AssertionError(f"{len(missing)} of {len(wanted)} statements are not in any recording, e.g. {missing[:5]}") from None
    return found
