"""The files that a command writes beside what it prints: checked before the work, written after it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pdelang.cli.errors import CommandError
from pdelang.files import check_writable, wrong_suffix

if TYPE_CHECKING:
    from pdelang.runtime.solution import Solution

CHECKPOINT = ".checkpoint"
"""Added to the output's name."""


@dataclass(frozen=True)
class Outputs:
    """What a solve writes: the solution, its picture, the picture of its layout; and whether it goes on from its checkpoint."""

    out: Path | None
    plot: Path | None
    layout: Path | None = None
    resume: bool = False

    @property
    def checkpoint(self) -> Path | None:
        return None if self.out is None else self.out.with_name(self.out.name + CHECKPOINT)

    def check(self) -> None:
        """All that can be known to go wrong with the files, before the work whose result they hold."""
        if self.out is not None and (fault := wrong_suffix(self.out)):
            raise CommandError(fault)
        for path in (self.out, self.plot, self.layout):
            if path is not None:
                check_writable(path)

    def check_pictures(self, has_time: bool) -> None:
        from pdelang.runtime.layout_plot import check_layout_picture
        from pdelang.runtime.plotting import check_picture

        if self.plot is not None:
            check_picture(self.plot, has_time=has_time)
        if self.layout is not None:
            check_layout_picture(self.layout)

    def announce(self) -> None:
        if self.resume:
            found = self.checkpoint is not None and self.checkpoint.exists()
            print(f"going on from {self.checkpoint}" if found else f"no checkpoint {self.checkpoint}: starting anew", file=sys.stderr)

    def write(self, solution: Solution) -> tuple[list[Path], OSError | KeyboardInterrupt | None]:
        """What was written, and what kept the rest from being written: the summary is printed in any case."""
        written: list[Path] = []
        try:
            for path, write in ((self.out, solution.save), (self.plot, solution.plot), (self.layout, solution.plot_layout)):
                if path is not None and solution.representation is not None:
                    write(path)
                    written.append(path)
        except (OSError, KeyboardInterrupt) as fault:
            return written, fault
        return written, None
