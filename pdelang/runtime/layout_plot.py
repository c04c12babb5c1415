"""`--plot-layout`: the kernels over the solution and over its residual, with the edges of time slabs.

Contours stand at half a width, where a kernel has fallen to exp(-1/8); of kernels that overlap every so many are drawn,
dots mark them all where they are few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.parameters import UsageError
from pdelang.files import replacing
from pdelang.runtime.collocation import evaluate, evaluate_terms, holds
from pdelang.runtime.ellipses import Kernels, edges_of, kernels_on, line_of, parts_of
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.product import tensor_points
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.panels import FAINT, INK, STYLE, colours, draw_error, draw_map
from pdelang.runtime.plotting import ANIMATIONS, aspect, caption, check_picture, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pdelang.compiler.compiled import CompiledProblem
    from pdelang.runtime.representation import Representation
    from pdelang.runtime.solution import Solution

POINTS = 241
"""An axis of a map; a curve has four times as many."""
RADIUS = 0.5
MOST_FIELDS = 3
MOST_DOTS = 3_000
"""More would hide the solution: the counts stand above."""
ADAPTED = "#ff4fa3"
SMALLEST = 0.028
"""Of a map's width and height: contours are not drawn nearer to each other."""
MOST_EDGES = 120
"""Slab edges beyond which they are thinned: more than lines can show."""


def check_layout_picture(path: Path) -> None:
    """UsageError for a name that it cannot have."""
    if path.suffix.lower() in ANIMATIONS:
        raise UsageError(f"cannot plot a layout to {path}: it does not move; give a .png, .pdf, .svg or .jpg")
    check_picture(path, has_time=False)


def plot_layout(solution: Solution, path: Path) -> Path:
    """Draws and writes in one step. ValueError where there is no solution; OSError where it cannot be written."""
    import matplotlib

    check_layout_picture(path)
    if solution.representation is None:
        raise ValueError(f"there is no layout to plot: {solution.status.value}")
    with matplotlib.rc_context(STYLE), replacing(path) as partial:
        layout_picture(solution, solution.representation).savefig(partial, format=path.suffix.lower().removeprefix("."))
    return path


def layout_picture(solution: Solution, representation: Representation) -> Figure:
    from pdelang.compiler.pipeline import compile as compile_problem

    compiled = compile_problem(solution.problem)
    figure = _curve(solution, representation, compiled) if len(solution.lower) == 1 else _maps(solution, representation, compiled)
    caption(figure, solution)
    return figure


# ------------------------------------------------------------ planes


@dataclass(frozen=True)
class Plane:
    """Coordinates across and up, and where the others are held."""

    across: int
    up: int
    held: Mapping[int, float]


def planes(solution: Solution) -> list[Plane]:
    """The plane of two coordinates, time across; of more the first two, at the end of time, and one that shows time or the third."""
    lower, upper, time = solution.lower, solution.upper, solution.problem.time
    middle = {k: float(0.5 * (a + b)) for k, (a, b) in enumerate(zip(lower, upper))}
    if time is not None:
        middle[time] = float(upper[time])
    pairs = [(1, 0)] if len(lower) == 2 and time is not None else [(0, 1)]
    if len(lower) > 2:
        pairs.append((time, 0) if time is not None else (0, 2))
    return [Plane(a, b, {k: v for k, v in middle.items() if k not in (a, b)}) for a, b in pairs]


def _maps(solution: Solution, representation: Representation, compiled: CompiledProblem) -> Figure:
    names = [f.name for f in solution.problem.fields][:MOST_FIELDS]
    shown = planes(solution)
    figure, panels = new_figure(len(shown), len(names) + 1, (6.1 * (len(names) + 1), 4.9 * len(shown)), None)
    for charts, plane in zip(panels, shown):
        axes = _axes(solution, plane)
        kernels = list(kernels_on(representation, (plane.across, plane.up), plane.held, solution.lower, solution.upper))
        across, up = (solution.problem.coordinates[k].name for k in (plane.across, plane.up))
        where = ", ".join(f"{solution.problem.coordinates[k].name} = {v:.3g}" for k, v in plane.held.items())
        x, y = axes[plane.across], axes[plane.up]
        values = representation.grid_jets(axes, [(f, (0,) * len(axes)) for f in range(len(names))])
        for chart, name, value in zip(charts, names, values):
            draw_map(figure, chart, x, y, _turned(value, plane), colours(value))
            chart.set(title=f"{name}" + (f", {where}" if where else ""))
            _draw_dots(chart, kernels)
            drawn = _draw_kernels(chart, kernels, INK)
            _draw_adapted(chart, solution, representation, plane)
        residual = _residual(compiled, solution.parameters, representation, axes)
        draw_error(figure, charts[-1], x, y, _turned(residual, plane), "log₁₀ |residual|, relative to the terms")
        _draw_kernels(charts[-1], kernels, "white")
        charts[-1].set(title="residual")
        for chart, note in (
            (charts[0], f"{drawn:,} of {sum(len(k.centres) for k in kernels):,} drawn"),
            (charts[-1], _counts(representation)),
        ):
            chart.set_title(note, loc="right", fontsize=8.5, fontweight="normal", color=FAINT)
        for chart in charts:
            chart.set(xlabel=across, ylabel=up)
            chart.locator_params(nbins=6)
            if solution.problem.time in (None, *plane.held):
                chart.set_aspect(aspect(solution, plane.across, plane.up))
            if plane.across == solution.problem.time:
                _draw_edges(chart, edges_of(representation), INK if chart is not charts[-1] else "white")
    return figure


def _axes(solution: Solution, plane: Plane) -> list[np.ndarray]:
    return [
        np.array([plane.held[k]]) if k in plane.held else np.linspace(low, high, POINTS)
        for k, (low, high) in enumerate(zip(solution.lower, solution.upper))
    ]


def _turned(value: np.ndarray, plane: Plane) -> np.ndarray:
    """(n_1, ..., n_d) -> (across, up)."""
    flat = value.squeeze(axis=tuple(plane.held))
    return flat if plane.across < plane.up else flat.T


def _residual(compiled: CompiledProblem, parameters: Any, representation: Representation, axes: list[np.ndarray]) -> np.ndarray:
    """|left - right| over the root mean square of the sum of |terms|, the largest over the equations; on the grid of `axes`."""
    shape, points = tuple(len(a) for a in axes), tensor_points(axes)
    worst = np.zeros(len(points))
    for equation in compiled.equations:
        jets = representation.grid_jets(axes, [(j.field, j.orders) for j in equation.jets]).reshape(len(equation.jets), -1)
        terms = np.abs(evaluate_terms(equation, jets, points, parameters)).sum(0)
        size = float(np.sqrt(np.mean(terms**2))) or 1.0
        residual = np.abs(evaluate(equation, jets, points, parameters)[0]) / size
        worst = np.maximum(worst, np.where(holds(equation, points, parameters), residual, 0.0))
    return worst.reshape(shape)


# ------------------------------------------------------------ kernels


def _draw_dots(chart: Axes, kernels: list[Kernels]) -> None:
    total = sum(len(k.centres) for k in kernels)
    for own in kernels if total <= MOST_DOTS else ():
        chart.plot(*own.centres.T, ".", ms=2.4, color=INK, alpha=0.45, mew=0)


def _draw_adapted(chart: Axes, solution: Solution, representation: Representation, plane: Plane) -> None:
    """The kernels that a local solve has adapted anew, and how many."""
    if solution.readapted is None or not isinstance(representation, GaussianExpansion):
        return
    middle, half = 0.5 * (representation.lower + representation.upper), 0.5 * (representation.upper - representation.lower)
    centres = (middle + half * np.asarray(representation.centres))[solution.readapted][:, [plane.across, plane.up]]
    limits = chart.get_xlim(), chart.get_ylim()
    chart.plot(*centres.T, ".", ms=3.6, color=ADAPTED, mew=0, label=f"{len(centres):,} adapted anew")
    chart.set(xlim=limits[0], ylim=limits[1])
    chart.legend(loc="upper right", markerscale=3, frameon=True, facecolor="white", framealpha=0.9)


def _draw_kernels(chart: Axes, kernels: list[Kernels], colour: str) -> int:
    """Contours of those that do not overlap; how many."""
    from matplotlib.collections import EllipseCollection

    least = SMALLEST * np.array([np.ptp(chart.get_xlim()), np.ptp(chart.get_ylim())])
    drawn = 0
    for own in kernels:
        numbers = own.apart(RADIUS, least)
        widths, heights, angles = own.ellipses(numbers, RADIUS)
        contours = EllipseCollection(
            widths, heights, angles, units="xy", offsets=own.centres[numbers], offset_transform=chart.transData,
            facecolors="none", edgecolors=colour, linewidths=0.6, alpha=0.7,
        )  # fmt: skip
        chart.add_collection(contours, autolim=False)
        drawn += len(numbers)
    return drawn


def _draw_edges(chart: Axes, edges: np.ndarray, colour: str) -> None:
    for edge in edges[:: max(1, -(-len(edges) // MOST_EDGES))]:
        chart.axvline(edge, color=colour, lw=0.8, ls=(0, (4, 3)), alpha=0.8)


def _counts(representation: Representation) -> str:
    """All kernels, those beyond the domain's edges too."""
    slabs = len(parts_of(representation))
    return f"{representation.kernels:,} kernels" + (f" in {slabs} time slabs" if slabs > 1 else "")


# ------------------------------------------------------------ one coordinate


def _curve(solution: Solution, representation: Representation, compiled: CompiledProblem) -> Figure:
    """The fields over bars as wide as the kernels, and the residual."""
    name = solution.problem.coordinates[0].name
    axis = np.linspace(solution.lower[0], solution.upper[0], 4 * POINTS)
    figure, ((left, right),) = new_figure(1, 2, (12, 4.2), [1.3, 1])
    fields = [f.name for f in solution.problem.fields][:MOST_FIELDS]
    for field, values in zip(fields, representation.grid_jets([axis], [(f, (0,)) for f in range(len(fields))])):
        left.plot(axis, values, lw=1.8, label=field)
    if len(fields) > 1:
        left.legend()
    centres, widths = _bars(representation, solution.lower, solution.upper)
    low, high = left.get_ylim()
    rows = low - (high - low) * (0.06 + 0.022 * (np.arange(len(centres)) % 8))
    left.hlines(rows, centres - widths, centres + widths, color=INK, lw=1.0, alpha=0.6)
    left.plot(centres, rows, ".", ms=2.5, color=INK)
    left.set(xlim=(axis[0], axis[-1]), xlabel=name, title=f"{', '.join(fields)}; the kernels below, one width to each side")
    residual = _residual(compiled, solution.parameters, representation, [axis])
    right.semilogy(axis, residual.clip(1e-18), lw=1.0)
    right.set(xlim=(axis[0], axis[-1]), xlabel=name, title="residual, relative to the terms")
    right.set_title(_counts(representation), loc="right", fontsize=8.5, fontweight="normal", color=FAINT)
    right.grid(True)
    for chart in (left, right):
        _draw_edges(chart, edges_of(representation), INK)
    return figure


def _bars(representation: Representation, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres and widths inside the domain, one coordinate."""
    found = []
    for part in parts_of(representation):
        if isinstance(part, ProductExpansion):
            found.append(line_of(part, 0, lower, upper))
        elif isinstance(part, GaussianExpansion):
            low, high = float(part.lower[0]), float(part.upper[0])
            centres = 0.5 * (low + high) + 0.5 * (high - low) * np.asarray(part.centres)[:, 0]
            inside = (centres >= low) & (centres <= high)
            found.append((centres[inside], 0.5 * (high - low) * np.exp(np.asarray(part.log_scales)[inside, 0])))
    return np.concatenate([c for c, _ in found]), np.concatenate([w for _, w in found])
