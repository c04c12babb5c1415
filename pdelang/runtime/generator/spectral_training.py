"""The training of a `Spectral` family: solves at the nodes of an adaptive sparse grid until what is missing is below the tolerance.

The grid grows where surpluses are largest; those at its border are the estimate of the error. When it meets the tolerance, a few held-out
parameters are checked as queries are: residual of every equation and condition, and jumps between pieces of the time. Where the residual
alone misses it, either the common layout holds the solutions too coarsely, or the grid has to grow on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from threadpoolctl import threadpool_limits

from pdelang.compiler.compiled import CompiledProblem, Parameters
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.generator import sparse_grid as grid
from pdelang.runtime.generator.adaptive_grid import FIRST, AdaptiveGrid, fallen
from pdelang.runtime.generator.common_layout import CommonLayout, Sample, below, common_layout, norms, packed, unpacked
from pdelang.runtime.generator.conditions import DEVIATIONS, Conditions
from pdelang.runtime.generator.poles import denominator, poles
from pdelang.runtime.generator.seam import Arrays, QueryOptions
from pdelang.runtime.generator.solves import Solved, Solves
from pdelang.runtime.generator.spectral import Border, Spectral
from pdelang.runtime.grid_check import grid_check
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import representation_class

SOLVER_SHARE, TIGHT_SHARE, TIGHT = 0.02, 0.1, 1e-8
"""Tolerance of the direct solves in units of the family's; the second where it would be below TIGHT. Errors of neighbouring nodes are not
alike: between them the residual, which differentiates, is a hundred times their tolerance's (Burgers in nu and A at 1e-4, solved to 1e-5:
residuals of 1.8e-4 at held-out parameters, however many nodes)."""
PROJECTION_SHARE = 1e-2
"""What the common layout may lose, in units of the family's tolerance; FINER of it where the residual, which differentiates, misses."""
FINER = 0.03
FINEST = 1e-12
MOST_NODES = 4000
CHECKS = 6
"""Held-out parameters, spread evenly."""
NODES_CHECKED = 3
MARGIN = 0.15
"""Of the tolerance, to which they are held: elsewhere the residual is up to ten times larger (Burgers in nu at 1e-8: 5e-9 and 6e-8)."""
BLAMED = 0.5
"""Share of the tolerance that the residual may have at a solved node before the layout is blamed and not the grid."""
ENOUGH = 1e-4
"""Surplus in units of the tolerance below which a residual that misses is not the interpolation's any more."""
SMALL, HELD = 2e-2, 0.5
"""Surplus from which on the residual is mostly the solves' own, each up to SOLVER_SHARE of the tolerance, and what it may be then."""
MOST_NUMBERS = 5e7
"""Coefficients of all nodes together, 400 MB: a family that takes more is none for a grid, whose every query would read them all."""
HOPED = 6.0
"""Power of the solves with which the estimate may be hoped to fall until then (the error of Burgers in nu and A: 4.6)."""
PATIENCE, LEAST_PATIENCE = 2.0, 200
"""Solves after which the residual has to meet the tolerance, too, times those with which the estimate did; at least so many. Burgers in nu
and A at 1e-4: the residual, which differentiates a thin layer twice, falls with the second power of the solves."""
MOST_POLES = 8
SPREAD = 4.0
"""Standard deviations to which normal parameters are followed."""


@dataclass(eq=False)
class SpectralTraining:
    """One unit of work: up to eight direct solves, or the check.

    solved: by node. share: what the layout may lose, of the tolerance. table: surpluses, in the order of the grid's nodes.
    checked: the residual at held-out parameters when the grid had `checked_levels` levels.
    pause: units until the next check. met: solves with which the estimate first met the tolerance, 0 until then. resonances: poles, a tuple
    a parameter.
    """

    compiled: CompiledProblem
    tolerance: float
    seed: int
    most: int
    limit: int | None = None
    adaptive: AdaptiveGrid = field(init=False)
    solved: dict[grid.Node, Solved] = field(default_factory=dict)
    layout: CommonLayout | None = None
    share: float = PROJECTION_SHARE
    coefficients: dict[grid.Node, np.ndarray] = field(default_factory=dict)
    table: np.ndarray | None = None
    resonances: tuple[tuple[float, ...], ...] = field(init=False)
    checked: float = float("inf")
    checked_levels: int = 0
    pause: int = 0
    met: int = 0
    steps: int = 0
    message: str = ""

    def __post_init__(self) -> None:
        self.adaptive = AdaptiveGrid(self.conditions.size, noise=self._solver)
        self.resonances = ((),) * self.conditions.size

    @classmethod
    def start(cls, compiled: CompiledProblem, options: Any) -> Self:
        return cls(compiled, options.tolerance, options.seed, options.kernels or MOST_NODES, options.steps)

    @cached_property
    def conditions(self) -> Conditions:
        return Conditions.of(self.compiled.problem)

    @cached_property
    def box(self) -> np.ndarray:
        """Half-widths of the grid in z."""
        return np.where(self.conditions.bounded, 1.0, SPREAD / DEVIATIONS)

    @property
    def _solver(self) -> float:
        """Tolerance of the direct solves."""
        return max(SOLVER_SHARE * self.tolerance, min(TIGHT_SHARE * self.tolerance, TIGHT), FINEST)

    @cached_property
    def solves(self) -> Solves:
        return Solves(self.compiled, SolveOptions(tolerance=self._solver, seed=self.seed))

    # ------------------------------------------------------------ how far it is

    @property
    def done(self) -> bool:
        if self.message or self.steps == self.limit:
            return True
        met = self.estimate <= self.tolerance and self.checked_levels == len(self.adaptive.levels)
        return (met and self._passed) or len(self.solved) >= self.most or self._lags

    @property
    def _lags(self) -> bool:
        """Has the residual not followed the estimate?"""
        return bool(self.met) and len(self.solved) >= max(PATIENCE * self.met, LEAST_PATIENCE) and self.estimate <= self.tolerance

    @property
    def gives_up(self) -> bool:
        """Would another generator do better? Not where the residual alone misses."""
        return bool(self.message) and self.estimate > self.tolerance

    @property
    def _passed(self) -> bool:
        """Has the check shown enough?"""
        checked, surplus = self.checked / self.tolerance, self.surplus / self.tolerance
        return checked <= MARGIN or (checked <= HELD and surplus <= SMALL) or surplus <= ENOUGH

    @property
    def surplus(self) -> float:
        """What the grid lacks: the largest relative error of the interpolation."""
        return float(self.adaptive.border()[1].sum()) if self.adaptive.explored() else float("inf")

    @property
    def estimate(self) -> float:
        """And the direct solves' own errors."""
        return self.surplus + max((s.error for s in self.solved.values()), default=0.0)

    @property
    def fraction(self) -> float:
        """By the logarithm of the estimate, or of the nodes where that does not fall."""
        now = min(max(self.estimate, self.tolerance), 1.0)
        return float(np.clip(np.log(now) / np.log(self.tolerance), 0.02 * min(len(self.solved), 5), 0.99))

    # ------------------------------------------------------------ work

    def advance(self) -> dict[str, float]:
        with threadpool_limits(1):
            if self.estimate <= self.tolerance and self.checked_levels < len(self.adaptive.levels) and not self.pause:
                self._check()
            else:
                self._grow()
        self.steps += 1
        if not self.met and self.estimate <= self.tolerance:
            self.met = len(self.solved)
        if self.done:
            self.solves.close()
            if self._lags:
                self.checked, _ = self._worst(self.generator(), np.inf)
            self.message = self.message or self._shortfall()
        figures = {"step": self.steps, "solves": len(self.solved), "error": self.estimate, "residual": self.checked}
        return {name: float(value) for name, value in figures.items()}

    def _grow(self) -> None:
        levels = self.adaptive.next()
        nodes = [node for level in levels for node in grid.new_nodes(level)]
        answers = dict(zip(nodes, self.solves([self._parameters(grid.places([n])[0] * self.box) for n in nodes])))
        failed = next((n for n in nodes if answers[n].sample is None), None)
        if failed is not None or not nodes:
            self.message = self._failure(failed, answers) if failed is not None else "the grid has no further nodes"
            return
        self.solved |= answers
        self.pause = max(self.pause - 1, 0)
        self.adaptive.levels += levels
        self._project()
        self._look_for_resonances()
        if not self.message and self.adaptive.hopeless():
            self.message = self._hopeless()
        if not self.message and self._too_large():
            assert self.table is not None
            left = f" leave {self.estimate:.1e}" if np.isfinite(self.estimate) else ""
            self.message = f"{len(self.solved)} solves with {self.table.shape[1]:,} coefficients each{left}: too large for a grid"

    def _too_large(self) -> bool:
        """Would the table have more than MOST_NUMBERS before the tolerance is met?"""
        if self.table is None:
            return False
        size = self.table.size / MOST_NUMBERS
        hoped = self.estimate * min(size, 1.0) ** HOPED if self.adaptive.explored() else (np.inf if size > 1.0 else 0.0)
        return bool(hoped > self.tolerance)

    def _parameters(self, z: np.ndarray) -> Parameters:
        own = {name: v if np.ndim(v) else float(v) for name, v in self.conditions.values(z).items()}
        return self.compiled.parameters() | own

    def _project(self) -> None:
        """Coefficients of what is new; of everything, where the layout had to grow."""
        limit = max(self.share * self.tolerance, FINEST)
        samples = {n: s.sample for n, s in self.solved.items() if s.sample is not None}
        chosen = {n: s for n, s in samples.items() if n not in self.coefficients} if self.layout else samples
        evolving = self.compiled.problem.time is not None
        periodic = [c.periodic for c in self.compiled.problem.coordinates]
        layout = common_layout(list(chosen.values()), periodic, evolving, limit, self.layout)
        if layout is not self.layout:
            self.layout, chosen, self.coefficients, self.table = layout, samples, {}, None
        self.coefficients |= {node: layout.coefficients(sample) for node, sample in chosen.items()}
        self._tabulate()

    def _tabulate(self) -> None:
        """Surpluses and indicators of the levels that have none, level by level: taken up again, the same sums in the same order."""
        assert self.layout is not None
        if self.table is None:
            self.table, self.adaptive.indicators = np.empty((0, self.layout.size)), {}
        before: list[grid.Node] = []
        for level in self.adaptive.levels:
            new = grid.new_nodes(level)
            if level not in self.adaptive.indicators:
                q = denominator(grid.places(new), self.resonances)
                values = np.stack([self.coefficients[n] for n in new]) * q[:, None]
                self.table = grid.extended(self.table, before, new, values)
                size = np.maximum(self._sizes([*before, *new]), 1e-300)
                own = [float(np.max(norms(self.layout, s) / size)) * grid.largest(n) for s, n in zip(self.table[-len(new) :], new)]
                self.adaptive.indicators[level] = max(own)
            before += new

    def _sizes(self, nodes: list[grid.Node]) -> np.ndarray:
        """Root mean square of each field of q u over the box and these nodes, (F,)."""
        assert self.layout is not None
        q = np.abs(denominator(grid.places(nodes), self.resonances))
        return np.asarray(np.sqrt(np.mean([(f * norms(self.layout, self.coefficients[n])) ** 2 for f, n in zip(q, nodes)], axis=0)))

    # ------------------------------------------------------------ what is not smooth

    def _look_for_resonances(self) -> None:
        for axis in self.adaptive.stuck(FIRST) + [i for i, own in enumerate(self.resonances) if own]:
            nodes = [n for n in self.adaptive.nodes if all(k == 0 for i, k in enumerate(n) if i != axis)]
            found = poles(grid.places(nodes)[:, axis], np.stack([self.coefficients[n] for n in nodes]))
            if found and found != self.resonances[axis] and len(found) <= MOST_POLES:
                self._take_out(axis, found)

    def _take_out(self, axis: int, found: tuple[float, ...]) -> None:
        """Only if surpluses fall thereby: a rational function has poles in a kink, too."""
        before, indicators, table = self.resonances, self.adaptive.indicators, self.table
        self.resonances, self.table = (*before[:axis], found, *before[axis + 1 :]), None
        self._tabulate()
        if not before[axis] and not fallen(self.adaptive.along(axis)):
            self.resonances, self.adaptive.indicators, self.table = before, indicators, table

    def _failure(self, node: grid.Node, answers: Mapping[grid.Node, Solved]) -> str:
        return f"no direct solve at {self._place(node)}: {answers[node].message}; narrow the range"

    def _hopeless(self) -> str:
        axes = self.adaptive.stuck(FIRST) or list(range(self.conditions.size))
        names = " and ".join(self.conditions.names[i] for i in axes)
        assert self.table is not None
        assert self.layout is not None
        late = self.adaptive.nodes[len(self.adaptive.nodes) // 2 :]
        sizes = [float(np.linalg.norm(s)) * grid.largest(n) for s, n in zip(self.table[-len(late) :], late)]
        worst = self._place(late[int(np.argmax(sizes))])
        return f"the solution is not smooth in {names} (most so near {worst}): further solves bring nothing; narrow or split the range"

    def _place(self, node: grid.Node) -> str:
        values = self._parameters(grid.places([node])[0] * self.box)
        shown = {p.name: values[p.name] for p in self.conditions.declared}
        return ", ".join(f"{n} = {np.array2string(np.asarray(v), precision=4)}" for n, v in shown.items())

    def _shortfall(self) -> str:
        if self.steps == self.limit:
            return ""
        if self.estimate > self.tolerance:
            return f"{len(self.solved)} solves leave an estimated error of {self.estimate:.1e}"
        if self.checked > self.tolerance:
            missed = f"the residual at held-out parameters is {self.checked:.1e}"
            return f"{len(self.solved)} solves leave an estimated error of {self.estimate:.1e}, but {missed}"
        return ""

    # ------------------------------------------------------------ the check

    def _check(self) -> None:
        """The residual at held-out parameters, up to the first that misses; then the layout is made finer if solved nodes miss too."""
        family = self.generator()
        self.checked, worst = self._worst(family, self.tolerance)
        self.checked_levels = len(self.adaptive.levels)
        if self._passed:
            return
        self.pause = int(np.log10(self.checked / (MARGIN * self.tolerance)))  # a level gains a digit at most
        if self.share * self.tolerance > FINEST and self._layout_misses(family, worst):
            self.share *= FINER
            self.layout, self.checked_levels, self.pause = None, 0, 0
            self._project()

    def _worst(self, family: Spectral, enough: float) -> tuple[float, np.ndarray]:
        """The largest residual at held-out parameters, and where, (size,); no further ones are looked at once it is above `enough`."""
        random = np.random.default_rng(self.seed)
        order = random.permuted(np.tile(np.arange(CHECKS), (self.conditions.size, 1)), axis=1).T
        largest, worst = 0.0, np.zeros(self.conditions.size)
        for z in 2 * (order + random.random(order.shape)) / CHECKS - 1:
            found = self._residual(family, z * self.box)
            if found > largest:
                largest, worst = found, z
            if largest > enough:
                break
        return largest, worst

    def _layout_misses(self, family: Spectral, z: np.ndarray) -> bool:
        """Is it the layout? Solved nodes are interpolated exactly: those nearest to z are looked at, for it is as fine as the steepest
        solutions ask, and elsewhere it is fine enough."""
        places = grid.places(self.adaptive.nodes)
        nearest = places[np.argsort(np.linalg.norm(places - z, axis=1), kind="stable")[:NODES_CHECKED]]
        return max(self._residual(family, at * self.box) for at in nearest) > BLAMED * self.tolerance

    def _residual(self, family: Spectral, z: np.ndarray) -> float:
        parameters = self._parameters(z)
        answer = family.answer(self.compiled, parameters, QueryOptions())
        certificate = grid_check(self.compiled, parameters, answer, self.tolerance, self.seed)
        return 0.0 if certificate.residual <= family.rounding else certificate.residual

    # ------------------------------------------------------------ files

    def generator(self) -> Spectral:
        if self.layout is None or self.table is None:
            raise UsageError(self.message) if self.message else KeyboardInterrupt
        nodes, table = self.adaptive.nodes, self.table
        explored = self.adaptive.explored() and self.message in ("", self._shortfall())  # too few solves still know what they lack
        around, amounts = self.adaptive.border() if explored else (np.zeros((1, self.conditions.size), dtype=int), np.array([np.inf]))
        border = Border(around, amounts, max(s.error for s in self.solved.values()))
        rounding = max((s.residual for s in self.solved.values() if s.residual > self._solver and not s.message), default=0.0)
        return Spectral(self.layout, tuple(nodes), table, self._sizes(nodes), border, self.box, self.resonances, rounding)

    def labels(self) -> list[tuple[np.ndarray, Sample]]:
        """What has been solved: z, and the solution."""
        return [(grid.places([node])[0] * self.box, own.sample) for node, own in self.solved.items() if own.sample is not None]

    def state(self) -> tuple[dict[str, Any], Arrays]:
        arrays: Arrays = {}
        solved = []
        for number, (node, own) in enumerate(self.solved.items()):
            assert own.sample is not None
            kept = own.sample.representation
            solved.append({"node": node, "error": own.error, "residual": own.residual, "message": own.message, "kind": kept.kind})
            arrays |= {f"{number}/lower": own.sample.lower, f"{number}/upper": own.sample.upper}
            arrays |= {f"{number}/of/{name}": a for name, a in kept.arrays().items()}
        names = ("share", "resonances", "checked_levels", "pause", "met", "steps", "message")
        numbers: dict[str, Any] = {name: getattr(self, name) for name in names} | {"solved": solved, "levels": self.adaptive.levels}
        arrays["checked"] = np.array(self.checked)
        if self.layout is not None:
            numbers["layout"], own_arrays = packed(self.layout)
            arrays |= {f"layout/{name}": a for name, a in own_arrays.items()}
        return numbers, arrays

    @classmethod
    def resumed(cls, compiled: CompiledProblem, options: Any, numbers: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        own = cls.start(compiled, options)
        for number, row in enumerate(numbers["solved"]):
            mine = below(arrays, str(number))
            representation = representation_class(row["kind"]).from_arrays(below(mine, "of"))
            sample = Sample(representation, mine["lower"], mine["upper"])
            own.solved[tuple(row["node"])] = Solved(sample, float(row["error"]), float(row["residual"]), row["message"])
        own.adaptive.levels = [tuple(level) for level in numbers["levels"]]
        own.share, own.steps, own.message = float(numbers["share"]), int(numbers["steps"]), str(numbers["message"])
        own.pause, own.met = int(numbers["pause"]), int(numbers["met"])
        own.checked, own.checked_levels = float(arrays["checked"]), int(numbers["checked_levels"])
        own.resonances = tuple(tuple(float(p) for p in places) for places in numbers["resonances"])
        if "layout" in numbers:
            own.layout = unpacked(numbers["layout"], below(arrays, "layout"))
            own.coefficients = {n: own.layout.coefficients(s.sample) for n, s in own.solved.items() if s.sample is not None}
            own._tabulate()
        return own
