"""Many answers of a family on one grid, as the data set that a direct sweep makes.

What a family has learned is judged by its own estimate at all instances, and checked as a query is at a few of those that pass; if one of
them fails, the residual of every instance is looked at. Those that miss the tolerance, and no others, go to the direct sweep.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.runtime import mesh
from pdelang.runtime.batch_check import BatchCheck
from pdelang.runtime.generator.spanned import Sampler, Spanned, sampler
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
DEAR = 3
"""Coordinates from which a direct solve costs ten queries and more, and what a sweep's guess misses is asked for as queries are."""


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
    why = _judge(family, instances, tolerance, results)
    missed = np.flatnonzero([s is not Status.CONVERGED for s in results.status])
    options, finished = SolveOptions(tolerance=tolerance), True
    results.how = f"{len(instances) - len(missed):,} as learned"
    if len(missed) and getattr(family.model, "guesses", False) and len(axes) >= DEAR:
        asked = _asked(family, instances, missed, tolerance, axes, results, progress)
        results.how += f", {len(asked):,} as queries are"
        missed = np.setdiff1d(missed, asked)
    if len(missed):
        results.how += f", {len(missed):,} {'solved directly' if fallback else 'miss the tolerance'}: {', '.join(why)}"
        progress(results.how)
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


def _asked(
    family: Family, instances: Instances, missed: np.ndarray, tolerance: float, axes: list[np.ndarray], results: Results, progress: Progress
) -> np.ndarray:
    """With the steps that a query takes, one by one: those that meet the tolerance."""
    orders, found = [(f, (0,) * len(axes)) for f in range(len(results.values))], []
    for done, number in enumerate(map(int, missed)):
        answer = family.checked(tolerance, **instances.parameters(number))
        if answer.converged and answer.representation is not None:
            results.values[:, number] = answer.representation.grid_jets(axes, orders)
            results.status[number], results.residual[number] = answer.status, answer.residual
            results.estimate[number] = np.nan if answer.error_estimate is None else answer.error_estimate
            found.append(number)
        progress("asking", (done + 1) / len(missed))
    return np.array(found, dtype=int)


def _units(family: Family, instances: Instances) -> np.ndarray:
    """z of every instance, (B, size)."""
    values = {**instances.fixed, **instances.swept}
    columns = {p.name: values[p.name] for p in family.conditions.declared}
    count = len(instances)
    rows = {name: np.broadcast_to(v, (count, *np.shape(v)[name in instances.swept :])) for name, v in columns.items()}
    return family.conditions.units(rows)


def _sampler(model: Any, compiled: CompiledProblem, unit: list[np.ndarray]) -> Sampler:
    if isinstance(model, Spanned):
        return sampler(model, unit)

    def sample(z: np.ndarray, out: np.ndarray) -> np.ndarray:
        values, estimates = model.grids(compiled, z, unit)
        out[:] = np.moveaxis(values, 1, 0)
        return np.asarray(estimates)

    return sample


def _judge(family: Family, instances: Instances, tolerance: float, results: Results) -> list[str]:
    """Sets every status; what instances missed, in words."""
    estimate = results.estimate
    unknown, above = np.flatnonzero(np.isnan(estimate)), np.flatnonzero(estimate > tolerance)
    passed = np.flatnonzero(estimate <= tolerance)
    results.status[:] = [Status.TOLERANCE_NOT_MET] * len(instances)
    missed = _checked(family, instances, tolerance, results, unknown)
    some = passed[np.unique(np.linspace(0, len(passed) - 1, CHECKED).astype(int))] if len(passed) else passed
    if len(_checked(family, instances, tolerance, results, some)):
        failed = _all_checked(family, instances, tolerance, results, passed)
    else:
        failed = passed[:0]
        for number in passed:
            results.status[number] = Status.CONVERGED
    reasons = ((missed, "without an estimate, by the check of a query"), (above, "by the family's estimate"))
    return [f"{len(n):,} {why}" for n, why in (*reasons, (failed, "by the residual")) if len(n)]


def _checked(family: Family, instances: Instances, tolerance: float, results: Results, numbers: np.ndarray) -> np.ndarray:
    """What the sweep has, judged as queries are, one by one: those that miss."""
    steps, missed = (0 if getattr(family.model, "guesses", False) else None), []
    for number in map(int, numbers):
        answer = family.checked(tolerance, steps, **instances.parameters(number))
        results.status[number], results.residual[number] = answer.status, answer.residual
        if not answer.converged:
            missed.append(number)
    return np.array(missed, dtype=int)


def _all_checked(family: Family, instances: Instances, tolerance: float, results: Results, numbers: np.ndarray) -> np.ndarray:
    """Together where that is possible: those that miss."""
    model = family.model
    batch = BatchCheck(family.compiled, model, instances) if isinstance(model, Spanned) else None
    if batch is None or not batch.possible():
        return _checked(family, instances, tolerance, results, numbers)
    results.residual[numbers] = batch.residuals(_units(family, instances), numbers)
    allowed = max(tolerance, getattr(model, "rounding", 0.0))
    for number in numbers:
        met = results.residual[number] <= allowed
        results.status[number] = Status.CONVERGED if met else Status.TOLERANCE_NOT_MET
    return numbers[results.residual[numbers] > allowed]


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
