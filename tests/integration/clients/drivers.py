"""How each client's session is started: a command line, the files it needs compiled first, its environment."""
import os
import pathlib
import shutil
import subprocess

from tests.support.postgres import BIN

SESSIONS = pathlib.Path(__file__).resolve().parent / "sessions"
ROOT = pathlib.Path(__file__).resolve().parents[3]
_JDBC = "/usr/share/java/postgresql.jar"


class Driver:
    """One client: `build` compiles it once into a folder, `command` runs it; `what` it prints must be the same everywhere."""

    def __init__(self, name, command, build=None, env=None):
        self.name, self._command, self._build, self._env = name, command, build, env or {}
        self._folder = None

    def prepare(self, folder):
        self._folder = pathlib.Path(folder) / self.name
        self._folder.mkdir(exist_ok=True)
        if self._build:
            self._build(self._folder)

    def run(self, target, seconds=60):
        """Everything that the session prints against a target; one that hangs is ended and says so."""
        with subprocess.Popen(self._command(self._folder), env={**os.environ, **target.env, **self._env}, cwd=self._folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="backslashreplace") as process:
            try:
                return process.communicate(timeout=seconds)[0] + f"exit {process.returncode}\n"
            except subprocess.TimeoutExpired:
                process.kill()
                return process.communicate()[0] + f"still running after {seconds} s\n"


def _run(argv, **options):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{argv[0]}: {done.stdout}{done.stderr}")


def _compile_java(folder):
    _run(["javac", "-cp", _JDBC, "-d", folder, SESSIONS / "JdbcSession.java"])


def _compile_go(folder):
    shutil.copy(SESSIONS / "libpq.go", folder / "main.go")
    _run(["go", "build", "-o", folder / "session", folder / "main.go"], cwd=folder,
         env=dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOFLAGS="", GOCACHE=str(folder / "cache")))


def _link_node(folder):
    modules = next((m for m in (ROOT / "tools/npm/node_modules", pathlib.Path.cwd() / "tools/npm/node_modules") if m.is_dir()), None)
    if modules is None:
        raise FileNotFoundError("tools/npm/node_modules is missing; run tools/setup")
    (folder / "node_modules").symlink_to(modules)
    for script in SESSIONS.glob("*.mjs"):
        shutil.copy(script, folder)


def _python(script):
    return lambda _: ["/usr/bin/python3", "-B", SESSIONS / script]


DRIVERS = [
    Driver("psql", lambda _: [BIN / "psql", "-X", "-f", SESSIONS / "psql.sql"]),
    Driver("psycopg2", _python("psycopg2_session.py")),
    Driver("psycopg3", _python("psycopg3_session.py")),
    Driver("libpq_pipeline", _python("pipeline_session.py"), env={"PYTHONPATH": str(ROOT)}),
    Driver("jdbc", lambda folder: ["java", "-cp", f"{folder}:{_JDBC}", "JdbcSession"], _compile_java),
    Driver("node_pg", lambda folder: ["node", "--no-deprecation", folder / "node_pg.mjs"], _link_node),
    Driver("node_postgres", lambda folder: ["node", "--no-deprecation", folder / "node_postgres.mjs"], _link_node),
    Driver("go_libpq", lambda folder: [folder / "session"], _compile_go),
    Driver("dbd_pg", lambda _: ["perl", SESSIONS / "dbd_pg.pl"]),
]
