"""Physics-informed Gaussians (Kang et al., 2024): features carried by Gaussians that move, then a small network.

    v(xi) = sum_k f_k exp(-1/2 sum_i (e_i(xi) - mu_ki)^2 / sigma_ki^2),    u = MLP(v)

Centres, widths and the feature vectors f_k are all trained. Widths are positive through their logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp

from pdelang.runtime.baselines.mlp import dense, dense_init
from pdelang.runtime.baselines.seam import Box, PointNetwork, Theta, nearest

FEATURES = 4
HIDDEN = 16
WIDTH = 0.1
"""First standard deviation of a Gaussian in the reference box, which is 2 wide."""


@dataclass(frozen=True)
class PIG(PointNetwork):
    """gaussians: how many; features: numbers that each carries; hidden: units of the network's one hidden layer."""

    gaussians: int = 200
    features: int = FEATURES
    hidden: int = HIDDEN

    @classmethod
    def sized(cls, box: Box, unknowns: int) -> Self:
        network: Self = nearest(lambda gaussians: cls(box, gaussians), unknowns, largest=65536)
        return network

    def init(self, key: jax.Array) -> Theta:
        places, features, network = jax.random.split(key, 3)
        z = jax.random.uniform(places, (self.gaussians, self.box.dimension), minval=-1.0, maxval=1.0)
        size = jnp.asarray(self.box.upper) - jnp.asarray(self.box.lower)
        return {
            "centres": self.box.embedded(jnp.asarray(self.box.lower) + 0.5 * (z + 1) * size),
            "log_widths": jnp.full((self.gaussians, self.box.inputs), jnp.log(2 * WIDTH)),
            "features": jax.random.normal(features, (self.gaussians, self.features)),
            "network": dense_init(network, [self.features, self.hidden, self.box.fields]),
        }

    def values(self, theta: Theta, points: Any) -> Any:
        inputs, inverse = self.box.embedded(points), jnp.exp(-theta["log_widths"])
        exponent = jnp.zeros((len(points), self.gaussians))
        for i in range(self.box.inputs):
            exponent = exponent + ((inputs[:, i, None] - theta["centres"][:, i]) * inverse[:, i]) ** 2
        return dense(theta["network"], jnp.exp(-0.5 * exponent) @ theta["features"]).T
