"""Gauss-Newton in the span of a family's own solutions: the equation decides where a network or an interpolation has only guessed.

    u = sum_r w_r V_r,    w = argmin sum_e rms_n( N_e(u(w); xi_n, c) / scale_e )^2,    from guessed w

Some dozens or hundreds of unknowns in place of thousands (a reduced basis), equations and conditions on tensor grids of points:
milliseconds a step. Where a nonlinear problem is steep its residual is divided by sqrt(1 + STEEP |grad u|^2), lengths in half-widths of the
box and u in its root mean square: 2-D Burgers from 370 labels 1.4e-3 with it, 2.0e-3 without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem, Parameters
from pdelang.runtime.collocation import at_places, evaluate, holds
from pdelang.runtime.generator.common_layout import CommonLayout
from pdelang.runtime.layout.factor import Array

ROWS = 8
"""Points of the interior an unknown, as a rule; a condition has one."""
CONDITION_WEIGHT = 3.0
"""Of a condition's residual against an equation's, relative both: from 3 to 100 the error is the same, but where the layout misses a
boundary value by 5e-4 a weight of 30 costs the equation (Burgers in nu and A from 40 labels: 1e-2 in place of 4e-3 at a corner of the
box)."""
STEEP = 0.05
RIDGE = 1e-12
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Reduced:
    """layout: holds rows V (R, P), of which there may be more in a later instance with the same tables. size: of a solution, root mean
    square. Tables of the rows' jets are made when they are first asked for, and kept. fixed: the first so many rows keep their weights.
    density: points of the interior an unknown."""

    compiled: CompiledProblem
    layout: CommonLayout
    rows: Array
    size: float
    tables: dict[object, Array] = field(default_factory=dict)
    fixed: int = 0
    density: int = ROWS

    def __call__(self, weights: Array, parameters: Parameters, steps: int, chosen: Array | None = None) -> Array:
        """Weights (k,) of the chosen rows, all of them by default, after so many steps; where one has not lowered the objective, those
        before it. The last is not asked."""
        count, size = len(weights), self.size
        box = tuple(np.asarray(b, dtype=float) for b in self.compiled.bounds(parameters))
        rows = [self._table(e, parameters, box, count, chosen) for e in (*self.compiled.equations, *self.compiled.conditions)]
        scales: list[float] = []
        best, reached = weights, np.inf
        for step in range(steps):
            matrices, rights = [], []
            for n, (equation, table, points, held) in enumerate(rows):
                jets = np.einsum("r,arn->an", weights, table)
                residual, partials = evaluate(equation, jets, points, parameters)
                if step == 0:
                    terms = np.abs(partials * jets).sum(axis=0)
                    scales.append(max(_rms(terms), size * _rms(partials.max(axis=0, initial=0.0)), TINY))
                share = held * self._calm(equation, jets, box, size) / (scales[n] * np.sqrt(len(points)))
                rights.append(-share * residual)
                matrices.append(np.einsum("an,arn->nr", share * partials, table[:, self.fixed :]))
            A, right = np.concatenate(matrices), np.concatenate(rights)
            objective = float(right @ right)
            if not objective < reached:
                return best
            best, reached = weights, objective
            normal = A.T @ A
            normal[np.diag_indices(len(normal))] += RIDGE * np.trace(normal) / len(normal) + TINY
            change = cho_solve(cho_factor(normal, check_finite=False), A.T @ right, check_finite=False)
            weights = np.concatenate([weights[: self.fixed], weights[self.fixed :] + change])
        return weights

    def _calm(self, equation: CompiledEquation, jets: Array, box: tuple[Array, ...], size: float) -> Array:
        """(N,): what the rows of an equation are multiplied by."""
        lower, upper = box
        out = np.ones(jets.shape[1])
        if equation.kind == "interior" and not equation.linear:
            for jet, values in zip(equation.jets, jets):
                if sum(jet.orders) == 1 and jet.orders.index(1) != self.compiled.problem.time:
                    i = jet.orders.index(1)
                    out += STEEP * (0.5 * (upper - lower)[i] * values / size) ** 2
        return out**-0.5

    def _table(
        self, equation: CompiledEquation, parameters: Parameters, box: tuple[Array, ...], count: int, chosen: Array | None
    ) -> tuple[CompiledEquation, Array, Array, Array]:
        """Jets of the rows (A, k, N), points (N, d), and weights (N,): zero where the equation does not hold."""
        lower, upper = box
        interior = equation.kind == "interior"
        unit = _unit_points(equation.free, len(lower), (self.density if interior else 1) * count)
        places = at_places(equation, lower + (upper - lower) * unit, parameters)
        tables = [self._jet(jet.field, jet.orders, (places[jet.place] - lower) / (upper - lower)) for jet in equation.jets]
        table = np.stack([t if chosen is None else t[chosen] for t in tables])
        scales = [np.prod((upper - lower) ** -np.array(jet.orders, dtype=float)) for jet in equation.jets]
        if any(s != 1.0 for s in scales):
            table = table * np.array(scales)[:, None, None]
        weights = holds(equation, places[0], parameters) * (1.0 if interior else CONDITION_WEIGHT)
        return equation, table, places[0], weights

    def _jet(self, number: int, orders: tuple[int, ...], unit: Array) -> Array:
        """(R, N) on the rows of a tensor grid of the unit box, last coordinate fastest."""
        axes = [np.unique(np.round(unit[:, i], 14)) for i in range(unit.shape[1])]
        key = (number, orders, tuple(a.tobytes() for a in axes))
        known = self.tables.get(key, np.empty((0, len(unit))))
        if len(known) < len(self.rows):
            new = self.layout.grids(self.rows[len(known) :], axes, orders)[:, number]
            self.tables[key] = np.concatenate([known, new.reshape(len(new), -1)])
        return self.tables[key]


def _unit_points(free: Sequence[int], d: int, count: int) -> Array:
    """(N, d): one coordinate in each of n equal cells along the free axes, zero along the others."""
    random, each = np.random.default_rng(0), max(2, int(np.ceil(count ** (1 / max(len(free), 1)))))
    axes = [(np.arange(each) + random.random(each)) / each if i in free else np.zeros(1) for i in range(d)]
    return np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
