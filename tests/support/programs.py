"""Where the three programs are: $CHAPERONE_BIN, or what Bazel has built in this tree (also inside a test's runfiles)."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = {
    "chaperone-sidecar": "dataplane/app/chaperone-sidecar",
    "chaperone-controlplane": "controlplane/app/chaperone-controlplane",
    "chaperone": "tools/chaperone/chaperone",
}


def program(name):
    """The path of one program. FileNotFoundError says what to do."""
    folder = os.environ.get("CHAPERONE_BIN")
    candidates = [pathlib.Path(folder) / name] if folder else [
        pathlib.Path.cwd() / TARGETS[name], ROOT / "bazel-bin" / TARGETS[name]]
    for candidate in candidates:
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise FileNotFoundError(f"{name} is not built; run: bazel build //{pathlib.PurePath(TARGETS[name]).parent}:{name}")


def gather(folder):
    """Links all programs into one folder, which can then stand as $CHAPERONE_BIN; its path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in TARGETS:
        link = folder / name
        if link.is_symlink():
            link.unlink()
        link.symlink_to(program(name))
    return folder
