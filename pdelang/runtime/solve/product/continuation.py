"""Continuation in the factor s of the highest derivatives, from a problem that is easy down to the one that was asked for.

    N(x, u, Du, s D^2 u) = 0,    s = 4^k ... 1

Large s: nearly linear, and without layers. On the way down Newton starts from the solution before, extrapolated in log s along the
secant, and the layout is graded to each solution, so that a layer stays resolved while it becomes thin. What multiplies the highest
derivatives may be a parameter (a viscosity; the inverse of a Reynolds number): then the path is one in that parameter, and is named so.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pdelang.runtime.layout.factor import Array
from pdelang.runtime.representation import Index
from pdelang.runtime.result import Progress
from pdelang.runtime.solve.product.adaption import measured, sharpened
from pdelang.runtime.solve.product.layouts import Layout
from pdelang.runtime.solve.product.program import Program
from pdelang.runtime.solve.product.solved import Limits
from pdelang.runtime.solve.product.stage import Stage, stage

FACTORS = tuple(4.0**k for k in (2, 4, 6, 8, 10, 12))  # tried from the first on, until one is easy
ROUGH, ROUGHEST = (
    0.02,
    0.3,
)  # residual, relative to the terms, up to which a solution shows where it is steep, and serves where no layout can grow
RESERVE = 0.1 * ROUGH  # residual up to which a layout in several dimensions serves the next value of s too
FIRST_STEP, LONGEST_STEP, SHORTEST_STEP = 3.0, 8.0, 1.02  # factor between two values of s
NEWTON, QUICK = 12, 5  # updates a value of s: a path that needs more is followed in shorter steps
ADAPTIONS, DENSER = 4, 1.5  # layouts a value of s, and by how much each is denser than the one before
CHANGE = 1.25  # of a parameter, to see what it multiplies
UNKNOWNS = (5000, 2500)  # most of a layout on the way, for one field and for several: the path is to be cheap

Combination = tuple[tuple[float, Stage], ...]


@dataclass(frozen=True, eq=False)
class Eased(Program):
    """A program whose highest derivatives are multiplied by `factor`, in every equation that has lower ones beside them."""

    factor: float = 1.0

    @cached_property
    def leading(self) -> frozenset[Index]:
        return leading(self)

    @cached_property
    def _factors(self) -> tuple[Array, Array]:
        jets = [self.factor if index in self.leading else 1.0 for index in self.indices]
        columns = [self.factor if p.index in self.leading else 1.0 for p in self.partials]
        return np.array(jets)[:, None], np.array(columns)[:, None]

    def interior(self, jets: Array, points: Array) -> tuple[Array, Array, Array]:
        rows, columns = self._factors
        residual, partials, scale = super().interior(jets * rows, points)
        return residual, partials * columns, scale


def leading(program: Program) -> frozenset[Index]:
    """The highest derivatives of each equation that has lower ones too."""
    found: set[Index] = set()
    for equation in program.compiled.equations:
        orders = [sum(j.orders) for j in equation.jets]
        if orders and (max(orders) > min(orders) or not equation.linear):
            found |= {(j.field, j.orders) for j, order in zip(equation.jets, orders) if order == max(orders) and order > 0}
    return frozenset(found)


def multiplier(program: Program) -> tuple[str, float] | None:
    """The parameter p, and the power q, for which the factor s is the same as p s^q in place of p. None: there is none.

    q = 1: a viscosity. q = -1: a Reynolds number, or what multiplies all other terms.
    """
    rng = np.random.default_rng(0)
    lower, upper = program.bounds
    points = lower + (upper - lower) * rng.uniform(0.1, 0.9, (16, program.dimension))
    jets = rng.standard_normal((len(program.indices), len(points)))
    there = Eased(program.compiled, program.params, program.space_time, CHANGE).interior(jets, points)[0]
    for name in (p.name for p in program.compiled.problem.parameters):
        value = program.params[name]
        for power in (1.0, -1.0):
            if np.ndim(value) == 0 and value:
                other = replace(program, params={**program.params, name: value * CHANGE**power}).interior(jets, points)[0]
                shares = (1.0, CHANGE) if power < 0 else (1.0,)
                if any(np.abs(there - share * other).max() <= 1e-9 * np.abs(there).max() for share in shares):
                    return name, power
    return None


@dataclass(frozen=True, eq=False)
class Path:
    """last: the solution at s = reached, None where no s is easy."""

    last: Stage | None
    start: float
    reached: float

    @property
    def arrived(self) -> bool:
        return self.last is not None and self.reached == 1.0

    def words(self, program: Program) -> str:
        """What was continued, from where to where."""
        if self.last is None:
            return "nor does it with the highest derivatives multiplied by any factor"
        named = multiplier(program)
        if named is None:
            return f"continued in the factor of the highest derivatives, from {self.start:.4g} to {self.reached:.4g}"
        name, power = named
        value = float(program.params[name])
        return f"continued in {name}, from {value * self.start**power:.4g} to {value * self.reached**power:.4g}"


def eased(layout: Layout, factor: float) -> Layout:
    p = layout.program
    plain = Program(p.compiled, p.params, p.space_time)
    return replace(layout, program=plain if factor == 1.0 else Eased(p.compiled, p.params, p.space_time, factor))


def followed(layout: Layout, progress: Progress, limits: Limits) -> Path:
    """From the first easy factor to 1."""
    start, first = _easy(layout, limits)
    path: list[tuple[float, Stage]] = []
    last, reached, step, thinning = first, start, FIRST_STEP, 1.0
    while last is not None and reached > 1.0 and clock.monotonic() < limits.deadline:
        step = min(step, reached)
        factor = reached / step
        progress(f"continuation, highest derivatives times {factor:.3g}", 0.1)
        begin = last.layout if layout.fixed or (layout.axes > 1 and last.residual < RESERVE) else sharpened(last, step**thinning)
        begin = begin if cheap(begin) else last.layout
        found = resolved(eased(begin, factor), _predicted([*path, (reached, last)], factor))
        if found is None and step < SHORTEST_STEP:
            break
        if found is None:
            step = float(np.sqrt(step))
            continue
        thinning = float(np.clip(np.log(_thinnest(last) / _thinnest(found)) / np.log(step), 0.0, 1.0))
        path, reached, last = [(reached, last)], factor if factor > 1 + 1e-12 else 1.0, found
        step = min(step * (1.5 if found.newton <= QUICK else 1.0), LONGEST_STEP)
    return Path(last, start, reached)


def cheap(layout: Layout) -> bool:
    fields = layout.program.fields
    return fields * int(np.prod(layout.kernels)) <= UNKNOWNS[min(fields, 2) - 1]


def _thinnest(found: Stage) -> float:
    return min(float(measured(found, i)[0].length.min()) for i in range(found.layout.axes))


def _easy(layout: Layout, limits: Limits) -> tuple[float, Stage | None]:
    """The first factor at which Newton converges and the layout shows something, and the solution there, resolved."""
    for factor in FACTORS:
        seen = stage(eased(layout, factor), ROUGH, [], NEWTON)
        if seen.converged and seen.residual <= ROUGHEST:
            found = seen if seen.residual <= ROUGH else resolved(seen.layout, [((1.0, seen),)])
            if found is not None:
                return factor, found
        if clock.monotonic() > limits.deadline:
            break
    return FACTORS[-1], None


def _predicted(path: list[tuple[float, Stage]], factor: float) -> list[Combination]:
    """The last solution, and the secant through the last two in log s."""
    (reached, last) = path[-1]
    if len(path) < 2:
        return [((1.0, last),)]
    slope = np.log(factor / reached) / np.log(reached / path[-2][0])
    return [((1.0, last),), ((1.0 + slope, last), (-slope, path[-2][1]))]


def resolved(layout: Layout, before: list[Combination]) -> Stage | None:
    """A solution whose residual is at most ROUGH, on a layout refined and graded for it. None: Newton fails, or no layout holds it."""
    for attempt in range(ADAPTIONS):
        found = stage(layout, ROUGH, before, NEWTON)
        if not found.converged or not np.isfinite(found.residual):
            return None
        if found.residual <= ROUGH:
            return found
        finer = sharpened(found, 1.0, DENSER**attempt)
        if layout.fixed or finer.kernels == found.layout.kernels or not cheap(finer):
            return found if found.residual < ROUGHEST else None
        layout, before = finer, [((1.0, found),)]
    return None
