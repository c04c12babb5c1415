"""`pdelang plot RESULT.nc`: a picture or an animation of a saved solution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pdelang.cli.errors import DONE, guarded


@guarded
def plot(
    result: Annotated[Path, typer.Argument(help="A file that `pdelang solve -o` wrote.", metavar="RESULT.nc")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="PNG, PDF, SVG or JPEG; GIF moves through time. Default: RESULT.png.")
    ] = None,
) -> int:
    """Draw a saved solution: no solving, a second or two."""
    from pdelang.files import check_writable
    from pdelang.runtime.plotting import check_picture
    from pdelang.runtime.solution import Solution

    path = result.with_suffix(".png") if out is None else out
    if result.is_file():  # else what is wrong is the result, and not where the picture goes
        check_writable(path)
    solution = Solution.load(result)
    check_picture(path, has_time=solution.problem.time is not None)
    solution.plot(path)
    print(f"wrote {path}")
    return DONE
