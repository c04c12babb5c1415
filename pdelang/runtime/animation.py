"""Solution -> GIF: the fields move through time; curves in one dimension, maps in two, the middle plane in three."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.runtime.panels import FAINT, colours, draw_map, shortened

if TYPE_CHECKING:
    from pdelang.runtime.solution import Solution

FRAMES = 48
FRAMES_A_SECOND = 16
MOST_FIELDS = 3


def animate(solution: Solution, path: Path) -> None:
    """Writes FRAMES pictures evenly spaced in time. `path` ends in .gif; the problem has time."""
    from matplotlib.animation import FuncAnimation, PillowWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    problem = solution.problem
    names = [c.name for c in problem.coordinates]
    space, t = names[:-1], names[-1]
    middle = 0.5 * (solution.lower + solution.upper)
    resolution: dict[str, Any] = {name: (301 if len(space) == 1 else 101) if k < 2 else [middle[k]] for k, name in enumerate(space)}
    grid = solution.to_xarray({**resolution, t: FRAMES})
    shown = list(grid.data_vars)[:MOST_FIELDS]
    figure = Figure(figsize=(max(5.0, 4.2 * len(shown)), 3.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    charts = figure.subplots(1, len(shown), squeeze=False)[0]
    updates: list[Callable[[int], None]] = []
    for chart, name in zip(charts, shown):
        frames = grid[name].transpose(t, *space).values
        chart.set_title(str(name))
        chart.set_xlabel(space[0] if space else t)
        if not space:
            updates.append(_growing(chart, grid[t].values, frames))
        elif len(space) == 1:
            updates.append(_curve(chart, grid[space[0]].values, frames))
        else:
            chart.set_ylabel(space[1])
            plane = frames.reshape(FRAMES, *frames.shape[1:3])
            mesh = draw_map(figure, chart, grid[space[0]].values, grid[space[1]].values, plane[0], colours(plane))
            updates.append(_moving(mesh, plane))
    moments = grid[t].values
    title = shortened(problem.title or problem.name, 60)

    def update(k: int) -> list[Any]:
        for change in updates:
            change(k)
        figure.suptitle(f"{title}    {t} = {moments[k]:.3f}", fontsize=11, x=0.01, ha="left")
        return []

    update(0)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # solved once: it costs more than the drawing
    FuncAnimation(figure, update, frames=FRAMES, blit=False).save(path, writer=PillowWriter(fps=FRAMES_A_SECOND))


def _moving(mesh: Any, plane: np.ndarray) -> Callable[[int], None]:
    """plane (FRAMES, n_x, n_y)."""
    return lambda k: mesh.set_array(plane[k].T)


def _curve(chart: Any, x: np.ndarray, frames: np.ndarray) -> Callable[[int], None]:
    """frames (FRAMES, len(x)); the initial profile stays, pale."""
    chart.plot(x, frames[0], color=FAINT, lw=1, ls="--")
    (line,) = chart.plot(x, frames[0], color="#2b5d9b", lw=2)
    low, high = float(frames.min()), float(frames.max())
    margin = 0.06 * (high - low) or 0.5
    chart.set(xlim=(x[0], x[-1]), ylim=(low - margin, high + margin))
    chart.grid(True)
    return lambda k: line.set_ydata(frames[k])


def _growing(chart: Any, moments: np.ndarray, values: np.ndarray) -> Callable[[int], None]:
    """No space at all: the curve over time, drawn as far as the moment."""
    (line,) = chart.plot(moments, values, color="#2b5d9b", lw=2)
    chart.grid(True)
    return lambda k: line.set_data(moments[: k + 1], values[: k + 1])
