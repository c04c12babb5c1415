"""Equation statements -> residuals cut into terms: left - right = sum of terms, each with its place in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pdelang.language import algebra, ast
from pdelang.language.expressions import Apply, Expr
from pdelang.language.problem import Equation, Integral, Term
from pdelang.language.report import listed
from pdelang.language.rules.elaborate import Elaborator
from pdelang.language.rules.naming import misplaced_exact
from pdelang.language.rules.scope import INTERIOR, WHERE, Scope
from pdelang.language.rules.vectors import ShapeError, Value, described, each, leaves, shape, total
from pdelang.language.source import Span

Piece = tuple[int, ast.Expression]
Terms = list[tuple[Term, ...]]
"""One row of terms a component."""

Exact = Mapping[int, Expr]
"""Exact solutions by the index of their scalar field."""

SOURCE = Apply("source", ())


def cut(node: ast.Expression, sign: int) -> list[Piece]:
    """The summands of one side: through `+`, `-` and leading signs, brackets included, and no further."""
    pieces: list[Piece] = []
    stack: list[Piece] = [(sign, node)]
    while stack:
        s, item = stack.pop()
        if isinstance(item, ast.Binary) and item.operator in ("+", "-"):
            stack += [(s if item.operator == "+" else -s, item.right), (s, item.left)]
        elif isinstance(item, ast.Unary) and item.operator in ("+", "-"):
            stack.append((s if item.operator == "+" else -s, item.operand))
        else:
            pieces.append((s, item))
    return pieces


def is_exact(node: ast.Expression) -> bool:
    return isinstance(node, ast.Name) and node.id == "exact"


def _is_source(node: ast.Expression) -> bool:
    return isinstance(node, ast.Call) and node.function == "source" and len(node.arguments) == 1 and is_exact(node.arguments[0])


def residual(el: Elaborator, statement: ast.EquationStatement, scope: Scope, exact: Exact) -> Terms | None:
    """The terms of left - right, a row a component; None where something in them is wrong."""
    sides = [(1, statement.left), (-1, statement.right)]
    whole = [side for side in sides if is_exact(side[1])]
    if whole and scope is INTERIOR:
        misplaced_exact(el, whole[0][1].span)
        return None
    sources = scope is INTERIOR
    left, right = ([] if is_exact(node) else _values(el, node, sign, scope, sources) for sign, node in sides)
    if left is None or right is None or not _same_length(el, statement, left, right):
        return None
    values = left + right
    if whole:
        return None if (both := _with_exact(el, values, whole[0][1].span, exact)) is None else _components(both)
    return _components(values)


def _values(el: Elaborator, side: ast.Expression, sign: int, scope: Scope, sources: bool) -> list[tuple[Value, Span]] | None:
    found: list[tuple[Value, Span]] = []
    wrong = False
    for s, node in cut(side, sign):
        value = SOURCE if sources and _is_source(node) else el.as_quantity(el.value(node, scope), node)
        wrong = wrong or value is None
        if value is not None:
            found.append((value if s > 0 else each(algebra.neg, value), node.span))
    return None if wrong else found


def _same_length(el: Elaborator, statement: ast.EquationStatement, left: list[tuple[Value, Span]], right: list[tuple[Value, Span]]) -> bool:
    shown: list[tuple[Value, Span]] = []
    for values in (left, right):
        sized = [(value, span) for value, span in values if not _small(value)]
        for value, span in sized[1:]:
            if shape(value) != shape(sized[0][0]):
                note = f"this is {described(value)}, what it is added to is {described(sized[0][0])}"
                el.report.add("E307", "terms of different length are added", span, note)
                return False
        shown += sized[:1]
    if len(shown) == 2 and shape(shown[0][0]) != shape(shown[1][0]):
        note = f"the left side is {described(shown[0][0])}, the right side {described(shown[1][0])}"
        el.report.add("E307", "the two sides differ in length", statement.span, note)
        return False
    if any(len(shape(value)) > 1 for value, _ in shown):
        el.report.add("E307", "an equation between matrices", statement.span, "write one between numbers or vectors")
        return False
    return True


def _small(value: Value) -> bool:
    return isinstance(value, Expr) and (algebra.is_zero(value) or _is_signed_source(value))


def _is_signed_source(value: Expr) -> bool:
    inner = value.arguments[0] if isinstance(value, Apply) and value.function == "neg" else value
    return isinstance(inner, Apply) and inner.function == "source"


def _with_exact(el: Elaborator, values: list[tuple[Value, Span]], span: Span, exact: Exact) -> list[tuple[Value, Span]] | None:
    """`... = exact`: the other side, its fields replaced by their exact solutions."""
    missing = sorted({f for value, _ in values for leaf in leaves(value) for f in algebra.fields(leaf)} - exact.keys())
    if missing:
        report_missing(el, missing, span)
        return None
    try:
        other = total([value for value, _ in values])
    except ShapeError:
        return None
    return [*values, (each(lambda e: algebra.neg(algebra.with_exact(e, exact)), other), span)]


def report_missing(el: Elaborator, fields: list[int], span: Span) -> None:
    """Says which exact solutions are missing, unless they are given and wrong."""
    names = list(dict.fromkeys(el.symbols.vector_of[f] or el.symbols.field_names[f] for f in fields if f not in el.wrong_exact))
    if not names:
        return
    el.report.add("E311", f"no exact solution of {listed(names)} is given", span, "needed here", f"write exact {names[0]} = ...")


def _components(values: list[tuple[Value, Span]]) -> Terms:
    count = max((len(value) for value, _ in values if isinstance(value, tuple)), default=1)
    rows: Terms = []
    for i in range(count):
        row = [(value[i] if isinstance(value, tuple) else value, span) for value, span in values]
        terms = [Term(e, span) for e, span in row if isinstance(e, Expr) and not algebra.is_zero(e)]
        rows.append(tuple(terms) or (Term(algebra.ZERO, values[0][1]),))
    return rows


def restriction(el: Elaborator, *nodes: ast.Expression | None) -> tuple[Expr | None, bool]:
    """(the conjunction of `where` clauses or None, whether it is right)."""
    given = [node for node in nodes if node is not None]
    values = [el.as_truth(el.value(node, WHERE), node) for node in given]
    kept = [value for value in values if value is not None]
    if len(kept) < len(given):
        return None, False
    return (kept[0] if len(kept) == 1 else Apply("and", tuple(kept)) if kept else None), True


def interior(el: Elaborator, statement: ast.EquationStatement, label: str, exact: Exact) -> list[Equation] | None:
    """One scalar equation a component; None where the statement is wrong."""
    rows = residual(el, statement, INTERIOR, exact)
    where, right = restriction(el, statement.where)
    if rows is None or not right:
        return None
    everywhere = ((None,) * len(el.symbols.coordinates),)
    equations: list[Equation] = []
    for number, terms in enumerate(rows):
        if not _interior_is_right(el, statement, terms, exact):
            return None
        name = label if len(rows) == 1 else f"{label}[{number + 1}]"
        equations.append(Equation(name, "interior", terms, everywhere, where, statement.span))
    return equations


def _interior_is_right(el: Elaborator, statement: ast.EquationStatement, terms: tuple[Term, ...], exact: Exact) -> bool:
    expressions = [term.expression for term in terms]
    held = {f for e in expressions for f in algebra.fields(e)}
    if not held:
        note = "it holds neither a field nor a derivative of one"
        el.report.add("E310", "an equation without a field", statement.span, note)
        return False
    sources = [term for term in terms if _is_signed_source(term.expression)]
    if len(sources) > 1:
        el.report.add("E211", "`source(exact)` stands twice in one equation", sources[1].span, "once is enough")
        return False
    missing = sorted(held - exact.keys())
    if sources and missing:
        report_missing(el, missing, sources[0].span)
        return False
    return True


# -------------------------------------------------------------------- integrals


def is_integral(statement: ast.EquationStatement) -> bool:
    return any(isinstance(side, ast.Call) and side.function == "integral" for side in (statement.left, statement.right))


def integral(el: Elaborator, statement: ast.EquationStatement) -> list[Integral] | None:
    sides = [statement.left, statement.right]
    if not (isinstance(sides[0], ast.Call) and sides[0].function == "integral"):
        sides.reverse()
    call, other = sides
    assert isinstance(call, ast.Call)
    if statement.where is not None:
        el.report.add(
            "E211", "`where` cannot restrict an integral", statement.where.span, "", "write integral(if(condition, e, 0)) = value"
        )
        return None
    if len(call.arguments) != 1:
        el.report.add("E204", "`integral` takes 1 argument", call.span, f"{len(call.arguments)} given", "write integral(e) = value")
        return None
    inside = el.scalar(call.arguments[0], INTERIOR)
    value = el.scalar(other, replace(WHERE, what="the value of an integral"))
    if inside is None or value is None:
        return None
    if not algebra.fields(inside):
        el.report.add("E310", "an integral without a field", call.span, "it holds none")
        return None
    return [Integral(inside, value, statement.span)]
