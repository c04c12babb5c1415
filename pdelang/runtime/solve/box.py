"""One box (a whole steady problem, or one slab in time) on one layout: its rows, its solve, its quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pdelang.compiler.compiled import CompiledEquation, CompiledProblem
from pdelang.language.expressions import Jet
from pdelang.runtime.collocation import EquationRows, Parameters, Rows, System, ValueRows, at_places, holds, jets_of
from pdelang.runtime.expansion import GaussianExpansion
from pdelang.runtime.layout.scattered import Layout
from pdelang.runtime.objective import alpha
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.representation import Representation
from pdelang.runtime.sampling import EmptyPointSetError, box, on_equation
from pdelang.runtime.solve.refine import tails
from pdelang.runtime.status import Status
from pdelang.runtime.validation import JetSizes, check

CHECK_POINTS = 512
OUT_OF_TIME = "out of time (option time_limit)"


def at_the_limit(steps: int) -> str:
    return f"the iteration is not done after {steps} step{'s' if steps != 1 else ''} (option max_iterations)"


@dataclass(frozen=True)
class Problem:
    """What every box of one solve shares. lower, upper: the whole domain."""

    compiled: CompiledProblem
    params: Parameters
    options: SolveOptions
    lower: np.ndarray
    upper: np.ndarray

    @property
    def fields(self) -> int:
        return len(self.compiled.problem.fields)

    @property
    def periodic(self) -> tuple[bool, ...]:
        return tuple(c.periodic for c in self.compiled.problem.coordinates)

    @property
    def time(self) -> int | None:
        return self.compiled.problem.time


@dataclass(frozen=True)
class Weights:
    """What a strategy finds: weights (F, K), its iterations and its own view of them; message: why it stopped early."""

    values: np.ndarray
    iterations: int
    status: Status
    message: str = ""


class Strategy(Protocol):
    """`least_squares.Linear` or `gauss_newton.GaussNewton`; it may keep a factorisation from one box to the next."""

    def __call__(self, system: System, guess: list[np.ndarray]) -> Weights:
        """guess: jets (A, N) a block of rows, at which to linearise first."""


@dataclass(frozen=True)
class Attempt:
    """A solved box. residual: largest relative residual on independent points; tails: see `refine.tails`."""

    expansion: GaussianExpansion
    system: System
    residual: float
    tails: np.ndarray
    iterations: int
    status: Status
    message: str = ""


def active(equation: CompiledEquation, problem: Problem, lower: np.ndarray, upper: np.ndarray) -> bool:
    """Does a condition belong to this slab? One at a fixed time belongs to the earliest slab that holds the time."""
    time = problem.time
    if time is None or time in equation.free:
        return True
    at = np.asarray(equation.locate(problem.params), dtype=float)[:, time]
    slack = 1e-12 * (problem.upper[time] - problem.lower[time])
    first = lower[time] <= problem.lower[time] + slack
    return bool(np.all((at <= upper[time] + slack) & ((at > lower[time] + slack) | (first & (at >= lower[time] - slack)))))


def _equation_rows(
    problem: Problem, equation: CompiledEquation, layout: Layout, lower: np.ndarray, upper: np.ndarray
) -> EquationRows | None:
    fixed = np.asarray(equation.locate(problem.params), dtype=float)[0]
    z, share = layout.nodes(equation.free, 2 * (fixed - lower) / (upper - lower) - 1)
    places = at_places(equation, lower + (upper - lower) * (z + 1) / 2, problem.params)
    keep = holds(equation, places[0], problem.params)
    if not keep.any():
        return None
    weights = np.sqrt(alpha(equation.kind, problem.options) * share[keep] / share[keep].sum())
    return EquationRows(equation, places[:, keep], weights, problem.params)


def _handover_rows(problem: Problem, layout: Layout, lower: np.ndarray, upper: np.ndarray, before: Representation) -> list[Rows]:
    """D_t^k u at the slab's start as the slab before left it, k below the order in time of each field."""
    time, d = problem.time, len(lower)
    assert time is not None
    z, share = layout.nodes([i for i in range(d) if i != time])
    points = lower + (upper - lower) * (z + 1) / 2
    points[:, time] = lower[time]
    rows: list[Rows] = []
    for field, order in enumerate(problem.compiled.analysis.time_orders):
        for k in range(order):
            orders = tuple(k if i == time else 0 for i in range(d))
            values = before.jets(points, [(field, orders)])[0]
            weights = np.sqrt(problem.options.alpha_initial * share)
            rows.append(ValueRows("the slab before", (Jet(field, orders),), points[None], weights, values))
    return rows


def build_rows(problem: Problem, layout: Layout, lower: np.ndarray, upper: np.ndarray, before: Representation | None) -> list[Rows]:
    """Conditions at the start first (or their handover), then equations, then the other conditions."""
    rows: list[Rows] = [] if before is None else _handover_rows(problem, layout, lower, upper, before)
    conditions = [c for c in problem.compiled.conditions if active(c, problem, lower, upper)]
    starts = [c for c in conditions if c.kind == "initial"]
    for equation in [*starts, *problem.compiled.equations, *(c for c in conditions if c.kind != "initial")]:
        block = _equation_rows(problem, equation, layout, lower, upper)
        if block is not None:
            rows.append(block)
    return rows


def guess_jets(problem: Problem, rows: Sequence[Rows], before: Representation | None, start: float | None) -> list[np.ndarray]:
    """Jets to linearise at first: the state that the slab before left, frozen in time; zero where there is none."""
    out = []
    for block in rows:
        if before is None:
            out.append(np.zeros((len(block.jets), block.places.shape[1])))
            continue
        places = block.places.copy()
        if problem.time is not None and start is not None:
            places[:, :, problem.time] = start
        out.append(jets_of(block.jets, places, before))
    return out


def quality(problem: Problem, representation: Representation, lower: np.ndarray, upper: np.ndarray, seed: int) -> float:
    """Largest relative residual over equations and active conditions, on scattered points of this box; inf if not finite."""
    compiled, params = problem.compiled, problem.params
    sizes = JetSizes(representation, box(lower, upper, CHECK_POINTS, seed), (upper - lower) / 2)
    worst = 0.0
    for n, equation in enumerate((*compiled.equations, *compiled.conditions)):
        if not active(equation, problem, lower, upper):
            continue
        try:
            points = on_equation(equation, params, lower, upper, CHECK_POINTS, seed + n)
        except EmptyPointSetError:  # asked for in another slab; validation looks at the whole domain
            continue
        worst = max(worst, check(equation, representation, points, params, sizes).relative)
    return worst


def _tails(layout: Layout, expansion: GaussianExpansion) -> np.ndarray:
    if not layout.axes:
        return np.zeros(expansion.dimension)
    places = [a + (b - a) * (axis.samples + 1) / 2 for a, b, axis in zip(expansion.lower, expansion.upper, layout.axes)]
    return tails(layout, expansion.grid_jets(places, [(f, (0,) * len(places)) for f in range(expansion.fields)]))


def solve_box(
    problem: Problem,
    strategy: Strategy,
    layout: Layout,
    lower: np.ndarray,
    upper: np.ndarray,
    before: Representation | None = None,
    guess: Representation | None = None,
    like: System | None = None,
) -> Attempt:
    """Assemble, solve and judge. before: the earlier slab; guess: where to linearise first (else `before` frozen in time)."""
    rows = build_rows(problem, layout, lower, upper, before)
    system = System(layout, problem.fields, lower, upper, rows, like)
    time = problem.time
    frozen = None if guess is not None or time is None else float(lower[time])
    found = strategy(system, guess_jets(problem, rows, guess or before, frozen))
    expansion = layout.expansion(found.values, lower, upper)
    if found.status is Status.NON_FINITE:
        return Attempt(expansion, system, np.inf, np.ones(len(lower)), found.iterations, found.status, found.message)
    residual = quality(problem, expansion, lower, upper, problem.options.seed + 104729)
    return Attempt(expansion, system, residual, _tails(layout, expansion), found.iterations, found.status, found.message)
