"""Weights for a given geometry: one least-squares solve where the problem is linear, a few Gauss-Newton steps where it is not.

    w <- w - S (S A^T A S + rho I)^-1 S A^T r,     S = 1/|columns of A|

Columns of unit norm make the ridge rho a relative one. Corrections repeated with the same factor (iterated Tikhonov) remove the bias of the
ridge wherever the data determine w, so that normal equations reach what a QR factorisation would at a third of its price. Everything is
differentiable: through `solve`, by the implicit function theorem, through Gauss-Newton steps by unrolling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

Linearise = Callable[[jax.Array], tuple[jax.Array, jax.Array]]
"""weights (F, K) -> residual (M,), matrix (M, F K)."""


@dataclass(frozen=True)
class Projection:
    """steps: of Gauss-Newton, 1 where the problem is linear. ridge: relative. refinements: more corrections with the last factor.
    enough: share of |r| that a step has to take away for another one to follow; 0: all steps are taken, in a form that can be
    differentiated by unrolling."""

    steps: int
    ridge: float
    refinements: int = 0
    enough: float = 0.0

    def __call__(self, linearise: Linearise, weights: jax.Array) -> jax.Array:
        """Weights (F, K) from a first guess; of a linear problem the guess plays no part but for the ridge."""
        if self.enough and self.steps > 1:
            return self._until_settled(linearise, weights)
        for _ in range(self.steps):
            residual, matrix = linearise(weights)
            solve = factored(matrix, self.ridge)
            weights = weights - solve(residual).reshape(weights.shape)
        for _ in range(self.refinements):
            weights = weights - solve(linearise(weights)[0]).reshape(weights.shape)
        return weights

    def _until_settled(self, linearise: Linearise, weights: jax.Array) -> jax.Array:
        """The corrections come with every step: they cost a tenth of a factorisation, and steps are fewer for them."""

        def step(carry: Any) -> Any:
            count, weights, size, _ = carry
            solve = factored(linearise(weights)[1], self.ridge)
            for _ in range(1 + self.refinements):
                weights = weights - solve(linearise(weights)[0]).reshape(weights.shape)
            return count + 1, weights, jnp.linalg.norm(linearise(weights)[0]), size

        def more(carry: Any) -> Any:
            count, _, size, before = carry
            return (count < self.steps) & (size < (1 - self.enough) * before)

        start = jnp.asarray(0), weights, jnp.linalg.norm(linearise(weights)[0]), jnp.asarray(jnp.inf)
        return jnp.asarray(jax.lax.while_loop(more, step, start)[1])


def factored(matrix: jax.Array, ridge: float) -> Callable[[jax.Array], jax.Array]:
    """right (M,) -> the ridge-regularised least-squares solution of matrix x = right."""
    scale = jnp.sqrt(jnp.maximum(jnp.sum(matrix**2, axis=0), 1e-300))
    scaled = matrix / scale
    normal = scaled.T @ scaled + ridge * jnp.eye(matrix.shape[1])
    factor = jax.scipy.linalg.cho_factor(normal, lower=True)
    return lambda right: jax.scipy.linalg.cho_solve(factor, scaled.T @ right) / scale
