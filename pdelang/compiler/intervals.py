"""Interval arithmetic: an enclosure of an expression over a box of its symbols, and where in the box it vanishes.

enclose(e, box) contains every value of e; it may be wider. Zeros are found by bisection: a box whose enclosure leaves out 0 holds
none; one that cannot be split further and still holds 0 is a zero, double zeros such as (c - 1/2)^2 = 0 included.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import sympy

from pdelang.compiler import functions, trees, values

Interval = tuple[float, float]
Box = Mapping[Any, Interval]

EVERYTHING: Interval = (-math.inf, math.inf)
WIDTH = 1e-6
"""Smallest side of a box, relative to the first one's."""
BOXES, SEARCH, EFFORT = 3000, 20_000, 60_000
"""Boxes looked at and nodes evaluated for one expression; nodes evaluated for a whole program, some 100,000 a second."""
DIMENSIONS = 4
"""Symbols up to which boxes are halved; beyond them only a change of sign is looked for."""
CORNERS = 8
"""Symbols whose ends are combined in all ways."""


def _product(a: Interval, b: Interval) -> Interval:
    corners = [0.0 if x == 0 or y == 0 else x * y for x in a for y in b]  # 0 * inf is 0: the factor 0 is exact
    return min(corners), max(corners)


def _power(a: Interval, n: Any) -> Interval:
    if not n.is_Rational:
        return EVERYTHING
    if n.is_Integer and n > 0:
        ends = [_raise(x, int(n)) for x in a]
        return (0.0 if n % 2 == 0 and a[0] <= 0 <= a[1] else min(ends)), max(ends)
    if n < 0:
        lower, upper = _power(a, -n)
        if lower <= 0 <= upper:
            return (1 / upper, math.inf) if lower == 0 < upper else EVERYTHING
        return 1 / upper, 1 / lower
    return (max(a[0], 0.0) ** float(n), max(a[1], 0.0) ** float(n)) if a[1] >= 0 else EVERYTHING


def _raise(x: float, n: int) -> float:
    try:
        return x**n
    except OverflowError:
        return math.inf if x > 0 or n % 2 == 0 else -math.inf


def _rising(f: Callable[[float], float]) -> Callable[[Interval], Interval]:
    def enclose(a: Interval) -> Interval:
        return f(a[0]), f(a[1])

    return enclose


def _wave(f: Callable[[float], float], crest: float) -> Callable[[Interval], Interval]:
    """f has period 2 pi, its greatest value 1 at crest and its least half a period later."""

    def holds(a: Interval, at: float) -> bool:
        return math.floor((a[1] - at) / (2 * math.pi)) >= math.ceil((a[0] - at) / (2 * math.pi))

    def enclose(a: Interval) -> Interval:
        if a[1] - a[0] >= 2 * math.pi or not all(map(math.isfinite, a)):
            return -1.0, 1.0
        ends = f(a[0]), f(a[1])
        return -1.0 if holds(a, crest + math.pi) else min(ends), 1.0 if holds(a, crest) else max(ends)

    return enclose


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf


def _log(x: float) -> float:
    return math.log(x) if 0 < x < math.inf else -math.inf if x <= 0 else math.inf


def _magnitude(a: Interval) -> Interval:
    top = max(abs(a[0]), abs(a[1]))
    return (0.0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))), top


def _sech(a: Interval) -> Interval:
    near, far = _magnitude(a)
    return (1 / math.cosh(far) if far < 700 else 0.0), (1 / math.cosh(near) if near < 700 else 0.0)


_UNARY: dict[type, Callable[[Interval], Interval]] = {
    sympy.exp: _rising(_exp),
    sympy.log: _rising(_log),
    functions.tanh: _rising(math.tanh),
    sympy.atan: _rising(math.atan),
    sympy.erf: _rising(math.erf),
    sympy.sin: _wave(math.sin, math.pi / 2),
    sympy.cos: _wave(math.cos, 0.0),
    functions.sech: _sech,
    functions.absolute: _magnitude,
}


def enclose(e: Any, box: Box) -> Interval:
    """[lower, upper] that holds every value of `e` for its symbols in `box`; a symbol that is not there may be anything."""
    memory: dict[Any, Interval] = {}

    def visit(e: Any) -> Interval:
        if e not in memory:
            memory[e] = compute(e)
        return memory[e]

    def compute(e: Any) -> Interval:
        if e.is_Symbol:
            return box.get(e, EVERYTHING)
        if not trees.symbols(e):
            value = values.constant(e)
            return (value, value) if math.isfinite(value) else EVERYTHING
        if e.is_Pow:
            return _power(visit(e.args[0]), e.args[1])
        if isinstance(e, functions.PREDICATES):
            return 0.0, 1.0
        if e.func is functions.select:
            (a, b), (c, d) = visit(e.args[1]), visit(e.args[2])
            return min(a, c), max(b, d)
        arguments = [visit(a) for a in e.args]
        if e.is_Add:
            return sum(a for a, _ in arguments), sum(b for _, b in arguments)
        if e.is_Mul:
            return reduce(_product, arguments)
        row = _UNARY.get(functions.of(e).head)
        return EVERYTHING if row is None else row(arguments[0])

    lower, upper = visit(e)
    return EVERYTHING if math.isnan(lower) or math.isnan(upper) else (lower, upper)


class Effort:
    """How many nodes the searches of one program may still evaluate. What they do not find is not warned of."""

    def __init__(self, nodes: int = EFFORT):
        self.left = nodes

    def allows(self, nodes: int) -> bool:
        """Takes `nodes`, if there are as many."""
        if nodes > self.left:
            return False
        self.left -= nodes
        return True


def zero(e: Any, box: Box, effort: Effort | None = None) -> dict[Any, float] | None:
    """A point of the box at which `e` vanishes, None if there is none or it was not found within the effort allowed."""
    effort = effort or Effort()
    symbols = sorted((s for s in trees.symbols(e) if s in box), key=lambda s: s.name)
    if not symbols or len(symbols) != len(trees.symbols(e)):
        return None
    lower, upper = enclose(e, box)
    if lower > 0 or upper < 0:
        return None
    points = [*corners(box, symbols), {s: sum(box[s]) / 2 for s in symbols}]
    if not effort.allows(len(points) * trees.size(e)):
        return None
    found = [(value(e, point), point) for point in points]
    if len(symbols) > DIMENSIONS:
        return _between(e, found)
    return _bisect(e, box, symbols, max((abs(v) for v, _ in found if math.isfinite(v)), default=0.0), effort)


def _bisect(e: Any, box: Box, symbols: Sequence[Any], scale: float, effort: Effort) -> dict[Any, float] | None:
    """Depth first: a box without a zero is dropped, another one halved along its widest side."""
    sides = {s: max(box[s][1] - box[s][0], 1e-300) for s in symbols}
    stack: list[dict[Any, Interval]] = [{s: box[s] for s in symbols}]
    nodes = trees.size(e)
    for _ in range(min(BOXES, SEARCH // nodes)):
        if not stack or not effort.allows(nodes):
            return None
        small = stack.pop()
        lower, upper = enclose(e, small)
        if lower > 0 or upper < 0:
            continue
        widest = max(symbols, key=lambda s: (small[s][1] - small[s][0]) / sides[s])
        if small[widest][1] - small[widest][0] > WIDTH * sides[widest]:
            middle = sum(small[widest]) / 2
            stack += [{**small, widest: (middle, small[widest][1])}, {**small, widest: (small[widest][0], middle)}]
            continue
        for point in (*corners(small, symbols), {s: sum(small[s]) / 2 for s in symbols}):
            if abs(value(e, point)) <= 1e-4 * scale:
                return point
    return None


def _between(e: Any, found: Sequence[tuple[float, dict[Any, float]]]) -> dict[Any, float] | None:
    """A zero on the line between a point of each sign: in many dimensions all that is looked for."""
    (low, p), (high, q) = min(found, key=lambda f: f[0]), max(found, key=lambda f: f[0])
    if not low <= 0 <= high or not math.isfinite(high - low):
        return None

    def on(t: float) -> dict[Any, float]:
        return {s: p[s] + t * (q[s] - p[s]) for s in p}

    return on(_edge(lambda t: value(e, on(t)) <= 0, 0.0, 1.0))


def value(e: Any, point: Mapping[Any, float]) -> float:
    """e at a point; infinite where it is not defined, so that it is no zero."""
    result = float(values.evaluate(e, point))
    return math.inf if math.isnan(result) else result


def corners(box: Box, symbols: Sequence[Any]) -> list[dict[Any, float]]:
    """The corners of the box; of very many, the first ones (both ends of the last symbols, the lower ends of the others)."""
    ends = [tuple(dict.fromkeys(box[s])) for s in symbols]
    many = ends if len(ends) <= CORNERS else [*(e[:1] for e in ends[:-CORNERS]), *ends[-CORNERS:]]
    found = [dict(zip(symbols, point)) for point in itertools.product(*many)]
    if len(ends) > CORNERS:
        found += [dict(zip(symbols, [e[-1] for e in ends])), dict(zip(symbols, [e[i % len(e)] for i, e in enumerate(ends)]))]
    return found


def where_not_positive(e: Any, box: Box, strict: bool = False) -> Interval | None:
    """For `e` of one symbol: the smallest interval that holds all points with e <= 0 (strict: e < 0), edges by bisection.

    None if there is none among 400 equal steps.
    """
    (symbol,) = trees.symbols(e)
    lower, upper = box[symbol]
    grid = [lower + (upper - lower) * i / 400 for i in range(401)]

    def bad(x: float) -> bool:
        v = value(e, {symbol: x})
        return v < 0 or (not strict and v == 0)

    found = [i for i, x in enumerate(grid) if bad(x)]
    if not found:
        return None
    first, last = found[0], found[-1]
    return (
        grid[0] if first == 0 else _edge(bad, grid[first], grid[first - 1]),
        grid[-1] if last == 400 else _edge(bad, grid[last], grid[last + 1]),
    )


def _edge(bad: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(50):
        middle = (inside + outside) / 2
        if bad(middle):
            inside = middle
        else:
            outside = middle
    return inside
