"""The two that are compared: pgbouncer as a plain session pooler, and the sidecar with policy, masking rules and recording on."""
import dataclasses
import re

from tests.support.pgbouncer import PgBouncer
from tests.support.target import Target

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: bench}
principals:
  - subject: "*"
databases: ["*/bench"]
statements:
  - {id: all, effect: allow, actions: ["*"], resources: ["*"]}
  - {id: no-drop, effect: deny, actions: [ddl], resources: ["public.pgbench_accounts"]}
  - {id: no-bulk, effect: deny, actions: [delete], resources: ["public.*"], when: {where: absent}}
masking:
  - {id: secrets, columns: ["public.wide_masked.c3", "public.wide_masked.c7"], method: redact}
  - {id: names, columns: ["*.*.ssn", "*.*.email"], method: redact, in_predicates: deny}
  - {id: found, detect: [credit_card, us_ssn, secret_key], tables: ["public.wide_text"], method: redact}
recording: {results: masked, rows_per_statement: 1000}
degraded: {read: 1h, write: 1h}
"""
# The same without masks: what is left of it when the section is taken out.
POLICY_WITHOUT_MASKS = re.sub(r"masking:\n(?:  .*\n)+", "", POLICY)


@dataclasses.dataclass
class Proxy:
    """A process between clients and the database."""
    name: str
    target: Target
    pid: int


def pgbouncer(stack_run, postgres, name="pgbouncer", wrapper=()):
    """A pgbouncer; `wrapper` stands before its command line."""
    # What its clients leave behind is closed soon, so that the other finds room in the database.
    process = PgBouncer(stack_run, postgres.role.but(database="bench"), name, pool_size=2600, clients_max=2700,
                        settings={"server_idle_timeout": 10}, wrapper=wrapper).start()
    return Proxy(name, process.target, process.process.pid), process
