"""The demo's modes. tools/demo has set up and built everything before it starts this.

  demo.py                the walk-through; then the stack stays until Ctrl-C
  demo.py --check        the walk-through; then everything is stopped. Exit 0 or 1
  demo.py --up DIR       starts the stack in the background with all state under DIR; DIR/env says how to reach it
  demo.py --down DIR     stops it and removes its state, but not its logs
"""
import argparse
import os
import pathlib
import shlex
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from terminal import DemoFailed, Terminal  # noqa: E402
from tests.support import programs  # noqa: E402
from tests.support.process import Run, StartError, stop_detached  # noqa: E402
from tests.support.stack import ENDPOINT, Stack  # noqa: E402
from walkthrough import Walkthrough  # noqa: E402

POLICY = pathlib.Path(__file__).with_name("policy.yaml")


def environment(stack):
    """What DIR/env holds: how programs and people reach the stack."""
    certificate, key, _ = stack.control.identity("olga", roles=["approver"], groups=["db-owners"])
    return {
        "PG_HOST": "127.0.0.1", "PG_PORT": stack.sidecar.port, "PG_DATABASE": "shop", "ENDPOINT": ENDPOINT,
        "ISSUER": stack.control.issuer,
        "TOKEN_READER": stack.token("agent-reader", groups=["coding-agents"]),
        "TOKEN_WRITER": stack.token("agent-writer", groups=["coding-agents", "coding-writers"]),
        "UPSTREAM_PG_URL": stack.postgres.superuser.url, "UPSTREAM_ROLE": stack.postgres.role.user,
        **stack.admin.env, "APPROVER_CERT": certificate, "APPROVER_KEY": key,
        "SIDECAR_METRICS_URL": stack.sidecar.telemetry.url + "/metrics",
        "CONTROLPLANE_METRICS_URL": stack.control.telemetry.url + "/metrics",
        "SIDECAR_PID": stack.sidecar.pid, "CONTROLPLANE_PID": stack.control.process.pid,
        "SIDECAR_CONFIG": stack.sidecar.path, "CONTROLPLANE_CONFIG": stack.control.path,
        "CHAPERONE_BIN": os.environ["CHAPERONE_BIN"],
    }


def write_env(stack):
    path = stack.folder / "env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={shlex.quote(str(value))}\n" for name, value in environment(stack).items()))
    return path


def up(folder):
    folder = pathlib.Path(folder).absolute()
    down(folder, quietly=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["CHAPERONE_BIN"] = str(programs.gather(folder / "bin"))
    stack = Stack(folder, detached=True, policies=[POLICY], tls=True)
    with stack:
        path = write_env(stack)
    print(f"demo: up; see {path}. Stop it with: tools/demo --down {shlex.quote(str(folder))}")


def down(folder, quietly=False):
    folder = pathlib.Path(folder).absolute()
    stopped = stop_detached(folder) if folder.exists() else False
    if (folder / "postgres").is_symlink():
        shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
        (folder / "postgres").unlink()
    for name in ("postgres", "postgres-tls", "controlplane", "sidecar", "bin"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in [folder / "env", folder / "policy.yaml", *folder.glob("*.password")]:
        path.unlink(missing_ok=True)
    if not quietly:
        print("demo: down" if stopped else f"demo: nothing runs under {folder}")


def walk(stay):
    terminal = Terminal()
    begin = time.monotonic()
    with Run() as run:
        os.environ["CHAPERONE_BIN"] = str(programs.gather(run.folder / "bin"))
        terminal.say("Starting PostgreSQL with the sample database shop, the control plane, one sidecar and the "
                     "development token issuer …")
        with Stack(run.folder / "stack", policies=[POLICY], tls=True) as stack:
            terminal.say(f"… ready after {time.monotonic() - begin:.1f} s. The database takes the sidecar's role only with TLS. "
                         f"The policy in force: tools/demo.d/{POLICY.name}")
            Walkthrough(stack, terminal).tell()
            print(f"\ndemo: {terminal.chapters} chapters, {terminal.checks} checks kept, {time.monotonic() - begin:.0f} s")
            if stay:
                stay_up(stack)


def stay_up(stack):
    """Prints how to connect and waits for Ctrl-C."""
    path = write_env(stack)
    print(f"""
The stack stays up until Ctrl-C. In another terminal:

  source {path}; export CHAPERONE_ADDRESS CHAPERONE_CA CHAPERONE_CERT CHAPERONE_KEY
  PGPASSWORD=$TOKEN_WRITER psql -h $PG_HOST -p $PG_PORT -U agent $PG_DATABASE     # as an agent
  psql $UPSTREAM_PG_URL                                                          # the database itself, to compare
  $CHAPERONE_BIN/chaperone approvals list                                        # as an admin
  CHAPERONE_CERT=$APPROVER_CERT CHAPERONE_KEY=$APPROVER_KEY $CHAPERONE_BIN/chaperone approvals approve apr_…
""", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\ndemo: stopping")


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", description="Shows the whole loop on a real PostgreSQL.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="the walk-through with every step asserted, then stop")
    mode.add_argument("--up", metavar="DIR", help="start in the background, all state under DIR")
    mode.add_argument("--down", metavar="DIR", help="stop what --up DIR started")
    arguments = parser.parse_args()
    try:
        if arguments.up:
            up(arguments.up)
        elif arguments.down:
            down(arguments.down)
        else:
            walk(stay=not arguments.check)
    except DemoFailed as failure:
        print(f"\ndemo: FAILED: {failure}", file=sys.stderr)
        return 1
    except (StartError, TimeoutError, FileNotFoundError) as failure:
        print(f"\ndemo: cannot go on: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
