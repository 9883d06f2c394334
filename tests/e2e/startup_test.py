"""How sessions begin: protocol versions, parameters, limits; whatever is not supported is refused by name."""
import json
import struct
import time

from tests.support import frontend, wire
from tests.support.process import wait_until
from tests.support.suite import StackTest, main

_TOTAL = 12
_LIMITED = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: limited}
principals:
  - subject: "limited"
databases: ["*/*"]
statements:
  - {id: all, effect: allow, actions: ["*", unknown], resources: ["*"]}
  - {id: memory, effect: deny, actions: [session], resources: ["work_mem"], reason: "memory is shared"}
  - {id: held, effect: require_approval, actions: [admin], resources: ["app.held"], approval: {approvers: [dba], expires: 10m}}
  - {id: vault, effect: deny, actions: [read], resources: ["vault.*"]}
limits: {sessions: 2}
"""
_NARROW = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: narrow}
principals:
  - subject: "narrow"
databases: ["*/*"]
statements:
  - {id: names, effect: deny, actions: [session], resources: ["search_path"]}
  - {id: settings, effect: deny, actions: [admin], resources: ["*"]}
"""


class Startup(StackTest):
    stack_options = {"changes": {"limits": {"sessions": _TOTAL}}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.postgres.psql("CREATE SCHEMA vault; CREATE TABLE vault.products AS SELECT 'secret' AS title")
        cls.stack.apply(_LIMITED)
        cls.stack.apply(_NARROW)
        cls.token = cls.stack.token("vera")

    def raw(self):
        connection = wire.Connection(self.stack.sidecar.target(self.token))
        self.addCleanup(connection.close)
        return connection

    def start(self, parameters=None, protocol=wire.PROTOCOL_3_0):
        connection = self.raw()
        connection.send(frontend.startup({"user": "agent", "database": "shop", **(parameters or {})}, protocol))
        return connection

    def refused(self, connection, sqlstate):
        messages = connection.read_to_end(5)
        self.assertEqual([m.sqlstate for m in messages if m.type == "E"], [sqlstate], [str(m) for m in messages])

    def negotiated(self, connection):
        message = connection.read()
        self.assertEqual(message.type, "v")
        version, count = struct.unpack_from("!II", message.body)
        names = message.body[8:].split(b"\0")[:-1]
        self.assertEqual(len(names), count)
        connection.authenticate()
        self.assertEqual(connection.rows("SELECT 'in'"), [["in"]])
        self.assertEqual(len(connection.key), 8, "protocol 3.0 has keys of four bytes")
        return version, names

    def test_newer_minor_versions_are_answered_with_3_0(self):
        for minor in (1, 2, 9999):
            with self.subTest(minor):
                self.assertEqual(self.negotiated(self.start(protocol=wire.PROTOCOL_3_0 + minor)), (wire.PROTOCOL_3_0, []))

    def test_protocol_options_are_named_as_unknown(self):
        version, names = self.negotiated(self.start({"_pq_.compression": "zstd", "_pq_.x": ""}))
        self.assertEqual((version, names), (wire.PROTOCOL_3_0, [b"_pq_.compression", b"_pq_.x"]))

    def test_3_0_without_options_is_not_negotiated_about(self):
        self.assertEqual(self.start().read().type, "R")

    def test_other_major_versions_are_refused(self):
        for major in (1, 2, 4):
            with self.subTest(major):
                self.refused(self.start(protocol=major << 16), "0A000")

    def test_replication_is_refused_in_all_its_spellings(self):
        for value in ("database", "true", "on", "yes", "1", "TRUE"):
            with self.subTest(value):
                self.refused(self.start({"replication": value}), "0A000")
        self.assertEqual(self.start({"replication": "false"}).read().type, "R")

    def test_parameters_that_change_how_statements_are_read_are_refused(self):
        for parameters in ({"no_such_setting": "1"}, {"role": "postgres"}, {"client_encoding": "SJIS"},
                           {"standard_conforming_strings": "off"}, {"session_authorization": "postgres"},
                           {"options": "-c log_statement=none"}, {"options": "--standard-conforming-strings=off"},
                           {"options": "-c\\ role=postgres"}, {"options": "-crole=postgres"}):
            with self.subTest(parameters):
                messages = self.start(parameters).read_to_end(5)
                self.assertIn(messages[-1].sqlstate, ("0A000", "28000"))

    def test_harmless_parameters_are_passed_on(self):
        connection = self.start({"application_name": "a b", "client_min_messages": "warning",
                                 "options": "-c statement_timeout=7s -c DateStyle=German -c work_mem=8MB"})
        connection.authenticate()
        self.assertEqual(connection.rows("SHOW work_mem"), [["8MB"]])
        self.assertEqual(connection.rows("SHOW statement_timeout"), [["7s"]])
        self.assertEqual(connection.rows("SHOW application_name"), [["a b"]])
        self.assertEqual(connection.parameters["DateStyle"], "German, DMY")

    def answer(self, subject, parameters):
        """The error that ends a startup with these parameters, or the session that it begins."""
        token = self.stack.token(subject)
        connection = wire.Connection(self.stack.sidecar.target(token))
        self.addCleanup(connection.close)
        connection.send(frontend.startup({"user": "agent", "database": "shop", **parameters}))
        self.assertEqual(connection.read().type, "R")
        connection.send(frontend.password(token))
        for message in iter(connection.read, None):
            if message.type == "E":
                return message, connection
            if message.type == "Z":
                return None, connection
        self.fail("the session ended without an error")

    def test_a_setting_that_the_policy_keeps_from_set_is_kept_from_the_startup_too(self):
        for subject, parameters, words in (
                ("limited", {"options": "-c work_mem=8MB"}, '"work_mem" is refused: denied by policy "limited", rule "memory": memory is shared'),
                ("limited", {"options": "-c enable_seqscan=off"}, None),
                ("narrow", {"search_path": "evil,public"}, '"search_path" is refused'),
                ("narrow", {"options": "--search-path=evil"}, '"search_path" is refused'),
                ("narrow", {"options": "-c app.tenant=7"}, '"app.tenant" is refused')):
            with self.subTest(parameters):
                error, _ = self.answer(subject, parameters)
                if words is None:
                    self.assertIsNone(error)
                else:
                    self.assertEqual((error.fields["S"], error.sqlstate), ("FATAL", "42501"))
                    self.assertIn(words, str(error))
                    self.assertTrue(error.fields["H"].startswith("Connect without it"), error.fields["H"])
                    detail = json.loads(error.fields["D"])
                    self.assertEqual((detail["decision"], detail["audit_id"]), ("deny", None))

    def test_a_setting_that_would_be_held_is_refused_with_the_way_to_ask_for_it(self):
        refused = self.stack.sidecar.telemetry.value("chaperone_startup_settings_refused_total")
        error, _ = self.answer("limited", {"app.tenant": "7", "app.held": "1"})
        self.assertEqual((error.sqlstate, json.loads(error.fields["D"])["rule"]), ("42501", "held"))
        self.assertIn("use SET", error.fields["H"])
        self.assertEqual(self.stack.sidecar.telemetry.value("chaperone_startup_settings_refused_total"), refused + 1)

    def test_names_are_understood_with_the_search_path_that_the_startup_asks_for(self):
        for parameters in ({"search_path": "vault, public"}, {"options": "-c search_path=vault,public"}):
            with self.subTest(parameters):
                _, connection = self.answer("limited", {**parameters, "app.tenant": "7"})
                self.assertEqual(connection.rows("SELECT current_setting('app.tenant')"), [["7"]])
                connection.send(frontend.query("SELECT title FROM products"))
                self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["42501"])
                self.assertEqual(connection.rows("SELECT title FROM public.products WHERE id < 0"), [])
                connection.send(frontend.query("SET search_path = public; RESET search_path"))
                connection.read_until("Z")
                connection.send(frontend.query("SELECT title FROM products"))
                self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["42501"])

    def test_a_value_that_the_server_does_not_take_is_told_in_its_own_words(self):
        error, _ = self.answer("limited", {"TimeZone": "Nowhere/Land"})
        self.assertEqual(error.sqlstate, "22023")
        self.assertIn('invalid value for parameter "TimeZone": "Nowhere/Land"', str(error))

    def test_the_process_id_is_the_servers(self):
        connection = self.connect("vera")
        process_id, = struct.unpack_from("!I", connection.key)
        self.assertEqual(connection.rows("SELECT pg_backend_pid()"), [[str(process_id)]])

    def test_a_second_startup_message_is_no_password(self):
        connection = self.start()
        self.assertEqual(connection.read().type, "R")
        connection.send(frontend.startup({"user": "agent", "database": "shop", "search_path": "evil"}))
        self.refused(connection, "08P01")

    def test_a_second_startup_message_after_login_ends_the_session(self):
        connection = self.connect("vera")
        connection.send(frontend.startup({"user": "agent", "database": "shop"}))
        self.refused(connection, "08P01")

    def test_messages_before_the_password_are_refused(self):
        for what in (frontend.query("SELECT 1"), frontend.sync(), frontend.terminate(), frontend.function_call(1)):
            connection = self.start()
            self.assertEqual(connection.read().type, "R")
            connection.send(what)
            self.refused(connection, "08P01")

    def test_the_function_call_message_is_refused_and_the_session_goes_on(self):
        connection = self.connect("vera")
        connection.send(frontend.function_call(1598))
        self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["42501"])
        self.assertEqual(connection.rows("SELECT 1"), [["1"]])

    def test_an_identity_has_as_many_sessions_as_its_policy_says(self):
        target = self.stack.agent("limited")
        first, second = wire.connect(target), wire.connect(target)
        self.assertEqual(self.refusal(target)["C"], "53300")
        self.assertIsNone(self.connect("vera").sqlstate("SELECT 1"))
        first.close()

        def free():
            try:
                wire.connect(target).close()
                return True
            except wire.ServerError:
                return False
        wait_until(free, 5, "a session that ended makes room")
        second.close()

    def test_past_the_total_a_client_is_told_so_and_room_comes_back(self):
        opened = []
        end = time.monotonic() + 20
        messages = []
        while time.monotonic() < end and not messages:
            connection = self.raw()
            opened.append(connection)
            try:
                messages = [connection.read(0.5)]
            except wire.Timeout:
                pass
        self.assertEqual(messages[0].sqlstate, "53300")
        self.assertLessEqual(len(opened), _TOTAL + 1)
        for connection in opened:
            connection.close()

        def free():
            try:
                self.connect("vera")
                return True
            except (wire.ServerError, wire.Closed, OSError):
                return False
        wait_until(free, 10, "there is room again")


if __name__ == "__main__":
    main()
