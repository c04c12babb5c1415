"""Is a `where` false everywhere? Interval arithmetic over boxes of coordinates and parameters, in three values.

An interval contains every value that the expression takes in the box. A truth value is the pair (can it be false, can it be true):
a comparison of intervals that do not meet is certain, all others may go either way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pdelang.language.algebra import children, walk
from pdelang.language.expressions import Apply, Constant, Coordinate, Expr, Parameter
from pdelang.language.problem import ParameterDecl

Interval = tuple[float, float]
Truth = tuple[bool, bool]

EVERYTHING: Interval = (-math.inf, math.inf)
DEVIATIONS = 8
"""A normal parameter beyond that many deviations does not occur."""


@dataclass(frozen=True)
class Box:
    """coordinates: an interval each. parameters: the range each component has."""

    coordinates: Sequence[Interval]
    parameters: Sequence[Interval]


def ranges(parameters: Sequence[ParameterDecl]) -> list[Interval]:
    return [
        (p.arguments[0] - DEVIATIONS * p.arguments[1], p.arguments[0] + DEVIATIONS * p.arguments[1])
        if p.distribution == "normal"
        else p.arguments
        for p in parameters
    ]


def never(condition: Expr, box: Box) -> bool:
    """Certainly false in all of the box; False where that is not certain."""
    return not _values(condition, box)[id(condition)][1]


def enclose(expression: Expr, box: Box) -> Interval:
    return _values(expression, box)[id(expression)]


def _values(root: Expr, box: Box) -> dict[int, tuple[float, float]]:
    """By identity of the node: its interval, or its truth as a pair (a bool is a number)."""
    memory: dict[int, tuple[float, float]] = {}
    for node in walk(root):
        memory[id(node)] = _value(node, [memory[id(child)] for child in children(node)], box)
    return memory


def _value(node: Expr, arguments: list[Interval], box: Box) -> tuple[float, float]:
    if isinstance(node, Constant):
        value = math.pi if isinstance(node.value, str) else float(node.value)
        return value, value
    if isinstance(node, Coordinate):
        return box.coordinates[node.index]
    if isinstance(node, Parameter):
        return box.parameters[node.index]
    if isinstance(node, Apply) and node.function in _TRUTHS:
        return _TRUTHS[node.function](*arguments)
    if isinstance(node, Apply) and node.function in _NUMBERS:
        low, high = _NUMBERS[node.function](*arguments)
        return (low, high) if low <= high else EVERYTHING  # not a number: nothing is known
    return EVERYTHING


def _product(*factors: Interval) -> Interval:
    low, high = factors[0]
    for a, b in factors[1:]:
        corners = [0.0 if x == 0 or y == 0 else x * y for x in (low, high) for y in (a, b)]
        low, high = min(corners), max(corners)
    return low, high


def _quotient(a: Interval, b: Interval) -> Interval:
    return EVERYTHING if b[0] <= 0 <= b[1] else _product(a, (1 / b[1], 1 / b[0]))


def _power(a: Interval, b: Interval) -> Interval:
    if b[0] != b[1] or not 0 < b[0] <= 64 or b[0] != int(b[0]) or max(map(abs, a)) > 1e4:
        return EVERYTHING
    n = int(b[0])
    ends = [x**n for x in a]
    return (0.0 if n % 2 == 0 and a[0] <= 0 <= a[1] else min(ends)), max(ends)


def _magnitude(a: Interval) -> Interval:
    ends = [abs(x) for x in a]
    return (0.0 if a[0] <= 0 <= a[1] else min(ends)), max(ends)


_NUMBERS: Mapping[str, Callable[..., Interval]] = {
    "add": lambda *a: (sum(x for x, _ in a), sum(y for _, y in a)),
    "sub": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "neg": lambda a: (-a[1], -a[0]),
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "abs": _magnitude,
    "min": lambda *a: (min(x for x, _ in a), min(y for _, y in a)),
    "max": lambda *a: (max(x for x, _ in a), max(y for _, y in a)),
    "sin": lambda a: (-1.0, 1.0),
    "cos": lambda a: (-1.0, 1.0),
}
"""Functions that a `where` is made of; of any other nothing is known."""

_TRUTHS: Mapping[str, Callable[..., Truth]] = {
    "lt": lambda a, b: (a[1] >= b[0], a[0] < b[1]),
    "le": lambda a, b: (a[1] > b[0], a[0] <= b[1]),
    "gt": lambda a, b: (a[0] <= b[1], a[1] > b[0]),
    "ge": lambda a, b: (a[0] < b[1], a[1] >= b[0]),
    "eq": lambda a, b: (not a[0] == a[1] == b[0] == b[1], a[0] <= b[1] and b[0] <= a[1]),
    "ne": lambda a, b: (a[0] <= b[1] and b[0] <= a[1], not a[0] == a[1] == b[0] == b[1]),
    "and": lambda *a: (any(f for f, _ in a), all(t for _, t in a)),
    "or": lambda *a: (all(f for f, _ in a), any(t for _, t in a)),
    "not": lambda a: (a[1], a[0]),
}
