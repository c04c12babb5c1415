"""Separable physics-informed network (Cho et al., 2023): one network a coordinate, their products summed over the rank.

    u_f(xi) = sum_r prod_i g_i,r,f(xi_i),    D^alpha u_f = sum_r prod_i D^alpha_i g_i,r,f(xi_i)

On a tensor grid each network sees its own axis' points only: n evaluations in place of n^d, derivatives included (forward mode). On
points that are no grid there is nothing to share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp

from pdelang.compiler.ansatz import Index
from pdelang.runtime.baselines.derivatives import chain
from pdelang.runtime.baselines.mlp import dense, dense_init
from pdelang.runtime.baselines.seam import Box, Theta, embedding, nearest

DEPTH = 3
RANK = 2.0


@dataclass(frozen=True)
class SPINN:
    """width units in each of depth hidden layers of every coordinate's network; rank products a field. grid: whether it is trained on a
    tensor grid, where it is fast, or on the same points as everybody."""

    box: Box
    width: int = 24
    rank: int = 48
    depth: int = DEPTH
    grid: bool = True

    @classmethod
    def sized(cls, box: Box, unknowns: int, ratio: float = RANK, **shape: Any) -> Self:
        """ratio: products a field, in units of the width; then as many products as bring the count nearest."""
        rank = lambda width: max(1, round(ratio * width))
        width = nearest(lambda w: cls(box, w, rank(w), **shape), unknowns).width
        network: Self = nearest(lambda products: cls(box, width, products, **shape), unknowns)
        return network

    def init(self, key: jax.Array) -> Theta:
        keys = jax.random.split(key, self.box.dimension)
        sizes = [*[self.width] * self.depth, self.rank * self.box.fields]
        return [dense_init(k, [1 + periodic, *sizes]) for k, periodic in zip(keys, self.box.periodic)]

    def _line(self, theta: Theta, axis: int, x: Any, order: int) -> tuple[Any, ...]:
        """g and its derivatives up to `order` at places x (n,) of one coordinate: each (n, F, rank)."""
        lower, upper = self.box.lower[axis], self.box.upper[axis]

        def g(p: Any) -> Any:
            z = 2 * (p[:, 0] - lower) / (upper - lower) - 1
            return dense(theta[axis], jnp.stack(embedding(z, self.box.periodic[axis]), axis=1))

        return tuple(v.reshape(len(x), self.box.fields, self.rank) for v in chain(g, 0, order)(x[:, None]))

    def _lines(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> list[tuple[Any, ...]]:
        return [self._line(theta, i, x, max((o[i] for _, o in indices), default=0)) for i, x in enumerate(axes)]

    def values(self, theta: Theta, points: Any) -> Any:
        zero = (0,) * self.box.dimension
        return self.jets(theta, points, [(f, zero) for f in range(self.box.fields)])

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        lines = self._lines(theta, list(points.T), indices)
        out = []
        for field, orders in indices:
            product = lines[0][orders[0]][:, field]
            for line, order in zip(lines[1:], orders[1:]):
                product = product * line[order][:, field]
            out.append(product.sum(axis=1))
        return jnp.stack(out)

    def grid_jets(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> Any:
        """The same on the tensor grid of axes, last one fastest: (len(indices), n_1 * ... * n_d)."""
        lines = self._lines(theta, axes, indices)
        out = []
        for field, orders in indices:
            product = lines[0][orders[0]][:, field]
            for line, order in zip(lines[1:-1], orders[1:-1]):
                product = (product[:, None] * line[order][None, :, field]).reshape(-1, self.rank)
            if len(lines) > 1:
                out.append((product @ lines[-1][orders[-1]][:, field].T).ravel())
            else:
                out.append(product.sum(axis=1))
        return jnp.stack(out)
