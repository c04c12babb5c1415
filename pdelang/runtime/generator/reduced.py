"""Gauss-Newton in the labels' own directions: the equation decides where a network has only guessed.

    u = u_mean + sum_r y_r V_r,    y = argmin sum_e rms_n( N_e(u(y); xi_n, c) / scale_e )^2,    from the network's y

A few hundred unknowns in place of thousands (a reduced basis), equations and conditions on tensor grids of points: milliseconds a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem, Parameters
from pdelang.runtime.collocation import at_places, evaluate, holds
from pdelang.runtime.generator.common_layout import CommonLayout, norms
from pdelang.runtime.layout.factor import Array

ROWS = 8
"""Points of the interior an unknown; a condition has one."""
CONDITION_WEIGHT = 30.0
"""Of a condition's residual against an equation's, relative both: from 10 to 100 the error is the same."""
RIDGE = 1e-12
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Reduced:
    """layout: holds mean (P,) and directions (r, P). Tables of their jets are made at the first call, and kept."""

    compiled: CompiledProblem
    layout: CommonLayout
    mean: Array
    directions: Array
    tables: dict[object, Array] = field(default_factory=dict)

    def __call__(self, y: Array, parameters: Parameters, steps: int) -> Array:
        """y (r,) after so many steps; where one has not lowered the objective, the one before it. The last is not asked."""
        size = float(np.max(norms(self.layout, self.mean + y @ self.directions)))
        rows = [self._rows(e, parameters) for e in (*self.compiled.equations, *self.compiled.conditions)]
        scales: list[float] = []
        best, reached = y, np.inf
        for step in range(steps):
            matrices, rights = [], []
            for n, (equation, table, points, weights) in enumerate(rows):
                jets = table[:, 0] + y @ table[:, 1:]
                residual, partials = evaluate(equation, jets, points, parameters)
                if step == 0:
                    terms = np.abs(partials * jets).sum(axis=0)
                    scales.append(max(_rms(terms), size * _rms(partials.max(axis=0, initial=0.0)), TINY))
                share = weights / (scales[n] * np.sqrt(len(points)))
                rights.append(-share * residual)
                matrices.append(np.einsum("an,arn->nr", share * partials, table[:, 1:]))
            A, right = np.concatenate(matrices), np.concatenate(rights)
            objective = float(right @ right)
            if not objective < reached:
                return best
            best, reached = y, objective
            normal = A.T @ A
            normal[np.diag_indices(len(y))] += RIDGE * np.trace(normal) / len(y) + TINY
            y = y + cho_solve(cho_factor(normal, check_finite=False), A.T @ right, check_finite=False)
        return y

    def _rows(self, equation: CompiledEquation, parameters: Parameters) -> tuple[CompiledEquation, Array, Array, Array]:
        """Jets of mean and directions (A, 1 + r, N), points (N, d), and weights (N,): zero where the equation does not hold."""
        lower, upper = (np.asarray(b, dtype=float) for b in self.compiled.bounds(parameters))
        interior = equation.kind == "interior"
        unit = _unit_points(equation.free, len(lower), (ROWS if interior else 1) * (1 + len(self.directions)))
        places = at_places(equation, lower + (upper - lower) * unit, parameters)
        table = np.stack([self._jet(jet.field, jet.orders, (places[jet.place] - lower) / (upper - lower)) for jet in equation.jets])
        scales = [np.prod((upper - lower) ** -np.array(jet.orders, dtype=float)) for jet in equation.jets]
        if any(s != 1.0 for s in scales):
            table = table * np.array(scales)[:, None, None]
        weights = holds(equation, places[0], parameters) * (1.0 if interior else CONDITION_WEIGHT)
        return equation, table, places[0], weights

    def _jet(self, number: int, orders: tuple[int, ...], unit: Array) -> Array:
        """(1 + r, N) on the rows of a tensor grid of the unit box, last coordinate fastest."""
        axes = [np.unique(np.round(unit[:, i], 14)) for i in range(unit.shape[1])]
        key = (number, orders, tuple(a.tobytes() for a in axes))
        if key not in self.tables:
            rows = np.concatenate([self.mean[None], self.directions])
            self.tables[key] = self.layout.grids(rows, axes, orders)[:, number].reshape(len(rows), -1)
        return self.tables[key]


def _unit_points(free: Sequence[int], d: int, count: int) -> Array:
    """(N, d): one coordinate in each of n equal cells along the free axes, zero along the others."""
    random, each = np.random.default_rng(0), max(2, int(np.ceil(count ** (1 / max(len(free), 1)))))
    axes = [(np.arange(each) + random.random(each)) / each if i in free else np.zeros(1) for i in range(d)]
    return np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
