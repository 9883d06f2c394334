"""One area of the corpus, both halves at once: straight at a server of its own, where every attack must work, and through the
sidecar of a whole stack, where none may.

  corpus_test.py AREA [OPTION of run.py]...      decide, masking, precision or reports; for example: corpus_test.py decide --only copy
"""
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import run  # noqa: E402
from runner import scratch_server  # noqa: E402
from tests.support.stack import Stack  # noqa: E402


def server_settings():
    """The settings of the corpus's own servers, as postgresql.conf writes them; ports and folders are the stack's."""
    return {name: f"'{value}'" for name, value in scratch_server.SETTINGS.items() if name != "max_connections"}


def through_sidecar(stack, arguments):
    """The sidecar half; its exit code."""
    token = stack.folder / "corpus.token"
    token.touch(mode=0o600)
    token.write_text(stack.token("corpus", ttl="2h"))
    sidecar, superuser = stack.sidecar, stack.postgres.superuser.but(database="postgres")
    return run.main([*arguments, "--no-direct", "--direct-url", superuser.url, "--sidecar", f"127.0.0.1:{sidecar.port}",
                     "--token-file", str(token)], apply=stack.apply)


def main(area, *options):
    arguments = [str(FOLDER / area), *options]
    with tempfile.TemporaryDirectory(prefix="corpus-", dir=scratch_server.roomy_memory()) as folder:
        pathlib.Path(folder).chmod(0o755)  # The database's own user passes through.
        return both_halves(arguments, folder)


def both_halves(arguments, folder):
    with Stack(folder, policies=[FOLDER / "policies" / "read_only.yaml"], postgres_settings=server_settings()) as stack:
        with subprocess.Popen([sys.executable, "-B", str(FOLDER / "run.py"), *arguments], stdout=subprocess.PIPE, text=True) as direct:
            try:
                code = through_sidecar(stack, arguments)
                text = direct.communicate()[0]
            except BaseException:
                direct.terminate()
                raise
        print(text, end="", flush=True)
    return code or direct.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
