"""Looks for a secret in every byte of files: as it is, in hex, base64 and UTF-16, also inside zstd frames (what RocksDB and the
recordings compress with), nested ones too.

A search that finds nothing proves nothing by itself: callers also search for something that must be there.
"""
import base64
import ctypes
import ctypes.util
import pathlib

_MAGIC = b"\x28\xb5\x2f\xfd"
_FRAME_BYTES_MAX = 64 << 20
_DEPTH_MAX = 3
_ERROR = ctypes.c_size_t(-120).value  # zstd's error codes lie above this.

_zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for _function in (_zstd.ZSTD_findFrameCompressedSize, _zstd.ZSTD_decompress):
    _function.restype = ctypes.c_size_t
_zstd.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_zstd.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
_zstd.ZSTD_getFrameContentSize.restype = ctypes.c_uint64
_zstd.ZSTD_getFrameContentSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def forms(secret):
    """The byte strings to look for: the secret and its usual encodings, in each of base64's three alignments."""
    plain = secret.encode()
    found = {plain, plain.hex().encode(), plain.hex().upper().encode(), secret.encode("utf-16-le")}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and last characters depend on what stands around.
        core = encoded[4 if shift else 0:len(encoded) - 4]
        found.add(core)
        found.add(core.replace(b"+", b"-").replace(b"/", b"_"))
    return sorted(form for form in found if len(form) >= 6)


def _frames(data):
    at = data.find(_MAGIC)
    while at >= 0:
        rest = data[at:]
        size = _zstd.ZSTD_findFrameCompressedSize(rest, len(rest))
        if size < _ERROR:
            content = _zstd.ZSTD_getFrameContentSize(rest, len(rest))
            room = content if content <= _FRAME_BYTES_MAX else _FRAME_BYTES_MAX
            out = ctypes.create_string_buffer(max(int(room), 1))
            written = _zstd.ZSTD_decompress(out, len(out), rest, size)
            if written < _ERROR:
                yield out.raw[:written]
        at = data.find(_MAGIC, at + 1)


def in_bytes(data, secret, depth=0):
    """Whether the secret is in `data` in any form."""
    if any(form in data for form in forms(secret)):
        return True
    return depth < _DEPTH_MAX and any(in_bytes(frame, secret, depth + 1) for frame in _frames(data))


def in_files(folder, secret, *, without=()):
    """The files under `folder` that hold the secret, and how many were read. `without`: paths that are not looked at."""
    hits, read = [], 0
    without = {pathlib.Path(path).resolve() for path in without}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.resolve() in without or any(parent in without for parent in path.resolve().parents) or not path.is_file():
            continue
        read += 1
        if in_bytes(path.read_bytes(), secret):
            hits.append(path)
    return hits, read
