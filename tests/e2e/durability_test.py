"""Crashes under load: no acknowledged record is lost and none is stored twice, whoever is killed; sessions of others go on."""
import time
import unittest

from tests.e2e import recordings
from tests.e2e.load import Load, prepare, stored
from tests.support import wire
from tests.support.stack import Stack
from tests.support.suite import main


class Durability(unittest.TestCase):
    def stack(self, **options):
        stack = Stack(**options)
        stack.__enter__()
        self.addCleanup(stack.run.close)
        prepare(stack.postgres)
        return stack

    def check_recordings(self, stack, load):
        """Every statement that was answered, and every one that reached the database, is recorded, and exactly once."""
        in_database = stored(stack.postgres)
        self.assertEqual(len(in_database), len(set(in_database)), "a statement ran twice")
        self.assertLessEqual(load.done, set(in_database), "a statement was acknowledged that did not run")
        counts = recordings.await_marks(stack, load.done | set(in_database))
        twice = {mark: count for mark, count in counts.items() if count != 1}
        self.assertEqual(twice, {}, "stored twice")
        unknown = set(counts) - {attempt.marker for attempt in load.attempts}
        self.assertEqual(unknown, set(), "recorded, but nobody said it")
        for session in recordings.session_ids(stack):
            self.assertIn("intact", stack.admin("sessions", "verify", session))

    def test_killing_the_control_plane_under_load_loses_nothing_and_stops_nobody(self):
        stack = self.stack()
        with Load([stack.agent(f"load{n}") for n in range(6)]) as load:
            for _ in range(3):
                time.sleep(1)
                stack.control.kill()
                count = len(load.done)
                time.sleep(1)
                self.assertGreater(len(load.done), count, "sessions stopped while the control plane was away")
                stack.control.start()
            time.sleep(1)
        self.assertEqual([agent.connections for agent in load.agents], [1] * 6, "a session was lost")
        self.assertEqual({a.outcome for a in load.attempts}, {"done"})
        self.check_recordings(stack, load)

    def test_what_a_killed_sidecar_had_spooled_arrives_after_its_restart(self):
        stack = self.stack()
        with Load([stack.agent(f"load{n}") for n in range(6)], reconnect=True) as load:
            for _ in range(3):
                time.sleep(1.5)
                stack.sidecar.kill()
                stack.sidecar.start()
            time.sleep(1)
        self.check_recordings(stack, load)

    def test_both_killed_at_once_lose_nothing(self):
        stack = self.stack()
        with Load([stack.agent(f"load{n}") for n in range(4)], reconnect=True) as load:
            time.sleep(1.5)
            stack.control.kill()
            time.sleep(1)  # Records gather in the spool only.
            stack.sidecar.kill()
            stack.control.start()
            stack.sidecar.start()
            time.sleep(1)
        self.check_recordings(stack, load)

    def test_a_sidecar_restarts_and_enforces_without_its_control_plane(self):
        stack = self.stack()
        agent = stack.agent("ada")
        stack.control.stop()
        stack.sidecar.stop()
        stack.sidecar.start()
        with wire.connect(agent) as connection:
            self.assertIsNone(connection.sqlstate("SELECT count(*) FROM orders"))


if __name__ == "__main__":
    main()
