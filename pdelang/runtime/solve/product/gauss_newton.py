"""Steady systems of moderate size: one dense factorisation a Newton step, or one for several.

One field, or several each with an elliptic equation of its own, and conditions that are constraints: Galerkin, N^T J N by LU, or axis by
axis where the operator is separable with constant coefficients. Other systems (a pressure has no test functions of its own) and weak
conditions: Gauss-Newton, min |r|^2 over all test functions and the rows of the conditions, by QR; where second derivatives are infinite in
a corner its error is a hundred times that of Galerkin's method.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.faces import AxisConstraints
from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product.damped import Linearised, Solve, damped_newton
from pdelang.runtime.solve.product.factorised import least_squares, soft_lu, sylvester
from pdelang.runtime.solve.product.linear import LARGEST_DENSE, frozen_blocks
from pdelang.runtime.solve.product.modes import FastDiagonal
from pdelang.runtime.solve.product.solved import NEWTON_LIMIT, Solved, magnitude
from pdelang.runtime.solve.product.system import SlabSystem, Space

LARGEST_SQUARE = 3000  # unknowns of one field up to which a dense factorisation is faster than an iteration
WORTH_SEPARATING = 500  # unknowns from which a separable operator is solved axis by axis

Conditions = dict[int, tuple[Array, Array]]


def least_squares_wanted(system: SlabSystem) -> bool:
    """Weak conditions, or fields without test functions of their own, and not too many unknowns."""
    program, space = system.program, system.space
    wanted = bool(space.weak) or not elliptic(space)
    return program.time is None and wanted and space.constraints.size <= LARGEST_DENSE


def galerkin_wanted(system: SlabSystem) -> bool:
    program, space = system.program, system.space
    wanted = program.time is None and elliptic(space) and not space.weak
    most = LARGEST_SQUARE if program.fields == 1 else LARGEST_DENSE
    return wanted and (space.constraints.size <= most or separable(system))


def elliptic(space: Space) -> bool:
    """One field; or does each equation hold the field that it is paired with to its highest order, an even one, for which the field has as
    many conditions along every axis?"""
    program = space.program
    if program.fields == 1:
        return True
    conditions = program.compiled.conditions
    for equation, slot in zip(program.compiled.equations, program.slots):
        own = [j.orders for j in equation.jets if j.field == slot]
        highest = max(sum(j.orders) for j in equation.jets)
        if highest % 2 or highest != max(map(sum, own), default=0):
            return False
        for axis in range(space.dimension):
            given = sum(at == axis and {j.field for j in conditions[n].jets} == {slot} for n, at in space.strong.items())
            if given != (0 if program.periodic[axis] else max(orders[axis] for orders in own)):
                return False
    return True


def separable(system: SlabSystem) -> bool:
    """Constant coefficients, no mixed derivatives; on three axes and more even orders too, for eigenvectors to be orthogonal."""
    program, d = system.program, system.space.dimension
    if program.fields > 1:
        return False
    pure = all(sum(orders) == max(orders) for _, orders in program.indices)
    even = d == 2 or all(order % 2 == 0 for _, orders in program.indices for order in orders)
    return program.constant and pure and even and isinstance(system.space.constraints, AxisConstraints)


def solve_least_squares(system: SlabSystem, tolerance: float, guess: Array | None = None, iterations: int = 2 * NEWTON_LIMIT) -> Solved:
    """min |r|^2 over all test functions and weak rows, and the mean of each field whose level nothing fixes: it is zero then."""
    space, program = system.space, system.program
    levels = open_levels(system)
    faces = [system.weak_residual(n, system.lifting())[0].size for n in space.weak]
    # a weak row competes with residuals whose operator grows like the square of the resolution
    weights = np.concatenate(
        [np.ones(program.fields * int(np.prod(space.ranks))), *(np.full(s, float(max(space.ranks))) for s in [*faces, len(levels)])]
    )

    def rows(full: Array, weak: Conditions, W: Array) -> Array:
        means = np.array([np.vdot(level, W) for level in levels])
        return np.concatenate([full.ravel(), *(w[0].ravel() for w in weak.values()), means]) * weights

    def factorise(partials: Array, weak: Conditions, size: float) -> Solve:
        frozen = frozen_blocks(system, partials, {n: w[1] for n, w in weak.items()}, full_tests=True)
        blocks = [sum(part.values(), start=np.zeros(1)) for part in (frozen.interior, frozen.faces) if part]
        blocks += [space.constraints.restrict(level).T for level in levels]
        return least_squares(np.concatenate(blocks) * weights[:, None])

    return _solved(system, rows, factorise, tolerance, guess, iterations)


def open_levels(system: SlabSystem) -> list[Array]:
    """Functionals, the means, of the fields of which only derivatives occur: (fields, r_1, ..., r_d, 1) each."""
    compiled, out = system.program.compiled, []
    fixed = {j.field for e in (*compiled.equations, *compiled.conditions) for j in e.jets if not sum(j.orders)}
    for field in set(range(system.program.fields)) - fixed:
        mean = np.ones(1)
        for factor in reversed(system.space.factors):
            mean = np.multiply.outer(factor.weights @ factor.values[0] / (factor.upper - factor.lower), mean)
        level = np.zeros(system.shape)
        level[field] = mean
        out.append(level)
    return out


def solve_galerkin(system: SlabSystem, tolerance: float, guess: Array | None = None, iterations: int = 2 * NEWTON_LIMIT) -> Solved:
    """N^T r(lift + N Y) = 0."""

    def rows(full: Array, weak: Conditions, W: Array) -> Array:
        return system.space.constraints.restrict(full)

    def factorise(partials: Array, weak: Conditions, size: float) -> Solve:
        if separable(system) and system.space.constraints.size >= WORTH_SEPARATING:
            return sylvester(system, partials) if system.space.dimension == 2 else FastDiagonal(system, partials)
        matrix = sum(frozen_blocks(system, partials, {}).interior.values(), start=np.zeros(1))
        return soft_lu(matrix, np.inf if system.program.linear else size)

    return _solved(system, rows, factorise, tolerance, guess, iterations)


def _solved(
    system: SlabSystem,
    rows: Callable[[Array, Conditions, Array], Array],
    factorise: Callable[[Array, Conditions, float], Solve],
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
        return Linearised(rows(full, weak, W), partial(factorise, partials, weak, magnitude(system, W)))

    def size(Y: Array) -> float:
        return magnitude(system, lift + constraints.expand(Y))

    start = np.zeros((constraints.size, 1)) if guess is None else constraints.restrict(guess - lift)
    limit = 2 * NEWTON_LIMIT if system.program.linear else min(2 * NEWTON_LIMIT, iterations)
    try:
        found = damped_newton(linearised, start, size, max(tolerance, 1e-14), limit)
    except (sl.LinAlgError, ValueError):
        return Solved(lift + constraints.expand(start), False, 0, 0, np.inf)
    return Solved(lift + constraints.expand(found.place), found.converged, found.steps, 0, found.change)
