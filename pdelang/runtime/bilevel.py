"""Eq. (5) and (6): what a generator of kernels is trained on, for one condition. Pure functions of slots, points and parameters.

paper      theta_{t+1} = theta_t - eta grad L(theta_t; c), t < T;    w_adapt |theta* - theta_0|^2            (gradients through all T steps)
projected  w* = argmin_w |r(w; geometry)|^2;                          log |r(w*)|^2 / |r(0)|^2                (through the solve)

Both with beta D_KL and lambda_rep times the repulsion of eq. (6). The paper's first term is small wherever the inner gradient vanishes, at
w = 0 for one, whether or not there is a solution; the residual after projection cannot be had by standing still. Distances and steps of the
paper's mode are in slots, where weights, centres, log-scales and shears have comparable units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.decoder import StandardLayout
from pdelang.runtime.generator.points import Points, linear
from pdelang.runtime.generator.projection import Projection, factored
from pdelang.runtime.generator.rows import Parameters, System, calmed, system

GUESS = 0.3
"""Weight of the logarithm of what the guessed weights miss, beside that of the residual after projection."""
Adapted = tuple[jax.Array, dict[str, jax.Array]]
"""What is to be small, and figures: `residual`, relative, after adaptation."""


@dataclass(frozen=True, eq=False)
class Instance:
    """What the adaptation of one family needs besides slots, key and parameters."""

    compiled: CompiledProblem
    layout: StandardLayout
    points: Points

    @property
    def linear(self) -> bool:
        return linear(self.compiled)

    def system(self, theta: dict[str, Any], key: Any, params: Parameters) -> System:
        """Rows on fresh points; where the problem is nonlinear those at steep places are calmed, by the weights that theta has."""
        interior, faces = self.points.draw(key, theta)
        built = system(self.compiled, theta, interior, faces, params, jnp.asarray(self.layout.spacing))
        return built if self.linear else calmed(self.compiled, built, theta, theta["weights"])

    def projected(self, slots: jax.Array, key: Any, params: Parameters, projection: Projection) -> tuple[dict[str, Any], jax.Array]:
        """Kernels with their weights projected, and the relative residual squared."""
        theta = self.layout.theta(slots)
        rows = self.system(theta, key, params)
        weights = projection(rows.linearised, theta["weights"])
        none = jnp.sum(rows.residual(jnp.zeros_like(weights)) ** 2)
        return theta | {"weights": weights}, jnp.sum(rows.residual(weights) ** 2) / jnp.maximum(none, 1e-300)

    def descended(self, slots: jax.Array, keys: jax.Array, params: Parameters, rate: float) -> jax.Array:
        """Eq. (5): one gradient step on eq. (3) a key, each on fresh points; new slots."""
        for key in keys:
            slots = slots - rate * jax.grad(self.loss)(slots, key, params)
        return slots

    def loss(self, slots: jax.Array, key: Any, params: Parameters) -> jax.Array:
        """Eq. (3) on fresh points, balanced."""
        theta = self.layout.theta(slots)
        return jnp.sum(self.system(theta, key, params).residual(theta["weights"]) ** 2)


def projected_loss(instance: Instance, projection: Projection) -> Callable[..., Adapted]:
    """log |r(w*)|^2 / |r(0)|^2, by the row that the problem's kind asks for."""
    return _through_the_solve(instance, projection) if instance.linear else _implicitly(instance, projection)


def _through_the_solve(instance: Instance, projection: Projection) -> Callable[..., Adapted]:
    """Of a linear problem: the ridge is relative to columns that the geometry changes, and a gradient that forgets this inflates kernels
    (convection, 3,000 steps: 90 % of the centres outside the box)."""

    def of(slots: jax.Array, key: Any, params: Parameters) -> Adapted:
        _, squared = instance.projected(slots, key, params, projection)
        squared = jnp.maximum(squared, 1e-300)
        return jnp.log(squared), {"residual": jnp.sqrt(squared)}

    return of


def _implicitly(instance: Instance, projection: Projection) -> Callable[..., Adapted]:
    """Of a nonlinear problem: w* solves g = A^T r + ridge (w - w_before) = 0, with l = (A^T A + ridge)^-1 A^T r

        d|r(w*)|^2 = d_geometry ( |r|^2 - 2 (A l) . r ) = d_geometry ( 4/3 |r(w* - l/2)|^2 - 1/3 |r(w* + l)|^2 ),

    two gradients of eq. (3) in the emitted module's fused form in place of Gauss-Newton steps unrolled (Burgers, 144 kernels, batch of 4:
    45 ms of CPU a step in place of 400). The ridge holds the last step only, so that its columns hardly matter once the steps converge. The
    guessed weights, where the steps start, are drawn to w* in the metric of A.
    """

    def of(slots: jax.Array, key: Any, params: Parameters) -> Adapted:
        theta = instance.layout.theta(slots)
        rows = instance.system(jax.lax.stop_gradient(theta), key, params)
        weights = projection(rows.linearised, jax.lax.stop_gradient(theta["weights"]))
        residual, matrix = rows.linearised(weights)
        half = factored(matrix, projection.ridge)(residual).reshape(weights.shape)
        none = jnp.maximum(jnp.sum(rows.residual(jnp.zeros_like(weights)) ** 2), 1e-300)
        squared = jnp.maximum(jnp.sum(residual**2) / none, 1e-300)
        weights, half, matrix, scales = jax.lax.stop_gradient((weights, half, matrix, rows.scales(weights)))
        at = [rows.squared_norm(instance.compiled, theta | {"weights": w}, scales) for w in (weights - half / 2, weights + half)]
        slope = (4 * at[0] - at[1]) / 3
        value = jnp.log(squared) + (slope - jax.lax.stop_gradient(slope)) / jax.lax.stop_gradient(squared * none)
        missed = jnp.sum((matrix @ (theta["weights"] - weights).ravel()) ** 2) / none
        return value + GUESS * jnp.log(missed + 1e-12), {"residual": jnp.sqrt(squared)}

    return of


def paper_loss(instance: Instance, steps: int, rate: float, w_adapt: float) -> Callable[..., Adapted]:
    def of(slots: jax.Array, key: Any, params: Parameters) -> Adapted:
        keys = jax.random.split(key, steps + 1)
        adapted = instance.descended(slots, keys[:-1], params, rate)
        after = instance.loss(jax.lax.stop_gradient(adapted), keys[-1], params)
        before = instance.loss(jnp.zeros_like(slots), keys[-1], params)
        return w_adapt * jnp.sum((adapted - slots) ** 2), {"residual": jnp.sqrt(after / jnp.maximum(before, 1e-300))}

    return of
