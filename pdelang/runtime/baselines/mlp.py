"""The physics-informed network of Raissi, Perdikaris and Karniadakis (2019): fully connected, tanh.

a_0 = z,    a_(l+1) = tanh(W_l a_l + b_l),    u = W_L a_L + b_L
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp

from pdelang.runtime.baselines.seam import Box, PointNetwork, Theta, glorot, hidden, matched

DEPTH = 4


def dense_init(key: jax.Array, sizes: Sequence[int]) -> list[dict[str, jax.Array]]:
    keys = jax.random.split(key, len(sizes) - 1)
    return [{"weight": glorot(k, a, b), "bias": jnp.zeros(b)} for k, a, b in zip(keys, sizes, sizes[1:])]


def dense(layers: Sequence[dict[str, Any]], values: Any) -> Any:
    """(N, inputs) -> (N, outputs)."""
    for layer in layers[:-1]:
        values = jnp.tanh(values @ layer["weight"] + layer["bias"])
    return values @ layers[-1]["weight"] + layers[-1]["bias"]


@dataclass(frozen=True)
class MLP(PointNetwork):
    """width units in each of depth hidden layers; `last` in the last one, 0 for as many."""

    width: int = 32
    last: int = 0
    depth: int = DEPTH

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        network: Self = matched(lambda width, last: cls(box, width, last, **shape), unknowns)
        return network

    def init(self, key: jax.Array) -> Theta:
        return dense_init(key, [self.box.inputs, *hidden(self.width, self.last, self.depth), self.box.fields])

    def values(self, theta: Theta, points: Any) -> Any:
        return dense(theta, self.box.embedded(points)).T
