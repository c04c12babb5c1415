"""Is a steady solution determined, and by how much? The smallest singular value s of the linearised problem, and its function v.

    |J v| = s |v|:    rounding eps of the equation's terms moves the solution by eps |terms|/s along v

s = 0 to rounding: pure Neumann conditions (v = 1), a resonance (v an eigenfunction), a layer that may sit anywhere (v its shift).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.layout.product import contract
from pdelang.runtime.solve.product.linear import frozen_blocks
from pdelang.runtime.solve.product.stage import Stage

LARGEST = 1000  # unknowns: the cost is a factorisation
FREE, SOFT = (
    1e-11,
    1e-7,
)  # of the terms that v makes in the equation: below the first v solves the linearised problem; above the second rounding is no matter
ROUNDING = 2e-15  # of the equation's terms, independent from point to point: ten times that of a number, for second derivatives
ITERATIONS = 4


@dataclass(frozen=True, eq=False)
class Softest:
    """share: s over the terms that v makes. error: root mean square of what rounding moves. constant: v is one. place: of max |v|."""

    share: float
    error: float
    constant: bool
    place: Array

    @property
    def free(self) -> bool:
        return self.share < FREE

    @property
    def moved(self) -> float:
        """What rounding moves, where that matters."""
        return self.error if self.share < SOFT else 0.0

    def words(self, names: tuple[str, ...], unknown: str) -> str:
        if self.constant:
            return (
                f"the equation and its conditions are singular: any constant may be added to {unknown}, or nothing solves them; "
                f"fix a value of {unknown}"
            )
        where = ", ".join(f"{n} = {x:.3g}" for n, x in zip(names, self.place))
        return f"the linearised problem is singular to rounding: along a function that is largest at {where}, {unknown} is free to change"


def softest(stage: Stage) -> Softest | None:
    """None: several fields, weak conditions or too many unknowns."""
    system = stage.system
    space, program, constraints = system.space, stage.layout.program, system.space.constraints
    if program.fields > 1 or space.weak or constraints.size > LARGEST:
        return None
    full, partials, scale = system.evaluate(stage.W)
    matrix = np.asarray(sum(frozen_blocks(system, partials, {}).interior.values(), start=np.zeros(1)))
    if not np.isfinite(matrix).all():
        return None
    value, vector, left = _smallest(matrix)
    V = constraints.expand(vector[:, None])
    grid = contract([f.values[0] for f in space.factors], V[0, ..., 0])
    volume = float(np.prod(program.bounds[1] - program.bounds[0]))
    noise = max(abs(float(left @ constraints.restrict(full)[:, 0])), ROUNDING * float(scale[0]) * np.sqrt(volume / len(system.points)))
    rough = np.ptp(grid) > 1e-6 * np.abs(grid).max()
    error = noise / max(value, 1e-300) / np.sqrt(volume)
    return Softest(value / _terms(stage, V, partials, volume), error, not rough, space.points[int(np.argmax(np.abs(grid)))])


def _smallest(matrix: Array) -> tuple[float, Array, Array]:
    """The smallest singular value and its right and left vectors, by inverse iteration with (A^T A)^-1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sl.LinAlgWarning)
        lu, pivots = sl.lu_factor(matrix, check_finite=False)
    tiny = np.finfo(float).eps * np.abs(np.diag(lu)).max()
    np.fill_diagonal(lu, np.where(np.abs(np.diag(lu)) < 1e-3 * tiny, 1e-3 * tiny, np.diag(lu)))
    vector = np.random.default_rng(0).standard_normal(len(matrix))
    for _ in range(ITERATIONS):
        vector = sl.lu_solve((lu, pivots), sl.lu_solve((lu, pivots), vector, trans=1, check_finite=False), check_finite=False)
        vector /= np.linalg.norm(vector)
    image = matrix @ vector
    value = float(np.linalg.norm(image))
    return value, vector, image / max(value, 1e-300)


def _terms(stage: Stage, V: Array, partials: Array, volume: float) -> float:
    """Norm of the terms that v, of norm one, makes in the linearised equation; a derivative counts as v over a half length at least."""
    system, program = stage.system, stage.layout.program
    jets = system.jets(V)
    half = 0.5 * (program.bounds[1] - program.bounds[0])
    size, total = volume**-0.5, 0.0
    for entry, coefficient in zip(program.partials, partials):
        own = jets[program.indices.index(entry.index)]
        least = size * float(np.prod(half ** -np.array(entry.index[1], dtype=float)))
        total += max(float(np.sqrt(np.mean((coefficient * own) ** 2))), float(np.sqrt(np.mean(coefficient**2))) * least)
    return max(total * np.sqrt(volume), 1e-300)
