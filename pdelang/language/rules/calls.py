"""Rules for `name(arguments)`: functions, definitions with arguments, and fields at a place. Operators are in `operators.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pdelang.language import algebra, ast
from pdelang.language.builtins import CALLABLE, FOREIGN, FUNCTIONS, OPERATORS
from pdelang.language.expressions import Apply, Expr
from pdelang.language.report import counted, did_you_mean, the_fields
from pdelang.language.rules import naming, operators
from pdelang.language.rules.arithmetic import component, defined, whole
from pdelang.language.rules.scope import PLACE, Place, Scope
from pdelang.language.rules.vectors import Value, each, leaves
from pdelang.language.symbols import Reading
from pdelang.language.syntax.traverse import walk

if TYPE_CHECKING:
    from pdelang.language.rules.elaborate import Elaborator, Rule


def _call(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    name, symbols = node.function, el.symbols
    if name in scope.names:
        return _not_a_function(el, node, "a number here")
    kind = symbols.kinds.get(name)
    if kind == "definition" and symbols.definitions[name].parameters is not None:
        return (yield from _unfold(el, node, scope))
    if kind == "definition" and not symbols.holds_field(name):
        return _not_a_function(el, node, "a definition without arguments and fields")
    if kind in ("field", "definition"):
        return (yield from _at_place(el, node, Reading(name, (0,) * len(symbols.coordinates)), scope))
    if kind is not None and not (name == "d" and kind == "parameter"):
        return _not_a_function(el, node, f"a {kind}")
    if node.index is not None:
        return (yield from _component_of_derivative(el, node, scope))
    if name in OPERATORS:
        return (yield from operators.apply(el, node, scope))
    if name in CALLABLE:
        return (yield from _function(el, node, scope))
    readings = [r for r in symbols.readings(name) if r.stem in symbols.fields or r.stem in symbols.definitions]
    if readings:
        reading = naming.read(el, name, node.function_span)
        return None if reading is None else (yield from _at_place(el, node, reading, scope))
    return (yield from _unknown(el, node, scope))


def _component_of_derivative(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    reading = naming.read(el, node.function, node.function_span)
    return None if reading is None else (yield from _at_place(el, node, reading, scope))


def _not_a_function(el: Elaborator, node: ast.Call, what: str) -> Value | None:
    code = "E206" if el.symbols.kinds.get(node.function) in ("coordinate", "parameter") else "E210"
    help = f"to multiply, write {node.function}*(...)" if len(node.arguments) == 1 else ""
    el.report.add(code, f"`{node.function}` is not a field or a function", node.function_span, f"it is {what}", help)
    return None


def _unknown(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    name, symbols = node.function, el.symbols
    for argument in node.arguments:
        yield argument, replace(scope, fields="free", normal=None)
    stem = name.partition("_")[0]
    if symbols.is_broken(name):
        return None
    if stem in symbols.fields or stem in symbols.parameters:
        naming.read(el, name, node.function_span)
        return None
    functions = dict.fromkeys([*CALLABLE, *OPERATORS], "function")
    help = did_you_mean(name, {**symbols.kinds, **functions})
    if not help or name in FOREIGN:
        names = [argument.id if isinstance(argument, ast.Name) else "" for argument in node.arguments]
        at_place = len(names) == len(symbols.coordinates) and names != list(symbols.coordinate)
        other = the_fields(symbols.fields) if at_place and symbols.fields else "a definition may take arguments: let f(x) = ..."
        help = f"write {FOREIGN[name]}" if name in FOREIGN else other
    el.report.add("E201", f"unknown name `{name}`", node.function_span, "not a function, field or definition", help)
    return None


def arity_is_right(el: Elaborator, node: ast.Call, least: int, most: int | None, usage: str = "") -> bool:
    given = len(node.arguments)
    if least <= given and (most is None or given <= most):
        return True
    wanted = (
        counted(least, "argument") if most == least else f"{least} arguments or more" if most is None else f"{least} to {most} arguments"
    )
    el.report.add("E204", f"`{node.function}` takes {wanted}", node.span, f"{given} given", f"write {usage}" if usage else "")
    return False


def _function(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    row = FUNCTIONS[node.function]
    values: list[Expr] = []
    for position, argument in enumerate(node.arguments):
        value = yield argument, scope
        truth = node.function == "if" and position == 0
        found = el.as_truth(value, argument) if truth else el.as_number(value, argument)
        if found is not None:
            values.append(found)
    if not arity_is_right(el, node, row.least, row.most) or len(values) < len(node.arguments):
        return None
    result: Expr = Apply(row.name, tuple(values[: row.most or 2]))
    for more in values[2:] if row.most is None else ():
        result = Apply(row.name, (result, more))
    return defined(el, result, node.span)


def _unfold(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    """`f(a, b)`: the body, with the arguments for the names. Arguments are shared, not copied."""
    definition = el.symbols.definitions[node.function]
    el.used.add(node.function)
    names = [parameter.name for parameter in definition.parameters or ()]
    values: list[Value | None] = []
    for argument in node.arguments:
        values.append(el.as_quantity((yield argument, scope), argument))
    if not arity_is_right(el, node, len(names), len(names), f"{node.function}({', '.join(names)})") or any(v is None for v in values):
        return None
    if el.circular(node.function, node.span):
        return None
    el.active.append(node.function)
    value = yield definition.body, replace(scope, names=dict(zip(names, values)))
    el.active.pop()
    return value


# -------------------------------------------------------------------- fields at a place


def _at_place(el: Elaborator, node: ast.Call, reading: Reading, scope: Scope) -> Rule:
    """`u_x(1, t)`: a field or a definition that holds fields, at the coordinates given."""
    place: Place | None = yield from _place(el, node, scope)
    if place is None:
        return None
    everywhere = all(entry is None for entry in place)
    if everywhere and scope.fields == "free":
        index = 0
    elif scope.places is None or scope.fields != "placed":
        el.report.add(
            "E211", f"`{el.report.excerpt(node.span)}` cannot stand in {scope.what}", node.span, "a field at a place makes a condition"
        )
        return None
    else:
        index = scope.places.index(place, node.span, tuple(argument.span for argument in node.arguments))
    symbol = el.symbols.fields.get(reading.stem)
    if symbol is not None:
        value = naming.field_value(el, symbol, reading.orders, node.function_span, scope, index)
    else:
        value = yield from _definition_at(el, node, reading, place, index)
    if node.index is None:
        return value
    return component(el, value, (yield from whole(el, node.index, scope, "an index")), node)


def _definition_at(el: Elaborator, node: ast.Call, reading: Reading, place: Place, index: int) -> Rule:
    el.used.add(reading.stem)
    value = yield from el.definition(reading.stem, node.function_span)
    if value is None:
        return None
    value = el.derivative(value, reading.orders, node.span)
    if index == 0 or value is None:
        return value
    fixed = {i: entry for i, entry in enumerate(place) if entry is not None}
    moved = each(lambda e: algebra.at_place(e, index, fixed) or algebra.ZERO, value)
    if any(algebra.at_place(leaf, index, fixed) is None for leaf in leaves(value)):
        el.report.add(
            "E211", f"`{reading.stem}` cannot be taken at a second place", node.span, "it differentiates a coordinate fixed there"
        )
        return None
    return moved


def _place(el: Elaborator, node: ast.Call, scope: Scope) -> Any:
    """One entry a coordinate: None where the argument is the coordinate itself, else a constant expression."""
    coordinates = el.symbols.coordinates
    usage = f"{node.function}({', '.join(symbol.name for symbol in coordinates)})"
    if len(node.arguments) != len(coordinates):
        if not el.symbols.broken:
            arity_is_right(el, node, len(coordinates), len(coordinates), usage)
        return None
    entries: list[Expr | None] = []
    wrong = False
    for symbol, argument in zip(coordinates, node.arguments):
        if isinstance(argument, ast.Name) and argument.id == symbol.name and argument.id not in scope.names:
            el.used.add(symbol.name)
            entries.append(None)
            continue
        other = _a_coordinate(el, argument, scope)
        if other is None:
            value = el.as_number((yield argument, replace(PLACE, names=scope.names)), argument)
            entry = None if value is None else el.canonical(symbol.index, el.small(value, argument.span))
            wrong = wrong or entry is None
            entries.append(entry)
            continue
        wrong = True
        if isinstance(argument, ast.Name):
            el.report.add(
                "E305",
                f"`{other}` stands in the place of `{symbol.name}`",
                argument.span,
                f"expected `{symbol.name}` or a constant",
                _order(el),
            )
        else:
            el.report.add(
                "E305",
                "an argument of a field is its coordinate or a constant",
                argument.span,
                f"this depends on `{other}`",
                f"write {usage}",
            )
    return None if wrong else tuple(entries)


def _order(el: Elaborator) -> str:
    names = ", ".join(symbol.name for symbol in el.symbols.coordinates)
    time_last = ", time last" if el.symbols.time is not None and len(el.symbols.coordinates) > 1 else ""
    return f"arguments stand in the order ({names}){time_last}"


def _a_coordinate(el: Elaborator, argument: ast.Expression, scope: Scope) -> str | None:
    """A coordinate that the argument names, if there is one."""
    for item in walk(argument):
        if isinstance(item, ast.Name) and item.id not in scope.names and item.id in el.symbols.coordinate:
            return item.id
    return None


RULES: dict[type[ast.Expression], Any] = {ast.Call: _call}
