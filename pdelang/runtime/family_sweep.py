"""Many answers of a family on one grid, as the data set that a direct sweep makes.

What a family has learned is checked as a query is at a few of the instances, and by its own estimate at all; instances that miss the
tolerance, and all of them if a checked one does, go to the direct sweep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.runtime import mesh
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import Progress
from pdelang.runtime.status import Status
from pdelang.runtime.sweep.api import Grid, grid_axes
from pdelang.runtime.sweep.dataset import dataset
from pdelang.runtime.sweep.drive import Results, Run, common_bounds
from pdelang.runtime.sweep.instances import Instances, outer_product
from pdelang.runtime.workers import cores

if TYPE_CHECKING:
    import xarray

    from pdelang.runtime.family import Family

CHUNK = 2**22
"""Values made at a time, beside those of the data set: 32 MiB."""
CHECKED = 4
Sampler = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(z, out): values (F, M, n_1, ...) into `out`, and the estimates (M,)."""


def sweep(family: Family, grid: Grid, tolerance: float, fallback: bool, progress: Progress, given: dict[str, Any]) -> xarray.Dataset:
    """`Family.sweep`."""
    began = time.perf_counter()
    compiled = family.compiled
    parameters, instances = outer_product(compiled, given)
    bounds = common_bounds(compiled, instances)
    if bounds is None:
        raise UsageError(f"the domain depends on {' and '.join(parameters)}: such instances have no grid in common; sweep over others")
    axes = grid_axes(compiled.problem, bounds, grid, len(instances))
    results = Results.nothing(len(compiled.problem.fields), len(instances), tuple(map(len, axes)))
    unit = [(axis - low) / (high - low) for axis, low, high in zip(axes, *bounds)]
    _fill(family, instances, unit, results, progress)
    _judge(family, instances, tolerance, results)
    missed = np.flatnonzero([s is not Status.CONVERGED for s in results.status])
    options, finished = SolveOptions(tolerance=tolerance), True
    if fallback and len(missed):
        finished = _solve(instances, missed, options, axes, results, progress)
    return dataset(compiled, parameters, instances, axes, results, options, finished, time.perf_counter() - began)


def _fill(family: Family, instances: Instances, unit: list[np.ndarray], results: Results, progress: Progress) -> None:
    """Values and estimates of all instances, a chunk at a time."""
    z, sample = _units(family, instances), _sampler(family.model, family.compiled, unit)
    step = max(1, CHUNK // int(np.prod([len(results.values), *(len(a) for a in unit)])))

    def fill(start: int) -> None:
        own = slice(start, start + step)
        results.estimate[own] = sample(z[own], results.values[:, own])

    with threadpool_limits(1), ThreadPoolExecutor(cores()) as threads:  # memory's bandwidth is the limit: every core's is wanted
        every = range(0, len(z), step)
        starts = [every[n] for n in mesh.share(len(every))]
        for start, _ in zip(starts, threads.map(fill, starts)):
            progress("sweeping", min(start + step, len(z)) / len(z))
    if mesh.several():
        parts = [slice(s, s + step) for s in every]
        own = [{"values": results.values[:, parts[n]], "estimate": results.estimate[parts[n]]} for n in mesh.share(len(every))]
        for part, one in zip(parts, mesh.collected(own, len(every))):
            results.values[:, part], results.estimate[part] = one["values"], one["estimate"]
    results.batched[:] = True


def _units(family: Family, instances: Instances) -> np.ndarray:
    """z of every instance, (B, size)."""
    values = {**instances.fixed, **instances.swept}
    columns = {p.name: values[p.name] for p in family.conditions.declared}
    count = len(instances)
    rows = {name: np.broadcast_to(v, (count, *np.shape(v)[name in instances.swept :])) for name, v in columns.items()}
    return family.conditions.units(rows)


def _sampler(model: Any, compiled: CompiledProblem, unit: list[np.ndarray]) -> Sampler:
    if hasattr(model, "sampler"):
        own: Sampler = model.sampler(unit)
        return own

    def sample(z: np.ndarray, out: np.ndarray) -> np.ndarray:
        values, estimates = model.grids(compiled, z, unit)
        out[:] = np.moveaxis(values, 1, 0)
        return np.asarray(estimates)

    return sample


def _judge(family: Family, instances: Instances, tolerance: float, results: Results) -> None:
    """A query at some instances, and at those without an estimate; the estimate at the others."""
    known = np.isfinite(results.estimate)
    some = np.unique(np.linspace(0, len(instances) - 1, CHECKED).astype(int))
    held = True
    for number in np.union1d(some, np.flatnonzero(~known)):
        answer = family.checked(tolerance, **instances.parameters(int(number)))
        results.status[number], results.residual[number] = answer.status, answer.residual
        held = held and (answer.converged or not known[number] or results.estimate[number] > tolerance)
    for number in np.flatnonzero(known):
        met = held and results.estimate[number] <= tolerance
        results.status[number] = Status.CONVERGED if met else Status.TOLERANCE_NOT_MET


def _solve(
    instances: Instances, missed: np.ndarray, options: SolveOptions, axes: list[np.ndarray], results: Results, progress: Progress
) -> bool:
    """Directly, in place of what was learned."""
    own = Results.nothing(len(results.values), len(missed), tuple(map(len, axes)))
    finished = Run(instances.take(missed), options, axes, progress, own, cores()).run()
    results.values[:, missed] = own.values
    results.residual[missed], results.estimate[missed], results.batched[missed] = own.residual, own.estimate, own.batched
    for number, status in zip(missed, own.status):
        results.status[number] = status
    results.pilots = own.pilots
    return finished
