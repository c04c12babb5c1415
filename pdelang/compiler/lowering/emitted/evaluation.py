"""Jets and residuals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.copies import _felt, _room, _rooms
from pdelang.compiler.lowering.emitted.direct import _directly
from pdelang.compiler.lowering.emitted.geometry import _geometry, _physical, _reference, _scales
from pdelang.compiler.lowering.emitted.given import _MERGED, CONDITIONS, COORDINATES, EQUATIONS, JETS, PERIODIC, _constants
from pdelang.compiler.lowering.emitted.moments import _block_size, _blocks, _by_moments


# ---- emitted ----
@jax.custom_batching.custom_vmap
def _narrowest(narrowness: jax.Array) -> jax.Array:
    """max_k, under vmap over all instances at once, so that the choice of form stays one branch."""
    return jnp.max(narrowness)


@_narrowest.def_vmap
def _narrowest_of_all(axis_size: int, batched: Sequence[bool], narrowness: jax.Array) -> tuple[jax.Array, bool]:
    return _narrowest(narrowness), False


_LOSS = 3e4
"""Units of rounding that monomials may cost before the direct form takes over: 7e-12 of the largest term."""


def _resolved(narrowness: jax.Array, order: int) -> jax.Array:
    """Whether sums of monomials are accurate enough for the narrowest kernel.

    They cost up to rho^m units of rounding, rho = max_k sum_i sqrt(P_ii) (1 + |c_i|), m = max(2, order). Measured for d = 1 to 4,
    m = 2 to 8 and sigma from 0.005 to 0.5: between 0.02 and 0.7 of that. Seen from the middle of a block, rho is the largest
    sum_i |s_i| that occurs there.
    """
    return _narrowest(narrowness) ** max(2, order) < _LOSS


def _narrowness(theta: dict) -> jax.Array:
    centres, _, precision = _geometry(jax.lax.stop_gradient(theta))
    return jnp.sum(jnp.stack([jnp.sqrt(precision[i, i]) * (1.0 + jnp.abs(c)) for i, c in enumerate(centres)]), axis=0)


def _in_form(theta: dict, order: int, places: Sequence[jax.Array], moments: Any, direct: Any) -> Any:
    """moments(found, room), the form of sums of monomials, where it is accurate; else direct(). places: blocks of points (T, d, B) at
    each place; found: what `_felt` knows of each, None without periodic coordinates."""
    if not any(PERIODIC):
        return jax.lax.cond(_resolved(_narrowness(theta), order), lambda: moments([None] * len(places), (1.0, 1)), direct)
    found = [_felt(theta, blocks) for blocks in places]
    rooms, kernels = _rooms(max(map(len, places))), len(theta["centres"])
    most = _narrowest(jnp.stack([jnp.max(jnp.sum(f["count"], axis=1)) for f in found]).astype(float))
    each = _narrowest(jnp.stack([jnp.max(f["count"]) for f in found]).astype(float))
    beyond = _narrowest(jnp.stack([1.0 - f["covered"] for f in found]))
    resolved = _resolved(jnp.concatenate([f["narrowness"] for f in found]), order) & (beyond == 0.0)
    short = sum(((most > _room(kernels, share)) | (each > copies)).astype(int) for share, copies in rooms)
    return jax.lax.switch(jnp.where(resolved, short, len(rooms)), [*(partial(moments, found, room) for room in rooms), direct])


def _evaluate(targets: Sequence[Any], theta: dict, z: jax.Array) -> jax.Array:
    """Sums of (field, orders, factor) at z (d, N): (len(targets), N)."""
    order = max(sum(orders) for terms in targets for _, orders, _ in terms)
    return _in_form(
        theta,
        order,
        [_blocks(z, _block_size(z.shape[1], len(theta["centres"])))],
        lambda found, room: _by_moments(targets, theta, z, found[0], room[0]),
        lambda: _directly(targets, theta, z),
    )


def jets(theta: dict, points: jax.Array, params: dict) -> jax.Array:
    """The jets of JETS at points (N, d): (len(JETS), N), in physical coordinates. Differentiable forwards and backwards, in everything."""
    scales = _scales(params)
    return _evaluate([((f, orders, _physical(orders, scales)),) for f, orders in JETS], theta, _reference(points, params))


def _system(number: int) -> tuple[tuple[dict, ...], tuple[tuple[int, ...], ...]]:
    """All equations (-1) or one condition: records, and which jets of each make one merged operator."""
    return (EQUATIONS, _MERGED) if number < 0 else ((CONDITIONS[number],), ((),))


def _plan(number: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """needed[p]: what is evaluated at place p, a jet (field, orders) or an equation's merged operator (its index);
    found[e]: the (place, row) of each jet of equation e, None for those in its operator; the operator's own (0, row) last, or None."""
    records, merged = _system(number)
    needed: list[list[Any]] = [[] for _ in range(1 + max(place for r in records for _, _, place in r["jets"]))]
    found: list[list[Any]] = []

    def row(place: int, what: Any) -> tuple[int, int]:
        if what not in needed[place]:
            needed[place].append(what)
        return place, needed[place].index(what)

    for e, record in enumerate(records):
        where = [None if a in merged[e] else row(place, (field, orders)) for a, (field, orders, place) in enumerate(record["jets"])]
        found.append([*where, row(0, e) if merged[e] else None])
    return needed, found


def _targets(number: int, params: dict) -> list[list[Any]]:
    """What the plan needs, place by place, as sums of (field, orders, factor)."""
    records, merged = _system(number)
    scales = _scales(params)

    def target(what: Any) -> list[Any]:
        if isinstance(what, tuple):
            return [(*what, _physical(what[1], scales))]
        terms = zip(merged[what], _constants(params)[what])
        return [(field, orders, c * _physical(orders, scales)) for a, c in terms for field, orders, _ in (records[what]["jets"][a],)]

    return [[target(what) for what in place] for place in _plan(number)[0]]


def _located(number: int, points: jax.Array, params: dict) -> list[jax.Array]:
    """Points (N, d) at each place: fixed coordinates put in."""
    if number < 0:
        return [points]
    record = CONDITIONS[number]
    free = jnp.array([i in record["free"] for i in range(len(COORDINATES))])
    return [jnp.where(free, points, place) for place in record["locate"](params)]


def _residuals(number: int, values: list[jax.Array], points: jax.Array, params: dict) -> tuple[list[jax.Array], list[jax.Array]]:
    """From the values at each place: residuals (N,), 0 where `where` is false, and jets (A, N), 0 inside an operator; one an equation."""
    records, _ = _system(number)
    residuals, jets = [], []
    for record, (*rows, operator) in zip(records, _plan(number)[1]):
        own = jnp.stack([jnp.zeros_like(points[:, 0]) if at is None else values[at[0]][at[1]] for at in rows])
        value = record["residual"](own, points, params)
        value = value if operator is None else value + values[operator[0]][operator[1]]
        residuals.append(value if record["where"] is None else jnp.where(record["where"](points, params), value, 0.0))
        jets.append(own)
    return residuals, jets


def _at_points(number: int, theta: dict, points: jax.Array, params: dict, evaluate: Any = _evaluate) -> jax.Array:
    """Residuals of a system: (E, N), in the form that `evaluate` takes."""
    located = _located(number, points, params)
    places = zip(_targets(number, params), located)
    values = [evaluate(targets, theta, _reference(place, params)) for targets, place in places]
    return jnp.stack(_residuals(number, values, located[0], params)[0])


def residual(theta: dict, points: jax.Array, params: dict) -> jax.Array:
    """Left - right of every equation at points (N, d): (E, N); 0 outside its `where`."""
    return _at_points(-1, theta, points, params)


def condition_residual(index: int, theta: dict, points: jax.Array, params: dict) -> jax.Array:
    """Left - right of CONDITIONS[index] (static): (N,). Its fixed coordinates are put into the points (N, d), whatever stands there."""
    return _at_points(index, theta, points, params)[0]
