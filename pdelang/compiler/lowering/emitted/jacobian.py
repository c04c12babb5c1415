"""The block Jacobian in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.lowering.emitted.evaluation import _evaluate, _located, _system
from pdelang.compiler.lowering.emitted.geometry import (
    _derivatives,
    _gaussian,
    _geometry,
    _lower,
    _physical,
    _reference,
    _scales,
    _slopes,
)
from pdelang.compiler.lowering.emitted.given import _IMAGES, COORDINATES, FIELDS


# ---- emitted ----
def _kernel_columns(symbol: dict, theta: dict, z: jax.Array, image: Sequence[float]) -> dict[str, jax.Array]:
    """d/dtheta_k of sum_f w_fk L_f phi_k for operators L_f = sum_a n_a(z) D^a, symbol[f] = {a: n_a (N,)}.

    By Leibniz L(q phi) = q L phi + sum_j d_j q L^(j) phi + 1/2 sum_jl d_jl q L^(jl) phi for quadratic q, where L^(j), L^(jl) are
    derivatives of the operator's symbol; dphi/dc_m = g_m phi, dphi/dlog sigma_i = s_i^2 phi, dphi/dr_ij = -s_i y_j / sigma_i phi.
    """
    d, weights = len(COORDINATES), theta["weights"]
    y, s, g = _slopes(theta, z, image)
    _, rows, precision = _geometry(theta)
    phi = _gaussian(s)
    terms: dict[Any, list[Any]] = {}
    for f, operator in symbol.items():
        for a, n in operator.items():
            terms.setdefault((f,), []).append((a, n))
            for j in range(d):
                if a[j]:
                    terms.setdefault((f, j), []).append((_lower(a, j), a[j] * n))
                for m in range(d):
                    factor = a[j] * (a[m] - (j == m))
                    if factor:
                        terms.setdefault((f, j, m), []).append((_lower(_lower(a, j), m), factor * n))
    basis = _derivatives({a for sums in terms.values() for a, _ in sums}, g, precision, phi)
    applied = {key: sum(n[:, None] * basis[a] for a, n in sums) for key, sums in terms.items()}

    def geometry(*derived: int) -> Any:
        """sum_f w_f L_f^(derived) phi."""
        return sum(weights[f] * applied[f, *derived] for f in symbol if (f, *derived) in applied)

    whole = geometry()
    first = [geometry(j) for j in range(d)]
    second = [[geometry(j, m) for m in range(d)] for j in range(d)]
    centres = [g[m] * whole + sum(precision[m, j] * first[j] for j in range(d)) for m in range(d)]
    along = [sum(rows[i, j] * first[j] for j in range(i, d)) for i in range(d)]
    twice = [[sum(rows[i, j] * second[j][m] for j in range(i, d)) for m in range(d)] for i in range(d)]
    scales = [s[i] * s[i] * whole + 2.0 * s[i] * along[i] + sum(rows[i, m] * twice[i][m] for m in range(i, d)) for i in range(d)]
    shears = [-rows[i, i] * (s[i] * y[j] * whole + y[j] * along[i] + s[i] * first[j] + twice[i][j]) for i, j in combinations(range(d), 2)]
    flat = jnp.zeros_like(phi)
    return {
        "weights": jnp.stack([applied.get((f,), flat) for f in range(len(FIELDS))], axis=1),
        "centres": jnp.stack(centres, axis=-1),
        "log_scales": jnp.stack(scales, axis=-1),
        "shears": jnp.stack(shears, axis=-1) if shears else jnp.zeros((*phi.shape, 0)),
    }


def _jacobian(number: int, theta: dict, points: jax.Array, params: dict) -> dict[str, jax.Array]:
    """d residual_en / d theta, leaves (E, N, *leaf.shape)."""
    scales = _scales(params)
    located = [_reference(place, params) for place in _located(number, points, params)]
    points = _located(number, points, params)[0]
    rows = []
    for record in _system(number)[0]:
        wanted = record["jets"]
        own: list[Any] = [None] * len(wanted)
        for p, z in enumerate(located):
            chosen = [a for a, (_, _, place) in enumerate(wanted) if place == p]
            if chosen:
                values = _evaluate([((wanted[a][0], wanted[a][1], _physical(wanted[a][1], scales)),) for a in chosen], theta, z)
                for a, value in zip(chosen, values):
                    own[a] = value
        partials = record["partials"](jnp.stack(own), points, params)
        if record["where"] is not None:
            partials = jnp.where(record["where"](points, params), partials, 0.0)
        columns = []
        for p, z in enumerate(located):
            symbol: dict[int, dict] = {}
            for (field, orders, place), partial in zip(wanted, partials):
                if place == p:
                    symbol.setdefault(field, {})[orders] = _physical(orders, scales) * partial
            columns += [_kernel_columns(symbol, theta, z, image) for image in _IMAGES] if symbol else []
        rows.append(jax.tree.map(lambda *parts: sum(parts), *columns))
    return jax.tree.map(lambda *parts: jnp.stack(parts), *rows)


def residual_jacobian(theta: dict, points: jax.Array, params: dict) -> dict[str, jax.Array]:
    """d residual / d theta at points (N, d): a dict like theta, leaves (E, N, *leaf.shape). Kernel k stands in its own columns only."""
    return _jacobian(-1, theta, points, params)


def condition_jacobian(index: int, theta: dict, points: jax.Array, params: dict) -> dict[str, jax.Array]:
    """d condition_residual(index) / d theta: a dict like theta, leaves (N, *leaf.shape)."""
    return jax.tree.map(lambda leaf: leaf[0], _jacobian(index, theta, points, params))
