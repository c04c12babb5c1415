"""Answers between the nearest of many direct solves, for families of few parameters that are not smooth enough for a sparse grid.

    u(xi; c) = sum_n w_n u_n(xi) over the NEAREST labels,    w first from local interpolation by cubic splines in z,
    then one step of Gauss-Newton in these w on the equation itself (`reduced`)

A front that moves with a parameter asks a polynomial in that parameter for as many nodes as it is thin; among its neighbours it is a
combination of a few dozen solutions. Every label's own error when it is left out, before and after the step, is the estimate near it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any, ClassVar, Self

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator import spanned
from pdelang.runtime.generator.common_layout import CommonLayout, below, norms, packed, unpacked
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.reduced import Reduced
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

NEAREST = 60
"""Labels of an answer."""
JUDGES = 3
"""Nearest labels whose own errors are the estimate: the largest of them."""
ADAPT_STEPS = 1
ROWS = 28
"""Points of the interior a label: 2-D Burgers from 380 labels drawn evenly, 1.4e-3; with 16 1.9e-3, with 8 2.0e-3, all in 27 ms."""


def nearest(z: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    """Numbers of the rows of `known` (N, m) nearest to z (m,), the nearest first."""
    apart = np.sum((known - z) ** 2, axis=1)
    chosen = np.argpartition(apart, count - 1)[:count] if count < len(known) else np.arange(len(known))
    return np.asarray(chosen[np.argsort(apart[chosen], kind="stable")])


def interpolating(z: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Weights (k,) at z (m,) of values at `known` (k, m): the cubic spline |z - z_n|^3 with a polynomial of degree two, or less where
    there are too few."""
    span = max(float(np.abs(known - z).max()), 1e-300)
    own, at = (known - z) / span, np.zeros((1, len(z)))
    powers = [p for degree in range(3) for p in combinations_with_replacement(range(len(z)), degree)]
    while len(powers) > max(len(known) // 2, 1):
        powers = [p for p in powers if len(p) < len(powers[-1])]

    def polynomials(x: np.ndarray) -> np.ndarray:
        return np.stack([np.prod(x[:, list(p)], axis=1) for p in powers], axis=1)

    cubes = np.linalg.norm(own[:, None] - own[None], axis=2) ** 3
    P, zero = polynomials(own), np.zeros((len(powers), len(powers)))
    right = np.concatenate([np.linalg.norm(own, axis=1) ** 3, polynomials(at)[0]])
    return np.linalg.lstsq(np.block([[cubes, P], [P.T, zero]]), right, rcond=1e-14)[0][: len(known)]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """z (N, m) of the labels, rows (N, P) their coefficients. norm: of each field, (F,). errors (2, N): of each label left out, as
    interpolated and after a step. bounded: parameters that live in [-1, 1]."""

    layout: CommonLayout
    z: np.ndarray
    rows: np.ndarray
    norm: np.ndarray
    errors: np.ndarray
    bounded: tuple[bool, ...]
    tables: dict[object, np.ndarray] = field(default_factory=dict, repr=False)
    guesses: ClassVar[bool] = True
    """Queries take steps that `grids` leaves out."""

    def mixture(self, compiled: CompiledProblem, parameters: Parameters, steps: int, without: int | None = None) -> tuple[Any, np.ndarray]:
        """Labels, (k,), and their weights. without: one that is left out."""
        z = Conditions.of(compiled.problem).unit(parameters)
        chosen = nearest(z, self.z, NEAREST + (without is not None))
        chosen = chosen[chosen != without]
        weights = interpolating(z, self.z[chosen])
        if steps:
            reduced = Reduced(compiled, self.layout, self.rows, float(self.norm.max()), self.tables, density=ROWS)
            weights = reduced(weights, parameters, steps, chosen)
        return chosen, weights

    def left_out(self, compiled: CompiledProblem, number: int, steps: int) -> tuple[np.ndarray, float]:
        """Coefficients of a label made from the others, and its relative error, of its largest field."""
        conditions, own = Conditions.of(compiled.problem), self.rows[number]
        values = {n: v if np.ndim(v) else float(v) for n, v in conditions.values(self.z[number]).items()}
        chosen, weights = self.mixture(compiled, compiled.parameters() | values, steps, number)
        made = weights @ self.rows[chosen]
        return made, float(np.max(norms(self.layout, made - own) / np.maximum(norms(self.layout, own), 1e-300)))

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        z = Conditions.of(compiled.problem).unit(parameters)
        steps = ADAPT_STEPS if options.adapt_steps is None else options.adapt_steps
        inside = bool(spanned.inside(z[None], self.bounded)[0])
        lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
        chosen, weights = self.mixture(compiled, parameters, steps)
        error = self.errors[min(steps, 1)][chosen[:JUDGES]].max()
        taken = f", {steps} step{'s' if steps > 1 else ''} of Gauss-Newton on the equation" if steps else ""
        return MethodResult(
            self.layout.representation(weights @ self.rows[chosen], lower, upper),
            Status.CONVERGED if inside else Status.TOLERANCE_NOT_MET,
            "neighbours",
            steps,
            f"between the {len(chosen)} nearest of {len(self.z)} direct solves{taken}",
            "" if inside else "the parameters lie outside what was learned",
            error * self.norm if inside else None,
        )

    def weights(self, z: np.ndarray) -> np.ndarray:
        """As interpolated, (M, N)."""
        out = np.zeros((len(z), len(self.z)))
        for row, one in zip(out, z):
            chosen = nearest(one, self.z, NEAREST)
            row[chosen] = interpolating(one, self.z[chosen])
        return out

    def estimates(self, z: np.ndarray) -> np.ndarray:
        found = np.array([self.errors[0][nearest(one, self.z, JUDGES)].max() for one in z])
        return np.where(spanned.inside(z, self.bounded), found, np.nan)

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return spanned.grids(self, z, axes)

    def config(self) -> dict[str, Any]:
        return {"layout": packed(self.layout)[0], "bounded": list(self.bounded)}

    def arrays(self) -> Arrays:
        own = {"z": self.z, "rows": self.rows, "norm": self.norm, "errors": self.errors}
        return own | {f"layout/{name}": a for name, a in packed(self.layout)[1].items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        layout = unpacked(config["layout"], below(arrays, "layout"))
        z, rows, norm, errors = (arrays[name] for name in ("z", "rows", "norm", "errors"))
        return cls(layout, z, rows, norm, errors, tuple(map(bool, config["bounded"])))
