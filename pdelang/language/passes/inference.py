"""Which undeclared names are fields: those that are differentiated, applied to coordinates, or prescribed on a place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pdelang.language import ast
from pdelang.language.source import Span
from pdelang.language.symbols import RESERVED, subscripts
from pdelang.language.syntax.traverse import equations, expressions, local_names, walk

# Operators whose argument, a bare name, can only be a scalar field. `div(F)` and `curl(F)` ask for a declared vector.
_DIFFERENTIATING = frozenset({"d", "dn", "grad", "laplacian"})


def infer_fields(program: ast.Program, declared: set[str], coordinates: tuple[str, ...]) -> dict[str, Span]:
    """Names of fields that no statement declares, and where each is met first."""
    found: dict[str, Span] = {}
    taken = declared | RESERVED
    for statement in program.statements:
        known = taken | local_names(statement)
        for name, span in chain(_differentiated(statement, known, coordinates), _prescribed(statement)):
            if name not in known and not _is_derivative(name, coordinates):
                found[name] = min(span, found.get(name, span))
    for name, span in _applied(program, coordinates):
        if name not in taken and not _is_derivative(name, coordinates):
            found[name] = min(span, found.get(name, span))
    return found


def _is_derivative(name: str, coordinates: tuple[str, ...]) -> bool:
    """Its stem is the field then, and has been met on the way."""
    return any(subscripts(subscript, coordinates) for _, subscript in _splits(name))


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """`rho_1_xx` as (`rho`, `1_xx`) and (`rho_1`, `xx`)."""
    for position, letter in enumerate(name):
        if letter == "_" and 0 < position < len(name) - 1:
            yield name[:position], name[position + 1 :]


def _differentiated(statement: ast.Statement, known: set[str], coordinates: tuple[str, ...]) -> Iterator[tuple[str, Span]]:
    """Stems of `u_xx`, `u_x(1, t)`, `U_x[1]`, unless the whole is a name of its own, and the operands of differential operators."""
    for node in walk(*expressions(statement)):
        name, span = _named(node)
        for stem, subscript in _splits(name) if name not in known else ():
            if subscripts(subscript, coordinates):
                yield stem, Span(span.start, span.start + len(stem))
        if isinstance(node, ast.Call) and node.function in _DIFFERENTIATING and node.arguments:
            operand = node.arguments[0]
            if isinstance(operand, ast.Name):
                yield operand.id, operand.span


def _named(node: ast.Expression) -> tuple[str, Span]:
    if isinstance(node, ast.Name):
        return node.id, node.span
    if isinstance(node, ast.Call):
        return node.function, node.function_span
    return (node.name, node.name_span) if isinstance(node, ast.Index) else ("", node.span)


def _prescribed(statement: ast.Statement) -> Iterator[tuple[str, Span]]:
    """The bare name on the left of `on PLACE: u = ...`, or on the right where a number stands on the left."""
    if isinstance(statement, ast.OnStatement):
        for equation in statement.equations:
            if isinstance(equation.left, ast.Name):
                yield equation.left.id, equation.left.span
            elif isinstance(equation.left, ast.Number) and isinstance(equation.right, ast.Name):
                yield equation.right.id, equation.right.span


def _applied(program: ast.Program, coordinates: tuple[str, ...]) -> Iterator[tuple[str, Span]]:
    """Names applied to one argument a coordinate, if they also stand bare in an equation: else `uu(x, 0)` is a slip of the pen."""
    sides = [e for s in program.statements for equation in equations(s) for e in (equation.left, equation.right)]
    bare = {node.id for node in walk(*sides) if isinstance(node, ast.Name)}
    for node in walk(*sides):
        if isinstance(node, ast.Call) and node.function in bare and _is_place(node.arguments, coordinates):
            yield node.function, node.function_span


def _is_place(arguments: tuple[ast.Expression, ...], coordinates: tuple[str, ...]) -> bool:
    """Each argument the coordinate of its position, or free of coordinates."""
    if len(arguments) != len(coordinates):
        return False
    return all(
        (isinstance(argument, ast.Name) and argument.id == coordinate)
        or not any(isinstance(node, ast.Name) and node.id in coordinates for node in walk(argument))
        for argument, coordinate in zip(arguments, coordinates)
    )
