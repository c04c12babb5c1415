"""Kernels that stand where they are, in the few directions in which a family's weights vary.

    w(c) = sum_j a_j(c) v_j,    a = argmin |r(V a; c)|^2     (the domain does not depend on c)

Geometry, points and V are the same for every condition: what kernels and their derivatives make of them there is prepared once, and a
query solves for as many unknowns as the family has dimensions, not for as many as there are kernels.

    estimate = ratio |V a' - V a''|,    a', a'': from every other point each

What directions or kernels cannot hold the two halves of the points see differently, amplified by a resonance as the error is. The ratio
is the largest of true errors to that difference where V was learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator.basis import jet_basis
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import StandardLayout
from pdelang.runtime.generator.points import Points, linear
from pdelang.runtime.generator.rows import Block, calming, system
from pdelang.runtime.generator.rows import Parameters as Given
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.quick_check import QuickCheck
from pdelang.runtime.representation import Index
from pdelang.runtime.sampling import sobol
from pdelang.runtime.validation import VANISHING

POINTS_A_DIRECTION, FEWEST = 3, {True: 200, False: 1000}
"""Of the interior; the least, of linear and of nonlinear problems."""
STEPS, ENOUGH = 12, 0.1
"""The most Gauss-Newton steps, and the share of the residual that each has to take away for the next one to follow."""
FROM_A_FIT = 2
"""Steps from where the solution is known."""
RIDGE = 1e-14
PLACES, BLOCK = 512, 4096
"""Points at which errors are looked at; of a grid, taken at once."""
SEED = 31337
DEPENDENT = 1e-9
"""Functions of a layout whose singular value is a smaller share of the largest are combinations of the others."""


@dataclass(frozen=True, eq=False)
class Directions:
    """weights: (R, F, K), one direction each. ratio: see above. conditions (n, size), coefficients (n, R): of labels; where the problem is
    nonlinear Gauss-Newton steps begin at the nearest of them. steps: the most."""

    compiled: CompiledProblem
    layout: StandardLayout
    weights: np.ndarray
    conditions: np.ndarray
    coefficients: np.ndarray
    ratio: float = 1.0
    steps: int = STEPS

    @property
    def count(self) -> int:
        return len(self.weights)

    def found(self, parameters: Parameters, start: np.ndarray | None = None) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray, Any]:
        """Coefficients (R,); kernels; their error and values at some places (2, F, places); figures of the check."""
        given = {name: np.asarray(v, dtype=float) for name, v in parameters.items()}
        coefficients, figures, checked = jax.device_get(self._answer(self._prepared, self._start(given) if start is None else start, given))
        weights = {"weights": np.tensordot(coefficients, self.weights, 1)}
        return coefficients, geometry(self.layout) | weights, figures, checked

    def _start(self, parameters: Parameters) -> np.ndarray:
        """(R,)."""
        if not len(self.conditions):
            return np.zeros(self.count)
        c = Conditions.of(self.compiled.problem).unit(parameters)
        return np.asarray(self.coefficients[np.argmin(np.sum((self.conditions - c) ** 2, axis=1))])

    @cached_property
    def _prepared(self) -> dict[str, Any]:
        """What directions are at all points: `rows` (A, N, R) an equation, `check` (jets, N, R) a request, `places` (F, N, R),
        `slopes` ((1 + d_space) F, N, R): values and slopes at the equations' points, of nonlinear problems."""
        found = {
            "rows": [self._combined(b.basis, [j.field for j in b.equation.jets]) for b in self._blocks],
            "check": [self.at(points, wanted) for points, wanted in self._requests],
            "places": self.at(self.places, self.fields),
            "slopes": self.at(self._blocks[0].points, self._sloped) if self._sloped else np.zeros(0),
        }
        return dict(jax.device_put(found))

    @cached_property
    def _blocks(self) -> tuple[Block, ...]:
        points = Points.of(self.compiled, max(FEWEST[linear(self.compiled)], POINTS_A_DIRECTION * self.count), SEED)
        theta = geometry(self.layout)
        interior, faces = points.draw(jax.random.key(SEED), theta)
        return system(self.compiled, theta, interior, faces, {}, jnp.asarray(self.layout.spacing)).blocks

    @cached_property
    def _requests(self) -> Any:
        return QuickCheck(self.compiled).requests({})

    @property
    def _dimension(self) -> int:
        return self.layout.centres.shape[1]

    @property
    def fields(self) -> list[Index]:
        """Their values."""
        return [(f, (0,) * self._dimension) for f in range(self.weights.shape[1])]

    @cached_property
    def _sloped(self) -> list[Index]:
        """Values and first derivatives in space, where rows are calmed."""
        if linear(self.compiled):
            return []
        space = [i for i in range(self._dimension) if i != self.compiled.problem.time]
        return [*self.fields, *((f, tuple(int(i == j) for j in range(self._dimension))) for i in space for f, _ in self.fields)]

    @cached_property
    def places(self) -> np.ndarray:
        """(PLACES, d), where errors are looked at."""
        lower, upper = self.compiled.bounds({})
        return np.asarray(lower + (upper - lower) * sobol(PLACES, self._dimension, SEED))

    def at(self, points: Any, wanted: Sequence[Index]) -> np.ndarray:
        """Jets of every direction: (len(wanted), N, R)."""
        if not wanted:
            return np.zeros((0, len(points), self.count))
        orders = list(dict.fromkeys(o for _, o in wanted))
        basis = np.asarray(jet_basis(self.compiled, geometry(self.layout), jnp.asarray(points), {}, orders))
        return self._combined(basis[[orders.index(o) for _, o in wanted]], [f for f, _ in wanted])

    def _combined(self, basis: Any, fields: list[int]) -> np.ndarray:
        """(A, N, K) of jets of these fields -> (A, N, R)."""
        return np.stack([np.asarray(b) @ self.weights[:, f].T for b, f in zip(basis, fields)])

    @cached_property
    def _answer(self) -> Any:
        """prepared, start, parameters -> coefficients, error and values at the places, figures of the check. Compiled once."""
        blocks, requests, check = self._blocks, self._requests, QuickCheck(self.compiled)
        blocks = tuple(replace(b, basis=jnp.zeros(0)) for b in blocks)

        def answer(prepared: dict[str, Any], start: jax.Array, params: Given) -> Any:
            own = self._calmed(blocks, prepared["slopes"] @ start, params) if self._sloped else blocks

            def step(a: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
                """The next coefficients, by how much the two halves differ about them, and the residual before."""
                rows = [_rows(b, basis, a, params) for b, basis in zip(own, prepared["rows"])]
                halves = [_normal([_half(m, r, n) for m, r in rows]) for n in (0, 1)]
                solve = _solver(halves[0][0] + halves[1][0])
                change = solve(halves[0][1] + halves[1][1])
                change = change + solve(sum((m.T @ (r - m @ change) for m, r in rows), jnp.zeros(self.count)))
                one, other = (_solver(n)(r) for n, r in halves)
                return a + change, one - other, jnp.sqrt(sum((jnp.sum(r**2) for _, r in rows), jnp.zeros(())))

            whole, gap, size = step(start)
            if self._sloped:
                carry = jnp.asarray(1), whole, gap, size, jnp.asarray(jnp.inf)

                def more(carry: Any) -> Any:
                    count, _, _, size, before = carry
                    return (count < self.steps) & (size < (1 - ENOUGH) * before)

                whole, gap = jax.lax.while_loop(more, lambda c: (c[0] + 1, *step(c[1]), c[3]), carry)[1:3]
            figures = jnp.stack([self.ratio * (prepared["places"] @ gap), prepared["places"] @ whole])
            return whole, figures, check.figures(requests, [b @ whole for b in prepared["check"]], params)

        return jax.jit(answer)

    def _calmed(self, blocks: Sequence[Block], slopes: jax.Array, params: Given) -> list[Block]:
        """As `rows.calmed`, by values and slopes at the start."""
        values, *rest = slopes.reshape(-1, len(self.fields), slopes.shape[-1])
        lower, upper = self.compiled.bounds(params)
        space = [i for i in range(self._dimension) if i != self.compiled.problem.time]
        factor = calming(values, [s * (upper[i] - lower[i]) / 2 for i, s in zip(space, rest)])
        count = len(self.compiled.equations)
        return [replace(b, share=b.share * factor) if n < count else b for n, b in enumerate(blocks)]

    def grids(self, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """As `seam.Generator.grids`: directions on the grid once, then a product a condition."""
        conditions, fixed = Conditions.of(self.compiled.problem), self.compiled.parameters()
        lower, upper = (np.asarray(b, dtype=float) for b in self.compiled.bounds({}))
        points = lower + (upper - lower) * np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
        parts = [self.at(points[n : n + BLOCK], self.fields) for n in range(0, len(points), BLOCK)]
        basis = np.concatenate(parts, axis=1)
        values, estimates = np.empty((len(z), len(basis), *(len(a) for a in axes))), np.empty(len(z))
        for n, one in enumerate(z):
            coefficients, _, figures, _ = self.found(fixed | conditions.values(one))
            values[n], estimates[n] = (basis @ coefficients).reshape(values.shape[1:]), relative_error(figures)
        return values, estimates

    def arrays(self) -> Arrays:
        own = {"weights": self.weights, "conditions": self.conditions, "coefficients": self.coefficients}
        return own | {"ratio": np.array(self.ratio)}

    @classmethod
    def restored(cls, compiled: CompiledProblem, layout: StandardLayout, arrays: Mapping[str, np.ndarray]) -> Self:
        weights, conditions, coefficients = (arrays[name] for name in ("weights", "conditions", "coefficients"))
        return cls(compiled, layout, weights, conditions, coefficients, float(arrays["ratio"]))


def _rows(block: Block, basis: jax.Array, a: jax.Array, params: Given) -> tuple[jax.Array, jax.Array]:
    """Matrix (N, R) and minus the residual (N,) of one equation at coefficients a, balanced. basis (A, N, R)."""
    e, jets = block.equation, basis @ a
    partials = jnp.broadcast_to(e.partials(jets, block.points, params), jets.shape)
    scale = block.scale(partials)
    residual = jnp.broadcast_to(e.residual(jets, block.points, params), scale.shape)
    return jnp.einsum("an,anr->nr", partials * scale, basis), -residual * scale


def _half(matrix: jax.Array, right: jax.Array, which: int) -> tuple[jax.Array, jax.Array]:
    """Every other row; of a condition at one point half of it."""
    if len(right) < 2:
        return matrix / 2**0.5, right / 2**0.5
    return matrix[which::2], right[which::2]


def _normal(rows: Sequence[tuple[jax.Array, jax.Array]]) -> tuple[jax.Array, jax.Array]:
    matrix, right = (jnp.concatenate(parts) for parts in zip(*rows))
    return matrix.T @ matrix, matrix.T @ right


def _solver(normal: jax.Array) -> Callable[[jax.Array], jax.Array]:
    scale = 1 / jnp.sqrt(jnp.maximum(jnp.diag(normal), 1e-300))
    factor = jax.scipy.linalg.cho_factor(scale[:, None] * normal * scale + RIDGE * jnp.eye(len(scale)), lower=True)
    return lambda right: scale * jax.scipy.linalg.cho_solve(factor, scale * right)


def stands(compiled: CompiledProblem) -> bool:
    """Whether everything but the rows' coefficients can be prepared: no parameter moves a point."""
    equations = (*compiled.equations, *compiled.conditions)
    if any(e.where is not None for e in equations):
        return False
    try:
        compiled.bounds({})
        for e in equations:
            e.locate({})
    except KeyError:
        return False
    return True


def independent(compiled: CompiledProblem, layout: StandardLayout) -> Directions:
    """All functions of a layout that are independent, the smoothest first: combinations of unit norm, of the values and the second
    derivatives in kernels' widths together."""
    d, fields = layout.centres.shape[1], len(layout.weights)
    zero = (0,) * d
    lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds({}))
    at = jnp.asarray(spread(compiled, layout, 2 * layout.kernels))
    orders = [zero, *(tuple(2 * int(i == j) for j in range(d)) for i in range(d))]
    basis = np.asarray(jet_basis(compiled, geometry(layout), at, {}, orders))
    units = [np.prod((np.exp(layout.log_scales[0]) * (upper - lower) / 2) ** np.array(o)) for o in orders]
    rows = np.concatenate([b * u for b, u in zip(basis, units)]) / len(at) ** 0.5
    norms = np.linalg.norm(rows, axis=0)
    sizes, functions = np.linalg.svd(np.linalg.qr(rows / norms, mode="r"))[1:]
    count = int(np.sum(sizes > DEPENDENT * sizes[0]))
    own = functions[:count] / sizes[:count, None] / norms
    weights = np.zeros((count, fields, fields, layout.kernels))
    for f in range(fields):
        weights[:, f, f] = own
    every = weights.reshape(count * fields, fields, layout.kernels)
    return Directions(compiled, layout, every, np.zeros((0, 1)), np.zeros((0, len(every))), steps=FROM_A_FIT)


def spread(compiled: CompiledProblem, layout: StandardLayout, count: int) -> np.ndarray:
    """Points (count, d) of the domain, even ones; half of them where the kernels are, if these are graded."""
    points = Points.of(compiled, count, SEED + 1)
    lower, upper = compiled.bounds({})
    return np.asarray(lower + (upper - lower) * (points.draw(jax.random.key(SEED + 1), geometry(layout))[0] + 1) / 2)


def geometry(layout: StandardLayout) -> dict[str, np.ndarray]:
    d = layout.centres.shape[1]
    return {"centres": layout.centres, "log_scales": layout.log_scales, "shears": np.zeros((layout.kernels, d * (d - 1) // 2))}


def relative_error(figures: np.ndarray) -> float:
    """Of error and values (2, F, places), the largest over the fields; inf where it is not a number."""
    sizes = np.sqrt(np.mean(figures**2, axis=-1))
    found = float(np.max(sizes[0] / np.maximum(sizes[1], VANISHING * np.max(sizes[1], initial=1e-300))))
    return found if np.isfinite(found) else np.inf
