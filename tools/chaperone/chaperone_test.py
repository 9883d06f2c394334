#!/usr/bin/env python3
"""The real program against a server with mutual TLS: connection errors, exit codes, pipes, completion in bash.

Arguments: the CLI and the fake control plane, as built.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

CLI, SERVER = (os.path.abspath(path) for path in sys.argv[1:3])
SESSION = "ses_01JD2Z4S1Q9X4T0V6N8M3K7R5C"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_ca(folder, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")


def make_certificate(folder, ca, name, host="localhost"):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr")
    pathlib.Path(folder, "san").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/{ca}.crt", "-CAkey", f"{folder}/{ca}.key",
            "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/san", "-out", f"{folder}/{name}.crt")


class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        for ca in ("ca", "stranger-ca"):
            make_ca(cls.folder, ca)
        make_certificate(cls.folder, "ca", "server")
        make_certificate(cls.folder, "ca", "alice")
        make_certificate(cls.folder, "stranger-ca", "mallory")
        cls.server = subprocess.Popen(
            [SERVER, f"{cls.folder}/ca.crt", f"{cls.folder}/server.crt", f"{cls.folder}/server.key"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.port = int(cls.server.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.server.stdin.close()
        cls.server.wait(timeout=30)
        cls.server.stdout.close()
        cls.temporary.cleanup()

    def environment(self, **changes):
        values = {"CHAPERONE_ADDRESS": f"localhost:{self.port}", "CHAPERONE_CA": f"{self.folder}/ca.crt",
                  "CHAPERONE_CERT": f"{self.folder}/alice.crt", "CHAPERONE_KEY": f"{self.folder}/alice.key",
                  "PATH": os.environ["PATH"], "HOME": self.folder}
        values.update(changes)
        return {k: v for k, v in values.items() if v is not None}

    def run_cli(self, *arguments, **changes):
        return subprocess.run([CLI, *arguments], env=self.environment(**changes), text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def test_calls_go_through_with_a_certificate_that_the_server_trusts(self):
        done = self.run_cli("whoami")
        self.assertEqual((0, "name:    alice\nroles:   auditor\ngroups:  none\n", ""), (done.returncode, done.stdout, done.stderr))
        done = self.run_cli("sessions", "verify", SESSION)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("is intact: 20 records in 2 chunks", done.stdout)
        done = self.run_cli("sessions", "replay", SESSION)
        self.assertIn("deny: rule no-schema-changes of coding-agents", done.stdout)

    def test_a_refusal_names_the_role_that_is_needed_and_the_caller(self):
        done = self.run_cli("sessions", "kill", SESSION)
        self.assertEqual(1, done.returncode)
        self.assertEqual("chaperone: the role admin is needed (you are alice, with the role auditor)\n"
                         "`sessions kill` needs the role admin; use a certificate that has it (--cert, --key).\n", done.stderr)

    def test_without_certificates_the_error_names_them(self):
        done = self.run_cli("whoami", CHAPERONE_CERT=None, CHAPERONE_KEY=None)
        self.assertEqual(1, done.returncode)
        self.assertIn("--cert (CHAPERONE_CERT), --key (CHAPERONE_KEY)", done.stderr)
        done = self.run_cli("whoami", CHAPERONE_CA="/no/such/file")
        self.assertEqual(1, done.returncode)
        self.assertIn("/no/such/file does not exist", done.stderr)

    def test_a_certificate_of_a_stranger_gets_nowhere(self):
        done = self.run_cli("whoami", CHAPERONE_CERT=f"{self.folder}/mallory.crt", CHAPERONE_KEY=f"{self.folder}/mallory.key")
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("--cert and --key", done.stderr)

    def test_a_server_that_the_ca_did_not_sign_is_not_believed(self):
        done = self.run_cli("whoami", CHAPERONE_CA=f"{self.folder}/stranger-ca.crt")
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("not signed by the CA", done.stderr)

    def test_a_server_of_another_name_is_not_believed_unless_asked_for(self):
        address = f"127.0.0.1:{self.port}"
        done = self.run_cli("whoami", CHAPERONE_ADDRESS=address)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("--server-name", done.stderr)
        done = self.run_cli("whoami", "--server-name", "localhost", CHAPERONE_ADDRESS=address)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_a_port_where_nobody_listens_is_named(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"localhost:{unused.getsockname()[1]}"
        done = self.run_cli("whoami", "--address", address)
        self.assertEqual(1, done.returncode)
        self.assertIn(f"Is the control plane running and reachable at {address}?", done.stderr)

    def test_a_server_that_never_answers_costs_the_timeout_and_no_more(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            done = self.run_cli("whoami", "--timeout", "1s", "--address", f"localhost:{silent.getsockname()[1]}")
        self.assertEqual(1, done.returncode)
        self.assertIn("in time", done.stderr)

    def test_a_closed_pipe_ends_the_program_quietly(self):
        process = subprocess.Popen(["bash", "-c", f"'{CLI}' sessions replay {SESSION} | head -1; exit ${{PIPESTATUS[0]}}"],
                                   env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=60)
        self.assertIn("Session of", out)
        self.assertEqual("", err)
        self.assertIn(process.returncode, (0, 128 + signal.SIGPIPE))

    def complete(self, *words):
        """What bash offers when Tab is pressed behind these words."""
        script = ('source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _chaperone; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", CLI, "chaperone", *words], env=self.environment(), text=True,
                              timeout=60, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual("", done.stderr)
        return done.stdout.split()

    def test_bash_completes_commands_and_flags(self):
        self.assertEqual(["policy"], self.complete("pol"))
        self.assertEqual(["approve"], self.complete("approvals", "approv"))
        self.assertIn("verify", self.complete("sessions", ""))
        self.assertIn("--head", self.complete("sessions", "verify", "--"))
        self.assertIn("--address", self.complete("sessions", "verify", "--"))
        self.assertEqual(["--wait", "--wait-limit"], self.complete("policy", "apply", "--comment", "x", "--wa"))
        self.assertEqual(["table", "json"], self.complete("sessions", "list", "-o", ""))
        self.assertIn(f"{self.folder}/alice.crt", self.complete("whoami", "--cert", f"{self.folder}/al"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
