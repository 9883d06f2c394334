"""The tests' own tools: what they start they end, what they look for they find."""
import base64
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import frontend, secret_search, tokens, wire
from tests.support.live_psql import LivePsql
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import Postgres
from tests.support.process import Run, StartError, free_port, start_time, stop_detached, wait_until


class Processes(unittest.TestCase):
    def test_leaving_a_run_ends_its_processes_and_removes_its_folder(self):
        with Run() as run:
            process = run.process("sleeper", ["sleep", "1000"]).start()
            self.assertTrue(process.alive())
        self.assertIsNone(start_time(process.pid))
        self.assertFalse(run.folder.exists())

    def test_a_process_that_ignores_the_signal_is_killed(self):
        with Run() as run:
            process = run.process("stubborn", ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], grace=0.5).start()
            time.sleep(0.3)
        self.assertEqual(process.popen.returncode, -9)

    def test_free_ports_differ_and_are_not_those_of_outgoing_connections(self):
        first_ephemeral = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        ports = [free_port() for _ in range(200)]
        self.assertEqual(len(set(ports)), len(ports))
        self.assertLess(max(ports), first_ephemeral)
        self.assertGreater(min(ports), 1023)

    def test_children_die_with_a_launcher_that_is_killed(self):
        script = ("from tests.support.process import Run\nimport time\n"
                  "with Run() as r:\n print(r.process('s', ['sleep', '1000']).start().pid, flush=True)\n time.sleep(1000)")
        launcher = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        pid = int(launcher.stdout.readline())
        launcher.kill()
        launcher.communicate()
        wait_until(lambda: start_time(pid) is None, 5, "the child is gone")

    def test_a_detached_run_outlives_its_launcher_and_is_stopped_by_its_note(self):
        with tempfile.TemporaryDirectory() as folder:
            with Run(folder, detached=True) as run:
                process = run.process("sleeper", ["sleep", "1000"]).start()
            self.assertTrue(process.alive())
            self.assertTrue(stop_detached(folder))
            self.assertIsNotNone(process.popen.wait(5))
            self.assertFalse(stop_detached(folder))

    def test_a_program_that_ends_early_is_an_error_with_its_log(self):
        with Run() as run:
            process = run.process("failing", ["sh", "-c", "echo the reason; exit 3"]).start()
            with self.assertRaises(StartError) as caught:
                process.await_ready(lambda: False, 5, "ready")
        self.assertIn("the reason", str(caught.exception))
        self.assertIn("3", str(caught.exception))

    def test_a_sanitizers_report_in_a_log_fails_the_run(self):
        with self.assertRaises(AssertionError), Run() as run:
            run.process("bad", ["sh", "-c", "echo '==1==ERROR: AddressSanitizer: heap-use-after-free' >&2"]).start().wait(5)


class SecretSearch(unittest.TestCase):
    def test_a_secret_is_found_in_every_form(self):
        secret = os.urandom(24).hex()
        plain = secret.encode()
        compressed = subprocess.run(["zstd", "-q", "-c"], input=b"words " * 500 + plain[::-1] + plain, capture_output=True, check=True).stdout
        nested = subprocess.run(["zstd", "-q", "-c"], input=b"more " * 500 + compressed, capture_output=True, check=True).stdout
        forms = [plain, plain.hex().encode(), secret.encode("utf-16-le"), compressed, b"x" * 7 + nested]
        forms += [base64.b64encode(b"?" * n + plain + b"tail") for n in range(4)]
        for form in forms:
            self.assertTrue(secret_search.in_bytes(b"before" + form + b"after", secret), form[:40])
        self.assertFalse(secret_search.in_bytes(b"before" + nested + b"after", os.urandom(24).hex()))

    def test_files_are_searched_but_for_those_that_may_hold_it(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "deep").mkdir()
            (root / "deep" / "log").write_text("secret-words-here")
            (root / "password").write_text("secret-words-here")
            hits, read = secret_search.in_files(folder, "secret-words-here", without=[root / "password"])
        self.assertEqual(([hit.name for hit in hits], read), (["log"], 1))


class Tokens(unittest.TestCase):
    def test_bad_tokens_differ_from_the_good_one_in_what_they_say(self):
        with tempfile.TemporaryDirectory() as folder:
            key = ec.generate_private_key(ec.SECP256R1())
            path = pathlib.Path(folder) / "key"
            path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            token = tokens.sign({"alg": "ES256", "kid": "1"}, {"sub": "ada", "aud": "chaperone", "exp": int(time.time()) + 60}, key)
            bad = tokens.Forge(token, path).bad()
        self.assertGreater(len(set(bad.values())), 20)
        self.assertEqual(tokens.parts(bad["alg none"])[0]["alg"], "none")
        self.assertNotIn("exp", tokens.parts(bad["without exp"])[1])


class Servers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.all = Run()
        cls.addClassCleanup(cls.all.close)
        cls.postgres = Postgres(cls.all, tls=True).start()

    def test_the_sample_database_is_the_same_every_time(self):
        digest = "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM customers c"
        self.assertEqual(self.postgres.psql("SELECT count(*), count(DISTINCT card_number) FROM customers"), "500|500")
        self.assertEqual(self.postgres.psql(digest), self.postgres.psql(digest, database="shop_template"))

    def test_the_sidecars_role_needs_tls_and_is_no_superuser(self):
        with self.assertRaises(wire.ServerError) as caught:
            wire.connect(self.postgres.role)
        self.assertEqual(caught.exception.sqlstate, "28000")
        with wire.Connection(self.postgres.role) as connection:
            self.assertEqual(connection.start_tls(), b"S")
            connection.login()
            self.assertEqual(connection.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"), [["f"]])
            self.assertEqual(connection.sqlstate("CREATE TABLE public.x ()"), "42501")

    def test_the_raw_client_sees_every_message(self):
        with wire.connect(self.postgres.superuser) as connection:
            connection.send(frontend.parse("SELECT $1::int + 1", "s"), frontend.bind([b"\0\0\0\x05"], statement="s", formats=[1], results=[1]),
                            frontend.describe_portal(), frontend.execute(), frontend.sync())
            messages = connection.read_until("Z")
            self.assertEqual("".join(m.type for m in messages), "12TDCZ")
            self.assertEqual(messages[3].cells, [b"\0\0\0\x06"])
            self.assertEqual(messages[2].columns[0][3], 23)
            connection.send(frontend.query("SELECT pg_sleep(30)"))
            time.sleep(0.2)
            connection.cancel()
            self.assertEqual([m.sqlstate for m in connection.read_until("Z") if m.type == "E"], ["57014"])

    def test_a_psql_that_stays_answers_and_notices_its_end(self):
        with LivePsql(self.postgres.superuser) as psql:
            self.assertIn("42", psql.ask("SELECT 6 * 7;"))
            self.assertIn("22012", psql.ask("SELECT 1/0;"))
            psql.start("SELECT count(*) FROM orders \\watch 0.2")
            time.sleep(0.5)
            self.postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()")
            code, text = psql.wait(5)
            self.assertEqual(code, 2)
            self.assertIn("57P01", text)

    def test_pgbouncer_stands_before_the_database(self):
        with Run() as run:
            plain = Postgres(run, shop=False).start()
            relay = PgBouncer(run, plain.role).start()
            with wire.connect(relay.target) as connection:
                self.assertEqual(connection.rows("SELECT current_user"), [[plain.role.user]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
