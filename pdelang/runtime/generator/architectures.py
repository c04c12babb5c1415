"""Networks from conditions to slots, one row each: c and noise -> numbers a kernel (K, Q), and the divergence of the latent code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from pdelang.runtime.generator.encoder import FEATURES, Encoder, divergence, features
from pdelang.runtime.generator.flow import Coded, Flow
from pdelang.runtime.generator.networks import Tree, affine, dense
from pdelang.runtime.generator.set_transformer import SetTransformer

LATENT = 8
INDUCED_FROM, INDUCED = 400, 32
"""From so many kernels on slots attend to each other through induced points."""


@dataclass(frozen=True)
class Sizes:
    """kernels, outputs a kernel, length of the condition vector, dimension of the domain."""

    kernels: int
    outputs: int
    conditions: int
    dimension: int


class Architecture(Protocol):
    """latent: how many standard normal numbers `noise` it takes; 0: one answer a condition, no posterior."""

    @property
    def latent(self) -> int: ...

    def init(self, key: Any) -> Tree: ...

    def __call__(self, tree: Tree, c: jax.Array, noise: jax.Array, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Slots (K, Q) and the divergence of q(z|c) from N(0, I). noise 0: the posterior mean."""


@dataclass(frozen=True)
class Plain:
    """Two hidden layers from 17 features a parameter to all slots at once. The cheap design that the others have to beat."""

    sizes: Sizes
    hidden: int = 64
    latent: int = 0

    def init(self, key: Any) -> Tree:
        a, b, c = jax.random.split(key, 3)
        s = self.sizes
        return {
            "in": dense(a, s.conditions * FEATURES, self.hidden),
            "middle": dense(b, self.hidden, self.hidden),
            "out": dense(c, self.hidden, s.kernels * s.outputs, 0.01),
        }

    def __call__(self, tree: Tree, c: jax.Array, noise: jax.Array, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(affine(tree["in"], features(c).ravel()))
        out = affine(tree["out"], jnp.tanh(affine(tree["middle"], h)))
        return out.reshape(self.sizes.kernels, self.sizes.outputs), jnp.zeros(())


@dataclass(frozen=True)
class Variational:
    """Eq. (4): encoder, latent code, Set Transformer."""

    sizes: Sizes
    latent: int = LATENT

    @property
    def encoder(self) -> Encoder:
        return Encoder(self.sizes.conditions, self.latent)

    @property
    def decoder(self) -> SetTransformer:
        s = self.sizes
        induced = INDUCED if s.kernels > INDUCED_FROM else 0
        return SetTransformer(s.kernels, s.outputs, s.conditions, self.latent, s.dimension, induced=induced)

    def init(self, key: Any) -> Tree:
        a, b = jax.random.split(key)
        return {"encoder": self.encoder.init(a), "decoder": self.decoder.init(b)}

    def __call__(self, tree: Tree, c: jax.Array, noise: jax.Array, places: jax.Array) -> tuple[jax.Array, jax.Array]:
        mean, log_deviation = self.encoder(tree["encoder"], c)
        z = mean + jnp.exp(log_deviation) * noise
        return self.decoder(tree["decoder"], c, z, places), divergence(mean, log_deviation)


ARCHITECTURES: dict[str, Any] = {"plain": Plain, "variational": Variational, "coded": Coded, "flow": Flow}
"""name -> class made from `Sizes`."""
