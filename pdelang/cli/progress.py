"""How a solve tells where it is, on standard error: a bar on a terminal, a line now and then elsewhere, nothing when asked for quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pdelang.runtime.result import Progress, silent

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def reporting(quiet: bool) -> Iterator[Progress]:
    """The `Progress` to hand to `solve`, for the time of the solve."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield bar
    else:
        yield _Lines()


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
            known = {} if fraction is None else {"total": 1.0, "completed": min(max(fraction, 0.0), 1.0)}
            bars.update(task, description=stage, figures=_figures(figures), **known)  # type: ignore[arg-type]

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
