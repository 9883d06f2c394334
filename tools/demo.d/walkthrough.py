"""The demo's story: one agent with a real psql, from the first masked read to the moment it is cut off.

Each chapter shows the commands and what came back, and checks it: against the database itself, seen as its superuser, and
against what the control plane says.
"""
import re
import time

from tests.support import secret_search
from tests.support.live_psql import LivePsql
from tests.support.process import wait_until

UPDATE = "UPDATE products SET stock = stock + 10 WHERE id = 7;"
_APPROVAL, _SESSION = re.compile(r"\bapr_\w+"), re.compile(r"\bses_\w+")


class Walkthrough:
    """Tells the story on a running Stack."""

    def __init__(self, stack, terminal):
        self.stack, self.say, self.terminal = stack, terminal.say, terminal
        self.check = terminal.check
        self.psql = None
        self.session = None

    def tell(self):
        """All chapters. Raises DemoFailed with the step that did not hold."""
        self._connect()
        try:
            self._masked_read()
            self._blocked_drop()
            first = self._held_update()
            self._held_again(first)
            self._replay()
            self._revoke()
        finally:
            self.psql.close()
            (self.stack.folder / "psql.txt").write_text(self.psql.output)
        self._credential()

    def _ask(self, sql, seconds=40):
        self.terminal.command("shop=>", sql)
        answer = self.psql.ask(sql, seconds)
        self.terminal.output(answer)
        return answer

    def _chaperone(self, cli, *arguments, who="", lines=24):
        self.terminal.command(f"{who}$", "chaperone " + " ".join(str(a) for a in arguments))
        text = cli(*arguments)
        self.terminal.output(text, lines)
        return text

    def _direct(self, sql):
        """What the database itself holds."""
        return self.stack.postgres.psql(sql)

    def _connect(self):
        self.terminal.chapter("An agent connects with a token instead of a password")
        self.say("""Every agent has an identity of its own: a short-lived token that says who it is, for which human it works and
            on which task. The agent gives it as the PostgreSQL password. The database's real credential stays with the
            sidecar.""")
        self.terminal.command("$", "export PGPASSWORD=$(chaperone token mint --subject agent-ada --groups coding-agents "
                                   "--human grace --task SHOP-42)")
        self.terminal.command("$", f"psql -h 127.0.0.1 -p {self.stack.sidecar.port} -U agent shop")
        before = self._sessions()
        self.psql = LivePsql(self.stack.agent("agent-ada", human="grace", task="SHOP-42"))
        answer = self._ask("SELECT count(*) AS customers FROM customers;")
        self.check("500" in answer, "a plain psql works through the sidecar", answer)
        self.session = wait_until(lambda: next(iter(self._sessions() - before), None), 5, "the session appears in `sessions list`")

    def _sessions(self):
        return set(_SESSION.findall(self.stack.admin("sessions", "list")))

    def _masked_read(self):
        self.terminal.chapter("It may read, and sensitive values are masked on the way")
        answer = self._ask("SELECT name, city, email, ssn, card_number FROM customers ORDER BY id LIMIT 3;")
        rows = [line.split("|") for line in self._direct(
            "SELECT name, city, email, ssn, card_number FROM customers ORDER BY id LIMIT 3").splitlines()]
        self.check(all(name in answer and city in answer for name, city, *_ in rows), "names and cities are as stored", answer)
        self.check(not any(email in answer or ssn in answer for _, _, email, ssn, _ in rows),
                   "no e-mail address and no social security number came through", answer)
        self.check(all(card not in answer and card[-4:] in answer for *_, card in rows),
                   "of each card number only the last four digits came through", answer)
        self.say("Not only in columns that somebody thought of. Support staff have written such values into free text:")
        wanted = "SELECT body FROM support_notes WHERE id BETWEEN 1 AND 5 ORDER BY id"
        answer = self._ask(wanted + ";")
        secrets = re.findall(r"\d{16}|\d{3}-\d{2}-\d{4}|\S+@example\.com", self._direct(wanted))
        self.check(len(secrets) >= 3 and not any(secret in answer for secret in secrets),
                   f"the {len(secrets)} values that the notes quote are masked too", answer)
        self.check("refunded the shipping" in answer, "the rest of the text is as stored", answer)

    def _blocked_drop(self):
        self.terminal.chapter("It may not drop a table, and the connection lives on")
        answer = self._ask("DROP TABLE orders;")
        self.check("ERROR:  42501" in answer, "refused with SQLSTATE 42501, insufficient privilege", answer)
        self.check("no-schema-changes" in answer, "the error names the rule", answer)
        answer = self._ask("SELECT count(*) AS orders FROM orders;")
        self.check("2500" in answer, "the same psql goes on, the table is still there", answer)

    def _pending(self):
        """Approvals that wait for a decision."""
        return {match for line in self.stack.admin("approvals", "list").splitlines() if re.search("pending", line, re.I)
                for match in _APPROVAL.findall(line)}

    def _start_update(self, known=frozenset()):
        self.terminal.command("shop=>", UPDATE)
        self.psql.start(UPDATE)
        return wait_until(lambda: next(iter(self._pending() - known), None), 20, "the UPDATE waits for approval")

    def _stock(self):
        return int(self._direct("SELECT stock FROM products WHERE id = 7"))

    def _held_update(self):
        self.terminal.chapter("A write waits for a human")
        stock = self._stock()
        approval = self._start_update()
        self.say("psql waits. Whoever answers for the database sees what is asked for, by whom, and how much it would touch:")
        listed = self._chaperone(self.stack.approver, "approvals", "list", who="olga")
        self.check(approval in listed, f"the held statement is listed as {approval}", listed)
        shown = self._chaperone(self.stack.approver, "approvals", "show", approval, who="olga", lines=40)
        self.check("stock = stock + 10" in shown and "agent-ada" in shown, "with its exact text and the agent's name", shown)
        self.check(self._stock() == stock, "nothing has been changed yet")
        self._chaperone(self.stack.approver, "approvals", "approve", approval, who="olga")
        answer = self.psql.finish()
        self.terminal.output(answer)
        self.check("UPDATE 1" in answer, "after the approval the UPDATE runs, in the psql that waited", answer)
        self.check(self._stock() == stock + 10, "it ran once")
        return approval

    def _held_again(self, first):
        self.terminal.chapter("An approval is good for one time")
        stock = self._stock()
        second = self._start_update({first})
        self.check(second != first, f"the same UPDATE again is held again, as {second}")
        self.say("This time the answer is no:")
        self._chaperone(self.stack.approver, "approvals", "reject", second, "--comment", "Once was enough.", who="olga")
        answer = self.psql.finish()
        self.terminal.output(answer)
        self.check("ERROR:  ZC002" in answer, "the agent is told so with SQLSTATE ZC002", answer)
        self.check(self._stock() == stock, "nothing has been changed")

    def _replay(self):
        self.terminal.chapter("Everything is on record")
        self._chaperone(self.stack.admin, "sessions", "list")
        text = wait_until(lambda: (found := self.stack.admin("sessions", "replay", self.session, "--no-delay")).count("stock + 10") > 1 and found,
                          10, "the recording holds the statements of the last second")
        self.terminal.command("$", f"chaperone sessions replay {self.session}")
        self.terminal.output(text, 60)
        for part in ("FROM customers ORDER BY id LIMIT 3", "DROP TABLE orders", "stock = stock + 10", "FROM support_notes"):
            self.check(part in text, f"the recording has the statement … {part} …", text)
        for word in ("allow", "deny", "approv", "no-schema-changes", "writes-need-a-human"):
            self.check(word in text, f"and the decision: {word}", text)
        name, ssn, card = self._direct("SELECT name, ssn, card_number FROM customers WHERE id = 1").split("|")
        self.check(name in text and card[-4:] in text, "rows are recorded", text)
        self.check(ssn not in text and card not in text, "as the agent saw them: masked", text)

    def _revoke(self):
        self.terminal.chapter("And it can be ended at once")
        self.say("The agent keeps its connection busy:")
        self.terminal.command("shop=>", "SELECT count(*) FROM orders \\watch 0.2")
        self.psql.start("SELECT count(*) FROM orders \\watch 0.2")
        time.sleep(1)
        self.check(self.psql.process.poll() is None, "psql is alive")
        begin = time.monotonic()
        self._chaperone(self.stack.admin, "revoke", "--subject", "agent-ada", "--reason", "demonstration")
        code, answer = self.psql.wait(10)
        seconds = time.monotonic() - begin
        self.terminal.output("\n".join(answer.splitlines()[-6:]))
        self.check(code == 2 and ("57P01" in answer or "connection to server was lost" in answer), "its connection was closed", answer)
        self.check(seconds < 1.0, f"{1000 * seconds:.0f} ms after the command was given")
        again = LivePsql(self.stack.agent("agent-ada"))
        with again:
            _, refusal = again.wait(10)
        self.terminal.output(refusal)
        self.check("revoked" in refusal, "and a new token for the same agent opens nothing", refusal)
        self.psql.output += refusal

    def _credential(self):
        self.terminal.chapter("The database's credential is nowhere but in its file")
        stack = self.stack
        (stack.folder / "metrics.txt").write_text(stack.sidecar.telemetry.metrics() + stack.control.telemetry.metrics())
        secret = stack.postgres.role_password
        control = [path for path in secret_search.in_files(stack.folder, "stock = stock + 10")[0] if path.parent != stack.folder]
        self.check(any(stack.control.folder in path.parents for path in control),
                   "the search reads the stored recordings (it finds the agent's UPDATE in them)", control)
        hits, read = secret_search.in_files(stack.folder, secret, without=[stack.sidecar.password_file])
        self.check(not hits, f"not in any of {read} files: the store, the spool, logs, metrics, what psql and the CLI printed, "
                             "the database's own log; plain, hex, base64 or compressed", hits)
        self.check(secret in stack.sidecar.password_file.read_text(), "only in the sidecar's password file")
