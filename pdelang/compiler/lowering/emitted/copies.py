"""Which copies of which kernels a block of points feels, where coordinates are periodic, and these kernels seen from the block's middle."""

from __future__ import annotations

from itertools import product
from math import ceil
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.geometry import _along, _geometry
from pdelang.compiler.lowering.emitted.given import COORDINATES, FIELDS, PERIODIC

# ---- emitted ----
_FELT = 8.6
"""Widths beyond which a kernel is below 1e-16."""
_ROOMS = (1.25, 2.25, 4.0)
"""Copies that a block has room for, as shares of the kernels: the least that suffices is taken."""
_AWAY = 3 if sum(PERIODIC) == 1 else 1
"""Periods between the copy that is nearest to a kernel's own axis in the middle of a block and the last that is looked at."""
_COPIES = (2 * _AWAY + 1) ** sum(PERIODIC)
"""Copies of a kernel that are looked at."""


def _room(kernels: int, share: float) -> int:
    return ceil(kernels * share)


def _shares(blocks: int) -> tuple[float, ...]:
    """Few points are one block that feels most copies: not worth a choice."""
    return _ROOMS if blocks > 1 else _ROOMS[-1:]


def _middles(blocks: jax.Array) -> jax.Array:
    """Of blocks of points (T, d, B): (T, d)."""
    return (blocks.min(axis=-1) + blocks.max(axis=-1)) / 2.0


def _felt(theta: dict, blocks: jax.Array) -> dict[str, jax.Array]:
    """For blocks of points z (T, d, B): what they feel of J copies of each kernel.

    moves (T, K J, d): from a kernel's centre to its copy's as seen from the middle of the block; felt (T, K J): whether some point may
    feel it; covered: whether no other copy is felt; narrowness: see `_resolved`. Over a block |y_i - y_i(middle)| <= h_i, hence
    |s_i| sigma_i is within h_i + sum_j |r_ij| h_j of its value in the middle.
    """
    theta = jax.lax.stop_gradient(theta)
    d, (centres, rows, _) = len(COORDINATES), _geometry(theta)
    middle = _middles(blocks)
    half = [(blocks.max(axis=-1) - middle)[:, i, None] for i in range(d)]
    spread = [_along(half, {at: jnp.abs(row) for at, row in rows.items()}, i) for i in range(d)]
    moves, near, narrow, covered = [], [], [], jnp.array(True)
    for away in product(*(range(-_AWAY, _AWAY + 1) if wraps else (0,) for wraps in PERIODIC)):
        y = [middle[:, i, None] - centres[i] for i in range(d)]
        felt: Any = True
        rho: Any = 0.0
        for i in reversed(range(d)):
            if PERIODIC[i]:
                y[i] = y[i] - 2.0 * (jnp.round(_along(y, rows, i) / 2.0) + away[i])
                covered &= jnp.all(spread[i] + _FELT / rows[i, i] < 2.0 * _AWAY + 1.0)
            distance = jnp.abs(_along(y, rows, i))
            felt = felt & (distance - spread[i] < _FELT / rows[i, i])
            rho = rho + (distance + spread[i]) * rows[i, i]
        moves.append(jnp.stack([-y[i] - centres[i] for i in range(d)], axis=-1))
        near.append(felt)
        narrow.append(jnp.where(felt, rho, 0.0))
    tiles = len(blocks)
    return {
        "moves": jnp.stack(moves, axis=2).reshape(tiles, -1, d),
        "felt": jnp.stack(near, axis=2).reshape(tiles, -1),
        "covered": covered,
        "narrowness": jnp.max(jnp.stack(narrow), axis=(0, 1)),
    }


def _packed(theta: dict) -> jax.Array:
    """One row of numbers a kernel: (K, P)."""
    return jnp.concatenate([theta["weights"].T, theta["centres"], theta["log_scales"], theta["shears"]], axis=1)


def _unpacked(rows: jax.Array) -> dict:
    fields, d = len(FIELDS), len(COORDINATES)
    weights, centres, log_scales, shears = jnp.split(rows, [fields, fields + d, fields + 2 * d], axis=1)
    return {"weights": weights.T, "centres": centres, "log_scales": log_scales, "shears": shears}


def _listed(found: dict[str, jax.Array], room: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The copies that are felt, closed up: which kernel's each is (T, room), how far moved (T, room, d), and 1 or, where there is no
    more, 0 (T, room)."""
    place = jnp.cumsum(found["felt"], axis=1)
    which = jax.vmap(lambda row: jnp.searchsorted(row, jnp.arange(1, room + 1)))(place)
    which = jnp.minimum(which, place.shape[1] - 1)
    moves = jnp.take_along_axis(found["moves"], which[..., None], axis=1)
    return which // _COPIES, moves, (jnp.arange(room) < place[:, -1:]).astype(float)


def _local(rows: jax.Array, move: jax.Array, there: jax.Array) -> dict:
    """theta of one block's copies, seen from its middle."""
    theta = _unpacked(rows)
    return {**theta, "weights": theta["weights"] * there, "centres": theta["centres"] + move}


def _summed(found: dict[str, jax.Array], gradient: jax.Array) -> dict:
    """Gradients in the rows of `_listed` copies (T, room, P) as one in theta."""
    place = jnp.clip(jnp.cumsum(found["felt"], axis=1) - 1, 0, gradient.shape[1] - 1)
    rows = jnp.where(found["felt"][..., None], jnp.take_along_axis(gradient, place[..., None], axis=1), 0.0)
    return _unpacked(rows.reshape(len(rows), -1, _COPIES, rows.shape[-1]).sum(axis=(0, 2)))
