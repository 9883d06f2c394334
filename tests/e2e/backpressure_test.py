"""A side that does not take its bytes stops the other side from being read; memory stays, and nothing is lost or stuck.

    backpressure_test.py             some tens of MiB: fast enough for every run
    backpressure_test.py --full      1 GiB through one session; prints how much memory it took
"""
import os
import sys
import threading
import time

from tests.support import frontend, wire
from tests.support.process import wait_until
from tests.support.suite import StackTest, main

# What one session may add to the sidecar's memory, whatever its peers do: a read of 128 KiB each way is far below. The rest is
# for threads that do other things meanwhile (records, catalogs, the look at the set-up), each with an arena of its own.
_GROWTH_MAX = 8 << 20
if "ASAN_OPTIONS" in os.environ:
    # AddressSanitizer keeps what was freed for a while: 256 MiB of it.
    os.environ["ASAN_OPTIONS"] += ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
_FULL = "--full" in sys.argv
_RESULT_BYTES = (1 << 30) if _FULL else (48 << 20)
_ROW_BYTES = 8000


class BackPressure(StackTest):
    def memory(self):
        """The sidecar's own memory; pages of the spool's files, which are mapped, are the kernel's to take back."""
        with open(f"/proc/{self.stack.sidecar.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))

    def growth_while(self, action):
        """What `action` returns, and by how much the sidecar's memory grew at most meanwhile."""
        # The allocator's own arenas and the statement cache are there already.
        self.connect("warm").rows(f"SELECT repeat('x', {_ROW_BYTES}) FROM generate_series(1, 1000)")
        before, highest, over = self.memory(), 0, threading.Event()

        def watch():
            nonlocal highest
            while not over.wait(0.05):
                highest = max(highest, self.memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return action(), max(0, highest - before)
        finally:
            over.set()
            watcher.join()

    def waits_to_write(self, marker):
        sql = ("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND "
               f"query LIKE '%{marker}%' AND pid <> pg_backend_pid()")
        return self.stack.postgres.psql(sql) == "1"

    def test_a_client_that_reads_late_stops_the_server_and_gets_everything(self):
        rows = _RESULT_BYTES // _ROW_BYTES

        def slowly():
            connection = self.connect("late")
            connection.send(frontend.query(f"SELECT repeat('late', {_ROW_BYTES // 4}) FROM generate_series(1, {rows})"))
            wait_until(lambda: self.waits_to_write("late"), 20, "the server waits for the client to read")
            time.sleep(1)
            got = 0
            while (message := connection.read(30)).type != "Z":
                got += message.type == "D" and len(message.body) == _ROW_BYTES + 6
                if len(connection.received) > 1 << 20:
                    connection.received, connection._at = connection.received[connection._at:], 0
            return got

        got, growth = self.growth_while(slowly)
        print(f"a result of {_RESULT_BYTES >> 20} MiB that is read late: {growth >> 10} KiB more memory")
        self.assertEqual(got, rows)
        self.assertLess(growth, _GROWTH_MAX)

    def test_a_client_that_sends_and_does_not_read_is_not_stuck_once_it_reads(self):
        # More than the kernel's buffers hold, in both directions.
        text = "SELECT repeat('round', 6400) /* " + "x" * 30000 + " */"
        rounds = 10000 if _FULL else 1500
        one = frontend.parse(text) + frontend.bind() + frontend.execute() + frontend.sync()

        def both():
            connection = self.connect("talker")
            connection.deadline = 120
            sender = threading.Thread(target=connection.send, args=[one] * rounds)
            sender.start()
            time.sleep(3)
            self.assertTrue(sender.is_alive(), "all was taken though nothing was read")
            done, got = 0, 0
            while done < rounds:
                message = connection.read(30)
                got += message.type == "D"
                done += message.type == "Z"
                if len(connection.received) > 1 << 20:
                    connection.received, connection._at = connection.received[connection._at:], 0
            sender.join(10)
            self.assertFalse(sender.is_alive())
            return got

        got, growth = self.growth_while(both)
        print(f"{rounds} rounds that nobody read for a while: {growth >> 10} KiB more memory")
        self.assertEqual(got, rounds)
        self.assertLess(growth, _GROWTH_MAX)

    def test_a_server_that_does_not_read_stops_the_client(self):
        connection, locker = self.connect("copier"), wire.connect(self.stack.postgres.superuser)
        self.addCleanup(locker.close)
        for statement in ("CREATE TABLE IF NOT EXISTS slowly (x text)", "BEGIN", "LOCK TABLE slowly"):
            self.assertIsNone(locker.sqlstate(statement))
        data = frontend.copy_data(b"x" * 65536 + b"\n") * 64
        connection.deadline = 2
        connection.send(frontend.query("COPY slowly FROM STDIN"))

        def push():
            sent = 0
            try:
                while sent < 512 << 20:
                    connection.send(data)
                    sent += len(data)
            except (TimeoutError, OSError):
                pass
            return sent

        sent, growth = self.growth_while(push)
        self.assertLess(sent, 64 << 20)
        self.assertLess(growth, _GROWTH_MAX)
        self.assertIsNone(locker.sqlstate("ROLLBACK"))


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if a != "--full"]
    main()
