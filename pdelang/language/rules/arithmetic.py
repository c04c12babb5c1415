"""Rules for numbers, operators, comparisons, tuples, sums and components."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pdelang.language import algebra, ast
from pdelang.language.algebra import number
from pdelang.language.builtins import COMPARISONS
from pdelang.language.evaluate import UndefinedError
from pdelang.language.expressions import Apply, Expr
from pdelang.language.limits import CONSTANT_EXPONENT, SUM_TERMS
from pdelang.language.rules import vectors
from pdelang.language.rules.constants import integer, rational, real
from pdelang.language.rules.scope import Scope
from pdelang.language.rules.vectors import ShapeError, Value
from pdelang.language.source import Span
from pdelang.language.syntax.traverse import left_chain

if TYPE_CHECKING:
    from pdelang.language.rules.elaborate import Elaborator, Rule


def shaped(el: Elaborator, span: Span, make: Callable[..., Value], *arguments: Any) -> Value | None:
    """The value that `make` builds, or a diagnostic where the sizes do not fit."""
    try:
        return make(*arguments)
    except ShapeError as error:
        el.report.add("E307", str(error), span)
        return None


def _number(el: Elaborator, node: ast.Number, scope: Scope) -> Rule:
    return number(Fraction(node.text))
    yield


def _unary(el: Elaborator, node: ast.Unary, scope: Scope) -> Rule:
    value = yield node.operand, scope
    if node.operator == "not":
        truth = el.as_truth(value, node.operand)
        return None if truth is None else Apply("not", (truth,))
    value = el.as_quantity(value, node.operand)
    return value if value is None or node.operator == "+" else vectors.each(algebra.neg, value)


def _binary(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    return (yield from _FAMILIES[node.operator](el, node, scope))


def _sum_chain(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    items: list[Value] = []
    chain = left_chain(node, ("+", "-"))
    for sign, operand in chain:
        value = el.as_quantity((yield operand, scope), operand)
        if value is not None:
            items.append(vectors.each(algebra.neg, value) if sign == "-" else value)
    return shaped(el, node.span, vectors.total, items) if len(items) == len(chain) else None


def _product_chain(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    factors: list[Value] = []
    wrong = False
    for sign, operand in left_chain(node, ("*", "/")):
        value = el.as_quantity((yield operand, scope), operand)
        if sign == "/":
            value = el.as_number(value, operand)
            wrong = wrong or value is None or _is_zero(el, value, operand.span)
            numerator = None if wrong else shaped(el, node.span, vectors.product, factors)
            wrong = wrong or numerator is None
            if numerator is not None and isinstance(value, Expr):
                factors = [vectors.each(_divided_by(value), numerator)]
        elif value is not None:
            factors.append(value)
        wrong = wrong or value is None
    return None if wrong else shaped(el, node.span, vectors.product, factors)


def _divided_by(value: Expr) -> Callable[[Expr], Expr]:
    return lambda e: Apply("div", (e, value))


def _is_zero(el: Elaborator, value: Expr, span: Span) -> bool:
    if rational(value) == 0:
        el.report.add("E309", "division by zero", span, "this is 0")
        return True
    return False


def _power(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    base, exponent = (yield node.left, scope), (yield node.right, scope)
    if isinstance(base, tuple):
        el.report.add("E307", "a vector has no power", node.left.span, "this is " + vectors.described(base), "write dot(a, a) or norm(a)^2")
        return None
    base, exponent = el.as_number(base, node.left), el.as_number(exponent, node.right)
    if base is None or exponent is None or not _power_is_small(el, base, exponent, node):
        return None
    return defined(el, Apply("pow", (base, exponent)), node.span)


def _power_is_small(el: Elaborator, base: Expr, exponent: Expr, node: ast.Binary) -> bool:
    if not algebra.is_constant(exponent):
        return True
    try:
        size = abs(real(exponent))
    except UndefinedError:
        return defined(el, exponent, node.right.span) is not None
    if size > 1 and not algebra.is_constant(base):
        size *= _degree(base)
    if size > CONSTANT_EXPONENT:
        note = f"at most {CONSTANT_EXPONENT:,}" if size < 1e9 else f"far more than {CONSTANT_EXPONENT:,}"
        el.report.add("E913", "the exponent is too large", node.right.span, note)
        return False
    return True


def _degree(base: Expr) -> float:
    """Product of the constant exponents on the worst path: (x^100)^100 is x^10000."""
    degree: dict[int, float] = {}
    for item in algebra.walk(base):
        below = max((degree[id(child)] for child in algebra.children(item)), default=1.0)
        if isinstance(item, Apply) and item.function == "pow":
            exponent = rational(item.arguments[1])
            below = degree[id(item.arguments[0])] * max(1.0, abs(float(exponent)) if exponent is not None else 1.0)
        degree[id(item)] = below
    return degree[id(base)]


def defined(el: Elaborator, value: Expr, span: Span) -> Expr | None:
    """The value, unless it is a constant without a finite real value: log(0), (-1)^(1/2), 10^999."""
    if algebra.is_constant(value):
        try:
            real(value)
        except UndefinedError:
            el.report.add("E309", "this has no finite real value", span)
            return None
    return value


def _logic(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    items: list[Expr] = []
    chain = left_chain(node, (node.operator,))
    for _, operand in chain:
        value = el.as_truth((yield operand, scope), operand)
        if value is not None:
            items.append(value)
    return Apply(node.operator, tuple(items)) if len(items) == len(chain) else None


def _region(el: Elaborator, node: ast.Binary, scope: Scope) -> Rule:
    help = "name it: region hole = ...; logic is written `and`, `or`"
    el.report.add("E210", f"`{node.operator}` joins regions", node.span, "not numbers or conditions", help)
    return None
    yield


_FAMILIES = {
    "+": _sum_chain,
    "-": _sum_chain,
    "*": _product_chain,
    "/": _product_chain,
    "^": _power,
    "and": _logic,
    "or": _logic,
    "|": _region,
    "&": _region,
}


def _compare(el: Elaborator, node: ast.Compare, scope: Scope) -> Rule:
    left = el.as_number((yield node.left, scope), node.left)
    right = el.as_number((yield node.right, scope), node.right)
    return None if left is None or right is None else Apply(COMPARISONS[node.operator], (left, right))


def _tuple(el: Elaborator, node: ast.Tuple, scope: Scope) -> Rule:
    items: list[Value] = []
    for item in node.items:
        value = el.as_number((yield item, scope), item)
        if value is not None:
            items.append(value)
    return tuple(items) if len(items) == len(node.items) else None


def whole(el: Elaborator, node: ast.Expression, scope: Scope, what: str) -> Rule:
    """A constant whole number, as a Constant."""
    inner = replace(scope, what=what, coordinates=False, parameters=False, fields="none")
    value = el.as_number((yield node, inner), node)
    if value is None:
        return None
    found = integer(value)
    if found is None:
        el.report.add("E212", f"{what} is a whole number", node.span, "this is not")
        return None
    return number(found)


def _finite_sum(el: Elaborator, node: ast.Sum, scope: Scope) -> Rule:
    lower = yield from whole(el, node.lower, scope, "the limit of a sum")
    upper = yield from whole(el, node.upper, scope, "the limit of a sum")
    first = integer(lower) if isinstance(lower, Expr) else None
    last = integer(upper) if isinstance(upper, Expr) else None
    if first is None or last is None:
        # The body is read once all the same, so that its own errors show in the same run.
        yield node.body, replace(scope, names={**scope.names, node.index: None})
        return None
    if last - first + 1 > SUM_TERMS:
        el.report.add("E912", "a sum of too many terms", node.lower.span.to(node.upper.span), f"at most {SUM_TERMS:,}")
        return None
    items: list[Value] = []
    for k in range(first, last + 1):
        value = el.as_quantity((yield node.body, replace(scope, names={**scope.names, node.index: number(k)})), node.body)
        if value is None:
            return None
        items.append(value)
    return shaped(el, node.span, vectors.total, items)


def _index(el: Elaborator, node: ast.Index, scope: Scope) -> Rule:
    name = ast.Name(node.name, span=node.name_span)
    value = yield name, scope
    index = yield from whole(el, node.index, scope, "an index")
    return component(el, value, index, node)


def component(el: Elaborator, value: Value | None, index: Value | None, node: ast.Index | ast.Call) -> Value | None:
    """`a[k]`, counted from 1."""
    k = integer(index) if isinstance(index, Expr) else None
    if value is None or k is None or node.index is None:
        return None
    name = node.name if isinstance(node, ast.Index) else node.function
    size = len(value) if isinstance(value, tuple) else el.sizes.get(name, 0)
    if not size:
        el.report.add("E205", f"`{name}` has no components", node.span, f"it is {vectors.described(value)}")
        return None
    if not 1 <= k <= size:
        el.report.add("E205", f"`{name}` has no component {k}", node.index.span, f"components run from 1 to {size}")
        return None
    return value[k - 1] if isinstance(value, tuple) else value


RULES: dict[type[ast.Expression], Any] = {
    ast.Number: _number,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Compare: _compare,
    ast.Tuple: _tuple,
    ast.Sum: _finite_sum,
    ast.Index: _index,
}
