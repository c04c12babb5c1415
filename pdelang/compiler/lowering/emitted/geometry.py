"""Kernels in the reference box: z in [-1, 1]^d, y = z - centre, s = diag(1/sigma) R y, phi = exp(-s.s/2), P = R^T diag(sigma^-2) R."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.given import COORDINATES, PERIODIC, bounds


# ---- emitted ----
def _scales(params: dict) -> jax.Array:
    """dz_i / dxi_i = 2 / (upper_i - lower_i): (d,)."""
    lower, upper = bounds(params)
    return 2.0 / (upper - lower)


def _reference(points: jax.Array, params: dict) -> jax.Array:
    """Physical points (N, d) in the reference box, coordinates first: (d, N)."""
    lower, upper = bounds(params)
    return ((2.0 * points - lower - upper) / (upper - lower)).T


def _geometry(theta: dict) -> tuple[list[jax.Array], dict, dict]:
    """Centres c_i; rows a_ij = R_ij / sigma_i (j >= i) of s = a y; P_ij = sum_l a_li a_lj. Every entry is an array (K,)."""
    d = len(COORDINATES)
    centres = [theta["centres"][:, i] for i in range(d)]
    inverse = [jnp.exp(-theta["log_scales"][:, i]) for i in range(d)]
    rows = {(i, i): inverse[i] for i in range(d)}
    for n, (i, j) in enumerate(combinations(range(d), 2)):
        rows[i, j] = theta["shears"][:, n] * inverse[i]
    precision: dict[tuple[int, int], Any] = {}
    for i in range(d):
        for j in range(i, d):
            precision[i, j] = precision[j, i] = sum(rows[m, i] * rows[m, j] for m in range(i + 1))
    return centres, rows, precision


def _lower(orders: tuple[int, ...], i: int, by: int = 1) -> tuple[int, ...]:
    """The multi-index with `by` fewer in coordinate i."""
    return (*orders[:i], orders[i] - by, *orders[i + 1 :])


def _physical(orders: tuple[int, ...], scales: jax.Array) -> Any:
    """D_xi^orders = factor D_z^orders: the factor, prod_i scales_i^orders_i."""
    factor: Any = 1.0
    for i, n in enumerate(orders):
        factor = factor * scales[i] ** n if n else factor
    return factor


def _along(y: list[Any], rows: dict, i: int) -> Any:
    """s_i sigma_i: the distance from the kernel's own axis along coordinate i, given the others."""
    return sum(rows[i, j] * y[j] for j in range(i, len(COORDINATES))) / rows[i, i]


def _copy(y: list[Any], rows: dict, image: Sequence[float]) -> list[Any]:
    """y of one copy of periodic kernels: `image` away from the copy that is nearest to the kernel's own axis. A kernel that is sheared
    along a characteristic leaves the box and comes back on its other side, as often as it likes."""
    y = list(y)
    for i in reversed(range(len(COORDINATES))):
        if PERIODIC[i]:
            y[i] = y[i] - (2.0 * jnp.round(jax.lax.stop_gradient(_along(y, rows, i)) / 2.0) + image[i])
    return y


def _slopes(theta: dict, z: jax.Array, image: Sequence[float] | None = None) -> tuple[list[jax.Array], list[Any], list[Any]]:
    """y = z - c, s = a y and g = a^T s = P y at z (d, B): lists of arrays (B, K); of a copy of the kernels where an image is named."""
    d = len(COORDINATES)
    centres, rows, _ = _geometry(theta)
    y = [z[i][:, None] - centres[i] for i in range(d)]
    y = y if image is None else _copy(y, rows, image)
    s = [sum(rows[i, j] * y[j] for j in range(i, d)) for i in range(d)]
    return y, s, [sum(rows[i, j] * s[i] for i in range(j + 1)) for j in range(d)]


def _gaussian(s: list[Any]) -> jax.Array:
    """phi = exp(-s.s/2). One exp a pair: without the barrier XLA repeats it in every sum that uses phi."""
    return jax.lax.optimization_barrier(jnp.exp(-0.5 * sum(x * x for x in s)))


def _derivatives(wanted: Iterable[tuple[int, ...]], g: list[Any], precision: dict, phi: jax.Array) -> dict:
    """D^orders phi (B, K) of all that is wanted (of h with D^orders phi = h phi where phi is 1):

    D^(a+e_i) phi = -g_i D^a phi - sum_j a_j P_ij D^(a-e_j) phi.
    """
    known = {(0,) * len(g): phi}

    def derivative(orders: tuple[int, ...]) -> jax.Array:
        if orders not in known:
            i = max(j for j, n in enumerate(orders) if n)
            parent = _lower(orders, i)
            value = -g[i] * derivative(parent)
            for j, n in enumerate(parent):
                if n:
                    value = value - n * precision[i, j] * derivative(_lower(parent, j))
            known[orders] = value
        return known[orders]

    return {orders: derivative(orders) for orders in wanted}
