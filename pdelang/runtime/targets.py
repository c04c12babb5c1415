"""What is known to go wrong with the files of a solution, before the solve whose result they hold."""

from __future__ import annotations

from pathlib import Path

from pdelang.compiler.parameters import UsageError
from pdelang.files import check_writable, wrong_suffix
from pdelang.runtime.plotting import check_picture


def check_targets(solution: str | Path | None, picture: str | Path | None, has_time: bool) -> None:
    """UsageError: a name that no format has. OSError: a place that cannot be written. None is not asked for."""
    if solution is not None and (fault := wrong_suffix(Path(solution))):
        raise UsageError(fault)
    for path in (solution, picture):
        if path is not None:
            check_writable(Path(path))
    if picture is not None:
        check_picture(Path(picture), has_time=has_time)
