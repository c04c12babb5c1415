"""Steady systems of moderate size: one dense factorisation a Newton step, or one for several.

One field with conditions that are constraints: Galerkin, N^T J N by LU, or mode by mode where the operator is separable with constant
coefficients. Several fields (a pressure has no test functions of its own) and weak conditions: Gauss-Newton, min |r|^2 over all test
functions and the rows of the conditions, by QR.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product_damped import Linearised, Solve, damped_newton
from pdelang.runtime.solve.product_iteration import NEWTON_LIMIT, Solved, magnitude
from pdelang.runtime.solve.product_linear import LARGEST_DENSE, FastDiagonal, frozen_blocks
from pdelang.runtime.solve.product_system import SlabSystem

LARGEST_SQUARE = 3000  # unknowns of one field up to which a dense factorisation is faster than an iteration
WORTH_SEPARATING = 500  # unknowns from which a separable operator is solved mode by mode
DEPENDENT, RANK = 1e-11, 1e-12  # share of the largest: diagonal of R from which singular values decide, and which of these count

Conditions = dict[int, tuple[Array, Array]]


def least_squares_wanted(system: SlabSystem) -> bool:
    """Several fields or weak conditions, and not too many unknowns."""
    program, space = system.program, system.space
    several = program.fields > 1 or bool(space.weak)
    return program.time is None and several and space.constraints.size <= LARGEST_DENSE


def galerkin_wanted(system: SlabSystem) -> bool:
    program, space = system.program, system.space
    one = program.time is None and program.fields == 1 and not space.weak
    return one and (space.constraints.size <= LARGEST_SQUARE or separable(system))


def separable(system: SlabSystem) -> bool:
    """Constant coefficients, two axes or more, no mixed derivatives: one-dimensional eigenvectors diagonalise all of it."""
    pure = all(sum(orders) == max(orders) for _, orders in system.program.indices)
    return system.program.constant and pure and isinstance(system.space.constraints, AxisConstraints)


def solve_least_squares(system: SlabSystem, tolerance: float, guess: Array | None = None, iterations: int = 2 * NEWTON_LIMIT) -> Solved:
    """min |r|^2 over all test functions and weak rows."""
    space, program = system.space, system.program
    faces = [system.weak_residual(n, system.lifting())[0].size for n in space.weak]
    # a weak row competes with residuals whose operator grows like the square of the resolution
    weights = np.concatenate([np.ones(program.fields * int(np.prod(space.ranks))), *(np.full(s, float(max(space.ranks))) for s in faces)])

    def rows(full: Array, weak: Conditions) -> Array:
        return np.concatenate([full.ravel(), *(w[0].ravel() for w in weak.values())]) * weights

    def factorise(partials: Array, weak: Conditions) -> Solve:
        frozen = frozen_blocks(system, partials, {n: w[1] for n, w in weak.items()}, full_tests=True)
        blocks = [sum(part.values(), start=np.zeros(1)) for part in (frozen.interior, frozen.faces) if part]
        return least_squares_solver(np.concatenate(blocks) * weights[:, None])

    return _solved(system, rows, factorise, tolerance, guess, iterations)


def solve_galerkin(system: SlabSystem, tolerance: float, guess: Array | None = None, iterations: int = 2 * NEWTON_LIMIT) -> Solved:
    """N^T r(lift + N Y) = 0."""
    modal = separable(system) and system.space.constraints.size >= WORTH_SEPARATING

    def rows(full: Array, weak: Conditions) -> Array:
        return system.space.constraints.restrict(full)

    def factorise(partials: Array, weak: Conditions) -> Solve:
        if modal:
            return FastDiagonal(system, partials)
        matrix = sum(frozen_blocks(system, partials, {}).interior.values(), start=np.zeros(1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sl.LinAlgWarning)  # what a singular matrix leaves is not finite, and is found
            lu = sl.lu_factor(matrix, check_finite=False, overwrite_a=True)
        return partial(sl.lu_solve, lu, check_finite=False)

    return _solved(system, rows, factorise, tolerance, guess, iterations)


def least_squares_solver(A: Array) -> Solve:
    """b -> argmin |A x - b|, by QR; by singular values where columns are dependent (a pressure's constant)."""
    scale = np.linalg.norm(A, axis=0)
    scale[scale == 0] = 1.0
    (reflectors, tau), R = sl.qr(A / scale, mode="raw", check_finite=False, overwrite_a=True)
    n = A.shape[1]
    R, diagonal = R[:n], np.abs(np.diag(R))
    if diagonal.min() <= DEPENDENT * diagonal.max():
        U, S, Vt = sl.svd(R, check_finite=False)
        kept = RANK * S[0] < S
        pseudo = (Vt[kept].T / S[kept]) @ U[:, kept].T

    def solve(b: Array) -> Array:
        work = max(1, 64 * n)
        rotated = sl.lapack.dormqr("L", "T", reflectors, tau, b[:, None], work)[0][:n, 0]
        if diagonal.min() <= DEPENDENT * diagonal.max():
            return pseudo @ rotated / scale
        return sl.solve_triangular(R, rotated, check_finite=False) / scale

    return solve


def _solved(
    system: SlabSystem,
    rows: Callable[[Array, Conditions], Array],
    factorise: Callable[[Array, Conditions], Solve],
    tolerance: float,
    guess: Array | None,
    iterations: int,
) -> Solved:
    constraints, space = system.space.constraints, system.space
    lift = system.lifting()

    def linearised(Y: Array) -> Linearised:
        W = lift + constraints.expand(Y)
        full, partials, _ = system.evaluate(W)
        weak = {n: system.weak_residual(n, W) for n in space.weak}
        return Linearised(rows(full, weak), partial(factorise, partials, weak))

    def size(Y: Array) -> float:
        return magnitude(system, lift + constraints.expand(Y))

    start = np.zeros((constraints.size, 1)) if guess is None else constraints.restrict(guess - lift)
    limit = 2 * NEWTON_LIMIT if system.program.linear else min(2 * NEWTON_LIMIT, iterations)
    try:
        found = damped_newton(linearised, start, size, max(tolerance, 1e-14), limit)
    except (sl.LinAlgError, ValueError):
        return Solved(lift + constraints.expand(start), False, 0, 0, np.inf)
    return Solved(lift + constraints.expand(found.place), found.converged, found.steps, 0, found.change)
