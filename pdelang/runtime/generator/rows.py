"""Collocation rows of scattered kernels inside one compiled function: what a generator is trained through and answers by.

    r_n(w) = N(sum_k w_k D^a phi_k(xi_n), xi_n, c),   A_nk = dr_n/dw_k = sum_a dN/du_a(xi_n) D^a phi_k(xi_n)

`runtime.collocation` does the same on the host, layout by layout; here geometry, points and parameters are all arguments, so that one
compilation serves every condition c and the rows are differentiable in the geometry. Rows are balanced: each equation and condition is
divided by the size that its operator has on the standard layout, so that the alphas of eq. (3) compare like with like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.runtime.devices import joined, summed
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.objective import alpha
from pdelang.runtime.options import SolveOptions

Parameters = Mapping[str, Any]
Theta = dict[str, Any]
STEEP = 0.05
"""Rows are divided by sqrt(1 + STEEP |grad u|^2) where a problem is nonlinear: at a front of Burgers' equation residuals would otherwise
outweigh everything else. Lengths in half-widths of the box, u in its own root mean square."""
WEIGHTS = SolveOptions()
"""Whose alphas weigh the rows."""


@dataclass(frozen=True, eq=False)
class Block:
    """The rows of one equation or condition. basis (A, N, K): D^a phi_k, one a jet. points (N, d). share (N,): zero where it is not asked
    for; `size`: of its operator on the standard layout."""

    equation: CompiledEquation
    basis: jax.Array
    points: jax.Array
    share: jax.Array
    spacing: jax.Array

    def jets(self, weights: jax.Array) -> jax.Array:
        """(A, N)."""
        return jnp.stack([b @ weights[j.field] for b, j in zip(self.basis, self.equation.jets)])

    def residual(self, weights: jax.Array, params: Parameters) -> jax.Array:
        """(N,), as the program has it."""
        return jnp.broadcast_to(self.equation.residual(self.jets(weights), self.points, params), self.points.shape[:1])

    def partials(self, weights: jax.Array, params: Parameters) -> jax.Array:
        """(A, N), as the program has them."""
        jets = self.jets(weights)
        return jnp.broadcast_to(self.equation.partials(jets, self.points, params), jets.shape)

    def scale(self, partials: jax.Array) -> jax.Array:
        """What the rows are multiplied by: (N,)."""
        return self.share / self._size(jax.lax.stop_gradient(partials))

    def evaluated(self, weights: jax.Array, params: Parameters) -> tuple[jax.Array, jax.Array]:
        """Residual (N,) and partials (A, N), balanced."""
        partials = self.partials(weights, params)
        scale = self.scale(partials)
        return self.residual(weights, params) * scale, partials * scale

    def columns(self, partials: jax.Array, fields: int) -> jax.Array:
        """dr_n/dw_fk of partials (A, N) that may be those of other kernels: (N, F K)."""
        columns: list[Any] = [0.0] * fields
        for jet, slope, basis in zip(self.equation.jets, partials, self.basis):
            columns[jet.field] = columns[jet.field] + slope[:, None] * basis
        return jnp.concatenate([jnp.broadcast_to(c, self.basis.shape[1:]) for c in columns], axis=1)

    def _size(self, partials: jax.Array) -> jax.Array:
        """Root mean square of sum_a |dN/du_a| / spacing^a."""
        orders = jnp.array([j.orders for j in self.equation.jets], dtype=float)
        each = partials * jnp.prod(self.spacing**-orders, axis=1)[:, None]
        squares = jnp.sum(each**2 * (self.share > 0), axis=1) / jnp.maximum(jnp.sum(self.share > 0), 1)
        return jnp.sqrt(jnp.maximum(jnp.sum(squares), 1e-300))


@dataclass(frozen=True, eq=False)
class System:
    """All rows of one instance: eq. (3) at fixed geometry is |residual|^2."""

    blocks: tuple[Block, ...]
    params: Parameters

    def linearised(self, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Residual (M,) and matrix (M, F K) at weights (F, K)."""
        residuals, matrices = [], []
        for block in self.blocks:
            residual, partials = block.evaluated(weights, self.params)
            residuals.append(residual)
            matrices.append(block.columns(partials, weights.shape[0]))
        return joined(residuals), joined(matrices)

    def scales(self, weights: jax.Array) -> list[jax.Array]:
        """What the rows of each block are multiplied by, (N,) each."""
        return [block.scale(block.partials(weights, self.params)) for block in self.blocks]

    def squared_norm(self, compiled: CompiledProblem, theta: Theta, scales: list[jax.Array]) -> jax.Array:
        """|residual|^2 of other kernels at the same points, balanced by given scales; cheap to differentiate in theta.

        The emitted module's fused loss, except where kernels may be sheared round a period, which its moments do not know.
        """
        if any(compiled.module.PERIODIC):
            return jnp.sum(self._again(compiled, theta, scales) ** 2)
        module, count = compiled.module, len(compiled.equations)

        def interior(points: jax.Array, squares: jax.Array) -> jax.Array:
            return jnp.asarray(module.loss(theta, points, self.params, len(points) * squares.T))

        def condition(n: int, points: jax.Array, squares: jax.Array) -> jax.Array:
            return jnp.asarray(module.condition_loss(n, theta, points, self.params, len(points) * squares.T))

        total = summed(interior, self.blocks[0].points, jnp.stack(scales[:count], axis=1) ** 2)
        for n, (block, s) in enumerate(zip(self.blocks[count:], scales[count:])):
            total = total + summed(partial(condition, n), block.points, s[:, None] ** 2)
        return total

    def _again(self, compiled: CompiledProblem, theta: Theta, scales: list[jax.Array]) -> jax.Array:
        residuals = []
        for old, scale in zip(self.blocks, scales):
            block = Block(old.equation, _basis(compiled, old.equation, theta, old.points, self.params), old.points, old.share, old.spacing)
            residuals.append(scale * block.residual(theta["weights"], self.params))
        return joined(residuals)

    def residual(self, weights: jax.Array) -> jax.Array:
        return joined([block.evaluated(weights, self.params)[0] for block in self.blocks])


def system(
    compiled: CompiledProblem, geometry: Theta, interior: jax.Array, faces: tuple[jax.Array, ...], params: Parameters, spacing: jax.Array
) -> System:
    """interior (N, d) and faces, one (N_i, d) a condition: points of the reference box. spacing (d,): of the standard layout, there."""
    lower, upper = compiled.bounds(params)
    half = (upper - lower) / 2
    physical = [lower + (1 + z) * half for z in (interior, *faces)]
    blocks = [_block(compiled, e, geometry, physical[0], params, spacing * half) for e in compiled.equations]
    blocks += [_block(compiled, c, geometry, at, params, spacing * half) for c, at in zip(compiled.conditions, physical[1:])]
    return System(tuple(blocks), params)


def _block(
    compiled: CompiledProblem, equation: CompiledEquation, geometry: Theta, points: jax.Array, params: Parameters, spacing: jax.Array
) -> Block:
    first = _places(equation, points, params)[0]
    share = jnp.full(points.shape[0], (alpha(equation.kind, WEIGHTS) / points.shape[0]) ** 0.5)
    if equation.where is not None:
        share = jnp.where(equation.where(first, params), share, 0.0)
    return Block(equation, _basis(compiled, equation, geometry, points, params), first, share, spacing)


def _places(equation: CompiledEquation, points: jax.Array, params: Parameters) -> list[jax.Array]:
    """Points (N, d) with each place's fixed coordinates put in."""
    fixed = jnp.asarray(equation.locate(params), dtype=float)
    return [jnp.where(jnp.isnan(f), points, jnp.nan_to_num(f)) for f in fixed]


def _basis(compiled: CompiledProblem, equation: CompiledEquation, geometry: Theta, points: jax.Array, params: Parameters) -> jax.Array:
    """(A, N, K): D^a phi_k of each jet at its own place."""
    basis: list[Any] = [None] * len(equation.jets)
    for p, at in enumerate(_places(equation, points, params)):
        orders = list(dict.fromkeys(j.orders for j in equation.jets if j.place == p))
        values = jet_basis(compiled, geometry, at, params, orders) if orders else ()
        for a, jet in enumerate(equation.jets):
            if jet.place == p:
                basis[a] = values[orders.index(jet.orders)]
    return jnp.stack(basis)


def calmed(compiled: CompiledProblem, built: System, geometry: Theta, weights: jax.Array) -> System:
    """The same rows, those of the interior divided by sqrt(1 + STEEP |grad u|^2 / mean u^2) at the given weights, without gradient."""
    lower, upper = compiled.bounds(built.params)
    d = len(compiled.problem.coordinates)
    space = [i for i in range(d) if i != compiled.problem.time]
    orders = [(0,) * d, *(tuple(int(j == i) for j in range(d)) for i in space)]
    count = len(compiled.equations)
    at = built.blocks[0].points
    basis = jet_basis(compiled, jax.lax.stop_gradient(geometry), at, built.params, orders)
    u, *slopes = jnp.einsum("ank,fk->afn", basis, jax.lax.stop_gradient(weights))
    factor = calming(u, [(upper[i] - lower[i]) / 2 * s for i, s in zip(space, slopes)])
    blocks = [Block(b.equation, b.basis, b.points, b.share * factor, b.spacing) for b in built.blocks[:count]]
    return System((*blocks, *built.blocks[count:]), built.params)


def calming(u: jax.Array, slopes: Sequence[jax.Array]) -> jax.Array:
    """1/sqrt(1 + STEEP |grad u|^2 / mean u^2) of values and slopes (F, N), for the field where it is least: (N,)."""
    steepness = sum((s**2 for s in slopes), jnp.zeros(()))
    ratio = jnp.max(steepness / jnp.maximum(jnp.mean(u**2, axis=1, keepdims=True), 1e-12), axis=0)
    return jnp.asarray((1 + STEEP * ratio) ** -0.5)
