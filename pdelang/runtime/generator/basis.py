"""D^a phi_k of kernels that may be sheared right round a periodic coordinate, inside compiled functions.

    phi(y) = sum_m g(s(y + 2 m e_i)),    s = diag(1/sigma) R y,    m: the whole periods nearest to s_i = 0

A kernel that follows a characteristic leaves the box and comes back on the other side, several times over: the images that count at
a point are those nearest to the kernel's own axis there, not those at -1, 0 and 1 periods from its centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.compiled import CompiledProblem


def jet_basis(
    compiled: CompiledProblem, geometry: dict[str, Any], points: jax.Array, params: Any, indices: Sequence[tuple[int, ...]]
) -> jax.Array:
    """D^orders phi_k at points (N, d) of the domain, for all `indices`: (len(indices), N, K)."""
    module = compiled.module
    if not any(module.PERIODIC):
        values: jax.Array = module.jet_basis(geometry, points, params, indices)
        return values
    z, scales = module._reference(points, params), module._scales(params)
    _, rows, precision = module._geometry(geometry)
    total: Any = 0.0
    for y in _images(geometry, z, module.PERIODIC):
        d = len(y)
        s = [sum(rows[i, j] * y[j] for j in range(i, d)) for i in range(d)]
        g = [sum(rows[i, j] * s[i] for i in range(j + 1)) for j in range(d)]
        basis = module._derivatives(indices, g, precision, module._gaussian(s))
        total = total + jnp.stack([module._physical(orders, scales) * basis[orders] for orders in indices])
    return jnp.asarray(total)


def _images(geometry: dict[str, Any], z: jax.Array, periodic: Sequence[bool]) -> list[list[jax.Array]]:
    """y = z - centre (N, K) by coordinate, for the two nearest images along every periodic one: the third is farther than a period."""
    d = len(periodic)
    pairs = list(combinations(range(d), 2))
    found = []
    for choice in product(*((0, 1) if p else (0,) for p in periodic)):
        y: list[Any] = [None] * d
        for i in reversed(range(d)):
            y[i] = z[i][:, None] - geometry["centres"][:, i]
            if periodic[i]:
                s = y[i] + sum((geometry["shears"][:, pairs.index((i, j))] * y[j] for j in range(i + 1, d)), jnp.zeros(()))
                s = jax.lax.stop_gradient(s)
                nearest = 2 * jnp.round(s / 2)
                y[i] = y[i] - nearest - (2 * jnp.where(s >= nearest, 1.0, -1.0) if choice[i] else 0.0)
        found.append(y)
    return found
