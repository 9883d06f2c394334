"""Held statements: shown to a human, run once when approved, never otherwise; bound to exact text, parameters and agent."""
import re
import threading
import time

from tests.support import frontend, wire
from tests.support.cli import CliError
from tests.support.process import wait_until
from tests.support.suite import StackTest, main

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: held}
principals:
  - {subject: "*"}
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read, session], resources: ["*"]}
  - {id: held-writes, effect: require_approval, actions: [insert, update, delete], resources: ["public.*"],
     approval: {approvers: [db-owners], count: 1, expires: 10m, blast_radius: estimate}}
  - {id: two-eyes-more, effect: require_approval, actions: [delete], resources: ["public.orders"],
     approval: {approvers: [db-owners], count: 2, expires: 10m}}
"""
UPDATE = "UPDATE products SET stock = stock + 1 WHERE id = {}"


class Approvals(StackTest):
    stack_options = {"policies": [POLICY]}
    _product = 0

    def setUp(self):
        type(self)._product += 1
        self.product = self._product
        self.sql = UPDATE.format(self.product)

    def stock(self):
        return int(self.stack.postgres.psql(f"SELECT stock FROM products WHERE id = {self.product}"))

    def pending(self, text=None):
        """Ids of approvals that wait, those whose statement holds `text`."""
        ids = re.findall(r"\bapr_\w+", self.stack.approver("approvals", "list", "--state", "pending"))
        return [one for one in dict.fromkeys(ids) if (text or self.sql) in self.stack.approver("approvals", "show", one, "--full")]

    def await_pending(self, text=None):
        return wait_until(lambda: self.pending(text), 10, "an approval is pending")[0]

    def hold(self, connection, sql=None):
        """Sends a statement that is held; its approval's id."""
        connection.send(frontend.query(sql or self.sql))
        return self.await_pending(sql)

    def outcome(self, connection, seconds=30):
        """Tag or SQLSTATE of the statement that is under way."""
        messages = connection.read_until("Z", seconds)
        return next((m.sqlstate for m in messages if m.type == "E"), None) or next(m.tag for m in messages if m.type == "C")

    def test_an_approved_statement_runs_once_and_the_next_one_is_held_again(self):
        connection, before = self.connect("ada"), self.stock()
        first = self.hold(connection)
        self.assertEqual(self.stock(), before)
        self.stack.approver("approvals", "approve", first)
        self.assertEqual(self.outcome(connection), "UPDATE 1")
        self.assertEqual(self.stock(), before + 1)
        second = self.hold(connection)
        self.assertNotEqual(first, second)
        self.stack.approver("approvals", "reject", second)
        self.assertEqual(self.outcome(connection), "ZC002")
        self.assertEqual(self.stock(), before + 1)

    def test_a_statement_that_nobody_decides_about_is_answered_as_pending_and_runs_when_sent_again(self):
        connection, before = self.connect("ada"), self.stock()
        approval = self.hold(connection)
        messages = connection.read_until("Z", 30)
        self.assertIn("N", [m.type for m in messages], "no NOTICE says that it is held")
        error = next(m for m in messages if m.type == "E")
        self.assertEqual(error.sqlstate, "ZC001")
        self.assertIn(approval, error.fields["D"])
        self.stack.approver("approvals", "approve", approval)
        self.assertIsNone(connection.sqlstate(self.sql))
        self.assertEqual(self.stock(), before + 1)

    def test_a_name_that_a_failed_parse_did_not_rename_still_means_the_held_statement(self):
        connection, before = self.connect("ada"), self.stock()
        connection.send(frontend.parse(self.sql, "s1"), frontend.sync()).read_until("Z")
        # The second Parse fails, since the name is taken: what is bound behind it is the UPDATE and not the SELECT.
        connection.send(frontend.parse("SELECT 1", "s1"), frontend.sync(),
                        frontend.bind(statement="s1"), frontend.execute(), frontend.sync())
        self.assertEqual(next(m.sqlstate for m in connection.read_until("Z") if m.type == "E"), "42P05")
        approval = self.await_pending()
        self.assertEqual(self.stock(), before)
        self.stack.approver("approvals", "reject", approval)
        self.assertEqual(self.outcome(connection), "ZC002")
        self.assertEqual(self.stock(), before)

    def test_other_text_other_parameters_or_another_agent_is_another_approval(self):
        connection = self.connect("ada")
        approval = self.hold(connection)
        self.stack.approver("approvals", "approve", approval)
        self.assertEqual(self.outcome(connection), "UPDATE 1")
        first = self.hold(connection)
        others = [self.connect("bob"), self.connect("ada", task="another")]
        for other in others:
            other.send(frontend.query(self.sql))
        different = self.connect("ada")
        different.send(frontend.query(self.sql + " "))
        wait_until(lambda: len(self.pending()) >= 4, 10, "four approvals wait")
        self.stack.approver("approvals", "approve", first)
        self.assertEqual(self.outcome(connection), "UPDATE 1")
        for approval in self.pending():
            self.stack.approver("approvals", "reject", approval)
        for other in (*others, different):
            self.assertEqual(self.outcome(other), "ZC002")

    def test_bound_parameters_are_part_of_what_is_approved(self):
        connection, before = self.connect("ada"), self.stock()
        sql = "UPDATE products SET stock = stock + $1 WHERE id = $2"

        def send(amount):
            connection.send(frontend.parse(sql), frontend.bind([str(amount), str(self.product)]), frontend.execute(), frontend.sync())
        send(5)
        approval = self.await_pending(sql)
        self.stack.approver("approvals", "approve", approval)
        self.assertEqual(self.outcome(connection), "UPDATE 1")
        self.assertEqual(self.stock(), before + 5)
        send(500)
        second = self.await_pending(sql)
        self.assertNotEqual(approval, second)
        self.assertIn("500", self.stack.approver("approvals", "show", second))
        self.stack.approver("approvals", "reject", second)
        self.assertEqual(self.outcome(connection), "ZC002")
        self.assertEqual(self.stock(), before + 5)

    def test_many_approvers_at_once_and_many_copies_of_the_statement_run_it_once(self):
        before = self.stock()
        connections = [self.connect("ada") for _ in range(4)]
        for connection in connections:
            connection.send(frontend.query(self.sql))
        self.await_pending()
        approval = self.pending()[0]
        others = [self.stack.cli(f"approver{n}", roles=["approver"], groups=["db-owners"]) for n in range(4)]
        voters = [threading.Thread(target=lambda c=cli: c.run("approvals", "approve", approval, check=False)) for cli in others]
        for voter in voters:
            voter.start()
        for voter in voters:
            voter.join()
        wait_until(lambda: self.stock() == before + 1, 10, "the statement ran")
        for left in self.pending():
            self.stack.approver("approvals", "reject", left)
        outcomes = sorted(self.outcome(connection) for connection in connections)
        self.assertEqual(outcomes.count("UPDATE 1"), 1, outcomes)
        self.assertEqual(self.stock(), before + 1)

    def test_who_may_not_approve_does_not(self):
        connection = self.connect("ada", human="olga")
        approval = self.hold(connection)
        stranger = self.stack.cli("stranger", roles=["approver"], groups=["others"])
        for cli in (stranger, self.stack.admin, self.stack.approver):  # olga is the human whom the agent acts for.
            with self.assertRaises(CliError):
                cli("approvals", "approve", approval)
        self.assertEqual(self.pending(), [approval])
        self.stack.cli("otto", roles=["approver"], groups=["db-owners"])("approvals", "reject", approval)
        self.assertEqual(self.outcome(connection), "ZC002")

    def test_two_approvers_are_two_people(self):
        self.sql = f"DELETE FROM orders WHERE id = {self.product}"
        connection = self.connect("ada")
        approval = self.hold(connection)
        self.stack.approver("approvals", "approve", approval)
        self.stack.approver.run("approvals", "approve", approval, check=False)
        time.sleep(0.5)
        self.assertEqual(self.pending(), [approval], "one vote was enough")
        self.stack.cli("otto", roles=["approver"], groups=["db-owners"])("approvals", "reject", approval)
        self.assertEqual(self.outcome(connection), "ZC002")

    def test_an_approval_after_the_policy_forbids_the_statement_does_not_run_it(self):
        connection, before = self.connect("ada"), self.stock()
        approval = self.hold(connection)
        self.stack.apply(POLICY.replace("effect: require_approval, actions: [insert", "effect: deny, actions: [insert")
                         .replace("\n     approval: {approvers: [db-owners], count: 1, expires: 10m, blast_radius: estimate}", "")
                         .replace('["public.*"],}', '["public.*"]}'))
        try:
            self.stack.approver.run("approvals", "approve", approval, check=False)
            self.assertIn(self.outcome(connection), ("42501", "ZC002"))
            self.assertEqual(self.stock(), before)
        finally:
            self.stack.apply(POLICY)

    def test_cancel_ends_the_wait(self):
        connection, before = self.connect("ada"), self.stock()
        approval = self.hold(connection)
        connection.cancel()
        self.assertEqual(self.outcome(connection, 5), "57014")
        self.stack.approver.run("approvals", "approve", approval, check=False)
        time.sleep(0.5)
        self.assertEqual(self.stock(), before)
        self.assertIsNone(connection.sqlstate("SELECT 1"))

    def test_a_client_that_leaves_while_held_runs_nothing(self):
        connection, before = self.connect("ada"), self.stock()
        approval = self.hold(connection)
        connection.close()
        time.sleep(0.5)
        self.stack.approver.run("approvals", "approve", approval, check=False)
        time.sleep(1)
        self.assertEqual(self.stock(), before)

    def test_a_statement_is_never_held_while_its_transaction_has_locks(self):
        connection = self.connect("ada")
        connection.query("BEGIN")
        begin = time.monotonic()
        self.assertEqual(connection.sqlstate(self.sql), "ZC001")
        self.assertLess(time.monotonic() - begin, 5)
        connection.query("ROLLBACK")

    def test_kill_of_the_control_plane_between_approval_and_use_runs_it_at_most_once(self):
        connection, before = self.connect("ada"), self.stock()
        approval = self.hold(connection)
        self.outcome(connection)  # Pending after 25 s.
        self.stack.approver("approvals", "approve", approval)
        self.stack.control.kill()
        self.stack.control.start()
        outcomes = []
        for _ in range(2):
            connection.send(frontend.query(self.sql))
            try:
                outcomes.append(self.outcome(connection, 30))
            except wire.Timeout:
                outcomes.append("silence")
        self.assertLessEqual(self.stock(), before + 1)
        self.assertEqual(outcomes.count("UPDATE 1"), self.stock() - before, outcomes)


if __name__ == "__main__":
    main()
