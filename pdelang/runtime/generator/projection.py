"""Weights for a given geometry: one least-squares solve where the problem is linear, a few Gauss-Newton steps where it is not.

    w <- w - S (S A^T A S + rho I)^-1 S A^T r,     S = 1/|columns of A|

Columns of unit norm make the ridge rho a relative one. Corrections repeated with the same factor (iterated Tikhonov) remove the bias of the
ridge wherever the data determine w, so that normal equations reach what a QR factorisation would at a third of its price. Everything is
differentiable: through `solve`, by the implicit function theorem, through Gauss-Newton steps by unrolling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

Linearise = Callable[[jax.Array], tuple[jax.Array, jax.Array]]
"""weights (F, K) -> residual (M,), matrix (M, F K)."""


@dataclass(frozen=True)
class Projection:
    """steps: of Gauss-Newton, 1 where the problem is linear. ridge: relative. refinements: more corrections with the last factor."""

    steps: int
    ridge: float
    refinements: int = 0

    def __call__(self, linearise: Linearise, weights: jax.Array) -> jax.Array:
        """Weights (F, K) from a first guess; of a linear problem the guess plays no part but for the ridge."""
        for _ in range(self.steps):
            residual, matrix = linearise(weights)
            solve = factored(matrix, self.ridge)
            weights = weights - solve(residual).reshape(weights.shape)
        for _ in range(self.refinements):
            weights = weights - solve(linearise(weights)[0]).reshape(weights.shape)
        return weights


def factored(matrix: jax.Array, ridge: float) -> Callable[[jax.Array], jax.Array]:
    """right (M,) -> the ridge-regularised least-squares solution of matrix x = right."""
    scale = jnp.sqrt(jnp.maximum(jnp.sum(matrix**2, axis=0), 1e-300))
    scaled = matrix / scale
    normal = scaled.T @ scaled + ridge * jnp.eye(matrix.shape[1])
    factor = jax.scipy.linalg.cho_factor(normal, lower=True)
    return lambda right: jax.scipy.linalg.cho_solve(factor, scaled.T @ right) / scale
