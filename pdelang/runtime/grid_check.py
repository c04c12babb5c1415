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
from pdelang.runtime.representation import Index, Representation
from pdelang.runtime.result import MethodResult
from pdelang.runtime.sampling import held
from pdelang.runtime.validation import CONDITION_POINTS, POINTS, SEED_OFFSET, VANISHING, JetSizes, check, relative

EACH = {0: 1, 1: 256, 2: 48, 3: 24, 4: 12}
"""Points along each free coordinate, by how many are free."""


@dataclass(frozen=True)
class OnGrids:
    """`representation` at points that are the rows of a tensor grid, last coordinate fastest, or few enough to be taken one by one."""

    representation: Representation

    def jets(self, points: np.ndarray, indices: Sequence[Index]) -> np.ndarray:
        axes = [np.unique(points[:, i]) for i in range(points.shape[1])]
        if np.prod([len(a) for a in axes]) != len(points):
            return self.representation.jets(points, indices)
        return self.representation.grid_jets(axes, indices).reshape(len(indices), -1)


def drawn(free: Sequence[int], fixed: np.ndarray, lower: np.ndarray, upper: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(N, d): seeded coordinates along the free axes, `fixed` along the others."""
    count = EACH[len(free)]
    axes = [
        lower[i] + (upper - lower)[i] * (np.arange(count) + random.random(count)) / count if i in free else fixed[i : i + 1]
        for i in range(len(lower))
    ]
    return np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)


def grid_check(compiled: CompiledProblem, params: Parameters, result: MethodResult, tolerance: float, seed: int = 0) -> Certificate:
    """As `validation.validate`, for what is quick on grids. What holds on a part of the domain is checked point by point."""
    assert result.representation is not None
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    tensor, random, every = OnGrids(result.representation), np.random.default_rng(seed + SEED_OFFSET), range(len(lower))
    sizes = JetSizes(tensor, drawn(every, lower, lower, upper, random), (upper - lower) / 2)  # type: ignore[arg-type]
    norms = [sizes((f, (0,) * len(lower))) for f in range(len(compiled.problem.fields))]
    sizes.floor = VANISHING * max(norms)

    def report(equation: CompiledEquation, count: int, number: int) -> list[EquationReport]:
        if equation.where is None:
            fixed = np.asarray(equation.locate(params), dtype=float)[0]
            points = drawn(list(equation.free), fixed, lower, upper, random)
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
