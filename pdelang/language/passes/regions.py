"""Regions: shapes and what joins them, checked and bounded; the compiler does not take them yet.

A shape is known by one row: how it is written, its dimension, and its box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pdelang.language import algebra, ast
from pdelang.language.evaluate import UndefinedError, Values, evaluate
from pdelang.language.expressions import Apply, Expr, Parameter
from pdelang.language.problem import RegionUse
from pdelang.language.report import did_you_mean
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.scope import BOUND, EXACT
from pdelang.language.rules.vectors import Value, described, leaves

Box = tuple[tuple[Expr, Expr], ...]
"""Lower and upper end, one pair a coordinate."""

_NESTING = 50


@dataclass(frozen=True)
class Shape:
    """arguments: "point" (as many numbers as coordinates), "length" (positive), "lengths" (a point of positive numbers)."""

    usage: str
    dimensions: tuple[int, ...]
    arguments: tuple[str, ...]
    box: Callable[[Sequence[Value]], Box]


def _round(arguments: Sequence[Value]) -> Box:
    (center, radius) = arguments
    radii = leaves(radius)
    return tuple(_around(c, radii[min(i, len(radii) - 1)]) for i, c in enumerate(leaves(center)))


def _around(center: Expr, radius: Expr) -> tuple[Expr, Expr]:
    return algebra.add([center, algebra.neg(radius)]), algebra.add([center, radius])


def _corners(arguments: Sequence[Value]) -> Box:
    return tuple(zip(*(leaves(a) for a in arguments)))


def _hull(arguments: Sequence[Value]) -> Box:
    return tuple((_extreme("min", items), _extreme("max", items)) for items in zip(*(leaves(a) for a in arguments)))


def _thick(arguments: Sequence[Value]) -> Box:
    *ends, radius = arguments
    box = _hull(ends)
    return tuple((algebra.add([a, algebra.neg(leaves(radius)[0])]), algebra.add([b, leaves(radius)[0]])) for a, b in box)


def _extreme(name: str, items: Sequence[Expr]) -> Expr:
    result = items[0]
    for item in items[1:]:
        result = Apply(name, (result, item))
    return result


SHAPES: dict[str, Shape] = {
    "disk": Shape("disk((0, 0), 1)", (2,), ("point", "length"), _round),
    "ball": Shape("ball((0, 0, 0), 1)", (3,), ("point", "length"), _round),
    "rectangle": Shape("rectangle((0, 0), (1, 1))", (2,), ("point", "point"), _corners),
    "box": Shape("box((0, 0, 0), (1, 1, 1))", (3,), ("point", "point"), _corners),
    "ellipse": Shape("ellipse((0, 0), (2, 1))", (2,), ("point", "lengths"), _round),
    "polygon": Shape("polygon((0, 0), (1, 0), (0, 1))", (2,), ("point", "point", "point"), _hull),
    "cylinder": Shape("cylinder((0, 0, 0), (0, 0, 1), 0.5)", (3,), ("point", "point", "length"), _thick),
    "implicit": Shape("implicit(x^2 + y^2 - 1)", (1, 2, 3), (), lambda _: ()),
}


def check_regions(el: Elaborator, program: ast.Program, dimension: int) -> tuple[RegionUse, ...]:
    """Every region and shaped domain of the program, resolved for its errors; what is used, as `RegionUse`."""
    uses: list[RegionUse] = []
    for statement in program.statements:
        if isinstance(statement, ast.RegionStatement):
            region_box(el, statement.region, dimension, {statement.name.name})
            uses.append(RegionUse(f"region {statement.name.name}", statement.span))
        elif isinstance(statement, ast.DomainStatement):
            uses.append(RegionUse(f"the domain of ({', '.join(name.name for name in statement.names)})", statement.span))
    return tuple(uses)


def bounding_box(el: Elaborator, statement: ast.DomainStatement, name: str) -> tuple[Expr | None, Expr | None]:
    """Bounds of one coordinate of a shaped domain."""
    position = [declared.name for declared in statement.names].index(name)
    box = region_box(el, statement.region, len(statement.names), set())
    if box is None:
        return None, None
    if not box:
        el.report.add(
            "E317", "the domain has no bounds", statement.region.span, "", "intersect it: rectangle((-1, -1), (1, 1)) & implicit(...)"
        )
        return None, None
    lower, upper = box[position]
    return el.small(lower, statement.span), el.small(upper, statement.span)


def region_box(el: Elaborator, node: ast.Expression, dimension: int, inside: set[str]) -> Box | None:
    """A box that holds the region; () where it has no bounds, None where it is wrong (and reported)."""
    if isinstance(node, ast.Binary) and node.operator in ("|", "&", "-"):
        left = region_box(el, node.left, dimension, inside)
        right = region_box(el, node.right, dimension, inside)
        if left is None or right is None:
            return None
        if node.operator == "-":
            return left
        if node.operator == "|":
            joined = zip(left, right) if left and right else ()
            return tuple((_extreme("min", (a, c)), _extreme("max", (b, d))) for (a, b), (c, d) in joined)
        if not (left and right):
            return left or right
        return tuple((_extreme("max", (a, c)), _extreme("min", (b, d))) for (a, b), (c, d) in zip(left, right))
    if isinstance(node, ast.Name):
        return _named(el, node, dimension, inside)
    if isinstance(node, ast.Call) and node.function in SHAPES:
        return _shape(el, node, SHAPES[node.function], dimension)
    names = dict.fromkeys(SHAPES, "shape")
    help = did_you_mean(node.function, names) if isinstance(node, ast.Call) else ""
    el.report.add("E210", "a region is needed here", node.span, "this is not one", help or f"the shapes are {', '.join(SHAPES)}")
    return None


def _named(el: Elaborator, node: ast.Name, dimension: int, inside: set[str]) -> Box | None:
    statement = el.symbols.regions.get(node.id)
    if statement is None:
        if not el.symbols.is_broken(node.id):
            help = did_you_mean(node.id, dict.fromkeys(el.symbols.regions, "region"))
            el.report.add(
                "E201", f"unknown region `{node.id}`", node.span, "not a region", help or "declare it: region hole = disk((0, 0), 0.2)"
            )
        return None
    el.used.add(node.id)
    if node.id in inside:
        el.report.add("E209", f"`{node.id}` is defined by itself", node.span, "a region cannot hold itself")
        return None
    if len(inside) > _NESTING:
        el.report.add("E916", "definitions are nested too deep", node.span, f"regions of regions, at most {_NESTING}")
        return None
    if node.id not in el.regions:
        el.regions[node.id] = region_box(el, statement.region, dimension, inside | {node.id})
    return el.regions[node.id]


def _shape(el: Elaborator, node: ast.Call, shape: Shape, dimension: int) -> Box | None:
    if dimension not in shape.dimensions:
        note = f"it has {' or '.join(map(str, shape.dimensions))} dimensions, the domain {dimension}"
        el.report.add("E317", f"`{node.function}` does not fit the domain", node.function_span, note)
        return None
    if node.function == "implicit":
        return _implicit(el, node)
    given, wanted = len(node.arguments), len(shape.arguments)
    if given < wanted or (given > wanted and node.function != "polygon"):
        el.report.add("E204", f"`{node.function}` takes {wanted} arguments", node.span, f"{given} given", f"write {shape.usage}")
        return None
    kinds = [*shape.arguments, *["point"] * (given - wanted)]
    values = [_argument(el, argument, kind, dimension) for argument, kind in zip(node.arguments, kinds)]
    found = [value for value in values if value is not None]
    if len(found) < given:
        return None
    box = shape.box(found)
    for low, high in box:
        if _number(low) is not None and _number(high) is not None and not (_number(low) or 0.0) < (_number(high) or 0.0):
            el.report.add("E301", f"the {node.function} is empty", node.span, "its upper corner is not above its lower one")
            return None
    return box


def _implicit(el: Elaborator, node: ast.Call) -> Box | None:
    if len(node.arguments) != 1:
        el.report.add("E204", "`implicit` takes 1 argument", node.span, f"{len(node.arguments)} given", "write implicit(x^2 + y^2 - 1)")
        return None
    return None if el.scalar(node.arguments[0], EXACT) is None else ()


def _argument(el: Elaborator, node: ast.Expression, kind: str, dimension: int) -> Value | None:
    value = el.as_quantity(el.value(node, BOUND), node)
    if value is None:
        return None
    wanted = 1 if kind == "length" else dimension
    if len(leaves(value)) != wanted:
        text = "a number" if wanted == 1 else f"a point of {dimension} numbers"
        el.report.add("E307", f"{text} is needed here", node.span, f"this is {described(value)}")
        return None
    if kind != "point" and any((_number(leaf) or 1.0) <= 0 or _number(leaf) == 0 for leaf in leaves(value)):
        el.report.add("E317", "a radius is positive", node.span, "this is not")
        return None
    return value


def _number(value: Expr) -> float | None:
    """The value of a constant; None where it depends on parameters."""
    if any(isinstance(node, Parameter) for node in algebra.walk(value)):
        return None
    try:
        return evaluate(value, Values())
    except UndefinedError:
        return None
