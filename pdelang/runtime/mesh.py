"""Processes: who does which part of the work, and how all of them come to know what each has found.

Every process runs the same program on the same input, and holds the same state. Work that divides is divided: instances and nodes between
processes (`share`, `collected`), what one compiled function does between devices (`runtime.devices`). Files belong to the first process
(`first`, `copied`).

With one process and one device nothing of this does anything. With several, `join` has to come before JAX computes; or the caller has
called `jax.distributed.initialize`, which is all that `join` adds a few time limits to.
"""

from __future__ import annotations

import io
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from pdelang.compiler.parameters import UsageError

HEARTBEAT, LEAVING = 30, 30
"""Seconds without a sign of life after which a process counts as dead; and for which one that is ready waits for the others' end."""
PIECE = 2**24
"""Bytes that one process gives to the others at a time."""
LEAST = 2**10

_heard: list[int] = []


class LostError(Exception):
    """Another process has ended, or cannot be reached any more."""


# ------------------------------------------------------------ processes


def join(coordinator: str, process_id: int, processes: int, wait: float) -> None:
    """Meet the other processes at the first one's address; where they do not come within `wait` seconds JAX ends this process."""
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(
        coordinator,
        processes,
        process_id,
        initialization_timeout=max(1, round(wait)),
        heartbeat_timeout_seconds=HEARTBEAT,
        shutdown_timeout_seconds=LEAVING,
    )
    gathered(b"")  # connects everybody


def several() -> bool:
    return jax.process_count() > 1


def processes() -> int:
    return jax.process_count()


def is_first() -> bool:
    """Whether this process writes files and talks."""
    return jax.process_index() == 0


def gathered(own: bytes) -> list[bytes]:
    """What every process gives, in their order."""
    if not several():
        return [own]
    from jax.experimental.multihost_utils import process_allgather

    with _collective():
        sizes = np.asarray(process_allgather(np.array(len(own)))).ravel()
        parts: list[list[bytes]] = [[] for _ in sizes]
        for start in range(0, int(sizes.max()), PIECE):
            piece = own[start : start + PIECE]
            width = LEAST * 2 ** int(np.ceil(np.log2(max(min(int(sizes.max()) - start, PIECE) / LEAST, 1))))  # few shapes: few compilations
            padded = np.zeros(width, dtype=np.uint8)
            padded[: len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            for part, row, size in zip(parts, np.asarray(process_allgather(padded)), sizes):
                part.append(row[: max(0, int(size) - start)].tobytes())
    return [b"".join(part) for part in parts]


@contextmanager
def _collective() -> Iterator[None]:
    """Where a process that has died shows first."""
    try:
        yield
    except (ValueError, RuntimeError) as fault:
        raise lost(fault) from fault


def lost(fault: BaseException) -> BaseException:
    """LostError for what JAX raises when a connection breaks; anything else as it is."""
    words = ("gloo", "connection", "distributed service", "heartbeat", "collective")
    return LostError(str(fault)) if several() and any(w in str(fault).lower() for w in words) else fault


def share(count: int) -> range:
    """The numbers of this process's part of the work."""
    return range(jax.process_index(), count, jax.process_count())


def collected(own: Sequence[Mapping[str, np.ndarray]], count: int) -> list[dict[str, np.ndarray]]:
    """Arrays by name, one mapping for each number in `share(count)`, from all processes: one for each of `count`."""
    if not several():
        return [dict(arrays) for arrays in own]
    flat = {f"{k}:{name}": np.asarray(value) for k, arrays in enumerate(own) for name, value in arrays.items()}
    out: list[dict[str, np.ndarray]] = [{} for _ in range(count)]
    for process, data in enumerate(gathered(_packed(flat))):
        for name, value in _unpacked(data).items():
            number, _, inner = name.partition(":")
            out[process + int(number) * jax.process_count()][inner] = value
    return out


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _unpacked(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def first(work: Callable[[], bytes | None]) -> bytes:
    """What `work` gives in the first process, in every process; a fault that a user can make is raised in all of them."""
    if not several():
        return work() or b""
    said = b""
    if is_first():
        try:
            said = b"+" + (work() or b"")
        except (OSError, UsageError) as fault:
            gathered(b"-" + str(fault).encode())
            raise
    said = gathered(said)[0]
    if said[:1] == b"-":
        raise UsageError(said[1:].decode())
    return said[1:]


def decided(answer: bool) -> bool:
    """The first process's answer."""
    return bool(first(lambda: b"1" if answer else None)) if several() else answer


@contextmanager
def copied(path: Path) -> Iterator[Path]:
    """The first process's file, under a name of this process's own if it is another one. It exists nowhere if it does not there."""
    if not several():
        yield path
        return
    data = first(lambda: b"f" + path.read_bytes() if path.is_file() else None)
    if is_first():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / path.name
        if data:
            own.write_bytes(data[1:])
        yield own


def alike(text: str) -> None:
    """UsageError in every process unless all of them give the same text: the program and the options, say."""
    given = gathered(text.encode())
    for number, other in enumerate(given):
        if other != given[0]:
            raise UsageError(f"process {number} was started with another program or other options than process 0")


# ------------------------------------------------------------ Ctrl-C


def hear() -> None:
    """With several processes, Ctrl-C in one ends the work in all of them, where they meet next (`check_interrupt`). A second one ends
    this process at once."""
    before = signal.getsignal(signal.SIGINT)

    def heard(number: int, frame: Any) -> None:
        if _heard and callable(before):
            before(number, frame)
        _heard.append(number)

    if callable(before):
        signal.signal(signal.SIGINT, heard)


def check_interrupt() -> None:
    """KeyboardInterrupt in every process if one has heard it. To be called by all of them."""
    if several() and any(gathered(b"1" if _heard else b"")):
        raise KeyboardInterrupt
