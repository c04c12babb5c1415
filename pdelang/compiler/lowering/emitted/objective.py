"""Mean squared residuals, with value and gradient in one pass over the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.copies import _middles, _packed, _room, _summed
from pdelang.compiler.lowering.emitted.direct import _directly
from pdelang.compiler.lowering.emitted.evaluation import _at_points, _evaluate, _in_form, _located, _plan, _residuals, _system, _targets
from pdelang.compiler.lowering.emitted.geometry import _reference
from pdelang.compiler.lowering.emitted.moments import (
    _block_size,
    _blocks,
    _local_form,
    _moment_form,
    _moment_rows,
    _monomials,
    _owners,
    _powers,
)


# ---- emitted ----
def _plain(number: int, theta: dict, points: jax.Array, params: dict, weights: jax.Array, evaluate: Any = _evaluate) -> jax.Array:
    """mean_n sum_e weights_en r_en^2."""
    return jnp.mean(jnp.sum(weights * _at_points(number, theta, points, params, evaluate) ** 2, axis=0))


def _fused(
    number: int, theta: dict, points: jax.Array, params: dict, weights: jax.Array, found: Sequence[Any], room: tuple[float, int]
) -> tuple[jax.Array, dict]:
    """The same and its gradient in theta, phi computed once a block:

    values V = owners (z^m * W phi), residuals r(V), G = z^m * owners^T dL/dV, dL/dW = G phi^T, dL/dC = (phi * W^T G) features^T.
    """
    records, _ = _system(number)
    needed, at = _plan(number)
    targets = _targets(number, params)
    rows = [_moment_rows(place) for place in targets]
    owners = [_owners(place, len(what)) for place, what in zip(rows, targets)]
    count, kernels = points.shape[0], len(theta["centres"])
    size = _block_size(count, kernels)
    located = _located(number, points, params)
    blocks = [_blocks(_reference(place, params), size) for place in located]
    if found[0] is None:
        forms, pull = jax.vjp(lambda theta: [_moment_form(place, theta) for place in targets], theta)
    else:
        blocks = [z - _middles(z)[..., None] for z in blocks]
        chosen, makers = zip(*(_local_form(place, f, _room(kernels, room[0])) for place, f in zip(targets, found)))
        packed = _packed(theta)
        forms, pull = jax.vjp(lambda rows: [make(own) for make, own in zip(makers, rows)], [packed[which] for which in chosen])
    # Products of plain row-major arrays are the fast ones on CPUs; the barrier keeps the transposed copies.
    forms = jax.lax.optimization_barrier([(c, w, jnp.swapaxes(w, -1, -2)) for c, w in forms])

    def block(points: jax.Array, weights: jax.Array, zs: Any, forms: Any) -> tuple[jax.Array, list[Any]]:
        located = _located(number, points.T, params)
        phis, powers, features, values = [], [], [], []
        for p, (z, (exponent, form, _)) in enumerate(zip(zs, forms)):
            features.append(_powers(z, _monomials(2)))
            powers.append(_powers(z, [m for _, m in rows[p]]))
            phis.append(jnp.exp(exponent @ features[p]))
            values.append(owners[p] @ (powers[p] * (form @ phis[p])))
        residuals, jets = _residuals(number, values, located[0], params)
        slopes: list[list[Any]] = [[0.0] * len(place) for place in needed]
        for record, r, weight, own, (*spots, operator) in zip(records, residuals, weights, jets, at):
            partials = record["partials"](own, located[0], params)
            for spot, slope in [*zip(spots, partials), (operator, 1.0)]:
                if spot is not None:
                    slopes[spot[0]][spot[1]] = slopes[spot[0]][spot[1]] + 2.0 * weight * r * slope
        gradient = []
        for p, phi in enumerate(phis):
            moments = powers[p] * (owners[p].T @ jnp.stack(slopes[p]))
            gradient.append(((phi * (forms[p][2] @ moments)) @ features[p].T, (phi @ moments.T).T))
        return jnp.sum(weights * jnp.stack(residuals) ** 2), gradient

    pieces = (_blocks(points.T, size), _blocks(jnp.pad(weights, [(0, 0), (0, -count % size)]), size), blocks)
    if found[0] is None:
        start = (jnp.zeros(()), [(jnp.zeros_like(c), jnp.zeros_like(w)) for c, w, _ in forms])
        (value, slopes), _ = jax.lax.scan(lambda total, piece: (jax.tree.map(jnp.add, total, block(*piece, forms)), None), start, pieces)
        gradient = pull(slopes)[0]
    else:
        values, slopes = jax.lax.map(lambda piece: block(*piece), (*pieces, forms))
        value = jnp.sum(values)
        gradient = jax.tree.map(lambda *parts: sum(parts), *(_summed(f, own, room[1]) for f, own in zip(found, pull(slopes)[0])))
    return value / count, jax.tree.map(lambda slope: slope / count, gradient)


def _value_and_gradient(number: int, theta: dict, points: jax.Array, params: dict, weights: jax.Array) -> tuple[jax.Array, dict]:
    order = max(sum(orders) for record in _system(number)[0] for _, orders, _ in record["jets"])
    size = _block_size(points.shape[0], len(theta["centres"]))
    return _in_form(
        theta,
        order,
        [_blocks(_reference(place, params), size) for place in _located(number, points, params)],
        lambda found, room: _fused(number, theta, points, params, weights, found, room),
        lambda: jax.value_and_grad(_plain, argnums=1)(number, theta, points, params, weights, _directly),
    )


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _objective(number: int, theta: dict, points: jax.Array, params: dict, weights: jax.Array) -> jax.Array:
    return _plain(number, theta, points, params, weights)


def _objective_jvp(number: int, primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    """Forwards dL = <gradient, dtheta>, which JAX transposes for reverse mode. Other arguments take the plain way, if they vary at all."""
    theta, *others = primals
    value, gradient = _value_and_gradient(number, theta, *others)
    zero = jax.custom_derivatives.SymbolicZero
    moving = [(g, t) for g, t in zip(jax.tree.leaves(gradient), jax.tree.leaves(tangents[0])) if not isinstance(t, zero)]
    slope = sum((jnp.vdot(g, t) for g, t in moving), jnp.zeros_like(value))
    if not all(isinstance(t, zero) for t in jax.tree.leaves(tangents[1:])):
        dense = jax.tree.map(lambda t: jnp.zeros(t.shape) if isinstance(t, zero) else t, tangents[1:])
        slope += jax.jvp(lambda *others: _plain(number, theta, *others), tuple(others), tuple(dense))[1]
    return value, slope


_objective.defjvp(_objective_jvp, symbolic_zeros=True)


def _mean_square(number: int, theta: dict, points: jax.Array, params: dict, weights: Any) -> jax.Array:
    weights = jnp.asarray(1.0 if weights is None else weights)
    weights = weights[:, None] if weights.ndim == 1 else weights
    params = {name: jnp.asarray(value, float) for name, value in params.items()}
    return _objective(number, theta, points, params, jnp.broadcast_to(weights, (len(_system(number)[0]), points.shape[0])))


def loss(theta: dict, points: jax.Array, params: dict, weights: Any = None) -> jax.Array:
    """mean_n sum_e weights_e residual_e(points_n)^2; weights (E,) or (E, N), 1 without. The gradient costs 2.5 evaluations."""
    return _mean_square(-1, theta, points, params, weights)


def condition_loss(index: int, theta: dict, points: jax.Array, params: dict, weights: Any = None) -> jax.Array:
    """mean_n weights_n condition_residual(index)_n^2 (index static); weights a number or (1, N)."""
    return _mean_square(index, theta, points, params, weights)
