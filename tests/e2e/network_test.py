"""What goes wrong on the network: the database or the control plane away, hostile bytes, silent clients; others notice nothing."""
import os
import socket
import struct
import time
import unittest

from tests.support import frontend, wire
from tests.support.process import wait_until
from tests.support.stack import Stack
from tests.support.suite import StackTest, main

_STARTUP_TIMEOUT_S = 2


class Network(StackTest):
    stack_options = {"changes": {"limits": {"startup_timeout": f"{_STARTUP_TIMEOUT_S}s"}}}

    def setUp(self):
        # Somebody else is connected all the time, and must not notice.
        self.bystander = self.connect("bystander")

    def tearDown(self):
        self.assertEqual(self.bystander.rows("SELECT 'unharmed'"), [["unharmed"]])
        self.assertTrue(self.stack.sidecar.process.alive())

    def raw(self):
        connection = wire.Connection(self.stack.sidecar.target("none"))
        self.addCleanup(connection.close)
        return connection

    def ends(self, *data, seconds=_STARTUP_TIMEOUT_S + 3):
        """Sends bytes on a fresh connection; what the sidecar says until it closes."""
        connection = self.raw()
        try:
            connection.send(*data)
        except OSError:
            pass
        return connection.read_to_end(seconds)

    def test_garbage_instead_of_a_startup_message_ends_that_session(self):
        samples = {
            "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "zeros": bytes(64),
            "noise": os.urandom(512),
            "tls handshake": b"\x16\x03\x01\x02\x00\x01\x00",
            "length below 8": struct.pack("!II", 4, 196608),
            "negative length": struct.pack("!iI", -1, 196608),
            "huge length": struct.pack("!II", 0x7FFFFFFF, 196608),
            "over 10,000 bytes": frontend.startup({"user": "x" * 20000}),
            "no terminator": struct.pack("!II", 16, 196608) + b"userabcd",
            "protocol 2": struct.pack("!II", 8, 131072),
            "unknown request code": struct.pack("!II", 8, 80877199),
            "replication": frontend.startup({"user": "x", "replication": "database"}),
            "second ssl request": frontend.ssl_request() * 2,
        }
        for what, data in samples.items():
            with self.subTest(what):
                self.ends(data)

    def test_garbage_after_login_ends_that_session_with_an_error(self):
        samples = {
            "unknown type": frontend.message("~", b"hello"),
            "length below 4": b"Q" + struct.pack("!i", 3),
            "negative length": b"Q" + struct.pack("!i", -5),
            "huge sync": frontend.message("S", b"", length=0x7FFFFFF0),
            "bind that is too short": frontend.message("B", b"\0\0\0"),
            "bind with a negative count": frontend.message("B", b"\0\0" + struct.pack("!hh", 0, -1)),
            "parse without end": frontend.message("P", b"name"),
            "describe of a strange kind": frontend.message("D", b"Xname\0"),
            "function call": frontend.function_call(1598),
            "second startup": frontend.startup({"user": "x"}),
        }
        for what, data in samples.items():
            with self.subTest(what):
                connection = self.connect("hostile")
                connection.send(data, frontend.sync())
                try:
                    messages = connection.read_until("Z", seconds=5)
                except wire.Closed as closed:
                    messages = closed.messages
                errors = [m for m in messages if m.type == "E"]
                self.assertTrue(errors, [str(m) for m in messages])
                self.assertIn(errors[0].sqlstate, ("08P01", "42501", "0A000", "54000", "22021", "34000", "26000"), str(errors[0]))

    def test_a_silent_client_is_ended_within_the_startup_timeout(self):
        stages = {"nothing": b"", "half a length": b"\0\0", "half a startup": frontend.startup({"user": "x"})[:12],
                  "no password": frontend.startup({"user": "x", "database": "shop"})}
        for what, data in stages.items():
            with self.subTest(what):
                begin = time.monotonic()
                self.ends(data)
                self.assertLess(time.monotonic() - begin, _STARTUP_TIMEOUT_S + 2)

    def test_many_silent_clients_keep_nobody_out(self):
        silent = [socket.create_connection(("127.0.0.1", self.stack.sidecar.port)) for _ in range(200)]
        try:
            begin = time.monotonic()
            self.assertIsNone(self.connect("prompt").sqlstate("SELECT 1"))
            self.assertLess(time.monotonic() - begin, 1.5)
        finally:
            for one in silent:
                one.close()

    def test_bytes_stuffed_behind_an_ssl_request_are_not_believed(self):
        stuffed = frontend.startup({"user": "x", "database": "shop"})
        connection = self.raw()
        connection.send(frontend.ssl_request() + stuffed)
        answer = connection.socket.recv(1)
        if answer == b"N":  # Without TLS what follows is an ordinary startup.
            self.assertIn(connection.read(5).type, "RE")
        else:
            connection.read_to_end(5)

    def test_a_client_that_vanishes_leaves_no_server_process(self):
        before = self.stack.postgres.backends()
        connection = self.connect("vanishing")
        connection.send(frontend.query("SELECT 1"))
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        wait_until(lambda: self.stack.postgres.backends() <= before, 5, "the server process of a vanished client is gone")


class Unreachable(unittest.TestCase):
    def test_an_unreachable_database_is_an_error_at_login_and_then_recovers(self):
        with Stack() as stack:
            agent = stack.agent("ada")
            stack.postgres.process.stop()
            with self.assertRaises(wire.ServerError) as caught:
                wire.connect(agent)
            self.assertIn(caught.exception.sqlstate, ("08001", "08006", "57P03"))
            self.assertNotIn(stack.postgres.role_password, str(caught.exception))
            stack.postgres.process.start()
            stack.postgres.await_ready()
            with wire.connect(agent) as connection:
                self.assertIsNone(connection.sqlstate("SELECT 1"))

    def test_a_sidecar_waits_for_its_control_plane_and_is_not_ready_meanwhile(self):
        with Stack(sidecars=0) as stack:
            token = stack.token("ada")
            stack.control.kill()
            sidecar = stack.add_sidecar("sidecar", start=False).start(await_ready=False)
            time.sleep(2)
            self.assertTrue(sidecar.process.alive(), sidecar.log)
            self.assertNotEqual(sidecar.telemetry.get("/readyz")[0], 200)
            with self.assertRaises((wire.ServerError, wire.Closed, OSError)):
                wire.connect(sidecar.target(token))
            self.assertIn(stack.control.address.split(":")[1], sidecar.log)
            stack.control.start()
            sidecar.await_ready()
            with wire.connect(sidecar.target(token)) as connection:
                self.assertIsNone(connection.sqlstate("SELECT 1"))


if __name__ == "__main__":
    main()
