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
    plot_layout: Annotated[
        Path | None,
        typer.Option("--plot-layout", metavar="LAYOUT.png", help="Draw the kernels over solution and residual; alone, nothing else."),
    ] = None,
) -> int:
    """Draw a saved solution: no solving, a second or two."""
    from pdelang.files import check_writable
    from pdelang.runtime.layout_plot import check_layout_picture
    from pdelang.runtime.plotting import check_picture
    from pdelang.runtime.solution import Solution

    path = result.with_suffix(".png") if out is None and plot_layout is None else out
    if result.is_file():  # else what is wrong is the result, and not where the picture goes
        for target in (path, plot_layout):
            if target is not None:
                check_writable(target)
    solution = Solution.load(result)
    if path is not None:
        check_picture(path, has_time=solution.problem.time is not None)
    if plot_layout is not None:
        check_layout_picture(plot_layout)
    for target, draw in ((path, solution.plot), (plot_layout, solution.plot_layout)):
        if target is not None:
            draw(target)
            print(f"wrote {target}")
    return DONE
