"""Do two conditions agree where they meet? Decided in numbers, at the default parameters and a few points of each edge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from pdelang.language import algebra
from pdelang.language.diagnostics import Label
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.expressions import Jet
from pdelang.language.passes.geometry import Geometry
from pdelang.language.passes.parameters import Setting, defaults
from pdelang.language.printing import number_text
from pdelang.language.problem import Equation, Problem
from pdelang.language.report import Report

_TOLERANCE = 1e-9
_FRACTIONS = (0.137, 0.5, 0.811)
_PAIRS = 1_000
_NODES = 100_000

Point = tuple[float, ...]


@dataclass(frozen=True)
class Prescribed:
    """A condition that gives a field's value: a*u + b = 0 at one place, hence u = -b/a.

    size: how large the values are: sin(pi) is not zero in floats, but small beside sin(pi*x).
    """

    condition: Equation
    jet: Jet
    fixed: dict[int, float]
    setting: Setting
    size: float = 0.0

    def value(self, point: Point) -> float | None:
        """The value at a point, None where it is undefined, excluded by `where`, or the condition is not linear there."""
        try:
            if self.condition.where is not None and not evaluate(self.condition.where, Values(point, self.setting)):
                return None
            zero, one, two = (self._residual(point, u) for u in (0.0, 1.0, 2.0))
        except UndefinedError:
            return None
        slope = one - zero
        if abs(two - 2 * one + zero) > 1e-9 * (abs(slope) + abs(zero)) or slope == 0:
            return None
        return -zero / slope

    def _residual(self, point: Point, u: float) -> float:
        values = Values(point, self.setting, {self.jet: u})
        return sum(evaluate(term.expression, values) for term in self.condition.terms)


def check_corners(problem: Problem, geometry: Geometry, report: Report) -> None:
    setting = defaults(problem.parameters)
    intervals = [geometry.interval(i, setting) for i in range(len(problem.coordinates))]
    rows: list[Prescribed] = []
    nodes = 0
    for condition in problem.conditions:
        nodes += sum(1 for term in condition.terms for _ in algebra.walk(term.expression))
        row = _prescribed(condition, setting, intervals)
        if nodes > _NODES:
            break
        rows += [row] if row else []
    for number, (a, b) in enumerate(combinations(rows, 2)):
        if number >= _PAIRS:
            break
        if a.jet == b.jet and all(
            abs(a.fixed[i] - b.fixed[i]) <= 1e-12 * (hi - lo)
            for i, (lo, hi) in enumerate(intervals)
            if i in a.fixed.keys() & b.fixed.keys()
        ):
            _meet(problem, report, a, b, intervals)
    pairs = _wrapped(problem)
    closed = {i for i, c in enumerate(problem.coordinates) if c.periodic}
    for row in rows[:_PAIRS]:
        for index in sorted(closed | pairs[row.jet.field, row.jet.orders]):
            _wraps(problem, report, row, index, intervals)


def _prescribed(condition: Equation, setting: Setting, intervals: Sequence[tuple[float, float]]) -> Prescribed | None:
    jets = algebra.jets(*(term.expression for term in condition.terms))
    if len(condition.places) != 1 or len(jets) != 1 or any(jets[0].orders):
        return None
    try:
        fixed = {i: evaluate(e, Values(parameters=setting)) for i, e in enumerate(condition.places[0]) if e is not None}
    except UndefinedError:
        return None
    row = Prescribed(condition, jets[0], fixed, setting)
    values = [row.value(point) for point in _points(intervals, fixed)]
    return replace(row, size=max((abs(value) for value in values if value is not None), default=0.0))


def _points(intervals: Sequence[tuple[float, float]], fixed: dict[int, float]) -> Iterator[Point]:
    axes = [(fixed[i],) if i in fixed else tuple(lo + s * (hi - lo) for s in _FRACTIONS) for i, (lo, hi) in enumerate(intervals)]
    yield from product(*axes)


def _differ(a: float, b: float, size: float) -> bool:
    return abs(a - b) > _TOLERANCE * max(abs(a), abs(b), size)


def _meet(problem: Problem, report: Report, a: Prescribed, b: Prescribed, intervals: Sequence[tuple[float, float]]) -> None:
    if a.condition.span == b.condition.span and a.fixed == b.fixed:
        return
    first, second = sorted((a, b), key=lambda row: row.condition.span)
    size = max(a.size, b.size)
    both = {**a.fixed, **b.fixed}
    for point in _points(intervals, both):
        one, two = first.value(point), second.value(point)
        if one is not None and two is not None and _differ(one, two, size):
            where = _where(problem, point, both)
            name = problem.fields[a.jet.field].name
            labels = [Label(first.condition.span, f"and {number_text(one)} by this one")]
            note = f"`{name}` is {number_text(two)} by this condition"
            report.add("W305", f"two conditions contradict each other at {where}", second.condition.span, note, labels=labels)
            return


def _where(problem: Problem, point: Point, fixed: dict[int, float]) -> str:
    """The corner; along an edge, one point of it."""
    values = [f"{c.name} = {number_text(x)}" for c, x in zip(problem.coordinates, point)]
    corner = ", ".join(value for i, value in enumerate(values) if i in fixed)
    along = ", ".join(value for i, value in enumerate(values) if i not in fixed)
    return f"{corner}, for example where {along}" if along else corner


def _wrapped(problem: Problem) -> dict[tuple[int, tuple[int, ...]], set[int]]:
    """(field, orders) -> coordinates in which periodic pairs make its values equal at both ends."""
    found: dict[tuple[int, tuple[int, ...]], set[int]] = defaultdict(set)
    for condition in problem.conditions:
        if condition.kind == "periodic":
            jets = algebra.jets(*(term.expression for term in condition.terms))
            if len(jets) == 2 and (jets[0].field, jets[0].orders) == (jets[1].field, jets[1].orders):
                found[jets[0].field, jets[0].orders] |= {i for i, entry in enumerate(condition.places[0]) if entry is not None}
    return found


def _wraps(problem: Problem, report: Report, row: Prescribed, index: int, intervals: Sequence[tuple[float, float]]) -> None:
    if index in row.fixed:
        return
    low, high = intervals[index]
    for point in _points(intervals, {**row.fixed, index: low}):
        opposite = tuple(high if i == index else x for i, x in enumerate(point))
        one, two = row.value(point), row.value(opposite)
        if one is not None and two is not None and _differ(one, two, row.size):
            coordinate = problem.coordinates[index].name
            ends = [f"{number_text(u)} at {coordinate} = {number_text(at)}" for u, at in ((one, low), (two, high))]
            note = f"`{problem.fields[row.jet.field].name}` is {ends[0]}, {ends[1]}"
            report.add("W305", f"a condition contradicts the period in {coordinate}", row.condition.span, note)
            return
