"""What kernels learn that answer as they stand: the directions in which their weights vary over a family.

Labels are weights at some conditions: projected in all independent functions of the layout, by Gauss-Newton steps from a fit to a direct
solve where the problem is nonlinear (a fit alone has wrong second derivatives: Burgers, 900 kernels, 72 labels, 0.12 where these have
4e-4). The directions are those of the labels. Conditions come where the answer in the directions so far is worst (a greedy reduced
basis): of some candidates those that miss most are labelled, and what the answer has missed there, against what it said, makes its
estimates from then on. It ends where the answer misses half of them by a tenth of the tolerance at most, or by little more than the
layout does: the last ones stand next to resonances, and queries there are judged as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import jax
import numpy as np

from pdelang.compiler.compiled import CompiledProblem
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.decoder import HOLDING, StandardLayout
from pdelang.runtime.generator.directions import DEPENDENT, Directions, independent, relative_error, spread
from pdelang.runtime.generator.points import linear
from pdelang.runtime.generator.quick_defect import estimated
from pdelang.runtime.generator.reach import GROWTH, counts, held_out
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.standard import standard_layout
from pdelang.runtime.options import SolveOptions

BEYOND, OVERLAP = 4.0, 2.0
"""Of a layout that stands, in spacings, where the problem is linear: wide kernels, far beyond the box. Helmholtz, 24 x 24 kernels, eight
conditions, all independent functions: 3e-6 where 2.5 spacings and widths of 1.5 have 6e-5."""
WITHIN = 0.1
"""Share of the tolerance at which an error that is only estimated is small enough."""
CANDIDATES, TAKEN = 64, 8
"""Conditions that a round looks at, and labels that it makes, times the number of parameters."""
MOST = 300
"""Labels, times the number of parameters; of a nonlinear problem a third of it."""
NEAR = 3.0
"""Times the layout's own error: what directions may miss at most."""
NEGLIGIBLE = 1e-10
"""Directions whose singular value is a smaller share of the largest are left out."""
FITTED = 3
"""Points a kernel for a fit."""


@dataclass(frozen=True, eq=False)
class Label:
    """coefficients (R,) in the layout's functions; values (F, places) of the solution; error: of the layout there, relative."""

    coefficients: np.ndarray
    values: np.ndarray
    error: float


@dataclass(frozen=True, eq=False)
class Labels:
    """What a layout makes of a condition."""

    compiled: CompiledProblem
    layout: StandardLayout
    tolerance: float
    seed: int

    @cached_property
    def functions(self) -> Directions:
        return independent(self.compiled, self.layout)

    def __call__(self, parameters: Mapping[str, np.ndarray], with_error: bool = False) -> Label | None:
        """None where a direct solve fails. with_error: of a linear problem it takes a second."""
        if not linear(self.compiled):
            return self._fitted(parameters)
        coefficients, theta, figures, _ = self.functions.found(parameters)
        error = relative_error(np.asarray(self._estimate(theta, parameters))) if with_error else 0.0
        return Label(coefficients, figures[1], error)

    @cached_property
    def _estimate(self) -> Any:
        return jax.jit(estimated(self.compiled, self.layout))

    def _fitted(self, parameters: Mapping[str, np.ndarray]) -> Label | None:
        from pdelang.runtime.api import direct

        given = {name: v if np.ndim(v) else float(v) for name, v in parameters.items()}
        solution = direct(self.compiled, given, SolveOptions(tolerance=WITHIN * self.tolerance, seed=self.seed))
        if solution.representation is None or not solution.residual < self.tolerance:
            return None
        points, inverse = self._fit
        wanted = self.functions.fields
        start = inverse @ solution.representation.jets(points, wanted).ravel()
        coefficients, _, figures, _ = self.functions.found(parameters, start)
        values = solution.representation.jets(self.functions.places, wanted)
        return Label(coefficients, values, relative_error(np.stack([figures[1] - values, values])))

    @cached_property
    def _fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, d), and what gives coefficients from values there: (R, F N)."""
        points = spread(self.compiled, self.layout, FITTED * self.layout.kernels)
        values = self.functions.at(points, self.functions.fields)
        return points, np.linalg.pinv(values.reshape(-1, values.shape[-1]), rcond=DEPENDENT)


@dataclass(eq=False)
class Standing:
    """errors: of the layout at the held-out conditions. conditions (n, size), coefficients (n, R) in the layout's independent functions: of
    labels. ratio: the largest of errors to what the halves of the points said, there and in the last round. worst: median error at the last
    candidates that seemed worst, of those that the layout holds. round: of labels, done."""

    labels: Labels
    errors: np.ndarray
    conditions: np.ndarray
    coefficients: np.ndarray
    ratio: float = 1.0
    worst: float = np.inf
    round: int = 0

    @classmethod
    def chosen(cls, compiled: CompiledProblem, first: int, most: int, tolerance: float, seed: int) -> Self | None:
        """With so many kernels that all held-out conditions are within the tolerance (a tenth of it, where their errors are estimated), or
        `most`. None: there are no labels."""
        d, found = len(compiled.problem.coordinates), None
        for count in counts(first if linear(compiled) else round(most / GROWTH**2), most):
            if linear(compiled):
                layout = StandardLayout.grid(compiled, [max(2, round(count ** (1 / d)))] * d, beyond=BEYOND, overlap=OVERLAP)
            else:
                layout = standard_layout(compiled, count, seed, HOLDING)
            labels, z = Labels(compiled, layout, tolerance, seed), held_out(compiled)
            made = [labels(p, with_error=True) for p in _parameters(compiled, z)]
            own = [label for label in made if label is not None]
            if len(own) < len(made):
                return None
            found = cls(labels, np.array([o.error for o in own]), z, np.array([o.coefficients for o in own]))
            if found.errors.max() <= (found.goal if linear(compiled) else tolerance):  # of a nonlinear problem it is measured
                break
        return found

    @property
    def layout(self) -> StandardLayout:
        return self.labels.layout

    @property
    def goal(self) -> float:
        return WITHIN * self.labels.tolerance

    @property
    def _size(self) -> int:
        return self.conditions.shape[1]

    def directions(self) -> Directions:
        """Of all labels, each of unit size."""
        unit = self.coefficients / np.linalg.norm(self.coefficients, axis=1, keepdims=True)
        sizes, own = np.linalg.svd(unit, full_matrices=False)[1:]
        own = own[: int(np.sum(sizes > NEGLIGIBLE * sizes[0]))]
        functions = self.labels.functions
        weights = np.tensordot(own, functions.weights, 1)
        return Directions(functions.compiled, self.layout, weights, self.conditions, self.coefficients @ own.T, self.ratio)

    @property
    def done(self) -> bool:
        return self.worst <= self.goal or len(self.conditions) >= MOST * self._size / (1 if linear(self.labels.compiled) else 3)

    @property
    def fraction(self) -> float:
        """By the logarithm of the worst candidates' error."""
        if not np.isfinite(self.worst):
            return 0.0
        return float(np.clip(np.log(max(self.worst, 1e-300)) / np.log(self.goal), 0.0, 0.99))

    def advance(self) -> dict[str, float]:
        """A round."""
        compiled, directions = self.labels.compiled, replace(self.directions(), ratio=1.0)
        random = np.random.default_rng((self.labels.seed, self.round))
        z = Conditions.of(compiled.problem).sample(CANDIDATES * self._size, random)
        given = _parameters(compiled, z)
        told = [directions.found(p)[2] for p in given]
        differences = np.array([relative_error(figures) for figures in told])
        chosen = [int(n) for n in np.argsort(-differences)[: TAKEN * self._size]]
        made = [(n, label) for n in chosen if (label := self.labels(given[n])) is not None]
        if not made:  # no direct solve succeeds: nothing is left to learn from
            self.worst = 0.0
            return {"step": float(self.round), "kernels": float(self.layout.kernels), "directions": float(directions.count)}
        missed = [relative_error(np.stack([told[n][1] - label.values, label.values])) for n, label in made]
        own = [relative_error(directions.found(p)[2]) for p in _parameters(compiled, held_out(compiled))]
        allowed = [max(self.goal, NEAR * label.error) for _, label in made]
        self.worst, self.round = float(np.median([self.goal * m / a for m, a in zip(missed, allowed)])), self.round + 1
        ratios = [m / differences[n] for (n, _), m in zip(made, missed) if np.isfinite(m)]
        self.ratio = float(max(*ratios, *(self.errors / own)))
        self.conditions = np.concatenate([self.conditions, z[[n for n, _ in made]]])
        self.coefficients = np.concatenate([self.coefficients, [label.coefficients for _, label in made]])
        figures = {"step": self.round, "kernels": self.layout.kernels, "directions": directions.count, "error": np.median(missed)}
        return {name: float(value) for name, value in figures.items()}

    def state(self) -> tuple[dict[str, Any], Arrays]:
        numbers = {name: getattr(self, name) for name in ("ratio", "worst", "round")}
        arrays = {name: getattr(self, name) for name in ("errors", "conditions", "coefficients")}
        return numbers, {f"standing/{name}": a for name, a in arrays.items()}

    @classmethod
    def resumed(cls, labels: Labels, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        errors, conditions, coefficients = (arrays[f"standing/{name}"] for name in ("errors", "conditions", "coefficients"))
        return cls(labels, errors, conditions, coefficients, **numbers)


def _parameters(compiled: CompiledProblem, z: np.ndarray) -> list[dict[str, np.ndarray]]:
    conditions, fixed = Conditions.of(compiled.problem), compiled.parameters()
    return [{n: np.asarray(v, dtype=float) for n, v in (fixed | conditions.values(one)).items()} for one in z]
