"""The error of a solution from a coarser one: their difference, carried over by the ratio of the residuals."""

from __future__ import annotations

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.product.program import Program

SAMPLES = {1: 801, 2: 101, 3: 31, 4: 15}  # points an axis on which two solutions are compared
LEAST_RATIO = 1e-4  # of residuals: that an error has fallen further than this is not believed
AIM = 0.4  # the residual at collocation points is smaller than on independent ones


def difference(a: Representation, b: Representation, program: Program) -> Array:
    """Root mean square of u_a - u_b on a common grid, one a field."""
    axes = []
    for low, high in zip(*program.bounds):
        n = SAMPLES[program.dimension]
        axes.append(low + (high - low) * (np.arange(n) + 0.5) / n)
    indices = [(f, (0,) * program.dimension) for f in range(program.fields)]
    return np.array([np.sqrt(np.mean((x - y) ** 2)) for x, y in zip(a.grid_jets(axes, indices), b.grid_jets(axes, indices))])


def sizes(a: Representation, program: Program) -> Array:
    class Zero:
        def grid_jets(self, axes: list[Array], indices: list[tuple[int, tuple[int, ...]]]) -> Array:
            return np.zeros((len(indices), *(len(x) for x in axes)))

    return difference(a, Zero(), program)  # type: ignore[arg-type]


def estimate(apart: Array, coarse: float, fine: float, size: Array) -> Array:
    """Error of the finer of two solutions: the difference, times the residuals' ratio; never below rounding."""
    ratio = fine / coarse if coarse > 0 else 1.0
    return np.maximum(apart * (1.0 if ratio > 0.5 else max(ratio, LEAST_RATIO)), 1e-14 * size)


def relative_error(error: Array, size: Array) -> float:
    return float(np.max(error / np.maximum(size, 1e-6 * size.max()))) if size.max() > 0 else 0.0
