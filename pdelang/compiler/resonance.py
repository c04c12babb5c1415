"""W345: Dirichlet Helmholtz at a resonance, somewhere inside the parameters' ranges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sympy

from pdelang.compiler import intervals
from pdelang.compiler.stages import ResidualEquation
from pdelang.compiler.trees import symbols
from pdelang.language.diagnostics import Diagnostic
from pdelang.language.expressions import Jet

if TYPE_CHECKING:
    from pdelang.compiler.ranges import Ranges

MODES = {1: 400, 2: 24, 3: 8, 4: 5}
"""Dimension -> highest resonant mode looked for in a coordinate: some 500 modes together."""


def resonance(r: Ranges) -> Iterator[Diagnostic]:
    """sum_i a_i u_ii + q u = f, u = given at every face: no unique solution where q = sum_i a_i (pi n_i / L_i)^2.

    a_i, q may depend on parameters.
    """
    if r.problem.time is not None:
        return
    for e in r.residual.equations:
        for field in {j.field for j in e.jets}:
            coefficients = _helmholtz(r, e, field)
            if coefficients is None or not _dirichlet(r, field):
                continue
            found = _resonant(r, *coefficients)
            if found is not None:
                mode, place = found
                yield Diagnostic(
                    "W345",
                    f"a resonance: with these boundary values the mode {mode} solves the homogeneous equation",
                    e.equation.span,
                    note=place,
                    help="choose a range between two resonances: near one the solution grows without bound",
                )


def _helmholtz(r: Ranges, e: ResidualEquation, field: int) -> tuple[list[Any], Any] | None:
    """(a_i, q) if the equation is sum_i a_i u_ii + q u = f, None otherwise."""
    a: list[Any] = [sympy.S.Zero] * len(r.problem.coordinates)
    q = sympy.S.Zero
    for jet, partial in zip(e.jets, e.partials):
        if partial == 0:
            continue
        if jet.field != field or not symbols(partial) <= set(r.parameters):
            return None
        if sum(jet.orders) == 0:
            q = partial
        elif sum(jet.orders) == 2 and max(jet.orders) == 2:
            a[jet.orders.index(2)] = partial
        else:
            return None
    return (a, q) if q != 0 and all(x != 0 for x in a) else None


def _dirichlet(r: Ranges, field: int) -> bool:
    """The value is given on both faces of every coordinate."""
    faces = set()
    for e in r.residual.conditions:
        if e.equation.kind == "boundary" and e.jets == (Jet(field, (0,) * len(r.problem.coordinates)),) and e.where is None:
            faces |= {(i, x == r.residual.bounds[i][0]) for i, x in enumerate(e.fixed[0]) if x is not None}
    return len(faces) == 2 * len(r.problem.coordinates)


def _resonant(r: Ranges, a: Sequence[Any], q: Any) -> tuple[str, str] | None:
    """The first mode that resonates inside the ranges, and where: (mode, place in words)."""
    lengths = [upper - lower for lower, upper in r.residual.bounds]
    squares = [x * sympy.pi**2 / length**2 for x, length in zip(a, lengths)]
    limit = _highest(r, squares, q)
    for mode in itertools.product(*(range(1, n + 1) for n in limit)):
        g = q - sympy.Add(*(s * n**2 for s, n in zip(squares, mode)))
        text = "(" + ", ".join(map(str, mode)) + ")"
        if not symbols(g):
            if abs(intervals.value(g, {})) <= 1e-9 * abs(intervals.value(q, {})):
                return text, ""
            continue
        lower, upper = intervals.enclose(g, r.parameters)
        if lower > 0 or upper < 0:
            continue
        point = intervals.zero(g, r.parameters, r.effort)
        if point is not None:
            return text, f"at {r.say(point)}"
    return None


def _highest(r: Ranges, squares: Sequence[Any], q: Any) -> list[int]:
    """Largest n_i with a_i (pi n_i / L_i)^2 <= q for some parameters; 0 where the signs exclude it."""
    result, most = [], MODES[len(squares)]
    for s in squares:
        low, high = intervals.enclose(q / s, r.parameters)
        top = max(low, high)
        result.append(0 if top < 1 else min(most, math.isqrt(int(top)) if top < 1e6 else most))
    return result
