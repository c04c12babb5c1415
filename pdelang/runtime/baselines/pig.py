"""Physics-informed Gaussians (Kang et al., 2024): features carried by Gaussians that move, then a small network.

    v(e) = sum_k f_k exp(-1/2 sum_i (e_i - mu_ki)^2 / sigma_ki^2),    u = MLP(v),    e = embedded coordinates

Centres, widths and the feature vectors f_k are all trained. Widths are positive through their logarithms.

D^a of a Gaussian is a polynomial in e times that Gaussian, with coefficients of the kernel alone: so all derivatives of all features are
one exponential and one matrix product. The network sees them as the Taylor polynomial of v, which is exact for every derivative asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial, prod
from typing import Any, Self

import jax
import jax.numpy as jnp

from pdelang.compiler.ansatz import Index
from pdelang.runtime.baselines.derivatives import point_jets
from pdelang.runtime.baselines.mlp import dense, dense_init
from pdelang.runtime.baselines.seam import Box, PointNetwork, Theta, nearest

FEATURES = 4
HIDDEN = 16
WIDTH = 0.1
"""First standard deviation of a Gaussian in the reference box, over its width of 2."""

Powers = tuple[int, ...]


@dataclass(frozen=True)
class PIG(PointNetwork):
    """gaussians: how many; features: numbers that each carries; hidden: units of the network's one hidden layer. width: as WIDTH; scale:
    standard deviation of the first features. The authors start at 0.05 and 0.01 (`helmholtz2d_pig.sh`)."""

    gaussians: int = 200
    features: int = FEATURES
    hidden: int = HIDDEN
    width: float = WIDTH
    scale: float = 1.0

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        network: Self = nearest(lambda gaussians: cls(box, gaussians, **shape), unknowns, largest=65536)
        return network

    def init(self, key: jax.Array) -> Theta:
        places, features, network = jax.random.split(key, 3)
        z = jax.random.uniform(places, (self.gaussians, self.box.dimension), minval=-1.0, maxval=1.0)
        size = jnp.asarray(self.box.upper) - jnp.asarray(self.box.lower)
        return {
            "centres": self.box.embedded(jnp.asarray(self.box.lower) + 0.5 * (z + 1) * size),
            "log_widths": jnp.full((self.gaussians, self.box.inputs), jnp.log(2 * self.width)),
            "features": self.scale * jax.random.normal(features, (self.gaussians, self.features)),
            "network": dense_init(network, [self.features, self.hidden, self.box.fields]),
        }

    def values(self, theta: Theta, points: Any) -> Any:
        (features,) = feature_derivatives(theta, self.box.embedded(points), [(0,) * self.box.inputs])
        return dense(theta["network"], features).T

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        inputs = self.box.embedded(points)
        orders = sorted({below for _, wanted in indices for below in self._below(wanted)})
        terms = {a: v / prod(map(factorial, a)) for a, v in zip(orders, feature_derivatives(theta, inputs, orders))}

        def taylor(p: Any) -> Any:
            step = self.box.embedded(p) - inputs
            return sum(v * monomial(step, a)[:, None] for a, v in terms.items())

        return point_jets(lambda p: dense(theta["network"], taylor(p)).T, points, indices)

    def _below(self, orders: tuple[int, ...]) -> list[Powers]:
        """Derivatives along the inputs that D^orders along the coordinates needs: a periodic one has two inputs."""
        each = [[a for a in product(range(n + 1), repeat=1 + wraps) if sum(a) <= n] for n, wraps in zip(orders, self.box.periodic)]
        return [sum(parts, ()) for parts in product(*each)]


def monomial(inputs: Any, powers: Powers) -> Any:
    """prod_i e_i^n_i at e (N, I): (N,)."""
    return prod((inputs[:, i] ** n for i, n in enumerate(powers) if n), start=jnp.ones(len(inputs)))


def feature_derivatives(theta: Theta, inputs: Any, orders: Sequence[Powers]) -> list[Any]:
    """D^a v for every a of orders, at inputs (N, I): each (N, features)."""
    centres, precision = theta["centres"], jnp.exp(-2 * theta["log_widths"])
    exponent = (inputs**2) @ (-0.5 * precision).T + inputs @ (precision * centres).T - 0.5 * jnp.sum(precision * centres**2, axis=1)
    gaussians = jnp.exp(exponent)
    polynomials = [derivative_polynomial(a, centres, precision) for a in orders]
    columns = [c[:, None] * theta["features"] for polynomial in polynomials for c in polynomial.values()]
    sums = iter(jnp.split(gaussians @ jnp.concatenate(columns, axis=1), len(columns), axis=1))
    return [sum(monomial(inputs, powers)[:, None] * next(sums) for powers in polynomial) for polynomial in polynomials]


def derivative_polynomial(orders: Powers, centres: Any, precision: Any) -> dict[Powers, Any]:
    """D^orders of each Gaussian over that Gaussian: powers of e -> coefficients (K,). P_(n+1) = P_n' - (e - mu)/sigma^2 P_n."""
    out: dict[Powers, Any] = {(): jnp.ones(len(centres))}
    for i, order in enumerate(orders):
        line = [jnp.ones(len(centres))]
        for _ in range(order):
            grown = [centres[:, i] * precision[:, i] * c for c in line] + [jnp.zeros(len(centres))]
            for n, c in enumerate(line):
                grown[n + 1] = grown[n + 1] - precision[:, i] * c
                if n:
                    grown[n - 1] = grown[n - 1] + n * c
            line = grown
        out = {(*powers, n): a * c for powers, a in out.items() for n, c in enumerate(line)}
    return out
