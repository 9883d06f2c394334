"""TLS on both sides: how it is negotiated with clients, when it is refused, whom the sidecar takes for its database."""
import socket
import ssl
import threading
import time
import unittest
import warnings

from tests.support import frontend, wire
from tests.support.certificates import Authority
from tests.support.process import Run, free_port, wait_until
from tests.support.stack import Stack
from tests.support.suite import StackTest, main


def trusting(authority, version=None):
    """A client's context that trusts one authority."""
    context = ssl.create_default_context(cafile=str(authority.path))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class ClientSide(StackTest):
    @classmethod
    def setUpClass(cls):
        cls.run_folder = Run()
        cls.run_folder.__enter__()
        cls.addClassCleanup(cls.run_folder.close)
        cls.authority = Authority(cls.run_folder.folder / "clients-tls")
        cls.certificate, cls.key = cls.authority.server("sidecar")
        cls.stack_options = {"changes": {"listen": {"tls": {"certificate": str(cls.certificate), "key": str(cls.key)}}}}
        super().setUpClass()
        cls.token = cls.stack.token("tess")

    def raw(self):
        connection = wire.Connection(self.stack.sidecar.target(self.token))
        self.addCleanup(connection.close)
        return connection

    def works(self, connection):
        connection.login()
        self.assertEqual(connection.rows("SELECT 'in'"), [["in"]])

    def refused(self, messages, sqlstate="08P01"):
        self.assertEqual([m.sqlstate for m in messages if m.type == "E"], [sqlstate], [str(m) for m in messages])

    def test_tls_is_given_when_it_is_asked_for(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                connection = self.raw()
                self.assertEqual(connection.start_tls(trusting(self.authority, version)), b"S")
                self.works(connection)

    def test_tls_below_1_2_is_refused(self):
        context = trusting(self.authority)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.raw().start_tls(context)

    def test_bytes_behind_the_ssl_request_are_refused_and_never_believed(self):
        connection = self.raw()
        connection.send(frontend.ssl_request() + frontend.startup({"user": "x", "database": "shop"}))
        self.refused(connection.read_to_end(5))

    def test_a_second_ssl_request_within_tls_is_refused(self):
        connection = self.raw()
        connection.start_tls(trusting(self.authority))
        connection.send(frontend.ssl_request())
        self.refused(connection.read_to_end(5))

    def test_gssapi_is_not_offered_and_tls_can_still_be_asked_for(self):
        connection = self.raw()
        connection.send(frontend.gss_request())
        self.assertEqual(connection.socket.recv(1), b"N")
        self.assertEqual(connection.start_tls(trusting(self.authority)), b"S")
        self.works(connection)
        again = self.raw()
        again.send(frontend.gss_request())
        self.assertEqual(again.socket.recv(1), b"N")
        again.send(frontend.gss_request())
        self.refused(again.read_to_end(5))

    def direct(self, protocols):
        context = trusting(self.authority)
        if protocols:
            context.set_alpn_protocols(protocols)
        connection = self.raw()
        connection.socket = context.wrap_socket(connection.socket, server_hostname="localhost")
        return connection

    def test_tls_may_begin_at_once_with_the_protocol_named(self):
        connection = self.direct(["http/1.1", "postgresql"])
        self.assertEqual(connection.socket.selected_alpn_protocol(), "postgresql")
        self.works(connection)
        connection = self.direct(["postgresql"])
        connection.send(frontend.ssl_request())
        self.refused(connection.read_to_end(5))

    def test_tls_at_once_without_the_protocols_name_is_refused(self):
        for protocols in (None, ["http/1.1"]):
            with self.subTest(protocols):
                with self.assertRaises((ssl.SSLError, OSError, wire.Closed)):
                    connection = self.direct(protocols)
                    connection.send(frontend.startup({"user": "x", "database": "shop"}))
                    if not connection.read_to_end(5):
                        raise wire.Closed()

    def test_a_new_certificate_is_used_without_a_restart(self):
        old = self.raw()
        old.start_tls(trusting(self.authority))
        self.works(old)
        pid = self.stack.sidecar.pid
        fresh = Authority(self.run_folder.folder / "fresh-tls", "Fresh authority")
        kept = [path.read_bytes() for path in (self.certificate, self.key)]
        for new, path in zip(fresh.server("sidecar"), (self.certificate, self.key)):
            path.write_bytes(new.read_bytes())

        def served(authority):
            try:
                connection = self.raw()
                connection.start_tls(trusting(authority))
                self.works(connection)
                return True
            except ssl.SSLError:
                return False

        wait_until(lambda: served(fresh), 30, "the new certificate is served")
        self.assertFalse(served(self.authority))
        self.assertEqual(old.rows("SELECT 'still'"), [["still"]])
        # One that does not fit its key is not used: the one before stays.
        self.certificate.write_bytes(kept[0])
        time.sleep(6)
        self.assertTrue(served(fresh))
        self.key.write_bytes(kept[1])
        wait_until(lambda: served(self.authority), 30, "the old certificate is served again")
        self.assertEqual(self.stack.sidecar.pid, pid)


class Relay:
    """Ends TLS in the middle: a machine in between with a certificate of its own, as good as the database's or the same."""

    def __init__(self, port, certificate, key):
        self.port, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client):
        try:
            client.recv(8)
            client.sendall(b"S")
            client = self.context.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self.port))
            server.sendall(frontend.ssl_request())
            server.recv(1)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            server = context.wrap_socket(server)
            threading.Thread(target=self._copy, args=(client, server), daemon=True).start()
            self._copy(server, client)
        except OSError:
            client.close()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class DatabaseSide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(tls=True)
        cls.stack.__enter__()
        cls.addClassCleanup(cls.stack.run.close)
        cls.agent = cls.stack.agent("ulf")

    def assert_in(self, sidecar=None):
        with wire.connect(self.agent.but(port=(sidecar or self.stack.sidecar).port)) as connection:
            self.assertEqual(connection.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), [["t"]])

    def assert_out(self, sidecar):
        with self.assertRaises(wire.ServerError) as caught:
            wire.connect(self.agent.but(port=sidecar.port)).close()
        self.assertEqual(caught.exception.sqlstate, "08001")
        self.assertNotIn(self.stack.postgres.role_password, str(caught.exception))

    def sidecar(self, name, **upstream):
        return self.stack.add_sidecar(name, changes={"upstream": upstream})

    def test_the_database_is_reached_under_tls(self):
        self.assert_in()

    def test_a_database_of_another_name_is_refused(self):
        # The certificate is right but for the name: it is another server's of the same authority.
        certificate, key = self.stack.postgres.authority.server("elsewhere", hosts=("elsewhere.example.com",))
        relay = Relay(self.stack.postgres.port, certificate, key)
        sidecar = self.sidecar("misnamed", port=relay.listener.getsockname()[1])
        self.assert_out(sidecar)

    def test_a_database_of_another_authority_is_refused(self):
        certificate, key = Authority(self.stack.folder / "strange-tls", "Strange authority").server("postgres")
        relay = Relay(self.stack.postgres.port, certificate, key)
        sidecar = self.sidecar("strange", port=relay.listener.getsockname()[1])
        self.assert_out(sidecar)

    def test_a_database_that_offers_no_tls_is_refused(self):
        port = free_port()
        listener = socket.create_server(("127.0.0.1", port))

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                client.recv(8)
                client.sendall(b"N")
                self.heard += client.recv(4096)
        self.heard = b""
        threading.Thread(target=serve, daemon=True).start()
        sidecar = self.sidecar("plain", port=port)
        self.assert_out(sidecar)
        self.assertEqual(self.heard, b"", "the sidecar spoke on without TLS")
        listener.close()

    def test_scram_is_bound_to_the_tls_channel(self):
        # With the database's own certificate a relay in the middle is the same channel's end to both, and passes …
        data = self.stack.folder / "postgres-tls"
        same = Relay(self.stack.postgres.port, data / "postgres.pem", data / "postgres.key")
        through = self.sidecar("through", port=same.listener.getsockname()[1])
        self.assert_in(through)
        # … with one that is as good, for the same name and of the same authority, the binding differs.
        certificate, key = self.stack.postgres.authority.server("twin")
        twin = Relay(self.stack.postgres.port, certificate, key)
        bound = self.sidecar("bound", port=twin.listener.getsockname()[1])
        self.assert_out(bound)
        log = self.stack.postgres.process.log.read_text(errors="replace")
        self.assertIn("SCRAM channel binding check failed", log)


if __name__ == "__main__":
    main()
