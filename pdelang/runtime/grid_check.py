"""The certificate of a query on a product layout in milliseconds: what `validation` finds, on tensor grids of seeded points.

On n^d points of a tensor grid a jet is one contraction an axis; on as many scattered points every one of them meets all kernels
of a piece (Burgers, 166 x 60 kernels, 2048 points: 50 ms). Coordinates are drawn one in each of n equal cells, ends never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem, Parameters
from pdelang.runtime.certificate import Certificate, EquationReport
from pdelang.runtime.handover import handovers
from pdelang.runtime.layout.product import along
from pdelang.runtime.layout.product_representation import ProductExpansion
from pdelang.runtime.representation import Index, Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import held
from pdelang.runtime.solve.slabs import Slabs
from pdelang.runtime.validation import CONDITION_POINTS, POINTS, SEED_OFFSET, VANISHING, JetSizes, check, relative

EACH = {0: 1, 1: 256, 2: 48, 3: 24, 4: 12}
"""Points along each free coordinate, by how many are free."""
SIZED = {1: 256, 2: 24, 3: 12, 4: 8}
"""The same for the sizes of jets, by the number of coordinates."""
ROUGH = 1e-4
"""Tolerances from which (G E) c will do in place of G (E c): it costs a fraction, and loses half of the digits."""


@dataclass(frozen=True)
class OnGrids:
    """`representation` at points that are the rows of a tensor grid, last coordinate fastest, or few enough to be taken one by one."""

    representation: Representation
    rough: bool = False

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        axes = [np.unique(points[:, i]) for i in range(points.shape[1])]
        if np.prod([len(a) for a in axes]) != len(points):
            return self.representation.jets(points, indices)
        make = quick_jets if self.rough else type(self.representation).grid_jets
        return make(self.representation, axes, indices).reshape(len(indices), -1)


def quick_jets(own: Representation, axes: Sequence[np.ndarray], indices: Sequence[Index]) -> np.ndarray:
    """As `grid_jets`, to about 1e-8: Gaussians and weights of an axis multiplied first, contractions shared between jets."""
    if isinstance(own, Slabs):
        out, slab = np.empty((len(indices), *(len(a) for a in axes))), own._slab(axes[-1])
        for s in np.unique(slab):
            out[..., slab == s] = quick_jets(own.parts[s], [*axes[:-1], axes[-1][slab == s]], indices)
        return out
    if not isinstance(own, ProductExpansion) or own.time is not None:
        return own.grid_jets(axes, indices)
    known: dict[tuple[int, ...], np.ndarray] = {}
    factors: dict[tuple[int, int], np.ndarray] = {}
    for field, orders in indices:
        for n in range(len(axes)):
            key = (field, *orders[: n + 1])
            if (n, orders[n]) not in factors:
                factors[n, orders[n]] = own.axes[n].gaussians(axes[n], orders[n])[orders[n]] @ own.axes[n].to_weights
            if key not in known:
                before = known[key[:-1]] if n else own.coefficients[field][0, ..., 0]
                known[key] = along(factors[n, orders[n]], before, n)
    return np.stack([known[field, *orders] for field, orders in indices])


def drawn(
    free: Sequence[int], fixed: np.ndarray, lower: np.ndarray, upper: np.ndarray, random: np.random.Generator, count: int
) -> np.ndarray:
    """(N, d): so many seeded coordinates along the free axes, `fixed` along the others."""
    axes = [
        lower[i] + (upper - lower)[i] * (np.arange(count) + random.random(count)) / count if i in free else fixed[i : i + 1]
        for i in range(len(lower))
    ]
    return np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)


def grid_check(compiled: CompiledProblem, params: Parameters, result: MethodResult, tolerance: float, seed: int = 0) -> Certificate:
    """As `validation.validate`, for what is quick on grids. What holds on a part of the domain is checked point by point."""
    assert result.representation is not None
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    tensor, random = OnGrids(result.representation, tolerance >= ROUGH), np.random.default_rng(seed + SEED_OFFSET)
    every = drawn(range(len(lower)), lower, lower, upper, random, SIZED[len(lower)])
    sizes = JetSizes(tensor, every, (upper - lower) / 2)  # type: ignore[arg-type]
    fields, own = range(len(compiled.problem.fields)), (*compiled.equations, *compiled.conditions)
    wanted = list(dict.fromkeys([*((f, (0,) * len(lower)) for f in fields), *((j.field, j.orders) for e in own for j in e.jets)]))
    sizes.learn(wanted)
    norms = [sizes((f, (0,) * len(lower))) for f in fields]
    sizes.floor = VANISHING * max(norms)

    def report(equation: CompiledEquation, count: int, number: int) -> list[EquationReport]:
        if equation.where is None:
            fixed = np.asarray(equation.locate(params), dtype=float)[0]
            points = drawn(list(equation.free), fixed, lower, upper, random, EACH[len(equation.free)])
        else:
            points = held(equation, params, lower, upper, count, seed + SEED_OFFSET + number)
        return [check(equation, tensor, points, params, sizes)] if len(points) else []  # type: ignore[arg-type]

    equations = [r for n, e in enumerate(compiled.equations) for r in report(e, POINTS, n)]
    conditions = [r for n, e in enumerate(compiled.conditions) for r in report(e, CONDITION_POINTS, n)]
    conditions += handovers(compiled, result.representation, lower, upper, sizes.of, seed)
    estimates: dict[str, float] = {}
    if result.error_estimate is not None:
        for declared, error, size in zip(compiled.problem.fields, result.error_estimate, norms):
            estimates[declared.name] = relative(float(error), max(size, sizes.floor))
    worst = max((r.relative for r in (*equations, *conditions)), default=0.0)
    return Certificate(tolerance, worst, tuple(equations), tuple(conditions), estimates)
