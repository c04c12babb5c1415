"""Gaussians along the axes on a tensor grid: eq. (2) without orientations, evaluated as SPINN evaluates its products.

    u_f(xi) = sum_k w_fk prod_i phi((z_i - mu_ki)/sigma_ki),    (n_1 + ... + n_d) K exponentials for n^d points

Periodic coordinates take three images. It is in the comparison so that SPINN's tensor grid is compared with a tensor grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.ansatz import Index
from pdelang.runtime.baselines.seam import Box, Theta

OVERLAP = 0.8
"""First standard deviation in spacings of the first grid, as `runtime.solve.kernels` starts its own."""


def factors(box: Box, axis: int, centres: Any, log_scales: Any, x: Any, order: int) -> list[Any]:
    """One-dimensional Gaussians (K) and their derivatives up to `order` at places x (n,): each (n, K).
    D^(k+1) = -(y D^k + k D^(k-1)/sigma)/sigma, y = s/sigma."""
    slope = 2 / (box.upper[axis] - box.lower[axis])
    z, inverse = (x - box.lower[axis]) * slope - 1, slope * jnp.exp(-log_scales)
    total: list[Any] = [0.0] * (order + 1)
    for image in (-2.0, 0.0, 2.0) if box.periodic[axis] else (0.0,):
        y = (z[:, None] - centres - image) * (inverse / slope)
        found = [jnp.exp(-0.5 * y * y)]
        for k in range(order):
            found.append(-inverse * (y * found[k] + (k * inverse * found[k - 1] if k else 0.0)))
        total = [a + b for a, b in zip(total, found)]
    return total


@dataclass(frozen=True)
class SeparableGaussians:
    """kernels: how many. grid: whether it is trained on a tensor grid."""

    box: Box
    kernels: int = 200
    grid: bool = True

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        return cls(box, max(1, round(unknowns / (box.fields + 2 * box.dimension))), **shape)

    def init(self, key: jax.Array) -> Theta:
        """The first `kernels` of the smallest square grid that holds as many; weights zero."""
        d = self.box.dimension
        side = ceil(self.kernels ** (1 / d) - 1e-9)
        line = (np.arange(side) + 0.5) * 2 / side - 1
        centres = np.stack([g.ravel() for g in np.meshgrid(*[line] * d, indexing="ij")], axis=1)
        chosen = np.linspace(0, len(centres) - 1, self.kernels).round().astype(int)
        scales = jnp.full((self.kernels, d), jnp.log(OVERLAP * 2 / side))
        return {"weights": jnp.zeros((self.box.fields, self.kernels)), "centres": jnp.asarray(centres[chosen]), "log_scales": scales}

    def _line(self, theta: Theta, axis: int, x: Any, order: int) -> list[Any]:
        return factors(self.box, axis, theta["centres"][:, axis], theta["log_scales"][:, axis], x, order)

    def _lines(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> list[list[Any]]:
        return [self._line(theta, i, x, max((o[i] for _, o in indices), default=0)) for i, x in enumerate(axes)]

    def values(self, theta: Theta, points: Any) -> Any:
        return self.jets(theta, points, [(f, (0,) * self.box.dimension) for f in range(self.box.fields)])

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        lines, out = self._lines(theta, list(points.T), indices), []
        for field, orders in indices:
            product = lines[0][orders[0]]
            for line, order in zip(lines[1:], orders[1:]):
                product = product * line[order]
            out.append(product @ theta["weights"][field])
        return jnp.stack(out)

    def grid_jets(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> Any:
        """On the tensor grid of axes, last one fastest: (len(indices), n_1 * ... * n_d)."""
        lines, out = self._lines(theta, axes, indices), []
        for field, orders in indices:
            product = lines[0][orders[0]] * theta["weights"][field]
            for line, order in zip(lines[1:-1], orders[1:-1]):
                product = (product[:, None] * line[order][None]).reshape(-1, self.kernels)
            out.append((product @ lines[-1][orders[-1]].T).ravel() if len(lines) > 1 else product.sum(axis=1))
        return jnp.stack(out)
