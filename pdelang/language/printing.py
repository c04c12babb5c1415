"""Resolved expressions -> text in the language's own syntax, for summaries, labels and messages.

`parse` reads the text back as the same expression, except for what has no syntax: a derivative of `U[1]` at a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pdelang.language.expressions import Apply, Constant, Coordinate, Derivative, Expr, Jet, Parameter
from pdelang.language.problem import Problem

Place = tuple[Expr | None, ...]

SUM, PRODUCT, MINUS, POWER, ATOM = 4, 5, 6, 7, 8
_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


@dataclass(frozen=True)
class Names:
    """The names that indices stand for, and the places that `Jet.place` counts (none: the interior)."""

    coordinates: tuple[str, ...]
    fields: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


def to_text(expression: Expr, problem: Problem | Names, places: tuple[Place, ...] = ()) -> str:
    """The expression, e.g. `u_t + u*u_x - nu*u_xx`; with `places`, jets carry their arguments: `u_x(1, t)`."""
    if isinstance(problem, Problem):
        coordinates, fields = tuple(c.name for c in problem.coordinates), tuple(f.name for f in problem.fields)
        names = Names(coordinates, fields, tuple(p.name for p in problem.parameters), places)
    else:
        names = problem
    return _text(expression, names)[0]


def number_text(value: float) -> str:
    """A float for people: no digits that say nothing."""
    return f"{value + 0.0:.6g}"


def _text(node: Expr, names: Names) -> tuple[str, int]:
    """Text and binding strength."""
    if isinstance(node, Constant):
        return _constant(node)
    if isinstance(node, Coordinate):
        return names.coordinates[node.index], ATOM
    if isinstance(node, Parameter):
        name = names.parameters[node.index]
        return (name if node.component is None else f"{name}[{node.component + 1}]"), ATOM
    if isinstance(node, Jet):
        return _jet(node, names), ATOM
    if isinstance(node, Derivative):
        return f"d({_text(node.operand, names)[0]}, {_directions(node.orders, names)})", ATOM
    if isinstance(node, Apply):
        return _apply(node, names)
    raise TypeError(f"not a resolved expression: {type(node).__name__}")


def _constant(node: Constant) -> tuple[str, int]:
    value = node.value
    if not isinstance(value, Fraction):
        return value, ATOM
    text = rational_text(abs(value))
    if value < 0:
        return f"-{text}", SUM
    return text, (PRODUCT if "/" in text else ATOM)


def rational_text(value: Fraction) -> str:
    """A decimal where it is short and exact (0.01), else a fraction (1/3)."""
    if value.denominator == 1 and abs(value) < 10**7:
        return str(value.numerator)
    decimal = repr(float(value)) if abs(value) <= 10**300 else ""
    if decimal and len(decimal) <= 12 and Fraction(decimal) == value:
        return decimal
    return f"{value.numerator}/{value.denominator}"


def _directions(orders: tuple[int, ...], names: Names) -> str:
    once = [i for i, order in enumerate(orders) if order]
    if len(once) == 1 and orders[once[0]] > 1:
        return f"{names.coordinates[once[0]]}, {orders[once[0]]}"
    return ", ".join(names.coordinates[i] for i in once for _ in range(orders[i]))


def _jet(node: Jet, names: Names) -> str:
    name = names.fields[node.field]
    place = names.places[node.place] if node.place < len(names.places) else ()
    arguments = ""
    if any(entry is not None for entry in place):
        shown = [names.coordinates[i] if entry is None else _text(entry, names)[0] for i, entry in enumerate(place)]
        arguments = f"({', '.join(shown)})"
    if not any(node.orders):
        return name + arguments
    if all(len(c) == 1 for c, order in zip(names.coordinates, node.orders) if order):
        subscript = "".join(c * order for c, order in zip(names.coordinates, node.orders))
        stem, bracket, component = name.partition("[")
        return f"{stem}_{subscript}{bracket}{component}{arguments}"
    return f"d({name}, {_directions(node.orders, names)}){arguments}"


def _bracketed(node: Expr, names: Names, least: int) -> str:
    text, strength = _text(node, names)
    return text if strength >= least else f"({text})"


def _apply(node: Apply, names: Names) -> tuple[str, int]:
    name, arguments = node.function, node.arguments
    if name == "add":
        return _sum(arguments, names), SUM
    if name == "sub":
        return f"{_bracketed(arguments[0], names, SUM)} - {_bracketed(arguments[1], names, PRODUCT)}", SUM
    if name == "neg":
        return f"-{_bracketed(arguments[0], names, PRODUCT)}", SUM
    if name == "mul":
        first, *rest = arguments
        if isinstance(first, Constant) and isinstance(first.value, Fraction) and first.value < 0:
            return "*".join([f"-{_bracketed(Constant(-first.value), names, PRODUCT)}", *(_bracketed(a, names, MINUS) for a in rest)]), SUM
        return "*".join([_bracketed(first, names, PRODUCT), *(_bracketed(a, names, MINUS) for a in rest)]), PRODUCT
    if name == "div":
        return f"{_bracketed(arguments[0], names, PRODUCT)}/{_bracketed(arguments[1], names, MINUS)}", PRODUCT
    if name == "pow":
        return f"{_bracketed(arguments[0], names, ATOM)}^{_bracketed(arguments[1], names, POWER)}", POWER
    if name in _SYMBOLS:
        return f"{_bracketed(arguments[0], names, SUM)} {_SYMBOLS[name]} {_bracketed(arguments[1], names, SUM)}", 3
    if name == "not":
        return f"not {_bracketed(arguments[0], names, 2)}", 2
    if name in ("and", "or"):
        strength = 1 if name == "and" else 0
        return f" {name} ".join(_bracketed(a, names, strength + 1) for a in arguments), strength
    if name == "source":
        return "source(exact)", ATOM
    return f"{name}({', '.join(_text(a, names)[0] for a in arguments)})", ATOM


def _sum(items: tuple[Expr, ...], names: Names) -> str:
    text = _bracketed(items[0], names, SUM)
    for item in items[1:]:
        if isinstance(item, Apply) and item.function == "neg":
            text += f" - {_bracketed(item.arguments[0], names, PRODUCT)}"
        elif isinstance(item, Constant) and isinstance(item.value, Fraction) and item.value < 0:
            text += f" - {_bracketed(Constant(-item.value), names, PRODUCT)}"
        else:
            text += f" + {_bracketed(item, names, PRODUCT)}"
    return text
