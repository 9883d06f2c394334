"""Masks and what they cost an agent that asks around them: equality budgets, COPY, notifications, masks written back."""
import csv
import io
import subprocess

from tests.support import frontend
from tests.support.suite import StackTest, main

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: masking}
principals: [{subject: "*"}]
databases: ["*/*"]
statements:
  - {id: data, effect: allow, actions: [read, insert, update, delete, notify, session], resources: ["*"]}
masking:
  - {id: email, columns: ["public.customers.email"], method: email, in_predicates: equality, equality_budget: 3}
  - {id: ssn, columns: ["public.customers.ssn"], method: redact}
  - {id: card, columns: ["public.customers.card_number"], method: keep_last_4, in_predicates: allow}
"""


class Masking(StackTest):
    stack_options = {"policies": [POLICY]}

    def secret(self, column, customer=1):
        return self.stack.postgres.psql(f"SELECT {column} FROM customers WHERE id = {customer}")

    def test_equality_tells_so_many_values_and_no_more(self):
        emails = [self.secret("email", i) for i in range(1, 6)]
        connection = self.connect("asks-around")
        for email in (*emails[:3], *emails[:3]):
            self.assertEqual(connection.rows(f"SELECT count(*) FROM customers WHERE email = '{email}'"), [["1"]])
        fields = self.error(connection, f"SELECT count(*) FROM customers WHERE email = '{emails[3]}'")
        self.assertEqual(fields["C"], "ZC003")
        self.assertIn("equality_budget = 3", fields["M"])
        # In another session of the same principal too, by any form of the question; what was asked before may be asked again.
        again = self.connect("asks-around")
        for question in (f"SELECT id FROM customers WHERE email IN ('{emails[0]}', '{emails[3]}')",
                         f"UPDATE customers SET city = city WHERE id = 4 AND '{emails[3]}' = email",
                         f"SELECT 1 FROM (SELECT email AS e FROM customers) q WHERE e = '{emails[3]}'"):
            self.assertEqual(again.sqlstate(question), "ZC003", question)
        self.assertIsNone(again.sqlstate(f"SELECT id FROM customers WHERE email = '{emails[1]}'"))
        # Another principal has a budget of its own.
        self.assertIsNone(self.connect("another").sqlstate(f"SELECT id FROM customers WHERE email = '{emails[3]}'"))

    def test_parameters_count_by_their_values(self):
        connection = self.connect("binds")
        connection.send(frontend.parse("SELECT id FROM customers WHERE email = $1", "by_email"), frontend.sync())
        connection.read_until("Z")
        found = []
        for i in range(1, 6):
            connection.send(frontend.bind([self.secret("email", i)], statement="by_email"), frontend.execute(), frontend.sync())
            found.append(next((m.sqlstate for m in connection.read_until("Z") if m.type == "E"), None))
        self.assertEqual(found, [None, None, None, "ZC003", "ZC003"])

    def test_what_cannot_be_counted_or_is_no_equality_is_refused(self):
        connection = self.connect("tricks")
        for statement in ("PREPARE p AS SELECT id FROM customers WHERE email = $1",
                          "SELECT id FROM customers WHERE email LIKE 'a%'",
                          "SELECT id FROM customers WHERE email = name",
                          "SELECT 1 FROM (SELECT left(email, 1) AS e FROM customers) q WHERE e = 'a'",
                          "SELECT id FROM customers ORDER BY email",
                          "INSERT INTO customers (name, email) VALUES ('x', 'y@example.com') ON CONFLICT (email) DO NOTHING"):
            self.assertEqual(connection.sqlstate(statement), "42501", statement)
        connection.send(frontend.parse("SELECT id FROM customers WHERE email = $1", "named"), frontend.sync())
        connection.read_until("Z")
        self.assertEqual(connection.sqlstate("EXECUTE named('a@example.com')"), "ZC003")

    def test_predicates_that_are_allowed_still_show_masks_only(self):
        connection = self.connect("allowed")
        card = self.secret("card_number")
        rows = connection.rows(f"SELECT card_number FROM customers WHERE card_number LIKE '{card[:6]}%' ORDER BY card_number")
        self.assertIn(card[-4:], {row[0][-4:] for row in rows})
        self.assertNotIn(card.encode(), connection.received)

    def test_copy_is_masked_in_each_format_as_psql_reads_it(self):
        target = self.stack.agent("copies")
        secret = self.secret("ssn")
        for options, read in (("", lambda text: [line.split("\t") for line in text.splitlines()]),
                              ("WITH (FORMAT csv, HEADER)", lambda text: list(csv.reader(io.StringIO(text)))[1:])):
            text = self.psql(target, f"\\copy (SELECT id, ssn, email FROM customers ORDER BY id LIMIT 50) TO STDOUT {options}")
            rows = read(text)
            self.assertEqual(len(rows), 50)
            self.assertEqual({row[1] for row in rows} - {"", "\\N"}, {"****"})
            self.assertTrue(all("****@" in row[2] for row in rows), rows[:3])
            self.assertNotIn(secret, text)

    def test_a_binary_copy_goes_back_into_a_table(self):
        data = subprocess.run(["psql", "-Xqc", "COPY (SELECT id, name, ssn FROM customers) TO STDOUT WITH (FORMAT binary)"],
                              env=self.stack.agent("binary").env, check=True, capture_output=True).stdout
        self.stack.postgres.psql("CREATE TABLE copied (id bigint, name text, ssn text)")
        target = self.stack.postgres.superuser
        subprocess.run(["psql", "-Xqc", "COPY copied FROM STDIN WITH (FORMAT binary)"], env=target.env, input=data, check=True)
        different = "SELECT count(*) FROM copied c JOIN customers USING (id, name) WHERE coalesce(c.ssn, '****') <> '****'"
        self.assertEqual(self.stack.postgres.psql(different), "0")
        self.assertEqual(self.stack.postgres.psql("SELECT count(*) FROM copied"),
                         self.stack.postgres.psql("SELECT count(*) FROM customers"))

    def test_a_mask_is_not_written_over_the_value(self):
        connection = self.connect("writes")
        before = self.secret("ssn")
        fields = self.error(connection, "UPDATE customers SET ssn = '****' WHERE id = 1")
        self.assertEqual(fields["C"], "42501")
        self.assertIn("is a mask and not the real one", fields["M"])
        connection.send(frontend.parse("UPDATE customers SET ssn = $1 WHERE id = 1"), frontend.bind(["****"]), frontend.execute(),
                        frontend.sync())
        self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["42501"])
        row = "x\ty@example.com\t2024-01-01\t"
        for chunks in ([row + "****\n"], [row + "**", "**\n", row.replace("y@", "z@") + "1\n"]):
            connection.send(frontend.query("COPY customers (name, email, created_at, ssn) FROM STDIN"))
            connection.read_until("G")
            connection.send(*(frontend.message("d", chunk.encode()) for chunk in chunks), frontend.message("c"))
            self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["42501"])
        self.assertIsNone(connection.sqlstate("UPDATE customers SET ssn = '123-45-6789' WHERE id = 2"))
        self.assertEqual(self.secret("ssn"), before)
        self.assertEqual(self.stack.postgres.psql("SELECT count(*) FROM customers WHERE email = 'y@example.com'"), "0")

    def test_a_notification_says_that_something_happened_and_not_what(self):
        connection = self.connect("listens")
        self.assertIsNone(connection.sqlstate("LISTEN news"))
        self.stack.postgres.psql(f"SELECT pg_notify('news', '{self.secret('ssn')}')")
        message = connection.read_until("A")[-1]
        self.assertEqual(message.body[4:], b"news\0\0")

    def error(self, connection, sql):
        return next(message.fields for message in connection.query(sql) if message.type == "E")

    def psql(self, target, command):
        return subprocess.run(["psql", "-Xqc", command], env=target.env, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
