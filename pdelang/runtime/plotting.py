"""Solution -> picture. One layout a kind of domain: (coordinates in space, is there time); GIF goes to animation.py."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.parameters import UsageError
from pdelang.files import replacing
from pdelang.runtime.gridded import SPREAD
from pdelang.runtime.panels import FAINT, STYLE, colours, draw_error, draw_map, draw_profiles, draw_residuals, shortened

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from pdelang.runtime.solution import Solution

FORMATS = (".png", ".pdf", ".svg", ".jpg", ".jpeg")
ANIMATIONS = (".gif",)
MOST_FIELDS = 4


def check_picture(path: Path, *, has_time: bool) -> None:
    """UsageError for a name that no picture can have; called before the solve."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS + ANIMATIONS:
        given = f"{path.suffix!r}" if path.suffix else "no extension"
        raise UsageError(f"cannot plot to {path}: {given}; give one of {', '.join(FORMATS)}, or .gif for an animation")
    if suffix in ANIMATIONS and not has_time:
        raise UsageError(f"cannot animate to {path}: the problem has no time; give one of {', '.join(FORMATS)}")


def plot(solution: Solution, path: Path) -> Path:
    """Draws and writes in one step. UsageError for an unknown extension, OSError where it cannot be written."""
    import matplotlib

    check_picture(path, has_time=solution.problem.time is not None)
    with matplotlib.rc_context(STYLE), replacing(path) as partial:
        if path.suffix.lower() in ANIMATIONS:
            from pdelang.runtime.animation import animate

            animate(solution, partial)
        else:
            picture(solution).savefig(partial, format=path.suffix.lower().removeprefix("."))
    return path


def picture(solution: Solution) -> Figure:
    """The figure of `plot`, for those who want to go on drawing."""
    space = len(solution.problem.coordinates) - (solution.problem.time is not None)
    figure = LAYOUTS[min(space, 3), solution.problem.time is not None](solution)
    caption(figure, solution)
    return figure


# ------------------------------------------------------------ layouts


def _curve(solution: Solution) -> Figure:
    """One coordinate: a curve a field, twice its spread as a band, and its error or the residuals."""
    grid = solution.to_xarray()
    axis = solution.problem.coordinates[0].name
    figure, panels = new_figure(1, 2, (9.5, 3.6), [1.6, 1])
    left, right = panels[0]
    shown = [name for name in _shown(grid) if not str(name).endswith(SPREAD)]
    for name in shown:
        (drawn,) = left.plot(grid[axis], grid[name], lw=1.8, label=str(name))
        if f"{name}{SPREAD}" in grid:
            width = 2 * grid[f"{name}{SPREAD}"]
            left.fill_between(grid[axis], grid[name] - width, grid[name] + width, color=drawn.get_color(), alpha=0.25, lw=0)
    left.set(xlabel=axis, title=", ".join(map(str, shown)))
    left.grid(True)
    if len(shown) > 1:
        left.legend()
    if solution.reference is None:
        _residuals(right, solution)
        return figure
    for name, difference in _differences(solution).items():
        right.semilogy(solution.reference[axis], np.abs(difference).clip(1e-17), lw=1.4, label=str(name))
    right.set(xlabel=axis, title="|error|")
    right.grid(True)
    return figure


def _space_time(solution: Solution) -> Figure:
    """One coordinate in space and time: for each field the map over (t, x), profiles at five times, and the error."""
    x, t = (c.name for c in solution.problem.coordinates)
    grid = solution.to_xarray({x: 401, t: 301})
    names = _shown(grid)
    view = _View((t, x), _differences(solution))
    figure, panels = new_figure(len(names), 3, (13, 3.4 * len(names) + 0.9), [1.25, 1, 1.1])
    moments = np.linspace(solution.lower[-1], solution.upper[-1], 5)
    profiles = solution.to_xarray({x: 401, t: moments})
    for row, ((chart, middle, right), name) in enumerate(zip(panels, names)):
        draw_map(figure, chart, grid[t].values, grid[x].values, grid[name].values.T, colours(grid[name].values), str(name))
        for moment in moments[1:-1]:
            chart.axvline(moment, color="k", lw=0.5, ls=":", alpha=0.6)
        chart.set(xlabel=t, ylabel=x, title=f"{name}({x}, {t})")
        curves = profiles[name].transpose(t, x).values
        draw_profiles(middle, profiles[x].values, list(curves), [f"{t} = {m:.3g}" for m in moments])
        middle.set(xlabel=x, title=f"{name} at five times")
        _last_panel(figure, right, solution, view, str(name), row)
    return figure


def _plane(solution: Solution) -> Figure:
    """Two coordinates in space, steady: a map a field and, below it, the error; the residuals where no reference is known."""
    x, y = (c.name for c in solution.problem.coordinates)
    grid = solution.to_xarray({x: 301, y: 301})
    names = _shown(grid)
    differences = _differences(solution)
    width = 4.6 if aspect(solution, 0, 1) == "auto" else float(np.clip(2.9 / _ratio(solution), 2.2, 5.5)) + 1.5
    if len(names) == 1 or not differences:
        figure, panels = new_figure(1, len(names) + 1, (width * (len(names) + 1), 4.0), None)
        maps, rest = panels[0][: len(names)], panels[0][len(names) :]
    else:
        figure, panels = new_figure(2, len(names), (width * len(names), 7.6), None)
        maps, rest = panels[0], panels[1]
    for chart, name in zip(maps, names):
        draw_map(figure, chart, grid[x].values, grid[y].values, grid[name].values, colours(grid[name].values))
        chart.set(xlabel=x, ylabel=y, title=str(name), aspect=aspect(solution, 0, 1))
    _streamlines(solution, grid, maps)
    for row, (chart, name) in enumerate(zip(rest, names)):
        _last_panel(figure, chart, solution, _View((x, y), differences), str(name), row)
        if str(name) in differences:
            chart.set_aspect(aspect(solution, 0, 1))
    return figure


def _plane_in_time(solution: Solution) -> Figure:
    """Two coordinates in space and time: four snapshots a field on one scale, and the error at the end, or the residuals."""
    x, y, t = (c.name for c in solution.problem.coordinates)
    moments = np.linspace(solution.lower[-1], solution.upper[-1], 4)
    grid = solution.to_xarray({x: 161, y: 161, t: moments})
    names = _shown(grid)
    view = _View((x, y), _differences(solution), {t: moments[-1]})
    figure, panels = new_figure(len(names), 5, (18.5, len(names) * _height(solution, 3.1)), None)
    for row, (charts, name) in enumerate(zip(panels, names)):
        scale = colours(grid[name].values)
        for k, (chart, moment) in enumerate(zip(charts, moments)):
            draw_map(figure, chart, grid[x].values, grid[y].values, grid[name].isel({t: k}).transpose(x, y).values, scale)
            chart.set(xlabel=x, ylabel=y, title=f"{name}, {t} = {moment:.3g}", aspect=aspect(solution, 0, 1))
        _last_panel(figure, charts[-1], solution, view, str(name), row)
        if str(name) in view.differences:
            charts[-1].set_aspect(aspect(solution, 0, 1))
    return figure


def _slices(solution: Solution) -> Figure:
    """Three coordinates in space: the three middle planes, at the end where there is time; a fourth is held at its middle."""
    names = [c.name for c in solution.problem.coordinates]
    middle = 0.5 * (solution.lower + solution.upper)
    time = solution.problem.time
    rest = {name: float(solution.upper[k] if k == time else middle[k]) for k, name in enumerate(names) if k > 2}
    views = []
    for cut in range(3):
        a, b = (names[k] for k in range(3) if k != cut)
        grid = solution.to_xarray({a: 121, b: 121, names[cut]: [middle[cut]], **{name: [value] for name, value in rest.items()}})
        views.append((grid.squeeze(), (a, b), ", ".join(f"{name} = {at:.3g}" for name, at in {names[cut]: middle[cut], **rest}.items())))
    shown = _shown(views[0][0])
    view = _View((names[1], names[2]), _differences(solution), {names[0]: float(middle[0]), **rest})
    figure, panels = new_figure(len(shown), 4, (15.5, 3.7 * len(shown)), [1, 1, 1, 0.9])
    for number, (row, name) in enumerate(zip(panels, shown)):
        scale = colours(np.concatenate([grid[name].values.ravel() for grid, _, _ in views]))
        for chart, (grid, (a, b), label) in zip(row, views):
            draw_map(figure, chart, grid[a].values, grid[b].values, grid[name].transpose(a, b).values, scale)
            chart.set(xlabel=a, ylabel=b, title=f"{name}, {label}", aspect=aspect(solution, names.index(a), names.index(b)))
        _last_panel(figure, row[3], solution, view, str(name), number)
    return figure


LAYOUTS: dict[tuple[int, bool], Callable[[Any], Any]] = {
    (0, True): _curve,
    (1, False): _curve,
    (1, True): _space_time,
    (2, False): _plane,
    (2, True): _plane_in_time,
    (3, False): _slices,
    (3, True): _slices,
}


# ------------------------------------------------------------ shared parts


def new_figure(rows: int, columns: int, size: tuple[float, float], widths: list[float] | None) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    return figure, figure.subplots(rows, columns, squeeze=False, gridspec_kw={"width_ratios": widths})


def _shown(grid: xarray.Dataset) -> list[Any]:
    return list(grid.data_vars)[:MOST_FIELDS]


@dataclass(frozen=True)
class _View:
    """A plane (horizontal, vertical) through the reference's points: the other coordinates are held at, or nearest to, `at`."""

    plane: tuple[str, str]
    differences: dict[str, np.ndarray]
    at: dict[str, float] = field(default_factory=dict)


def _differences(solution: Solution) -> dict[str, np.ndarray]:
    """solution - reference on the reference's own points, by field, coordinates in the problem's order."""
    reference = solution.reference
    if reference is None:
        return {}
    names = [c.name for c in solution.problem.coordinates]
    mine = solution.to_xarray({n: reference[n].values for n in names})
    return {str(name): mine[name].values - reference[name].transpose(*names).values for name in reference.data_vars}


def _last_panel(figure: Figure, chart: Any, solution: Solution, view: _View, name: str, row: int) -> None:
    """log10 |error| in the view's plane where a reference is known; else the bars of the certificate, once."""
    if name in view.differences and solution.reference is not None:
        reference = solution.reference
        names = [c.name for c in solution.problem.coordinates]
        place = tuple(slice(None) if n in view.plane else int(np.abs(reference[n].values - view.at.get(n, np.inf)).argmin()) for n in names)
        horizontal, vertical = (reference[n].values for n in view.plane)
        if min(horizontal.size, vertical.size) > 1:
            values = view.differences[name][place]
            draw_error(figure, chart, horizontal, vertical, values if names.index(view.plane[0]) < names.index(view.plane[1]) else values.T)
            chart.set(xlabel=view.plane[0], ylabel=view.plane[1], title=f"Error of {name}: L2 {solution.relative_l2[name]:.1e}")
            return
    if row == 0:
        _residuals(chart, solution)
    else:
        chart.set_axis_off()


def _residuals(chart: Any, solution: Solution) -> None:
    if solution.certificate is None:
        chart.set_axis_off()
    else:
        draw_residuals(chart, solution.certificate)


def aspect(solution: Solution, first: int, second: int) -> str:
    """Equal lengths on both axes, unless the box is too slender for that to be legible."""
    width, height = (solution.upper - solution.lower)[[first, second]]
    return "equal" if 0.4 < height / width < 2.5 else "auto"


def _height(solution: Solution, width: float) -> float:
    """Inches for a map `width` inches wide of the first two coordinates, title and labels included."""
    return 1.0 + width * (_ratio(solution) if aspect(solution, 0, 1) == "equal" else 0.8)


def _ratio(solution: Solution) -> float:
    """Height over width of the first two coordinates' box."""
    return float((solution.upper - solution.lower)[1] / (solution.upper - solution.lower)[0])


def _streamlines(solution: Solution, grid: xarray.Dataset, charts: Any) -> None:
    """Over the maps of a declared plane vector field."""
    x, y = (c.name for c in solution.problem.coordinates)
    vectors = {f.vector for f in solution.problem.fields if f.vector}
    for vector in vectors:
        parts = [f.name for f in solution.problem.fields if f.vector == vector]
        if len(parts) == 2:
            u, v = (grid[p].values.T for p in parts)
            for chart, field in zip(charts, solution.problem.fields):
                if field.vector == vector:
                    chart.streamplot(grid[x].values, grid[y].values, u, v, color="#00000055", linewidth=0.6, arrowsize=0.6, density=0.9)


def caption(figure: Figure, solution: Solution) -> None:
    problem = solution.problem
    parameters = ",  ".join(f"{name} = {_number(value)}" for name, value in solution.parameters.items())
    title = problem.title or problem.name
    figure.suptitle(shortened(f"{title}    {parameters}", 110), fontsize=13, fontweight="bold", x=0.01, ha="left")
    texts = dict.fromkeys(" ".join(problem.source.excerpt(e.span).split()) for e in problem.equations)
    equations = "     ".join(shortened(text, 90) for text in list(texts)[:3])
    l2 = max(solution.relative_l2.values(), default=None)
    figures = [
        solution.status.name.lower().replace("_", " "),
        f"residual {solution.residual:.1e}",
        "" if l2 is None else f"relative L2 error {l2:.1e}",
        "" if solution.error_estimate is None else f"estimated error {solution.error_estimate:.1e}",
        f"{solution.kernels:,} Gaussians",
        f"{solution.seconds:.2g} s",
    ]
    figure.supxlabel(
        "\n".join([*textwrap.wrap(equations, 150)[:2], "   ·   ".join(f for f in figures if f)]),
        fontsize=8.5,
        color=FAINT,
        x=0.01,
        ha="left",
    )


def _number(value: Any) -> str:
    flat = np.ravel(value)
    return f"{flat[0]:.4g}" if np.ndim(value) == 0 else "(" + ", ".join(f"{v:.3g}" for v in flat[:4]) + (", …)" if flat.size > 4 else ")")
