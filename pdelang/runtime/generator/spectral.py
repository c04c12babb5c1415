"""Parameters as coordinates: direct solves at the nodes of a sparse grid in the parameters, interpolated spectrally.

    u(xi; c) = sum_k s_k(xi) H_k(z(c)),     s_k: the hierarchical surplus at node k, in the coefficients of one common layout

No derivative in c appears in the equation, so a coordinate for each parameter decouples into solves at its nodes. The grid grows where
surpluses are largest (dimension-adaptive); those at its border are the estimate of the error, and end the training. It fails where u is
not smooth in c (resonances, discrete choices, shocks that move): surpluses do not fall, and the estimate says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.runtime.generator import sparse_grid as grid
from pdelang.runtime.generator.common_layout import CommonLayout, Sample, common_layout, packed, unpacked
from pdelang.runtime.generator.conditions import DEVIATIONS, Conditions
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class
from pdelang.runtime.result import MethodResult
from pdelang.runtime.status import Status

SOLVER_SHARE = 0.1
"""Tolerance of the direct solves in units of the family's."""
PROJECTION_SHARE = 1e-3
"""What the common layout may lose, in units of the family's tolerance: the residual differentiates it twice or more."""
FINEST = 1e-12
MOST_NODES = 4000
FASTEST = 0.1
"""Indicators are not believed to fall by more than this a level beyond the last."""
LOWEST_LEVEL = 2
"""Every direction is followed so far before a small surplus is believed: one pair of nodes may lie on zeros of the difference."""


@dataclass(frozen=True, eq=False)
class Spectral:
    """
    nodes: in an order in which each comes after those below it. surpluses: (nodes, P), coefficients on `layout`. norm: root mean square
    of each field over all nodes, (F,). estimate: relative error anywhere in the box. scale: of z where it is normal.
    """

    layout: CommonLayout
    nodes: tuple[grid.Node, ...]
    surpluses: np.ndarray
    norm: np.ndarray
    estimate: float
    box: np.ndarray

    def _weights(self, z: np.ndarray) -> np.ndarray:
        return grid.products(z / self.box, list(self.nodes))

    def answer(self, compiled: CompiledProblem, parameters: Parameters, options: QueryOptions) -> MethodResult:
        z = Conditions.of(compiled.problem).unit(parameters)
        coefficients = self._weights(z[None])[0] @ self.surpluses
        lower, upper = (np.asarray(b, dtype=float) for b in compiled.bounds(parameters))
        outside = float(np.max(np.abs(z) / self.box - 1, initial=0.0)) > 1e-9
        reason = f"interpolated between {len(self.nodes)} direct solves"
        return MethodResult(
            self.layout.representation(coefficients, lower, upper),
            Status.TOLERANCE_NOT_MET if outside else Status.CONVERGED,
            "spectral",
            0,
            reason,
            "the parameters lie outside what was learned" if outside else "",
            None if outside else self.estimate * self.norm,
        )

    def grids(self, compiled: CompiledProblem, z: np.ndarray, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The nodes' surpluses on the grid once, then one product for all parameters. axes: unit coordinates."""
        at_nodes = self.on_grid(axes)
        values = self._weights(z) @ at_nodes.reshape(len(self.nodes), -1)
        inside = (np.abs(z) <= self.box * (1 + 1e-9)).all(axis=1)
        return values.reshape(len(z), *at_nodes.shape[1:]), np.where(inside, self.estimate, np.nan)

    def on_grid(self, axes: Sequence[np.ndarray]) -> np.ndarray:
        """Surpluses at the points of a tensor grid of unit coordinates: (nodes, F, n_1, ...)."""
        return self.layout.grids(self.surpluses, axes)

    def mean_and_variance(self, conditions: Conditions, axes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Over the declared distributions, by the nodes' own quadrature: (F, n_1, ...) each."""
        m = grid.moments(list(self.nodes), conditions.bounded, 1 / (DEVIATIONS * self.box.max(initial=1.0)))
        flat = self.on_grid(axes)
        values = flat.reshape(len(self.nodes), -1)
        mean = m.mean @ values
        variance = np.einsum("kp,kl,lp->p", values, m.second - np.outer(m.mean, m.mean), values)
        return mean.reshape(flat.shape[1:]), np.maximum(variance, 0.0).reshape(flat.shape[1:])

    def config(self) -> dict[str, Any]:
        return {"layout": packed(self.layout)[0], "estimate": self.estimate}

    def arrays(self) -> Arrays:
        own = {"nodes": np.array(self.nodes), "surpluses": self.surpluses, "norm": self.norm, "box": self.box}
        return own | {f"layout/{name}": a for name, a in packed(self.layout)[1].items()}

    @classmethod
    def restored(cls, compiled: CompiledProblem, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        layout = unpacked(config["layout"], _below(arrays, "layout"))
        nodes = tuple(tuple(int(n) for n in node) for node in arrays["nodes"])
        return cls(layout, nodes, arrays["surpluses"], arrays["norm"], float(config["estimate"]), arrays["box"])


def _below(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}


@dataclass(eq=False)
class SpectralTraining:
    """One unit of work: the level whose lower neighbours have the largest surpluses, that is one or two direct solves a dimension of it.

    samples: the direct solutions, by node. levels: those whose nodes are solved. failed: levels whose nodes could not be.
    indicators: the largest relative contribution of each level's nodes.
    """

    compiled: CompiledProblem
    tolerance: float
    seed: int
    most: int
    samples: dict[grid.Node, Sample] = field(default_factory=dict)
    errors: dict[grid.Node, float] = field(default_factory=dict)
    levels: list[grid.Level] = field(default_factory=list)
    failed: list[grid.Level] = field(default_factory=list)
    indicators: dict[grid.Level, float] = field(default_factory=dict)
    layout: CommonLayout | None = None
    coefficients: dict[grid.Node, np.ndarray] = field(default_factory=dict)
    steps: int = 0
    limit: int | None = None

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        return cls(compiled, options.tolerance, options.seed, options.kernels or MOST_NODES, limit=options.steps)

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def box(self) -> np.ndarray:
        """Half-widths of the grid in z: normal parameters are followed to four standard deviations."""
        return np.where(self.conditions.bounded, 1.0, 4.0 / DEVIATIONS)

    @property
    def nodes(self) -> list[grid.Node]:
        return [node for level in self.levels for node in grid.new_nodes(level)]

    @property
    def done(self) -> bool:
        return self._next() is None or self.estimate <= self.tolerance or len(self.samples) >= self.most or self.steps == self.limit

    @property
    def estimate(self) -> float:
        """Surpluses at the border of the grid: what the next level would add is less. And the direct solves' own errors."""
        if not self.levels:
            return float("inf")
        border = [self._beyond(level) for level in self.indicators if any(n not in self.indicators for n in grid.neighbours(level))]
        lowest = min((max(level[i] for level in self.levels) for i in range(self.conditions.size)), default=0)
        if lowest < LOWEST_LEVEL and not self.failed:
            return float("inf")
        return max(sum(border), max(self.errors.values())) if not self.failed else float("inf")

    def _beyond(self, level: grid.Level) -> float:
        """What a level's neighbours, not solved, would bring: its own indicator, falling on as it has fallen on the way there."""
        own = self.indicators[level]
        before = [self.indicators[(*level[:i], level[i] - 1, *level[i + 1 :])] for i in range(len(level)) if level[i]]
        return own * float(np.clip(own / max(min(before, default=own), 1e-300), FASTEST, 1.0))

    @property
    def fraction(self) -> float:
        """By the logarithm of the estimate, or of the nodes where that does not fall."""
        now = min(max(self.estimate, self.tolerance), 1.0)
        return float(np.clip(np.log(now) / np.log(self.tolerance), 0.02 * min(len(self.samples), 5), 0.99))

    def _next(self) -> grid.Level | None:
        known = set(self.levels)
        if not known:
            return (0,) * self.conditions.size
        most = (grid.MOST - 1) // 2
        candidates = {n for level in self.levels for n in grid.neighbours(level)} - known - set(self.failed)
        candidates = {n for n in candidates if max(n) <= most and grid.admissible(n, known)}
        low = [n for n in candidates if sum(map(bool, n)) == 1 and max(n) <= LOWEST_LEVEL]
        return min(low) if low else max(candidates, key=lambda n: (self._promise(n), [-k for k in n]), default=None)

    def _promise(self, level: grid.Level) -> float:
        """The largest indicator below it: what it may still bring."""
        below = [(*level[:i], level[i] - 1, *level[i + 1 :]) for i in range(len(level)) if level[i]]
        return min(self.indicators[b] for b in below)

    def advance(self) -> dict[str, float]:
        level = self._next()
        assert level is not None
        self.steps += 1
        nodes = grid.new_nodes(level)
        solved = [self._solve(node) for node in nodes]
        if not all(solved):
            self.failed.append(level)
            for node in nodes:
                self.samples.pop(node, None)
        else:
            self.levels.append(level)
            self._project()
            self.indicators[level] = self._indicator(level)
        return {"step": self.steps, "solves": len(self.samples), "error": self.estimate}

    def _solve(self, node: grid.Node) -> bool:
        from pdelang.runtime.api import direct

        z = grid.places([node])[0] * self.box
        parameters = self.compiled.parameters() | {name: v if np.ndim(v) else float(v) for name, v in self.conditions.values(z).items()}
        tolerance = max(SOLVER_SHARE * self.tolerance, FINEST)
        solution = direct(self.compiled, parameters, SolveOptions(tolerance=tolerance, seed=self.seed))
        usable = solution.representation is not None and solution.residual < 0.1
        if usable:
            assert solution.representation is not None
            self.samples[node] = Sample(solution.representation, solution.lower, solution.upper)
            estimate = solution.error_estimate
            self.errors[node] = solution.residual if estimate is None else estimate
        return usable

    def _project(self) -> None:
        """Coefficients of what is new; of everything, where the layout had to grow."""
        limit = max(PROJECTION_SHARE * self.tolerance, FINEST)
        new = [n for n in self.samples if n not in self.coefficients]
        chosen = [self.samples[n] for n in (new if self.layout else self.samples)]
        evolving = self.compiled.problem.time is not None
        periodic = [c.periodic for c in self.compiled.problem.coordinates]
        layout = common_layout(chosen, periodic, evolving, limit, self.layout)
        if layout is not self.layout:
            self.layout, new, self.coefficients = layout, list(self.samples), {}
        self.coefficients |= {node: layout.coefficients(self.samples[node]) for node in new}

    def _surpluses(self) -> np.ndarray:
        nodes = self.nodes
        return grid.surpluses(np.stack([self.coefficients[n] for n in nodes]), nodes)

    def _field_norms(self) -> np.ndarray:
        """Root mean square of each field over the box and the nodes."""
        assert self.layout is not None
        return np.sqrt(np.mean([_norms(self.layout, c) ** 2 for c in self.coefficients.values()], axis=0))

    def _indicator(self, level: grid.Level) -> float:
        """The largest that its nodes contribute anywhere, relative to the solution."""
        assert self.layout is not None
        nodes, surpluses, size = self.nodes, self._surpluses(), np.maximum(self._field_norms(), 1e-300)
        new = set(grid.new_nodes(level))
        return max(float(np.max(_norms(self.layout, s) / size)) * grid.largest(n) for n, s in zip(nodes, surpluses) if n in new)

    def generator(self) -> Spectral:
        if self.layout is None:
            raise KeyboardInterrupt
        return Spectral(self.layout, tuple(self.nodes), self._surpluses(), self._field_norms(), self.estimate, self.box)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {}
        samples = []
        for number, (node, sample) in enumerate(self.samples.items()):
            samples.append({"node": node, "error": self.errors[node], "kind": sample.representation.kind})
            arrays |= {f"{number}/lower": sample.lower, f"{number}/upper": sample.upper}
            arrays |= {f"{number}/of/{name}": a for name, a in sample.representation.arrays().items()}
        numbers: dict[str, Any] = {"samples": samples, "levels": self.levels, "failed": self.failed, "steps": self.steps}
        numbers["indicators"] = [[*level, value] for level, value in self.indicators.items()]
        if self.layout is not None:
            numbers["layout"], own = packed(self.layout)
            arrays |= {f"layout/{name}": a for name, a in own.items()}
        return numbers, arrays

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = cls.start(compiled, options)
        for number, sample in enumerate(numbers["samples"]):
            node, mine = tuple(sample["node"]), _below(arrays, str(number))
            representation = representation_class(sample["kind"]).from_arrays(_below(mine, "of"))
            own.samples[node] = Sample(representation, mine["lower"], mine["upper"])
            own.errors[node] = float(sample["error"])
        own.levels = [tuple(level) for level in numbers["levels"]]
        own.failed = [tuple(level) for level in numbers["failed"]]
        own.steps = int(numbers["steps"])
        own.indicators = {tuple(int(n) for n in row[:-1]): float(row[-1]) for row in numbers["indicators"]}
        if "layout" in numbers:
            own.layout = unpacked(numbers["layout"], _below(arrays, "layout"))
            own.coefficients = {node: own.layout.coefficients(s) for node, s in own.samples.items()}
        return own


def _norms(layout: CommonLayout, coefficients: np.ndarray) -> np.ndarray:
    """Root mean square of each field over the box, (F,)."""
    total = np.zeros(layout.fields)
    for piece, tensor in zip(layout.pieces, layout.split(coefficients)):
        total += (piece.end - piece.begin) * np.sum(tensor.reshape(layout.fields, -1) ** 2, axis=1)
    return np.sqrt(total)
