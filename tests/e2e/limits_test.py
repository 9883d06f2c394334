"""Limits and conditions of policies, with a real database: what exceeds them does not happen, and the agent learns why."""
import json
import re

from tests.e2e.recordings import records, session_ids
from tests.support import frontend, tokens, wire
from tests.support.process import wait_until
from tests.support.suite import StackTest, main

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: bounded}
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read, session], resources: ["*"]}
  - {id: few, effect: allow, actions: [insert, update, delete], resources: ["public.products"], when: {max_affected_rows: 3}}
  - {id: held-few, effect: require_approval, actions: [update], resources: ["public.customers"], when: {max_affected_rows: 2},
     approval: {approvers: [db-owners], blast_radius: estimate}}
  - {id: held-any, effect: require_approval, actions: [insert, delete], resources: ["public.orders", "public.support_notes"],
     approval: {approvers: [db-owners], blast_radius: estimate}}
  - {id: for-somebody, effect: allow, actions: [update], resources: ["public.orders"],
     when: {human: present, task: "JIRA-*", client: "codex*"}}
  - {id: in-dev, effect: allow, actions: [update], resources: ["public.support_notes"], when: {labels: {env: dev}}}
  - {id: in-prod, effect: allow, actions: [update], resources: ["public.order_items"], when: {labels: {env: prod}}}
  - {id: never-now, effect: deny, actions: [read], resources: ["public.payments"], when: {time: {zone: UTC}}}
"""
BUDGETS = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: budgets}
principals: [{groups: [budgeted]}]
databases: ["*/*"]
limits:
  per_session: {rows: 500}
  per_principal: {bytes: 64KiB, window: 1h}
  per_task: {statements: 12, rows: 40, window: 2h}
"""


class Limits(StackTest):
    stack_options = {"policies": [POLICY, BUDGETS]}

    def setUp(self):
        self.psql = self.stack.postgres.psql
        self.psql("UPDATE products SET stock = 0")
        self.connection = self.connect("ada")

    def changed(self):
        return int(self.psql("SELECT count(*) FROM products WHERE stock > 0"))

    def say(self, *messages):
        """Type and what matters of each answer, up to ReadyForQuery."""
        answers = self.connection.send(*messages).read_until("Z")
        self.errors = [m.fields for m in answers if m.type == "E"]
        return [m.sqlstate if m.type == "E" else m.tag if m.type == "C" else m.status for m in answers if m.type in "ECZ"]

    def ask(self, sql):
        return self.say(frontend.query(sql))

    def update(self, rows):
        return f"UPDATE products SET stock = stock + 1 WHERE id <= {rows}"

    def extended(self, sql, rows=0):
        return frontend.parse(sql) + frontend.bind() + frontend.execute(rows=rows)

    def test_counts_at_and_below_the_bound_stand_and_above_it_nothing_does(self):
        for rows in (0, 1, 3):
            self.assertEqual(self.ask(self.update(rows)), [f"UPDATE {rows}", "I"])
            self.assertEqual(self.changed(), rows)
        for sql in (self.update(4), "UPDATE products SET stock = 9"):
            self.psql("UPDATE products SET stock = 0")
            self.assertEqual(self.ask(sql), ["ZC003", "I"])
            self.assertEqual(self.changed(), 0)
            self.assertIn("max_affected_rows = 3", self.errors[0]["M"])
            self.assertEqual(json.loads(self.errors[0]["D"])["rule"], "few")
            self.assertIn("WHERE", self.errors[0]["H"])
        self.assertEqual(self.ask("SELECT 1"), ["SELECT 1", "I"])

    def test_extended_and_prepared_statements_are_bounded_at_their_execution(self):
        self.assertEqual(self.say(self.extended(self.update(3)), frontend.sync()), ["UPDATE 3", "I"])
        self.assertEqual(self.say(self.extended(self.update(4)), frontend.sync()), ["ZC003", "I"])
        self.assertEqual(self.changed(), 3)
        self.psql("UPDATE products SET stock = 0")
        sql = "UPDATE products SET stock = 1 WHERE id <= $1"
        self.say(frontend.parse(sql, "u"), frontend.sync())
        for rows, outcome in ((2, "UPDATE 2"), (8, "ZC003"), (3, "UPDATE 3")):
            answer = self.say(frontend.bind([str(rows)], statement="u"), frontend.execute(), frontend.sync())
            self.assertEqual(answer, [outcome, "I"])
        self.assertEqual(self.ask("PREPARE p(int) AS UPDATE products SET stock = 2 WHERE id <= $1"), ["PREPARE", "I"])
        self.assertEqual(self.ask("EXECUTE p(3)"), ["UPDATE 3", "I"])
        self.assertEqual(self.ask("EXECUTE p(5)"), ["ZC003", "I"])
        self.assertEqual(self.changed(), 3)

    def test_a_pipeline_is_undone_as_a_whole_and_the_next_one_runs(self):
        self.assertEqual(self.say(self.extended(self.update(1)), self.extended(self.update(20)), self.extended("SELECT 1"), frontend.sync()),
                         ["UPDATE 1", "ZC003", "I"])
        self.assertEqual(self.changed(), 0)
        self.connection.send(frontend.query(self.update(9)), frontend.query(self.update(2)), frontend.query("SELECT 1"))
        outcomes = [self.connection.read_until("Z") for _ in range(3)]
        self.assertEqual([[m.sqlstate if m.type == "E" else m.tag for m in one if m.type in "EC"] for one in outcomes],
                         [["ZC003"], ["UPDATE 2"], ["SELECT 1"]])
        self.assertEqual(self.changed(), 2)

    def test_a_block_that_exceeds_has_failed_and_a_savepoint_before_it_brings_it_back(self):
        self.assertEqual(self.ask("BEGIN"), ["BEGIN", "T"])
        self.assertEqual(self.ask(self.update(2)), ["UPDATE 2", "T"])
        self.assertEqual(self.ask("SAVEPOINT before"), ["SAVEPOINT", "T"])
        self.assertEqual(self.ask(self.update(30)), ["ZC003", "E"])
        self.assertEqual(self.ask("SELECT 1"), ["25P02", "E"])
        self.assertEqual(self.ask("ROLLBACK TO before"), ["ROLLBACK", "T"])
        self.assertEqual(self.ask("COMMIT"), ["COMMIT", "I"])
        self.assertEqual(self.changed(), 2)
        self.psql("UPDATE products SET stock = 0")
        for sent in (frontend.query(self.update(30)), self.extended(self.update(30)) + frontend.sync()):
            self.ask("BEGIN")
            self.assertEqual(self.say(sent), ["ZC003", "E"])
            self.assertEqual(self.ask("COMMIT"), ["ROLLBACK", "I"])
        # All of it sent at once.
        self.connection.send(*(frontend.query(sql) for sql in ("BEGIN", self.update(30), "COMMIT")))
        statuses = [self.connection.read_until("Z")[-1].status for _ in range(3)]
        self.assertEqual(statuses, ["T", "E", "I"])
        self.assertEqual(self.say(self.extended("BEGIN"), self.extended(self.update(30)), self.extended("COMMIT"), frontend.sync()),
                         ["BEGIN", "ZC003", "E"])
        self.ask("ROLLBACK")
        self.assertEqual(self.changed(), 0)

    def test_returning_on_conflict_and_merge_count_what_they_change(self):
        self.assertEqual(self.ask(self.update(9) + " RETURNING id")[-2:], ["ZC003", "I"])
        self.assertEqual(self.ask(self.update(3) + " RETURNING id"), ["UPDATE 3", "I"])
        source = "SELECT sku, title, price, 5 FROM products ORDER BY id LIMIT {}"
        upsert = "INSERT INTO products (sku, title, price, stock) {} ON CONFLICT (sku) DO UPDATE SET stock = excluded.stock"
        self.psql("UPDATE products SET stock = 0")
        self.assertEqual(self.ask(upsert.format(source.format(4))), ["ZC003", "I"])
        self.assertEqual(self.changed(), 0)
        self.assertEqual(self.ask(upsert.format(source.format(2))), ["INSERT 0 2", "I"])
        merge = "MERGE INTO products p USING (SELECT id FROM products WHERE id <= {}) s ON p.id = s.id WHEN MATCHED THEN UPDATE SET stock = 7"
        self.assertEqual(self.ask(merge.format(6)), ["ZC003", "I"])
        self.assertEqual(self.ask(merge.format(3)), ["MERGE 3", "I"])
        self.assertEqual(self.changed(), 3)

    def test_copy_from_the_client_counts_like_an_insert(self):
        copy = "COPY products (sku, title, price, stock) FROM STDIN"
        count = "SELECT count(*) FROM products WHERE sku LIKE 'copied-%'"
        for rows, outcome in ((5, "ZC003"), (3, "COPY 3")):
            for number, start in enumerate((frontend.query(copy), self.extended(copy))):
                data = b"".join(frontend.copy_data(f"copied-{rows}-{number}-{n}\tCopied\t1\t1\n".encode()) for n in range(rows))
                end = frontend.copy_done() + (frontend.sync() if number else b"")
                self.assertEqual(self.say(start, data, end), [outcome, "I"], (rows, number))
        self.assertEqual(self.psql(count).strip(), "6")
        self.psql("DELETE FROM products WHERE sku LIKE 'copied-%'")

    def test_what_cannot_be_counted_is_refused_before_it_runs(self):
        many = self.update(30)
        self.say(frontend.parse(many + " RETURNING id", "r"), frontend.sync())
        self.ask("PREPARE p AS " + many)
        for sql in (f"WITH w AS ({many} RETURNING 1) SELECT count(*) FROM w", f"EXPLAIN ANALYZE {many}", "EXPLAIN ANALYZE EXECUTE p",
                    f"{many}; COMMIT", f"BEGIN; {many}; COMMIT", "EXECUTE p; COMMIT"):
            self.assertEqual(self.ask(sql), ["42501", "I"], sql)
            self.assertIn("at most 3 rows", self.errors[0]["M"])
            self.assertTrue(self.errors[0]["H"])
        parts = frontend.bind(statement="r") + frontend.execute(rows=1)
        self.assertEqual(self.say(parts, frontend.sync()), ["42501", "I"])
        self.ask("BEGIN")
        self.say(frontend.bind(statement="r", portal="c"), frontend.sync())
        self.assertEqual(self.ask("FETCH 1 FROM c"), ["42501", "E"])
        self.ask("ROLLBACK")
        self.assertEqual(self.changed(), 0)
        # Plain EXPLAIN changes nothing.
        self.assertEqual(self.ask("EXPLAIN " + many)[-1], "I")
        self.assertEqual(self.errors, [])

    def test_a_text_of_several_statements_is_undone_as_a_whole(self):
        self.assertEqual(self.ask(f"{self.update(2)}; {self.update(30)}; SELECT 1"), ["UPDATE 2", "ZC003", "I"])
        self.assertEqual(self.changed(), 0)
        self.assertEqual(self.ask(f"{self.update(2)}; {self.update(3)}"), ["UPDATE 2", "UPDATE 3", "I"])
        self.assertEqual(self.changed(), 3)

    def test_an_impatient_setting_or_an_error_leaves_nothing_behind(self):
        self.assertEqual(self.ask("UPDATE products SET price = -1 WHERE id = 1"), ["23514", "I"])
        self.assertEqual(self.ask("SET statement_timeout = '1ms'"), ["SET", "I"])
        for _ in range(20):
            outcome = self.ask("UPDATE products SET stock = 1 WHERE id <= 30")
            self.assertIn(outcome, (["ZC003", "I"], ["57014", "I"]))
        self.ask("SET statement_timeout = '30s'")
        self.assertEqual(self.changed(), 0)
        self.assertEqual(self.ask("SELECT 1"), ["SELECT 1", "I"])

    def approval(self, text):
        def listed():
            ids = re.findall(r"\bapr_\w+", self.stack.approver("approvals", "list", "--state", "pending"))
            return [one for one in dict.fromkeys(ids) if text in self.stack.approver("approvals", "show", one, "--full")]
        return wait_until(listed, 15, "an approval is pending")[0]

    def test_an_approved_statement_is_bounded_like_any_other(self):
        for where, outcome in (("id <= 2", "UPDATE 2"), ("id <= 5", "ZC003")):
            sql = f"UPDATE customers SET city = 'Held' WHERE {where}"
            self.connection.send(frontend.query(sql))
            self.stack.approver("approvals", "approve", self.approval(sql))
            answers = self.connection.read_until("Z", 30)
            self.assertEqual(next(m.sqlstate if m.type == "E" else m.tag for m in answers if m.type in "EC"), outcome)
        self.assertEqual(self.psql("SELECT count(*) FROM customers WHERE city = 'Held'").strip(), "2")

    def test_the_approver_sees_how_many_rows_the_statement_would_touch(self):
        self.psql("ANALYZE orders")
        orders = int(self.psql("SELECT count(*) FROM orders"))
        before = self.psql("SELECT count(*) FROM support_notes")
        sql = "DELETE FROM orders WHERE id > $1"
        self.connection.send(frontend.parse(sql), frontend.bind(["0"]), frontend.execute(), frontend.sync())
        approval = self.approval(sql)
        shown = self.stack.approver("approvals", "show", approval)
        estimate = int(re.search(r"~([\d,]+) rows? of public.orders", shown)[1].replace(",", ""))
        self.assertGreater(estimate, orders // 3)
        self.assertLess(estimate, orders * 3)
        self.assertIn("of public.orders", self.stack.approver("approvals", "list", "--state", "pending"))
        self.stack.approver("approvals", "reject", approval)
        self.connection.read_until("Z", 30)
        self.assertEqual(int(self.psql("SELECT count(*) FROM orders")), orders)
        self.assertEqual(self.psql("SELECT count(*) FROM support_notes"), before)

    def test_a_request_without_an_estimate_says_why_and_is_opened_all_the_same(self):
        for sql in ("DELETE FROM orders WHERE id = 1; DELETE FROM orders WHERE id = 2", "DELETE FROM orders WHERE id = 1/0"):
            self.connection.send(frontend.query(sql))
            approval = self.approval(sql)
            self.assertIn("no estimate", self.stack.approver("approvals", "show", approval))
            self.stack.approver("approvals", "reject", approval)
            self.connection.read_until("Z", 30)

    def test_who_asks_for_whom_and_where_decides(self):
        update = "UPDATE orders SET note = 'x' WHERE id = 1"
        self.assertEqual(self.ask(update), ["42501", "I"])
        for human, task, client, outcome in (("Hana", "JIRA-7", "codex-2", "UPDATE 1"), ("Hana", "JIRA-7", "curl", "42501"),
                                             ("Hana", "OPS-1", "codex-2", "42501"), (None, "JIRA-7", "codex-2", "42501")):
            forge = tokens.Forge(self.stack.token("ada", human=human, task=task), self.stack.control.dev_key)
            self.connection = wire.connect(self.stack.sidecar.target(forge.make(azp=client)))
            self.addCleanup(self.connection.close)
            self.assertEqual(self.ask(update), [outcome, "I"], (human, task, client))
        self.assertEqual(self.ask("UPDATE support_notes SET author = 'mia' WHERE id = 1"), ["UPDATE 1", "I"])
        self.assertEqual(self.ask("UPDATE order_items SET quantity = 1 WHERE order_id = 1"), ["42501", "I"])
        # The window is open all day, and names nothing that the agent could do about it.
        self.assertEqual(self.ask("SELECT count(*) FROM payments"), ["42501", "I"])
        self.assertIn("never-now", self.errors[0]["M"])

    def test_a_task_has_one_budget_over_all_its_sessions(self):
        def session(subject, task):
            self.connection = self.connect(subject, groups=["budgeted"], task=task)
            return self.connection
        one, two = session("ada", "T-1"), session("bob", "T-1")
        self.assertEqual(one.sqlstate("SELECT g FROM generate_series(1, 30) g"), None)
        self.assertEqual(two.sqlstate("SELECT g FROM generate_series(1, 10) g"), None)
        for connection in (one, two):
            self.connection = connection
            self.assertEqual(self.ask("SELECT 1"), ["ZC003", "I"])
            self.assertIn("per_task.rows = 40 in 2h", self.errors[0]["M"])
            self.assertGreater(json.loads(self.errors[0]["D"])["retry_after_s"], 7000)
            self.assertIn("room again in", self.errors[0]["H"])
        session("ada", "T-2")
        self.assertEqual(self.ask("SELECT 1"), ["SELECT 1", "I"])
        for _ in range(11):
            self.assertEqual(self.ask("SET application_name = 'x'"), ["SET", "I"])
        self.assertEqual(self.ask("SET application_name = 'x'"), ["ZC003", "I"])
        self.assertIn("per_task.statements = 12", self.errors[0]["M"])
        self.assertEqual(self.ask("BEGIN"), ["BEGIN", "T"])
        self.assertEqual(self.ask("ROLLBACK"), ["ROLLBACK", "I"])

    def test_sessions_and_principals_have_budgets_of_their_own(self):
        self.connection = self.connect("carl", groups=["budgeted"])
        self.assertEqual(self.ask("SELECT g FROM generate_series(1, 400) g"), ["SELECT 400", "I"])
        self.assertEqual(self.ask("SELECT g FROM generate_series(1, 400) g"), ["ZC003", "I"])
        self.assertIn("per_session.rows = 500", self.errors[0]["M"])
        self.connection = self.connect("carl", groups=["budgeted"])
        self.assertEqual(self.ask("SELECT repeat('x', 50000)"), ["SELECT 1", "I"])
        self.assertEqual(self.ask("SELECT repeat('x', 50000)"), ["ZC003", "I"])
        self.assertIn("per_principal.bytes", self.errors[0]["M"])
        self.connection = self.connect("dora", groups=["budgeted"])
        self.assertEqual(self.ask("SELECT repeat('x', 50000)"), ["SELECT 1", "I"])


OBSERVED = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: next-year}
mode: observe
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: read, effect: allow, actions: [read], resources: ["public.*"]}
  - {id: no-bulk, effect: deny, actions: [update, delete], resources: ["*"], when: {where: absent}}
  - {id: held, effect: require_approval, actions: [insert], resources: ["public.*"], approval: {approvers: [db-owners]}}
masking:
  - {id: ssn, columns: ["*.*.ssn"], method: redact}
"""


class Observe(StackTest):
    stack_options = {"policies": [OBSERVED]}

    def test_what_is_observed_runs_and_the_record_says_what_would_have_happened(self):
        connection = self.connect("ada")
        self.assertIsNone(connection.sqlstate("SELECT count(*) FROM orders"))
        self.assertIsNone(connection.sqlstate("UPDATE products SET stock = 77"))
        self.assertIsNone(connection.sqlstate("INSERT INTO support_notes (author, body, created_at) VALUES ('a', 'b', now())"))
        self.assertEqual(self.stack.postgres.psql("SELECT count(*) FROM products WHERE stock <> 77").strip(), "0")
        # Masks hold, and what is not understood stays denied.
        self.assertNotRegex(str(connection.rows("SELECT ssn FROM customers LIMIT 5")), r"\d{3}-\d{2}-\d{4}")
        self.assertEqual(connection.sqlstate("DO $$ BEGIN NULL; END $$"), "42501")
        connection.close()

        def attempts():
            found = [r for s in session_ids(self.stack) for r in records(self.stack, s) if r["type"] == "attempt"]
            return found if len(found) >= 5 else None
        by_text = {record["text"].split()[0]: record for record in wait_until(attempts, 15, "the attempts are recorded")}
        for verb, would in (("UPDATE", "deny"), ("INSERT", "require_approval")):
            self.assertEqual((by_text[verb]["decision"], by_text[verb]["observed_decision"]), ("allow", would))
        session = session_ids(self.stack)[0]
        self.assertIn("observed only; would be", self.stack.admin("sessions", "replay", session, "--no-delay"))


if __name__ == "__main__":
    main()
