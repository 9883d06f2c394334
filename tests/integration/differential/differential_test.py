"""Random message sequences through the sidecar and straight to the server: no difference in results, errors or state.

  differential_test.py                    2,000 sequences, the same every time
  differential_test.py --long [SEED]      100,000 sequences from a seed (default: from the clock)
"""
import sys
import time
import unittest

from tests.integration.differential import databases
from tests.support.stack import Stack


class ThroughTheSidecar(unittest.TestCase):
    sequences, seed = 2000, 1

    def test_no_sequence_tells_the_sidecar_from_the_server(self):
        with Stack(policies=[databases.POLICY], postgres_rules=databases.RULES) as stack:
            direct = databases.prepare(stack.postgres)
            proxy = stack.agent("differential", database=databases.PROXIED, ttl="4h")
            code, text = databases.compare(proxy, direct, sequences=self.sequences, seed=self.seed)
            print(text)
            self.assertEqual(code, 0, text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--long"]:
        ThroughTheSidecar.sequences = 100_000
        ThroughTheSidecar.seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() // 1000 % (1 << 40)
        del sys.argv[1:]
    unittest.main(verbosity=2)
