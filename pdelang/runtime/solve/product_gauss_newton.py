"""Steady systems of moderate size: Gauss-Newton, dense least squares on all test functions with the weak conditions as rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg as sl

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.solve.product_iteration import NEWTON_LIMIT, Solved, magnitude
from pdelang.runtime.solve.product_linear import LARGEST_DENSE, Frozen, frozen_blocks, least_squares_step
from pdelang.runtime.solve.product_system import SlabSystem


def least_squares_wanted(system: SlabSystem) -> bool:
    """Steady systems: a pressure has no test functions of its own, weak conditions are rows; dense least squares holds both."""
    program, space = system.program, system.space
    several = program.fields > 1 or bool(space.weak)
    return program.time is None and several and space.constraints.size <= LARGEST_DENSE


def solve_least_squares(system: SlabSystem, tolerance: float, guess: Array | None = None, iterations: int = 2 * NEWTON_LIMIT) -> Solved:
    """Gauss-Newton with halving of the step: min |R|^2 over all test functions and weak rows."""
    constraints, space, program = system.space.constraints, system.space, system.program
    lift = system.lifting()
    Y = np.zeros((constraints.size, 1)) if guess is None else constraints.restrict(guess - lift)

    def residual(Y: Array) -> tuple[Array, Callable[[], Array]]:
        W = lift + constraints.expand(Y)
        full, partials, _ = system.evaluate(W)
        weak = {n: system.weak_residual(n, W) for n in space.weak}

        def jacobian() -> Array:
            frozen: Frozen = frozen_blocks(system, partials, {n: w[1] for n, w in weak.items()}, full_tests=True)
            total = [sum(m for m in part.values()) for part in (frozen.interior, frozen.faces) if part]
            return np.concatenate([np.asarray(t) for t in total]) * weights[:, None]

        return np.concatenate([full.ravel(), *(w[0].ravel() for w in weak.values())]) * weights, jacobian

    faces = [system.weak_residual(n, lift)[0].size for n in space.weak]
    # a weak row competes with residuals whose operator grows like the square of the resolution
    weights = np.concatenate([np.ones(program.fields * int(np.prod(space.ranks))), *(np.full(s, float(max(space.ranks))) for s in faces)])
    r, jacobian = residual(Y)
    change = np.inf
    for step in range(1, (2 * NEWTON_LIMIT if program.linear else min(2 * NEWTON_LIMIT, iterations)) + 1):
        if not np.isfinite(r).all():
            return Solved(lift + constraints.expand(Y), False, step, 0, np.inf)
        try:
            update = least_squares_step(jacobian(), -r).reshape(Y.shape)
        except (sl.LinAlgError, ValueError):
            return Solved(lift + constraints.expand(Y), False, step, 0, np.inf)
        norm, share = np.linalg.norm(r), 1.0
        while True:
            trial = residual(Y + share * update)
            if np.linalg.norm(trial[0]) < norm or share < 1e-2 or program.linear:
                break
            share *= 0.5
        previous, change = change, share * float(np.linalg.norm(update)) / magnitude(system, lift + constraints.expand(Y + update))
        if share < 1e-2 and change > 1e-8:
            return Solved(lift + constraints.expand(Y), False, step, 0, change)
        Y, (r, jacobian) = Y + share * update, trial
        if change < max(tolerance, 1e-13) or (change < 1e-9 and change > 0.3 * previous) or (program.linear and step == 2):
            return Solved(lift + constraints.expand(Y), True, step, 0, change)
    return Solved(lift + constraints.expand(Y), False, step, 0, change)
