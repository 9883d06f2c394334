"""Processes and folders of one run: started with a log of their own, awaited with deadlines, stopped by pid.

A Run owns a folder and everything started in it. Leaving it (also by an exception or a signal) stops all that was started,
last first, and removes the folder unless it was given by the caller. Child processes die with this process even when it is
killed, except those of a detached Run, which outlive it on purpose (tools/demo --up) and are written to DIR/pids.
"""
import contextlib
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

_PR_SET_PDEATHSIG = 1
_SANITIZER_REPORT = re.compile(rb"ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ")
_FIRST_PORT = 10_000
_handed_out = set()
_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A program did not come up; the text says which, and ends with the tail of its log."""


def free_port():
    """A port that nobody uses right now, and that no outgoing connection gets meanwhile: below those that the kernel hands out,
    where there are any. The same one is not returned twice."""
    first_ephemeral = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(_FIRST_PORT, first_ephemeral) if first_ephemeral > _FIRST_PORT else 0))
            port = probe.getsockname()[1]
            if port not in _handed_out:
                _handed_out.add(port)
                return port


def wait_until(condition, seconds, what, interval=0.02):
    """Calls `condition` until it returns something true, which is returned; TimeoutError with `what` after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimeoutError(f"after {seconds:g} s still not: {what}")
        time.sleep(interval)


def start_time(pid):
    """The kernel's start time of a process in clock ticks, or None: with the pid it names a process for good."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def stop_pid(pid, started, first=signal.SIGTERM, grace=10.0):
    """Ends process `pid` if it is still the one that started at `started`: `first`, then SIGKILL after `grace` seconds."""
    for sign, seconds in ((first, grace), (signal.SIGKILL, 5.0)):
        if start_time(pid) != started:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: start_time(pid) != started, seconds, f"process {pid} gone")
            return


class Process:
    """One program with its log. `stop_signal` asks it to end; after `grace` seconds it is killed."""

    def __init__(self, run, name, argv, *, user=None, env=None, stop_signal=signal.SIGTERM, grace=10.0):
        self.run, self.name, self.argv = run, name, [str(a) for a in argv]
        self.user, self.stop_signal, self.grace = user, stop_signal, grace
        self.env = dict(os.environ, **(env or {}))
        self.log = run.folder / f"{name}.log"
        self.popen = None

    def start(self):
        """Starts the program; its standard output and error are appended to the log."""
        detached = self.run.detached
        # The parent-death signal belongs to the starting thread: servers are started from the main thread.
        die_with_parent = None if detached else lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                          start_new_session=True, preexec_fn=die_with_parent,
                                          cwd=self.run.folder if not self.user else "/", **as_user)
        self.started = start_time(self.popen.pid)
        self.run.note_pid(self)
        return self

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def wait(self, seconds):
        """The exit code; TimeoutError when it still runs after `seconds`."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} (pid {self.pid}) did not end within {seconds:g} s") from None

    def kill(self):
        """SIGKILL and reap: what a crash looks like to everybody else."""
        self.popen.kill()
        self.popen.wait()

    def stop(self):
        """Asks it to end and waits; kills it after its grace. The exit code, or None when it never ran."""
        if self.popen is None:
            return None
        if self.alive():
            self.popen.send_signal(self.stop_signal)
            try:
                self.popen.wait(self.grace)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode

    def await_ready(self, condition, seconds, what):
        """Waits for `condition`; StartError with the log's tail when the program ends or the time is over before."""
        end = time.monotonic() + seconds
        while not condition():
            if not self.alive():
                raise StartError(f"{self.name} ended with exit code {self.popen.returncode} before: {what}\n{self.tail()}")
            if time.monotonic() > end:
                raise StartError(f"{self.name}: after {seconds:g} s still not: {what}\n{self.tail()}")
            time.sleep(0.02)

    def tail(self, lines=30):
        """The last lines of its log, with the log's name before them."""
        text = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"--- {self.log}"] + text[-lines:])


class Run:
    """The folder and the processes of one run; a context manager."""

    def __init__(self, folder=None, *, detached=False, keep=False):
        self._temporary = folder is None
        self.folder = pathlib.Path(folder) if folder else pathlib.Path(tempfile.mkdtemp(prefix="chaperone-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._temporary:
            self.folder.chmod(0o755)  # The database's own user passes through.
        self.detached, self.keep = detached, keep or bool(os.environ.get("CHAPERONE_KEEP"))
        self._exits = contextlib.ExitStack()
        self._pids = {}
        self._processes = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None and kind not in (KeyboardInterrupt, SystemExit):
            self.show_logs()
        if not self.detached or kind is not None:
            self.close()
        return False

    def close(self):
        """Stops everything, last started first, and removes a temporary folder."""
        try:
            self._exits.close()
        finally:
            reports = [process.log for process in self._processes
                       if process.log.exists() and _SANITIZER_REPORT.search(process.log.read_bytes())]
            for path in reports:
                print(path.read_text(errors="replace"), file=sys.stderr)
            if self._temporary and not self.keep:
                shutil.rmtree(self.folder, ignore_errors=True)
            elif self._temporary:
                print(f"kept {self.folder}", file=sys.stderr)
        if reports:
            raise AssertionError(f"a sanitizer reported a defect in {', '.join(path.name for path in reports)}")

    def on_exit(self, function, *arguments):
        self._exits.callback(function, *arguments)

    def process(self, name, argv, **options):
        """A Process of this run, stopped with it. Not started yet."""
        process = Process(self, name, argv, **options)
        self._processes.append(process)
        self.on_exit(process.stop)
        return process

    def note_pid(self, process):
        self._pids[process.name] = {"pid": process.pid, "started": process.started, "signal": int(process.stop_signal)}
        if self.detached:
            (self.folder / "pids").write_text(json.dumps(self._pids, indent=1))

    def show_logs(self):
        """The ends of all logs, on standard error: what a failed run leaves to read."""
        for process in self._processes:
            print(process.tail(40), file=sys.stderr)


def stop_detached(folder):
    """Ends the processes that a detached run noted in folder/pids, last first, and removes the note."""
    note = pathlib.Path(folder) / "pids"
    if not note.exists():
        return False
    for entry in reversed(list(json.loads(note.read_text()).values())):
        stop_pid(entry["pid"], entry["started"], entry["signal"])
    note.unlink()
    return True


def end_on_signals():
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that every Run is left properly."""
    def unwind(number, _frame):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, unwind)
    signal.signal(signal.SIGHUP, unwind)
