"""`pdelang.sweep`: many values of the parameters, solved together, as one data set."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.language.problem import Problem
from pdelang.runtime.api import _compiled, _options
from pdelang.runtime.options import NAMES, SolveOptions
from pdelang.runtime.result import Progress, silent
from pdelang.runtime.sweep.dataset import dataset
from pdelang.runtime.sweep.drive import Results, Run, common_bounds, cores
from pdelang.runtime.sweep.instances import outer_product

if TYPE_CHECKING:
    import xarray

GRID = {1: (401,), 2: (256, 101), 3: (64, 64, 26), 4: (32, 32, 32, 11)}
"""Points an axis of the output by the number of coordinates; a steady problem takes the first for every axis."""
LARGEST = 2**30
"""Values in a data set: 8 GiB."""

Grid = int | Mapping[str, int | Sequence[float] | np.ndarray] | None


def sweep(
    problem: Problem | CompiledProblem | str | Path,
    *,
    grid: Grid = None,
    options: SolveOptions | None = None,
    workers: int | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> xarray.Dataset:
    """Solve a problem for many values of its parameters: u(c_1, ..., c_p, xi), the outer product of the values.

    problem: as in `solve`. Every keyword that is a parameter of the program: a number, or an array of values to sweep over; options of
    the solver by name (`tolerance=1e-8`). grid: points of the output, an axis: a number, or by coordinate a number or the values
    themselves; 256 x 101 for one space coordinate and time. workers: threads, and processes; the cores by default.

    The data set has a dimension for each swept parameter, then the coordinates; variables are the fields, and for every instance `status`
    (the name of a `Status`), `residual` and `error_estimate`, both relative, and `batched`: was it solved along with others? Instances that
    miss the tolerance are marked by their status and hold what there is. After KeyboardInterrupt it holds what was done until then,
    NaN elsewhere, status "interrupted".

    UsageError: a name or a value that `solve` refuses; nothing to sweep; a swept parameter that moves the domain; a data set too large.

    Example:
        data = pdelang.sweep("burgers.pde", nu=np.linspace(0.01, 0.1, 50))
        data.u.sel(nu=0.05, method="nearest").plot()
    """
    began = time.perf_counter()
    compiled = _compiled(problem)
    declared = {p.name for p in compiled.problem.parameters}
    chosen = _options(compiled, options, {name: value for name, value in settings.items() if name in NAMES and name not in declared})
    given = {name: value for name, value in settings.items() if name in declared or name not in NAMES}
    parameters, instances = outer_product(compiled, given)
    bounds = common_bounds(compiled, instances)
    if bounds is None:
        raise UsageError(f"the domain depends on {' and '.join(parameters)}: such instances have no grid in common; sweep over others")
    axes = grid_axes(compiled.problem, bounds, grid, len(instances))
    results = Results.nothing(len(compiled.problem.fields), len(instances), tuple(map(len, axes)))
    run = Run(instances, chosen, axes, progress, results, workers or cores())
    finished = run.run()
    return dataset(compiled, parameters, instances, axes, results, chosen, finished, time.perf_counter() - began)


def grid_axes(problem: Problem, bounds: tuple[np.ndarray, np.ndarray], grid: Grid, count: int) -> list[np.ndarray]:
    """One increasing array a coordinate. UsageError: an unknown coordinate, a grid that is too small or too large."""
    names = [c.name for c in problem.coordinates]
    default = GRID[len(names)] if problem.time is not None else (GRID[len(names)][0],) * len(names)
    wanted: dict[str, int | Sequence[float] | np.ndarray] = dict(zip(names, default))
    if isinstance(grid, Mapping):
        strangers = [n for n in grid if n not in wanted]
        if strangers:
            raise UsageError(f"no coordinate `{strangers[0]}`: the coordinates are {', '.join(names)}")
        wanted.update(grid)
    elif grid is not None:
        wanted = dict.fromkeys(names, grid)
    axes = [_axis(name, points, low, high) for (name, points), low, high in zip(wanted.items(), *bounds)]
    total = count * len(problem.fields) * math.prod(map(len, axes))
    if total > LARGEST:
        shape = " x ".join(str(len(a)) for a in axes)
        raise UsageError(f"{count:,} instances on a grid of {shape} are {total:,} values, more than {LARGEST:,}: a coarser grid holds them")
    return axes


def _axis(name: str, points: int | Sequence[float] | np.ndarray, low: float, high: float) -> np.ndarray:
    if isinstance(points, (int, np.integer)):
        if points < 1:
            raise UsageError(f"{name} needs at least 1 point in the grid, not {points}")
        return np.linspace(low, high, int(points)) if points > 1 else np.array([high])
    axis = np.atleast_1d(np.asarray(points, dtype=float))
    slack = 1e-12 * (high - low)
    if axis.ndim != 1 or not axis.size or not (np.diff(axis) > 0).all() or axis[0] < low - slack or axis[-1] > high + slack:
        raise UsageError(f"the grid along {name} is a number of points, or increasing places in [{low:g}, {high:g}]")
    return np.clip(axis, low, high)
