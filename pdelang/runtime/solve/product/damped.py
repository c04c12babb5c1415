"""Damped Newton for steady problems, with the monotonicity test that no scaling of the equations changes.

    J delta = -r(u),    u + lambda delta is taken where  |J^-1 r(u + lambda delta)| <= (1 - lambda/4) |delta|

J^-1 is a factorisation (Galerkin: a square system; Gauss-Newton: least squares) and serves further steps as long as they contract.
P. Deuflhard, Newton Methods for Nonlinear Problems, sections 3.3 and 4.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pdelang.runtime.layout.factor import Array

SHORTEST = 1e-3  # damping factor below which the iteration is given up
KEPT = 0.25  # contraction up to which a factorisation serves another step
AT_ROUNDING = 1e-9  # a relative step below which one that no longer contracts is rounding

Solve = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Linearised:
    """r at one place. factorise() -> J^-1 as a function of right-hand sides."""

    residual: Array
    factorise: Callable[[], Solve]


@dataclass(frozen=True, eq=False)
class Found:
    """steps: updates; factorisations: of them those with a new J. change: last step over the size of the solution."""

    place: Array
    converged: bool
    steps: int
    factorisations: int
    change: float


def damped_newton(
    linearised: Callable[[Array], Linearised], start: Array, size: Callable[[Array], float], tolerance: float, limit: int
) -> Found:
    """linearised(Y): r and its derivative at Y. size(Y): what the norm of a step is relative to. tolerance: of the relative step."""
    Y, here = start, linearised(start)
    step, fresh, change, damping = 0, 0, np.inf, 1.0
    solve: Solve | None = None
    delta = np.zeros_like(Y)
    while step < limit and np.isfinite(here.residual).all():
        if solve is None:
            solve, fresh = here.factorise(), fresh + 1
            delta = -solve(here.residual).reshape(Y.shape)
            damping = min(1.0, 4 * damping)
        if not np.isfinite(delta).all():
            break
        length = float(np.linalg.norm(delta))
        trial, there, following = _shortened(linearised, solve, Y, delta, damping)
        if trial is None or there is None:
            small = length < AT_ROUNDING * size(Y)
            return Found(Y, small, step, fresh, length / size(Y))
        step, damping = step + 1, trial
        Y, here = Y + damping * delta, there
        previous, change = change, damping * length / size(Y)
        contraction = float(np.linalg.norm(following)) / length if length > 0 else 0.0
        if damping == 1.0 and (change <= tolerance or contraction * change <= 0.1 * tolerance):
            return Found(Y + following, True, step, fresh, change)
        if change < AT_ROUNDING and change > 0.3 * previous:
            return Found(Y, True, step, fresh, change)
        if damping == 1.0 and contraction < KEPT:
            delta = following
        else:
            solve = None
    return Found(Y, False, step, fresh, change)


def _shortened(
    linearised: Callable[[Array], Linearised], solve: Solve, Y: Array, delta: Array, damping: float
) -> tuple[float | None, Linearised | None, Array]:
    """The longest step, halved from `damping`, after which the next one with the same J would be shorter; None below SHORTEST."""
    length = float(np.linalg.norm(delta))
    while damping >= SHORTEST:
        there = linearised(Y + damping * delta)
        if np.isfinite(there.residual).all():
            following = -solve(there.residual).reshape(Y.shape)
            if np.linalg.norm(following) <= (1 - 0.25 * damping) * length or length == 0.0:
                return damping, there, following
        damping *= 0.5
    return None, None, delta
