"""Writing files so that nobody ever sees half of one. Errors are OSError, with a sentence that names the path."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIXES = (".nc", ".nc4")
"""Of a saved solution: what tools take for netCDF4."""


def wrong_suffix(path: Path) -> str:
    """What is wrong with a name for a solution, empty if nothing: one sentence for Python and the command line."""
    if path.suffix.lower() in SUFFIXES:
        return ""
    return f"cannot write {path}: a solution is netCDF4, give a name that ends in {SUFFIXES[0]}"


def check_writable(path: Path) -> None:
    """Raises what writing `path` would raise, before the work whose result it is to hold."""
    try:
        _check_place(path)
    except PermissionError:  # of a folder above it, too
        raise PermissionError(f"cannot write {path}: permission denied") from None


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file in it")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise OSError(f"cannot write {path}: it is not an ordinary file")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise PermissionError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a new empty file beside `path`, with its suffix; on success it takes the place of `path`, otherwise it vanishes.

    A link is followed, an existing file's mode is kept. The new content is on disk before the old name points at it.
    """
    check_writable(path)
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}.", suffix=f".part{target.suffix}")
    except OSError as fault:  # its file name would be the temporary one, which says nothing to anybody
        raise type(fault)(fault.errno, fault.strerror, str(path)) from None
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """UTF-8, line ends as in `text`, in one step."""
    with replacing(path) as partial:
        partial.write_bytes(text.encode("utf-8"))


def _umask() -> int:
    """The process's mask; reading it means setting it, twice."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
