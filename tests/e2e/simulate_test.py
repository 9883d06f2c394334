"""What operators ask before they trust a policy: simulate, explain-mask, suggest, doctor."""
import json

from tests.support.cli import CliError
from tests.support.postgres import ROLE
from tests.support.process import wait_until
from tests.support.stack import POLICIES
from tests.support.suite import StackTest, main

WHERE = ("--database", "shop-prod/shop")
WHO = ("--subject", "ada", "--groups", "coding-agents")


class SimulateTest(StackTest):
    stack_options = {"policies": [POLICIES / "policy.yaml"]}

    def simulate(self, sql, *more):
        return self.stack.admin.json("policy", "simulate", "--sql", sql, *WHERE, *WHO, *more)

    def failure(self, *arguments):
        with self.assertRaises(CliError) as caught:
            self.stack.admin(*arguments)
        self.assertEqual(caught.exception.code, 1)
        return caught.exception.stderr

    def test_a_database_that_nobody_has_used_is_asked_for(self):
        self.stack.postgres.create_database("fresh")
        answer = self.stack.admin.json("policy", "simulate", "--sql", "SELECT 1", "--database", "shop-prod/fresh", *WHO)
        self.assertEqual(answer["decision"], "allow")
        self.assertEqual(answer["role"], ROLE)

    def test_verdict_rule_facts_and_masks(self):
        answer = self.simulate("SELECT id, email AS mail, upper(ssn), name FROM customers")
        self.assertEqual((answer["decision"], answer["policy"], answer["rule"]), ("allow", "coding-agents", "read-all"))
        self.assertIn("  needs read public.customers", answer["facts"])
        masks = [(column["name"], column.get("method", "")) for column in answer["columns"]]
        self.assertEqual(masks, [("id", ""), ("mail", "redact"), ("upper", "hidden"), ("name", "")])
        self.assertEqual(answer["columns"][1]["sources"], ["public.customers.email"])
        self.assertEqual(self.simulate("DELETE FROM orders")["rule"], "no-bulk-writes")
        held = self.simulate("UPDATE orders SET note = '' WHERE id = 1")
        self.assertEqual((held["decision"], held["approvers"]), ("require_approval", ["db-owners"]))

    def test_the_table_for_people(self):
        text = self.stack.admin("policy", "simulate", "--sql", "SELECT email FROM customers", *WHERE, *WHO)
        self.assertRegex(text, r"decision: +allow\n")
        self.assertRegex(text, r"rule: +coding-agents/read-all\n")
        self.assertRegex(text, r"email +public\.customers\.email +redact +coding-agents/pii\n")

    def test_a_policy_that_is_not_applied_and_a_revision(self):
        draft = self.stack.folder / "draft.yaml"
        draft.write_text((POLICIES / "policy.yaml").read_text().replace("effect: require_approval", "effect: allow").replace(
            "    approval: {approvers: [db-owners], count: 1, expires: 15m, blast_radius: estimate}\n", ""))
        update = "UPDATE orders SET note = '' WHERE id = 1"
        self.assertEqual(self.simulate(update, "-f", draft)["decision"], "allow")
        self.assertEqual(self.simulate(update, "--revision", "1")["decision"], "require_approval")
        self.assertEqual(self.simulate(update)["decision"], "require_approval")

    def test_what_is_not_there_is_named_with_what_to_do(self):
        ask = ("policy", "simulate", "--sql", "SELECT 1", *WHO, "--database")
        self.assertIn('database "nope" does not exist', self.failure(*ask, "shop-prod/nope"))
        unknown = self.failure(*ask, "other/shop")
        self.assertIn("known endpoints: shop-prod", unknown)
        self.assertIn("chaperone sidecars list", unknown)
        self.assertIn("<endpoint>/<database>", self.failure(*ask, "shop"))
        self.assertIn("revision 999", self.failure(*ask, "shop-prod/shop", "--revision", "999"))

    def test_explain_mask_says_why(self):
        text = self.stack.admin("policy", "explain-mask", "customers", *WHERE)
        self.assertRegex(text, r"ssn +text +redact +coding-agents/pii +deny +public\.customers\.ssn is named by \*\.\*\.ssn")
        self.assertRegex(text, r"id +int8 +none.*no masking rule names it")
        view = self.stack.admin.json("policy", "explain-mask", "public.customer_contacts", *WHERE, *WHO)
        masks = {each["column"]["name"]: each["column"].get("method", "") for each in view["columns"]}
        self.assertEqual(masks, {"id": "", "name": "", "contact": "redact", "payment": "keep_last_4"})
        self.assertIn("there is no table or view", self.failure("policy", "explain-mask", "nope", *WHERE))

    def test_a_suggestion_lints_and_applies_as_it_is(self):
        suggestion = self.stack.folder / "suggestion.yaml"
        suggestion.write_text(self.stack.admin("policy", "suggest", *WHERE, "--groups", "coding-agents", "--approvers", "db-owners"))
        self.assertEqual(self.stack.admin("policy", "apply", "-f", suggestion, "--dry-run").count("error"), 0)
        findings = self.stack.admin.json("policy", "lint", "-f", suggestion).get("findings", [])
        self.assertEqual([each for each in findings if each["policy"] == "shop-agents" and "redundant" not in each["code"]
                          and "shadowed" not in each["code"]], [])
        answer = self.simulate("SELECT birth_date, phone FROM customers", "-f", suggestion)
        self.assertEqual([column.get("method") for column in answer["columns"]], ["date_truncate_year", "keep_last_2"])


class DoctorTest(StackTest):
    stack_options = {"policies": [POLICIES / "policy.yaml"]}

    def findings(self):
        done = self.stack.admin.run("doctor", "-o", "json", check=False)
        return done.returncode, {each["code"]: each for each in json.loads(done.stdout)["findings"]}

    def test_what_the_role_should_not_have_is_found_and_its_mending_is_named(self):
        wait_until(lambda: "access-rules-unread" in self.findings()[1], 20, "the sidecar has looked at its database")
        code, found = self.findings()
        self.assertEqual((code, [each for each in found.values() if each["severity"] == "error"]), (0, []))
        self.stack.postgres.psql(f"ALTER ROLE {ROLE} CREATEROLE; GRANT pg_execute_server_program TO {ROLE}; "
                                 f"CREATE TABLE owned (id int); ALTER TABLE owned OWNER TO {ROLE}; "
                                 f"GRANT SELECT ON pg_hba_file_rules TO {ROLE}; "
                                 f"GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {ROLE}", database="postgres")
        self.stack.sidecar.stop()
        self.stack.sidecar.start()
        wait_until(lambda: "upstream-role-createrole" in self.findings()[1], 20, "the sidecar has looked again")
        code, found = self.findings()
        self.assertEqual(code, 1)
        self.assertIn(f"ALTER ROLE {ROLE} NOCREATEROLE", found["upstream-role-createrole"]["message"])
        self.assertIn("pg_execute_server_program", found["upstream-role-dangerous-membership"]["message"])
        self.assertIn("public.owned", found["upstream-role-owns-relations"]["message"])
        self.assertIn("host all all 127.0.0.1", found["access-past-sidecar"]["message"])
        self.assertRegex(self.stack.admin("sidecars", "show", "sidecar"), r"PostgreSQL 1\d\.\d+")


if __name__ == "__main__":
    main()
