"""Eq. (4): z ~ q(z|c) = N(mu(c), diag sigma(c)^2), reparameterised: z = mu + sigma * epsilon, epsilon ~ N(0, I).

The condition enters as Fourier features of its unit coordinates, one token a parameter: attention to a single token would give
every kernel the same shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.runtime.generator.networks import Tree, affine, dense

FREQUENCIES = 8
FEATURES = 1 + 2 * FREQUENCIES
"""17: c itself, sines and cosines of k pi c/2, k = 1 to 8, which tell the two ends of [-1, 1] apart."""


def features(c: jax.Array, frequencies: int = FREQUENCIES) -> jax.Array:
    """(size,) -> (size, 1 + 2 frequencies)."""
    phase = 0.5 * jnp.pi * jnp.arange(1, frequencies + 1) * c[:, None]
    return jnp.concatenate([c[:, None], jnp.sin(phase), jnp.cos(phase)], axis=1)


@dataclass(frozen=True)
class Encoder:
    """conditions: length of c. latent: length of z."""

    conditions: int
    latent: int
    hidden: int = 64

    def init(self, key: Any) -> Tree:
        a, b, c = jax.random.split(key, 3)
        return {
            "in": dense(a, self.conditions * FEATURES, self.hidden),
            "middle": dense(b, self.hidden, self.hidden),
            "out": dense(c, self.hidden, 2 * self.latent, 0.1),
        }

    def __call__(self, tree: Tree, c: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Mean and logarithm of the deviation, (latent,) each."""
        h = jnp.tanh(affine(tree["in"], features(c).ravel()))
        mean, log_deviation = jnp.split(affine(tree["out"], jnp.tanh(affine(tree["middle"], h))), 2)
        return mean, log_deviation


def divergence(mean: jax.Array, log_deviation: jax.Array) -> jax.Array:
    """D_KL(N(mean, deviation^2) || N(0, I)), the second term of eq. (6)."""
    return 0.5 * jnp.sum(jnp.exp(2 * log_deviation) + mean**2 - 1 - 2 * log_deviation)
