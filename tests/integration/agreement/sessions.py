"""Sessions in which statements are judged and not run: inside a transaction that has failed already."""
import json

from tests.support import wire
from tests.support.process import wait_until

ENTER = ("BEGIN", "SELECT 1/0")
# Of an attempt, as the recording has it, and of a simulation.
FACETS = ("decision", "policy", "rule", "reason", "action", "resource")


def judge(stack, target, texts):
    """Sends each text; returns [(text, recorded facets, or None for a text that was no statement)]."""
    sent = []
    while len(sent) < len(texts):
        sent += _one_session(stack, target, texts[len(sent):])
    return sent


def _one_session(stack, target, texts):
    """As many of the texts as one session takes: it ends behind one that ends it."""
    known = set(_session_ids(stack))
    count = 0
    with wire.connect(target) as connection:
        try:
            _enter(connection)
            for text in texts:
                count += 1
                _leave_failed(connection, connection.query(text, seconds=60)[-1].status)
        except (wire.Closed, BrokenPipeError, ConnectionResetError):
            pass
    (session,) = wait_until(lambda: [s for s in _session_ids(stack) if s not in known], 20, "the session is recorded")
    attempts = wait_until(lambda: _ended(stack, session), 30, f"the recording of {session} is whole")
    return _aligned(texts[:count], attempts)


def _enter(connection):
    for text in ENTER:
        connection.query(text)


def _leave_failed(connection, status):
    """Back into a failed transaction after a statement that ended it."""
    if status == "T":
        connection.query(ENTER[1])
    elif status == "I":
        _enter(connection)


def _session_ids(stack):
    return [session["id"] for session in stack.admin.json("sessions", "list", "--limit", "1000").get("sessions", [])]


def _ended(stack, session):
    records = [json.loads(line) for line in stack.admin("sessions", "export", session, "-f", "-").splitlines() if line.strip()]
    if not any(record["type"] == "session_ended" for record in records):
        return None
    return [record for record in records if record["type"] == "attempt"]


def _aligned(texts, attempts):
    """Attempts come in the order of the texts, with our own BEGINs between them."""
    at, aligned = 0, []
    for text in texts:
        found = next((i for i in range(at, len(attempts)) if attempts[i]["text"] == text), None)
        if found is None:
            aligned.append((text, None))
        else:
            at = found + 1
            aligned.append((text, {facet: attempts[found].get(facet, "") for facet in FACETS}))
    return aligned
