"""The safe form: Hermite recurrences on z - centre, without cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.geometry import _derivatives, _gaussian, _geometry, _physical, _reference, _scales, _slopes
from pdelang.compiler.lowering.emitted.given import _IMAGES
from pdelang.compiler.lowering.emitted.moments import _map_blocks


# ---- emitted ----
def jet_basis(theta: dict, points: jax.Array, params: dict, indices: Sequence[tuple[int, ...]]) -> jax.Array:
    """D^orders phi_k at points (N, d), for all `indices` (multi-indices, static): (len(indices), N, K). The weights play no part."""
    z, scales = _reference(points, params), _scales(params)
    total: Any = 0.0
    for image in _IMAGES:
        _, s, g = _slopes(theta, z, image)
        basis = _derivatives(indices, g, _geometry(theta)[2], _gaussian(s))
        total = total + jnp.stack([_physical(orders, scales) * basis[orders] for orders in indices])
    return total


def _directly(targets: Sequence[Any], theta: dict, z: jax.Array) -> jax.Array:
    """Targets at z (d, N): (len(targets), N), as `_by_moments`."""
    wanted = {orders for terms in targets for _, orders, _ in terms}

    def block(z: jax.Array) -> jax.Array:
        total: Any = 0.0
        for image in _IMAGES:
            _, s, g = _slopes(theta, z, image)
            basis = _derivatives(wanted, g, _geometry(theta)[2], _gaussian(s))
            sums = {(field, orders): basis[orders] @ theta["weights"][field] for terms in targets for field, orders, _ in terms}
            total = total + jnp.stack([sum(factor * sums[field, orders] for field, orders, factor in terms) for terms in targets])
        return total

    entries = theta["centres"].shape[0] * len(_IMAGES) * (len(wanted) + 2)
    return _map_blocks(block, z, max(8, 2**19 // entries))
