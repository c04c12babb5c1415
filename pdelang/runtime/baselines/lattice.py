"""Gaussians on a lattice whose lines move: eq. (2) without orientations, where kernels in a row share centre and scale along an axis.

    u_f(xi) = sum_(i, j, ...) w_fij... g_i(x) h_j(t) ...,    g_i(x) = exp(-1/2 ((z - mu_i)/sigma_i)^2)

Weights, centres and scales are all trained. As many numbers carry four times the kernels of free ones in two coordinates; on a tensor grid
they take an exponential a line and place, and a matrix product a coordinate and derivative. Periodic coordinates take three images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.ansatz import Index
from pdelang.runtime.baselines.seam import Box, Theta, nearest
from pdelang.runtime.baselines.separable import OVERLAP

IMAGES = (-2.0, 0.0, 2.0)
"""Of a line along a periodic coordinate, from the nearest one."""
NARROW = 0.115
"""A scale up to which a line is below 4e-17 half a period away: its nearest image is all that is felt."""
REGISTER = 4
"""Numbers in a vector register: tables whose rows fill them make a sixth more steps."""


def tables(order: int, periodic: bool, z: Any, centres: Any, log_scales: Any) -> tuple[list[Any], list[Any]]:
    """G_k = d^k/dy^k exp(-y^2/2), y = (z - image - mu)/sigma, summed over images, for k = 0 ... order + 1, and the sums of y G_(k+1) for
    k = 0 ... order: (n, lines) each. G_(k+1) = -(y G_k + k G_(k-1))."""
    distance, inverse = z[:, None] - centres, jnp.exp(-log_scales)

    def of(distances: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        sums: list[Any] = [0.0] * (order + 2)
        moments: list[Any] = [0.0] * (order + 1)
        for each in distances:
            y = each * inverse
            below: Any = 0.0
            here = jnp.exp(-0.5 * y * y)
            for k in range(order + 2):
                sums[k] = sums[k] + here
                if k <= order:
                    below, here = here, -(y * here + k * below)
                    moments[k] = moments[k] + y * here
        return sums, moments

    if not periodic:
        return of([distance])
    wrapped = distance - 2 * jnp.round(distance / 2)
    three = lambda: of([wrapped + image for image in IMAGES])
    found: tuple[list[Any], list[Any]] = jax.lax.cond(log_scales.max() < np.log(NARROW), lambda: of([wrapped]), three)
    return found


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def factors(order: int, slope: float, periodic: bool, z: Any, centres: Any, log_scales: Any) -> list[Any]:
    """D^k of each line's Gaussian at places z (n,), D = slope d/dz: (n, lines) for k = 0 ... order."""
    return _forward(order, slope, periodic, z, centres, log_scales)[0]


def _forward(order: int, slope: float, periodic: bool, z: Any, centres: Any, log_scales: Any) -> Any:
    sums, moments = tables(order, periodic, z, centres, log_scales)
    inverse = jnp.exp(-log_scales)
    return [(slope * inverse) ** k * g for k, g in enumerate(sums[:-1])], (sums, moments, inverse)


def _backward(order: int, slope: float, periodic: bool, kept: Any, given: Any) -> Any:
    """d/dmu G_k = -G_(k+1)/sigma, d/dlog sigma sigma^-k G_k = -sigma^-k (y G_(k+1) + k G_k): sums of what is known."""
    sums, moments, inverse = kept
    scaled = [(slope * inverse) ** k * g for k, g in enumerate(given)]
    moved = sum(g * above for g, above in zip(scaled, sums[1:]))
    spread = sum(g * (moment + k * here) for k, (g, moment, here) in enumerate(zip(scaled, moments, sums)))
    return None, -inverse * moved.sum(axis=0), -spread.sum(axis=0)


factors.defvjp(_forward, _backward)


@dataclass(frozen=True)
class LatticeGaussians:
    """first: lines of the first coordinate; width: of each other. grid: whether it is trained on a tensor grid."""

    box: Box
    first: int = 32
    width: int = 32
    grid: bool = True

    @classmethod
    def sized(cls, box: Box, unknowns: int, **shape: Any) -> Self:
        """As many lines along all, but whole registers of them; then the first coordinate's own count, which counts only linearly."""
        width = nearest(lambda w: cls(box, w, w, **shape), unknowns).width
        network: Self = nearest(lambda first: cls(box, first, REGISTER * ceil(width / REGISTER), **shape), unknowns)
        return network

    @property
    def lines(self) -> list[int]:
        return [self.first, *[self.width] * (self.box.dimension - 1)]

    def init(self, key: jax.Array) -> Theta:
        """Lines evenly, half a spacing from the walls; weights zero. lines: centres, and logarithms of scales."""
        evenly = np.concatenate([(np.arange(n) + 0.5) * 2 / n - 1 for n in self.lines])
        scales = np.concatenate([np.full(n, np.log(OVERLAP * 2 / n)) for n in self.lines])
        return {"weights": jnp.zeros((self.box.fields, *self.lines)), "lines": jnp.asarray(np.stack([evenly, scales]))}

    def _factors(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> list[list[Any]]:
        """Of each axis, its lines and their derivatives at its places: (n_i, lines)."""
        out, begin = [], 0
        for i, (x, count) in enumerate(zip(axes, self.lines)):
            slope, order = 2 / (self.box.upper[i] - self.box.lower[i]), max(orders[i] for _, orders in indices)
            own = theta["lines"][:, begin : begin + count]
            out.append(factors(order, slope, self.box.periodic[i], (x - self.box.lower[i]) * slope - 1, own[0], own[1]))
            begin += count
        return out

    def values(self, theta: Theta, points: Any) -> Any:
        return self.jets(theta, points, [(f, (0,) * self.box.dimension) for f in range(self.box.fields)])

    def jets(self, theta: Theta, points: Any, indices: Sequence[Index]) -> Any:
        lines, found = self._factors(theta, list(points.T), indices), {}
        for orders in {orders for _, orders in indices}:
            first, *others = [line[order] for line, order in zip(lines, orders)]
            sums = jnp.tensordot(first, theta["weights"], (1, 1))  # N, F, lines of the others
            for line in others:
                sums = jnp.einsum("nfi...,ni->nf...", sums, line)
            found[orders] = sums
        return jnp.stack([found[orders][:, field] for field, orders in indices])

    def grid_jets(self, theta: Theta, axes: Sequence[Any], indices: Sequence[Index]) -> Any:
        """On the tensor grid of axes, last one fastest: (len(indices), n_1 * ... * n_d). Summed over lines of the last axis first, which
        in an evolution has the fewest derivatives; what derivatives end with alike they share."""
        sums: dict[tuple[int, ...], Any] = {(): theta["weights"]}
        done = 1
        for axis, factor in reversed(list(enumerate(self._factors(theta, axes, indices)))):
            wanted = {orders[axis:] for _, orders in indices}
            sums = {orders: contracted(factor[orders[0]], sums[orders[1:]].reshape(-1, self.lines[axis], done)) for orders in wanted}
            done *= len(axes[axis])
        return jnp.stack([sums[orders].reshape(self.box.fields, -1)[field] for field, orders in indices])


def contracted(factor: Any, sums: Any) -> Any:
    """(n, M) and (A, M, B) -> (A, n, B), as the matrix product that it is where A or B is 1."""
    if sums.shape[2] == 1:
        return sums[:, :, 0] @ factor.T
    return factor @ sums[0] if len(sums) == 1 else factor @ sums
