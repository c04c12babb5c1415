"""Levenberg-Marquardt over all kernel parameters: weights, centres, log-scales, shears.

min |J step + r|^2 + lambda |D step|^2, D the column norms of J, by the ridge QR of `dense`, with the block Jacobian of the emitted module;
lambda follows the ratio of the actual to the predicted decrease (Nielsen's rule), and grows where a step would move a kernel further than
the linear model can know. The QR sees the directions in which overlapping kernels cancel, which normal equations, and so a library's
solver at the same price, do not; driven from here, the iteration tells its progress and can be interrupted.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.collocation import Parameters
from pdelang.runtime.objective import Theta, build, flatten, jacobian, residuals, unflatten
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.kernels import points_for, start
from pdelang.runtime.status import Status

DAMPING, SMALLEST_DAMPING, LARGEST_DAMPING = 1e-6, 1e-24, 1e12
FARTHEST = {"centres": 0.5, "log_scales": 0.7, "shears": 1.0}
"""Most that one step may move: kernels that wander off or spread out without bound never come back."""
SMALLEST_DECREASE = 1e-4
"""Relative decrease of the objective below which a step counts as no progress; `PATIENCE` of them end the iteration."""
PATIENCE = 5


@partial(jax.jit, static_argnums=0)
def _linearise(module: Any, theta: Theta, data: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
    """r (M,) and J (M, P)."""
    return residuals(module, theta, data), jacobian(module, theta, data)


@partial(jax.jit, static_argnums=0)
def _moved(module: Any, theta: Theta, data: tuple[Any, ...], step: jax.Array) -> tuple[Theta, jax.Array]:
    """theta + step, and its residuals."""
    moved = unflatten(flatten(theta) + step, theta)
    return moved, residuals(module, moved, data)


def levenberg_marquardt(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: every parameter of every kernel, over the whole domain at once, from a grid with projected weights."""
    expansion, iteration, history = None, 0, []
    status, damping, growth, slow = Status.ITERATION_LIMIT, DAMPING, 2.0, 0
    try:
        expansion = start(compiled, params, options, project=True)
        theta: Theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
        objective = build(compiled, params, options, theta, points_for(expansion, len(compiled.equations), options))
        module, data = objective.module, objective.data()
        residual, matrix = (np.asarray(a) for a in _linearise(module, theta, data))
        value = float(residual @ residual)
        if not (np.isfinite(value) and np.isfinite(matrix).all()):
            status = Status.NON_FINITE
        while status is Status.ITERATION_LIMIT and iteration < options.max_iterations:
            iteration += 1
            step = RidgeFactor(np.array(matrix, order="F"), float(np.sqrt(damping))).solve(-residual)
            predicted = value - float(np.sum((residual + matrix @ step) ** 2))
            moved, there = _moved(module, theta, data, jnp.asarray(step))
            after = float(there @ there)
            near = all(float(jnp.abs(moved[n] - theta[n]).max(initial=0.0)) <= most for n, most in FARTHEST.items())
            ratio = (value - after) / predicted if near and np.isfinite(after) and predicted > 0 else -1.0
            if ratio <= 0:
                damping, growth = damping * growth, 2 * growth
                if damping > LARGEST_DAMPING:
                    status = Status.STAGNATED
                continue
            slow = slow + 1 if after > (1 - SMALLEST_DECREASE) * value else 0
            theta, value = moved, after
            damping, growth = max(SMALLEST_DAMPING, damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3)), 2.0
            residual, matrix = (np.asarray(a) for a in _linearise(module, theta, data))
            expansion = expansion.moved(theta)
            history.append({"objective": value, "damping": damping})
            progress(f"step {iteration}", iteration / options.max_iterations, residual=value**0.5, kernels=expansion.kernels)
            if value**0.5 <= 0.01 * options.tolerance:
                status = Status.CONVERGED
            elif slow >= PATIENCE:
                status = Status.STAGNATED
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return MethodResult(
        representation=expansion,
        status=status,
        method="levenberg_marquardt",
        iterations=iteration,
        reason="asked for: all kernel parameters by Levenberg-Marquardt",
        history=tuple(history),
    )
