#!/usr/bin/python3
"""Makes precision/captured/*.case anew: runs each tool against a scratch server and writes down what it sent.

Needs the npm packages of package.json (npm install --ignore-scripts in this folder), python3-sqlalchemy, python3-django,
python3-psycopg, psql and the JDBC driver. A tool that fails stops the run.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER)]
import capture  # noqa: E402
from runner import scratch_server, worlds  # noqa: E402

OUT = FOLDER.parent / "precision" / "captured"
JDBC = "/usr/share/java/postgresql.jar"
NODE = ("prisma", "drizzle", "sequelize", "knex", "typeorm", "pg")
PACKAGES = {"prisma": "@prisma/client", "drizzle": "drizzle-orm"}
PYTHON = {"sqlalchemy": "python3-sqlalchemy", "django": "python3-django", "psycopg": "python3-psycopg"}
# Need a superuser, or differ from run to run.
SKIPPED_COMMANDS = ("\\conninfo", "\\encoding", "\\timing", "\\set", "\\db+", "COMMIT")


class Stage:
    """One tool's database and relay."""

    def __init__(self, all_worlds):
        self._worlds = all_worlds
        self.database = all_worlds.copy("shop", "a")
        self.relay = capture.Relay((self.database.host, self.database.port))

    def environment(self):
        values = {"PGHOST": "127.0.0.1", "PGPORT": str(self.relay.port), "PGUSER": worlds.APP_ROLE,
                  "PGPASSWORD": worlds.APP_PASSWORD, "PGDATABASE": self.database.database, "PGSSLMODE": "disable"}
        values["DATABASE_URL"] = (f"postgresql://{values['PGUSER']}:{values['PGPASSWORD']}@127.0.0.1:{self.relay.port}/"
                                  f"{values['PGDATABASE']}")
        return {**os.environ, **values, "TZ": "UTC"}

    def run(self, command, **more):
        subprocess.run(command, check=True, env=self.environment(), cwd=FOLDER, stdout=subprocess.DEVNULL, timeout=60, **more)
        time.sleep(0.2)

    def close(self):
        self.relay.close()
        self._worlds.drop(self.database)


def write(name, source, policy, cases):
    OUT.mkdir(parents=True, exist_ok=True)
    head = (f"# What {source} sent, written down by tools/capture_all.py.\ndefault schema: shop\ndefault policy: {policy}\n"
            f"default as: app\ndefault modes: simple\ndefault direct: succeeds\ndefault sidecar: ok\ndefault source: {source}\n\n")
    (OUT / f"{name}.case").write_text(head + "\n".join(cases), encoding="utf-8")
    print(f"{name}: {len(cases)} cases")


def conversation(all_worlds, name, source, command):
    stage = Stage(all_worlds)
    try:
        stage.run(command)
        texts = [capture.case_text(f"{name}-connection-{number}", f"{source}, connection {number}", recording)
                 for number, recording in enumerate(stage.relay.recordings, 1)]
    finally:
        stage.close()
    # The database's name differs from run to run.
    write(name, source, "shop_read_write", [text.replace(stage.database.database, "${database}") for text in texts if text])


def version_of(package):
    return subprocess.run(["node", "-p", f"require('./node_modules/{package}/package.json').version"], cwd=FOLDER, check=True,
                          capture_output=True, text=True).stdout.strip()


def debian_version(package):
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True, capture_output=True, text=True).stdout


def psql(all_worlds):
    """One case for each backslash command."""
    stage = Stage(all_worlds)
    cases, seen = [], set()
    script = (FOLDER / "clients" / "backslash.psql").read_text(encoding="utf-8").splitlines()
    try:
        for line in script:
            if line.startswith(SKIPPED_COMMANDS):
                continue
            before = len(stage.relay.recordings)
            options = ["-v", "FETCH_COUNT=10"] if "LIMIT 25" in line else []
            if ":top" in line:
                continue
            stage.run(["psql", "-X", "-q", "-P", "pager=off", *options], input=line.encode() + b"\n")
            name = "psql-" + re.sub(r"[^a-z0-9]+", "-", re.sub(r"([A-Z])", r"-\1", line.replace("+", "-plus")).lower()).strip("-")[:60]
            while name in seen:
                name += "-2"
            seen.add(name)
            for recording in stage.relay.recordings[before:]:
                recording.startup = {}
                cases.append(capture.case_text(name, "psql: " + line, recording))
    finally:
        stage.close()
    cases = [case.replace(stage.database.database, "${database}") for case in cases if case]
    write("psql", "psql " + debian_version("postgresql-client-15"), "shop_read_only", cases)


def main():
    wanted = sys.argv[1:]
    with scratch_server.scratch_server() as server:
        all_worlds = worlds.Worlds(worlds.parse_url(server.url))
        for name in NODE:
            if not wanted or name in wanted:
                package = PACKAGES.get(name, name)
                if name == "prisma":
                    generate_prisma_client()
                conversation(all_worlds, name, f"{package} {version_of(package)} (npm)", ["node", f"clients/{name}_client.cjs"])
        for name, package in PYTHON.items():
            if not wanted or name in wanted:
                conversation(all_worlds, name, f"{package} {debian_version(package)}", ["/usr/bin/python3", f"clients/{name}_client.py"])
        if not wanted or "jdbc" in wanted:
            conversation(all_worlds, "jdbc", "pgjdbc " + debian_version("libpostgresql-jdbc-java"),
                         ["java", "-cp", JDBC, "clients/JdbcMetadata.java"])
        if not wanted or "psql" in wanted:
            psql(all_worlds)


def generate_prisma_client():
    """Prisma would fetch its schema engine, which generating does not use: any program stands in for it."""
    subprocess.run(["node_modules/.bin/prisma", "generate", "--schema", "clients/prisma/schema.prisma"], cwd=FOLDER, check=True,
                   env={**os.environ, "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
