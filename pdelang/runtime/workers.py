"""Processes that solve beside this one: what each has to do first, so that none outlives or disturbs the one that asked."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection, context, parent_process
from typing import Any

from threadpoolctl import threadpool_limits

START = 6.0
"""Seconds that a new process needs to be ready: imports, and compiling the program."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pool(workers: int, begin: Callable[..., None], given: tuple[Any, ...]) -> ProcessPoolExecutor:
    """Processes that each call `begin(*given)` first. A user's script needs no `if __name__ == "__main__"` for them."""
    return ProcessPoolExecutor(workers, _Context(), begin, given)


class _Process(context.SpawnProcess):
    def start(self) -> None:
        with _nameless_main():
            super().start()


class _Context(context.SpawnContext):
    Process = _Process


@contextmanager
def _nameless_main() -> Iterator[None]:
    """A new process runs the script that started this one again if it can find it: nothing of it is needed in a worker."""
    own = sys.modules["__main__"].__dict__
    hidden: dict[str, Any] = {name: own[name] for name in ("__file__", "__spec__") if name in own}
    own.pop("__file__", None)
    own["__spec__"] = None
    try:
        yield
    finally:
        own.update(hidden)


def settle() -> None:
    """To be called first in a worker. Ctrl-C is the asking process's affair; its death, by kill -9 too, ends the worker: a queue
    alone never tells, since workers hold its other end themselves. One thread of linear algebra a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
