"""The exact solution, put into every equation and condition: what remains must be zero.

Put in, the terms give r = sum(terms). Where SymPy's own cancellation leaves r = 0 it is proved. Otherwise r is evaluated at random points
of domain and parameter box (seeded): |r| <= 1e-9 sum|terms| everywhere counts as zero, and a point that fails is tried again with
40 digits, because a term may cancel inside itself. No simplification without a bound on its time is ever called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import sympy

from pdelang.compiler import trees, values
from pdelang.compiler.derivation import NODES, Budget, TooLargeError, total
from pdelang.compiler.readable import Readable
from pdelang.compiler.residual import substitution
from pdelang.compiler.stages import Residual, ResidualEquation
from pdelang.language.diagnostics import Diagnostic, Label, ProblemError
from pdelang.language.problem import ParameterDecl

TOLERANCE = 1e-9
DRAWS, POINTS = 6, 24
"""Parameter values (the defaults are the first) and points for each."""
EFFORT = 20_000
"""Nodes evaluated with 40 digits for one equation, some 50,000 a second; at least two points are always tried."""
SMALL = 80
"""Operations up to which a remainder is shown in symbols, and tidied first."""

Sample = dict[Any, Any]
"""Symbol -> number: coordinates arrays (POINTS,), parameters floats."""


def verify(residual: Residual) -> None:
    """Raise ProblemError (E401 to E405) with every equation and condition that the exact solution does not satisfy."""
    if all(e is None for e in residual.exact):
        return
    samples = list(_samples(residual))
    budget = Budget()
    faults = [*_defined(residual, samples), *_periodic(residual, samples, budget)]
    if not faults:
        for code, what, equations in (("E401", "equation", residual.equations), ("E402", "condition", residual.conditions)):
            for e in equations:
                try:
                    fault = _fault(residual, e, code, what, samples, budget)
                except TooLargeError:  # and so would be all that follow
                    raise ProblemError(residual.problem.source, (*faults, _too_large(what, e.equation.span))) from None
                faults += [] if fault is None else [fault]
    if faults:
        raise ProblemError(residual.problem.source, tuple(faults))


def _too_large(what: str, span: Any) -> Diagnostic:
    return Diagnostic(
        "E405",
        f"the exact solution's derivatives grow too large in this {what}",
        span,
        note=f"a program may come to {NODES:,} operations",
        help="use a shorter formula, or fewer terms in a sum",
    )


# ---------------------------------------------------------------- points


def draw(p: ParameterDecl, generator: np.random.Generator) -> np.ndarray:
    """A value (size or 1,) from a parameter's distribution; normal ones within two deviations."""
    a, b = p.arguments
    shape = p.size or 1
    if p.distribution == "normal":
        return a + b * np.clip(generator.standard_normal(shape), -2, 2)
    if p.distribution == "log":
        return np.exp(generator.uniform(np.log(a), np.log(b), shape))
    return generator.uniform(a, b, shape)


def _samples(residual: Residual) -> Iterator[Sample]:
    problem, symbols = residual.problem, residual.symbols
    generator = np.random.default_rng(20240229)
    for number in range(DRAWS if problem.parameters else 2):
        parameters: Sample = {}
        for i, p in enumerate(problem.parameters):
            value = np.asarray(p.default, dtype=float) if number == 0 else draw(p, generator)
            for component in (None,) if p.size is None else range(p.size):
                parameters[symbols.parameters[i, component]] = float(value[component or 0])
        sample = dict(parameters)
        for symbol, (lower, upper) in zip(symbols.coordinates, residual.bounds):
            ends = [np.asarray(values.evaluate(e, parameters), dtype=float) for e in (lower, upper)]
            sample[symbol] = ends[0] + (ends[1] - ends[0]) * generator.uniform(0, 1, POINTS)
        yield sample


def _placed(residual: Residual, e: ResidualEquation, sample: Sample) -> Sample:
    """The sample with the coordinates that the equation's first place fixes."""
    result = dict(sample)
    for symbol, fixed in zip(residual.symbols.coordinates, e.fixed[0]):
        if fixed is not None:
            result[symbol] = np.full(POINTS, values.evaluate(fixed, sample))
    return result


# ---------------------------------------------------------------- one equation


@dataclass(frozen=True)
class Misfit:
    """The largest |r| and where: symbol -> float."""

    size: float
    relative: float
    place: dict[Any, float]


def misfit(terms: Sequence[Any], samples: Sequence[Sample], where: Any = None) -> Misfit | None:
    """The point at which |sum(terms)| is largest relative to sum|terms|, None if all are within TOLERANCE.

    Points where a term is not finite do not count: a solution may have a singular end.
    """
    worst: Misfit | None = None
    tries = max(2, EFFORT // sum(map(trees.size, terms)))
    for sample in samples:
        memory: dict[Any, Any] = {}
        rows = [np.broadcast_to(np.asarray(values.evaluate(t, sample, memory=memory), dtype=float), (POINTS,)) for t in terms]
        with np.errstate(all="ignore"):
            r, scale = np.abs(np.sum(rows, axis=0)), np.sum(np.abs(rows), axis=0)
            holds = np.isfinite(scale)
            if where is not None:
                holds &= np.broadcast_to(np.asarray(values.evaluate(where, sample, memory=memory), dtype=bool), (POINTS,))
            relative = np.where(holds & (r > TOLERANCE * scale), r / scale, 0.0)
        for n in np.argsort(-relative)[:3]:
            if relative[n] == 0 or tries == 0 or (worst is not None and relative[n] <= worst.relative):
                break
            tries -= 1
            place = {s: float(np.broadcast_to(v, (POINTS,))[n]) for s, v in sample.items()}
            confirmed = _confirm(terms, place)
            if confirmed is not None and (worst is None or confirmed[1] > worst.relative):
                worst = Misfit(*confirmed, place)
    return worst


def _confirm(terms: Sequence[Any], place: dict[Any, float]) -> tuple[float, float] | None:
    """|r| and |r| / sum|terms| with 40 digits, None where that is within TOLERANCE after all.

    Where every term is zero, as sin(2 pi y) is at y = 1/2, r is rounding, as large as the terms: twice the digits make it vanish.
    """
    exact = [values.precise(t, place) for t in terms]
    r, scale = abs(mpmath.fsum(exact)), mpmath.fsum(abs(v) for v in exact)
    if not mpmath.isfinite(scale) or r <= TOLERANCE * scale:
        return None
    finer = mpmath.fsum(values.precise(t, place, 2 * values.DIGITS) for t in terms)
    if abs(finer) < 10.0 ** (-values.DIGITS // 2) * r:
        return None
    return float(r), float(r / scale)


def _fault(residual: Residual, e: ResidualEquation, code: str, what: str, samples: Sequence[Sample], budget: Budget) -> Diagnostic | None:
    at_exact = substitution(e.terms, residual.symbols, residual.exact, e.fixed, budget)
    if at_exact is None:
        return None
    # at the place itself, where a wall's sin(pi*y) is 0 and not 1e-40
    place = {x: v for x, v in zip(residual.symbols.coordinates, e.fixed[0]) if v is not None}
    terms = [trees.replace(trees.replace(t, at_exact, budget.spend), place, budget.spend) for t in e.terms]
    if sympy.Add(*terms) == 0:
        return None
    found = misfit(terms, [_placed(residual, e, s) for s in samples], e.where)
    if found is None:
        return None
    name = f"`{e.equation.label}`" if residual.problem.source.excerpt(e.equation.span) != e.equation.label else "it"
    fields = sorted({j.field for j in e.jets})
    spans = [residual.problem.exact_spans[f] for f in fields if f < len(residual.problem.exact_spans)]
    return Diagnostic(
        code,
        f"the exact solution does not satisfy this {what}",
        e.equation.span,
        note=f"left - right is {remainder(residual, terms)}",
        help=f"at {_where(residual, found)} the two sides of {name} differ by {found.size:.3g}, {found.relative:.2g} of the terms' size",
        labels=tuple(Label(s, "the exact solution") for s in spans if s is not None)[:1],
    )


def remainder(residual: Residual, terms: Sequence[Any]) -> str:
    """r in symbols, tidied if it is small, cut if it is long."""
    whole = sympy.Add(*terms)
    if trees.written(whole) <= SMALL:
        whole = sympy.factor_terms(sympy.expand(whole, power_base=False, power_exp=False, log=False, trig=False))
    text = Readable(residual)(whole)
    return f"`{text}`" if len(text) <= 100 else f"`{text[:97]}...`"


def _where(residual: Residual, found: Misfit) -> str:
    problem, symbols = residual.problem, residual.symbols
    shown = [f"{c.name} = {found.place[s]:.3g}" for c, s in zip(problem.coordinates, symbols.coordinates)]
    shown += [
        f"{problem.parameters[i].name}{'' if component is None else f'[{component + 1}]'} = {found.place[s]:.3g}"
        for (i, component), s in symbols.parameters.items()
    ]
    return ", ".join(shown)


# ---------------------------------------------------------------- the solution itself


def _defined(residual: Residual, samples: Sequence[Sample]) -> list[Diagnostic]:
    """A solution that is finite nowhere in the domain satisfies nothing."""
    faults = []
    for field, exact in enumerate(residual.exact):
        if exact is None:
            continue
        if not any(np.isfinite(values.evaluate(exact, s)).any() for s in samples):
            name = residual.problem.fields[field].name
            faults.append(
                Diagnostic(
                    "E403",
                    f"the exact solution of `{name}` is finite nowhere in the domain",
                    _span(residual, field),
                    help="look for a logarithm or root of a negative number",
                )
            )
    return faults


def _periodic(residual: Residual, samples: Sequence[Sample], budget: Budget) -> list[Diagnostic]:
    """Value and slope of the exact solution agree at both ends of a periodic coordinate."""
    faults = []
    for axis, coordinate in enumerate(residual.problem.coordinates):
        if not coordinate.periodic:
            continue
        symbol, (lower, upper) = residual.symbols.coordinates[axis], residual.bounds[axis]
        for field, exact in enumerate(residual.exact):
            if exact is None:
                continue
            try:
                slope = total(residual.symbols, axis, budget)(exact)
            except TooLargeError:
                return [_too_large("periodic coordinate", _span(residual, field))]
            for what, e in (("value", exact), ("slope", slope)):
                found = misfit([trees.replace(e, {symbol: upper}), -trees.replace(e, {symbol: lower})], samples)
                if found is not None and found.size > TOLERANCE:
                    name = residual.problem.fields[field].name
                    faults.append(
                        Diagnostic(
                            "E404",
                            f"the exact solution of `{name}` is not periodic in `{coordinate.name}`",
                            _span(residual, field),
                            note=f"its {what} at the two ends differs by {found.size:.3g}",
                            help=f"choose the interval of `{coordinate.name}` one period long",
                        )
                    )
                    break
    return faults


def _span(residual: Residual, field: int) -> Any:
    spans = residual.problem.exact_spans
    return spans[field] if field < len(spans) else None
