"""What goes wrong somewhere inside the parameters' ranges, found before anything is solved; one check a function.

W340  a denominator vanishes            W343  backward heat: the wrong sign of diffusion
W341  log or a root leaves its domain   W344  no viscosity: a shock may form
W342  a leading coefficient vanishes    W345  Dirichlet Helmholtz at a resonance
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sympy

from pdelang.compiler import functions, intervals, trees
from pdelang.compiler.intervals import Box, Interval
from pdelang.compiler.readable import Readable
from pdelang.compiler.resonance import resonance
from pdelang.compiler.stages import Analysis, Residual, ResidualEquation
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.expressions import Jet
from pdelang.language.source import Span

DEVIATIONS = 3
"""A normal parameter is looked at within three deviations."""


class Ranges:
    """A residual and the box of its parameters and coordinates."""

    def __init__(self, residual: Residual, analysis: Analysis):
        self.residual = residual
        self.analysis = analysis
        self.problem = residual.problem
        self.symbols = residual.symbols
        self.readable = Readable(residual)
        self.effort = intervals.Effort()
        self.parameters: dict[Any, Interval] = {}
        for (i, _), symbol in self.symbols.parameters.items():
            p = self.problem.parameters[i]
            a, b = p.arguments
            self.parameters[symbol] = (a - DEVIATIONS * b, a + DEVIATIONS * b) if p.distribution == "normal" else (a, b)
        self.box: dict[Any, Interval] = dict(self.parameters)
        for symbol, (lower, upper) in zip(self.symbols.coordinates, residual.bounds):
            self.box[symbol] = intervals.enclose(lower, self.parameters)[0], intervals.enclose(upper, self.parameters)[1]

    def known(self, e: Any) -> bool:
        """No jet in it: its values are known before the solution is."""
        return all(s in self.box for s in trees.symbols(e))

    def lowest(self, e: Any, box: Box) -> dict[Any, float] | None:
        """The corner at which `e` is least; None where looking at all of them would take too long."""
        points = intervals.corners(box, sorted(trees.symbols(e), key=lambda s: s.name))
        return min(points, key=lambda point: intervals.value(e, point)) if self.effort.allows(len(points) * trees.size(e)) else None

    def say(self, point: dict[Any, float]) -> str:
        """A point in the user's names: `nu = 0`."""
        return ", ".join(f"{self.readable(s)} = {_short(v)}" for s, v in point.items())

    def here(self, e: ResidualEquation) -> Box:
        """The box with the coordinates that a condition fixes."""
        box = dict(self.box)
        for symbol, fixed in zip(self.symbols.coordinates, e.fixed[0]):
            if fixed is not None:
                box[symbol] = intervals.enclose(fixed, self.parameters)
        return box


def _short(value: float) -> str:
    text = f"{value:.4g}"
    return "0" if abs(value) < 1e-12 or text == "-0" else text


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _range(name: str, interval: Interval) -> str:
    """A sub-range in words."""
    a, b = map(_short, interval)
    return f"{name} = {a}" if a == b else f"{name} in [{a}, {b}]"


def warn(residual: Residual, analysis: Analysis) -> tuple[Diagnostic, ...]:
    """All warnings, those about one place once."""
    ranges = Ranges(residual, analysis)
    found = {(d.code, d.span, d.message): d for check in CHECKS for d in check(ranges)}
    return tuple(found.values())


# ---------------------------------------------------------------- W340, W341: values that do not exist


def undefined(r: Ranges) -> Iterator[Diagnostic]:
    """Denominators, logarithms and roots of what is known: parameters and coordinates."""
    for e in (*r.residual.equations, *r.residual.conditions):
        box = r.here(e)
        for term, t in zip(e.terms, e.equation.terms):
            yield from _undefined(r, term, box, t.span)
    for exact, span in zip(r.residual.exact, r.problem.exact_spans):
        if exact is not None and span is not None:
            yield from _undefined(r, exact, r.box, span)


def _undefined(r: Ranges, term: Any, box: Box, span: Span) -> Iterator[Diagnostic]:
    for part in _parts(term):
        if part.is_Pow and part.args[1].is_Rational and part.args[1] < 0 and r.known(part.args[0]):
            point = intervals.zero(part.args[0], box, r.effort)
            if point is not None:
                yield Diagnostic(
                    "W340",
                    f"the denominator `{_cut(r.readable(part.args[0]))}` vanishes",
                    span,
                    note=f"at {r.say(point)}",
                    help="choose ranges that leave this value out",
                )
        argument = part.args[0] if part.func is sympy.log or (part.is_Pow and part.args[1] == sympy.S.Half) else None
        if argument is not None and r.known(argument) and trees.symbols(argument):
            worst = r.lowest(argument, box)
            if worst is not None and intervals.value(argument, worst) < 0:
                what = "logarithm" if part.func is sympy.log else "square root"
                yield Diagnostic(
                    "W341",
                    f"the argument `{_cut(r.readable(argument))}` of a {what} is negative",
                    span,
                    note=f"at {r.say(worst)}",
                    help="choose ranges in which it is positive",
                )


def _parts(e: Any) -> Iterator[Any]:
    """Subexpressions, each once; branches of `if` are left out, because they may be guarded by their condition."""
    seen: set[Any] = set()
    stack = [e]
    while stack:
        e = stack.pop()
        if e in seen or e.func is functions.select:
            continue
        seen.add(e)
        yield e
        stack.extend(e.args)


# ---------------------------------------------------------------- W342: leading coefficients


def leading(r: Ranges) -> Iterator[Diagnostic]:
    """A coefficient of the highest derivative that vanishes: order or type of the equation changes there."""
    time = r.problem.time
    for e in r.residual.equations:
        top = max((sum(j.orders) for j in e.jets), default=0)
        for jet, partial in zip(e.jets, e.partials):
            in_time = time is not None and jet.orders[time] > 0 and jet.orders[time] == r.analysis.time_orders[jet.field]
            if not trees.symbols(partial) or not r.known(partial) or not (in_time or (sum(jet.orders) == top and top >= 2)):
                continue
            if _diffusion(r, e, jet) is not None:  # W343 says more
                continue
            point = intervals.zero(partial, r.box, r.effort)
            if point is not None:
                yield Diagnostic(
                    "W342",
                    f"the coefficient `{_cut(r.readable(partial))}` of the leading derivative `{r.readable.jet(jet)}` vanishes",
                    e.equation.span,
                    note=f"at {r.say(point)}",
                    help="choose ranges in which it keeps its sign",
                )


# ---------------------------------------------------------------- W343, W344: evolution


def _diffusion(r: Ranges, e: ResidualEquation, jet: Jet) -> Any:
    """u_t = c D^(2m) u, the highest pure derivative in its coordinate: (-1)^(m+1) c, which must be positive; None otherwise."""
    time = r.problem.time
    if time is None or r.analysis.time_orders[jet.field] != 1 or jet.orders[time] or sum(o > 0 for o in jet.orders) != 1:
        return None
    order = sum(jet.orders)
    axis = jet.orders.index(order)
    others = [j for j in e.jets if j.field == jet.field and not j.orders[time]]
    if order % 2 or any(j.orders[axis] > order or (sum(j.orders) > order) for j in others):
        return None
    rate = next((p for j, p in zip(e.jets, e.partials) if j.field == jet.field and j.orders[time] == 1 and sum(j.orders) == 1), None)
    if rate is None or rate == 0:
        return None
    partial = e.partials[e.jets.index(jet)]
    sign = -1 if (order // 2) % 2 else 1
    result = sign * partial / rate
    return result if r.known(result) else None


def backward(r: Ranges) -> Iterator[Diagnostic]:
    """Diffusion of the wrong sign makes short waves grow without bound; diffusion of size zero lets fronts become shocks."""
    for e in r.residual.equations:
        for jet in e.jets:
            strength = _diffusion(r, e, jet)
            if strength is None or strength == 0:
                continue
            place = _not_positive(r, strength, strict=True)
            if place is not None:
                yield Diagnostic(
                    "W343",
                    f"`{r.readable.jet(jet)}` has the sign of a backward heat equation: the problem is ill-posed",
                    e.equation.span,
                    note=place or "everywhere",
                    help="change the sign, or the range",
                )
                continue
            place = _not_positive(r, strength, strict=False) if trees.symbols(strength) <= set(r.parameters) else None
            if place is not None:
                ending = "the equation loses its highest derivative there" if r.analysis.linear else "fronts may become shocks there"
                yield Diagnostic(
                    "W344",
                    f"the diffusion `{_cut(r.readable(strength))}` of `{r.readable.jet(jet)}` vanishes: {ending}",
                    e.equation.span,
                    note=place,
                    help="choose a range that leaves this value out",
                )


def _not_positive(r: Ranges, e: Any, strict: bool) -> str | None:
    """Where e <= 0 (strict: e < 0) in words, "" if everywhere, None if nowhere."""
    lower, upper = intervals.enclose(e, r.box)
    if lower > 0 or (strict and lower >= 0):
        return None
    if upper < 0:
        return ""
    symbols = sorted(trees.symbols(e), key=lambda s: s.name)
    if len(symbols) == 1:
        found = intervals.where_not_positive(e, r.box, strict)
        return None if found is None else "for " + _range(r.readable(symbols[0]), found)
    worst = r.lowest(e, r.box)
    if worst is None:
        return None
    least = intervals.value(e, worst)
    return f"at {r.say(worst)}" if least < 0 or (least == 0 and not strict) else None


def inviscid(r: Ranges) -> Iterator[Diagnostic]:
    """u_t + f(u) u_x = ... without a second derivative of u: characteristics may cross in finite time."""
    time = r.problem.time
    if time is None:
        return
    for e in r.residual.equations:
        for jet, partial in zip(e.jets, e.partials):
            carried = [j for s in trees.symbols(partial) if (j := r.symbols.jet_of(s)) is not None and not any(j.orders)]
            first = sum(jet.orders) == 1 and not jet.orders[time] and r.analysis.time_orders[jet.field] == 1
            smooth = any(o >= 2 for i, o in enumerate(r.analysis.space_orders[jet.field]) if i != time) if r.analysis.space_orders else True
            if first and any(j.field == jet.field for j in carried) and not smooth:
                name = r.problem.fields[jet.field].name
                yield Diagnostic(
                    "W344",
                    f"`{name}` is carried by itself and has no viscosity: a shock may form, after which there is no smooth solution",
                    e.equation.span,
                    help=f"add a small viscosity, or end the time interval before `{name}` steepens",
                )
                break


CHECKS: tuple[Callable[[Ranges], Iterator[Diagnostic]], ...] = (undefined, leading, backward, inviscid, resonance)
