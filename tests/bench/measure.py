"""What one process costs: CPU time, memory, system calls, instructions. Read from /proc, strace and callgrind."""
import contextlib
import pathlib
import re
import resource
import signal
import subprocess
import time

_ENTER = "raw_syscalls:sys_enter"


def cpu_seconds(pid):
    """User and system time of the threads that a process has, so far."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def memory_bytes(pid):
    """(resident, proportional) bytes of a process."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) * 1024 for name in ("Rss", "Pss"))


def can_count_in_kernel():
    """perf sees the kernel's tracepoint of system calls: counting costs nothing, so threads keep their pace."""
    try:
        done = subprocess.run(["perf", "stat", "-x", ",", "-e", _ENTER, "true"], capture_output=True, text=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0 and done.stderr.split(",")[0].isdigit()


@contextlib.contextmanager
def counted_calls(pid):
    """Counts the system calls of a process (all threads) while the block runs; what it gives is {name: calls} at the block's end. By
    perf where it can (one sum, named "all"), else by strace, which slows the process down: calls that come with time then weigh
    more."""
    counts = {}
    if can_count_in_kernel():
        perf = subprocess.Popen(["perf", "stat", "-x", ",", "-e", _ENTER, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        try:
            yield counts
        finally:
            perf.send_signal(signal.SIGINT)
            counts["all"] = int(perf.communicate(timeout=30)[1].split(",")[0])
        return
    strace = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-p", str(pid)], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, text=True)
    time.sleep(0.5)
    try:
        yield counts
    finally:
        strace.send_signal(signal.SIGINT)
        said = strace.communicate(timeout=30)[1]
        for calls, name in re.findall(r"^\s*(\d+)\s+(\w+)$", said, re.M):
            if name != "total":
                counts[name] = counts.get(name, 0) + int(calls)


def callgrind(output):
    """The command line before a program that counts its user-space instructions into a file."""
    return ["valgrind", "--tool=callgrind", "--fair-sched=yes", f"--callgrind-out-file={output}", "--"]


def instructions(output):
    """The total that callgrind wrote when its program ended."""
    text = pathlib.Path(output).read_text()
    found = re.search(r"^totals: (\d+)", text, re.M) or re.search(r"^summary: (\d+)", text, re.M)
    return int(found[1])


def raise_file_limit():
    """Lets this process and its children hold as many files as the system allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
