"""Levenberg-Marquardt over all kernel parameters: weights, centres, log-scales, shears, with the weights projected after each step.

min |J step + r|^2 + lambda |D step_g|^2, D the column norms of J and g the geometry, by the ridge QR of `dense`, with the block Jacobian
of the emitted module. The weights are not damped: they are a (nearly) linear problem, solved again where the geometry has moved to
(variable projection). Damping them too, as a library would, stalls: Burgers at nu = 0.1, 49 kernels, 40 steps, the objective
falls from 2.3e-3 to 1.7e-3, this way to 1.4e-4. lambda follows the ratio of the actual to the predicted decrease (Nielsen's rule).
"""

from __future__ import annotations

import time
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
from pdelang.runtime.solve.box import OUT_OF_TIME, at_the_limit
from pdelang.runtime.solve.defect import with_estimate
from pdelang.runtime.solve.dense import RidgeFactor
from pdelang.runtime.solve.kernels import points_for, start
from pdelang.runtime.status import Status

DAMPING, SMALLEST_DAMPING, LARGEST_DAMPING = 1e-3, 1e-12, 1e12
RIDGE = 1e-10
"""Of the weights' columns."""
LEAST = 1e-6
"""Of the longest column: kernels of small weight hardly feel the data, and undamped they would jump."""
FARTHEST = {"centres": 0.5, "log_scales": 1.0, "shears": 2.0}
"""Most that one step may move: kernels that wander off or spread out without bound never come back."""
SMALLEST_DECREASE = 1e-4
"""Relative decrease of the objective below which a step counts as no progress; `PATIENCE` of them end the iteration."""
PATIENCE = 5


@partial(jax.jit, static_argnums=0)
def _linearise(module: Any, theta: Theta, data: tuple[Any, ...]) -> tuple[jax.Array, jax.Array]:
    """r (M,) and J (M, P)."""
    return residuals(module, theta, data), jacobian(module, theta, data)


def _step(residual: np.ndarray, matrix: np.ndarray, weights: int, damping: float) -> np.ndarray:
    """(P,): geometry columns damped, the first `weights` columns not."""
    ridge = np.full(matrix.shape[1], np.sqrt(damping))
    ridge[:weights] = RIDGE
    return RidgeFactor(np.array(matrix, order="F"), ridge, LEAST).solve(-residual)


def levenberg_marquardt(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: every parameter of every kernel, over the whole domain at once, from a grid with projected weights."""
    expansion, iteration, history = None, 0, []
    status, damping, growth, slow = Status.ITERATION_LIMIT, DAMPING, 2.0, 0
    message, deadline = at_the_limit(options.max_iterations), time.monotonic() + options.time_limit
    try:
        expansion = start(compiled, params, options, project=True)
        theta: Theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
        objective = build(compiled, params, options, theta, points_for(expansion, len(compiled.equations), options))
        module, data = objective.module, objective.data()
        residual, matrix = (np.asarray(a) for a in _linearise(module, theta, data))
        value, weights = float(residual @ residual), expansion.weights.size
        if not (np.isfinite(value) and np.isfinite(matrix).all()):
            status = Status.NON_FINITE
        while status is Status.ITERATION_LIMIT and iteration < options.max_iterations:
            if time.monotonic() > deadline:
                message = f"{OUT_OF_TIME} after {iteration} steps"
                break
            iteration += 1
            step = _step(residual, matrix, weights, damping)
            predicted = value - float(np.sum((residual + matrix @ step) ** 2))
            moved = unflatten(flatten(theta) + jnp.asarray(step), theta)
            near = all(float(jnp.abs(moved[n] - theta[n]).max(initial=0.0)) <= most for n, most in FARTHEST.items())
            ratio = -1.0
            if near and predicted > 0:
                there, columns = (np.asarray(a) for a in _linearise(module, moved, data))
                if np.isfinite(there).all() and np.isfinite(columns).all():
                    correction = RidgeFactor(np.array(columns[:, :weights], order="F"), RIDGE, LEAST).solve(-there)
                    moved = {**moved, "weights": moved["weights"] + correction.reshape(moved["weights"].shape)}
                    there, columns = (np.asarray(a) for a in _linearise(module, moved, data))
                    after = float(there @ there)
                    ratio = (value - after) / predicted if np.isfinite(after) else -1.0
            if ratio <= 0:
                damping, growth = damping * growth, 2 * growth
                if damping > LARGEST_DAMPING:
                    status = Status.STAGNATED
                continue
            slow = slow + 1 if after > (1 - SMALLEST_DECREASE) * value else 0
            theta, value, residual, matrix = moved, after, there, columns
            damping, growth = max(SMALLEST_DAMPING, damping * max(1 / 3, 1 - (2 * min(ratio, 1.0) - 1) ** 3)), 2.0
            expansion = expansion.moved(theta)
            history.append({"objective": value, "damping": damping})
            progress(f"step {iteration}", iteration / options.max_iterations, residual=value**0.5, kernels=expansion.kernels)
            if value**0.5 <= 0.01 * options.tolerance:
                status = Status.CONVERGED
            elif slow >= PATIENCE:
                status = Status.STAGNATED
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    result = MethodResult(
        representation=expansion,
        status=status,
        method="levenberg_marquardt",
        iterations=iteration,
        reason="asked for: all kernel parameters by Levenberg-Marquardt",
        message=message if status is Status.ITERATION_LIMIT else "",
        history=tuple(history),
    )
    return with_estimate(compiled, params, options, result)
