"""Eq. (3): L = alpha_r E|N|^2 + alpha_b E|B|^2 + alpha_0 E|u - u_0|^2 + alpha_y E|u - y|^2.

One table says which alpha an equation or condition takes. Expectations are quadrature over the box where the unknowns are weights
(`collocation.System`), and means over sampled points where they are all kernel parameters (`Objective`). Balancing divides each equation
by the size of its own operator, the root mean square norm of its rows of dr/dw, so that the alphas compare like with like.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.collocation import Parameters, holds
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.sampling import on_conditions, on_equation

ALPHA = {
    "interior": "alpha_residual",
    "boundary": "alpha_boundary",
    "periodic": "alpha_boundary",
    "point": "alpha_boundary",
    "initial": "alpha_initial",
    "data": "alpha_data",
}
"""Kind of an equation -> the option that weighs it."""

Theta = dict[str, Any]
LEAVES = ("weights", "centres", "log_scales", "shears")


def alpha(kind: str, options: SolveOptions) -> float:
    return float(getattr(options, ALPHA[kind]))


@dataclass(frozen=True, eq=False)
class Objective:
    """The terms of eq. (3) on sampled points, as functions of theta; `module` is the emitted one.

    points (N, d) and weights (E, N): interior; a weight is alpha over the equation's squared size, zero where its `where` does not hold.
    condition_points, condition_weights: (N_i, d) and (N_i,), one a condition.
    """

    module: Any
    params: dict[str, Any]
    points: jax.Array
    weights: jax.Array
    condition_points: tuple[jax.Array, ...]
    condition_weights: tuple[jax.Array, ...]

    def data(self) -> tuple[Any, ...]:
        """What varies from solve to solve: arguments of the compiled functions, so that nothing is baked in."""
        return self.params, self.points, self.weights, self.condition_points, self.condition_weights


def loss(module: Any, theta: Theta, data: tuple[Any, ...]) -> jax.Array:
    """Eq. (3), a number."""
    params, points, weights, condition_points, condition_weights = data
    total = module.loss(theta, points, params, weights)
    for i, (at, w) in enumerate(zip(condition_points, condition_weights)):
        total = total + module.condition_loss(i, theta, at, params, w[None])
    return total


def residuals(module: Any, theta: Theta, data: tuple[Any, ...]) -> jax.Array:
    """(M,): the vector whose squared norm is eq. (3)."""
    params, points, weights, condition_points, condition_weights = data
    parts = [(jnp.sqrt(weights / points.shape[0]) * module.residual(theta, points, params)).ravel()]
    for i, (at, w) in enumerate(zip(condition_points, condition_weights)):
        parts.append(jnp.sqrt(w / at.shape[0]) * module.condition_residual(i, theta, at, params))
    return jnp.concatenate(parts)


def jacobian(module: Any, theta: Theta, data: tuple[Any, ...]) -> jax.Array:
    """(M, P): its derivative, columns in the order of `flatten`. Block form: kernel k stands in its own columns only."""
    params, points, weights, condition_points, condition_weights = data
    scale = jnp.sqrt(weights / points.shape[0])
    block = module.residual_jacobian(theta, points, params)
    count = scale.size
    parts = [jnp.concatenate([(block[n].reshape(*scale.shape, -1) * scale[..., None]).reshape(count, -1) for n in LEAVES], axis=1)]
    for i, (at, w) in enumerate(zip(condition_points, condition_weights)):
        block = module.condition_jacobian(i, theta, at, params)
        rows = jnp.concatenate([block[n].reshape(at.shape[0], -1) for n in LEAVES], axis=1)
        parts.append(rows * jnp.sqrt(w / at.shape[0])[:, None])
    return jnp.concatenate(parts)


def flatten(theta: Theta) -> jax.Array:
    return jnp.concatenate([theta[n].ravel() for n in LEAVES])


def unflatten(vector: jax.Array, like: Theta) -> Theta:
    out, start = {}, 0
    for n in LEAVES:
        out[n] = vector[start : start + like[n].size].reshape(like[n].shape)
        start += like[n].size
    return out


def build(compiled: CompiledProblem, params: Parameters, options: SolveOptions, theta: Theta, count: int) -> Objective:
    """Sobol points: `count` inside, 2 sqrt(count) on each condition; sizes of the operators measured at `theta`."""
    module, seed = compiled.module, options.seed
    values = {name: jnp.asarray(value, dtype=float) for name, value in params.items()}
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(params))
    dimension = len(lower)

    def sampled(equation: CompiledEquation, number: int, wanted: int) -> np.ndarray:
        points = on_equation(equation, params, lower, upper, wanted, seed + number)
        return points[np.arange(wanted) % len(points)]

    restricted = any(e.where is not None for e in compiled.equations)  # then each has points of its own, else all share them
    asked = compiled.equations if restricted else compiled.equations[:1]
    points = np.concatenate([sampled(e, 101 * n, max(1, count // len(asked))) for n, e in enumerate(asked)])
    share = np.stack([_holding(e, points, params) for e in compiled.equations])
    rows = np.asarray(_weight_rows(module, -1, theta, jnp.asarray(points[:256]), values))
    sizes = _row_norm(rows.reshape(len(rows), rows.shape[1], -1))
    weights = np.array([alpha(e.kind, options) for e in compiled.equations])[:, None] * share / sizes[:, None] ** 2
    condition_points, condition_weights = [], []
    wanted = max(16, int(2 * np.sqrt(count))) if dimension <= 2 else max(64, count // 4)
    sets = on_conditions(compiled, params, lower, upper, wanted, seed + 7001)
    for i, (condition, found) in enumerate(zip(compiled.conditions, sets)):
        counts = float(len(found) > 0)  # not a face that `where` leaves out: the module wants a point of each, and this one weighs nothing
        at = found[np.arange(wanted if condition.free else 1) % len(found)] if counts else (lower + upper)[None] / 2
        block = np.asarray(_weight_rows(module, i, theta, jnp.asarray(at[:256]), values))
        size = _row_norm(block.reshape(1, len(block), -1))[0]
        condition_points.append(jnp.asarray(at))
        condition_weights.append(jnp.full(len(at), counts * alpha(condition.kind, options) / size**2))
    return Objective(module, values, jnp.asarray(points), jnp.asarray(weights), tuple(condition_points), tuple(condition_weights))


@partial(jax.jit, static_argnums=(0, 1))
def _weight_rows(module: Any, number: int, theta: Theta, points: jax.Array, params: Parameters) -> jax.Array:
    """dr/dw of the equations (number -1) or of a condition."""
    of = module.residual_jacobian if number < 0 else partial(module.condition_jacobian, number)
    return of(theta, points, params)["weights"]


def _holding(equation: CompiledEquation, points: np.ndarray, params: Parameters) -> np.ndarray:
    """1 where the equation is asked for, 0 elsewhere, scaled so that its mean is one."""
    flags = holds(equation, points, params).astype(float)
    return flags / max(flags.mean(), 1e-300)


def _row_norm(rows: np.ndarray) -> np.ndarray:
    """Root mean square row norm a block, 1 where it vanishes."""
    norms = np.sqrt(np.mean(np.sum(rows**2, axis=-1), axis=-1))
    return np.where(norms > 0, norms, 1.0)
