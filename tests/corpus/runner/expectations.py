"""Compares what happened with what a case expects, directly and through the sidecar. Functions return lists of failures."""
import re
import struct

from runner import worlds

# What differs between two runs of the same statements and says nothing about data.
VOLATILE_KINDS = {b"K", b"R", b"S"}
OID_USER_MIN = 16384
VOLATILE_DETAIL = re.compile(rb'"(audit_id|approval_id|retry_after_s)":\s*("[^"]*"|\d+|null)')


def leaks(scanner, transcript):
    """Findings over all connections of a run."""
    rows = [row for step in transcript.steps for row in step.rows()]
    payloads = [data for step in transcript.steps
                for data in (*step.copy_out, *step.notifications, *(f for f in step.function_results if f))]
    return scanner.scan(transcript.all_bytes(), rows, payloads)


def observable(transcript):
    """What a client can tell apart: every message but keys, session settings and identifiers of the audit trail."""
    return [[(kind, _stable(kind, payload)) for kind, payload in step.messages if kind not in VOLATILE_KINDS]
            for step in transcript.steps]


def _stable(kind, payload):
    """Without what differs between any two databases: identifiers, and oids of what people have made."""
    if kind != b"T":
        return VOLATILE_DETAIL.sub(b"", payload)
    parts, at = [payload[:2]], 2
    for _ in range(struct.unpack_from("!H", payload)[0]):
        end = payload.index(b"\0", at)
        table, attnum, type_oid, *rest = struct.unpack_from("!IHIhih", payload, end + 1)
        parts.append((payload[at:end], min(table, OID_USER_MIN), attnum, min(type_oid, OID_USER_MIN), rest))
        at = end + 19
    return parts


def check_direct(case, run):
    """`run` is a Run (run.py) without the sidecar."""
    failures = []
    for expectation in case.direct:
        word, _, rest = expectation.partition(" ")
        problem = DIRECT_CHECKS[word](run, rest)
        if problem:
            failures.append(f"direct: {expectation}: {problem}")
    return failures


def _errors_of(run):
    transcript = run.transcript
    words = [f"{e.get('C')} {e.get('M')}" for e in transcript.errors()]
    words += [f"connection ended: {step.ended}" for step in transcript.steps if step.ended]
    return "; ".join(words) or "no error"


def _leak(run, _):
    return None if run.findings else f"no secret was received ({_errors_of(run)})"


def _succeeds(run, _):
    bad = run.transcript.refusal or any(not step.succeeded() for step in run.transcript.steps)
    return _errors_of(run) if bad else None


def _cell(run, text):
    cells = [cell for step in run.transcript.steps for cell in step.cells()]
    if text.encode() in cells:
        return None
    return f"cells are {cells[:6]} ({_errors_of(run)})"


def _contains(run, text):
    return None if text.encode() in run.transcript.all_bytes() else f"not received ({_errors_of(run)})"


def _tag(run, text):
    tags = [tag for step in run.transcript.steps for tag in step.tags]
    return None if text in tags else f"tags are {tags} ({_errors_of(run)})"


def _error(run, code):
    codes = [error.get("C") for error in run.transcript.errors()]
    return None if code in codes else f"got {_errors_of(run)}"


def _notice(run, text):
    notices = [n.get("M", "") for step in run.transcript.steps for n in step.notices]
    return None if any(text in n for n in notices) else f"notices are {notices} ({_errors_of(run)})"


def _changed(run, _):
    return None if run.changes else f"nothing changed ({_errors_of(run)})"


def _distinguishes(run, _):
    if observable(run.transcript) != observable(run.other_world):
        return None
    return f"both worlds look the same ({_errors_of(run)})"


def _refused(run, code):
    refusal = run.transcript.refusal
    if refusal is None:
        return "the connection was accepted"
    return None if not code or code in [e.get("C") for e in refusal.errors] else f"got {refusal.errors}"


DIRECT_CHECKS = {"leak": _leak, "succeeds": _succeeds, "cell": _cell, "contains": _contains, "tag": _tag,
                 "error": _error, "notice": _notice, "changed": _changed, "distinguishes": _distinguishes,
                 "refused": _refused}


def check_sidecar(case, run):
    """`run` went through the sidecar; `run.reference` is the direct run in the same mode, for `masked` and `same`."""
    word, _, rest = case.sidecar.partition(" ")
    # Without masks there is nothing to leak to whoever may read.
    may_see = word in ("same", "ok", "only") and not worlds.masks(case.policy)
    failures = [] if may_see else [f"leak: {finding}" for finding in run.findings]
    allowed = rest.split() if word == "only" else ()
    changes = [name for name in run.changes if name not in allowed]
    if changes and word not in ("same", "masks", "ok", "sealed"):
        failures.append("changed: " + ", ".join(changes))
    if "none" == run.mode.describe and word == "masked":
        rest = "rows"
    refused = refusals(case, run) if word in ("same", "masks", "ok") else []
    failures += refused
    problem = SIDECAR_CHECKS[word](run, rest)
    if problem and not refused:
        failures.append(f"sidecar: {case.sidecar}: {problem}")
    return failures


def refusals(case, run):
    """One failure for each statement that Chaperone refused, with its reason."""
    played = [step for step in case.steps if step.kind != "connection"]
    return [f"refused: {outcome.denials()[0].get('M')} (line {step.line}: {' '.join(step.text.split()):.300})"
            for step, outcome in zip(played, run.transcript.steps) if outcome.denials()]


def _denied(run, step_number):
    """Denied by Chaperone, not by the server; the connection lives on."""
    steps = run.transcript.steps
    if run.transcript.refusal:
        return "the connection was refused, a denial was expected"
    if any(step.ended for step in steps):
        return f"the connection ended ({_errors_of(run)})"
    if step_number:
        steps = steps[int(step_number) - 1:int(step_number)]
    return None if any(step.denials() for step in steps) else f"no denial ({_errors_of(run)})"


def _masked(run, what):
    problem = _succeeds(run, "")
    if problem:
        return problem
    ours, theirs = _shape(run.transcript, what), _shape(run.reference.transcript, what)
    return None if ours == theirs else f"another shape than direct: {ours} against {theirs}"


def _shape(transcript, what):
    return [[(result.columns and what != "rows" and [c[0] for c in result.columns], len(result.rows))
             for result in step.results] + step.tags for step in transcript.steps]


def _closed(_run, _):
    """Nothing leaked and nothing changed, which is checked for every case."""
    return None


def _sealed(_run, _):
    """Nothing leaked, whatever else happened; which is checked for every case."""
    return None


def _blind(run, _):
    if observable(run.transcript) == observable(run.other_world):
        return None
    ours, theirs = observable(run.transcript), observable(run.other_world)
    return f"what the client sees depends on the secrets: {ours!r:.300} against {theirs!r:.300}"


def _sidecar_refused(run, code):
    """The connection or the message was refused with an error, or the session was ended with one."""
    codes = [error.get("C") for error in run.transcript.errors()]
    if not codes:
        return "nothing was refused"
    return None if not code or code in codes else f"got {_errors_of(run)}"


def _same(run, _):
    problem = _succeeds(run, "")
    if problem:
        return problem
    if observable(run.transcript) == observable(run.reference.transcript):
        return None
    return "the client saw other bytes than without the sidecar"


def _masks(run, positions):
    """Those columns of the one result are masked in every row that has a value there; all else is as without the sidecar."""
    problem = _succeeds(run, "")
    if problem:
        return problem
    masked = {int(position) - 1 for position in positions.split()}
    ours, theirs = run.transcript.last.rows(), run.reference.transcript.last.rows()
    if _but_rows(run.transcript) != _but_rows(run.reference.transcript) or len(ours) != len(theirs):
        return "the client saw another shape than without the sidecar"
    for our, their in zip(ours, theirs):
        for i, (cell, original) in enumerate(zip(our, their)):
            if i not in masked and cell != original:
                return f"column {i + 1} was changed, and nothing masked flows into it"
            if i in masked and original is not None and cell == original:
                return f"column {i + 1} came unmasked"
    return None if any(row[i] is not None for row in theirs for i in masked) else "there was nothing to mask"


def _but_rows(transcript):
    return [[message for message in step if message[0] != b"D"] for step in observable(transcript)]


SIDECAR_CHECKS = {"denied": _denied, "masked": _masked, "masks": _masks, "closed": _closed, "sealed": _sealed, "blind": _blind,
                  "refused": _sidecar_refused, "same": _same, "ok": lambda run, _: _succeeds(run, ""),
                  "only": lambda run, _: _succeeds(run, "")}
