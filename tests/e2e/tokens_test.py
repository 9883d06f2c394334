"""Who gets in: every kind of bad token is refused with 28000 and a reason class, and says nothing about its contents."""
import time

from tests.support import tokens, wire
from tests.support.suite import StackTest, main


class Tokens(StackTest):
    def forge(self):
        return tokens.Forge(self.stack.token("ada"), self.stack.control.dev_key)

    def test_a_good_token_gets_in_whatever_the_user_name_says(self):
        for user in ("ada", "postgres", "somebody", "x" * 60):
            with wire.connect(self.stack.sidecar.target(self.forge().make(), user=user)) as connection:
                self.assertEqual(connection.rows("SELECT current_user"), [[self.stack.postgres.role.user]])

    def test_every_bad_token_is_refused_with_28000(self):
        for what, token in self.forge().bad().items():
            with self.subTest(what):
                fields = self.refusal(self.stack.sidecar.target(token))
                self.assertEqual((fields["S"], fields["C"]), ("FATAL", "28000"), fields)
                self.assertTrue(fields["M"])

    def test_a_refusal_quotes_nothing_of_the_token(self):
        forge = self.forge()
        marks = {"subject": "subject-that-nobody-quotes", "audience": "audience-that-nobody-quotes"}
        token = forge.make(sub=marks["subject"], aud=marks["audience"])
        target = self.stack.sidecar.target(token)
        with wire.Connection(target) as connection:
            with self.assertRaises(wire.ServerError):
                connection.login()
            said = bytes(connection.received).decode("utf-8", "replace")
        for part in (*marks.values(), *token.split("."), target.password):
            self.assertNotIn(part, said)
            self.assertNotIn(part, self.stack.sidecar.log)

    def test_the_refusal_names_its_class(self):
        bad = self.forge().bad()
        for what, word in {"expired": "expired", "another audience": "audience", "signed by a stranger": "signature",
                           "alg none": "alg", "another issuer": "issuer"}.items():
            with self.subTest(what):
                self.assertIn(word, self.refusal(self.stack.sidecar.target(bad[what]))["M"].lower())

    def test_without_a_password_nobody_gets_in(self):
        self.assertEqual(self.refusal(self.stack.sidecar.target(""))["C"], "28000")

    def test_a_token_without_any_policy_gets_no_session(self):
        self.stack.apply(POLICY_FOR_READERS)
        try:
            fields = self.refusal(self.stack.agent("stranger", groups=["nobody"]))
            self.assertIn(fields["C"], ("28000", "42501"), fields)
        finally:
            self.stack.apply(POLICY_FOR_READERS.replace("readers]", "readers, coding-agents]"))

    def test_the_session_ends_when_its_token_expires(self):
        token = self.forge().make(exp=int(time.time()) + 3)
        with wire.connect(self.stack.sidecar.target(token)) as connection:
            self.assertIsNone(connection.sqlstate("SELECT 1"))
            # The clock may be off by up to a minute.
            messages = connection.read_to_end(seconds=70)
        self.assertEqual([m.sqlstate for m in messages if m.type == "E"], ["28000"])


# Replaces the policy that lets everybody in.
POLICY_FOR_READERS = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: allow-all}
principals:
  - groups: [readers]
databases: ["*/*"]
statements:
  - {id: all, effect: allow, actions: ["*"], resources: ["*"]}
"""


if __name__ == "__main__":
    main()
