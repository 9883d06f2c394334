"""A policy that changes under load: every statement is judged by the old one or the new one, never by half of each."""
import threading
import time

from tests.support import frontend, wire
from tests.support.suite import StackTest, main

# Both allow reading one table and name themselves in the other's denial; a mixture would allow both or none.
FLIP = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {{name: flip}}
principals:
  - subject: "*"
databases: ["*/*"]
statements:
  - {{id: may-{yes}, effect: allow, actions: [read], resources: ["public.{yes}"]}}
  - {{id: not-{no}, effect: deny, actions: [read], resources: ["public.{no}"], reason: "This is the policy of {yes}."}}
masking:
  - {{id: mask, columns: ["public.{yes}.{column}"], method: redact}}
"""
LEFT = FLIP.format(yes="products", no="orders", column="title")
RIGHT = FLIP.format(yes="orders", no="products", column="note")


class Flip(StackTest):
    stack_options = {"policies": [LEFT]}

    def agent(self, target, seen, wrong, over):
        with wire.connect(target) as connection:
            while not over.is_set():
                messages = connection.query("SELECT title FROM products WHERE id = 1")
                rows = [m.cells for m in messages if m.type == "D"]
                errors = [m for m in messages if m.type == "E"]
                if rows and rows[0][0] == self.title:
                    wrong.append(f"allowed by one policy and not masked by it: {rows}")
                if errors and (errors[0].sqlstate != "42501" or "policy of orders" not in errors[0].fields["M"]):
                    wrong.append(str(errors[0]))
                seen.append("denied" if errors else "allowed")

    def test_no_statement_is_judged_by_half_a_snapshot(self):
        self.title = self.stack.postgres.psql("SELECT title FROM products WHERE id = 1").encode()
        seen, wrong, over = [], [], threading.Event()
        threads = [threading.Thread(target=self.agent, args=(self.stack.agent(f"a{n}"), seen, wrong, over)) for n in range(6)]
        for thread in threads:
            thread.start()
        for n in range(20):
            self.stack.apply(RIGHT if n % 2 == 0 else LEFT)
            # What was applied with --wait is in force: the next statement of a new session is judged by it.
            with wire.connect(self.stack.agent("probe")) as connection:
                self.assertEqual(connection.sqlstate("SELECT 1 FROM orders LIMIT 1"), None if n % 2 == 0 else "42501")
            time.sleep(0.05)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(min(seen.count("denied"), seen.count("allowed")), 100, "the load saw one policy only")

    def test_what_was_prepared_is_judged_anew_whatever_the_name_seems_to_mean(self):
        self.stack.apply(LEFT)
        with wire.connect(self.stack.agent("prepares")) as connection:
            self.assertIsNone(connection.sqlstate("PREPARE q1 AS SELECT title FROM products"))
            self.stack.apply(RIGHT)
            # The server has a q1 and refuses this Parse; the EXECUTE behind it, in the same packet, means the old one.
            connection.send(frontend.parse("SELECT 1", "q1"), frontend.sync(), frontend.query("EXECUTE q1"))
            answers = [connection.read_until() for _ in range(2)]
        self.assertEqual([[m.sqlstate for m in messages if m.type == "E"] for messages in answers], [["42P05"], ["42501"]])
        self.assertFalse([m for m in answers[1] if m.type == "D"])


if __name__ == "__main__":
    main()
