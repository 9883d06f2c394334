"""`drizzle-kit push --force` with a schema file that leaves almost nothing: straight at the server it wipes the database, through
the sidecar nothing is lost, and whoever ran it reads why."""
import os
import pathlib
import shutil
import subprocess

from tests.support.postgres import BIN, TEMPLATE
from tests.support.suite import StackTest, main

_HERE = pathlib.Path(__file__).resolve().parent
_POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: migrations}
principals:
  - subject: "*"
databases: ["*/*"]
statements:
  - {id: data, effect: allow, actions: [read, insert, update, delete, session], resources: ["*"]}
  - {id: no-schema-changes, effect: deny, actions: [ddl, truncate, admin], resources: ["*"],
     reason: "Schema changes go through migrations."}
"""
_SECONDS = 180


def node_modules():
    """tools/npm's packages, beside the source or where the test is run."""
    for root in (_HERE.parents[2], pathlib.Path.cwd()):
        if (root / "tools/npm/node_modules/drizzle-kit").is_dir():
            return root / "tools/npm/node_modules"
    raise FileNotFoundError("tools/npm/node_modules lacks drizzle-kit; run tools/setup")


class Wipes(StackTest):
    stack_options = {"policies": [_POLICY]}

    def database(self, name):
        self.stack.postgres.psql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}", database="postgres")
        return name

    def dump(self, database):
        """Schema and data as SQL text, without the words that pg_dump makes up each time."""
        target = self.stack.postgres.superuser.but(database=database)
        text = subprocess.run([BIN / "pg_dump"], env=dict(os.environ, **target.env), check=True, capture_output=True, text=True).stdout
        return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]

    def push(self, target):
        """Runs the tool as installed; (exit code, everything that it printed)."""
        folder = self.stack.folder / f"kit-{target.database}"
        folder.mkdir()
        (folder / "node_modules").symlink_to(node_modules())
        shutil.copy(_HERE / "schema.ts", folder)
        command = ["node", "node_modules/drizzle-kit/bin.cjs", "push", "--force", "--dialect=postgresql", "--schema=schema.ts",
                   f"--url={target.url}"]
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS)
        return done.returncode, done.stdout + done.stderr

    def test_straight_at_the_server_it_wipes_the_database(self):
        target = self.stack.postgres.superuser.but(database=self.database("kit_direct"))
        before = self.dump("kit_direct")
        code, text = self.push(target)
        self.assertEqual(code, 0, text)
        after = self.dump("kit_direct")
        self.assertIn("CREATE TABLE public.orders (", before)
        self.assertNotIn("CREATE TABLE public.orders (", after)
        self.assertIn("    card_number text,", before)
        self.assertNotIn("    card_number text,", after)

    def test_through_the_sidecar_nothing_is_lost_and_the_user_reads_why(self):
        self.database("kit_sidecar")
        before = self.dump("kit_sidecar")
        _, text = self.push(self.stack.agent("kit", database="kit_sidecar"))
        self.assertEqual(self.dump("kit_sidecar"), before)
        self.assertNotIn("Changes applied", text)
        self.assertIn("Schema changes go through migrations.", text)


if __name__ == "__main__":
    main()
