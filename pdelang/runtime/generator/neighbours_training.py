"""The training of `Neighbours`: direct solves where they lower the mean error most for what they cost.

    gain(z) = (rate(z)/cost(z))^(1/2) d(z)^ORDER,    d: distance to the nearest label,    rate, cost: means over the JUDGES nearest ones

rate is the error of a label that is left out over the same power of its own distance, cost the number of its coefficients. Labels of
density rho leave errors like rate/rho^(ORDER/m): their mean is least for rho like (rate/cost)^(1/2), the largest error for rho like rate,
which asks for the dearest solves only (2-D Burgers in three parameters: 170 of them took 370 s, 400 drawn evenly 155 s).
Corners and a few random parameters make the layout; from then on every new label is projected on it, and the solution itself is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.generator.common_layout import CommonLayout, Sample, below, common_layout, norms, packed, unpacked
from pdelang.runtime.generator.compression import compressed
from pdelang.runtime.generator.conditions import Conditions
from pdelang.runtime.generator.neighbours import ADAPT_STEPS, JUDGES, Neighbours
from pdelang.runtime.generator.seam import Arrays
from pdelang.runtime.generator.solves import Solves
from pdelang.runtime.grid_check import grid_check
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

FIRST = 64
"""Labels that the layout is made from, corners of the box among them; the common layout from the HARDEST of them, by their coefficients."""
HARDEST, CORNERS = 24, 16
MOST, UNIT = 600, 8
GROWTH = 0.25
"""Of the labels, planned at a time."""
LAYOUT_SHARE, LAYOUT_LOST = 0.1, 3e-4
"""Of the tolerance, and at most: what the layout may lose."""
LABEL_SHARE, LOOSEST = 3.0, 3e-3
"""Of the tolerance, and at most: that of the direct solves, whose errors are a hundred times smaller as a rule."""
TRIED, QUANTILE = 48, 0.9
"""Labels that are left out and made anew with a step, to see how far the training is; the quantile of their errors and residuals that has
to meet the tolerance."""
CANDIDATES, BEYOND, ORDER = 4096, 1.1, 3
"""Random parameters to choose from, drawn so much beyond the box and clipped: faces and corners are wanted too."""


@dataclass(eq=False)
class NeighboursTraining:
    """One unit of work: some direct solves; every now and then the layout, or a plan for further ones.

    most: labels. samples: of the first ones, until there is a layout. planned: (n, m), parameters to be solved. Those whose direct solve
    gives nothing are left out. error, refined, residual: quantiles over labels left out, as interpolated, and after a step.
    """

    compiled: CompiledProblem
    tolerance: float
    seed: int
    most: int
    planned: np.ndarray
    z: list[np.ndarray] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    layout: CommonLayout | None = None
    rows: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    solved: int = 0
    steps: int = 0
    error: float = float("inf")
    refined: float = float("inf")
    residual: float = float("inf")
    errors: np.ndarray = field(default_factory=lambda: np.empty((2, 0)))
    message: str = ""
    tables: dict[object, np.ndarray] = field(default_factory=dict)

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        own = cls(compiled, options.tolerance, options.seed, options.kernels or MOST, np.empty((0, 0)))
        own.planned = own._first()
        return own

    def take(self, labels: Sequence[tuple[np.ndarray, Sample]]) -> None:
        """Direct solves that have been made elsewhere."""
        self.z, self.samples, self.solved = [z for z, _ in labels], [sample for _, sample in labels], len(labels)
        self.costs = [_size(sample) for sample in self.samples]

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def solves(self) -> Solves:
        return Solves(self.compiled, SolveOptions(tolerance=min(LABEL_SHARE * self.tolerance, LOOSEST), seed=self.seed))

    @property
    def done(self) -> bool:
        return bool(self.message) or self.errors.shape[1] > 0

    @property
    def fraction(self) -> float:
        """By the logarithm of the error, or of the labels."""
        now = min(max(self.refined, self.residual, self.tolerance), 1.0)
        return float(np.clip(max(np.log(now) / np.log(self.tolerance), self.solved / self.most), 0.01, 0.99))

    def advance(self) -> dict[str, float]:
        with threadpool_limits(1):
            if len(self.planned):
                self._solve()
            elif self.layout is None:
                self._settle()
            else:
                self._look()
        self.steps += 1
        if self.done:
            self.solves.close()
        figures = {"step": self.steps, "solves": self.solved, "error": self.error, "refined": self.refined, "residual": self.residual}
        return {name: float(v) for name, v in figures.items()}

    # ------------------------------------------------------------ labels

    def _first(self) -> np.ndarray:
        """Corners, and random parameters."""
        size, random = self.conditions.size, np.random.default_rng(self.seed)
        corners = list(product((-1.0, 1.0), repeat=size)) if 2**size <= CORNERS else []
        return np.concatenate([np.reshape(corners, (len(corners), size)), self._drawn(min(FIRST, self.most) - len(corners), random)])

    def _drawn(self, count: int, random: np.random.Generator) -> np.ndarray:
        z = BEYOND * self.conditions.sample(max(count, 0), random)
        return np.where(self.conditions.bounded, np.clip(z, -1, 1), z)

    def _parameters(self, z: np.ndarray) -> Parameters:
        return self.compiled.parameters() | {n: v if np.ndim(v) else float(v) for n, v in self.conditions.values(z).items()}

    def _solve(self) -> None:
        now, self.solved = self.planned[:UNIT], self.solved + len(self.planned[:UNIT])
        for z, answer in zip(now, self.solves([self._parameters(z) for z in now])):
            if answer.sample is not None:
                self.z.append(z)
                self.costs.append(_size(answer.sample))
                if self.layout is None:
                    self.samples.append(answer.sample)
                else:
                    self.rows = np.concatenate([self.rows, self.layout.coefficients(answer.sample)[None]])
        self.planned = self.planned[UNIT:]

    @property
    def _lost(self) -> float:
        return min(LAYOUT_SHARE * self.tolerance, LAYOUT_LOST)

    def _settle(self) -> None:
        """The layout, from the first labels."""
        if len(self.samples) < min(self.solved, 2 * JUDGES):
            self.message = f"only {len(self.samples)} of {self.solved} direct solves gave an answer"
            return
        evolving, periodic = self.compiled.problem.time is not None, [c.periodic for c in self.compiled.problem.coordinates]
        hardest = [self.samples[n] for n in np.argsort(self.costs, kind="stable")[::-1][:HARDEST]]
        lost = self._lost
        layout = common_layout(hardest, periodic, evolving, lost)
        self.layout, self.rows = compressed(layout, np.stack([layout.coefficients(s) for s in self.samples]), lost)
        self.samples = []

    def _look(self) -> None:
        """How far is it? Where next? A query has to meet the tolerance with its error and with its residual."""
        family = self.generator()
        every = np.array([family.left_out(self.compiled, n, 0)[1] for n in range(len(self.z))])
        tried = [self._tried(family, int(n)) for n in np.unique(np.linspace(0, len(self.z) - 1, TRIED).astype(int))]
        self.error = float(np.quantile(every, QUANTILE))
        self.refined, self.residual = (float(q) for q in np.quantile(tried, QUANTILE, axis=0))
        if max(self.refined, self.residual) > self.tolerance and self.solved < self.most:
            self.planned = self._planned(every, min(max(int(GROWTH * len(self.z)), UNIT), self.most - self.solved))
            return
        self.errors = np.stack([every, [family.left_out(self.compiled, n, ADAPT_STEPS)[1] for n in range(len(self.z))]])
        self.refined = float(np.quantile(self.errors[1], QUANTILE))
        if max(self.refined, self.residual) > self.tolerance:
            self.message = (
                f"labels left out are made from {len(self.z)} others with an error of {self.refined:.1e}, a residual of {self.residual:.1e}"
            )

    def _tried(self, family: Neighbours, number: int) -> tuple[float, float]:
        """Error and residual of a label that is left out."""
        made, error = family.left_out(self.compiled, number, ADAPT_STEPS)
        parameters = self._parameters(self.z[number])
        lower, upper = (np.asarray(b, dtype=float) for b in self.compiled.bounds(parameters))
        answer = MethodResult(family.layout.representation(made, lower, upper), Status.CONVERGED, "neighbours", ADAPT_STEPS, "")
        return error, grid_check(self.compiled, parameters, answer, self.tolerance, self.seed).residual

    def _planned(self, errors: np.ndarray, count: int) -> np.ndarray:
        """(count, m): one after the other where the gain is largest, each of which lowers it round itself."""
        known, random = np.array(self.z), np.random.default_rng((self.seed, self.solved))
        candidates = self._drawn(CANDIDATES, random)
        apart = np.linalg.norm(known[:, None] - known[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        distances = np.linalg.norm(candidates[:, None] - known[None], axis=2)
        judges = np.argsort(distances, axis=1)[:, :JUDGES]
        rates = errors / np.maximum(apart.min(axis=1), 1e-12) ** ORDER
        worth = np.sqrt(rates[judges].mean(axis=1) / np.array(self.costs)[judges].mean(axis=1))
        nearest, chosen = distances.min(axis=1), []
        for _ in range(count):
            chosen.append(candidates[np.argmax(worth * nearest**ORDER)])
            nearest = np.minimum(nearest, np.linalg.norm(candidates - chosen[-1], axis=1))
        return np.array(chosen)

    # ------------------------------------------------------------ files

    def generator(self) -> Neighbours:
        if not self.z:
            raise UsageError(f"none of {self.solved} direct solves gave an answer") if self.solved else KeyboardInterrupt
        layout, rows = self.layout, self.rows
        if layout is None:  # a checkpoint before there is one: the first label, with no bound of its error
            evolving, periodic = self.compiled.problem.time is not None, [c.periodic for c in self.compiled.problem.coordinates]
            layout = common_layout(self.samples[:1], periodic, evolving, self._lost)
            rows = layout.coefficients(self.samples[0])[None]
        norm = np.sqrt(np.mean([norms(layout, row) ** 2 for row in rows[:FIRST]], axis=0))
        errors = self.errors if self.errors.shape[1] == len(rows) else np.full((2, len(rows)), np.inf)
        return Neighbours(layout, np.array(self.z)[: len(rows)], rows, norm, errors, self.conditions.bounded, self.tables)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {"planned": self.planned, "z": np.array(self.z), "error": np.array([self.error, self.refined, self.residual])}
        arrays |= {"errors": self.errors, "costs": np.array(self.costs)}
        for n, sample in enumerate(self.samples):
            arrays |= {f"{n}/lower": sample.lower, f"{n}/upper": sample.upper}
            arrays |= {f"{n}/of/{name}": a for name, a in sample.representation.arrays().items()}
        numbers: dict[str, Any] = {name: getattr(self, name) for name in ("solved", "steps", "message")}
        numbers["kinds"] = [s.representation.kind for s in self.samples]
        if self.layout is not None:
            numbers["layout"], own = packed(self.layout)
            arrays |= {f"layout/{name}": a for name, a in own.items()} | {"rows": self.rows}
        return numbers, arrays

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = cls.start(compiled, options)
        own.planned, own.z, own.errors = arrays["planned"], list(arrays["z"]), arrays["errors"]
        own.costs = arrays["costs"].tolist()
        own.error, own.refined, own.residual = map(float, arrays["error"])
        own.solved, own.steps, own.message = int(numbers["solved"]), int(numbers["steps"]), str(numbers["message"])
        for n, kind in enumerate(numbers["kinds"]):
            mine = below(arrays, str(n))
            own.samples.append(Sample(representation_class(kind).from_arrays(below(mine, "of")), mine["lower"], mine["upper"]))
        if "layout" in numbers:
            own.layout, own.rows = unpacked(numbers["layout"], below(arrays, "layout")), arrays["rows"]
        return own


def _size(sample: Sample) -> float:
    """Of a solution: how dear it was."""
    return float(sum(a.size for a in sample.representation.arrays().values()))
