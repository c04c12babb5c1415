"""How a solve tells where it is, on standard error: a bar on a terminal, a line now and then elsewhere, nothing when asked for quiet."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pdelang.runtime.result import Progress, silent

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def reporting(quiet: bool, listens: bool = True) -> Iterator[Progress]:
    """The `Progress` to hand to `solve`, for the time of the solve. It hears a Ctrl-C that something else has swallowed, if it listens."""
    with _listening(listens) as interrupts:
        if quiet:
            yield _Interruptible(silent, interrupts)
        elif sys.stderr.isatty():
            with _bar() as bar:
                yield _Interruptible(bar, interrupts)
        else:
            yield _Interruptible(_Lines(), interrupts)


@dataclass(frozen=True)
class _Interruptible:
    """interrupts: signals that came. Raised where it arrives, KeyboardInterrupt is lost if that is a destructor or a callback of a library;
    then the next report raises it again."""

    progress: Progress
    interrupts: list[int]

    def __call__(self, stage: str, fraction: float | None = None, **figures: float) -> None:
        if self.interrupts:
            raise KeyboardInterrupt
        self.progress(stage, fraction, **figures)


@contextmanager
def _listening(listens: bool) -> Iterator[list[int]]:
    """A list that every Ctrl-C is written into before it is raised as usual. In the main thread only: elsewhere no signal arrives."""
    interrupts: list[int] = []
    if not listens or threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # a shell's background job ignores Ctrl-C
        yield interrupts
        return

    def heard(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, heard)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    from pdelang.cli.consoles import errors

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[figures]}", style="cyan", markup=False),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=errors(), transient=True, refresh_per_second=8) as bars:
        task = bars.add_task("starting", total=None, figures="")

        def report(stage: str, fraction: float | None = None, **figures: float) -> None:
            known: dict[str, Any] = {} if fraction is None else {"total": 1.0, "completed": min(max(fraction, 0.0), 1.0)}
            bars.update(task, description=stage, figures=_figures(figures), **known)

        yield report


class _Lines:
    """A log keeps what is printed, so little is."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()

    def __call__(self, stage: str, fraction: float | None = None, **figures: float) -> None:
        now = time.monotonic()
        if now - self.last < SECONDS_BETWEEN_LINES:
            return
        self.last = now
        share = "" if fraction is None else f"{100 * fraction:3.0f} %  "
        print(f"[{now - self.began:6.1f} s] {share}{stage}  {_figures(figures)}".rstrip(), file=sys.stderr, flush=True)


def _figures(figures: dict[str, float]) -> str:
    return "  ".join(f"{name.replace('_', ' ')} {_figure(value)}" for name, value in figures.items())


def _figure(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.1e}"
