"""Residual -> Analysis: what the structure of the equations says. Nothing here depends on a value of a parameter."""

from __future__ import annotations

from typing import Any

from pdelang.compiler import trees
from pdelang.compiler.naming import jet_text
from pdelang.compiler.stages import Analysis, Residual, ResidualEquation, Symbols
from pdelang.language.expressions import Jet


def is_linear(equation: ResidualEquation, symbols: Symbols) -> bool:
    """No partial holds a jet."""
    return not any(_jets(p, symbols) for p in equation.partials)


def is_constant(equation: ResidualEquation, symbols: Symbols) -> bool:
    """No partial holds a jet or a coordinate, and it holds everywhere."""
    return is_linear(equation, symbols) and equation.where is None and not any(_coordinates(p, symbols) for p in equation.partials)


def _jets(e: Any, symbols: Symbols) -> list[Jet]:
    return [j for s in trees.symbols(e) if (j := symbols.jet_of(s)) is not None]


def _coordinates(e: Any, symbols: Symbols) -> bool:
    return not trees.symbols(e).isdisjoint(symbols.coordinates)


def _present(equation: ResidualEquation) -> list[tuple[Jet, Any]]:
    """Jets on which the residual depends, with their partials; a jet whose terms cancel is not one of them."""
    return [(j, p) for j, p in zip(equation.jets, equation.partials) if p != 0]


def analyse(residual: Residual) -> Analysis:
    problem, symbols = residual.problem, residual.symbols
    fields, axes = range(len(problem.fields)), range(len(problem.coordinates))
    present = [pair for e in residual.equations for pair in _present(e)]
    jets = [j for j, _ in present]
    time = problem.time
    time_orders = () if time is None else tuple(max((j.orders[time] for j in jets if j.field == f), default=0) for f in fields)
    return Analysis(
        order=max((sum(j.orders) for j in jets), default=0),
        time_orders=time_orders,
        linear=all(is_linear(e, symbols) for e in residual.equations),
        linear_fields=tuple(_linear_in(f, residual) for f in fields),
        constant=all(is_constant(e, symbols) for e in residual.equations),
        conditions_linear=all(is_linear(e, symbols) for e in residual.conditions),
        multi_indices=_indices(residual, residual.equations),
        hints=tuple(_hints(residual, time_orders)),
        conditions_constant=all(is_constant(e, symbols) for e in residual.conditions),
        space_orders=tuple(tuple(max((j.orders[i] for j in jets if j.field == f), default=0) for i in axes) for f in fields),
        time_constant=tuple(
            all(
                not trees.symbols(p).intersection(symbols.coordinates) and not _jets(p, symbols)
                for j, p in present
                if j.field == f and time is not None and j.orders[time] == order
            )
            for f, order in enumerate(time_orders)
        ),
        all_multi_indices=_indices(residual, (*residual.equations, *residual.conditions)),
    )


def _linear_in(field: int, residual: Residual) -> bool:
    """The interior residual is affine in this field's jets, the other fields held fixed."""
    return not any(
        j.field == field and any(other.field == field for other in _jets(p, residual.symbols))
        for e in residual.equations
        for j, p in _present(e)
    )


def _indices(residual: Residual, equations: tuple[ResidualEquation, ...]) -> tuple[tuple[tuple[int, ...], ...], ...]:
    found = {(j.field, j.orders) for e in equations for j in e.jets}
    return tuple(
        tuple(sorted((o for f, o in found if f == field), key=lambda o: (sum(o), o))) for field in range(len(residual.problem.fields))
    )


def _hints(residual: Residual, time_orders: tuple[int, ...]) -> list[str]:
    """Sentences for people: what makes the problem easy or hard."""
    problem, symbols = residual.problem, residual.symbols
    result = []
    for field, order in enumerate(time_orders):
        name = problem.fields[field].name
        if order == 0:
            result.append(f"`{name}` has no time derivative: it follows the other fields at once")
        stiff = max((sum(j.orders) for e in residual.equations for j in e.jets if j.field == field and j.orders[-1] == 0), default=0)
        if order == 1 and stiff >= 2:
            result.append(f"`{name}` has {stiff} derivatives in space and one in time: an explicit step would be of the order h^{stiff}")
    for e in residual.equations:
        products = sorted(
            {jet_text(problem, j) for j, p in _present(e) if any(j.orders) and any(not any(other.orders) for other in _jets(p, symbols))}
        )
        if products:
            result.append(f"{e.equation.label}: the factor of {', '.join(products)} depends on the solution (quasilinear)")
    return result
