"""`where`: faces of `on boundary` on which it never holds are left out; equations that leave a part of the domain to nobody are named."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from pdelang.language import algebra
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.passes.geometry import Geometry
from pdelang.language.passes.parameters import defaults
from pdelang.language.passes.truth import Box, enclose, never, ranges
from pdelang.language.problem import Equation, Problem
from pdelang.language.report import Report, counted
from pdelang.language.source import Span

_POINTS, _NODES = 512, 100_000
"""Points of the domain that are looked at, and most nodes evaluated in all."""


def inhabited(conditions: Sequence[Equation], geometry: Geometry, general: set[int], report: Report) -> tuple[list[Equation], set[int]]:
    """The conditions without those of `on boundary` whose `where` holds nowhere on their face, and which of the rest it made.

    A condition that holds on none of its faces is an error (E320). general: positions of those that `on boundary` made.
    """
    empty = {n for n, condition in enumerate(conditions) if _never(condition, geometry)}
    by_statement: dict[Span, list[int]] = defaultdict(list)
    for n, condition in enumerate(conditions):
        by_statement[condition.span].append(n)
    for span, members in by_statement.items():
        if empty.issuperset(members):
            note = "its `where` is true " + ("nowhere on its face" if len(members) == 1 else "on none of its faces")
            report.add("E320", "a condition that holds nowhere", span, note)
            empty.difference_update(members)  # it still counts as given
    kept = [n for n in range(len(conditions)) if n not in empty or n not in general]
    return [conditions[n] for n in kept], {new for new, old in enumerate(kept) if old in general}


def _never(equation: Equation, geometry: Geometry) -> bool:
    if equation.where is None or geometry.shaped:
        return False
    parameters = ranges(geometry.parameters)
    nowhere = Box((), parameters)
    fixed = [None if entry is None else enclose(entry, nowhere) for entry in equation.places[0]]
    whole = [(enclose(c.lower, nowhere)[0], enclose(c.upper, nowhere)[1]) for c in geometry.coordinates]
    return never(equation.where, Box([free if at is None else at for at, free in zip(fixed, whole)], parameters))


def check_coverage(problem: Problem, geometry: Geometry, report: Report) -> None:
    """W311: points at which fewer equations hold than there are fields, or more. Looked for in numbers, at the default parameters."""
    restricted = [e for e in problem.equations if e.where is not None]
    for equation in restricted:
        if _never(equation, geometry):
            report.add("E320", "an equation that holds nowhere", equation.span, "its `where` is true nowhere in the domain")
            return
    if not restricted or geometry.shaped:
        return
    wanted = len(problem.fields)
    governed = list(_governed(problem, geometry, restricted))
    for point, number in (*(g for g in governed if g[1] < wanted), *(g for g in governed if g[1] > wanted)):
        few = number < wanted
        at = ", ".join(f"{c.name} = {x:.3g}" for c, x in zip(problem.coordinates, point))
        message = f"{'fewer' if few else 'more'} equations than fields in part of the domain"
        note = f"at {at}, for example, {counted(number, 'equation')} for {counted(wanted, 'field')}"
        advice = "add an equation for the rest, or put `if(condition, a, b)` into one" if few else "let their `where` exclude each other"
        report.add("W311", message, restricted[0].span, note, advice)
        return


def _governed(problem: Problem, geometry: Geometry, restricted: Sequence[Equation]) -> Iterator[tuple[tuple[float, ...], int]]:
    """(point, number of equations that hold there)."""
    setting = defaults(problem.parameters)
    intervals = [geometry.interval(i, setting) for i in range(len(problem.coordinates))]
    everywhere = len(problem.equations) - len(restricted)
    wheres = [e.where for e in restricted if e.where is not None]
    nodes = sum(1 for where in wheres for _ in algebra.walk(where))
    for fractions in _sequence(len(intervals), min(_POINTS, _NODES // nodes)):
        point = tuple(low + s * (high - low) for s, (low, high) in zip(fractions, intervals))
        try:
            yield point, everywhere + sum(1 for where in wheres if evaluate(where, Values(point, setting)))
        except UndefinedError:
            continue


def _sequence(dimension: int, count: int) -> Iterator[tuple[float, ...]]:
    """Evenly spread fractions in (0, 1): multiples of the powers of the generalised golden ratio (Roberts, R_d).

    Irrational, so that no point lies on a boundary between two regions as people write them.
    """
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (dimension + 1))
    for n in range(1, count + 1):
        yield tuple(math.fmod(n / ratio ** (i + 1), 1.0) for i in range(dimension))
