"""`exact u = expr` -> one expression in coordinates and parameters a scalar field."""

from __future__ import annotations

from pdelang.language import ast
from pdelang.language.diagnostics import Label
from pdelang.language.expressions import Expr
from pdelang.language.report import counted, did_you_mean, the_fields
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.scope import EXACT
from pdelang.language.rules.vectors import described, leaves, shape
from pdelang.language.source import Span
from pdelang.language.symbols import FieldSymbol


def exact_solutions(el: Elaborator, program: ast.Program) -> tuple[tuple[Expr | None, ...], tuple[Span | None, ...]]:
    """(expressions, places of their statements), one entry a scalar field."""
    count = len(el.symbols.field_names)
    found: list[Expr | None] = [None] * count
    spans: list[Span | None] = [None] * count
    for statement in program.statements:
        if not isinstance(statement, ast.ExactStatement):
            continue
        symbol = known_field(el, statement.field)
        value = el.as_quantity(el.value(statement.expression, EXACT), statement.expression)
        if symbol is None:
            continue
        before = spans[symbol.first]
        if before is not None:
            labels = [Label(before, "first given here")]
            el.report.add("E202", f"two exact solutions of `{symbol.name}`", statement.field.span, "given again", labels=labels)
            continue
        spans[symbol.first : symbol.first + (symbol.size or 1)] = [statement.span] * (symbol.size or 1)
        own = range(symbol.first, symbol.first + (symbol.size or 1))
        el.wrong_exact.update(own)
        if value is None:
            continue
        items = leaves(value)
        if len(items) != (symbol.size or 1) or len(shape(value)) > 1:
            wanted = "a number" if symbol.size is None else f"a vector of {counted(symbol.size, 'component')}"
            el.report.add("E307", f"`{symbol.name}` is {wanted}", statement.expression.span, f"this is {described(value)}")
            continue
        found[symbol.first : symbol.first + len(items)] = items
        el.wrong_exact.difference_update(own)
    return tuple(found), tuple(spans)


def known_field(el: Elaborator, declared: ast.Declared) -> FieldSymbol | None:
    """The field that `exact` or `data` names."""
    name, kinds = declared.name, el.symbols.kinds
    if name in el.symbols.fields:
        return el.symbols.fields[name]
    if name in kinds:
        el.report.add("E206", f"`{name}` is a {kinds[name]}, not a field", declared.span, "a field is needed here")
    elif not el.symbols.is_broken(name):
        help = did_you_mean(name, dict.fromkeys(el.symbols.fields, "field"))
        el.report.add("E201", f"unknown field `{name}`", declared.span, "no equation holds it", help or the_fields(el.symbols.fields))
    return None
