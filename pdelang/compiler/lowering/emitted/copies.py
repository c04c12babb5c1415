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
_ROOMS = ((1.0, 2), (2.0, 6), (4.0, 8))
"""Copies that a block has room for, as shares of the kernels, and of one kernel: the least that suffices is taken."""
_ALONE = ((2.0, 4),)
"""The same where points are few, and one block: it feels most copies, and a choice is not worth its compilation."""
_COUNTED = PERIODIC.index(True) if any(PERIODIC) else 0
"""The coordinate along which a kernel's copies are counted; along other periodic ones each of the nearest three is looked at."""
_TRIED = tuple(product(*((-1, 0, 1) if wraps and i != _COUNTED else (0,) for i, wraps in enumerate(PERIODIC))))


def _room(kernels: int, share: float) -> int:
    return ceil(kernels * share)


def _rooms(blocks: int) -> tuple[tuple[float, int], ...]:
    return _ROOMS if blocks > 1 else _ALONE


def _middles(blocks: jax.Array) -> jax.Array:
    """Of blocks of points (T, d, B): (T, d)."""
    return (blocks.min(axis=-1) + blocks.max(axis=-1)) / 2.0


def _felt(theta: dict, blocks: jax.Array) -> dict[str, jax.Array]:
    """For blocks of points z (T, d, B): which copies of each kernel some point may feel. Along one coordinate they follow each other.

    moves (T, K J, d): from a kernel's centre to the first one's as seen from the middle of the block, for J places along other periodic
    coordinates; count (T, K J): how many; covered: whether no other is felt; narrowness: see `_resolved`. Over a block
    |y_i - y_i(middle)| <= h_i, hence |s_i| sigma_i is within h_i + sum_j |r_ij| h_j of its value in the middle.
    """
    theta = jax.lax.stop_gradient(theta)
    d, (centres, rows, _) = len(COORDINATES), _geometry(theta)
    middle = _middles(blocks)
    half = [(blocks.max(axis=-1) - middle)[:, i, None] for i in range(d)]
    spread = [_along(half, {at: jnp.abs(row) for at, row in rows.items()}, i) for i in range(d)]
    moves, counts, narrow, covered = [], [], [], jnp.array(True)
    for away in _TRIED:
        y = [middle[:, i, None] - centres[i] for i in range(d)]
        last, count, left = y, jnp.ones_like(y[0]), jnp.full_like(y[0], _FELT**2)
        rho: Any = 0.0
        for i in reversed(range(d)):
            if PERIODIC[i]:
                y[i] = y[i] - 2.0 * (jnp.round(_along(y, rows, i) / 2.0) + away[i])
            at = _along(y, rows, i)
            if i == _COUNTED and PERIODIC[i]:
                reach = jnp.sqrt(jnp.maximum(left, 0.0)) / rows[i, i] + spread[i]
                first, final = jnp.ceil((at - reach) / 2.0), jnp.floor((at + reach) / 2.0)
                count = jnp.where(left > 0.0, jnp.maximum(final - first + 1.0, 0.0), 0.0)
                y, last = [*y[:i], y[i] - 2.0 * first, *y[i + 1 :]], [*y[:i], y[i] - 2.0 * final, *y[i + 1 :]]
            elif PERIODIC[i]:
                covered &= jnp.all(spread[i] + _FELT / rows[i, i] < 3.0)
            ends = [jnp.abs(_along(each, rows, i)) for each in (y, last)]
            if i > _COUNTED:
                left = left - (jnp.maximum(ends[0] - spread[i], 0.0) * rows[i, i]) ** 2
            rho = rho + (jnp.maximum(*ends) + spread[i]) * rows[i, i]
        moves.append(jnp.stack([-y[i] - centres[i] for i in range(d)], axis=-1))
        counts.append(count.astype(int))
        narrow.append(jnp.where(count > 0.0, rho, 0.0))
    tiles = len(blocks)
    return {
        "moves": jnp.stack(moves, axis=2).reshape(tiles, -1, d),
        "count": jnp.stack(counts, axis=2).reshape(tiles, -1),
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
    """The copies that are felt, one after the other: which kernel's each is (T, room), how far moved (T, room, d), and 1 or, where there is
    no more, 0 (T, room)."""
    after, places = jnp.cumsum(found["count"], axis=1), jnp.arange(room)
    which = jax.vmap(lambda row: jnp.searchsorted(row, places, side="right"))(after)
    which = jnp.minimum(which, after.shape[1] - 1)
    number = places - jnp.take_along_axis(after - found["count"], which, axis=1)
    along = jnp.eye(len(COORDINATES))[_COUNTED]
    moves = jnp.take_along_axis(found["moves"], which[..., None], axis=1) + 2.0 * number[..., None] * along
    return which // len(_TRIED), moves, (places < after[:, -1:]).astype(float)


def _local(rows: jax.Array, move: jax.Array, there: jax.Array) -> dict:
    """theta of one block's copies, seen from its middle."""
    theta = _unpacked(rows)
    return {**theta, "weights": theta["weights"] * there, "centres": theta["centres"] + move}


def _summed(found: dict[str, jax.Array], gradient: jax.Array, copies: int) -> dict:
    """Gradients in the rows of `_listed` copies (T, room, P), no more than `copies` of a kernel, as one in theta."""
    before = jnp.cumsum(found["count"], axis=1) - found["count"]
    total: Any = 0.0
    for number in range(copies):
        place = jnp.minimum(before + number, gradient.shape[1] - 1)
        own = jnp.take_along_axis(gradient, place[..., None], axis=1)
        total = total + jnp.where((number < found["count"])[..., None], own, 0.0)
    return _unpacked(total.reshape(len(total), -1, len(_TRIED), total.shape[-1]).sum(axis=(0, 2)))
