"""Operators on fields and vectors: d, dn, grad, div, laplacian, curl, dot, cross, norm. They act on space, not on time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pdelang.language import algebra, ast
from pdelang.language.builtins import OPERATORS
from pdelang.language.expressions import Coordinate, Expr
from pdelang.language.limits import DERIVATIVE_ORDER
from pdelang.language.rules import vectors
from pdelang.language.rules.arithmetic import shaped, whole
from pdelang.language.rules.constants import integer
from pdelang.language.rules.scope import Scope
from pdelang.language.rules.vectors import Value, each, leaves

if TYPE_CHECKING:
    from pdelang.language.rules.elaborate import Elaborator, Rule


def apply(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    row = OPERATORS[node.function]
    given = len(node.arguments)
    if given < row.least or (row.most is not None and given > row.most):
        wanted = {1: "1 argument", 2: "2 arguments"}[row.least] + ("" if row.most else " or more")
        el.report.add("E204", f"`{row.name}` takes {wanted}", node.span, f"{given} given", f"write {row.usage}")
        return None
    return (yield from _RULES[row.name](el, node, scope))


def _placed_derivative_is_right(el: Elaborator, value: Value, orders: tuple[int, ...], node: ast.Call, scope: Scope) -> bool:
    """In a condition a field at a place is a constant in the coordinates that the place fixes."""
    if scope.places is None or not any(algebra.jets(leaf) for leaf in leaves(value)):
        return True
    fixed = {i for place in scope.places.rows for i, entry in enumerate(place) if entry is not None and orders[i]}
    if fixed:
        name = el.symbols.coordinates[min(fixed)].name
        help = f"differentiate first, then take the place: u_{name}(...), or a definition `let f = d(...)` as f(...)"
        el.report.add("E306", f"`{name}` is fixed here", node.span, f"no derivative in `{name}` is left", help)
    return not fixed


def _d(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    value = el.as_quantity((yield node.arguments[0], scope), node.arguments[0])
    orders = [0] * len(el.symbols.coordinates)
    previous: int | None = None
    wrong = value is None
    for argument in node.arguments[1:]:
        index = yield from _direction(el, argument, scope, previous is not None)
        if index is None:
            wrong, previous = True, None
        elif isinstance(index, Coordinate):
            previous = index.index
            orders[previous] += 1
        elif previous is not None and isinstance(index, Expr):
            order = integer(index) or 0
            if not 1 <= order <= DERIVATIVE_ORDER:
                note = f"an order is a whole number from 1 to {DERIVATIVE_ORDER}"
                el.report.add("E308", f"a derivative of order {order}", argument.span, note)
                wrong = True
            orders[previous] += order - 1
            previous = None
    if wrong or value is None or not _placed_derivative_is_right(el, value, tuple(orders), node, scope):
        return None
    return el.derivative(value, tuple(orders), node.span)


def _direction(el: Elaborator, argument: ast.Expression, scope: Scope, order_may_stand: bool) -> Rule:
    """A coordinate, or the order that follows one."""
    if isinstance(argument, ast.Name):
        local = scope.names.get(argument.id, None)
        if argument.id in scope.names and (local is None or isinstance(local, Coordinate)):
            return local
        if argument.id not in scope.names and argument.id in el.symbols.coordinate:
            el.used.add(argument.id)
            return Coordinate(el.symbols.coordinate[argument.id].index)
        if argument.id not in scope.names and argument.id not in el.symbols.kinds:
            if not el.symbols.is_broken(argument.id):
                names = ", ".join(symbol.name for symbol in el.symbols.coordinates)
                el.report.add("E201", f"unknown name `{argument.id}`", argument.span, "not a coordinate", f"the coordinates are {names}")
            return None
    if order_may_stand and not (isinstance(argument, ast.Name) and argument.id not in scope.names):
        return (yield from whole(el, argument, scope, "the order of a derivative"))
    el.report.add(
        "E206", "a derivative is taken in a coordinate", argument.span, "this is not a coordinate", f"write {OPERATORS['d'].usage}"
    )
    return None


def _dn(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    value = el.as_quantity((yield node.arguments[0], scope), node.arguments[0])
    normal = scope.normal
    if normal is None:
        el.report.add("E211", "`dn` has no meaning here", node.span, "there is no outward normal", "use it in `on PLACE: dn(u) = ...`")
        return None
    if value is None:
        return None
    slope = el.derivative(value, el.unit(normal.index), node.span)
    return slope if slope is None or normal.sign > 0 else each(algebra.neg, slope)


def _space(make: Callable[..., Value]) -> Callable[[Elaborator, ast.Call, Scope], Rule]:
    def rule(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
        value = el.as_quantity((yield node.arguments[0], scope), node.arguments[0])
        space = el.symbols.space
        every = tuple(int(i in space) for i in range(len(el.symbols.coordinates)))
        if value is None or not _placed_derivative_is_right(el, value, every, node, scope):
            return None
        if not space:
            el.report.add("E211", f"`{node.function}` has no meaning here", node.span, "there are no space coordinates")
            return None

        def partial(e: Expr, index: int) -> Expr:
            el.spend(sum(1 for _ in algebra.walk(e)) // 2, node.span)
            return algebra.derivative(e, el.unit(index))

        result = shaped(el, node.span, make, value, space, partial)
        # The empty derivative checks the order that has been reached.
        return None if result is None else el.derivative(result, el.unit(0, 0), node.span)

    return rule


def _pair(make: Callable[[Value, Value], Value]) -> Callable[[Elaborator, ast.Call, Scope], Rule]:
    def rule(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
        left = el.as_quantity((yield node.arguments[0], scope), node.arguments[0])
        right = el.as_quantity((yield node.arguments[1], scope), node.arguments[1])
        return None if left is None or right is None else shaped(el, node.span, make, left, right)

    return rule


def _norm(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    value = el.as_quantity((yield node.arguments[0], scope), node.arguments[0])
    return None if value is None else vectors.norm(value)


def _source(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    argument = node.arguments[0]
    if isinstance(argument, ast.Name) and argument.id == "exact":
        note, help = "it is a term of an equation in the interior, by itself", "write `... = ... + source(exact)`"
        el.report.add("E211", "`source(exact)` cannot stand here", node.span, note, help)
    else:
        el.report.add("E211", "`source` takes the word `exact`", argument.span, "nothing else", "write source(exact)")
    return None
    yield


def _integral(el: Elaborator, node: ast.Call, scope: Scope) -> Rule:
    el.report.add("E211", "`integral` cannot stand here", node.span, "it is one whole side of a condition", "write integral(e) = value")
    return None
    yield


_RULES: dict[str, Callable[[Elaborator, ast.Call, Scope], Rule]] = {
    "d": _d,
    "dn": _dn,
    "grad": _space(vectors.grad),
    "div": _space(vectors.div),
    "laplacian": _space(vectors.laplacian),
    "curl": _space(vectors.curl),
    "dot": _pair(vectors.dot),
    "cross": _pair(vectors.cross),
    "norm": _norm,
    "source": _source,
    "integral": _integral,
}
