"""`option NAME = value`: the solver's defaults that a program may set. One row an option."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from pdelang.language import ast
from pdelang.language.diagnostics import Label
from pdelang.language.passes.parameters import finite
from pdelang.language.report import did_you_mean
from pdelang.language.rules.constants import rational
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.scope import NUMBER
from pdelang.language.source import Span


@dataclass(frozen=True)
class Option:
    """kind: "number" (positive), "integer" (from `least`) or "name"."""

    name: str
    kind: str
    least: int = 1


_ROWS: tuple[Option, ...] = (
    Option("tolerance", "number"),
    Option("method", "name"),
    Option("kernels", "integer"),
    Option("slabs", "integer"),
    Option("refinement", "name"),
    Option("overlap", "number"),
    Option("points", "number"),
    Option("alpha_residual", "number"),
    Option("alpha_boundary", "number"),
    Option("alpha_initial", "number"),
    Option("alpha_data", "number"),
    Option("max_iterations", "integer"),
    Option("time_limit", "number"),
    Option("optimizer", "name"),
    Option("learning_rate", "number"),
    Option("steps", "integer"),
    Option("ansatz", "name"),
    Option("unknowns", "integer", 8),
    Option("collocation", "integer", 4),
    Option("seed", "integer", 0),
)

OPTIONS: dict[str, Option] = {row.name: row for row in _ROWS}


def read_options(el: Elaborator, program: ast.Program) -> tuple[tuple[str, Fraction | str, Span], ...]:
    found: dict[str, tuple[str, Fraction | str, Span]] = {}
    for statement in program.statements:
        if not isinstance(statement, ast.OptionStatement):
            continue
        name, span = statement.name.name, statement.name.span
        row = OPTIONS.get(name)
        if row is None:
            help = did_you_mean(name, dict.fromkeys(OPTIONS, "option")) or f"the options are {', '.join(OPTIONS)}"
            el.report.add("E201", f"unknown option `{name}`", span, "not an option", help)
        elif name in found:
            labels = [Label(found[name][2], "first set here")]
            el.report.add("E202", f"the option `{name}` is set twice", span, "set again", labels=labels)
        else:
            value = _value(el, row, statement.value)
            if value is not None:
                found[name] = (name, value, statement.span)
    return tuple(found.values())


def _value(el: Elaborator, row: Option, node: ast.Expression) -> Fraction | str | None:
    if row.kind == "name":
        if isinstance(node, ast.Name):
            return node.id
        el.report.add("E318", f"the option `{row.name}` is a name", node.span, "this is not one", f"write option {row.name} = auto")
        return None
    expression = el.scalar(node, replace(NUMBER, what="an option"))
    number = None if expression is None else finite(el, expression, node)
    if expression is None or number is None:
        return None
    exact = rational(expression)
    value = Fraction(number) if exact is None else exact
    if row.kind == "integer" and (value.denominator != 1 or value < row.least):
        el.report.add("E318", f"the option `{row.name}` is a whole number from {row.least}", node.span, "this is not")
        return None
    if row.kind == "number" and value <= 0:
        el.report.add("E318", f"the option `{row.name}` is positive", node.span, "this is not")
        return None
    return value
