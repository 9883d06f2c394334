"""Configuration files that are wrong: both programs refuse to start with exit code 1 and name file, line and key; wrong usage is 2."""
import fcntl
import pathlib
import socket
import subprocess
import unittest

import yaml

from tests.support.process import free_port
from tests.support.programs import program
from tests.support.suite import StackTest, main


def start(name, *arguments):
    """Runs a program that is to end by itself; (exit code, what it said)."""
    done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


class Usage(unittest.TestCase):
    def test_wrong_usage_is_exit_code_2(self):
        for name in ("chaperone-sidecar", "chaperone-controlplane"):
            for arguments in ((), ("--confg", "x"), ("--config",), ("--config", "x", "surplus")):
                with self.subTest(name, arguments=arguments):
                    code, said = start(name, *arguments)
                    self.assertEqual(code, 2, said)

    def test_a_file_that_is_not_there_is_named(self):
        for name in ("chaperone-sidecar", "chaperone-controlplane"):
            code, said = start(name, "--config", "/nonexistent/config.yaml")
            self.assertEqual(code, 1)
            self.assertIn("/nonexistent/config.yaml", said)


class Config(StackTest):
    stack_options = {"sidecars": 0}

    def setUp(self):
        self.sidecar = self.stack.add_sidecar("refused", start=False)
        self.addCleanup(self.stack.sidecars.remove, self.sidecar)

    def sidecar_says(self, text):
        path = self.sidecar.folder / "wrong.yaml"
        path.write_text(text)
        code, said = start("chaperone-sidecar", "--config", path)
        self.assertEqual(code, 1, said)
        self.assertIn(str(path), said)
        return said

    def text(self, **changes):
        self.sidecar.configure(changes)
        return yaml.safe_dump(self.sidecar.config, sort_keys=False)

    def line(self, text, key):
        return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(key))

    def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(self):
        for wrong, near in (("endpont", "endpoint"), ("upstraem", "upstream"), ("lables", "labels")):
            with self.subTest(wrong):
                text = self.text().replace(f"{near}:", f"{wrong}:", 1)
                said = self.sidecar_says(text)
                self.assertIn(wrong, said)
                self.assertIn(near, said)
                self.assertIn(f":{self.line(text, wrong)}:", said)

    def test_an_unknown_key_deep_in_the_file_too(self):
        text = self.text().replace("password_file:", "pasword_file:")
        said = self.sidecar_says(text)
        self.assertIn("pasword_file", said)
        self.assertIn("password_file", said.replace("pasword_file", ""))

    def test_wrong_types_and_values_are_named_with_their_line(self):
        for key, value in (("port", "many"), ("port", 70000), ("port", -1), ("connect_timeout", "5 parsecs"), ("level", "loud")):
            with self.subTest(key, value=value):
                lines = self.text().splitlines()
                at = next(n for n, line in enumerate(lines) if line.strip().startswith(key + ":"))
                lines[at] = lines[at].split(":")[0] + f": {value}"
                said = self.sidecar_says("\n".join(lines))
                self.assertIn(f":{at + 1}:", said)

    def test_an_unreadable_path_is_named(self):
        for section, key in (("upstream", "password_file"), ("control_plane", "certificate"), ("control_plane", "ca")):
            with self.subTest(key):
                text = self.text(**{section: {key: "/nonexistent/file"}})
                self.assertIn("/nonexistent/file", self.sidecar_says(text))
                self.setUp()

    def test_text_that_is_no_yaml_is_refused(self):
        for text in ("", "[", "a: b: c", "- list", "\0", "x: &a [*a]"):
            with self.subTest(text):
                self.sidecar_says(text)

    def test_a_listener_that_is_not_loopback_needs_tls(self):
        self.assertIn("tls", self.sidecar_says(self.text(listen={"address": "0.0.0.0"})).lower())

    def test_a_port_in_use_is_named(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            self.sidecar.configure({"listen": {"port": port}})
            code, said = start("chaperone-sidecar", "--config", self.sidecar.path)
        self.assertEqual(code, 1, said)
        self.assertIn(str(port), said)

    def test_a_state_folder_in_use_is_named(self):
        self.sidecar.configure()
        state = pathlib.Path(self.sidecar.config["state"])
        state.mkdir(exist_ok=True)
        with open(state / "lock", "w") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            code, said = start("chaperone-sidecar", "--config", self.sidecar.path)
        self.assertEqual(code, 1, said)
        self.assertIn(f"{state} is in use by another sidecar", said)

    def test_the_control_plane_names_what_is_wrong(self):
        good = self.stack.control.config
        path = self.stack.folder / "wrong-controlplane.yaml"
        for change, words in (({"lissen": {}}, ["lissen", "listen"]), ({"listen": {"port": "x"}}, ["port"]),
                              ({"state": ["list"]}, ["state"]), ({"state": "/proc/nowhere"}, ["/proc/nowhere"])):
            with self.subTest(change):
                path.write_text(yaml.safe_dump({**good, "telemetry": {"port": free_port()}, **change}, sort_keys=False))
                code, said = start("chaperone-controlplane", "--config", path, "--dev")
                self.assertEqual(code, 1, said)
                for word in words:
                    self.assertIn(word, said)

    def test_a_policy_with_an_unknown_key_is_not_applied(self):
        path = self.stack.folder / "wrong-policy.yaml"
        path.write_text("apiVersion: chaperone/v1\nkind: Policy\nmetadata: {name: wrong}\nprincipals: [{subject: '*'}]\n"
                        "databases: ['*/*']\nstatments: []\n")
        done = self.stack.admin.run("policy", "apply", "-f", path, check=False)
        self.assertEqual(done.returncode, 1)
        for word in ("statments", "statements", "6"):
            self.assertIn(word, done.stdout + done.stderr)
        self.assertNotIn("wrong", self.stack.admin("policy", "list"))


if __name__ == "__main__":
    main()
