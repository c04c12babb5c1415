"""A permutation-equivariant decoder: slots attend to each other and, in every block, to the tokens of condition and latent code.

    x <- x + attend(x, x),   x <- x + attend(x, context),   x <- x + mlp(x)           (Lee et al., Set Transformer, ICML 2019)

A slot knows which kernel it is by a learned seed and by the place of its kernel in the standard layout; permuting seeds and places permutes
what comes out. With induced points, slots attend to each other through a few learned ones, at a cost linear in the number of kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.runtime.generator.encoder import FEATURES, features
from pdelang.runtime.generator.networks import Tree, affine, attend, attention_layer, dense, normalised


@dataclass(frozen=True)
class SetTransformer:
    """slots: kernels. outputs: numbers a kernel. conditions, latent: lengths of c and z. tokens: of the latent code.
    induced: learned points that slots attend to each other through; 0: directly."""

    slots: int
    outputs: int
    conditions: int
    latent: int
    dimension: int
    width: int = 48
    heads: int = 4
    blocks: int = 2
    tokens: int = 4
    induced: int = 0

    def init(self, key: Any) -> Tree:
        keys = iter(jax.random.split(key, 8 + self.blocks))
        return {
            "seeds": 0.1 * jax.random.normal(next(keys), (self.slots, self.width)),
            "place": dense(next(keys), self.dimension * FEATURES, self.width),
            "condition": dense(next(keys), FEATURES, self.width),
            "parameter": jax.random.normal(next(keys), (self.conditions, self.width)),
            "latent": dense(next(keys), max(self.latent, 1), self.tokens * self.width),
            "blocks": [self._block(next(keys)) for _ in range(self.blocks)],
            "out": dense(next(keys), self.width, self.outputs, 0.01),
        }

    def _block(self, key: Any) -> Tree:
        a, b, c, d, e, f = jax.random.split(key, 6)
        block: Tree = {
            "set": attention_layer(a, self.width),
            "context": attention_layer(b, self.width),
            "up": dense(c, self.width, 2 * self.width),
            "down": dense(d, 2 * self.width, self.width),
        }
        if self.induced:
            block |= {"induced": jax.random.normal(e, (self.induced, self.width)), "gather": attention_layer(f, self.width)}
        return block

    def context(self, tree: Tree, c: jax.Array, z: jax.Array) -> jax.Array:
        """Tokens: one a parameter, then those of the latent code."""
        own = affine(tree["condition"], features(c)) + tree["parameter"]
        code = affine(tree["latent"], z if self.latent else jnp.zeros(1)).reshape(self.tokens, self.width)
        return normalised(jnp.concatenate([own, code]))

    def __call__(self, tree: Tree, c: jax.Array, z: jax.Array, places: jax.Array) -> jax.Array:
        """c (conditions,), z (latent,), places (slots, dimension) in the reference box: (slots, outputs)."""
        at = jax.vmap(features)(places).reshape(places.shape[0], -1)
        x, context = tree["seeds"] + affine(tree["place"], at), self.context(tree, c, z)
        for block in tree["blocks"]:
            own = normalised(x)
            others = attend(block["gather"], block["induced"], own, self.heads) if self.induced else own
            x = x + attend(block["set"], own, others, self.heads)
            x = x + attend(block["context"], normalised(x), context, self.heads)
            x = x + affine(block["down"], jnp.tanh(affine(block["up"], normalised(x))))
        return affine(tree["out"], normalised(x))
