"""The two equal databases of the differential test, and the role that goes straight to one of them with a cleartext password."""
import os
import pathlib
import secrets
import subprocess

PROXIED, DIRECT, ROLE = "diff_a", "diff_b", "differ"

# The sidecar's own role must not be asked for a cleartext password; this one is for the test program alone.
RULES = [f"host {DIRECT} {ROLE} 127.0.0.1/32 password", f"host {PROXIED} {ROLE} 127.0.0.1/32 password"]

POLICY = """\
apiVersion: chaperone/v1
kind: Policy
metadata: {name: differential}
principals:
  - subject: "*"
databases: ["*/*"]
statements:
  - {id: all, effect: allow, actions: ["*"], resources: ["*"]}
  - {id: forbidden, effect: deny, actions: [read, insert, update, delete], resources: ["public.forbidden"]}
recording: {results: masked, rows_per_statement: 100}
degraded: {read: 1h, write: 1h}
"""

_TABLES = """
CREATE TABLE diff_t (id int PRIMARY KEY, a int, b text, c numeric, d bytea);
CREATE TABLE forbidden (id int PRIMARY KEY, secret text);
INSERT INTO forbidden SELECT g, 'secret ' || g FROM generate_series(1, 5) g;
"""


def program():
    """The test program, as Bazel built it."""
    own = pathlib.Path(__file__).resolve()
    for root in (pathlib.Path.cwd(), own.parents[3] / "bazel-bin"):
        path = root / "tests/integration/differential/differential"
        if path.is_file():
            return path
    raise FileNotFoundError("build it first: bazel build //tests/integration/differential")


def prepare(postgres):
    """Makes the databases: one a copy of the other, so that even object ids agree. The role's Target."""
    postgres.create_database(PROXIED)
    postgres.psql(_TABLES, database=PROXIED)
    postgres.psql(f"CREATE DATABASE {DIRECT} TEMPLATE {PROXIED}", database="postgres")
    password = secrets.token_hex(8)
    postgres.psql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}' IN ROLE pg_read_all_data, pg_write_all_data",
                  database="postgres")
    return postgres.superuser.but(user=ROLE, password=password, database=DIRECT)


def compare(proxy, direct, *, sequences, seed=1, seconds=3600, options=()):
    """Runs the program between two Targets; (exit code, output)."""
    done = subprocess.run(
        [program(), f"--proxy-port={proxy.port}", f"--proxy-user={proxy.user}", f"--proxy-database={proxy.database}",
         f"--direct-port={direct.port}", f"--direct-user={direct.user}", f"--direct-database={direct.database}",
         f"--sequences={sequences}", f"--seed={seed}", *options],
        env=dict(os.environ, PROXY_PASSWORD=proxy.password, DIRECT_PASSWORD=direct.password), capture_output=True, text=True,
        timeout=seconds)
    return done.returncode, done.stdout + done.stderr
