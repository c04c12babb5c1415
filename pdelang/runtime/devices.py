"""Devices: what one compiled function divides between them, those of other processes included.

A training step has a mesh of two axes, conditions by points. Conditions need nothing of each other (`jax.shard_map`). The points of one
condition meet in sums alone, over rows of collocation: its devices hold the rows of their own points, and the compiler adds up (`divided`
says where rows begin to be split; normal equations, their right-hand sides and losses are all-reduced, their factorisation is repeated).
Points of a sweep are divided between the devices of one process (`over_local_devices`). With one device nothing of this does anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from pdelang.compiler.parameters import UsageError
from pdelang.runtime import mesh

CONDITIONS, POINTS = "conditions", "points"


def sharing(batch: int, wanted: int | None = None) -> int:
    """Devices that share the points of one condition: as many as are wanted; else one, or as few as leave none without work where
    devices are more than conditions. UsageError: they do not divide the devices evenly."""
    count = len(jax.devices())
    if wanted is None:
        return next(n for n in range(1, count + 1) if count % n == 0 and count // n <= max(batch, 1))
    if count % wanted:
        raise UsageError(f"{wanted} devices a condition do not divide {count} device{'s' if count > 1 else ''} evenly")
    return wanted


def over_devices(function: Callable[..., Any], points: int = 1) -> Callable[..., Any]:
    """(shared, *rows) -> `function(shared, *row)` for every row, on all devices of all processes; so many of them share the `points` of
    a row.

    Where rows do not divide evenly, copies of the first one fill up; their results are dropped. Differentiable in `shared`, which every
    device holds. To be called under `jit`, with arguments that are `everywhere`.
    """
    count = len(jax.devices())

    def every(shared: Any, *rows: Any) -> Any:
        return jax.vmap(lambda *row: function(shared, *row))(*rows)

    if count == 1:
        return every
    same, split = PartitionSpec(), PartitionSpec(CONDITIONS)

    def spread(shared: Any, *rows: Any) -> Any:
        batch = len(jax.tree.leaves(rows)[0])
        fill = -batch % (count // points)
        filled = jax.tree.map(lambda a: jnp.concatenate([a, jnp.repeat(a[:1], fill, axis=0)]), rows) if fill else rows
        found = jax.shard_map(
            every,
            mesh=_mesh(points),
            in_specs=(same, *[split] * len(rows)),
            out_specs=split,
            axis_names={CONDITIONS},
            check_vma=False,
        )(shared, *filled)
        return jax.tree.map(lambda a: a[:batch], found)

    return spread


def divided(points: jax.Array) -> jax.Array:
    """Points (N, ...) of one condition, each on one of the devices that share them."""
    if _parts() == 1:
        return points
    return _split(jax.lax.with_sharding_constraint(points, PartitionSpec()))  # drawn by everyone: cheaper than to be sent


def summed(function: Callable[..., jax.Array], points: jax.Array, weights: jax.Array) -> jax.Array:
    """function(points (N, d), weights (N, E)), a weighted sum over points, by parts: for functions that go through points in blocks of
    their own, which the compiler cannot split."""
    parts = _parts()
    if parts == 1:
        return function(points, weights)
    size = -(-len(points) // parts)
    fill = parts * size - len(points)
    filled = jnp.pad(points, ((0, fill), (0, 0)), mode="edge"), jnp.pad(weights, ((0, fill), (0, 0)))
    return jnp.sum(jax.vmap(function)(*(_split(a.reshape(parts, size, -1)) for a in filled)))


def joined(rows: Sequence[jax.Array]) -> jax.Array:
    """Rows (N_i, ...) of several equations, for sums over all of them. Where devices share them each keeps its own, so that they come in
    another order, and with rows of zeros where they do not divide evenly."""
    parts, rest = _parts(), rows[0].shape[1:]
    if parts == 1:
        return jnp.concatenate(rows)
    filled = (jnp.pad(r, ((0, -len(r) % parts), *[(0, 0)] * len(rest))) for r in rows)
    return _split(jnp.concatenate([r.reshape(parts, -1, *rest) for r in filled], axis=1).reshape(-1, *rest))


def over_local_devices(function: Callable[..., Any], columns: Sequence[bool], size: int) -> Callable[..., Any]:
    """`function`, compiled; arguments marked in `columns` are arrays (A, size), whose columns are divided between this process's devices:
    as many of them as divide `size`."""
    own = jax.local_devices()
    count = max(n for n in range(1, len(own) + 1) if size % n == 0)
    if count == 1:
        return jax.jit(function)
    line = Mesh(np.array(own[:count]), (POINTS,))
    split, same = (NamedSharding(line, PartitionSpec(*axes)) for axes in ((None, POINTS), ()))
    return jax.jit(function, in_shardings=tuple(split if marked else same for marked in columns))


def everywhere(tree: Any) -> Any:
    """The same arrays on all devices of all processes."""
    if len(jax.devices()) == 1:
        return tree
    sharding = NamedSharding(_mesh(1), PartitionSpec())

    def placed(a: Any) -> Any:
        if isinstance(a, jax.Array) and a.sharding == sharding:
            return a
        if isinstance(a, jax.Array) and jax.dtypes.issubdtype(a.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(placed(jax.random.key_data(a)))
        return jax.device_put(np.asarray(a), sharding)

    return jax.tree.map(placed, tree)


def described(batch: int, points: int) -> str:
    """One line on what works on `batch` rows; empty where there are none, or where it is one device."""
    count = len(jax.devices())
    if count == 1 or not batch:
        return ""
    rows = count // points
    busy = -(-batch // -(-batch // rows))
    where = f"{count} devices" + (f" of {mesh.processes()} processes" if mesh.several() else "")
    each = f", {points} of them for the points of each" if points > 1 else ""
    idle = f", {(rows - busy) * points} of them idle: -O batch={rows} gives each one" if busy < rows else ""
    return f"{batch} conditions a step on {where}{each}{idle}"


@cache
def _mesh(points: int) -> Mesh:
    return Mesh(np.array(jax.devices()).reshape(-1, points), (CONDITIONS, POINTS))


def _split(rows: jax.Array) -> jax.Array:
    return jax.lax.with_sharding_constraint(rows, PartitionSpec(POINTS))


def _parts() -> int:
    """Devices that share the points of the condition that is being traced."""
    return dict(jax.sharding.get_abstract_mesh().shape).get(POINTS, 1)
