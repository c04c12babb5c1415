"""Points where equations and conditions are asked for or checked: low-discrepancy (Sobol, scrambled by a seed), on boxes, with `where`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import qmc

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.collocation import Parameters, holds

MOST = 2**17
"""Rejection draws no more points: a region below about 1/10,000 of the box counts as empty."""


class EmptyPointSetError(ValueError):
    """No point of the domain satisfies an equation's or condition's `where`, or a place is not finite at these parameters."""


@lru_cache(maxsize=64)
def sobol(count: int, dimension: int, seed: int) -> np.ndarray:
    """(count, dimension) in [0, 1), scrambled; (count, 0) for no dimension. Not to be written to: a check asks for the same ones again."""
    if dimension == 0 or count == 0:
        return np.zeros((count, dimension))
    points = qmc.Sobol(dimension, seed=np.random.default_rng(seed)).random_base2(max(0, int(np.ceil(np.log2(count)))))[:count]
    points.flags.writeable = False
    return points


def box(lower: np.ndarray, upper: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(count, d) points in the interior of [lower, upper]."""
    return lower + (upper - lower) * sobol(count, len(lower), seed)


def box_grid(lower: np.ndarray, upper: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """(prod(counts), d): the uniform grid with both ends; one point on an axis is its middle."""
    axes = [np.linspace(a, b, n) if n > 1 else np.array([(a + b) / 2]) for a, b, n in zip(lower, upper, counts)]
    return np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)


def on_equation(equation: CompiledEquation, params: Parameters, lower: np.ndarray, upper: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Points (n, d) for one equation or condition: free coordinates spread over the box, fixed ones at the first place.

    n = count, or 1 where nothing is free. `where` by rejection from at most MOST points; fewer points are returned where the
    region is that small, and EmptyPointSetError is raised if there are none at all.
    """
    found = held(equation, params, lower, upper, count, seed)
    if not len(found):
        raise _nowhere(equation)
    return found


def on_conditions(
    compiled: CompiledProblem, params: Parameters, lower: np.ndarray, upper: np.ndarray, count: int, seed: int
) -> list[np.ndarray]:
    """Points (n, d) for each condition, as `on_equation`; none on a face that `on boundary` names and `where` leaves out.

    EmptyPointSetError: a statement holds on none of its faces.
    """
    sets = [held(c, params, lower, upper, count, seed + n) for n, c in enumerate(compiled.conditions)]
    declared = compiled.problem.conditions
    statements: dict[Hashable, list[int]] = defaultdict(list)
    for n in range(len(sets)):
        statements[declared[n].span if len(declared) == len(sets) else n].append(n)
    for members in statements.values():
        if not any(len(sets[n]) for n in members):
            raise _nowhere(compiled.conditions[members[0]])
    return sets


def _nowhere(equation: CompiledEquation) -> EmptyPointSetError:
    return EmptyPointSetError(f"line {equation.line}, {equation.label}: no point of the domain satisfies its `where`")


def held(equation: CompiledEquation, params: Parameters, lower: np.ndarray, upper: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(n, d), n = 0 where `where` holds nowhere."""
    fixed = np.asarray(equation.locate(params), dtype=float)[0]
    free = list(equation.free)
    if not np.isfinite(np.delete(fixed, free)).all():
        raise EmptyPointSetError(f"line {equation.line}, {equation.label}: the place is not finite at these parameters")
    drawn = wanted = count if free else 1
    while True:
        points = np.tile(fixed, (drawn, 1))
        points[:, free] = lower[free] + (upper - lower)[free] * sobol(drawn, len(free), seed)
        found = points[holds(equation, points, params)]
        if len(found) >= wanted or equation.where is None or not free or drawn >= MOST:
            return found[:wanted]
        drawn *= 8 if not len(found) else 2


def interior(equation: CompiledEquation, params: Parameters, lower: np.ndarray, upper: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Interior points of an equation: all coordinates free."""
    return on_equation(equation, params, lower, upper, count, seed)
