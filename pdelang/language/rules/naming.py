"""Rules for names: coordinates, parameters, fields, definitions, derivatives such as `u_xx`, and those that are unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pdelang.language import algebra, ast
from pdelang.language.builtins import CALLABLE, FOREIGN, OPERATORS
from pdelang.language.expressions import Coordinate, Jet, Parameter
from pdelang.language.limits import DERIVATIVE_ORDER
from pdelang.language.report import did_you_mean, listed
from pdelang.language.rules.scope import Scope
from pdelang.language.rules.vectors import Value, vector
from pdelang.language.source import Span
from pdelang.language.symbols import FieldSymbol, ParameterSymbol, Reading, readable_prefix

if TYPE_CHECKING:
    from pdelang.language.rules.elaborate import Elaborator, Rule


def _name(el: Elaborator, node: ast.Name, scope: Scope) -> Rule:
    name, symbols = node.id, el.symbols
    if name in scope.names:
        return scope.names[name]
    kind = symbols.kinds.get(name)
    if kind is not None:
        el.used.add(name)
    if kind == "coordinate":
        return _coordinate(el, name, node.span, scope)
    if kind == "parameter":
        return _parameter(el, symbols.parameters[name], node.span, scope)
    if kind == "field":
        return field_value(el, symbols.fields[name], None, node.span, scope)
    if kind == "definition":
        return (yield from _definition(el, name, node.span, scope))
    if kind == "region":
        el.report.add("E210", "a number is needed here", node.span, f"`{name}` is a region")
        return None
    if name == "pi":
        return algebra.PI
    if name in OPERATORS or name in CALLABLE:
        usage = OPERATORS[name].usage if name in OPERATORS else f"{name}(...)"
        el.report.add("E204", f"`{name}` stands without arguments", node.span, "it is a function", f"write {usage}")
        return None
    if name == "exact":
        misplaced_exact(el, node.span)
        return None
    reading = read(el, name, node.span)
    return None if reading is None else (yield from _derivative(el, reading, node.span, scope))


def misplaced_exact(el: Elaborator, span: Span) -> None:
    help = "write `u(0, t) = exact`, `on boundary: u = exact`, or source(exact) as a term of an equation"
    el.report.add("E211", "`exact` cannot stand here", span, "it is one whole side of a condition", help)


def _coordinate(el: Elaborator, name: str, span: Span, scope: Scope) -> Value | None:
    if not scope.coordinates:
        return misplaced(el, name, "a coordinate", span, scope)
    return Coordinate(el.symbols.coordinate[name].index)


def misplaced(el: Elaborator, name: str, kind: str, span: Span, scope: Scope) -> Value | None:
    el.report.add("E212", f"`{name}` cannot stand in {scope.what}", span, f"it is {kind}")
    return None


def _parameter(el: Elaborator, symbol: ParameterSymbol, span: Span, scope: Scope) -> Value | None:
    if not scope.parameters:
        return misplaced(el, symbol.name, "a parameter", span, scope)
    if symbol.size is None:
        return Parameter(symbol.index)
    return vector([Parameter(symbol.index, k) for k in range(symbol.size)])


def field_value(
    el: Elaborator, symbol: FieldSymbol, orders: tuple[int, ...] | None, span: Span, scope: Scope, place: int | None = None
) -> Value | None:
    """A field or a derivative of it, at the place of the statement or at `place` of a condition."""
    shown = el.report.excerpt(span)
    if scope.fields == "none":
        return misplaced(el, shown, "a field" if orders is None else "a derivative of a field", span, scope)
    if scope.fields == "placed" and place is None:
        first = el.report.excerpt(scope.places.spans[0]) if scope.places and scope.places.spans else ""
        help = "apply it to the same place" + (f" as `{first}`" if first else "")
        el.report.add("E315", f"`{shown}` stands without a place", span, "the condition holds at one place", help)
        return None
    multi = orders or (0,) * len(el.symbols.coordinates)
    if sum(multi) > DERIVATIVE_ORDER:
        el.report.add("E308", f"a derivative of order {sum(multi)}", span, f"the highest order is {DERIVATIVE_ORDER}")
        return None
    el.used.add(symbol.name)
    return vector([Jet(symbol.first + k, multi, place or 0) for k in range(symbol.size or 1)])


def _definition(el: Elaborator, name: str, span: Span, scope: Scope) -> Rule:
    if el.symbols.definitions[name].parameters is not None:
        names = ", ".join(p.name for p in el.symbols.definitions[name].parameters or ())
        el.report.add("E204", f"`{name}` stands without arguments", span, "it is a function", f"write {name}({names})")
        return None
    value = yield from el.definition(name, span)
    return admitted(el, value, name, span, scope)


def admitted(el: Elaborator, value: Value | None, name: str, span: Span, scope: Scope) -> Value | None:
    """A definition's value, unless it holds what may not stand here."""
    if value is None:
        return None
    if scope.fields != "free" and el.holds(name, value, Jet):
        if scope.fields == "none":
            return misplaced(el, name, "a definition that holds a field", span, scope)
        el.report.add("E315", f"`{name}` stands without a place", span, "it holds a field", "apply it to the place of this condition")
        return None
    if not scope.coordinates and el.holds(name, value, Coordinate):
        return misplaced(el, name, "a definition that holds a coordinate", span, scope)
    if not scope.parameters and el.holds(name, value, Parameter):
        return misplaced(el, name, "a definition that holds a parameter", span, scope)
    return value


def _derivative(el: Elaborator, reading: Reading, span: Span, scope: Scope) -> Rule:
    symbol = el.symbols.fields.get(reading.stem)
    if symbol is not None:
        return field_value(el, symbol, reading.orders, span, scope)
    value = admitted(el, (yield from el.definition(reading.stem, span)), reading.stem, span, scope)
    return None if value is None else el.derivative(value, reading.orders, span)


def read(el: Elaborator, name: str, span: Span) -> Reading | None:
    """The one way to read an undeclared name as a derivative of a field or of a definition; else a diagnostic."""
    symbols = el.symbols
    plain = {key for key, s in symbols.definitions.items() if s.parameters is None}
    readings = [r for r in symbols.readings(name) if r.stem in symbols.fields or r.stem in plain]
    if len(readings) > 1:
        ways = [f"d({r.stem}, {_listing(el, r.orders)})" for r in readings[:2]]
        el.report.add("E208", f"`{name}` can be read in two ways", span, f"as {ways[0]} or {ways[1]}", f"write {ways[0]}")
        return None
    if readings:
        return readings[0]
    if not symbols.is_broken(name):
        _unknown(el, name, span)
    return None


def _listing(el: Elaborator, orders: tuple[int, ...]) -> str:
    return ", ".join(symbol.name for symbol, order in zip(el.symbols.coordinates, orders) for _ in range(order))


def _unknown(el: Elaborator, name: str, span: Span) -> None:
    symbols = el.symbols
    for reading in symbols.readings(name):
        if reading.stem in symbols.parameters or reading.stem in symbols.coordinate:
            kind = symbols.kinds[reading.stem]
            el.report.add("E206", f"`{reading.stem}` is a {kind}, not a field", span, "it has no derivatives")
            return
    stem, _, subscript = name.partition("_")
    if (stem in symbols.fields or (stem in symbols.definitions and symbols.definitions[stem].parameters is None)) and subscript:
        coordinates = tuple(symbols.coordinate)
        bad = readable_prefix(subscript, coordinates)
        letter = subscript[bad : bad + 1]
        where = Span(span.start + len(stem) + 1 + bad, span.start + len(stem) + 2 + bad)
        one = len(coordinates) == 1
        note = f"the coordinate{'' if one else 's'} {'is' if one else 'are'} {listed(coordinates)}"
        help = "declare it: `t in [0, 1]`" if letter == "t" and symbols.time is None else did_you_mean(name, symbols.kinds)
        el.report.add("E207", f"`{letter}` in `{name}` is not a coordinate", where, note, help)
        return
    unknown(el, name, span, symbols.kinds)


def unknown(el: Elaborator, name: str, span: Span, kinds: dict[str, str]) -> None:
    help = did_you_mean(name, kinds)
    if not help and name in FOREIGN:
        help = f"write {FOREIGN[name]}"
    help = help or f"declare it: param {name} in [0, 1], or field {name}"
    el.report.add("E201", f"unknown name `{name}`", span, "not a coordinate, field, parameter or definition", help)


RULES: dict[type[ast.Expression], Any] = {ast.Name: _name}
