"""`param` and `unknown` statements -> ParameterDecl, and the values at which claims about all parameters are tried."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, product

from pdelang.language import algebra, ast
from pdelang.language.evaluate import UndefinedError
from pdelang.language.expressions import Expr, Parameter
from pdelang.language.printing import number_text
from pdelang.language.problem import ParameterDecl
from pdelang.language.rules.constants import real
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.scope import NUMBER
from pdelang.language.rules.vectors import leaves
from pdelang.language.symbols import ParameterSymbol

Setting = tuple[tuple[float, ...], ...]
"""One value for every component of every parameter."""

_CORNERS = 256


def declare_parameters(el: Elaborator) -> tuple[ParameterDecl, ...]:
    return tuple(_parameter(el, symbol) for symbol in el.symbols.parameters.values())


def _parameter(el: Elaborator, symbol: ParameterSymbol) -> ParameterDecl:
    """A wrong range is reported and replaced by a right one, so that nothing else is said about it."""
    statement = symbol.statement
    first, second = (constant(el, node, "the range of a parameter") for node in statement.arguments)
    default: tuple[float, ...] | None = None
    if first is None or second is None or not _range_is_right(el, symbol, first, second):
        first, second = 1.0, 1.0
    elif statement.default is not None:
        default = _default(el, symbol, statement.default, first, second)
    if default is None:
        default = (_middle(statement.distribution, first, second),) * (symbol.size or 1)
    return ParameterDecl(symbol.name, statement.distribution, (first, second), default, symbol.size, statement.unknown, symbol.span)


def constant(el: Elaborator, node: ast.Expression, what: str) -> float | None:
    """The value of an expression that may hold numbers alone."""
    value = el.scalar(node, replace(NUMBER, what=what))
    return None if value is None else finite(el, value, node)


def finite(el: Elaborator, value: Expr, node: ast.Expression) -> float | None:
    try:
        return real(value)
    except UndefinedError:
        el.report.add("E309", "this has no finite real value", node.span)
        return None


def _range_is_right(el: Elaborator, symbol: ParameterSymbol, first: float, second: float) -> bool:
    lower, upper = symbol.statement.arguments
    span = lower.span.to(upper.span)
    if symbol.statement.distribution == "normal":
        if second <= 0:
            el.report.add("E312", "a standard deviation is positive", upper.span, f"this is {number_text(second)}")
        return second > 0
    if first > second:
        help = f"write [{number_text(second)}, {number_text(first)}]"
        el.report.add("E301", f"the range of `{symbol.name}` is empty", span, f"{number_text(first)} is above {number_text(second)}", help)
        return False
    if symbol.statement.distribution == "log" and first <= 0:
        el.report.add("E312", "a logarithmic range is positive", lower.span, f"this is {number_text(first)}", "leave out `log`")
        return False
    return True


def _middle(distribution: str, first: float, second: float) -> float:
    if distribution == "normal":
        return first
    return math.sqrt(first * second) if distribution == "log" else (first + second) / 2


def _default(el: Elaborator, symbol: ParameterSymbol, node: ast.Expression, first: float, second: float) -> tuple[float, ...] | None:
    value = el.as_quantity(el.value(node, replace(NUMBER, what="a default")), node)
    if value is None:
        return None
    items = leaves(value)
    size = symbol.size or 1
    if len(items) not in (1, size):
        wanted = f"a number or {size} of them" if symbol.size else "one number"
        el.report.add("E307", f"the default of `{symbol.name}` has {len(items)} components", node.span, f"expected {wanted}")
        return None
    numbers = [finite(el, item, node) for item in items]
    kept = [x for x in numbers if x is not None]
    outside = [x for x in kept if symbol.statement.distribution != "normal" and not first <= x <= second]
    if outside:
        note = f"{number_text(outside[0])} is not in [{number_text(first)}, {number_text(second)}]"
        el.report.add("E312", f"the default of `{symbol.name}` lies outside its range", node.span, note)
    return None if outside or len(kept) < len(numbers) else tuple(kept * size if len(kept) == 1 else kept)


# -------------------------------------------------------------------- settings


def defaults(parameters: Sequence[ParameterDecl]) -> Setting:
    return tuple(p.default for p in parameters)


def settings(parameters: Sequence[ParameterDecl], expressions: Iterable[Expr]) -> Iterator[Setting]:
    """The defaults first, then corners of the box of those parameters that the expressions hold, at most 256 of them."""
    base = defaults(parameters)
    yield base
    held = sorted({(n.index, n.component or 0) for n in algebra.walk(*expressions) if isinstance(n, Parameter)})
    ends = [_ends(parameters[index]) for index, _ in held]
    for corner in islice(product(*ends), _CORNERS) if held else ():
        rows = [list(row) for row in base]
        for (index, component), value in zip(held, corner):
            rows[index][component] = value
        yield tuple(tuple(row) for row in rows)


def _ends(parameter: ParameterDecl) -> tuple[float, float]:
    first, second = parameter.arguments
    return (first - 2 * second, first + 2 * second) if parameter.distribution == "normal" else (first, second)


def setting_text(parameters: Sequence[ParameterDecl], setting: Setting, expressions: Iterable[Expr]) -> str:
    """`L = 0.5, a[2] = 1`: the values of the parameters that the expressions hold."""
    held = sorted({(n.index, n.component) for n in algebra.walk(*expressions) if isinstance(n, Parameter)}, key=str)
    return ", ".join(
        f"{parameters[index].name}{'' if component is None else f'[{component + 1}]'} = {number_text(setting[index][component or 0])}"
        for index, component in held
    )
