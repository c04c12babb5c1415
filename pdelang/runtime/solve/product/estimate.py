"""The error of a solution from a coarser one: their difference, carried over by the ratio of the residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array, gauss_legendre
from pdelang.runtime.representation import Representation
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.system import Space, energy

POINTS = {1: 801, 2: 101, 3: 31, 4: 15}  # points an axis on which two solutions are compared
LEAST_RATIO = 1e-4  # of residuals: that an error has fallen further than this is not believed
SAME = 1e-12  # of the solution: differences that rounding may make
SLOWEST, STEEPEST = 1.0, 12.0  # powers of the resolution: errors that fall more slowly are not known; what falls faster is taken to be this
SLOWLY = 0.3  # power of the tolerance up to which a residual that falls slowly is accepted where the error is known
AIM = 0.4  # the residual at collocation points is smaller than on independent ones


@dataclass(frozen=True, eq=False)
class Samples:
    """A tensor grid on which solutions are compared: points and weights an axis, the weights adding up to one."""

    points: tuple[Array, ...]
    weights: tuple[Array, ...]

    @classmethod
    def everywhere(cls, program: Program) -> Samples:
        """Gauss-Legendre points, which are dense at the ends."""
        points, weights = gauss_legendre(POINTS[program.dimension])
        return cls(
            tuple(low + (high - low) * 0.5 * (1 + points) for low, high in zip(*program.bounds)), (0.5 * weights,) * program.dimension
        )

    @classmethod
    def of(cls, space: Space) -> Samples:
        """The points of a steady layout, which are where it is fine: others miss what is wrong in a layer or at a kink."""
        return cls(tuple(f.points for f in space.factors), tuple(f.weights / f.weights.sum() for f in space.factors))


def difference(a: Representation, b: Representation | None, samples: Samples) -> Array:
    """Root mean square of u_a - u_b, or of u_a, one a field."""
    indices = [(f, (0,) * len(samples.points)) for f in range(a.fields)]
    apart = a.grid_jets(samples.points, indices)
    if b is not None:
        apart = apart - b.grid_jets(samples.points, indices)
    return np.array([np.sqrt(energy(d, list(samples.weights))) for d in apart])


def estimate(apart: Array, coarse: float, fine: float, size: Array) -> Array:
    """Error of the finer of two solutions: the difference, times the residuals' ratio; never below rounding."""
    ratio = fine / coarse if coarse > 0 else 1.0
    return np.maximum(apart * (1.0 if ratio > 0.5 else max(ratio, LEAST_RATIO)), 1e-14 * size)


def tail(apart: Sequence[Array], counts: Sequence[float], size: Array) -> Array | None:
    """Error of the last of solutions that approach the true one like C n^-q: the differences of solutions in a row

        d = C (m^-q - n^-q)

    tell q, as the slope of all of them, and C, as the largest that one of them asks for; error = C n^-q, and no less than the last d.

    counts: n of each solution, three or more. apart: the differences, one fewer, each of them a number a field. None: they fall too slowly
    to be believed.
    """
    d = np.maximum(np.array(apart), SAME * size)
    n = np.asarray(counts, dtype=float)
    middle = np.log(n[:-1] * n[1:]) / 2
    order = float(-np.polyfit(middle, np.log(d), 1)[0].max())
    if order < SLOWEST:
        return d[-1] if (d[-1] <= SAME * size).all() else None
    order = min(order, STEEPEST)
    shares = n[-1] ** -order / (n[:-1] ** -order - n[1:] ** -order)
    return np.maximum((d * shares[:, None]).max(axis=0), d[-1])


def relative_error(error: Array, size: Array) -> float:
    return float(np.max(error / np.maximum(size, 1e-6 * size.max()))) if size.max() > 0 else 0.0
