"""The training form: all jets from one exp and two matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.copies import _listed, _local, _middles, _packed, _room
from pdelang.compiler.lowering.emitted.geometry import _derivatives, _geometry, _lower, _slopes
from pdelang.compiler.lowering.emitted.given import COORDINATES, PERIODIC


# ---- emitted ----
def _monomials(degree: int) -> list[tuple[int, ...]]:
    """Multi-indices of total degree up to `degree`, lower degrees first."""
    everything = product(range(degree + 1), repeat=len(COORDINATES))
    return sorted((m for m in everything if sum(m) <= degree), key=lambda m: (sum(m), [-n for n in m]))


def _powers(z: jax.Array, monomials: Sequence[tuple[int, ...]]) -> jax.Array:
    """z^m at points z (d, B): (len(monomials), B)."""
    known = {(0,) * len(COORDINATES): jnp.ones_like(z[0])}

    def power(m: tuple[int, ...]) -> jax.Array:
        if m not in known:
            i = max(j for j, n in enumerate(m) if n)
            known[m] = power(_lower(m, i)) * z[i]
        return known[m]

    return jnp.stack([power(m) for m in monomials])


_NODES = (0.0, 1.0, -1.0, 0.5625, -0.5625, 0.84375, -0.84375, 0.28125, -0.28125)


def _interpolation(degree: int) -> tuple[jax.Array, jax.Array]:
    """Nodes (d, M), M = len(_monomials(degree)), and the matrix (M, M) from values there to coefficients of monomials; both constants.

    Node m of each monomial m has coordinates _NODES[m_i]: these determine a polynomial of that total degree, and those of a
    lower degree come first.
    """
    monomials = _monomials(degree)
    with jax.ensure_compile_time_eval():
        nodes = jnp.array([[_NODES[n] for n in m] for m in monomials]).T
        return nodes, jnp.linalg.inv(_powers(nodes, monomials).T)


def _degrees(targets: Sequence[Any]) -> list[int]:
    """Of each target's polynomial. One alone has a slope, if of zeros: XLA makes no product of a single row, and repeats what it is
    made of, a sine say, for every pair."""
    degrees = [max(sum(orders) for _, orders, _ in terms) for terms in targets]
    return [1] if degrees == [0] else degrees


def _moment_rows(targets: Sequence[Any]) -> list[tuple[int, tuple[int, ...]]]:
    """(target, monomial) of every row of W. A target is a sum of (field, orders, factor)."""
    return [(t, m) for t, degree in enumerate(_degrees(targets)) for m in _monomials(degree)]


def _moment_form(targets: Sequence[Any], theta: dict) -> tuple[jax.Array, jax.Array]:
    """C (K, Q) and W (M, K), with phi = exp(C @ _powers(z, _monomials(2))) and target t = sum over its rows of z^m (W @ phi)."""
    centres, _, precision = _geometry(theta)
    d, weights = len(centres), theta["weights"]
    slope = [sum(precision[i, j] * centres[j] for j in range(d)) for i in range(d)]
    exponent = {(0,) * d: -0.5 * sum(s * c for s, c in zip(slope, centres))}
    for i in range(d):
        unit = tuple(int(j == i) for j in range(d))
        exponent[unit] = slope[i]
        for j in range(i, d):
            exponent[_lower(unit, j, -1)] = (-0.5 if i == j else -1.0) * precision[i, j]
    # Each target is a polynomial times phi: its values at a few nodes, by the stable recurrence, give its coefficients.
    wanted = {orders for terms in targets for _, orders, _ in terms}
    degrees = _degrees(targets)
    nodes, _ = _interpolation(max(degrees))
    h = _derivatives(wanted, _slopes(theta, nodes)[2], precision, jnp.ones_like(nodes[0])[:, None])
    forms = []
    for terms, degree in zip(targets, degrees):
        _, inverse = _interpolation(degree)
        forms.append(inverse @ sum(factor * weights[field] * h[orders][: len(inverse)] for field, orders, factor in terms))
    return jnp.stack([exponent[m] for m in _monomials(2)], axis=1), jnp.concatenate(forms)


def _owners(rows: Sequence[Any], count: int) -> jax.Array:
    """0/1 matrix (count, M) that sums the rows of each target."""
    return jnp.array([[float(t == owner) for owner, _ in rows] for t in range(count)])


def _block_size(points: int, columns: int) -> int:
    """Points a block: blocks of equal size, 2^18 entries (2 MiB) or fewer each where points allow; eight at least where copies are
    chosen and points are many."""
    blocks = -(-points * columns // 2**18)
    if any(PERIODIC):
        blocks = max(blocks, min(8, points // 128), 1)
    return max(-(-points // blocks), min(points, 8))


def _blocks(array: jax.Array, size: int) -> jax.Array:
    """(..., N) as (blocks, ..., size); the last value is repeated to fill the last block."""
    short = -array.shape[-1] % size
    padded = jnp.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, short)], mode="edge")
    return jnp.moveaxis(padded.reshape(*array.shape[:-1], -1, size), -2, 0)


def _local_form(targets: Sequence[Any], found: dict, room: int) -> tuple[jax.Array, Any]:
    """Whose copies the blocks take (T, S), and the function from their rows of `_packed` (T, S, P) to C (T, S, Q) and W (T, M, S)."""
    which, moves, there = _listed(found, room)
    return which, lambda rows: jax.vmap(lambda *own: _moment_form(targets, _local(*own)))(rows, moves, there)


def _by_moments(targets: Sequence[Any], theta: dict, z: jax.Array, found: Any = None, share: float = 1.0) -> jax.Array:
    """Targets at z (d, N): (len(targets), N). Temporaries stay the size of one block, in derivatives too. found: what `_felt` knows of
    the blocks of z, with room for `share` copies a kernel."""
    rows, kernels = _moment_rows(targets), len(theta["centres"])
    owners, size = _owners(rows, len(targets)), _block_size(z.shape[1], kernels)

    def block(z: jax.Array, exponent: jax.Array, weights: jax.Array) -> jax.Array:
        phi = jnp.exp(exponent @ _powers(z, _monomials(2)))
        return owners @ (_powers(z, [m for _, m in rows]) * (weights @ phi))

    if found is None:
        form = _moment_form(targets, theta)
        return _map_blocks(lambda z: block(z, *form), z, size)
    which, forms = _local_form(targets, found, _room(kernels, share))
    blocks = _blocks(z, size)
    seen = blocks - _middles(blocks)[..., None]
    values = jax.lax.map(jax.checkpoint(lambda piece: block(*piece)), (seen, *forms(_packed(theta)[which])))
    return jnp.moveaxis(values, 0, 1).reshape(values.shape[1], -1)[:, : z.shape[1]]


def _map_blocks(block: Any, z: jax.Array, size: int) -> jax.Array:
    """block(z (d, size)) -> (T, size), over all points z (d, N): (T, N); nothing inside a block is kept for the backward pass."""
    count = z.shape[1]
    if count <= size:
        return block(z)
    values = jax.lax.map(jax.checkpoint(block), _blocks(z, size))
    return jnp.moveaxis(values, 0, 1).reshape(values.shape[1], -1)[:, :count]
