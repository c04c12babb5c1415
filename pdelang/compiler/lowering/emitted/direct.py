"""The safe form: Hermite recurrences on z - centre, without cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.geometry import _geometry, _images, _lower, _physical, _reference, _scales
from pdelang.compiler.lowering.emitted.given import COORDINATES
from pdelang.compiler.lowering.emitted.moments import _map_blocks


# ---- emitted ----
def _whitened(theta: dict, z: jax.Array) -> tuple[list[jax.Array], list[Any], list[Any], jax.Array]:
    """y = z - c, s = a y, g = a^T s = P y (lists of arrays (B, K)) and phi = exp(-s.s/2) at z (d, B)."""
    d = len(COORDINATES)
    centres, rows, _ = _geometry(theta)
    y = [z[i][:, None] - centres[i] for i in range(d)]
    s = [sum(rows[i, j] * y[j] for j in range(i, d)) for i in range(d)]
    g = [sum(rows[i, j] * s[i] for i in range(j + 1)) for j in range(d)]
    # One exp a pair: without the barrier XLA repeats it in every sum that uses phi.
    return y, s, g, jax.lax.optimization_barrier(jnp.exp(-0.5 * sum(x * x for x in s)))


def _derivatives(wanted: Iterable[tuple[int, ...]], g: list[Any], precision: dict, phi: jax.Array) -> dict:
    """D^orders phi (B, K) of all that is wanted: D^(a+e_i) phi = -g_i D^a phi - sum_j a_j P_ij D^(a-e_j) phi."""
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


def jet_basis(theta: dict, points: jax.Array, params: dict, indices: Sequence[tuple[int, ...]]) -> jax.Array:
    """D^orders phi_k at points (N, d), for all `indices` (multi-indices, static): (len(indices), N, K). The weights play no part."""
    z, scales = _reference(points, params), _scales(params)
    total: Any = 0.0
    for image in _images(theta):
        _, _, g, phi = _whitened(image, z)
        basis = _derivatives(indices, g, _geometry(image)[2], phi)
        total = total + jnp.stack([_physical(orders, scales) * basis[orders] for orders in indices])
    return total


def _directly(targets: Sequence[Any], theta: dict, z: jax.Array) -> jax.Array:
    """Targets at z (d, N): (len(targets), N), as `_by_moments`."""
    images = _images(theta)
    wanted = {orders for terms in targets for _, orders, _ in terms}

    def block(z: jax.Array) -> jax.Array:
        total: Any = 0.0
        for image in images:
            _, _, g, phi = _whitened(image, z)
            basis = _derivatives(wanted, g, _geometry(image)[2], phi)
            sums = {(field, orders): basis[orders] @ image["weights"][field] for terms in targets for field, orders, _ in terms}
            total = total + jnp.stack([sum(factor * sums[field, orders] for field, orders, factor in terms) for terms in targets])
        return total

    entries = theta["centres"].shape[0] * len(images) * (len(wanted) + 2)
    return _map_blocks(block, z, max(8, 2**19 // entries))
